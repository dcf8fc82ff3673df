"""Export the networks to files that this framework loads without the project."""

from pathlib import Path

import jax
from flax import nnx


def export_networks(generator: nnx.Module, discriminator: nnx.Module, path: Path) -> None:
    """Write both networks in this framework's own format.

    An Orbax folder of two nested dicts of arrays: StandardCheckpointer restores it.
    """
    # Not imported at the top, which would slow the start of every command by half a second.
    import orbax.checkpoint as ocp

    networks = {"generator": generator, "discriminator": discriminator}
    states = {name: nnx.to_pure_dict(nnx.state(network)) for name, network in networks.items()}
    with ocp.StandardCheckpointer() as checkpointer:
        # A jax.Array is stored with its devices, and can be restored only where they exist.
        checkpointer.save(path.absolute(), jax.device_get(states))
