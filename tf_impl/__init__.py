"""The GANs in TensorFlow: Keras 3 models, GradientTape under tf.function and Keras optimisers."""

import os

# Keras settles its backend when it is imported, from here or else from a file in the home folder.
os.environ["KERAS_BACKEND"] = "tensorflow"
