"""Find the first NaN or infinity of a run by repeating it from its last checkpoint."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from common.backends import Backend
from common.contract import network_contract
from common.data.batches import step_inputs
from common.files.tensors import Tensors
from common.streams.step_inputs import StepInputs
from common.training.checkpoint import capture, read_checkpoint, restore
from common.training.session import Session


def first_not_finite(tensors: Mapping[str, Any]) -> str | None:
    """The name of the first tensor with a NaN or an infinity."""
    return next((name for name, array in tensors.items() if not np.isfinite(array).all()), None)


def find_first_not_finite(session: Session, step: int) -> str:
    """Describe the first tensor that is not finite, in that step or just before it."""
    run, backend = session.run, session.backend
    checkpoint = read_checkpoint(run.checkpoint_path)
    gan, _ = restore(backend, checkpoint)
    first = checkpoint.step + 1
    for arrays in step_inputs(
        run.system, session.dataset, run.seed, first_step=first, last_step=step
    ):
        if arrays.step < step:
            backend.schedule.training_step(gan, arrays)
            continue
        name = first_not_finite(capture(backend, run.system, gan, None))
        if name:
            return f"{name}, after the update of step {step - 1}"
        name = first_not_finite(_tensors_of_step(backend, gan, arrays))
        if name:
            return f"{name}, in step {step}"
    return f"none of step {step}'s first update"


def _tensors_of_step(backend: Backend, gan: Any, arrays: StepInputs) -> Tensors:
    """The tensors of a step's first updates, in the order in which they are computed."""
    interop = backend.interop
    loss_d, fake, of_critic = backend.probes.first_discriminator_gradients(gan, arrays)
    loss_g, of_generator = backend.probes.first_generator_gradients(gan, arrays)

    def gradients(name: str, native: Any) -> Tensors:
        parameters = network_contract(gan.system, name)
        read = interop.read_gradients(native, getattr(gan, name), parameters)
        return {f"the gradient of {key}": array for key, array in read.items()}

    return {
        "the real samples": np.asarray(arrays.discriminator[0].real),
        "the generated samples": interop.to_canonical(fake),
        "loss_d": interop.to_canonical(loss_d),
        **gradients("discriminator", of_critic),
        "loss_g": interop.to_canonical(loss_g),
        **gradients("generator", of_generator),
    }
