"""Recordings of PyTorch that stand in for those of other backends and versions."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from common.backends import load
from common.files.tensors import read_tensors, write_tensors
from common.parity.record import save_recording
from common.parity.recording_file import open_recording
from parity_tests.fixtures import reduced

CASE = reduced("lsgan_mlp")


@dataclass(frozen=True)
class Files:
    """A folder of recordings of one case, made by PyTorch once and then relabelled."""

    folder: Path

    def made(self, dtype: str, *, perturbed: bool = False, rounded: bool = False) -> Path:
        """What PyTorch records."""
        path = self.folder / f"made-{dtype}-{perturbed}-{rounded}.safetensors"
        if not path.exists():
            backend = load("torch", device="cpu", dtype=dtype, exact=True)
            options = {"device": "cpu", "dtype": dtype, "seed": 0}
            save_recording(path, backend, [CASE], perturbed=perturbed, rounded=rounded, **options)
            load("torch", device="cpu", dtype="float64", exact=True)
        return path

    def relabelled(self, name, path, change=lambda tensors: None, *, still=False, **labels):
        """A recording under other labels, its numbers moved by a rounding error and changed."""
        tensors, metadata = read_tensors(path)
        manifest = metadata["manifest"] | labels
        rng = np.random.default_rng(len(name))
        step = np.finfo(manifest["dtype"]).eps
        for key, array in tensors.items():
            moved = array * (1 + step * rng.uniform(-1, 1, array.shape))
            tensors[key] = array if still else moved.astype(array.dtype)
        change(tensors)
        out = self.folder / f"{name}.safetensors"
        write_tensors(out, tensors, manifest=manifest)
        return open_recording(out)

    def double(self, backend, change=lambda tensors: None, *, name="", **labels):
        """A float64 recording of that backend."""
        path = self.made("float64")
        return self.relabelled(name or backend, path, change, backend=backend, **labels)

    def single(self, backend, change=lambda tensors: None, *, perturbed=True, **labels):
        """A float32 recording of that backend, with or without measured noise."""
        path = self.made("float32", perturbed=perturbed)
        return self.relabelled(f"{backend}32", path, change, backend=backend, **labels)
