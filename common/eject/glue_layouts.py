"""Weights between the layouts of PyTorch and those of Keras and Flax, for ejected scripts."""

LAYOUTS = '''
def channels_last(name, values):
    """A tensor of PyTorch's layout in this framework's: HWIO, HWOI, or (in, out)."""
    if values.ndim == 4:  #? images
        return values.transpose(2, 3, 1, 0)  #? images
    layer, _, leaf = name.rpartition(".")
    if layer in MAPS_OUT:  #? maps_out
        values = values[flat_order(MAPS_OUT[layer])]  #? maps_out
    if layer in MAPS_IN and leaf == "weight":  #? maps_in
        values = values[:, flat_order(MAPS_IN[layer])]  #? maps_in
    return values.T if leaf == "weight" else values


def flat_order(maps):  #? maps
    """The permutation from flattened (C, H, W) to flattened (H, W, C)."""  #? maps
    return np.arange(math.prod(maps)).reshape(maps).transpose(1, 2, 0).ravel()  #? maps
  #? maps
  #? maps
def canonical_shape(name, shape):
    """The shape of a tensor in PyTorch's layout."""
    if len(shape) == 4:  #? images
        return shape[3], shape[2], *shape[:2]  #? images
    return tuple(reversed(shape)) if name.endswith("weight") else tuple(shape)


'''
