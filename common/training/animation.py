"""Several runs as one animation: their sample pictures side by side, step by step."""

from collections.abc import Sequence
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from common import UsageError
from common.drawing.pictures import save_frames
from common.training.options import by_step
from common.training.segments import maker
from common.training.side_by_side import PastRun

SIDE = 200  # pixels, at least, of one picture
GAP, LINE, TEXT = 16, 26, 15  # pixels


def save_animation_of(path: Path, runs: Sequence[PastRun]) -> int:
    """Write the runs' sample pictures as one looping GIF; return the number of steps shown.

    Raises:
        UsageError: the runs have no step in common, or the file cannot be written.
    """
    pictures = [_pictures(run) for run in runs]
    steps = [step for step in pictures[0] if all(step in others for others in pictures)]
    if not steps:
        raise UsageError(
            f"{path}: the runs have no sample picture of the same step; train them with the same "
            "--sample-every"
        )
    titles = [maker(run.segments[-1]) for run in runs]
    frames = [_frame([of[step] for of in pictures], titles, step) for step in steps]
    save_frames(path, frames)
    return len(steps)


def _pictures(run: PastRun) -> dict[int, Path]:
    paths = by_step((Path(run.name) / "samples").glob("step-*.png"))
    return {int(path.stem.removeprefix("step-")): path for path in paths}


def _frame(paths: Sequence[Path], titles: Sequence[str], step: int) -> Image.Image:
    """One picture of each run at a step, below its title."""
    drawn = [_enlarged(path) for path in paths]
    width = sum(image.width for image in drawn) + GAP * (len(drawn) + 1)
    height = max(image.height for image in drawn) + 2 * LINE + GAP
    frame = Image.new("RGB", (width, height), "white")
    draw, font, left = ImageDraw.Draw(frame), ImageFont.load_default(TEXT), GAP
    for image, title in zip(drawn, titles, strict=True):
        draw.text((left + image.width // 2, LINE // 2), title, "black", font, anchor="mm")
        frame.paste(image, (left, LINE))
        left += image.width + GAP
    draw.text((width // 2, height - LINE // 2), f"step {step:,}", "black", font, anchor="mm")
    return frame


def _enlarged(path: Path) -> Image.Image:
    """A picture with pixels as squares, so that small images do not blur."""
    with Image.open(path) as image:
        factor = -(-SIDE // max(image.size))
        return image.convert("RGB").resize(
            (image.width * factor, image.height * factor), Image.Resampling.NEAREST
        )
