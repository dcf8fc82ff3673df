"""`python -m common.bench REQUEST`: one row in one port, in a process of its own; prints JSON."""

import json
import sys
from dataclasses import asdict, replace

from common.backends import load
from common.bench.measuring import measure
from common.catalogue import find_system
from common.errors import UsageError
from common.settings import validate


def main(request: str) -> int:
    """Measure what the request asks for."""
    asked = json.loads(request)
    row = find_system(asked["system"])
    try:
        if asked["batch_size"]:
            row = validate(replace(row, batch_size=asked["batch_size"]))
        backend = load(asked["backend"], device=asked["device"], dtype="float32", exact=False)
        found = measure(
            backend, row, device=asked["device"], pairs=asked["pairs"], seconds=asked["seconds"]
        )
    except UsageError as error:
        print(error, file=sys.stderr)
        return 2
    print("\n" + json.dumps(asdict(found)))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
