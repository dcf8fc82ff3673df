"""What every ejected script shares: data, samples and the loop, in NumPy.

A line that ends with `#? a !b` is kept for systems with the feature a and without b.
"""

TEXT = '''
import argparse
import math

import numpy as np
from PIL import Image  #? images
from sklearn.datasets import load_digits  #? images


def draw_noise(rng, count):
    """The generator's noise (count, latent_dim)."""
    return native(rng.standard_normal((count, LATENT_DIM)))  #? noise_normal
    return native(rng.random((count, LATENT_DIM)))  #? noise_uniform
    return native(rng.uniform(-1, 1, (count, LATENT_DIM)))  #? noise_uniform_symmetric


def draw_masks(rng, count):  #? masks
    """One dropout mask a layer: 1 keeps a unit or channel, 0 drops it."""  #? masks
    return [native(rng.random((count, *shape)) >= DROPOUT) for shape in MASK_SHAPES]  #? masks
  #? masks
  #? masks
def read_samples(path, rng):
    """Samples $SHAPE$RANGE: the first array of an .npz, or $DATA."""
    if path is not None:
        with np.load(path) as arrays:
            return arrays[arrays.files[0]]
    digits = (load_digits().images * (255 / 16)).round().astype(np.uint8)  #? images
    size = (SAMPLE_SHAPE[1], SAMPLE_SHAPE[1])  #? images
    digits = [Image.fromarray(digit).resize(size, Image.BILINEAR) for digit in digits]  #? images
    pixels = np.expand_dims(np.stack(digits) / np.float32(255), CHANNEL_AXIS)  #? images unit
    pixels = np.expand_dims(np.stack(digits) / np.float32(127.5) - 1, CHANNEL_AXIS)  #? images !unit
    return np.broadcast_to(pixels, (len(pixels), *SAMPLE_SHAPE))  #? images
    angles = rng.integers(8, size=10_000) * (math.pi / 4)  #? points
    centres = 2 * np.stack([np.cos(angles), np.sin(angles)], axis=1)  #? points
    return (centres + 0.02 * rng.standard_normal(centres.shape)) / 1.414  #? points
    return 4 + 1.25 * rng.standard_normal((10_000, 1))  #? numbers


def main():
    """Train, and save 64 samples."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", nargs="?", help=".npz; default: $DATA")
    parser.add_argument("--steps", type=int, default=1000)
    parser.add_argument("--out", default="samples.png", help="file of the samples")  #? images
    parser.add_argument("--out", default="samples.npz", help="file of the samples")  #? !images
    options = parser.parse_args()
    rng = np.random.default_rng(0)
    samples = read_samples(options.data, rng)
    generator, discriminator, optimiser_g, optimiser_d = build(rng)
    for step in range(1, options.steps + 1):
$LOOP
        if step == 1 or step % 50 == 0:
            print(f"step {step}: loss_d {float(loss_d):.4f}, loss_g {float(loss_g):.4f}")
$SAMPLE
    grid = np.concatenate([np.concatenate(row, axis=1) for row in np.split(images, 8)])  #? images
    pixels = np.clip(255 * grid, 0, 255).round().astype(np.uint8)  #? images unit
    pixels = np.clip(127.5 * (grid + 1), 0, 255).round().astype(np.uint8)  #? images !unit
    Image.fromarray(pixels.squeeze()).save(options.out)  #? images
    np.savez(options.out, samples=points)  #? !images


if __name__ == "__main__":
    main()
'''
