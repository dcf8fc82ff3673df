"""Training in fast precision: how far a step is from float32, and what stays float32."""

from collections.abc import Callable, Iterator

import numpy as np
import pytest

from common import UsageError
from common.backends import PRECISIONS, Backend, load
from common.bench.divergence import divergence
from common.parity.bounds import NAMED
from common.parity.case_run import CaseRun
from common.parity.measure import require_named
from common.systems import SYSTEMS
from common.training.checkpoint import capture
from parity_tests.fixtures import images, noise, reduced
from parity_tests.test_command_line import rosetta

CPU = {"device": "cpu", "dtype": "float32"}
TRAINABLE = ("torch", "tf", "jax")  # in bfloat16 on a CPU


@pytest.fixture(params=TRAINABLE)
def in_precision(request, need) -> Iterator[Callable[[str], Backend]]:
    """A port in a chosen precision; in float64 again afterwards."""
    name = request.param
    need(name)
    yield lambda precision: load(name, **CPU, **PRECISIONS[precision])
    load(name, device="cpu", dtype="float64", exact=True)


@pytest.mark.parametrize("system", SYSTEMS)
def test_a_step_stays_near_float32(in_precision, system) -> None:
    case, gans = reduced(system), {}
    for precision in ("exact", "fast"):
        backend = in_precision(precision)
        run = CaseRun(backend, case, 0)
        gans[precision] = run.gan
    far = divergence(backend, case.system, gans["exact"], gans["fast"], run.inputs(1))
    assert NAMED["mixed_least"] < far.gradient_error < NAMED["mixed_gradient"]
    loss = backend.interop.to_canonical(
        backend.schedule.training_step(run.gan, run.inputs(1))["loss_g"]
    )
    assert np.isfinite(loss)


@pytest.mark.parametrize("system", ["lsgan_keras", "sngan_resnet", "wgan_gp"])
def test_state_and_outputs_are_float32(in_precision, system) -> None:
    backend, case = in_precision("fast"), reduced(system)
    run = CaseRun(backend, case, 0)
    backend.schedule.training_step(run.gan, run.inputs(1))
    tensors = capture(backend, case.system, run.gan, backend.sampling.start_average(run.gan))
    types = {str(a.dtype) for name, a in tensors.items() if not name.startswith("slot.step")}
    assert types == {"float32"}
    fakes = backend.probes.forward(
        run.gan.generator, backend.interop.to_native(noise(case)), training=True
    )
    scores = backend.probes.forward(run.gan.discriminator, fakes, training=True)
    for output in (fakes, scores):
        assert "float32" in str(output.dtype)


def test_a_power_iteration_is_the_same_in_both_precisions(in_precision) -> None:
    case, vectors = reduced("sngan"), {}
    for precision in ("exact", "fast"):
        backend = in_precision(precision)
        run = CaseRun(backend, case, 0)
        backend.probes.forward(
            run.gan.discriminator, backend.interop.to_native(images(case)), training=True
        )
        read = run.read(trainable=False)
        vectors[precision] = {name: u for name, u in read.items() if name.endswith(".u")}
    assert vectors["exact"]
    for name, u in vectors["exact"].items():
        require_named(vectors["fast"][name], u, "update_float32", name)


def test_running_statistics_keep_more_digits_than_bfloat16(in_precision) -> None:
    backend, case = in_precision("fast"), reduced("lsgan_jittor")
    run = CaseRun(backend, case, 0)
    backend.probes.forward(run.gan.generator, backend.interop.to_native(noise(case)), training=True)
    for name, values in run.read(trainable=False).items():
        if name.startswith("generator.") and "running_" in name:
            bits = np.ascontiguousarray(values, np.float32).view(np.uint32)
            assert (bits & 0xFFFF).any(), name  # bfloat16 is a float32's upper half


def test_a_copy_of_the_generator_has_its_own_weights(in_precision) -> None:
    backend, case = in_precision("fast"), reduced("lsgan_mlp")
    run = CaseRun(backend, case, 0)
    average = backend.sampling.start_average(run.gan)
    before = backend.sampling.sample(average, noise(case))
    backend.schedule.training_step(run.gan, run.inputs(1))
    assert np.array_equal(backend.sampling.sample(average, noise(case)), before)
    assert not np.array_equal(backend.sampling.sample(run.gan.generator, noise(case)), before)


def test_jittor_refuses_bfloat16_on_a_cpu(need) -> None:
    need("jittor")
    with pytest.raises(UsageError, match="no usable bfloat16 on a CPU"):
        load("jittor", **CPU, **PRECISIONS["fast"])


def test_a_run_goes_on_in_the_other_precision_and_framework(need, tmp_path) -> None:
    need("torch", "jax")
    options = ("lsgan_mlp", "--data", "noise", "--batch-size", 4, "--out", tmp_path / "run")
    first = rosetta("train", "torch", *options, "--steps", 2, "--precision", "fast")
    assert first.returncode == 0, first.stderr
    second = rosetta("train", "jax", *options, "--steps", 4, "--resume")
    assert second.returncode == 0, second.stderr
    assert "continuing from step 2" in second.stdout


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--precision", "quick"), "unknown precision 'quick'"),
        (("--precision", "fast", "--dtype", "float64"), "not in float64"),
    ],
)
def test_a_wrong_precision_is_one_line(tmp_path, options, message) -> None:
    answer = rosetta(
        "train", "torch", "lsgan_mlp", "--steps", 1, "--out", tmp_path / "run", *options
    )
    assert answer.returncode == 2
    assert message in answer.stderr
    assert "Traceback" not in answer.stderr
    assert not (tmp_path / "run").exists()
