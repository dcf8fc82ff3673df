"""Jittor's kernels compiled in less than half of the time, to the same numbers.

Of the second that g++ takes for a kernel, most goes into reading the same headers again, so they
are compiled once; and Jittor has each kernel pass through a Python script that changes something
in some of them, so the others go straight to the compiler. Plain Python: Jittor's own settings
come in as arguments, and what to set comes out.
"""

import os
import subprocess
import sys
from hashlib import sha256
from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp

# What the kernels begin with, and every header that any of them includes.
HEADER = """\
#define JIT 1
#define JIT_cpu 1
#include <assert.h>
#include <algorithm>
#include <cmath>
#include <limits>
#include "var.h"
#include "executor.h"
#include "fused_op.h"
#include "misc/cpu_math.h"
#include "ops/array_op.h"
#include "ops/binary_op.h"
#include "ops/broadcast_to_op.h"
#include "ops/op_register.h"
#include "ops/reduce_op.h"
#include "ops/ternary_op.h"
#include "ops/unary_op.h"
"""
# Called in the place of Python: `SCRIPT --cc_path=COMPILER KERNEL OPTION ...`, or another script.
COMPILER = """\
#!/bin/sh
case "$1" in
*/asm_tuner.py) grep -q '@begin' "$3" || {{ cc="${{2#--cc_path=}}"; shift 2; exec "$cc" "$@"; }} ;;
esac
exec "{python}" "$@"
"""
# Jittor's script compiles with -g, and a header compiled without it does not serve it.
VARIANTS = {"plain": (), "with_symbols": ("-g",)}
LINKING = ("-l", "-L", "-Wl,", "-shared")


def quick_kernels(
    cache: Path, *, compiler: str, kind: str, flags: str, version: str
) -> tuple[str, str] | None:
    """What to add to the flags of Jittor's compiler, and what to call in the place of Python.

    What they name is made at the first call, and again for another compiler, other flags or
    another version of Jittor. None where it cannot be: kernels then compile as they always did.

    Args:
        cache: Jittor's folder of compiled kernels.
        compiler: the path of its compiler.
        kind: of which make that is, as in "g++".
        flags: what it is called with.
        version: Jittor's.
    """
    # Jittor puts neither path into quotation marks.
    if kind != "g++" or not sys.platform.startswith("linux") or " " in f"{cache}{sys.executable}":
        return None
    options = [part.replace('"', "") for part in flags.split() if not part.startswith(LINKING)]
    place = cache / "kernels" / _name(compiler, options, version)
    if not place.exists() and not _make(place, compiler, options):
        return None
    return f' -include "{place / "kernel.h"}" ', str(place / "compile")


def _name(compiler: str, options: list[str], version: str) -> str:
    """Another one wherever a header that was compiled may not serve any more."""
    found = subprocess.run([compiler, "--version"], capture_output=True, text=True, check=False)
    parts = (found.stdout, *options, version, HEADER, COMPILER, sys.executable)
    return sha256("\n".join(parts).encode()).hexdigest()[:12]


def _make(place: Path, compiler: str, options: list[str]) -> bool:
    """Whether the header could be compiled; in one move, since other processes may want it too."""
    place.parent.mkdir(parents=True, exist_ok=True)
    made = Path(mkdtemp(dir=place.parent))
    try:
        header, script = made / "kernel.h", made / "compile"
        header.write_text(HEADER)
        script.write_text(COMPILER.format(python=sys.executable))
        script.chmod(0o755)
        # Of several variants in a folder of this name, g++ takes the one that fits its options.
        folder = made / "kernel.h.gch"
        folder.mkdir()
        for name, more in VARIANTS.items():
            command = [compiler, *options, *more, "-x", "c++-header", str(header)]
            subprocess.run(
                [*command, "-o", str(folder / name)], check=True, capture_output=True, cwd=made
            )
        os.replace(made, place)
    except (OSError, subprocess.CalledProcessError):
        return place.exists()  # another process may have been the first
    finally:
        rmtree(made, ignore_errors=True)
    return True
