"""The perceptron in NumPy, its gradients written out, each array yielded by hand."""

import numpy as np

ROOT = float(np.sqrt(2 / np.pi))


def build(weights):
    zeros = {f"{name}/momentum": np.zeros_like(values) for name, values in weights.items()}
    return {**weights, **zeros}


def step(model, inputs):
    x, mask, goals = inputs["inputs"], inputs["mask"] / 0.75, inputs["goals"]
    mask = mask.astype(x.dtype)
    first = yield "fc1", linear(model, "fc1", x)
    active = gelu(first)
    second = yield "fc2", linear(model, "fc2", active)
    kept = (active + gelu(second)) * mask
    third = yield "fc3", linear(model, "fc3", kept)
    last = np.tanh(third)
    output = yield "out", linear(model, "out", last)
    scores = output[:, 0]
    fit, size = ((scores - goals) ** 2).mean(), (model["out.weight"] ** 2).sum()
    losses = {"fit loss": fit, "size loss": size, "loss": fit + 0.1 * size}
    yield "loss", losses

    gradients = {}
    slope = yield "backward", "out", 2 * (scores - goals)[:, None] / len(goals)
    above = back(model, gradients, "out", last, slope)
    gradients["out.weight"] += 0.2 * model["out.weight"]
    slope = yield "backward", "fc3", above * (1 - last**2)
    above = back(model, gradients, "fc3", kept, slope) * mask
    slope = yield "backward", "fc2", above * gelu_slope(second)
    above = above + back(model, gradients, "fc2", active, slope)
    slope = yield "backward", "fc1", above * gelu_slope(first)
    back(model, gradients, "fc1", x, slope)
    gradients = yield "backward", gradients

    moved = {}
    for name, gradient in gradients.items():
        velocity = 0.9 * model[f"{name}/momentum"] + gradient + 0.01 * model[name]
        moved[f"{name}/momentum"], moved[name] = velocity, model[name] - 0.05 * velocity
    moved = yield "update", moved
    return moved


def linear(model, layer, values):
    return values @ model[f"{layer}.weight"].T + model[f"{layer}.bias"]


def back(model, gradients, layer, values, slope):
    gradients[f"{layer}.weight"], gradients[f"{layer}.bias"] = slope.T @ values, slope.sum(0)
    return slope @ model[f"{layer}.weight"]


def gelu(values):
    return values * (1 + np.tanh(ROOT * (values + 0.044715 * values**3))) / 2


def gelu_slope(values):
    bent = np.tanh(ROOT * (values + 0.044715 * values**3))
    inner = ROOT * (1 + 3 * 0.044715 * values**2)
    return (1 + bent) / 2 + values * (1 - bent**2) * inner / 2
