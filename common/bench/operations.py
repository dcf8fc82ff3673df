"""The floating-point operations of a training step, counted from the contract."""

from collections.abc import Mapping
from importlib import import_module
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from common.backends import Backend
from common.contract import WEIGHTS, Parameter, network_contract
from common.streams.synthetic import synthetic_batch
from common.systems import System
from common.systems.losses import WassersteinGP
from common.systems.schedules import Alternating, MixedBatch, SharedFakes

Shapes = Mapping[str, tuple[int, ...]]  # of one sample's arrays, as a port tells them


def step_operations(backend: Backend, system: System, gan: Any, step: int) -> int:
    """The operations of that step: two for each weight that meets a pixel, in every pass.

    A pass is the forward one, or the gradient with respect to a layer's weights or its inputs. The
    gradient of a penalty makes two passes more through the layers of the first. Norms, activations,
    losses and optimisers, a small share, are not counted.
    """
    generator, discriminator = (
        forward_operations(
            network_contract(system, name),
            _shapes(backend, getattr(gan, name), _sample(system, name)),
        )
        for name in ("generator", "discriminator")
    )
    return system.batch_size * _of_schedule(system, generator, discriminator, step)


def forward_operations(parameters: tuple[Parameter, ...], shapes: Shapes) -> list[int]:
    """The operations of each weighted layer's forward pass on one sample, in order.

    Raises:
        KeyError: the port told no shape of a layer.
    """
    return [
        2 * prod(parameter.shape) * _places(parameter, shapes)
        for parameter in parameters
        if parameter.kind in WEIGHTS
    ]


def _places(parameter: Parameter, shapes: Shapes) -> int:
    """How often a layer applies its weights to one sample: once for each pixel of its maps."""
    if parameter.kind == "linear":
        return 1
    # A transposed convolution applies them to its inputs; both have theirs as the first axis.
    place = "/input" if parameter.kind == "conv_transpose" else ""
    return prod(shapes[f"{parameter.module}{place}"]) // parameter.shape[0]


def _of_schedule(system: System, generator: list[int], discriminator: list[int], step: int) -> int:
    """For each real sample; the first layer's inputs need no gradient in a network's own update."""
    g, d = sum(generator), sum(discriminator)
    own_g, own_d = 3 * g - generator[0], 3 * d - discriminator[0]
    critic = g + 2 * own_d + (4 * d if isinstance(system.loss, WassersteinGP) else 0)
    match system.schedule:
        case Alternating():
            count = system.schedule.discriminator_steps_at(step)
            return count * critic + system.schedule.generator_steps * (own_g + 2 * d)
        case SharedFakes():
            return critic + own_g - g + 2 * d
        case MixedBatch():
            return 2 * (own_g + 2 * d + own_d)


def _sample(system: System, name: str) -> NDArray[Any]:
    if name == "generator":
        return np.zeros((1, system.latent_dim))
    return synthetic_batch(system, 1, 1, 0, 1)


def _shapes(backend: Backend, network: Any, sample: NDArray[Any]) -> dict[str, tuple[int, ...]]:
    shapes: dict[str, tuple[int, ...]] = {}

    def tell(phase: str, name: str, values: NDArray[Any]) -> None:
        shapes.setdefault(name, values.shape)

    tracing = import_module(f"{backend.name}_impl.tracing")
    inputs = backend.interop.to_native(sample)
    with tracing.watched({"": network}, {}, tell):
        backend.probes.forward(network, inputs, training=False)
    return shapes
