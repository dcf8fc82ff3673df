"""Optimisers as in the sources: epsilon outside the square root, no hidden defaults."""

from collections.abc import Callable, Sequence
from typing import Any

import keras
import tensorflow as tf

from tf_impl.device import chosen_device
from tf_impl.parallel import shards


class _Adam(keras.optimizers.Optimizer):
    # Keras' own Adam adds ε to an uncorrected √v and raises float32 betas to the step's power.
    def __init__(self, *, learning_rate: float, beta1: float, beta2: float, epsilon: float) -> None:
        super().__init__(learning_rate=learning_rate, name="adam")
        self.beta1 = beta1
        self.beta2 = beta2
        self.epsilon = epsilon

    def build(self, variables: Sequence[keras.Variable]) -> None:
        super().build(variables)
        self.first_moments, self.second_moments = self.add_optimizer_variables(
            variables, ["first_moment", "second_moment"]
        )

    def update_step(
        self, gradient: tf.Tensor, variable: tf.Variable, learning_rate: tf.Tensor
    ) -> None:
        index = self._get_variable_index(variable)
        # In float32, the fifth digit of 1 − 0.999ᵗ would be wrong.
        step = tf.cast(self.iterations + 1, tf.float64)
        root = tf.sqrt(1 - self.beta2**step)
        step_size = tf.cast(learning_rate, tf.float64) * root / (1 - self.beta1**step)
        _alone(_move_by_adam)(
            variable,
            self.first_moments[index].value,
            self.second_moments[index].value,
            gradient,
            tf.cast(step_size, variable.dtype),
            tf.cast(self._epsilon(root), variable.dtype),
            beta1=self.beta1,
            beta2=self.beta2,
        )

    def _epsilon(self, root: tf.Tensor) -> tf.Tensor:
        # √v + ε·√(1 − β₂ᵗ) is (√v̂ + ε)·√(1 − β₂ᵗ), and saves a pass over the weights.
        return self.epsilon * root


class _KerasAdam(_Adam):
    # Keras' own, except for the power of its betas.
    def _epsilon(self, root: tf.Tensor) -> tf.Tensor:
        return tf.constant(self.epsilon, root.dtype)


class _RMSprop(keras.optimizers.Optimizer):
    # Keras' own puts ε inside the square root.
    def __init__(self, *, learning_rate: float, decay: float, epsilon: float) -> None:
        super().__init__(learning_rate=learning_rate, name="rmsprop")
        self.decay = decay
        self.epsilon = epsilon

    def build(self, variables: Sequence[keras.Variable]) -> None:
        super().build(variables)
        self.square_averages = self.add_optimizer_variables(variables, "square_average")

    def update_step(
        self, gradient: tf.Tensor, variable: tf.Variable, learning_rate: tf.Tensor
    ) -> None:
        average = self.square_averages[self._get_variable_index(variable)]
        _alone(_move_by_rmsprop)(
            variable,
            average.value,
            gradient,
            tf.cast(learning_rate, variable.dtype),
            decay=self.decay,
            epsilon=self.epsilon,
        )


class _SGD(keras.optimizers.Optimizer):
    # Keras' own multiplies the buffer by the learning rate of the step that filled it.
    def __init__(self, *, learning_rate: float, momentum: float) -> None:
        super().__init__(learning_rate=learning_rate, name="sgd")
        self.momentum = momentum

    def build(self, variables: Sequence[keras.Variable]) -> None:
        super().build(variables)
        # Without momentum there is no slot, as in PyTorch.
        self.momenta = self.add_optimizer_variables(variables, "momentum") if self.momentum else []

    def update_step(
        self, gradient: tf.Tensor, variable: tf.Variable, learning_rate: tf.Tensor
    ) -> None:
        if self.momentum:
            buffer = self.momenta[self._get_variable_index(variable)]
            self.assign(buffer, self.momentum * buffer + gradient)
            gradient = buffer
        self.assign_sub(variable, learning_rate * gradient)


# XLA makes one pass over the weights, TensorFlow's own operations a dozen.
@tf.function(jit_compile=True)
def _move_by_adam(
    variable: tf.Variable,
    first: tf.Variable,
    second: tf.Variable,
    gradient: tf.Tensor,
    step_size: tf.Tensor,
    epsilon: tf.Tensor,
    *,
    beta1: float,
    beta2: float,
) -> None:
    first.assign_add((1 - beta1) * (gradient - first))
    second.assign_add((1 - beta2) * (tf.square(gradient) - second))
    variable.assign_sub(step_size * first / (tf.sqrt(second) + epsilon))


@tf.function(jit_compile=True)
def _move_by_rmsprop(
    variable: tf.Variable,
    average: tf.Variable,
    gradient: tf.Tensor,
    rate: tf.Tensor,
    *,
    decay: float,
    epsilon: float,
) -> None:
    average.assign_add((1 - decay) * (tf.square(gradient) - average))
    variable.assign_sub(rate * gradient / (tf.sqrt(average) + epsilon))


def _alone(move: Any) -> Callable[..., None]:
    # A tf.function moves the first replica's slots only.
    chosen: Callable[..., None] = move if shards().total == 1 else move.python_function
    return chosen


def adam(
    network: keras.Model, *, learning_rate: float, beta1: float, beta2: float, epsilon: float
) -> keras.optimizers.Optimizer:
    """Adam: w −= lr · m̂ / (√v̂ + ε), moments corrected by 1 − βᵗ before the division.

    Source: Kingma and Ba 2015, arXiv:1412.6980, algorithm 1.
    """
    optimiser = _Adam(learning_rate=learning_rate, beta1=beta1, beta2=beta2, epsilon=epsilon)
    optimiser.build(network.trainable_variables)
    return optimiser


def keras_adam(
    network: keras.Model, *, learning_rate: float, beta1: float, beta2: float, epsilon: float
) -> keras.optimizers.Optimizer:
    """Adam as in Keras: w −= lr · √(1 − β₂ᵗ) / (1 − β₁ᵗ) · m / (√v + ε).

    Source: Kingma and Ba 2015, the remark that ends section 2; mnistGANs.
    """
    optimiser = _KerasAdam(learning_rate=learning_rate, beta1=beta1, beta2=beta2, epsilon=epsilon)
    optimiser.build(network.trainable_variables)
    return optimiser


def rmsprop(
    network: keras.Model, *, learning_rate: float, decay: float, epsilon: float
) -> keras.optimizers.Optimizer:
    """RMSprop: v = ρ·v + (1−ρ)·g²; w −= lr · g / (√v + ε), v starts at 0, not centred.

    Source: Tieleman and Hinton 2012, with ε as PyTorch and Jittor place it.
    """
    optimiser = _RMSprop(learning_rate=learning_rate, decay=decay, epsilon=epsilon)
    optimiser.build(network.trainable_variables)
    return optimiser


def sgd(
    network: keras.Model, *, learning_rate: float, momentum: float
) -> keras.optimizers.Optimizer:
    """SGD with momentum: b = μ·b + g; w −= lr · b, the learning rate outside the buffer.

    Source: Sutskever et al. 2013, as PyTorch writes it: no dampening, no Nesterov.
    """
    optimiser = _SGD(learning_rate=learning_rate, momentum=momentum)
    optimiser.build(network.trainable_variables)
    return optimiser


@tf.function
def clip_weights(network: keras.Model, *, limit: float) -> None:
    """Clip every trainable parameter to [−limit, limit], and no running statistic.

    Source: Arjovsky et al. 2017, algorithm 1, after the critic's update.
    """
    with tf.device(chosen_device()):
        for variable in network.trainable_variables:
            variable.assign(tf.clip_by_value(variable, -limit, limit))
