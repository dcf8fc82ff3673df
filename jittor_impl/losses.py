"""Adversarial losses on scores (N,), real before fake, each the mean over the batch."""

import jittor as jt
from jittor import Var

from jittor_impl.layers import _average, _constant, _scalar


def vanilla_discriminator_loss(real_logits: Var, fake_logits: Var) -> Var:
    """−log σ(real) − log(1 − σ(fake)), the sum of both means, stable for any logit.

    Source: Goodfellow et al. 2014, arXiv:1406.2661; no ½, as in seeds S2 to S4.
    """
    return _scalar(_average(_softplus(-real_logits)) + _average(_softplus(fake_logits)))


def vanilla_generator_loss(fake_logits: Var) -> Var:
    """−log σ(fake), the non-saturating generator loss.

    Source: Goodfellow et al. 2014, section 3.
    """
    return _scalar(_average(_softplus(-fake_logits)))


def least_squares_discriminator_loss(
    real_scores: Var, fake_scores: Var, *, real_label: float, fake_label: float, factor: float
) -> Var:
    """factor · ((real − real_label)² + (fake − fake_label)²), the sum of both means.

    Labels are named by role because the sources swap the letters a and b. With labels −1 for
    fake, 1 for real and 0 for the generator, the generator's objective at the optimal
    discriminator is a Pearson χ²; with 0, 1, 1 and −1, 1, 1 it is not.

    Source: Mao et al. 2017, arXiv:1611.04076, equation 2 with factor ½; seed S0 has factor 1.
    """
    real_error = _average((real_scores - _constant(real_label, real_scores)).sqr())
    fake_error = _average((fake_scores - _constant(fake_label, fake_scores)).sqr())
    return _scalar(_constant(factor, real_error) * (real_error + fake_error))


def least_squares_generator_loss(fake_scores: Var, *, gen_label: float, factor: float) -> Var:
    """factor · (fake − gen_label)², the mean over the batch.

    Source: Mao et al. 2017, equation 2 with factor ½; seeds S0 and S1 have factor 1.
    """
    error = _average((fake_scores - _constant(gen_label, fake_scores)).sqr())
    return _scalar(_constant(factor, error) * error)


def _softplus(logits: Var) -> Var:
    # Jittor's own takes log(1 + e) and clamps the exponent: 0 for logits below −17. With
    # e = exp(−|x|), log(1 + e) = 2 atanh(e / (2 + e)) to the last digit, however small e is.
    # At 0 the branches are chosen so that the derivative is σ(0) = ½.
    positive = logits > 0
    decay = jt.ternary(positive, -logits, logits).exp()
    # A number stands right of its Var: left of a single logit it would make it float32.
    return jt.ternary(positive, logits, jt.zeros_like(logits)) + (decay / (decay + 2)).atanh() * 2
