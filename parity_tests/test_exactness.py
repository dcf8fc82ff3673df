"""The probes of exactness detect rounded factors and results that are not repeatable."""

from itertools import count
from types import SimpleNamespace

import numpy as np
import pytest

from common.backends import load, prepare_environment
from common.parity.exactness import FINE, probe_exactness
from common.parity.measure import require_named
from common.reference.products import convolution, product

EXACT = {"full_products": True, "full_convolutions": True, "repeatable": True}
COARSE = {"float32": 10, "float64": 23}  # bits that TF32 and float32 keep behind the point


def rounded(values, bits):
    """Numbers with so many bits behind the point of their mantissas."""
    mantissas, exponents = np.frexp(np.asarray(values, np.float64))
    return np.ldexp(np.rint(mantissas * 2.0 ** (bits + 1)), exponents - bits - 1)


def with_parts(backend, **parts):
    """The backend, with other functions in its interop or its probes."""
    changed = {}
    for name in ("interop", "probes"):
        functions = dict(vars(getattr(backend, name)))
        functions |= {key: value for key, value in parts.items() if key in functions}
        changed[name] = SimpleNamespace(**functions)
    return SimpleNamespace(name=backend.name, device=backend.device, **changed)


@pytest.fixture(params=["float32", "float64"])
def dtype(request):
    return request.param


def test_every_port_is_exact_on_the_cpu(configured, dtype) -> None:
    assert probe_exactness(configured(dtype)) == EXACT


@pytest.mark.parametrize("bits", [7, "coarse"])
def test_rounded_factors_are_found(configured, dtype, bits) -> None:
    """As TF32 and bfloat16 round them; in float64, as float32 does."""
    backend = configured(dtype)
    kept, exact = COARSE[dtype] if bits == "coarse" else bits, backend.interop.to_native
    coarse = with_parts(backend, to_native=lambda array: exact(rounded(array, kept)))
    assert probe_exactness(coarse) == EXACT | {"full_products": False, "full_convolutions": False}


@pytest.mark.parametrize(
    ("function", "key"), [("multiply", "full_products"), ("convolve", "full_convolutions")]
)
def test_one_rounded_factor_of_one_operation_is_found(configured, dtype, function, key) -> None:
    backend = configured(dtype)
    native, canonical = backend.interop.to_native, backend.interop.to_canonical
    lost = native(np.array([2.0 * FINE[dtype]]))
    original = getattr(backend.probes, function)
    # Less by what rounding takes from 1 + 2 · FINE; traced and differentiated like any factor.
    coarse = with_parts(backend, **{function: lambda left, right: original(left - lost, right)})
    assert canonical(lost).dtype == dtype
    assert probe_exactness(coarse) == EXACT | {key: False}


@pytest.mark.parametrize("function", ["multiply", "convolve"])
def test_a_difference_of_one_bit_is_not_repeatable(configured, function) -> None:
    backend, calls = configured("float32"), count()
    pull_back, original = backend.probes.pull_back, getattr(backend.probes, function)

    def pulled(called, *tensors):
        output, gradients = pull_back(called, *tensors)
        drift = 1 + 2.0**-23 * (next(calls) % 2 if called is original else 0)
        scale = backend.interop.to_native(np.array([drift]))
        return output * scale, gradients

    changed = with_parts(backend, pull_back=pulled)
    assert probe_exactness(changed) == EXACT | {"repeatable": False}


def test_the_references_are_the_finite_differences_of_their_outputs() -> None:
    rng = np.random.default_rng(0)
    cases = (
        (product, ((3, 2), (3, 4), (4, 2))),
        (convolution, ((2, 3, 4, 4), (2, 2, 5, 6), (3, 2, 2, 3))),
    )
    for reference, shapes in cases:
        upstream, left, right = (rng.standard_normal(shape) for shape in shapes)
        _, of_left, of_right = reference(upstream, left, right)
        for at, (values, gradient) in enumerate(((left, of_left), (right, of_right))):
            way = rng.standard_normal(values.shape)
            moved = [left, right]
            moved[at] = values + way  # both are linear in each factor: the difference is exact
            change = reference(upstream, *moved)[0] - reference(upstream, left, right)[0]
            inner = np.array((gradient * way).sum())
            require_named(np.array((upstream * change).sum()), inner, "linear_algebra", "gradient")


def test_exact_runs_forbid_tf32_to_every_cuda_library(monkeypatch) -> None:
    """Jittor lets cuDNN's convolutions round to TF32 whatever its own flag says."""
    monkeypatch.delenv("NVIDIA_TF32_OVERRIDE", raising=False)
    assert prepare_environment("cuda", exact=True)["NVIDIA_TF32_OVERRIDE"] == "0"
    assert "NVIDIA_TF32_OVERRIDE" not in prepare_environment("cuda")


def test_the_variable_is_set_before_the_framework_is_imported(monkeypatch, backend_name) -> None:
    monkeypatch.setenv("NVIDIA_TF32_OVERRIDE", "1")
    seen = []

    def import_module(name):
        import os
        from importlib import import_module as original

        seen.append(os.environ["NVIDIA_TF32_OVERRIDE"])
        return original(name)

    monkeypatch.setattr("common.backends.import_module", import_module)
    load(backend_name, device="cpu", dtype="float64", exact=False)
    assert set(seen) == {"1"}
    seen.clear()
    load(backend_name, device="cpu", dtype="float64", exact=True)
    assert set(seen) == {"0"}
