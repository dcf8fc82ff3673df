"""The pytest plugin of `rosetta check`: the fixture `rosetta_check`.

It lies outside `common` and imports nothing at start-up, since pytest loads it in every project of
the environment, and one of them may have a package `common` of its own.
"""

from collections.abc import Callable
from typing import Any

import pytest


@pytest.fixture
def rosetta_check(request: pytest.FixtureRequest) -> Callable[..., Any]:
    """Compare ports of one model, and fail with where one first goes wrong.

    Call it with the ports, their files relative to the test's own, and the options of
    `rosetta check`; it returns the outcome if they agree:

    def test_ports(rosetta_check):
        rosetta_check("torch:my_torch.py", "jax:my_jax.py", steps=3)
    """

    def check(*ports: str, **options: Any) -> Any:
        __tracebackhide__ = True
        try:
            from common.check.pytest_plugin import Check
        except ImportError as error:
            hidden = (
                f"rosetta_check: {error}; a package `common` of this project hides gan-rosetta's"
            )
        else:
            columns = request.config.get_terminal_writer().fullwidth
            return Check(request.path.parent, columns)(*ports, **options)
        pytest.fail(f"{hidden}: run the command `rosetta check` instead", pytrace=False)

    return check
