"""What mixed precision rounds to bfloat16, and what it leaves alone."""

from contextlib import contextmanager

import numpy as np
import pytest

from parity_tests.differing import apart, close, part

COUNT = 4096
VECTOR = np.random.default_rng(0).standard_normal((1, 64)).astype("float32")
MATRIX = np.random.default_rng(1).standard_normal((64, 32)).astype("float32")


@contextmanager
def keras_policy(name: str):
    import keras

    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(name)
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)


def sums_of_ones() -> dict[str, float]:
    """A row of ones times a column of ones, in bfloat16 arrays of each framework."""
    import jax.numpy as jnp
    import jittor as jt
    import tensorflow as tf
    import torch

    row, column = np.ones((1, COUNT), "float32"), np.ones((COUNT, 1), "float32")
    in_torch = torch.tensor(row).bfloat16() @ torch.tensor(column).bfloat16()
    in_tf = tf.matmul(tf.cast(row, tf.bfloat16), tf.cast(column, tf.bfloat16))
    in_jax = jnp.asarray(row, jnp.bfloat16) @ jnp.asarray(column, jnp.bfloat16)
    in_jittor = jt.array(row).bfloat16() @ jt.array(column).bfloat16()
    return {
        "torch": in_torch.item(),
        "tf": float(tf.cast(in_tf, tf.float32)[0, 0]),
        "jax": float(in_jax[0, 0]),
        "jittor": float(in_jittor.float32().numpy()[0, 0]),
    }


@pytest.mark.pins("torch", "tf", "jax", "jittor")
def test_jittor_adds_the_products_of_bfloat16_arrays_in_bfloat16_on_a_cpu(effect) -> None:
    sums = sums_of_ones()
    assert sums["torch"] == sums["tf"] == sums["jax"] == COUNT
    assert sums["jittor"] == 2**8  # beyond, 1 is less than half of bfloat16's last digit
    effect("the sum of 4,096 ones in Jittor", sums["jittor"])


@pytest.mark.pins("torch", "tf", "jax")
def test_autocast_and_keras_policy_round_a_power_iteration_too(effect) -> None:
    import keras
    import torch
    from flax import nnx

    exact = VECTOR @ MATRIX
    vector, matrix = torch.tensor(VECTOR), torch.tensor(MATRIX)
    with torch.autocast("cpu", torch.bfloat16):
        rounded = vector @ matrix
        with torch.autocast("cpu", enabled=False):
            close((vector @ matrix).numpy(), exact, "closed_form_float32")
    assert rounded.dtype == torch.bfloat16
    apart(rounded.float().numpy(), exact, "closed_form_float32")
    effect("relative error of u W under autocast", np.abs(rounded.float() / exact - 1).median())

    class Reading(keras.layers.Layer):
        """Keeps the types in which a call reads two weights."""

        def __init__(self) -> None:
            super().__init__()
            self.usual = self.add_weight(name="usual", shape=(2,))
            self.whole = self.add_weight(name="whole", shape=(2,), autocast=False)

        def call(self, inputs):
            self.types = [keras.backend.standardize_dtype((w + 0).dtype) for w in self.weights]
            return inputs

    with keras_policy("mixed_bfloat16"):
        layer = Reading()
        layer(np.ones(2, "float32"))
    assert layer.types == ["bfloat16", "float32"]

    linear = nnx.Linear(64, 32, dtype="bfloat16", param_dtype="float32", rngs=nnx.Rngs(0))
    assert linear(VECTOR).dtype == "bfloat16"
    assert linear.kernel[...].dtype == "float32"  # whatever else reads it reads float32


@pytest.mark.pins("torch", "tf", "jax", "jittor")
def test_only_tensorflow_refuses_a_bfloat16_array_times_a_float32_mask() -> None:
    import jax.numpy as jnp
    import jittor as jt
    import tensorflow as tf
    import torch

    ones = np.ones(2, "float32")
    with pytest.raises(tf.errors.InvalidArgumentError, match="float"):
        tf.cast(ones, tf.bfloat16) * tf.constant(ones)
    assert (torch.tensor(ones).bfloat16() * torch.tensor(ones)).dtype == torch.float32
    assert (jnp.asarray(ones, jnp.bfloat16) * jnp.asarray(ones)).dtype == jnp.float32
    assert str((jt.array(ones).bfloat16() * jt.array(ones)).dtype) == "float32"
    dropped = part("tf", "layers").dropout(tf.cast(ones, tf.bfloat16), tf.constant(ones), rate=0.5)
    assert dropped.dtype == tf.bfloat16


@pytest.mark.pins("torch", "tf", "jax")
def test_keras_alone_rounds_what_goes_into_a_network() -> None:
    import keras
    import tensorflow as tf
    import torch
    from flax import nnx

    class Model(keras.Model):
        """Keeps the type in which it is given its inputs."""

        def call(self, inputs):
            self.given = inputs.dtype
            return inputs

    with keras_policy("mixed_bfloat16"):
        model = Model()
        model(tf.ones((1, 2), tf.float32))
    assert model.given == "bfloat16"

    class Doubling(torch.nn.Module):
        """Nothing that autocast lists."""

        def forward(self, inputs):
            return inputs * 2

    with torch.autocast("cpu", torch.bfloat16):
        assert Doubling()(torch.ones(2, dtype=torch.float32)).dtype == torch.float32

    class Passing(nnx.Module):
        """Returns its inputs before a layer that computes in bfloat16, and after it."""

        def __init__(self) -> None:
            self.linear = nnx.Linear(2, 2, param_dtype="float32", rngs=nnx.Rngs(0))

        def __call__(self, inputs):
            return inputs * 2, self.linear(inputs)

    network = Passing()
    network.set_attributes(nnx.Linear, dtype="bfloat16")
    before, after = network(np.ones((1, 2), "float32"))
    assert (str(before.dtype), str(after.dtype)) == ("float32", "bfloat16")
