"""Export the networks to files that this framework loads without the project."""

from functools import partial
from pathlib import Path

import keras


def export_networks(generator: keras.Model, discriminator: keras.Model, path: Path) -> None:
    """Write both networks in this framework's own format.

    A folder of two SavedModels, whose "serve" computes as in evaluation, for any batch size:
    keras.layers.TFSMLayer and tf.saved_model.load read them.
    """
    noise = keras.Input(generator.get_build_config()["input_shape"][1:])
    _write(generator, noise, path / "generator")
    _write(discriminator, generator.compute_output_spec(noise), path / "discriminator")


def _write(network: keras.Model, inputs: keras.KerasTensor, folder: Path) -> None:
    # A .keras file refers to our classes; a SavedModel contains the graph itself.
    archive = keras.export.ExportArchive()
    archive.track(network)
    archive.add_endpoint("serve", partial(network, training=False), [inputs])
    archive.write_out(str(folder), verbose=False)
