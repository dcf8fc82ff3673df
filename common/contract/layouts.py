"""Convert canonical (channels-first) tensors to the channels-last layouts of Keras and Flax."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from common.contract import Maps, Parameter

Values = NDArray[Any]
KERNEL_AXES = (2, 3, 1, 0)  # OIHW → HWIO, and IOHW → HWOI: both reverse the channel axes
KERNEL_AXES_BACK = (3, 2, 0, 1)


def flatten_order(maps: Maps) -> NDArray[np.int64]:
    """The permutation from flattened (C, H, W) to flattened (H, W, C)."""
    channels, height, width = maps
    index = np.arange(channels * height * width, dtype=np.int64)
    return index.reshape(channels, height, width).transpose(1, 2, 0).ravel()


def to_channels_last(parameter: Parameter, values: Values) -> Values:
    """A canonical tensor in the layout of Keras and Flax: HWIO, HWOI, (in, out), or NHWC order."""
    if parameter.kind in ("conv", "conv_transpose"):
        return values.transpose(KERNEL_AXES)
    if parameter.kind == "spectral_v" and parameter.maps_in:
        return values[:, flatten_order(parameter.maps_in)]
    if parameter.maps_out:
        values = values[flatten_order(parameter.maps_out)]
    if parameter.kind != "linear":
        return values
    if parameter.maps_in:
        values = values[:, flatten_order(parameter.maps_in)]
    return values.T


def to_channels_first(parameter: Parameter, values: Values) -> Values:
    """The inverse of `to_channels_last`."""
    if parameter.kind in ("conv", "conv_transpose"):
        return values.transpose(KERNEL_AXES_BACK)
    if parameter.kind == "spectral_v" and parameter.maps_in:
        return values[:, np.argsort(flatten_order(parameter.maps_in))]
    if parameter.kind == "linear":
        values = values.T
        if parameter.maps_in:
            values = values[:, np.argsort(flatten_order(parameter.maps_in))]
    if parameter.maps_out:
        values = values[np.argsort(flatten_order(parameter.maps_out))]
    return values


def output_to_channels_first(parameter: Parameter, values: Values) -> Values:
    """What the layer of a parameter gives, NHWC or flattened (H, W, C), as NCHW or (C, H, W)."""
    if values.ndim == 4:
        values = values.transpose(0, 3, 1, 2)
    elif parameter.maps_out:
        values = values[:, np.argsort(flatten_order(parameter.maps_out))]
    return np.array(values, order="C")
