"""The search of the book: what its index holds, and which page a query finds first."""

import json
import re
import sys
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from common import ROOT
from parity_tests.book import DOCS

sys.path.append(str(ROOT / "docs" / "extensions"))
searching = pytest.importorskip("idiom_book.searching")

RESULTS = "return [...document.querySelectorAll('#search-results ul.search > li > a')]"
SPECTRAL = "谱归一化"


@pytest.fixture(scope="session")
def index(site) -> dict[str, Any]:
    text = (site / "searchindex.js").read_text(encoding="utf-8")
    found: dict[str, Any] = json.loads(text[text.index("(") + 1 : text.rindex(")")])
    return found


@pytest.fixture
def find(browser, site):
    """The addresses that a query finds, best first."""

    def found(query: str) -> list[str]:
        browser.open(site / "search.html", q=query)
        browser.wait("document.querySelector('.search-summary').textContent")
        browser.wait("document.querySelector('#search-results h2').textContent !== 'Searching'")
        expected = browser.run(
            "return Search._performSearch(...Search._parseQuery(arguments[0])).length", query
        )
        browser.wait(f"({RESULTS.removeprefix('return ')}).length === arguments[0]", expected)
        links: list[str] = browser.run(f"{RESULTS}.map((link) => link.getAttribute('href'))")
        return [re.sub(r"[?].*?(?=#|$)", "", link) for link in links]

    return found


def pages_with(words: str) -> set[str]:
    """The pages whose text holds some words, but for captions that directives make."""
    return {
        path.relative_to(DOCS).with_suffix("").as_posix()
        for path in DOCS.rglob("*.md")
        if words in path.read_text(encoding="utf-8")
    }


def pages_of(index: dict[str, Any], term: str) -> set[str]:
    places: set[int] = set()
    for kind in ("terms", "titleterms"):
        numbers = index[kind].get(term, [])
        places.update([numbers] if isinstance(numbers, int) else numbers)
    return {index["docnames"][place] for place in places}


def test_chinese_is_split_into_characters_and_pairs_and_english_is_not() -> None:
    split = searching.English({}).split
    assert split("lsgan_mlp 用谱归一化 batch-norm") == [
        *("lsgan_mlp", "用", "谱", "归", "一", "化"),
        *("用谱", "谱归", "归一", "一化", "batch", "norm"),
    ]
    assert split("梯") == ["梯"]


def test_the_index_holds_every_page_with_a_chinese_word(index) -> None:
    pairs = list(map("".join, pairwise(SPECTRAL)))
    found = set.intersection(*(pages_of(index, pair) for pair in pairs))
    assert found == pages_with(SPECTRAL)
    assert len(found) >= 3
    # What Sphinx' own splitting of words leaves: a run of characters, no pair within it.
    assert not any(len(term) > 2 for term in index["terms"] if "\u4e00" <= term[0] <= "\u9fff")


@pytest.mark.parametrize(
    "path", sorted((DOCS / "idioms").glob("[!i]*.md")), ids=lambda path: path.stem
)
def test_each_idiom_says_what_it_is_found_by(index, path: Path) -> None:
    place = index["docnames"].index(f"idioms/{path.stem}")
    entries = {
        entry
        for entry, found in index["indexentries"].items()
        if any(page == place and main for page, _, main in found)
    }
    assert len(entries) >= 3


def test_no_two_idioms_claim_the_same_words(index) -> None:
    for entry, found in index["indexentries"].items():
        assert len(found) == 1, entry


@pytest.mark.parametrize(
    ("query", "page"),
    [
        ("gradient penalty", "idioms/higher-order-gradients.html"),
        ("spectral norm", "idioms/spectral-norm.html"),
        ("Spectral Normalization", "idioms/spectral-norm.html"),
        ("batch norm", "idioms/batch-norm.html"),
        ("dropout", "idioms/randomness.html"),
        ("adam epsilon", "idioms/optimisers.html"),
        ("running variance", "idioms/batch-norm.html"),
        ("transposed convolution", "idioms/layouts-and-padding.html"),
        ("lsgan_mlp", "systems/lsgan_mlp.html"),
        (SPECTRAL, "zh/systems/sngan.html"),
        ("梯度惩罚", "zh/systems/wgan_gp.html"),
    ],
)
def test_a_query_finds_the_page_that_is_about_it_first(find, query, page) -> None:
    first, *others = find(query)
    assert first == page
    assert page not in others


def test_a_chinese_word_finds_every_page_that_holds_it(find) -> None:
    assert {link.removesuffix(".html") for link in find(SPECTRAL)} == pages_with(SPECTRAL)
    # One character, and two that never stand side by side.
    assert len(find("谱")) >= 3
    assert find("谱裁") == []


def test_an_entry_of_the_catalogue_is_found_by_its_title(find) -> None:
    found = find("The derivative of a norm at zero")
    assert found[0] == "differences.html#norm-at-zero"


def test_queries_are_split_as_the_index_was(find, browser) -> None:
    find("norm")
    for text in (f"lsgan_mlp 用{SPECTRAL}", "梯", "batch-norm β₁ résumé"):
        terms = set(browser.run("return splitQuery(arguments[0])", text))
        assert terms <= set(searching.English({}).split(text))
        assert terms
