"""Recording files, opened for reading: manifest at once, tensors on demand."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError, safe_open

from common import UsageError
from common.files.tensors import CHECKSUM
from common.parity.cases import Case, cases
from common.parity.keys import Key
from common.parity.measure import Values
from common.parity.record import FORMAT, MANIFEST


@dataclass(frozen=True, eq=False)
class Recording:
    """One recording file: its manifest, and its tensors on demand."""

    path: Path
    manifest: Mapping[str, Any]
    keys: frozenset[str]
    checksum: str  # of tensors and manifest: equal in two files that are copies
    file: Any  # an open safetensors handle: tensors stay on disk until read
    _noise: dict[str, Mapping[Key, float]] = field(default_factory=dict)

    @property
    def backend(self) -> str:
        """Who recorded."""
        return str(self.manifest["backend"])

    @property
    def version(self) -> str:
        """The version of the backend's framework."""
        return str(self.manifest["version"])

    @property
    def device(self) -> str:
        """Where it was computed."""
        return str(self.manifest["device"])

    @property
    def dtype(self) -> str:
        """In which type."""
        return str(self.manifest["dtype"])

    @property
    def label(self) -> str:
        """The environment that recorded, where several did; "" elsewhere."""
        return str(self.manifest.get("label", ""))

    @property
    def can_judge(self) -> bool:
        """Whether others are compared with it: made on a CPU, and not wrong on purpose."""
        return self.device == "cpu" and not self.manifest["rounded"]

    @cached_property
    def content(self) -> str:
        """A checksum of the tensors alone."""
        digest = sha256()
        for key in sorted(self.keys):
            digest.update(key.encode() + self.file.get_tensor(key).tobytes())
        return digest.hexdigest()

    def noise(self, case: str) -> Mapping[Key, float]:
        """How far perturbed runs of a case lay from the steady one; {} if none ran.

        It is the most that any tensor of a quantity and network moved at that step, by
        `noise_group`: a unit that crosses a kink moves now this tensor and now that one.
        """
        if case not in self._noise:
            measured: dict[Key, float] = {}
            for text, move in self.manifest["noise"].get(case, {}).items():
                group = noise_group(Key.parse(text))
                measured[group] = max(move, measured.get(group, 0.0))
            self._noise[case] = measured
        return self._noise[case]

    def has(self, case: str, key: Key) -> bool:
        """Whether it holds a tensor."""
        return f"{case}|{key}" in self.keys

    def problem(self, case: str, key: Key) -> str:
        """Why it lacks a tensor."""
        problems = self.manifest["problems"].get(case, {})
        reasons = (text for begins, text in problems.items() if str(key).startswith(begins))
        return next(reasons, "missing from the recording")

    @property
    def cases(self) -> dict[str, Case]:
        """The cases it holds, rebuilt from the catalogue and their settings."""
        rebuilt = {}
        for name, entry in self.manifest["cases"].items():
            label, _, kind = name.split("/")
            system = [label.partition(".")[0]]
            if kind == "custom":
                rebuilt[name] = cases(system, settings=entry["settings"])[0]
            else:
                rebuilt |= {c.name: c for c in cases(system, kinds=[kind]) if c.name == name}
        return rebuilt

    def read(self, case: str, key: Key) -> Values:
        """One tensor."""
        return np.asarray(self.file.get_tensor(f"{case}|{key}"))


def noise_group(key: Key) -> Key:
    """What tensors share their noise: those of one quantity, step and network."""
    return key._replace(tensor=key.network)


def is_recording(path: Path) -> bool:
    """Whether a whole recording of this version lies there."""
    try:
        open_recording(path)
    except UsageError:
        return False
    return True


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
    if manifest.get("format") != FORMAT or not set(MANIFEST) <= set(manifest):
        raise UsageError(f"{path}: not a recording of this version; make it with rosetta record")
    return Recording(path, manifest, keys, metadata.get(CHECKSUM, ""), file)
