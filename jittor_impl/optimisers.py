"""Optimisers as in the sources: epsilon outside the square root, no hidden defaults."""

from math import sqrt

import jittor as jt
from jittor import Var, nn
from jittor.optim import Optimizer

from jittor_impl.layers import constant


def adam(
    network: nn.Module, *, learning_rate: float, beta1: float, beta2: float, epsilon: float
) -> Optimizer:
    """Adam: w −= lr · m̂ / (√v̂ + ε), moments corrected by 1 − βᵗ before the division.

    Source: Kingma and Ba 2015, arXiv:1412.6980, algorithm 1.
    """
    return _Adam(network, learning_rate=learning_rate, beta1=beta1, beta2=beta2, epsilon=epsilon)


def keras_adam(
    network: nn.Module, *, learning_rate: float, beta1: float, beta2: float, epsilon: float
) -> Optimizer:
    """Adam as in Keras: w −= lr · √(1 − β₂ᵗ) / (1 − β₁ᵗ) · m / (√v + ε).

    Source: Kingma and Ba 2015, the remark that ends section 2; mnistGANs.
    """
    return _KerasAdam(
        network, learning_rate=learning_rate, beta1=beta1, beta2=beta2, epsilon=epsilon
    )


def rmsprop(network: nn.Module, *, learning_rate: float, decay: float, epsilon: float) -> Optimizer:
    """RMSprop: v = ρ·v + (1−ρ)·g²; w −= lr · g / (√v + ε), v starts at 0, not centred.

    Source: Tieleman and Hinton 2012, with ε as PyTorch and Jittor place it.
    """
    return _RMSprop(network, learning_rate=learning_rate, decay=decay, epsilon=epsilon)


def sgd(network: nn.Module, *, learning_rate: float, momentum: float) -> Optimizer:
    """SGD with momentum: b = μ·b + g; w −= lr · b, the learning rate outside the buffer.

    Source: Sutskever et al. 2013, as PyTorch writes it: no dampening, no Nesterov.
    """
    return _SGD(network, learning_rate=learning_rate, momentum=momentum)


def clip_weights(network: nn.Module, *, limit: float) -> None:
    """Clip every trainable parameter to [−limit, limit], and no running statistic.

    Source: Arjovsky et al. 2017, algorithm 1, after the critic's update.
    """
    for parameter in network.parameters():
        if not parameter.is_stop_grad():
            low, high = constant(-limit, parameter), constant(limit, parameter)
            # Jittor's maximum turns a NaN into a number, which would hide it.
            clipped = parameter.maximum(low).minimum(high)
            parameter.update(jt.ternary(jt.isnan(parameter), parameter, clipped))


class _Optimiser(Optimizer):
    """A Jittor optimiser over the trainable parameters, with named slots beside each of them.

    The stock ones take their hyper-parameters as Python numbers, which Jittor rounds to float32.
    """

    slots: tuple[str, ...]

    def __init__(self, network: nn.Module, learning_rate: float) -> None:
        # parameters() lists running statistics too.
        super().__init__([p for p in network.parameters() if not p.is_stop_grad()], learning_rate)
        # Jittor's own n_step counts calls of backward().
        self.count = 0
        for group in self.param_groups:
            for slot in self.slots:
                group[slot] = [jt.zeros(p.shape, p.dtype).stop_grad() for p in group["params"]]

    def step(self, loss: Var | None = None, retain_graph: bool = False) -> None:
        """Differentiate the loss, unless backward() has, and update every parameter."""
        self.pre_step(loss, retain_graph)
        self.count += 1
        for group in self.param_groups:
            columns = (group[name] for name in ("params", "grads", *self.slots))
            for parameter, gradient, *slots in zip(*columns, strict=True):
                if not parameter.is_stop_grad():
                    self.move(parameter, gradient, *slots)
        self.post_step()


class _Adam(_Optimiser):
    """Jittor's Adam corrects the learning rate instead of the moments, which scales epsilon."""

    slots = ("first_moment", "second_moment")

    def __init__(
        self,
        network: nn.Module,
        *,
        learning_rate: float,
        beta1: float,
        beta2: float,
        epsilon: float,
    ) -> None:
        super().__init__(network, learning_rate)
        self.beta1, self.beta2, self.epsilon = beta1, beta2, epsilon

    def average(self, g: Var, m: Var, v: Var) -> None:
        m.update(m * constant(self.beta1, m) + g * constant(1 - self.beta1, g))
        v.update(v * constant(self.beta2, v) + g.sqr() * constant(1 - self.beta2, g))

    def move(self, w: Var, g: Var, m: Var, v: Var) -> None:
        self.average(g, m, v)
        rate = constant(self.lr / (1 - self.beta1**self.count), w)
        spread = constant(sqrt(1 - self.beta2**self.count), w)
        w.update(w - rate * m / (v.sqrt() / spread + constant(self.epsilon, w)))


class _KerasAdam(_Adam):
    """The same formula as Jittor's own, with hyper-parameters in full precision."""

    def move(self, w: Var, g: Var, m: Var, v: Var) -> None:
        self.average(g, m, v)
        rate = self.lr * sqrt(1 - self.beta2**self.count) / (1 - self.beta1**self.count)
        w.update(w - constant(rate, w) * m / (v.sqrt() + constant(self.epsilon, w)))


class _RMSprop(_Optimiser):
    slots = ("square_average",)

    def __init__(
        self, network: nn.Module, *, learning_rate: float, decay: float, epsilon: float
    ) -> None:
        super().__init__(network, learning_rate)
        self.decay, self.epsilon = decay, epsilon

    def move(self, w: Var, g: Var, v: Var) -> None:
        v.update(v * constant(self.decay, v) + g.sqr() * constant(1 - self.decay, g))
        w.update(w - constant(self.lr, w) * g / (v.sqrt() + constant(self.epsilon, w)))


class _SGD(_Optimiser):
    slots = ("momentum",)

    def __init__(self, network: nn.Module, *, learning_rate: float, momentum: float) -> None:
        super().__init__(network, learning_rate)
        self.momentum = momentum

    def move(self, w: Var, g: Var, b: Var) -> None:
        b.update(b * constant(self.momentum, b) + g)
        w.update(w - constant(self.lr, w) * b)
