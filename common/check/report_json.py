"""A comparison of ports as JSON."""

from typing import Any

from common.check.outcome import Outcome


def to_json(outcome: Outcome) -> dict[str, Any]:
    """The outcome as JSON values."""
    return {"status": outcome.status, "headline": outcome.headline}
