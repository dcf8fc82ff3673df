"""The key of one recorded tensor."""

from typing import NamedTuple


class Key(NamedTuple):
    """Which tensor of a case: what it is, after which step it was read, and its name.

    Step 0 is before any update. As text, "gradient|0|generator.linear1.weight", it names a tensor
    of a recording file.
    """

    quantity: str
    step: int
    tensor: str

    def __str__(self) -> str:
        return f"{self.quantity}|{self.step}|{self.tensor}"

    @classmethod
    def parse(cls, text: str) -> "Key":
        """The key that a text stands for.

        Raises:
            ValueError: it stands for none.
        """
        quantity, step, tensor = text.split("|")
        return cls(quantity, int(step), tensor)

    @property
    def network(self) -> str:
        """The network that the tensor belongs to."""
        return "generator" if "generator" in self.tensor else "discriminator"
