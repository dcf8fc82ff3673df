"""What stands behind the first colon of a data set's name."""

import os
from itertools import accumulate


def divided(where: str) -> tuple[str, str | None]:
    """A path or name, and what follows the colon behind it, if anything does.

    Paths may hold colons: the longest beginning that exists is the path. Where none does, the
    name ends at the first colon.
    """
    heads = list(accumulate(where.split(":"), "{}:{}".format))
    existing = [head for head in heads if os.path.exists(os.path.expanduser(head))]
    head = existing[-1] if existing else heads[0]
    return os.path.expanduser(head), where[len(head) + 1 :] or None
