"""Modules: modes, what counts as a parameter, and what a number is."""

from functools import partial

import numpy as np
import pytest

from common.backends import BACKENDS
from common.bench.timing import time_in_turns
from parity_tests.differing import BATCH, agree, apart, called, close, part, port


@pytest.mark.pins("torch", "tf", "jax", "jittor")
def test_keras_layers_run_in_inference_mode_by_default(effect) -> None:
    import jax.numpy as jnp
    import jittor as jt
    import keras
    import torch
    from flax import nnx

    normalised = (BATCH - BATCH.mean(0)) / np.sqrt(BATCH.var(0) + 1e-5)
    usual = torch.nn.BatchNorm1d(3)(torch.tensor(BATCH)).detach()
    module = nnx.BatchNorm(3, param_dtype=float, rngs=nnx.Rngs(0))(jnp.asarray(BATCH))
    norm = jt.nn.BatchNorm(3)(jt.array(BATCH)).numpy()
    for output in (usual, module, norm):
        close(output, normalised, "closed_form_float32")
    layer = keras.layers.BatchNormalization(epsilon=1e-5, dtype="float64")
    output = np.asarray(layer(BATCH))
    close(output, BATCH / np.sqrt(1 + 1e-5), "closed_form_float32")
    apart(output, normalised, "cancellation_float32")
    close(layer(BATCH, training=True), normalised, "closed_form_float32")
    effect(
        "spread of the output without a word, Keras over PyTorch", output.std() / normalised.std()
    )
    agree("dcgan_mnist", *BACKENDS, training=True)


@pytest.mark.pins("torch", "jittor")
def test_jittor_lists_running_statistics_among_the_parameters() -> None:
    import jittor as jt
    import torch

    assert len(list(torch.nn.BatchNorm1d(3).parameters())) == 2
    assert len(jt.nn.BatchNorm(3).parameters()) == 4
    numbers = {"epsilon": 1e-5, "momentum": 0.1, "unbiased_running_variance": True}
    for name in ("torch", "jittor"):
        layer = part(name, "layers").BatchNorm(3, **numbers)
        optimiser = part(name, "optimisers").sgd(layer, learning_rate=0.1, momentum=0.9)
        (group,) = optimiser.param_groups
        assert len(group["params"]) == 2
        part(name, "optimisers").clip_weights(layer, limit=0.5)
        close(part(name, "interop").to_canonical(layer.weight), np.full(3, 0.5), "exact", name)
        close(part(name, "interop").to_canonical(layer.running_var), np.ones(3), "exact", name)


@pytest.mark.pins("torch", "jittor")
def test_jittor_s_eval_stops_the_gradients_of_the_parameters() -> None:
    import jittor as jt
    import torch

    usual, layer = torch.nn.Linear(3, 2).eval(), jt.nn.Linear(3, 2)
    assert all(parameter.requires_grad for parameter in usual.parameters())
    layer.eval()
    assert all(parameter.is_stop_grad() for parameter in layer.parameters())
    layer.train()
    assert not any(parameter.is_stop_grad() for parameter in layer.parameters())
    numbers = {"epsilon": 1e-5, "momentum": 0.1, "unbiased_running_variance": True}
    for name in ("torch", "jittor"):
        backend = port(name)
        inputs, layer = (
            backend.interop.to_native(BATCH),
            part(name, "layers").BatchNorm(3, **numbers),
        )
        for training in (False, True):
            backend.probes.forward(layer, inputs, training=training)
        optimiser = part(name, "optimisers").sgd(layer, learning_rate=0.1, momentum=0.9)
        assert len(optimiser.param_groups[0]["params"]) == 2
        assert "train" in called(name, "schedule.py")


@pytest.mark.pins("torch", "tf", "jax", "jittor")
def test_a_scalar_has_shape_one_in_jittor() -> None:
    import jax.numpy as jnp
    import jittor as jt
    import tensorflow as tf
    import torch

    total = {"torch": torch.sum, "tf": tf.reduce_sum, "jax": jnp.sum, "jittor": jt.sum}
    for name, function in total.items():
        backend = port(name)
        scores = backend.interop.to_native(np.ones(3))
        assert tuple(function(scores).shape) == ((1,) if name == "jittor" else ())
        loss = part(name, "losses").hinge_generator_loss(scores)
        assert backend.interop.to_canonical(loss).shape == ()


@pytest.mark.pins("jax")
def test_cached_arguments_of_a_jitted_function_keep_their_layers(effect) -> None:
    import jax.numpy as jnp
    from flax import nnx

    layer = partial(nnx.Linear, 3, 3, param_dtype=float, rngs=nnx.Rngs(0))
    network = nnx.Sequential(layer(), nnx.Dropout(0.5, rngs=nnx.Rngs(0), deterministic=True))
    apply, inputs = nnx.jit(lambda network, inputs: network(inputs)), jnp.asarray(BATCH)
    cached = nnx.cached_partial(apply, network)
    kernel = network.layers[0].kernel
    kernel[...] = 2 * kernel[...]
    close(cached(inputs), BATCH @ np.asarray(kernel[...]))
    network.train()  # drops half of the outputs
    close(cached(inputs), BATCH @ np.asarray(kernel[...]))
    network.layers[0] = layer()
    close(cached(inputs), BATCH @ np.asarray(kernel[...]))
    apart(cached(inputs), network.layers[0](inputs))

    deep = nnx.Sequential(*(layer() for _ in range(20)))
    quick, pairs = nnx.cached_partial(apply, deep), {"pairs": 5, "seconds": 0.1}
    ratio = time_in_turns(lambda _: apply(deep, inputs), lambda _: quick(inputs), **pairs).ratios[1]
    assert ratio > 1
    effect("time of a call with twenty small layers, without cached arguments over with", ratio)
    assert "cached_partial" in called("jax", "schedule.py")
