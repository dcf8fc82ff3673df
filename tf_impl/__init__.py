"""The GANs in TensorFlow: Keras 3 models, GradientTape under tf.function and Keras optimisers."""

import os

# Keras chooses its backend at import, from this variable or from a file in the home folder.
os.environ["KERAS_BACKEND"] = "tensorflow"
