"""Adversarial losses on scores (N,), real before fake, each the mean over the batch."""

from collections.abc import Callable

import jittor as jt
from jittor import Var, nn

from jittor_impl.layers import average, constant, scalar

Loss = Callable[..., Var]


def vanilla_discriminator_loss(real_logits: Var, fake_logits: Var) -> Var:
    """−log σ(real) − log(1 − σ(fake)), the sum of both means, stable for any logit.

    Source: Goodfellow et al. 2014, arXiv:1406.2661; no ½, as in its sources.
    """
    return scalar(average(_softplus(-real_logits)) + average(_softplus(fake_logits)))


def vanilla_generator_loss(fake_logits: Var) -> Var:
    """−log σ(fake), the non-saturating generator loss.

    Source: Goodfellow et al. 2014, section 3.
    """
    return scalar(average(_softplus(-fake_logits)))


def least_squares_discriminator_loss(
    real_scores: Var, fake_scores: Var, *, real_label: float, fake_label: float, factor: float
) -> Var:
    """factor · ((real − real_label)² + (fake − fake_label)²), the sum of both means.

    Labels are named by role because the sources swap the letters a and b. With labels −1 for
    fake, 1 for real and 0 for the generator, the generator's objective at the optimal
    discriminator is a Pearson χ²; with 0, 1, 1 and −1, 1, 1 it is not.

    Source: Mao et al. 2017, arXiv:1611.04076, equation 2 with factor ½; Jittor's
    notebook and mnistGANs have factor 1.
    """
    real_error = average((real_scores - constant(real_label, real_scores)).sqr())
    fake_error = average((fake_scores - constant(fake_label, fake_scores)).sqr())
    return scalar(constant(factor, real_error) * (real_error + fake_error))


def least_squares_generator_loss(fake_scores: Var, *, gen_label: float, factor: float) -> Var:
    """factor · (fake − gen_label)², the mean over the batch.

    Source: Mao et al. 2017, equation 2 with factor ½; Jittor's notebook, mnistGANs and
    PyTorch-GAN have factor 1.
    """
    error = average((fake_scores - constant(gen_label, fake_scores)).sqr())
    return scalar(constant(factor, error) * error)


def wasserstein_discriminator_loss(real_scores: Var, fake_scores: Var, *, sign: float) -> Var:
    """sign · (mean fake − mean real): with sign 1 the critic scores real samples high.

    Its negative estimates the Wasserstein distance, for either sign; it is positive once the
    critic separates real from fake.

    Source: Arjovsky et al. 2017, arXiv:1701.07875; arjovsky's WassersteinGAN has sign
    −1, caogang's wgan-gp sign 1.
    """
    difference = average(fake_scores) - average(real_scores)
    return scalar(constant(sign, difference) * difference)


def wasserstein_generator_loss(fake_scores: Var, *, sign: float) -> Var:
    """−sign · mean fake: minimising it makes the critic score fakes like real samples.

    Source: Arjovsky et al. 2017, algorithm 1.
    """
    return scalar(constant(-sign, fake_scores) * average(fake_scores))


def gradient_penalty(
    discriminator: Callable[[Var], Var],
    real: Var,
    fake: Var,
    alpha: Var,
    *,
    weight: float,
) -> Var:
    """weight · (‖∇ₓ D(x)‖₂ − 1)², the mean over the batch, at points x between real and fake.

    x = alpha · real + (1 − alpha) · fake with one number per sample, alpha (N,). The norm runs
    over every axis of a sample; where the gradient is exactly zero, the norm's own derivative
    counts as zero, not as NaN.

    Source: Gulrajani et al. 2017, arXiv:1704.00028, equation 3.
    """
    alpha = alpha.reshape((-1, *(1,) * (real.ndim - 1)))
    between = (alpha * real + (-alpha + 1) * fake).detach()
    gradient = jt.grad(discriminator(between).sum(), between)
    error = average((_norm(gradient.flatten(1)) - 1).sqr())
    return scalar(constant(weight, error) * error)


def hinge_discriminator_loss(real_scores: Var, fake_scores: Var) -> Var:
    """max(0, 1 − real) + max(0, 1 + fake), the sum of both means.

    Source: Miyato et al. 2018, arXiv:1802.05957, equation 16.
    """
    return scalar(average(nn.relu(-real_scores + 1)) + average(nn.relu(fake_scores + 1)))


def hinge_generator_loss(fake_scores: Var) -> Var:
    """−fake, the mean over the batch.

    Source: Miyato et al. 2018, equation 17.
    """
    return scalar(-average(fake_scores))


def _norm(samples: Var) -> Var:
    """The Euclidean norm of each sample (N, M); its derivative at an exact zero is zero."""
    total = samples.float64().sqr().sum(1)
    positive = total > 0
    # The derivative of √ at 0 is infinite, and 0 · ∞ is NaN in the branch not taken too.
    root = jt.ternary(positive, total, jt.ones_like(total)).sqrt()
    return jt.ternary(positive, root, jt.zeros_like(total)).cast(samples.dtype)


def _softplus(logits: Var) -> Var:
    # Jittor's own takes log(1 + e) and clamps the exponent: 0 for logits below −17. With
    # e = exp(−|x|), log(1 + e) = 2 atanh(e / (2 + e)) to the last digit, however small e is.
    # At 0 the branches are chosen so that the derivative is σ(0) = ½.
    positive = logits > 0
    decay = jt.ternary(positive, -logits, logits).exp()
    # The number is the right operand: on the left of a single logit it would make it float32.
    return jt.ternary(positive, logits, jt.zeros_like(logits)) + (decay / (decay + 2)).atanh() * 2
