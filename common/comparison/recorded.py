"""Recording files, opened for reading: manifest at once, tensors on demand."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError, safe_open

from common.comparison.cases import Case, cases
from common.comparison.recording import FORMAT
from common.errors import UsageError
from common.measure import Values


@dataclass(frozen=True)
class Recording:
    """One recording file: its manifest, and its tensors on demand."""

    path: Path
    manifest: Mapping[str, Any]
    keys: frozenset[str]
    file: Any  # an open safetensors handle: tensors stay on disk until read

    @property
    def label(self) -> tuple[str, str, str]:
        """Backend, device and dtype."""
        return self.manifest["backend"], self.manifest["device"], self.manifest["dtype"]

    @property
    def cases(self) -> dict[str, Case]:
        """The cases it holds, rebuilt from the catalogue and their settings."""
        found = {}
        for name, entry in self.manifest["cases"].items():
            label, _, width = name.split("/")
            system = [label.partition(".")[0]]
            if width == "custom":
                found[name] = cases(system, settings=entry["settings"])[0]
            else:
                found |= {c.name: c for c in cases(system, widths=[width]) if c.name == name}
        return found

    def read(self, case: str, key: str) -> Values:
        """One tensor."""
        return np.asarray(self.file.get_tensor(f"{case}|{key}"))


def open_recording(path: Path) -> Recording:
    """The recording behind a path, its tensors still on disk.

    Raises:
        UsageError: not a recording, or one of another format.
    """
    try:
        file: Any = safe_open(path, framework="numpy")
        metadata, keys = file.metadata() or {}, frozenset(file.keys())
    except FileNotFoundError:
        raise UsageError(f"{path}: no such file") from None
    except (OSError, SafetensorError) as error:
        raise UsageError(f"{path}: not a readable recording ({error}); record it again") from None
    manifest = json.loads(metadata.get("manifest", "{}"))
    if manifest.get("format") != FORMAT:
        raise UsageError(f"{path}: not a recording of this version; make it with rosetta record")
    return Recording(path, manifest, keys, file)
