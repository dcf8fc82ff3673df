"""The training loop: steps, and when figures, pictures, evaluations and checkpoints are due."""

from collections import deque
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

from common import UsageError
from common.data.batches import step_inputs
from common.data.prefetch import AHEAD, Prefetcher
from common.streams.step_inputs import StepInputs
from common.training.diagnosis import find_first_not_finite, first_not_finite
from common.training.interrupts import Interrupts, Stopped
from common.training.journal import Entry
from common.training.options import average_decay
from common.training.outputs import ADVICE, outputs_of
from common.training.session import Session

AGREE_EVERY = 10  # steps after which several processes ask each other whether one was stopped


def train(session: Session) -> float:
    """Train to the last step; return the share of the time spent waiting for data.

    Where several processes train together, the first one writes.

    Raises:
        UsageError: a loss is NaN or infinite; the last checkpoint is unchanged.
        Stopped: Ctrl-C or SIGTERM was received, and a checkpoint was saved.
    """
    run = session.run
    with ExitStack() as stack:
        interrupts = stack.enter_context(Interrupts(patient=session.shards.total > 1))
        source = stack.enter_context(_source(session))
        outputs = stack.enter_context(outputs_of(session))
        pending: deque[tuple[int, Any]] = deque()
        for step, metrics in _steps(session, source):
            pending.append((step, metrics))
            evaluated = run.due(run.evaluate_every, step)
            drawing = run.due(run.sample_every, step)
            saving = run.due(run.save_every, step)
            stopping = _agreed(session, interrupts.received, step)
            saving = saving or stopping > 0
            # Reading a loss waits for its step to finish. Unless something is due, it is read one
            # step later, while the next step is computed.
            while len(pending) > (0 if evaluated or saving or drawing else 1):
                entry = _read(session, *pending.popleft())
                outputs.write(entry, evaluated=evaluated and entry["step"] == step)
            if drawing:
                outputs.draw(step)
            if saving or evaluated:
                outputs.save(step, evaluated=evaluated)
            if stopping:
                _agreed(session, stopping, 0)  # the others wait until the first has saved
                raise Stopped(step, stopping)
        outputs.finish()
        return source.waited_share


def _source(session: Session) -> Prefetcher[StepInputs]:
    run = session.run
    inputs = step_inputs(
        run.system,
        session.dataset,
        run.seed,
        first_step=session.first_step,
        last_step=run.steps,
        shards=session.shards,
    )
    return Prefetcher(inputs, ahead=AHEAD)


def _steps(session: Session, source: Prefetcher[StepInputs]) -> Iterator[tuple[int, Any]]:
    run, backend, gan = session.run, session.backend, session.gan
    for inputs in source:
        metrics = backend.parallel.averaged(backend.schedule.training_step(gan, inputs))
        if session.average is not None:
            decay = average_decay(run.ema_decay, inputs.step)
            backend.sampling.update_average(session.average, gan.generator, decay=decay)
        yield inputs.step, metrics


def _agreed(session: Session, received: int | None, step: int) -> int:
    """The signal that this process has received, or any of several; 0 if there is none."""
    if session.shards.total == 1:
        return received or 0
    if step % AGREE_EVERY and step != session.run.steps:
        return 0
    return int(session.backend.parallel.agree(received or 0))


def _read(session: Session, step: int, metrics: Any) -> Entry:
    """Read one step's metrics as numbers.

    Raises:
        UsageError: one of them is not finite.
    """
    canonical = session.backend.interop.to_canonical
    entry = {name: float(canonical(tensor)) for name, tensor in metrics.items()}
    name = first_not_finite(entry)
    if name:
        raise UsageError(f"{name} is {entry[name]} at step {step}; {_cause(session, step)}")
    return {"step": step, **entry}


def _cause(session: Session, step: int) -> str:
    if session.shards.total > 1:
        return f"{ADVICE}, or --resume with --devices 1, which finds the first such tensor"
    return f"the first tensor that is not finite: {find_first_not_finite(session, step)}; {ADVICE}"
