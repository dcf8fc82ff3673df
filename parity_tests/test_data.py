"""Data sets by name: pictures of any mode fitted to a row, folders, and what tells them apart."""

import os
import shutil
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Barrier, BrokenBarrierError

import numpy as np
import pytest
from PIL import Image

from common import UsageError
from common.data import Dataset, folder, load_dataset
from common.data.dataset import fingerprint_of
from common.data.locations import split_location
from common.data.offline import OFFLINE
from common.systems import find_system
from common.systems.networks import LSGANMLP

PINNED_FINGERPRINT = "17242083cdfc934c"


class InUnitRange(LSGANMLP):
    pixel_range = "unit"


def row(size=4, channels=1, family=LSGANMLP):
    widths = {"latent_dim": 1, "generator_features": 1, "discriminator_features": 1}
    networks = family(image_size=size, channels=channels, **widths)
    return replace(find_system("lsgan_mlp"), networks=networks)


def grey(*rows) -> Image.Image:
    return Image.fromarray(np.array(rows, np.uint8))


def symmetric(pixels) -> np.ndarray:
    return np.asarray(pixels, np.float32) / np.float32(127.5) - 1


def pixels(dataset, index=0) -> np.ndarray:
    """A sample in [−1, 1] as the 8-bit pixels (H, W) or (H, W, C) that it was made of."""
    sample = dataset.samples([index])[0]
    found = ((sample + 1) * 127.5).round()
    assert np.array_equal(symmetric(found), sample)
    return found.squeeze() if len(found) == 1 else found.transpose(1, 2, 0)


def save(path, picture, **options) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    picture.save(path, **options)


@pytest.fixture
def shades(tmp_path):
    """Five pictures of one shade each, in two folders, beside what is none."""
    root = tmp_path / "shades"
    for name, shade in {
        "b.png": 20,
        "a.PNG": 10,
        "sub/c.bmp": 40,
        "sub/a.png": 30,
        "z.gif": 50,
    }.items():
        save(root / name, Image.new("L", (6, 4), shade))
    (root / "notes.txt").write_text("no picture")
    return root


@pytest.mark.parametrize("system", ["sngan", "wgan_gp_toy", "gan_moments"])
def test_a_name_that_nobody_knows_is_answered_with_all_that_may_be_chosen(system) -> None:
    found = find_system(system)
    forms = ["npz:PATH[:KEY]"]
    if found.point_dim is None:
        forms = ["hf:NAME[:SPLIT]", "folder:PATH", *forms]
    words = ", ".join([*OFFLINE[found.point_dim], *forms])
    for name in ("cats", "cats:x", "folder:", "npz:", "hf:", "", ":"):
        with pytest.raises(UsageError) as caught:
            load_dataset(name, found, 0)
        assert str(caught.value).endswith(f"choose one of: {words}")


@pytest.mark.parametrize("name", ["digits", "photos", "folder:.", "hf:mnist"])
@pytest.mark.parametrize("system", ["wgan_gp_toy", "gan_moments"])
def test_rows_of_points_take_no_pictures(name, system) -> None:
    with pytest.raises(UsageError, match=r"no data set .* choose one of: .*npz:PATH"):
        load_dataset(name, find_system(system), 0)


@pytest.mark.parametrize("name", ["digits", "photos", "folder", "npz", "hf"])
def test_pictures_become_one_or_three_channels_only(tmp_path, shades, name) -> None:
    np.save(tmp_path / "x.npy", np.zeros((2, 4, 4), np.uint8))
    places = {"folder": f"folder:{shades}", "npz": f"npz:{tmp_path / 'x.npy'}", "hf": "hf:x"}
    with pytest.raises(UsageError, match="channels=2: pictures have 1 or 3; use --data noise"):
        load_dataset(places.get(name, name), row(channels=2), 0)


def test_fingerprints_of_draws_follow_the_seed_and_the_name() -> None:
    def fingerprint(name, seed):
        (dimension,) = [key for key, names in OFFLINE.items() if name in names and name != "noise"]
        system = {None: "sngan", 2: "wgan_gp_toy", 1: "gan_moments"}[dimension]
        return load_dataset(name, find_system(system), seed).fingerprint

    drawn = ["photos", "8gaussians", "25gaussians", "swissroll", "gaussian"]
    found = [fingerprint(name, seed) for name in drawn for seed in (0, 1)]
    assert len(set(found)) == len(found)
    assert found == [fingerprint(name, seed) for name in drawn for seed in (0, 1)]
    assert fingerprint("digits", 0) == fingerprint("digits", 1) == PINNED_FINGERPRINT


def test_fingerprints_do_not_run_their_parts_together() -> None:
    assert fingerprint_of("ab", "c") != fingerprint_of("a", "bc")
    assert fingerprint_of("a", 1) != fingerprint_of("a", 2)


def test_a_path_with_colons_is_the_longest_that_exists(tmp_path) -> None:
    (tmp_path / "a:b").touch()
    (tmp_path / "a").touch()
    path = str(tmp_path / "a")
    assert split_location(f"{path}:b:key") == (f"{path}:b", "key")
    assert split_location(f"{path}:b") == (f"{path}:b", None)
    assert split_location(f"{path}:c") == (path, "c")
    assert split_location("mnist:train[:100]") == ("mnist", "train[:100]")
    assert split_location("mnist") == split_location("mnist:") == ("mnist", None)
    assert split_location("~/x")[0] == os.path.expanduser("~/x")


def test_a_wide_and_a_tall_picture_are_cropped_to_the_middle(tmp_path) -> None:
    wide = np.tile(np.arange(8, dtype=np.uint8), (4, 1))
    save(tmp_path / "a.png", Image.fromarray(wide))
    save(tmp_path / "b.png", Image.fromarray(wide.T))
    found = load_dataset(f"folder:{tmp_path}", row(), 0)
    assert np.array_equal(pixels(found, 0), wide[:, 2:6])
    assert np.array_equal(pixels(found, 1), wide[:, 2:6].T)


def test_the_shorter_side_is_resized_and_then_the_longer_one_cropped(tmp_path) -> None:
    content = np.arange(16 * 8, dtype=np.uint8).reshape(8, 16) * 7
    save(tmp_path / "a.png", Image.fromarray(content))
    whole = Image.fromarray(content).resize((8, 4), Image.Resampling.BILINEAR)
    found = pixels(load_dataset(f"folder:{tmp_path}", row(), 0))
    assert np.array_equal(found, np.asarray(whole.crop((2, 0, 6, 4))))
    squashed = Image.fromarray(content).resize((4, 4), Image.Resampling.BILINEAR)
    assert not np.array_equal(found, np.asarray(squashed))


def palette() -> Image.Image:
    picture = Image.new("P", (4, 4), 1)
    picture.putpalette([0, 0, 0, 200, 100, 50])
    return picture


def wide_grey(value: int, kind: str) -> Image.Image:
    return Image.fromarray(np.full((4, 4), value, kind))


MODES = {
    "bilevel": (Image.new("1", (4, 4), 1), "png", (255, 255, 255)),
    "grey": (Image.new("L", (4, 4), 7), "png", (7, 7, 7)),
    "grey, transparent": (Image.new("LA", (4, 4), (7, 0)), "png", (255, 255, 255)),
    "grey, opaque": (Image.new("LA", (4, 4), (7, 255)), "png", (7, 7, 7)),
    "palette": (palette(), "png", (200, 100, 50)),
    "colour": (Image.new("RGB", (4, 4), (1, 2, 3)), "png", (1, 2, 3)),
    "colour, half on white": (Image.new("RGBA", (4, 4), (0, 0, 0, 128)), "png", (127, 127, 127)),
    "ink": (Image.new("CMYK", (4, 4), (255, 0, 0, 0)), "tif", (0, 255, 255)),
    "16 bits, white": (wide_grey(65535, "uint16"), "png", (255, 255, 255)),
    "16 bits": (wide_grey(100 * 257, "uint16"), "tif", (100, 100, 100)),
    "16 bits, the other way round": (wide_grey(100 * 257, ">u2"), "tif", (100, 100, 100)),
    "32 bits that hold 16": (wide_grey(100 * 257, "int32"), "tif", (100, 100, 100)),
}


@pytest.mark.parametrize("mode", MODES)
def test_every_mode_keeps_its_colours(tmp_path, mode) -> None:
    picture, extension, colour = MODES[mode]
    save(tmp_path / f"a.{extension}", picture)
    found = pixels(load_dataset(f"folder:{tmp_path}", row(channels=3), 0))
    assert np.array_equal(found, np.full((4, 4, 3), colour))


def test_a_transparent_palette_entry_is_white_and_a_colour_has_its_grey(tmp_path) -> None:
    save(tmp_path / "a.png", palette(), transparency=1)
    save(tmp_path / "b.png", palette())
    found = load_dataset(f"folder:{tmp_path}", row(), 0)
    assert np.unique(pixels(found, 0)).tolist() == [255]
    assert np.unique(pixels(found, 1)).tolist() == [124]  # 0.299·200 + 0.587·100 + 0.114·50


def test_a_photograph_is_turned_upright(tmp_path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was held a quarter turn to the left
    save(tmp_path / "a.png", grey([0, 50], [100, 150]), exif=exif)
    save(tmp_path / "b.png", grey([0, 50], [100, 150]))
    found = load_dataset(f"folder:{tmp_path}", row(2), 0)
    assert pixels(found, 0).tolist() == [[100, 0], [150, 50]]
    assert pixels(found, 1).tolist() == [[0, 50], [100, 150]]


def test_a_folder_is_read_below_and_in_the_order_of_its_paths(shades, monkeypatch) -> None:
    monkeypatch.setattr(folder, "BLOCK", 2)
    found = load_dataset(f"folder:{shades}", row(), 0)
    assert found.size == 5
    assert [pixels(found, index)[0, 0] for index in range(5)] == [10, 20, 30, 40, 50]
    assert found.samples([4, 0]).shape == (2, 1, 4, 4)
    assert np.array_equal(found.samples([4, 0])[::-1], found.samples([0, 4]))


def test_pixels_of_a_folder_lie_in_the_range_of_the_row(shades) -> None:
    found = load_dataset(f"folder:{shades}", row(family=InUnitRange), 0).samples(range(5))
    assert np.array_equal(found[1], (symmetric(np.full((1, 4, 4), 20)) + 1) / 2)
    assert found.min() >= 0


def test_unreadable_images_are_left_out_with_one_line(shades, capsys) -> None:
    whole = (shades / "b.png").read_bytes()
    broken = {"cut.png": whole[:45], "empty.jpg": b"", "text [red].png": b"hello"}
    for name, content in broken.items():
        (shades / name).write_bytes(content)
    Image.fromarray(np.zeros((4, 4), np.float32)).save(shades / "sub" / "float.tif")
    found = load_dataset(f"folder:{shades}", row(), 0)
    assert found.size == 5
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.splitlines() == [
        f"warning: folder:{shades}: 4 of 9 images cannot be read, left out: "
        "'cut.png', 'empty.jpg', 'sub/float.tif', …"
    ]


def test_a_readable_folder_is_read_in_silence(shades, capsys, monkeypatch) -> None:
    monkeypatch.setattr(folder, "MANY", 1)  # the bar is for terminals
    load_dataset(f"folder:{shades}", row(), 0)
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("missing", "no such folder; name a folder of images"),
        ("long" * 2000, "no such folder"),
        ("file.png", "is a file; name a folder of images"),
        ("empty", "holds no images; name a folder of PNG or JPEG files"),
        ("text", "holds no images"),
        ("broken", r"none of its 2 images can be read"),
    ],
)
def test_a_folder_without_images_is_refused(tmp_path, name, words) -> None:
    save(tmp_path / "file.png", grey([0]))
    for made in ("empty", "text", "broken"):
        (tmp_path / made).mkdir()
    (tmp_path / "text" / "a.txt").write_text("a")
    for broken in ("a.png", "b.jpg"):
        (tmp_path / "broken" / broken).write_bytes(b"nothing")
    with pytest.raises(UsageError, match=words) as caught:
        load_dataset(f"folder:{tmp_path / name}", row(), 0)
    assert "\n" not in str(caught.value)


def test_an_image_that_goes_away_is_named(shades) -> None:
    found = load_dataset(f"folder:{shades}", row(), 0)
    (shades / "b.png").unlink()
    with pytest.raises(UsageError, match=r"b\.png: was readable when the run began"):
        found.samples([0, 1])


def test_a_folder_s_fingerprint_follows_names_and_sizes_and_nothing_else(shades, tmp_path) -> None:
    def fingerprint(root=shades, size=4):
        return load_dataset(f"folder:{root}", row(size), 0).fingerprint

    first = fingerprint()
    os.utime(shades / "b.png", (0, 0))
    (shades / "notes.txt").write_text("another")
    copied = shutil.copytree(shades, tmp_path / "copied")
    assert fingerprint() == fingerprint(copied) == fingerprint(size=8) == first
    (shades / "b.png").rename(shades / "bb.png")
    renamed = fingerprint()
    save(shades / "bb.png", Image.fromarray(np.arange(24, dtype=np.uint8).reshape(4, 6)))
    resized = fingerprint()
    save(shades / "more.png", grey([0]))
    assert len({first, renamed, resized, fingerprint()}) == 4


@pytest.mark.parametrize("threads", [2, None])
def test_decoders_make_the_samples_of_a_batch_at_the_same_time(threads) -> None:
    """Each sample waits for another; without a pool there is none."""
    together = Barrier(2)

    def sample(index):
        together.wait(timeout=10 if threads else 0.1)
        return np.float32([index])

    pool = ThreadPoolExecutor(threads) if threads else None
    data = Dataset("pairs", 6, sample, "pairs", pool)
    if pool is None:
        with pytest.raises(BrokenBarrierError):
            data.samples([3, 1])
    else:
        assert data.samples([3, 1, 5, 0])[:, 0].tolist() == [3, 1, 5, 0]


def test_folders_have_decoders_and_digits_need_none(shades) -> None:
    assert load_dataset(f"folder:{shades}", row(), 0).decoders is not None
    assert load_dataset("digits", row(), 0).decoders is None
