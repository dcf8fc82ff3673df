"""`python -m common.bench REQUEST`: measure one system in one port; prints JSON."""

import json
import sys
from dataclasses import asdict

from common import UsageError
from common.backends import load
from common.bench.measurement import measure
from common.systems import find_system
from common.systems.options import with_options


def main(request: str) -> int:
    """Measure the system and backend that the request names."""
    options = json.loads(request)
    system = find_system(options["system"])
    try:
        if options["batch_size"]:
            system = with_options(system, {"batch_size": options["batch_size"]})
        backend = load(options["backend"], device=options["device"], dtype="float32", exact=False)
        result = measure(
            backend,
            system,
            device=options["device"],
            precision=options["precision"],
            pairs=options["pairs"],
            seconds=options["seconds"],
        )
    except UsageError as error:
        print(error, file=sys.stderr)
        return 2
    print("\n" + json.dumps(asdict(result)))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
