"""What every ejected script shares: initial weights, inputs, data and the loop, in NumPy.

A line that ends with `#? a !b` is kept for systems with the feature a and without b.
"""

# ruff: noqa: E501
TEXT = '''
import argparse
import math

import numpy as np
from PIL import Image  #? images
from sklearn.datasets import load_digits  #? images


def initial_weights(rng):
    """Weights by name, in PyTorch's layouts: $INITIALISER."""
    state = {}
    known = {name: tuple(tensor.shape) for name, tensor in named(networks()).items()}  #? named
    known = shapes()  #? !named
    for name, shape in known.items():
        layer, _, leaf = name.rpartition(".")  #? !normal spectral_or_norms
        layer = name.rpartition(".")[0]  #? !spectral_or_norms !normal
        weight = known.get(f"{layer}.weight", shape)  #? !normal
        fan_in = math.prod(weight[1:])  #? !normal
        fan_out = weight[0] * math.prod(weight[2:])  #? glorot_uniform
        if leaf == "u":  #? spectral
            state[name] = rng.standard_normal(shape)  #? spectral
        elif f"{layer}.running_mean" in known:  #? spectral
        if f"{layer}.running_mean" in known:  #? !spectral norms
            spread = 0.02 * rng.standard_normal(shape) if leaf == "weight" else 0  #? dcgan norms
            state[name] = spread + np.full(shape, leaf in ("weight", "running_var"), float)  #? dcgan norms
            state[name] = np.full(shape, leaf in ("weight", "running_var"), float)  #? !dcgan norms
        elif len(shape) == 4:  #? dcgan
            state[name] = 0.02 * rng.standard_normal(shape)  #? dcgan
        elif leaf == "bias":  #? norms glorot_uniform
            state[name] = np.zeros(shape)  #? norms glorot_uniform
        if name.endswith("bias"):  #? normal
            state[name] = np.zeros(shape)  #? normal
        else:  #? norms
            state[name] = rng.uniform(-1, 1, shape) / math.sqrt(fan_in)  #? norms !glorot_uniform
            state[name] = math.sqrt(6 / (fan_in + fan_out)) * rng.uniform(-1, 1, shape)  #? norms glorot_uniform
        else:  #? normal
            state[name] = 0.02 * rng.standard_normal(shape)  #? normal
        state[name] = rng.uniform(-1, 1, shape) / math.sqrt(fan_in)  #? !norms uniform_fan_in
    return state


def draw_noise(rng, count):
    """The generator's noise (count, latent_dim)."""
    return rng.standard_normal((count, LATENT_DIM))  #? noise_normal
    return rng.random((count, LATENT_DIM))  #? noise_uniform
    return rng.uniform(-1, 1, (count, LATENT_DIM))  #? noise_uniform_symmetric


def draw_masks(rng, count):  #? masks
    """One dropout mask a layer: 1 keeps a unit or channel, 0 drops it."""  #? masks
    return [(rng.random((count, *shape)) >= DROPOUT) * 1.0 for shape in MASK_SHAPES]  #? masks
  #? masks
  #? masks
def step_inputs(rng, samples, step):
    """The arrays of one step: of each update of the discriminator, then of the generator."""
    warm = step <= WARM_STEPS or (step - 1) % WARM_EVERY == 0  #? warm
    count = WARM_DISCRIMINATOR_STEPS if warm else DISCRIMINATOR_STEPS  #? warm
    count = DISCRIMINATOR_STEPS  #? alternating !warm !single
    reals = [samples[rng.integers(len(samples), size=BATCH_SIZE)] for _ in range(count)]  #? alternating !single
    critic = [{"real": real, "noise": draw_noise(rng, BATCH_SIZE)} for real in reals]  #? alternating !single
    for arrays in critic:  #? penalty
        arrays["alpha"] = rng.random(BATCH_SIZE)  #? penalty
    return critic, [{"noise": draw_noise(rng, BATCH_SIZE)} for _ in range(GENERATOR_STEPS)]  #? fresh !single
    return critic, [{"noise": critic[-1]["noise"]} for _ in range(GENERATOR_STEPS)]  #? same !single
    real = samples[rng.integers(len(samples), size=BATCH_SIZE)]  #? !several
    critic = {"real": real, "noise": draw_noise(rng, BATCH_SIZE)}  #? !mixed !several
    return [critic], [{"noise": draw_noise(rng, BATCH_SIZE)}]  #? single fresh
    return [critic], [{"noise": critic["noise"]}]  #? single same
    critic |= {name: draw_masks(rng, BATCH_SIZE) for name in ("real_masks", "fake_masks")}  #? shared masks
    return [critic], [{"masks": draw_masks(rng, BATCH_SIZE)}]  #? shared masks
    return [critic], [{}]  #? shared !masks
    critic = {"real": real, "real_masks": draw_masks(rng, 2 * BATCH_SIZE)}  #? mixed
    return [critic], [{"noise": draw_noise(rng, 2 * BATCH_SIZE)}]  #? mixed


def read_samples(path, rng):
    """The samples $RANGE: the file's first array, or $DATA."""
    if path is not None:
        with np.load(path) as arrays:
            return arrays[arrays.files[0]].astype(np.float32).reshape(-1, *SAMPLE_SHAPE)
    digits = (load_digits().images * (255 / 16)).round().astype(np.uint8)  #? images
    size = SAMPLE_SHAPE[1:]  #? images
    images = np.stack([Image.fromarray(digit).resize(size, Image.BILINEAR) for digit in digits])  #? images
    pixels = images.astype(np.float32) / 255  #? images unit
    pixels = images.astype(np.float32) / 127.5 - 1  #? images !unit
    return np.broadcast_to(pixels[:, None], (len(pixels), *SAMPLE_SHAPE))  #? images
    angles = rng.integers(8, size=10_000) * (math.pi / 4)  #? points
    centres = 2 * np.stack([np.cos(angles), np.sin(angles)], axis=1)  #? points
    return (centres + 0.02 * rng.standard_normal(centres.shape)) / 1.414  #? points
    return 4 + 1.25 * rng.standard_normal((10_000, 1))  #? numbers


def save_grid(path, samples):  #? images
    """64 samples as a grid of 8 × 8 images."""  #? images
    channels, height, width = SAMPLE_SHAPE  #? images
    grid = samples.reshape(8, 8, channels, height, width).transpose(0, 3, 1, 4, 2)  #? images
    pixels = np.clip(255 * grid, 0, 255).round().astype(np.uint8)  #? images unit
    pixels = np.clip(127.5 * (grid + 1), 0, 255).round().astype(np.uint8)  #? images !unit
    Image.fromarray(pixels.reshape(8 * height, 8 * width, channels).squeeze()).save(path)  #? images
  #? images
  #? images
def main():
    """Train, and save samples."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", nargs="?", help=".npz; default: $DATA")
    parser.add_argument("--steps", type=int, default=1000)
    parser.add_argument("--out", default="samples.png", help="file of the samples")  #? images
    parser.add_argument("--out", default="samples.npz", help="file of the samples")  #? !images
    options = parser.parse_args()
    rng = np.random.default_rng(0)
    samples = read_samples(options.data, rng)
    gan = build(initial_weights(rng))
    for step in range(1, options.steps + 1):
        loss_d, loss_g = train_step(gan, *step_inputs(rng, samples, step))
        if step == 1 or step % 50 == 0:
            print(f"step {step}: loss_d {float(loss_d):.4f}, loss_g {float(loss_g):.4f}")
    save_grid(options.out, sample(gan[0], draw_noise(rng, 64)))  #? images
    np.savez(options.out, samples=sample(gan[0], draw_noise(rng, 64)))  #? !images


if __name__ == "__main__":
    main()
'''
