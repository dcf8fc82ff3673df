"""A network of one vector in each framework, and the vector after updates of an optimiser."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np

from parity_tests.differing import part, port


def one_weight(name: str, values: np.ndarray) -> Any:
    """A network with one vector, `weight`, of the type that the port is configured to."""
    native = part(name, "interop").to_native(values)
    return {"torch": _torch, "tf": _keras, "jax": _flax, "jittor": _jittor}[name](native)


def read_weight(name: str, network: Any) -> np.ndarray:
    """That vector, in float64."""
    weight = network.weight[...] if name == "jax" else network.weight
    return np.array(part(name, "interop").to_canonical(weight), np.float64)


def ours(name: str, optimiser: str, **numbers: Any) -> Callable[[Any], Any]:
    """A port's own optimiser with these numbers, as a function of the network."""
    return partial(getattr(part(name, "optimisers"), optimiser), **numbers)


def weights_after(
    name: str,
    make: Callable[[Any], Any],
    gradients: Sequence[np.ndarray],
    *,
    rates: Sequence[float] = (),
    dtype: str = "float64",
) -> np.ndarray:
    """The vector after one update per gradient, starting from zeros."""
    native = port(name, dtype).interop.to_native
    network = one_weight(name, np.zeros_like(gradients[0]))
    optimiser = make(network)
    for number, gradient in enumerate(gradients):
        if rates:
            _set_rate(name, optimiser, rates[number])
        _update(name, optimiser, network, native(gradient))
    return read_weight(name, network)


def _set_rate(name: str, optimiser: Any, rate: float) -> None:
    if name == "torch":
        optimiser.param_groups[0]["lr"] = rate
    elif name == "tf":
        optimiser.learning_rate = rate
    elif name == "jittor":
        optimiser.lr = rate
    else:
        raise ValueError("Optax takes its rates as a function of the step")


def _update(name: str, optimiser: Any, network: Any, gradient: Any) -> None:
    if name == "torch":
        network.weight.grad = gradient
        optimiser.step()
    elif name == "tf":
        optimiser.apply([gradient], network.trainable_variables)
    elif name == "jax":
        from flax import nnx

        optimiser.update(network, nnx.grad(lambda net: (net.weight[...] * gradient).sum())(network))
    else:
        optimiser.step((network.weight * gradient).sum())


def _torch(values: Any) -> Any:
    import torch

    network = torch.nn.Module()
    network.weight = torch.nn.Parameter(values.clone())
    return network


def _keras(values: Any) -> Any:
    import keras

    network = keras.layers.Layer()
    network.weight = network.add_weight(name="weight", shape=values.shape, initializer="zeros")
    network.weight.assign(values)
    return network


def _flax(values: Any) -> Any:
    from flax import nnx

    class Network(nnx.Module):
        def __init__(self) -> None:
            self.weight = nnx.Param(values)

    return Network()


def _jittor(values: Any) -> Any:
    import jittor as jt

    network = jt.nn.Module()
    network.weight = values
    return network
