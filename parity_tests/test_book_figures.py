"""The figures of networks: every layer of the contract, legible at every width and at night."""

import re
from html import unescape
from math import prod

import pytest

from common.contract import count_trainable, network_contract
from common.systems import SYSTEMS, find_system

LAYER = re.compile(
    r'<li class="(\w+)" style="--share: ([\d.]+)%"><span class="layer">(.*?)</span> '
    r'<span class="kind">(.*?)</span> <span class="count">([\d,]+)</span></li>'
)
# Of two boxes of text, and of a box and the bar below its line.
OVERLAPS = """
const boxes = [];
for (const line of document.querySelectorAll("figure.architecture li")) {
  const bar = line.getBoundingClientRect().bottom - 6;
  for (const part of line.children) {
    const range = document.createRange();
    range.selectNodeContents(part);
    for (const box of range.getClientRects()) boxes.push([part.textContent, box, bar]);
  }
}
const wrong = boxes.filter(([, box, bar]) => box.bottom > bar + 2).map(([text]) => `${text} | bar`);
boxes.forEach(([text, box], place) => {
  for (const [other, second] of boxes.slice(place + 1)) {
    const beside = box.left >= second.right - 1 || second.left >= box.right - 1;
    const below = box.top >= second.bottom - 4 || second.top >= box.bottom - 4;
    if (!beside && !below) wrong.push(`${text} | ${other}`);
  }
});
return wrong;
"""
# Relative luminance and contrast as WCAG 2.2 defines them.
CONTRASTS = """
const part = (value) => value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
const luminance = (colour) => {
  const [red, green, blue] = colour.match(/[\\d.]+/g).map((value) => part(value / 255));
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
};
const behind = (node) => {
  const colour = getComputedStyle(node).backgroundColor;
  return colour.endsWith(", 0)") && node.parentElement ? behind(node.parentElement) : colour;
};
const texts = document.querySelectorAll("figure.architecture :is(li span, p, figcaption)");
return [...texts].map((node) => {
  const both = [luminance(getComputedStyle(node).color), luminance(behind(node))];
  return (Math.max(...both) + 0.05) / (Math.min(...both) + 0.05);
});
"""
LEGIBLE = 4.5  # WCAG's least contrast of text


@pytest.mark.parametrize("name", SYSTEMS)
@pytest.mark.parametrize("folder", ["systems", "zh/systems"])
def test_a_figure_lists_every_layer_with_its_parameters(site, folder, name) -> None:
    system = find_system(name)
    page = (site / folder / f"{name}.html").read_text(encoding="utf-8")
    (figure,) = re.findall(r'<figure class="architecture">.*?</figure>', page, flags=re.DOTALL)
    lists = re.findall(r"<ol.*?</ol>", figure, flags=re.DOTALL)
    assert len(lists) == 2
    widest = 0.0
    for network, text in zip(("generator", "discriminator"), lists, strict=True):
        contract = network_contract(system, network)
        rows = LAYER.findall(unescape(text))
        assert [row[2] for row in rows] == list(dict.fromkeys(p.module for p in contract))
        counts = [int(row[4].replace(",", "")) for row in rows]
        assert sum(counts) == count_trainable(system, network)
        for (_, _, module, _, _), count in zip(rows, counts, strict=True):
            own = (prod(p.shape) for p in contract if p.module == module and p.trainable)
            assert count == sum(own)
        by_count = sorted((count, float(row[1])) for row, count in zip(rows, counts, strict=True))
        assert [share for _, share in by_count] == sorted(float(row[1]) for row in rows)
        widest = max(widest, *(float(row[1]) for row in rows))
    assert widest == 100


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("name", ["sngan_resnet", "dcgan_facade", "gan_moments"])
def test_a_figure_is_legible(browser, site, name, dark) -> None:
    browser.dark(dark)
    for width in (390, 900, 1280, 1600):
        browser.resize(width)
        browser.open(site / "systems" / f"{name}.html")
        assert browser.run(OVERLAPS) == [], width
        assert min(browser.run(CONTRASTS)) >= LEGIBLE, width
        assert browser.overflow() == 0, width


def test_control_what_overlaps_or_fades_is_seen(browser, site) -> None:
    browser.open(site / "systems" / "gan_moments.html")
    browser.run(
        "document.querySelector('.architecture .count').style.transform = 'translateX(-16rem)'"
    )
    assert browser.run(OVERLAPS)
    browser.run("document.querySelector('.architecture .count').style.color = '#999'")
    assert min(browser.run(CONTRASTS)) < LEGIBLE
