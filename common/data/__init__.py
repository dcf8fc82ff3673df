"""Data sets by name, fitted to a system: built in, from the hub, from folders, from arrays."""

from common.data.dataset import Dataset
from common.data.loading import load_dataset

__all__ = ["Dataset", "load_dataset"]
