"""Training runs: a folder with checkpoints, metrics and pictures, resumable in any framework."""

from common.runs.loop import train
from common.runs.opening import Session, resume, start
from common.runs.options import Run

__all__ = ["Run", "Session", "resume", "start", "train"]
