"""A batch is cut into equal shards, and a process reads its own samples alone."""

from dataclasses import replace

import numpy as np
import pytest

from common import UsageError
from common.data import load_dataset
from common.data.batches import step_inputs
from common.streams.shards import WHOLE, Shards, check_shards
from common.streams.step_inputs import draw_step_inputs
from common.streams.synthetic import synthetic_batch
from common.systems import SYSTEMS, find_system
from common.systems.options import with_options
from parity_tests.fixtures import reduced

pytest.importorskip("hypothesis", reason="hypothesis is not installed; see extra dev")
from hypothesis import given
from hypothesis import strategies as st

DEVICES = st.integers(1, 6)
SHARE = st.integers(1, 5)  # samples of one device


def each_process(total: int, own: int = 1, *, joined: bool = False) -> list[Shards]:
    return [Shards(first, own, total, joined) for first in range(0, total, own)]


@given(DEVICES, SHARE)
def test_shards_are_consecutive_parts_of_the_batch(devices: int, share: int) -> None:
    batch = np.arange(devices * share * 3.0).reshape(-1, 3)
    parts = [shards.cut(batch) for shards in each_process(devices)]
    assert np.array_equal(np.concatenate(parts), batch)
    assert {len(part) for part in parts} == {share}


@given(DEVICES, SHARE)
def test_a_shard_of_a_mixed_batch_has_its_part_of_both_halves(devices: int, share: int) -> None:
    real, fake = np.split(np.arange(2 * devices * share), 2)
    for place, shards in enumerate(each_process(devices)):
        part = shards.cut(np.concatenate([real, fake]), halves=True)
        own = slice(place * share, (place + 1) * share)
        assert np.array_equal(part, np.concatenate([real[own], fake[own]]))


@given(st.integers(1, 3), st.integers(1, 3), SHARE)
def test_the_devices_of_one_process_get_one_shard_after_the_other(
    processes: int, own: int, share: int
) -> None:
    total = processes * own
    batch = np.arange(2 * total * share)
    alone = [shards.cut(batch, halves=True) for shards in each_process(total)]
    together = [shards.cut(batch, halves=True) for shards in each_process(total, own)]
    assert np.array_equal(np.concatenate(together), np.concatenate(alone))


@given(DEVICES, SHARE)
def test_joined_shards_keep_the_order_of_the_samples(devices: int, share: int) -> None:
    batch = np.arange(2 * devices * share)
    parts = [s.cut(batch, halves=True) for s in each_process(devices, joined=True)]
    assert np.array_equal(np.concatenate(parts), batch)


def test_a_batch_that_devices_cannot_share_is_refused() -> None:
    with pytest.raises(ValueError, match="reshape"):
        Shards(0, 1, 2).cut(np.zeros(3))
    system = with_options(find_system("wgan"), {"batch_size": 10})
    check_shards(system, 5)
    with pytest.raises(UsageError, match=r"4 devices .* batch of 10 .* --batch-size 8 or 12"):
        check_shards(system, 4)
    with pytest.raises(UsageError, match=r"--batch-size 16,"):
        check_shards(system, 16)


@pytest.mark.parametrize("name", SYSTEMS)
def test_every_array_of_a_step_is_cut(name: str) -> None:
    system = reduced(name).system
    batch = 6

    def drawn(shards: Shards):
        def real(index: int) -> np.ndarray:
            return shards.cut(synthetic_batch(system, 0, 1, index, batch))

        return shards.cut_inputs(system, draw_step_inputs(system, 0, 1, batch, real))

    whole, halves = drawn(WHOLE), [drawn(shards) for shards in each_process(2)]
    updates = zip(
        (*whole.discriminator, *whole.generator),
        *((*half.discriminator, *half.generator) for half in halves),
        strict=True,
    )
    for full, *parts in updates:
        for field, value in vars(full).items():
            arrays = value if isinstance(value, tuple) else (value,)
            for place, array in enumerate(arrays):
                if array is None:
                    continue
                cut = [vars(p)[field] for p in parts]
                cut = [c[place] if isinstance(c, tuple) else c for c in cut]
                assert [2 * len(c) for c in cut] == [len(array)] * 2
                assert np.array_equal(np.sort(np.concatenate(cut), 0), np.sort(array, 0))


def test_a_process_reads_its_own_samples_alone() -> None:
    system = with_options(find_system("lsgan_mlp"), {"image_size": 8, "batch_size": 6})
    dataset = load_dataset("digits", system, 0)
    seen: list[list[int]] = []

    def watched(indices):
        seen.append(list(indices))
        return dataset.samples(indices)

    reading = replace(dataset, batch=watched)
    for shards in (WHOLE, *each_process(3)):
        list(step_inputs(system, reading, 0, first_step=2, last_step=2, shards=shards))
    whole, *parts = seen
    assert [len(part) for part in parts] == [2, 2, 2]
    assert [index for part in parts for index in part] == whole
