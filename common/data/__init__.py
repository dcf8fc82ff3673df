"""Data sets by name, fitted to a system: built in, from the hub, from folders, from arrays."""

from common.data.dataset import Dataset
from common.data.loading import default_data, load_dataset

__all__ = ["Dataset", "default_data", "load_dataset"]
