"""FID and KID with Inception v3, computed by torch-fidelity in a separate process."""

import json
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from PIL import Image

from common import UsageError
from common.processes.child import failure_message
from common.quality.samples import Values, check_pair

INSTALL = "install it with: pip install -c constraints.txt -e '.[fid]'"
WEIGHTS = "weights-inception-2015-12-05-6726825d.pth"
SUBSET = 1000  # samples in one of KID's subsets, torch-fidelity's default
SECONDS = 7200.0  # after which the process is stopped
KEYS = {"fid": "frechet_inception_distance", "kid": "kernel_inception_distance_mean"}
# A separate process, since this one may have imported another framework than PyTorch.
SCRIPT = (
    "import json, sys, torch_fidelity\n"
    "metrics = torch_fidelity.calculate_metrics(**json.load(sys.stdin))\n"
    "print('\\n' + json.dumps({name: float(value) for name, value in metrics.items()}))\n"
)


def inception_distances(
    real: Values, generated: Values, *, device: str, weights: Path | None = None
) -> dict[str, float]:
    """The Fréchet and kernel inception distances "fid" and "kid" of two sets of images.

    Both are uint8, (N, C, H, W), with C = 1 or 3; grey is converted to RGB. torch-fidelity
    downloads the weights (about 95 MB) once, unless `weights` is a file with them. It unpickles
    that file, so only pass files that you trust. It computes on `device`, cpu or cuda. FID is
    comparable with published figures only for the same number of samples, mostly 50,000.

    Sources: Heusel et al. 2017 (FID), Bińkowski et al. 2018 (KID); Obukhov et al. 2020,
    torch-fidelity.

    Raises:
        UsageError: torch-fidelity or its weights are not available, or the arrays are not images.
    """
    for name, images in (("real images", real), ("generated images", generated)):
        if images.dtype != np.uint8 or images.ndim != 4 or images.shape[1] not in (1, 3):
            raise UsageError(
                f"{name}: {images.dtype} {images.shape}; pass uint8 (N, C, H, W) with C 1 or 3"
            )
    check_pair(real, generated, least=2)
    if find_spec("torch_fidelity") is None:
        raise UsageError(f"torch-fidelity is not installed; {INSTALL}")
    with TemporaryDirectory(prefix="rosetta-fid-") as folder:
        request = {
            "input1": _save(Path(folder, "generated"), generated),
            "input2": _save(Path(folder, "real"), real),
            "fid": True,
            "kid": True,
            "kid_subset_size": min(SUBSET, len(real), len(generated)),
            "feature_extractor_weights_path": None if weights is None else str(weights),
            "cuda": device == "cuda",
            "cache": False,
            "verbose": False,
            "save_cpu_ram": True,  # no workers: containers rarely give them shared memory
        }
        distances = _run(request)
    return {name: distances[key] for name, key in KEYS.items()}


def _save(folder: Path, images: Values) -> str:
    folder.mkdir()
    for index, image in enumerate(images):
        pixels = image[0] if len(image) == 1 else image.transpose(1, 2, 0)
        Image.fromarray(np.ascontiguousarray(pixels)).save(folder / f"{index:06d}.png")
    return str(folder)


def _run(request: dict[str, Any]) -> dict[str, float]:
    try:
        done = subprocess.run(
            [sys.executable, "-c", SCRIPT],
            input=json.dumps(request),
            capture_output=True,
            text=True,
            check=False,
            timeout=SECONDS,
        )
    except subprocess.TimeoutExpired:
        raise UsageError(
            f"torch-fidelity: stopped after {SECONDS:.0f} s; measure fewer images"
        ) from None
    if done.returncode:
        raise UsageError(
            f"torch-fidelity: {failure_message(done)}; if it "
            f"cannot download its weights, fetch {WEIGHTS} from its releases and pass it as weights"
        )
    answer: dict[str, float] = json.loads(done.stdout.strip().splitlines()[-1])
    return answer
