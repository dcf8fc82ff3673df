"""Compile Jittor's kernels in less than half of the time, with the same results.

Most of the second that g++ needs for a kernel goes into parsing the same headers, so they are
precompiled once. Jittor also passes every kernel through a Python script that changes only some
of them; the others now go directly to the compiler. This module does not import Jittor: its
settings are arguments, and the new settings are returned.
"""

import os
import subprocess
import sys
from hashlib import sha256
from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp

# The first lines of every kernel, and every header that any kernel includes.
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
# Called instead of Python: `SCRIPT --cc_path=COMPILER KERNEL OPTION ...`, or another script.
COMPILER = """\
#!/bin/sh
case "$1" in
*/asm_tuner.py) grep -q '@begin' "$3" || {{ cc="${{2#--cc_path=}}"; shift 2; exec "$cc" "$@"; }} ;;
esac
exec "{python}" "$@"
"""
# Jittor's script compiles with -g, and cannot use a header compiled without it.
VARIANTS = {"plain": (), "with_symbols": ("-g",)}
LINKING = ("-l", "-L", "-Wl,", "-shared")


def quick_kernels(
    cache: Path, *, compiler: str, kind: str, flags: str, version: str
) -> tuple[str, str] | None:
    """The flags to add for Jittor's compiler, and the program to call instead of Python.

    The files are made at the first call, and again for another compiler, other flags or another
    version of Jittor. None if that is not possible: kernels then compile as usual.

    Args:
        cache: Jittor's folder of compiled kernels.
        compiler: the path of its compiler.
        kind: the kind of compiler, as in "g++".
        flags: the compiler's flags.
        version: Jittor's version.
    """
    # Jittor does not quote these paths.
    if kind != "g++" or not sys.platform.startswith("linux") or " " in f"{cache}{sys.executable}":
        return None
    options = [part.replace('"', "") for part in flags.split() if not part.startswith(LINKING)]
    place = cache / "kernels" / _name(compiler, options, version)
    if not place.exists() and not _make(place, compiler, options):
        return None
    return f' -include "{place / "kernel.h"}" ', str(place / "compile")


def _name(compiler: str, options: list[str], version: str) -> str:
    """A hash that changes whenever the precompiled header may no longer be valid."""
    output = subprocess.run([compiler, "--version"], capture_output=True, text=True, check=False)
    parts = (output.stdout, *options, version, HEADER, COMPILER, sys.executable)
    return sha256("\n".join(parts).encode()).hexdigest()[:12]


def _make(place: Path, compiler: str, options: list[str]) -> bool:
    """Whether the header could be compiled; the folder is moved into place atomically."""
    place.parent.mkdir(parents=True, exist_ok=True)
    made = Path(mkdtemp(dir=place.parent))
    try:
        header, script = made / "kernel.h", made / "compile"
        header.write_text(HEADER)
        script.write_text(COMPILER.format(python=sys.executable))
        script.chmod(0o755)
        # From several variants in a folder of this name, g++ picks the one that fits its options.
        folder = made / "kernel.h.gch"
        folder.mkdir()
        for name, more in VARIANTS.items():
            command = [compiler, *options, *more, "-x", "c++-header", str(header)]
            subprocess.run(
                [*command, "-o", str(folder / name)], check=True, capture_output=True, cwd=made
            )
        os.replace(made, place)
    except (OSError, subprocess.CalledProcessError):
        return place.exists()  # another process may have been faster
    finally:
        rmtree(made, ignore_errors=True)
    return True
