"""The training loop: steps, figures, pictures, evaluations and checkpoints."""

import json
from collections import deque
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

from common import UsageError, __version__
from common.data.batches import step_inputs
from common.data.prefetch import AHEAD, Prefetcher
from common.files import write_bytes
from common.streams.step_inputs import StepInputs
from common.systems.options import options_of
from common.training.checkpoint_files import save
from common.training.diagnosis import find_first_not_finite, first_not_finite
from common.training.interrupts import Interrupts, Stopped
from common.training.journal import Entry, Journal, read_entries
from common.training.options import average_decay
from common.training.pictures import draw_samples, draw_summary
from common.training.progress import TrainingProgress
from common.training.scores import Scores
from common.training.segments import new_segment
from common.training.session import Session

ADVICE = "the last checkpoint is unchanged. Try a lower learning_rate"


def train(session: Session) -> float:
    """Train to the last step; return the share of the time spent waiting for data.

    Raises:
        UsageError: a loss is NaN or infinite; the last checkpoint is unchanged.
        Stopped: Ctrl-C or SIGTERM was received, and a checkpoint was saved.
    """
    run, first = session.run, session.first_step
    _write_config(session)
    scores = Scores(session)
    with ExitStack() as stack:
        interrupts = stack.enter_context(Interrupts())
        source = stack.enter_context(_source(session))
        journal = stack.enter_context(Journal(run, first))
        bar = stack.enter_context(TrainingProgress(run, first))
        pending: deque[tuple[int, Any]] = deque()
        for step, metrics in _steps(session, source):
            pending.append((step, metrics))
            evaluated = run.due(run.evaluate_every, step)
            stopping = interrupts.received is not None
            saving = run.due(run.save_every, step) or stopping
            drawing = run.due(run.sample_every, step)
            # Reading a loss waits for its step to finish. Unless something is due, it is read one
            # step later, while the next step is computed.
            while len(pending) > (0 if evaluated or saving or drawing else 1):
                entry = _read(session, *pending.popleft())
                if entry["step"] == step and evaluated:
                    entry |= scores.evaluate()
                journal.write(entry)
                bar.show(entry)
            if drawing:
                draw_samples(session, step)
            if saving or evaluated:
                _save(session, step, best=evaluated and scores.is_best)
            if interrupts.received is not None and saving:
                raise Stopped(step, interrupts.received)
        draw_summary(run, read_entries(run.metrics_path))
        return source.waited_share


def _source(session: Session) -> Prefetcher[StepInputs]:
    run = session.run
    first, last = session.first_step, run.steps
    inputs = step_inputs(run.system, session.dataset, run.seed, first_step=first, last_step=last)
    return Prefetcher(inputs, ahead=AHEAD)


def _steps(session: Session, source: Prefetcher[StepInputs]) -> Iterator[tuple[int, Any]]:
    run, backend, gan = session.run, session.backend, session.gan
    for inputs in source:
        metrics = backend.schedule.training_step(gan, inputs)
        if session.average is not None:
            decay = average_decay(run.ema_decay, inputs.step)
            backend.sampling.update_average(session.average, gan.generator, decay=decay)
        yield inputs.step, metrics


def _read(session: Session, step: int, metrics: Any) -> Entry:
    """Read one step's metrics as numbers.

    Raises:
        UsageError: one of them is not finite.
    """
    canonical = session.backend.interop.to_canonical
    entry = {name: float(canonical(tensor)) for name, tensor in metrics.items()}
    name = first_not_finite(entry)
    if name:
        first = find_first_not_finite(session, step)
        raise UsageError(
            f"{name} is {entry[name]} at step {step}; the first tensor that is not finite: "
            f"{first}; {ADVICE}"
        )
    return {"step": step, **entry}


def _save(session: Session, step: int, *, best: bool) -> None:
    checkpoint = session.checkpoint(step)
    name = first_not_finite(checkpoint.tensors)
    if name:
        raise UsageError(f"{name} holds a NaN or an infinity at step {step}; {ADVICE}")
    save(session.run, checkpoint, session.backend.name, best=best)


def _write_config(session: Session) -> None:
    run, first = session.run, session.first_step
    segment = new_segment(session.backend, first_step=first, last_step=run.steps)
    config = {
        "rosetta": __version__,
        "data": run.data,
        "steps": run.steps,
        "seed": run.seed,
        "dtype": run.dtype,
        "ema_decay": run.ema_decay,
        "system": {"name": run.system.name, **options_of(run.system)},
        "segments": [*session.segments, segment],
    }
    write_bytes(run.out / "config.json", json.dumps(config, indent=1).encode())
