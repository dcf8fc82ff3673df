"""What parity looks at besides whole steps: forward passes and gradients of the inputs."""

from collections.abc import Callable

import jittor as jt
from jittor import Var, nn

from jittor_impl.steps import _gradients


def forward(network: nn.Module, inputs: Var, *, training: bool) -> Var:
    """The network's output; in training mode its running statistics move."""
    # eval() also stops the gradients of the parameters, until train() is called again.
    network.train() if training else network.eval()
    with jt.no_grad():
        return network(inputs)


def discriminator_input_gradients(
    discriminator: nn.Module,
    real: Var,
    fake: Var,
    *,
    loss: Callable[[Var, Var], Var],
) -> tuple[Var, Var]:
    """The gradients of the discriminator's loss with respect to real and fake images."""
    discriminator.train()
    real, fake = real.clone(), fake.clone()
    value = loss(discriminator(real), discriminator(fake))
    real_gradient, fake_gradient = jt.grad(value, [real, fake], retain_graph=False)
    return real_gradient, fake_gradient


def generator_input_gradient(
    generator: nn.Module,
    discriminator: nn.Module,
    noise: Var,
    *,
    loss: Callable[[Var], Var],
) -> Var:
    """The gradient of the generator's loss with respect to its noise."""
    generator.train()
    discriminator.train()
    noise = noise.clone()
    return jt.grad(loss(discriminator(generator(noise))), noise, retain_graph=False)


def penalty_gradients(
    discriminator: nn.Module,
    real: Var,
    fake: Var,
    alpha: Var,
    *,
    penalty: Callable[..., Var],
) -> tuple[Var, dict[str, Var]]:
    """The gradient penalty alone, and its gradient with respect to every parameter."""
    discriminator.train()
    value = penalty(discriminator, real, fake, alpha)
    gradients = _gradients(value, discriminator)
    return value.stop_grad(), gradients


def pull_back(
    function: Callable[..., Var], upstream: Var, *inputs: Var
) -> tuple[Var, tuple[Var, ...]]:
    """The function's output, and the vector-Jacobian product of `upstream` with each input."""
    inputs = tuple(tensor.clone() for tensor in inputs)
    output = function(*inputs)
    # Jittor differentiates sums only.
    gradients = jt.grad((output * upstream).sum(), list(inputs), retain_graph=False)
    return output.stop_grad(), tuple(gradients)


def multiply(left: Var, right: Var) -> Var:
    """The product of two matrices."""
    return left @ right


def convolve(maps: Var, kernel: Var) -> Var:
    """Maps convolved with a kernel (both as `to_native` gives them), without padding."""
    return nn.conv2d(maps, kernel)
