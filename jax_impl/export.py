"""The networks as files for those who use this framework without the project."""

from pathlib import Path

import jax
from flax import nnx


def export_networks(generator: nnx.Module, discriminator: nnx.Module, path: Path) -> None:
    """Write both networks as this framework's users load them.

    An Orbax folder of two nested dicts of arrays: StandardCheckpointer restores it.
    """
    # Not at the top: it would add half a second to the start of every command.
    import orbax.checkpoint as ocp

    networks = {"generator": generator, "discriminator": discriminator}
    states = {name: nnx.to_pure_dict(nnx.state(network)) for name, network in networks.items()}
    with ocp.StandardCheckpointer() as checkpointer:
        # A jax.Array is stored with the devices it lay on, and needs them when it is restored.
        checkpointer.save(path.absolute(), jax.device_get(states))
