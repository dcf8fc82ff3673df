"""Where a page comes from."""

import platform
import shlex
import sys
from datetime import UTC, datetime
from html import escape

from common.backends.xla_cache import processor_name


def made() -> str:
    """When, by which command and on which machine the report was made."""
    now = datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")
    command = shlex.join(["rosetta", *sys.argv[1:]])
    return (
        f"<p>{escape(now)}, by <code>{escape(command)}</code>, on {escape(processor_name())}, "
        f"{escape(platform.platform())}.</p>"
    )
