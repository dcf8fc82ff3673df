"""Look inside a network while it trains: what each layer, gradient and update comes to."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from functools import partial, wraps
from typing import Any
from unittest.mock import patch

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx
from jax.tree_util import keystr, tree_flatten_with_path, tree_map_with_path

# Given a phase, a name and values; what it returns, unless None, takes their place.
Tell = Callable[[str, str, np.ndarray], np.ndarray | None]
Networks = Mapping[str, nnx.Module]
Optimisers = Mapping[str, nnx.Optimizer]
SLOTS = {"mu": "first_moment", "nu": "second_moment", "trace": "momentum"}
# NNX hands this table on to the copies that transformations work on: it tells whose they are.
_TABLE = "_pytree__nodes"
_dotted = partial(keystr, simple=True, separator=".")


def use_dtype(dtype: str) -> None:
    """Compute in "float32" or "float64" wherever no type is named."""
    jax.config.update("jax_enable_x64", dtype == "float64")


def is_network(value: Any) -> bool:
    """Whether it is a network of this framework."""
    return isinstance(value, nnx.Module) and not isinstance(value, nnx.Optimizer)


def is_optimiser(value: Any) -> bool:
    """Whether it is an optimiser of this framework."""
    return isinstance(value, nnx.Optimizer)


def is_array(value: Any) -> bool:
    """Whether it is an array of this framework."""
    return isinstance(value, jax.Array)


def to_numpy(tensor: jax.Array) -> np.ndarray:
    """A copy of the values, in their own type."""
    # NumPy has no bfloat16.
    return np.array(tensor, np.float32 if tensor.dtype == jnp.bfloat16 else None)


def replaced(tensor: jax.Array, values: np.ndarray) -> jax.Array:
    """The values in the tensor's place: gradients go on to what computed the tensor."""
    return _passing(lambda tensor: jnp.array(values, tensor.dtype))(tensor)


@contextmanager
def watched(networks: Networks, optimisers: Optimisers, tell: Tell) -> Iterator[None]:
    """Tell each layer's output, the gradient there, and the gradients that optimisers take.

    Layers come in forward order under their names in the network, after its own if there are
    several: "conv1", "generator.conv1"; "conv1#2" for a second call. A layer with parameters first
    tells its input, "conv1/input". Phases are "forward" and "backward". Nothing that is computed
    changes, unless `tell` returns values; but nothing is compiled, and what XLA fuses rounds
    otherwise. Layers allow no forward-mode derivative (jax.jvp).
    """
    watch, modules = _Watch(networks, tell), list(_nodes(networks, nnx.Module))
    with ExitStack() as undo:
        undo.enter_context(jax.disable_jit())
        for name, module in modules:
            if _TABLE not in vars(module):
                undo.callback(vars(module).pop, _TABLE)
            watch.add(module, name)
        classes = {c for _, x in modules for c in type(x).__mro__ if "__call__" in vars(c)}
        for c in classes:
            undo.enter_context(_redirected(c, "__call__", watch.layer))
        undo.enter_context(_redirected(nnx.Optimizer, "update", watch.optimiser))
        yield


def read_state(networks: Networks, optimisers: Optimisers) -> Iterator[tuple[str, str, np.ndarray]]:
    """Phase, name and values of parameters and slots ("update") and buffers ("statistics").

    A slot is named after its parameter: "conv1.kernel/first_moment".
    """
    return ((phase, name, to_numpy(x[...])) for phase, name, x in _state(networks, optimisers))


def write_state(networks: Networks, optimisers: Optimisers, values: Mapping[str, Any]) -> None:
    """Overwrite the parameters, slots and buffers that are named."""
    for _, name, variable in _state(networks, optimisers):
        if name in values:  # and may be float64 where NNX made float32
            half = variable[...].dtype if variable[...].dtype.itemsize < 4 else None
            variable.copy_from(variable.replace(jnp.array(values[name], half)))


class _Watch:
    def __init__(self, networks: Networks, tell: Tell) -> None:
        self.tell, self.calls, self.roots = tell, Counter[str](), {"output", *networks}
        self.names, self.last = dict[int, tuple[Any, Any]](), None

    def add(self, module: nnx.Module, name: str) -> None:
        table = getattr(module, _TABLE)
        # A clone has the table of its original, a module without attributes that of its class.
        if table is getattr(type(module), _TABLE) or id(table) in self.names:
            table = vars(module)[_TABLE] = table.update({})
        self.names[id(table)] = name, table  # which, while it is here, keeps its id

    def layer(self, module: nnx.Module, call: Callable, /, *inputs: Any, **options: Any) -> Any:
        name, _ = self.names.pop(id(getattr(module, _TABLE)), (None, None))
        if name is None:  # as in super().__call__, which is a part of the call
            return call(*inputs, **options)
        shown = name or "output"
        if inputs and nnx.Param in map(type, vars(module).values()):
            given = partial(self._told, "forward", self._numbered(f"{shown}/input"))
            inputs = _passing(given)(inputs[0]), *inputs[1:]
        output = call(*inputs, **options)
        self.add(module, name)  # once more: an attribute that the call has set makes a new table
        if shown in self.roots or output is not self.last:  # as a container's last layer's is
            name = self._numbered(shown)
            self.last = tree_map_with_path(partial(self._output, name), output)
        return self.last

    def optimiser(self, _: Any, call: Callable, model: Any, grads: Any, /, **options: Any) -> Any:
        names = {}
        for path, module in _nodes({"": model}, nnx.Module):
            name, _ = self.names.get(id(getattr(module, _TABLE)), (None, None))
            for part, _ in _nodes({"": module}, nnx.Variable) if name is not None else ():
                names[f"{path}.{part}".lstrip(".")] = f"{name}.{part}".lstrip(".")

        def told(path: Any, gradient: Any) -> Any:
            name = names.get(_dotted(path))
            tell = partial(self._told, "backward", self._numbered(name)) if name else lambda x: x
            return jax.tree.map(tell, gradient)

        grads = tree_map_with_path(told, grads, is_leaf=lambda x: isinstance(x, nnx.Variable))
        return call(model, grads, **options)

    def _output(self, name: str, path: Any, output: Any) -> Any:
        if not jnp.issubdtype(getattr(output, "dtype", bool), jnp.floating):
            return output
        name = f"{name}.{_dotted(path)}".rstrip(".")
        forward, backward = (partial(self._told, phase, name) for phase in ("forward", "backward"))
        probe = jax.custom_vjp(forward)
        # Within a further derivative the rules meet its tracers: the probe is called once more.
        probe.defvjp(lambda x: (probe(x), None), lambda _, slope: (_passing(backward)(slope),))
        return probe(output)

    def _told(self, phase: str, name: str, array: jax.Array) -> jax.Array:
        if isinstance(array, jax.core.Tracer):  # vmap and remat trace even what is not compiled
            told = partial(self._told, phase, name)
            return jax.pure_callback(told, jax.typeof(array), array, vmap_method="expand_dims")
        instead = self.tell(phase, name, to_numpy(array))
        return array if instead is None else jnp.array(instead, array.dtype)

    def _numbered(self, name: str) -> str:
        self.calls[name] += 1
        return name if self.calls[name] == 1 else f"{name}#{self.calls[name]}"


def _redirected(owner: type, name: str, function: Callable) -> Any:
    own = vars(owner)[name]
    method = wraps(own)(lambda self, *a, **k: function(self, own.__get__(self), *a, **k))
    return patch.object(owner, name, method)


def _passing(function: Callable[[jax.Array], jax.Array]) -> Callable[[jax.Array], jax.Array]:
    passing = jax.custom_jvp(function)
    passing.defjvp(lambda inputs, tangents: (passing(*inputs), *tangents))
    return passing


def _state(networks: Networks, optimisers: Optimisers) -> Iterator[tuple[str, str, nnx.Variable]]:
    yield from (("update", *pair) for pair in _nodes(networks, nnx.Param))
    # NNX's optimisers do not know their network: each goes to the first with such parameters.
    owners, seen = defaultdict[Any, list[str]](list), Counter[Any]()
    for owner, module in sorted(_nodes(networks, nnx.Module), key=lambda pair: pair[0].count(".")):
        owners[_form(nnx.state(module, nnx.Param))].append(owner)
    states = [optimiser.opt_state for optimiser in optimisers.values()]
    for path, branch in tree_flatten_with_path(states, lambda node: _form(node) in owners)[0]:
        if form := _form(branch):
            slot = ["slot", *(key.name for key in path if hasattr(key, "name"))][-1]
            owner = owners[form][seen[form, slot] % len(owners[form])]
            seen[form, slot] += 1
            for name, variable in _nodes({"": branch}, nnx.Variable):
                yield "update", f"{owner}.{name}/{SLOTS.get(slot, slot)}".lstrip("."), variable
    for name, x in _nodes(networks, nnx.Variable):
        if jnp.issubdtype(getattr(x, "dtype", bool), jnp.floating) and not isinstance(x, nnx.Param):
            yield "statistics", name, x


def _form(tree: Any) -> frozenset[tuple[str, tuple[int, ...]]]:
    return frozenset((name, variable.shape) for name, variable in _nodes({"": tree}, nnx.Variable))


def _nodes(networks: Mapping[str, Any], kind: type) -> Iterator[tuple[str, Any]]:
    for prefix, network in networks.items():
        for path, node in nnx.iter_graph(network):
            if isinstance(node, kind):
                yield ".".join(map(str, (prefix, *path)[len(networks) < 2 :])), node
