"""About how long recordings take: which to begin with, and when a run will be done."""

from common.parity.jobs import FULL, Job

# CPU seconds of each of these systems, with all that it compiles: what `rosetta parity` took on
# two cores with nothing compiled before (report.json has its own). The first that a process
# records is charged with importing its framework.
_SYSTEMS = (
    "lsgan_jittor",
    "lsgan_keras",
    "lsgan_pytorch",
    "lsgan_facade",
    "dcgan_facade",
    "gan_moments",
    "wgan",
    "wgan_gp",
    "wgan_gp_toy",
    "sngan",
    "sngan_resnet",
    "lsgan_mlp",
    "dcgan_mnist",
)
NARROW, WIDE = False, True
_MEASURED: dict[tuple[str, str, bool], tuple[int, ...]] = {
    ("jax", "float32", NARROW): (5, 2, 3, 3, 5, 3, 12, 2, 3, 9, 12, 1, 7),
    ("jax", "float32", WIDE): (10, 8, 3, 4, 4, 5, 3, 17, 4, 6, 16, 3, 14),
    ("jax", "float64", NARROW): (22, 5, 11, 8, 11, 3, 42, 5, 3, 18, 18, 2, 15),
    ("jittor", "float32", NARROW): (9, 11, 10, 2, 43, 14, 36, 8, 9, 8, 14, 3, 28),
    ("jittor", "float32", WIDE): (7, 3, 1, 2, 3, 1, 2, 1, 1, 2, 12, 1, 3),
    ("jittor", "float64", NARROW): (13, 9, 12, 1, 37, 13, 30, 7, 6, 5, 11, 3, 25),
    ("tf", "float32", NARROW): (7, 3, 4, 4, 9, 3, 14, 3, 3, 10, 12, 1, 8),
    ("tf", "float32", WIDE): (10, 2, 4, 5, 4, 1, 4, 2, 1, 6, 20, 1, 3),
    ("tf", "float64", NARROW): (9, 3, 4, 5, 9, 3, 15, 2, 3, 11, 13, 2, 8),
    ("tf", "float64", WIDE): (13, 3, 4, 5, 5, 1, 6, 3, 2, 8, 23, 1, 5),
    ("torch", "float32", NARROW): (4, 1, 1, 2, 4, 3, 14, 1, 5, 3, 4, 1, 3),
    ("torch", "float32", WIDE): (9, 1, 1, 2, 2, 1, 2, 1, 1, 2, 14, 1, 2),
    ("torch", "float64", NARROW): (1, 1, 1, 1, 3, 1, 3, 1, 1, 1, 1, 1, 1),
    ("torch", "float64", WIDE): (7, 1, 1, 2, 2, 1, 2, 1, 1, 2, 12, 1, 1),
}
OTHERS = 10.0  # for what was not measured


def seconds(job: Job, system: str) -> float:
    """CPU seconds of a job's recording of a system."""
    if job.devices > 1:
        return OTHERS
    measured = _MEASURED.get((job.backend, job.dtype, job.kinds == FULL), ())
    return dict(zip(_SYSTEMS, measured, strict=False)).get(system, OTHERS)
