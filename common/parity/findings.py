"""What went wrong first, in each run of each case, in words."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from common.parity.results import Result
from common.parity.timeline import (
    AVERAGE,
    EVALUATION,
    FORWARD,
    GRADIENT,
    INPUTS,
    LOSS,
    PENALTY,
    SAMPLING,
    STATISTICS,
    TRAJECTORY,
    UPDATE,
)

# Quantities that are recorded of each layer, and the inputs that they are recorded with.
OF_LAYERS = {"layer": "", "large_mean": " behind large means"}
WHERE = {
    FORWARD: "a layer, its weights or their layout",
    STATISTICS: "what moves the buffers, how often, and on which batches",
    EVALUATION: "what evaluation mode changes",
    PENALTY: "the gradient penalty: alpha, the norm, its weight",
    LOSS: "the loss: its formula, signs, labels and factors, or the mode, masks and batches of "
    "the passes before it",
    GRADIENT: "the backward pass: the values before it agree",
    UPDATE: "the optimiser: its hyper-parameters, its slots, what follows it",
    INPUTS: "what the step gives its networks: batches, noise, masks, their order and mode; "
    "how often each is updated",
    AVERAGE: "the moving average of the generator",
    SAMPLING: "sampling: mode, statistics, noise",
    TRAJECTORY: "nothing narrower was recorded: run the reduced width of the same system",
}


@dataclass(frozen=True)
class Finding:
    """The first tensor that is off in one run of one case, and what that says."""

    run: str
    case: str
    phase: str
    words: str
    first: Result
    failed: int  # results of that run and case


def findings(results: Iterable[Result]) -> list[Finding]:
    """One finding for each run and case with a failure, in the order of the results.

    What keeps several cases of a run from being judged at all is said once.
    """
    failures: dict[tuple[str, str], list[Result]] = defaultdict(list)
    layers: dict[tuple[str, str], list[Result]] = defaultdict(list)
    for result in results:
        if not result.ok:
            failures[_place(result)].append(result)
        elif _is_of_a_layer(result):
            layers[_place(result)].append(result)
    return [_finding(at[0], failed, layers[at]) for at, failed in failures.items()]


def _place(result: Result) -> tuple[str, str]:
    return str(result.run), result.reason if result.quantity == "recording" else result.case


def in_order(failures: Iterable[Result]) -> list[Result]:
    """Failures in the order in which they arise within their cases."""
    return sorted(failures, key=lambda result: (result.order, result.case, str(result.run)))


def _finding(run: str, failed: Sequence[Result], layers: Sequence[Result]) -> Finding:
    first = min(failed, key=lambda result: result.order)
    cases = list(dict.fromkeys(result.case for result in failed))
    case = cases[0] if len(cases) == 1 else f"{len(cases)} cases from {cases[0]} on"
    if first.quantity == "recording":
        return Finding(run, case, first.phase, first.reason, first, len(failed))
    text = f"first off: {where(first)}; {size_of(first)}"
    return Finding(run, case, first.phase, f"{text}. {_meaning(first, layers)}", first, len(failed))


def _meaning(first: Result, layers: Sequence[Result]) -> str:
    """What it says that everything before this result agrees, among it some layers."""
    looked = f"Look at {WHERE[first.phase]}."
    if first.phase == FORWARD:
        return _of_forward_pass(first, layers)
    if first.step == 0 or first.phase == TRAJECTORY or first.kind == "cycle":
        return looked
    if first.step == 1 and first.phase == UPDATE:
        network = "generator" if "generator" in first.tensor else "discriminator"
        return (
            "Forward passes, losses and gradients agree before any update (step 0), and step 1 "
            f"does not: the {network}'s update. {looked}"
        )
    if first.step == 1 and first.phase == INPUTS:
        return f"The same loss agrees at step 0, before samples were drawn. {looked}"
    if first.phase == UPDATE:
        return (
            f"Step {first.step - 1} agrees: look at what the update carries from step to step "
            "(slots, the count of steps, gradients that are not cleared)."
        )
    return f"Step {first.step - 1} agrees. {looked}"


def _of_forward_pass(first: Result, layers: Sequence[Result]) -> str:
    """Between which layers the first difference arises."""
    network = first.tensor.partition(".")[0]
    quantity = first.quantity if first.quantity in OF_LAYERS else "layer"
    ours = [r for r in layers if r.quantity == quantity and r.tensor.startswith(f"{network}.")]
    before = [r for r in ours if r.order < first.order]
    last = max(before, key=lambda r: r.order).tensor.partition(".")[2] if before else ""
    if not _is_of_a_layer(first):
        looked = f"what follows {last}, the last of its layers: all of them agree" if last else ""
        return f"Look at {looked or WHERE[FORWARD]}."
    between = (
        f"between it and {last}, up to which all agree" if last else "before it, which is first"
    )
    return f"Look at this layer, its weights or their layout, and at what is {between}."


def where(result: Result) -> str:
    """Which tensor, and when."""
    return f"{named(result)}, step {result.step}"


def named(result: Result) -> str:
    """Which tensor: "gradient of generator.linear1.weight", "output of generator's linear1"."""
    if _is_of_a_layer(result):
        network, _, layer = result.tensor.partition(".")
        return f"output of {network}'s {layer}{OF_LAYERS[result.quantity]}"
    return f"{result.quantity} of {result.tensor}"


def _is_of_a_layer(result: Result) -> bool:
    return result.quantity in OF_LAYERS and "." in result.tensor


def size_of(result: Result) -> str:
    """How large the error is, or why it could not be measured."""
    return result.reason or f"error {result.error:.2e} exceeds {result.bound:.2e}"


def as_dict(finding: Finding) -> dict[str, Any]:
    """For a report in JSON."""
    return asdict(finding)
