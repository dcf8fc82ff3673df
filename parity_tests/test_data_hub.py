"""Data sets of Hugging Face's library, in its own format on disk; nothing here needs a network."""

import sys
from functools import partial
from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from common import UsageError
from common.data import load_dataset
from parity_tests.test_data import grey, pixels, system_of

datasets = pytest.importorskip("datasets", reason="datasets is not installed; see the extra data")
huggingface_hub = pytest.importorskip("huggingface_hub")

SHADES = [10, 20, 30, 40]


def encoded(picture: Image.Image, **options) -> dict:
    content = BytesIO()
    picture.save(content, format="png", **options)
    return {"bytes": content.getvalue(), "path": None}


def flat(shade: int) -> Image.Image:
    return Image.new("L", (6, 4), shade)


def table(**columns) -> datasets.Dataset:
    """A data set of columns of images, after one of labels."""
    count = len(next(iter(columns.values())))
    features = {"label": datasets.Value("int64")} | {name: datasets.Image() for name in columns}
    return datasets.Dataset.from_dict(
        {"label": list(range(count)), **columns}, features=datasets.Features(features)
    )


def shades(values=SHADES) -> datasets.Dataset:
    return table(picture=[flat(value) for value in values])


@pytest.fixture
def saved(tmp_path, capsys):
    """Save a `Dataset` or `DatasetDict` and give its name, leaving nothing on stderr."""

    def save(data, name="saved"):
        data.save_to_disk(str(tmp_path / name))
        capsys.readouterr()
        return f"hf:{tmp_path / name}"

    return save


def levels(dataset) -> list[int]:
    return [int(pixels(dataset, index)[0, 0]) for index in range(dataset.size)]


def test_a_saved_data_set_is_read_in_order(saved) -> None:
    dataset = load_dataset(saved(shades()), system_of(), 0)
    assert dataset.size == 4
    assert levels(dataset) == SHADES
    assert dataset.samples([3, 0]).shape == (2, 1, 4, 4)
    assert np.array_equal(dataset.samples([3, 0])[::-1], dataset.samples([0, 3]))
    assert dataset.decoders is not None


def test_train_is_the_default_of_saved_splits(saved) -> None:
    name = saved(datasets.DatasetDict({"train": shades(), "test": shades([7])}))
    assert levels(load_dataset(name, system_of(), 0)) == SHADES
    assert levels(load_dataset(f"{name}:train", system_of(), 0)) == SHADES
    assert levels(load_dataset(f"{name}:test", system_of(), 0)) == [7]
    with pytest.raises(UsageError, match=r"no split 'valid'; .* of: train, test"):
        load_dataset(f"{name}:valid", system_of(), 0)
    only = saved(datasets.DatasetDict({"test": shades([7])}), "only")
    with pytest.raises(UsageError, match=r"no split 'train'; .* of: test"):
        load_dataset(only, system_of(), 0)
    single = saved(shades(), "single")
    with pytest.raises(UsageError, match="holds one data set without splits; leave out :test"):
        load_dataset(f"{single}:test", system_of(), 0)


def test_images_are_processed_as_those_of_a_folder(saved) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    wide = np.tile(np.arange(4, dtype=np.uint8), (2, 1))
    pictures = [
        encoded(grey([0, 50], [100, 150]), exif=exif),
        encoded(Image.new("LA", (2, 2), (7, 0))),
        encoded(Image.fromarray(np.full((2, 2), 100 * 257, np.uint16))),
        encoded(Image.fromarray(wide)),
    ]
    dataset = load_dataset(saved(table(picture=pictures)), system_of(2), 0)
    assert pixels(dataset, 0).tolist() == [[100, 0], [150, 50]]
    assert np.unique(pixels(dataset, 1)).tolist() == [255]
    assert np.unique(pixels(dataset, 2)).tolist() == [100]
    assert np.array_equal(pixels(dataset, 3), wide[:, 1:3])


def test_the_first_column_of_images_is_taken(saved) -> None:
    several = table(first=[flat(1), flat(2)], second=[flat(3), flat(4)])
    assert levels(load_dataset(saved(several), system_of(), 0)) == [1, 2]


def test_columns_without_images_are_named(saved) -> None:
    numbers = datasets.Dataset.from_dict({"label": [1], "pixels": [[0, 1]]})
    with pytest.raises(UsageError, match="none of its columns holds images: label, pixels; cast"):
        load_dataset(saved(numbers), system_of(), 0)


def test_a_format_saved_with_the_data_is_ignored(saved) -> None:
    formatted = shades().with_format("numpy", columns=["label"])
    assert levels(load_dataset(saved(formatted), system_of(), 0)) == SHADES


@pytest.mark.parametrize("broken", [{"bytes": b"nothing", "path": None}, None])
def test_an_unreadable_image_is_named_when_it_is_read(saved, broken) -> None:
    dataset = load_dataset(saved(table(picture=[encoded(flat(1)), broken])), system_of(), 0)
    assert dataset.samples([0]).shape == (1, 1, 4, 4)
    with pytest.raises(UsageError, match="the image of sample 1 cannot be read") as caught:
        dataset.samples([0, 1])
    assert "\n" not in str(caught.value)


def test_the_fingerprint_depends_on_the_content_and_the_split(saved, tmp_path) -> None:
    def fingerprint(name, size=4):
        return load_dataset(name, system_of(size), 0).fingerprint

    name = saved(datasets.DatasetDict({"train": shades(), "test": shades([7])}))
    first = fingerprint(name)
    assert fingerprint(f"{name}:train") == fingerprint(name, size=8) == first
    (tmp_path / "saved").rename(tmp_path / "moved")
    assert fingerprint(f"hf:{tmp_path / 'moved'}") == first
    others = [f"hf:{tmp_path / 'moved'}:test", saved(shades([10, 20, 30, 41]), "changed")]
    assert len({first, *map(fingerprint, others)}) == 3


def damage_table(folder) -> None:
    for path in folder.glob("*.arrow"):
        path.write_bytes(path.read_bytes()[:200])


def damage_state(folder) -> None:
    (folder / "state.json").write_text("{")


@pytest.mark.parametrize("damage", [damage_table, damage_state])
def test_a_damaged_folder_is_refused(saved, tmp_path, damage) -> None:
    name = saved(shades())
    damage(tmp_path / "saved")
    with pytest.raises(UsageError, match="not a whole folder that save_to_disk wrote") as caught:
        load_dataset(name, system_of(), 0)
    assert "\n" not in str(caught.value)


def test_another_folder_or_file_is_refused(tmp_path) -> None:
    (tmp_path / "a.parquet").write_bytes(b"PAR1")
    for path in (tmp_path, tmp_path / "a.parquet"):
        with pytest.raises(UsageError, match=r"save_to_disk wrote .* use folder:PATH"):
            load_dataset(f"hf:{path}", system_of(), 0)


def test_a_missing_folder_is_not_looked_for_on_the_hub(tmp_path) -> None:
    with pytest.raises(UsageError, match="no such folder, and not to be had"):
        load_dataset(f"hf:{tmp_path}/missing", system_of(), 0)


def test_without_the_library_its_extra_is_named(monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "datasets", None)
    with pytest.raises(UsageError, match=r"needs .* pip install 'gan-rosetta\[data\]'"):
        load_dataset("hf:mnist", system_of(), 0)


def test_without_a_network_the_other_sources_are_named(monkeypatch, capfd, tmp_path) -> None:
    monkeypatch.setattr(datasets.config, "HF_HUB_OFFLINE", True)
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    name = "hf:gan-rosetta-has-no-data-set/of-this-name"
    with pytest.raises(UsageError, match=r"cannot be reached .*; connect, or use --data digits"):
        load_dataset(name, system_of(), 0)
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (datasets.exceptions.DatasetNotFoundError("Dataset 'x/y' doesn't exist"), "check the name"),
        (RuntimeError("Dataset scripts are no longer supported"), "scripts are no longer"),
        (ValueError("Config name is missing.\nPlease pick one:\n['a']"), "Please pick one: .'a'."),
    ],
)
def test_errors_of_the_hub_are_reported_in_one_line(monkeypatch, error, message) -> None:
    def load(name, split):
        raise error

    monkeypatch.setattr(datasets, "load_dataset", load)
    with pytest.raises(UsageError, match=message) as caught:
        load_dataset("hf:x/y", system_of(), 0)
    assert "\n" not in str(caught.value)


@pytest.fixture
def published(monkeypatch, tmp_path):
    """The library's own builder, reading a local file where it would read the hub's."""
    shades().to_parquet(tmp_path / "train.parquet")
    builder = partial(
        datasets.load_dataset,
        "parquet",
        data_files={"train": str(tmp_path / "train.parquet")},
        cache_dir=str(tmp_path / "cache"),
    )
    monkeypatch.setattr(datasets, "load_dataset", lambda name, split: builder(split=split))


def test_a_published_data_set_is_read_by_split(published, capfd) -> None:
    capfd.readouterr()
    whole = load_dataset("hf:owner/name", system_of(), 0)
    assert levels(whole) == SHADES
    part = load_dataset("hf:owner/name:train[1:3]", system_of(), 0)
    assert levels(part) == SHADES[1:3]
    assert part.fingerprint != whole.fingerprint
    assert load_dataset("hf:owner/name:train", system_of(), 0).fingerprint == whole.fingerprint
    assert capfd.readouterr() == ("", "")
    with pytest.raises(UsageError, match=r"name:valid: cannot be loaded \(.*\['train'\]"):
        load_dataset("hf:owner/name:valid", system_of(), 0)


def test_logging_and_progress_bars_of_the_libraries_are_restored(saved) -> None:
    name = saved(shades())
    libraries = (datasets.utils, huggingface_hub.utils)
    for quiet in (False, True):
        for library in libraries:
            (library.disable_progress_bars if quiet else library.enable_progress_bars)()
        before = [library.logging.get_verbosity() for library in libraries]
        load_dataset(name, system_of(), 0)
        assert [library.are_progress_bars_disabled() for library in libraries] == [quiet, quiet]
        assert [library.logging.get_verbosity() for library in libraries] == before
    for library in libraries:
        library.enable_progress_bars()
