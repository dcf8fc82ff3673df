"""How long recordings take about: what to begin with, and when a run will be done."""

from common.comparison.jobs import Job


def seconds(job: Job, system: str) -> float:
    """Seconds of one core for a job's recording of a system, with all that it compiles."""
    return 10.0
