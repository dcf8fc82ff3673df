"""Types that arrays and numbers are given, and what sums lose."""

import json
import subprocess
import sys

import numpy as np
import pytest

from common.backends import BACKENDS
from common.contract import network_contract
from common.parity.bounds import NAMED
from parity_tests.differing import apart, close, part, port, value
from parity_tests.fixtures import build, images, noise, reduced
from parity_tests.one_weight import ours, weights_after


@pytest.mark.pins("jittor")
def test_jittor_rounds_every_number_to_float32(effect) -> None:
    import jittor as jt

    one = jt.array(np.ones(3))
    assert str(one.dtype) == "float64"
    for rounded in (one * 0.2, one * np.float64(0.2)):
        close(rounded.numpy(), [float(np.float32(0.2))] * 3)
        effect("relative error of x · 0.2 in float64", rounded.numpy()[0] / 0.2 - 1)
    exact = one * jt.array(np.array([0.2]))
    close(exact.numpy(), [0.2] * 3)
    close((one * part("jittor", "layers").constant(0.2, one)).numpy(), [0.2] * 3)


@pytest.mark.pins("jittor")
def test_a_number_left_of_a_one_element_array_makes_it_float32_in_jittor() -> None:
    import jittor as jt

    value = jt.array(np.ones(1))
    assert str((10 * value).dtype) == "float32"
    assert str((value * 10).dtype) == "float64"
    losses, labels = part("jittor", "losses"), {"gen_label": 0.9, "factor": 0.3}
    loss = losses.least_squares_generator_loss(value, **labels)
    assert str(loss.dtype) == "float64"
    close(loss.numpy(), [0.3 * 0.1**2], "closed_form")


@pytest.mark.pins("tf")
def test_tensorflow_s_cast_of_a_number_to_float64_passes_through_float32(effect) -> None:
    import tensorflow as tf

    rounded = float(np.float32(0.2))
    assert float(tf.cast(0.2, tf.float64)) == rounded
    assert float(tf.constant(0.2, tf.float64)) == float(tf.ones((), tf.float64) * 0.2) == 0.2
    effect("relative error of 0.2 cast to float64", rounded / 0.2 - 1)

    root, gradients = np.sqrt(1 - 0.75), [np.ones(1)]
    numbers = {"learning_rate": 1.0, "beta1": 0.5, "beta2": 0.75, "epsilon": 0.2}
    actual = weights_after("tf", ours("tf", "keras_adam", **numbers), gradients)
    close(actual, [-root / (root + 0.2)])
    apart(actual, [-root / (root + rounded)])


@pytest.mark.pins("jittor", "torch")
def test_jittor_s_mean_in_float32_loses_digits_of_a_long_sum(effect) -> None:
    import jittor as jt

    numbers = np.float32(np.random.default_rng(0).standard_normal(2**20))
    expected = (numbers.astype(np.float64) ** 2).mean()
    own = value("jittor", lambda x: jt.sqr(x).mean(), numbers, dtype="float32")
    apart(own[0], expected, "closed_form_float32")
    usual = value("torch", lambda x: x.square().mean(), numbers, dtype="float32")
    close(usual, expected, "closed_form_float32")
    effect("relative error of a mean of 2²⁰ squares, Jittor", abs(own[0] / expected - 1))
    effect("relative error of a mean of 2²⁰ squares, PyTorch", abs(usual / expected - 1))
    average = part("jittor", "layers").average
    actual = value("jittor", lambda x: average(x.sqr()), numbers, dtype="float32")
    close(actual[0], expected, "closed_form_float32")


@pytest.mark.pins("torch", "tf", "jax", "jittor")
def test_float64_arrays_become_float32_in_jax_and_jittor() -> None:
    import jax.numpy as jnp
    import jittor as jt
    import tensorflow as tf
    import torch

    enter = {"torch": torch.tensor, "tf": tf.constant, "jax": jnp.asarray, "jittor": jt.array}
    third = np.full(3, 1 / 3)
    for name, function in enter.items():
        interop = port(name, "float32").interop
        dtype = str(function(third).dtype)
        assert ("float32" in dtype) == (name in ("jax", "jittor"))
        assert interop.to_canonical(interop.to_native(third)).dtype == np.float32
        interop = port(name).interop
        close(interop.to_canonical(interop.to_native(third)), third, "exact", name)


@pytest.mark.pins("jax")
def test_flax_s_weights_stay_float32_where_jax_computes_in_float64() -> None:
    import jax.numpy as jnp
    from flax import nnx

    assert jnp.zeros(1).dtype == jnp.float64
    assert nnx.Linear(3, 2, rngs=nnx.Rngs(0)).kernel[...].dtype == jnp.float32
    case = reduced("dcgan_mnist")
    gan, interop = build(port("jax"), case), port("jax").interop
    for network in ("generator", "discriminator"):
        contract = network_contract(case.system, network)
        for key, array in interop.read_network(getattr(gan, network), contract).items():
            assert array.dtype == np.float64, key


FRESH = """
import torch, tensorflow as tf, jax, jittor as jt, json
print("\\n" + json.dumps({
    "torch matmul": torch.backends.cuda.matmul.allow_tf32,
    "torch cudnn": torch.backends.cudnn.allow_tf32,
    "tf": tf.config.experimental.tensor_float_32_execution_enabled(),
    "jax": jax.config.jax_default_matmul_precision,
    "jittor": jt.flags.use_tensorcore,
}))
"""


@pytest.mark.pins("torch", "tf", "jax", "jittor")
def test_tf32_is_on_by_default_in_some() -> None:
    """In a process of its own: the settings that an untouched framework reports on this CPU."""
    done = subprocess.run([sys.executable, "-c", FRESH], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout.strip().splitlines()[-1]) == {
        "torch matmul": False,
        "torch cudnn": True,
        "tf": True,
        "jax": None,
        "jittor": 0,
    }
    import jax
    import jittor as jt
    import tensorflow as tf
    import torch

    for name in BACKENDS:
        port(name)  # exact=True
    assert not torch.backends.cuda.matmul.allow_tf32
    assert not torch.backends.cudnn.allow_tf32
    assert not tf.config.experimental.tensor_float_32_execution_enabled()
    assert jax.config.jax_default_matmul_precision == "highest"
    assert jt.flags.use_tensorcore == 0


@pytest.mark.pins("torch", "tf")
def test_adam_turns_the_noise_of_a_structurally_zero_gradient_into_steps(effect) -> None:
    """A bias before a batch norm has a gradient of zero, which comes out as rounding noise."""
    case, bias = reduced("lsgan_jittor"), "discriminator.block2.conv.bias"
    contract, noisy = network_contract(case.system, "discriminator"), {}
    for name in ("torch", "tf"):
        for dtype in ("float64", "float32"):
            backend = port(name, dtype)
            gan, interop = build(backend, case), backend.interop
            batches = interop.to_native(images(case)), interop.to_native(noise(case))
            networks, loss = (gan.generator, gan.discriminator), gan.discriminator_loss
            _, _, native = backend.steps.discriminator_gradients(*networks, *batches, loss=loss)
            gradients = interop.read_gradients(native, gan.discriminator, contract)
            largest = max(np.linalg.norm(array) for array in gradients.values())
            noisy[name, dtype] = np.float64(gradients[bias])
            share = np.linalg.norm(noisy[name, dtype]) / largest
            assert (share <= NAMED["structural_zero"]) == (dtype == "float64")
    apart(noisy["tf", "float32"], noisy["torch", "float32"], "cancellation_float32")
    for dtype in ("float64", "float32"):
        adam = ours("torch", "adam", learning_rate=1.0, beta1=0.5, beta2=0.999, epsilon=1e-8)
        moved = weights_after("torch", adam, [noisy["torch", dtype]])
        effect(f"Adam's first update in {dtype}, share of the rate", np.abs(moved).max())
