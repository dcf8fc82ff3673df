"""One tensor of a network, and a builder that lists the tensors of each kind of layer."""

from dataclasses import dataclass
from math import prod

Maps = tuple[int, int, int]  # channels, height, width

WEIGHTS = ("linear", "conv", "conv_transpose")
RUNNING = ("running_mean", "running_variance")
BUFFERS = (*RUNNING, "spectral_u", "spectral_v")


@dataclass(frozen=True, kw_only=True)
class Parameter:
    """One tensor of a network: trainable, or a buffer such as a running mean.

    Shapes are canonical: (out, in) for linear, OIHW for convolution, IOHW for transposed
    convolution. `maps_in` and `maps_out` say that the flat axis of a linear layer, and of the
    norm after it, comes from flattening (C, H, W) maps: a channels-last port must reorder it.
    """

    name: str  # dotted, without the network: "block1.conv.weight"
    network: str  # "generator" or "discriminator"
    kind: str
    shape: tuple[int, ...]
    fan_in: int = 0  # inputs of one output unit, as PyTorch counts them
    fan_out: int = 0
    maps_in: Maps | None = None
    maps_out: Maps | None = None

    @property
    def full_name(self) -> str:
        """The name with its network: "generator.block1.conv.weight"."""
        return f"{self.network}.{self.name}"

    @property
    def trainable(self) -> bool:
        """Whether an optimiser updates it."""
        return self.kind not in BUFFERS

    @property
    def module(self) -> str:
        """The dotted path of the layer that owns it."""
        return self.name.rpartition(".")[0]

    @property
    def full_layer(self) -> str:
        """The layer that owns it, with its network: "generator.block1.conv"."""
        return f"{self.network}.{self.module}"


@dataclass(frozen=True)
class NetworkBuilder:
    """Lists the layers of one network in forward order."""

    network: str

    def linear(
        self,
        name: str,
        inputs: int,
        outputs: int,
        *,
        maps_in: Maps | None = None,
        maps_out: Maps | None = None,
        spectral: str | None = None,
    ) -> list[Parameter]:
        """A linear layer: weight (out, in) and bias."""
        weighted = self._weighted(
            name, "linear", (outputs, inputs), outputs, inputs, outputs, maps_in, maps_out
        )
        return weighted + self._spectral(name, spectral, outputs, (inputs, 1, 1))

    def conv(
        self,
        name: str,
        inputs: int,
        outputs: int,
        kernel: int,
        *,
        bias: bool = True,
        spectral: str | None = None,
    ) -> list[Parameter]:
        """A square convolution: weight OIHW and, unless disabled, a bias."""
        shape, area = (outputs, inputs, kernel, kernel), kernel * kernel
        weighted = self._weighted(name, "conv", shape, outputs, inputs * area, outputs * area)
        return weighted[: 1 + bias] + self._spectral(
            name, spectral, outputs, (inputs, kernel, kernel)
        )

    def conv_transpose(
        self,
        name: str,
        inputs: int,
        outputs: int,
        kernel: int,
        *,
        bias: bool = True,
        spectral: str | None = None,
    ) -> list[Parameter]:
        """A square transposed convolution: weight IOHW and, unless disabled, a bias.

        PyTorch and Jittor compute fan_in from the second axis, which here is that of the outputs.
        """
        shape, area = (inputs, outputs, kernel, kernel), kernel * kernel
        weighted = self._weighted(
            name, "conv_transpose", shape, outputs, outputs * area, inputs * area
        )
        columns = (inputs, kernel, kernel)
        return weighted[: 1 + bias] + self._spectral(name, spectral, outputs, columns)

    def norm(self, name: str, channels: int, *, maps_out: Maps | None = None) -> list[Parameter]:
        """A batch norm: scale, shift and the two running statistics."""
        kinds = ("norm_scale", "norm_shift", *RUNNING)
        leaves = ("weight", "bias", "running_mean", "running_var")
        return [
            Parameter(
                name=f"{name}.{leaf}",
                network=self.network,
                kind=kind,
                shape=(channels,),
                maps_out=maps_out,
            )
            for kind, leaf in zip(kinds, leaves, strict=True)
        ]

    def _spectral(
        self, name: str, sigma: str | None, outputs: int, columns: Maps
    ) -> list[Parameter]:
        """The power-iteration vectors, for the weight seen as a matrix (out, the rest)."""
        left = Parameter(
            name=f"{name}.u", network=self.network, kind="spectral_u", shape=(1, outputs)
        )
        right = Parameter(
            name=f"{name}.v",
            network=self.network,
            kind="spectral_v",
            shape=(1, prod(columns)),
            maps_in=columns,
        )
        return {None: [], "detached": [left], "differentiable": [left, right]}[sigma]

    def _weighted(
        self,
        name: str,
        kind: str,
        shape: tuple[int, ...],
        outputs: int,
        fan_in: int,
        fan_out: int,
        maps_in: Maps | None = None,
        maps_out: Maps | None = None,
    ) -> list[Parameter]:
        return [
            Parameter(
                name=f"{name}.weight",
                network=self.network,
                kind=kind,
                shape=shape,
                fan_in=fan_in,
                fan_out=fan_out,
                maps_in=maps_in,
                maps_out=maps_out,
            ),
            Parameter(
                name=f"{name}.bias",
                network=self.network,
                kind="bias",
                shape=(outputs,),
                fan_in=fan_in,
                fan_out=fan_out,
                maps_out=maps_out,
            ),
        ]
