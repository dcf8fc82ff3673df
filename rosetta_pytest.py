"""The pytest plugin of `rosetta check`: the fixture `rosetta_check`.

It lies outside `common` and imports nothing at start-up, since pytest loads it in every project of
the environment, and one of them may have a package `common` of its own.
"""

from typing import Any

import pytest


@pytest.fixture
def rosetta_check(request: pytest.FixtureRequest) -> Any:
    """Compare ports of one model, and fail with where one first goes wrong.

    Call it with the ports, their files relative to the test's own, and the options of
    `rosetta check`; it returns the outcome if they agree:

    def test_ports(rosetta_check):
        rosetta_check("torch:my_torch.py", "jax:my_jax.py", steps=3)
    """
    try:
        from common.check.pytest_plugin import Check
    except ImportError as error:
        pytest.fail(
            f"rosetta_check: {error}; if this project has its own package `common`, it hides "
            "gan-rosetta's: run the command `rosetta check` instead",
            pytrace=False,
        )
    terminal = request.config.get_terminal_writer()
    return Check(request.path.parent, terminal.fullwidth)
