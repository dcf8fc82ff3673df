"""The location part of a data set's name, after its first colon."""

import os
from itertools import accumulate


def split_location(where: str) -> tuple[str, str | None]:
    """Split "PATH:KEY" into the path (or name) and the key; the key is None if there is none.

    A path may contain colons: the longest prefix that exists is the path. If none exists, the
    name ends at the first colon.
    """
    heads = list(accumulate(where.split(":"), "{}:{}".format))
    existing = [head for head in heads if os.path.exists(os.path.expanduser(head))]
    head = existing[-1] if existing else heads[0]
    return os.path.expanduser(head), where[len(head) + 1 :] or None
