"""Images and points from .npy and .npz files: layouts, ranges, and files that are refused."""

import numpy as np
import pytest

from common import UsageError
from common.data import load_dataset
from common.parity.measure import require_named
from common.systems import find_system
from parity_tests.test_data import InUnitRange, symmetric, system_of

SHADES = np.arange(2 * 3 * 4 * 5, dtype=np.uint8).reshape(2, 3, 4, 5) * 2  # (N, C, H, W)
SQUARE = SHADES[:, :, :, :4]
GREY, COLOUR = system_of(4, 1), system_of(4, 3)


def saved(tmp_path, array):
    np.save(tmp_path / "data.npy", array)
    return f"npz:{tmp_path / 'data.npy'}"


def loaded(tmp_path, array, system=None):
    return load_dataset(saved(tmp_path, array), system or COLOUR, 0)


@pytest.mark.parametrize("suffix", ["npy", "npz", "npz:pictures"])
def test_uint8_images_are_read_unchanged(tmp_path, suffix) -> None:
    np.save(tmp_path / "data.npy", SQUARE)
    np.savez_compressed(tmp_path / "data.npz", pictures=SQUARE)
    dataset = load_dataset(f"npz:{tmp_path}/data.{suffix}", COLOUR, 0)
    assert dataset.size == 2
    assert dataset.samples([1, 0]).dtype == np.float32
    assert np.array_equal(dataset.samples([1, 0]), symmetric(SQUARE[::-1]))


def test_both_layouts_and_grey_are_read(tmp_path) -> None:
    first = loaded(tmp_path, SQUARE).samples([0, 1])
    assert np.array_equal(loaded(tmp_path, SQUARE.transpose(0, 2, 3, 1)).samples([0, 1]), first)
    plain = loaded(tmp_path, SQUARE[:, 0], GREY).samples([0, 1])
    assert np.array_equal(plain, first[:, :1])
    assert np.array_equal(loaded(tmp_path, SQUARE[:, :1], GREY).samples([0, 1]), plain)


def test_grey_becomes_colour_and_colour_grey(tmp_path) -> None:
    coloured = loaded(tmp_path, SQUARE[:, 0]).samples([0, 1])
    assert np.array_equal(coloured, np.repeat(symmetric(SQUARE[:, :1]), 3, axis=1))
    weighed = np.array([[[0.299]], [[0.587]], [[0.114]]]) * symmetric(SQUARE[0])
    actual = loaded(tmp_path, SQUARE, GREY).samples([0])[0, 0]
    require_named(actual, weighed.sum(axis=0), "closed_form_float32", "grey")
    for shade in (0, 255):
        white = loaded(tmp_path, np.full((1, 3, 4, 4), shade, np.uint8), GREY)
        assert np.abs(white.samples([0])).max() <= 1


def test_other_sizes_are_resized_and_cropped_to_the_middle(tmp_path) -> None:
    wide = np.zeros((1, 4, 8), np.uint8) + np.arange(8, dtype=np.uint8)
    samples = loaded(tmp_path, wide, GREY).samples([0])
    assert np.array_equal(samples[0, 0], symmetric(wide[0, :, 2:6]))
    flat = loaded(tmp_path, np.full((1, 9, 7, 3), 51, np.uint8)).samples([0])
    assert np.array_equal(flat, np.full((1, 3, 4, 4), symmetric(np.uint8([51]))[0]))
    extremes = np.zeros((1, 9, 7), np.uint8)
    extremes[:, ::2] = 255
    samples = loaded(tmp_path, extremes, GREY).samples([0])
    assert samples.min() >= -1
    assert samples.max() <= 1


@pytest.mark.parametrize("kind", ["float16", "float32", "float64", ">f4"])
def test_float_images_are_scaled_by_their_range(tmp_path, kind) -> None:
    quarters = np.array([0, 0.25, 0.5, 1] * 4, kind).reshape(1, 4, 4)
    assert np.array_equal(loaded(tmp_path, quarters, GREY).samples([0])[0], 2 * quarters - 1)
    halves = quarters - quarters.dtype.type(0.5)
    assert np.array_equal(loaded(tmp_path, halves, GREY).samples([0])[0], halves)
    unit = system_of(family=InUnitRange)
    assert np.array_equal(loaded(tmp_path, quarters, unit).samples([0])[0], quarters)
    assert np.array_equal(loaded(tmp_path, halves, unit).samples([0])[0], (halves + 1) / 2)


def test_points_and_numbers_are_read_unchanged(tmp_path) -> None:
    points = np.array([[100.5, -3], [0, 1]])
    dataset = loaded(tmp_path, points, find_system("wgan_gp_toy"))
    assert dataset.samples([1, 0]).dtype == np.float32
    assert np.array_equal(dataset.samples([1, 0]), points[::-1])
    numbers = np.arange(3)[:, None]
    assert np.array_equal(
        loaded(tmp_path, numbers, find_system("gan_moments")).samples([2]), [[2.0]]
    )


def changed(index, value):
    array = np.zeros((2, 4, 4), np.float32)
    array.ravel()[index] = value
    return array


@pytest.mark.parametrize(
    ("array", "message"),
    [
        (np.zeros((2, 3, 8, 3), np.uint8), r"shape \(2, 3, 8, 3\) is not clearly .* \(N, H, W\)"),
        (np.zeros((2, 5, 8, 8), np.uint8), r"store \(N, H, W\), \(N, H, W, C\) or \(N, C, H, W\)"),
        (np.zeros((2, 8, 8, 4), np.uint8), "with C = 1 or 3"),
        (np.zeros((8, 8), np.uint8), r"shape \(8, 8\) is not clearly that of images"),
        (np.zeros((2, 1, 3, 8, 8), np.uint8), "not clearly that of images"),
        (np.float32(1), r"shape \(\) is not clearly"),
        (np.zeros((0, 8, 8), np.uint8), r"shape \(0, 8, 8\) holds nothing"),
        (np.zeros((2, 0, 8), np.uint8), "holds nothing"),
        (changed(3, 255), r"its numbers lie in \[0, 255\]; store uint8"),
        (changed(3, -1.5), r"its numbers lie in \[-1.5, 0\]"),
        (changed(0, np.nan), "holds a NaN or an infinity; remove it"),
        (changed(-1, np.nan), "holds a NaN or an infinity"),
        (changed(5, -np.inf), "holds a NaN or an infinity"),
        (np.zeros((2, 4, 4), np.int64), "type int64 is not one of images; store uint8 or float32"),
        (np.zeros((2, 4, 4), bool), "type bool"),
        (np.zeros((2, 4, 4), complex), "type complex128"),
        (np.full((2, 4, 4), "a"), "type <U1"),
        (np.zeros((2, 4, 4), [("r", "u1")]), "is not one of images"),
    ],
)
def test_ambiguous_images_are_refused(tmp_path, array, message) -> None:
    with pytest.raises(UsageError, match=message) as caught:
        loaded(tmp_path, array)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("array", "message"),
    [
        (np.zeros((4, 3)), r"shape \(4, 3\) is not that of wgan_gp_toy's samples; store \(N, 2\)"),
        (np.zeros((4, 1)), r"store \(N, 2\)"),
        (np.zeros(4), r"shape \(4,\)"),
        (np.zeros((4, 8, 8), np.uint8), r"shape \(4, 8, 8\)"),
        (np.full((4, 2), np.nan), "holds a NaN or an infinity"),
        (np.full((4, 2), 1e300), r"infinity \(in float32\)"),
        (np.full((4, 2), "a"), "type <U1 is not one of numbers"),
        (np.zeros((0, 2)), "holds nothing"),
    ],
)
def test_arrays_that_are_no_points_are_refused(tmp_path, array, message) -> None:
    with pytest.raises(UsageError, match=message):
        loaded(tmp_path, array, find_system("wgan_gp_toy"))


def test_an_archive_of_several_arrays_needs_a_name(tmp_path) -> None:
    np.savez(tmp_path / "two.npz", images=SQUARE, labels=np.arange(2))
    np.savez(tmp_path / "none.npz")
    np.save(tmp_path / "one.npy", SQUARE)
    dataset = load_dataset(f"npz:{tmp_path}/two.npz:images", COLOUR, 0)
    assert np.array_equal(dataset.samples([0, 1]), symmetric(SQUARE))
    for name, message in {
        "two.npz": "does not hold just one array; name one .* of: images, labels",
        "two.npz:image": "holds no array of that name; .* of: images, labels",
        "none.npz": "does not hold just one array; .* of: none",
        "one.npy:images": "an .npy file holds one array; leave out :images",
    }.items():
        with pytest.raises(UsageError, match=message):
            load_dataset(f"npz:{tmp_path}/{name}", COLOUR, 0)


class Trap:
    """What runs as soon as somebody unpickles it."""

    def __reduce__(self):
        return (pytest.fail, ("it was unpickled",))


def test_pickles_are_not_opened(tmp_path) -> None:
    trapped = np.array([Trap()], dtype=object)
    np.save(tmp_path / "a.npy", trapped, allow_pickle=True)
    np.savez(tmp_path / "a.npz", trapped)
    (tmp_path / "b.npy").write_bytes(trapped.dumps())
    for name in ("a.npy", "a.npz", "b.npy"):
        with pytest.raises(UsageError, match="does it hold objects"):
            load_dataset(f"npz:{tmp_path}/{name}", COLOUR, 0)
    with pytest.raises(pytest.fail.Exception):  # the trap works
        np.load(tmp_path / "a.npy", allow_pickle=True)


@pytest.mark.parametrize("name", ["data.npy", "data.npz", "zipped.npz"])
def test_damaged_files_are_refused_in_one_line(tmp_path, name) -> None:
    np.save(tmp_path / "data.npy", SQUARE)
    np.savez(tmp_path / "data.npz", SQUARE)
    np.savez_compressed(tmp_path / "zipped.npz", SQUARE)
    whole = (tmp_path / name).read_bytes()
    flipped = bytes(byte ^ 255 for byte in whole[100:-100])
    for content in (b"", b"hello", whole[:20], whole[:-40], whole[:100] + flipped + whole[-100:]):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(UsageError, match=r"not a readable \.npz or \.npy file") as caught:
            load_dataset(f"npz:{tmp_path}/{name}", COLOUR, 0)
        assert "\n" not in str(caught.value)
    (tmp_path / name).write_bytes(whole)
    assert load_dataset(f"npz:{tmp_path}/{name}", COLOUR, 0).size == 2


def test_a_path_to_nothing_or_to_a_folder_is_refused(tmp_path) -> None:
    with pytest.raises(UsageError, match=r"no such file; name an \.npz or \.npy file"):
        load_dataset(f"npz:{tmp_path}/missing.npz", COLOUR, 0)
    with pytest.raises(UsageError, match="no such file"):
        load_dataset(f"npz:{'long' * 2000}", COLOUR, 0)
    with pytest.raises(UsageError, match="is a folder"):
        load_dataset(f"npz:{tmp_path}", COLOUR, 0)


def test_the_fingerprint_depends_on_the_content_and_not_on_the_file(tmp_path) -> None:
    def fingerprint(array, system=None):
        return loaded(tmp_path, array, system).fingerprint

    first = fingerprint(SQUARE)
    np.savez(tmp_path / "other.npz", x=SQUARE)
    assert load_dataset(f"npz:{tmp_path}/other.npz:x", system_of(8, 3), 0).fingerprint == first
    brighter = SQUARE.copy()
    brighter[1, 2, 3, 3] += 1
    others = [brighter, SQUARE[::-1], SQUARE[:1], SQUARE.reshape(2, 3, 2, 8)]
    assert len({first, *map(fingerprint, others)}) == 5
