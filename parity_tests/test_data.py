"""Data sets by name: images of any mode fitted to a system, folders, and fingerprints."""

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


def system_of(size=4, channels=1, family=LSGANMLP):
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
    values = ((sample + 1) * 127.5).round()
    assert np.array_equal(symmetric(values), sample)
    return values.squeeze() if len(values) == 1 else values.transpose(1, 2, 0)


def save(path, picture, **options) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    picture.save(path, **options)


@pytest.fixture
def shades(tmp_path):
    """Five pictures of one shade each, in two folders, beside a file that is no image."""
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


@pytest.mark.parametrize("name", ["sngan", "wgan_gp_toy", "gan_moments"])
def test_an_unknown_data_set_is_refused_with_the_choices(name) -> None:
    system = find_system(name)
    forms = ["npz:PATH[:KEY]"]
    if system.point_dim is None:
        forms = ["hf:NAME[:SPLIT]", "folder:PATH", *forms]
    choices = ", ".join([*OFFLINE[system.point_dim], *forms])
    for data in ("cats", "cats:x", "folder:", "npz:", "hf:", "", ":"):
        with pytest.raises(UsageError) as raised:
            load_dataset(data, system, 0)
        assert str(raised.value).endswith(f"choose one of: {choices}")


@pytest.mark.parametrize("name", ["digits", "photos", "folder:.", "hf:mnist"])
@pytest.mark.parametrize("system", ["wgan_gp_toy", "gan_moments"])
def test_systems_of_points_refuse_images(name, system) -> None:
    with pytest.raises(UsageError, match=r"unknown data set .* choose one of: .*npz:PATH"):
        load_dataset(name, find_system(system), 0)


@pytest.mark.parametrize("name", ["digits", "photos", "folder", "npz", "hf"])
def test_pictures_become_one_or_three_channels_only(tmp_path, shades, name) -> None:
    np.save(tmp_path / "x.npy", np.zeros((2, 4, 4), np.uint8))
    places = {"folder": f"folder:{shades}", "npz": f"npz:{tmp_path / 'x.npy'}", "hf": "hf:x"}
    with pytest.raises(UsageError, match="channels=2: pictures have 1 or 3; use --data noise"):
        load_dataset(places.get(name, name), system_of(channels=2), 0)


def test_fingerprints_of_random_data_depend_on_seed_and_name() -> None:
    def fingerprint(name, seed):
        (dimension,) = [key for key, names in OFFLINE.items() if name in names and name != "noise"]
        system = {None: "sngan", 2: "wgan_gp_toy", 1: "gan_moments"}[dimension]
        return load_dataset(name, find_system(system), seed).fingerprint

    random_data = ["photos", "8gaussians", "25gaussians", "swissroll", "gaussian"]
    fingerprints = [fingerprint(name, seed) for name in random_data for seed in (0, 1)]
    assert len(set(fingerprints)) == len(fingerprints)
    assert fingerprints == [fingerprint(name, seed) for name in random_data for seed in (0, 1)]
    assert fingerprint("digits", 0) == fingerprint("digits", 1) == PINNED_FINGERPRINT


def test_fingerprints_separate_their_parts() -> None:
    assert fingerprint_of("ab", "c") != fingerprint_of("a", "bc")
    assert fingerprint_of("a", 1) != fingerprint_of("a", 2)


def test_a_path_may_contain_colons(tmp_path) -> None:
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
    dataset = load_dataset(f"folder:{tmp_path}", system_of(), 0)
    assert np.array_equal(pixels(dataset, 0), wide[:, 2:6])
    assert np.array_equal(pixels(dataset, 1), wide[:, 2:6].T)


def test_the_shorter_side_is_resized_and_then_the_longer_one_cropped(tmp_path) -> None:
    content = np.arange(16 * 8, dtype=np.uint8).reshape(8, 16) * 7
    save(tmp_path / "a.png", Image.fromarray(content))
    whole = Image.fromarray(content).resize((8, 4), Image.Resampling.BILINEAR)
    actual = pixels(load_dataset(f"folder:{tmp_path}", system_of(), 0))
    assert np.array_equal(actual, np.asarray(whole.crop((2, 0, 6, 4))))
    squashed = Image.fromarray(content).resize((4, 4), Image.Resampling.BILINEAR)
    assert not np.array_equal(actual, np.asarray(squashed))


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
    actual = pixels(load_dataset(f"folder:{tmp_path}", system_of(channels=3), 0))
    assert np.array_equal(actual, np.full((4, 4, 3), colour))


def test_a_transparent_palette_entry_is_white_and_a_colour_has_its_grey(tmp_path) -> None:
    save(tmp_path / "a.png", palette(), transparency=1)
    save(tmp_path / "b.png", palette())
    dataset = load_dataset(f"folder:{tmp_path}", system_of(), 0)
    assert np.unique(pixels(dataset, 0)).tolist() == [255]
    assert np.unique(pixels(dataset, 1)).tolist() == [124]  # 0.299·200 + 0.587·100 + 0.114·50


def test_a_photograph_is_turned_upright(tmp_path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was turned by a quarter to the left
    save(tmp_path / "a.png", grey([0, 50], [100, 150]), exif=exif)
    save(tmp_path / "b.png", grey([0, 50], [100, 150]))
    dataset = load_dataset(f"folder:{tmp_path}", system_of(2), 0)
    assert pixels(dataset, 0).tolist() == [[100, 0], [150, 50]]
    assert pixels(dataset, 1).tolist() == [[0, 50], [100, 150]]


def test_a_folder_is_read_recursively_in_the_order_of_paths(shades, monkeypatch) -> None:
    monkeypatch.setattr(folder, "BLOCK", 2)
    dataset = load_dataset(f"folder:{shades}", system_of(), 0)
    assert dataset.size == 5
    assert [pixels(dataset, index)[0, 0] for index in range(5)] == [10, 20, 30, 40, 50]
    assert dataset.samples([4, 0]).shape == (2, 1, 4, 4)
    assert np.array_equal(dataset.samples([4, 0])[::-1], dataset.samples([0, 4]))


def test_pixels_of_a_folder_lie_in_the_system_s_range(shades) -> None:
    samples = load_dataset(f"folder:{shades}", system_of(family=InUnitRange), 0).samples(range(5))
    assert np.array_equal(samples[1], (symmetric(np.full((1, 4, 4), 20)) + 1) / 2)
    assert samples.min() >= 0


def test_unreadable_images_are_left_out_with_one_line(shades, capsys) -> None:
    whole = (shades / "b.png").read_bytes()
    broken = {"cut.png": whole[:45], "empty.jpg": b"", "text [red].png": b"hello"}
    for name, content in broken.items():
        (shades / name).write_bytes(content)
    Image.fromarray(np.zeros((4, 4), np.float32)).save(shades / "sub" / "float.tif")
    dataset = load_dataset(f"folder:{shades}", system_of(), 0)
    assert dataset.size == 5
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.splitlines() == [
        f"warning: folder:{shades}: 4 of 9 images cannot be read, left out: "
        "'cut.png', 'empty.jpg', 'sub/float.tif', …"
    ]


def test_a_readable_folder_prints_nothing(shades, capsys, monkeypatch) -> None:
    monkeypatch.setattr(folder, "MANY", 1)  # the bar is for terminals
    load_dataset(f"folder:{shades}", system_of(), 0)
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("missing", "no such folder; name a folder of images"),
        ("long" * 2000, "no such folder"),
        ("file.png", "is a file; name a folder of images"),
        ("empty", "holds no images; name a folder of PNG or JPEG files"),
        ("text", "holds no images"),
        ("broken", r"none of its 2 images can be read"),
    ],
)
def test_a_folder_without_images_is_refused(tmp_path, name, message) -> None:
    save(tmp_path / "file.png", grey([0]))
    for made in ("empty", "text", "broken"):
        (tmp_path / made).mkdir()
    (tmp_path / "text" / "a.txt").write_text("a")
    for broken in ("a.png", "b.jpg"):
        (tmp_path / "broken" / broken).write_bytes(b"nothing")
    with pytest.raises(UsageError, match=message) as caught:
        load_dataset(f"folder:{tmp_path / name}", system_of(), 0)
    assert "\n" not in str(caught.value)


def test_a_deleted_image_is_named(shades) -> None:
    dataset = load_dataset(f"folder:{shades}", system_of(), 0)
    (shades / "b.png").unlink()
    with pytest.raises(UsageError, match=r"b\.png: was readable when the run began"):
        dataset.samples([0, 1])


def test_a_folder_s_fingerprint_depends_on_names_and_sizes_alone(shades, tmp_path) -> None:
    def fingerprint(root=shades, size=4):
        return load_dataset(f"folder:{root}", system_of(size), 0).fingerprint

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
    assert load_dataset(f"folder:{shades}", system_of(), 0).decoders is not None
    assert load_dataset("digits", system_of(), 0).decoders is None
