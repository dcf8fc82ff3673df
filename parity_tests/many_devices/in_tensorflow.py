"""TensorFlow on two devices of one process: a batch split in halves."""

import keras
import numpy as np
import tensorflow as tf

(cpu,) = tf.config.list_physical_devices("CPU")
tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
keras.config.set_floatx("float64")
strategy = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
halves = np.split(np.load("batch.npy"), 2)

with strategy.scope():
    linear = keras.layers.Dense(1, use_bias=False)
    norm = keras.layers.BatchNormalization(epsilon=1e-5)
    synchronised = keras.layers.BatchNormalization(epsilon=1e-5, synchronized=True)
    for layer in (linear, norm, synchronised):
        layer.build((None, 3))
    optimiser = keras.optimizers.SGD(1.0)
    optimiser.build([linear.kernel])
before = linear.kernel.numpy()


def replica(half):
    with tf.GradientTape() as tape:
        value = tf.reduce_mean(linear(half) ** 2)
    gradient = tape.gradient(value, linear.kernel)
    optimiser.apply([gradient], [linear.kernel])
    return gradient, norm(half, training=True), synchronised(half, training=True)


@tf.function
def step(half):
    return strategy.run(replica, (half,))


half = strategy.experimental_distribute_values_from_function(
    lambda context: tf.constant(halves[context.replica_id_in_sync_group])
)
gradient, normalised, together = step(half)
each = strategy.experimental_local_results
np.savez(
    "results.npz",
    weight=before,
    gradient=strategy.reduce("MEAN", gradient, axis=None),
    update=before - linear.kernel.numpy(),
    normalised=np.concatenate(each(normalised)),
    synchronised=np.concatenate(each(together)),
    moving_means=[mean.numpy() for mean in each(norm.moving_mean.value)],
    moving_mean=norm.moving_mean.numpy(),
)
