"""Where a NaN gets lost."""

import numpy as np
import pytest

from common.backends import BACKENDS
from common.parity.measure import Disagreement, require_named
from parity_tests.differing import close, part, value
from parity_tests.one_weight import one_weight, read_weight

NAN = np.array([np.nan, 1.0, -1.0, np.nan])


@pytest.mark.pins("torch", "tf", "jax", "jittor")
def test_jittor_s_relu_turns_nan_into_zero() -> None:
    import jax
    import jittor as jt
    import tensorflow as tf
    import torch

    stock = {"torch": torch.relu, "tf": tf.nn.relu, "jax": jax.nn.relu}
    for name, function in stock.items():
        assert np.isnan(value(name, function, NAN)).tolist() == np.isnan(NAN).tolist()
    assert value("jittor", jt.nn.relu, NAN).tolist() == [0, 1, 0, 0]
    for name in BACKENDS:
        leaky_relu = part(name, "layers").leaky_relu
        output = value(name, lambda x, own=leaky_relu: own(x, negative_slope=0.2), NAN)
        assert np.isnan(output).tolist() == np.isnan(NAN).tolist()


@pytest.mark.pins("torch", "tf", "jax", "jittor")
def test_jittor_s_clamp_replaces_a_nan_by_a_number() -> None:
    import jax.numpy as jnp
    import jittor as jt
    import tensorflow as tf
    import torch

    stock = {
        "torch": lambda x: torch.clamp(x, -0.5, 0.5),
        "tf": lambda x: tf.clip_by_value(x, -0.5, 0.5),
        "jax": lambda x: jnp.clip(x, -0.5, 0.5),
        "jittor": lambda x: jt.clamp(x, -0.5, 0.5),
    }
    for name, function in stock.items():
        lost = ~np.isnan(value(name, function, NAN))[[0, 3]]
        assert lost.all() == lost.any() == (name == "jittor")
        network = one_weight(name, NAN)
        part(name, "optimisers").clip_weights(network, limit=0.5)
        weight = read_weight(name, network)
        assert np.isnan(weight).tolist() == np.isnan(NAN).tolist()
        close(weight[1:3], [0.5, -0.5], "exact", name)


@pytest.mark.pins("torch", "tf", "jax", "jittor")
def test_a_nan_equals_itself_in_jittor() -> None:
    import jax.numpy as jnp
    import jittor as jt
    import tensorflow as tf
    import torch

    enter = {"torch": torch.tensor, "tf": tf.constant, "jax": jnp.asarray, "jittor": jt.array}
    for name, function in enter.items():
        array = function(NAN)
        equal = np.asarray(array == array) if name != "jittor" else (array == array).numpy()
        assert equal.astype(bool).tolist() == [name == "jittor", True, True, name == "jittor"]
    own = jt.isnan(jt.array(NAN)).numpy()
    assert own.astype(bool).tolist() == np.isnan(NAN).tolist()


@pytest.mark.pins("torch", "tf")
def test_tensorflow_s_max_pooling_drops_a_nan() -> None:
    import tensorflow as tf
    import torch

    maps = np.array([np.nan, 0.0, 1.0, 2.0]).reshape(1, 1, 2, 2)
    pooled = value("tf", lambda x: tf.nn.max_pool2d(x, 2, 2, "VALID"), maps)
    assert pooled.item() == 2
    assert np.isnan(value("torch", lambda x: torch.nn.functional.max_pool2d(x, 2), maps)).all()
    for one, other in ((maps, maps), (np.nan_to_num(maps), maps), (maps, np.nan_to_num(maps))):
        with pytest.raises(Disagreement, match="NaN or infinity"):
            require_named(one, other, "cancellation_float32", "maps")
