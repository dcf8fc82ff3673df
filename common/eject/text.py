"""Edits of source text that keep it as `ruff format` writes it."""

import ast
import re
from collections.abc import Iterable, Mapping

WIDTH = 100
_CONDITION = re.compile(r"  #\? (.+)$")


def chosen_lines(text: str, features: Iterable[str]) -> str:
    """The lines without a mark, and those marked `#? a !b` whose features are those given."""
    known = set(features)
    kept = []
    for line in text.splitlines():
        found = _CONDITION.search(line)
        if found is None or all(
            (mark.removeprefix("!") in known and not mark.startswith("!"))
            or (mark.startswith("!") and mark[1:] not in known)
            for mark in found[1].split()
        ):
            kept.append(_CONDITION.sub("", line))
    return "\n".join(kept) + "\n"


def call(before: str, arguments: Iterable[str], after: str = ")") -> str:
    """A call that begins with `before`, wrapped as ruff wraps it."""
    indent = re.match(r" *", before)[0]  # type: ignore[index]
    each = list(arguments)
    line = f"{before}{', '.join(each)}{after}"
    if len(line) <= WIDTH:
        return line
    inner = f"{indent}    {', '.join(each)}"
    if len(inner) <= WIDTH:
        return f"{before}\n{inner}\n{indent}{after}"
    rows = "".join(f"\n{indent}    {argument}," for argument in each)
    return f"{before}{rows}\n{indent}{after}"


def without_options(text: str, names: Iterable[str]) -> str:
    """A function of `steps` without these optional arguments, which stay at their defaults."""
    options = "|".join(names)
    if not options:
        return text
    kept: list[str] = []
    skipping = ""
    for line in text.splitlines():
        indent = line[: len(line) - len(line.lstrip())]
        if skipping and (not line.strip() or len(indent) > len(skipping)):
            continue
        skipping = ""
        if re.fullmatch(rf" +if ({options}) is not None:", line):
            skipping = indent
            continue
        if not re.fullmatch(rf" +({options})(: .+ = .+|=\w+),", line):
            kept.append(line)
    text = "\n".join(kept)
    text = re.sub(rf", \*({options})\b", "", text)
    text = re.sub(rf", ({options})=\w+\b", "", text)
    return re.sub(rf'\("(\w+)", "({options})"\)', r'"\1"', text)


def compact(text: str) -> str:
    """Signatures, calls and lists on as few lines as ruff allows without trailing commas."""
    lines = text.splitlines()
    at = len(lines) - 1
    while at >= 0:
        end = _wrapped_until(lines, at)
        if end is not None:
            inner = [line.strip().removesuffix(",") for line in lines[at + 1 : end]]
            closing = lines[end].strip()
            lines[at : end + 1] = call(lines[at], inner, closing).splitlines()
        at -= 1
    return "\n".join(lines)


def _wrapped_until(lines: list[str], at: int) -> int | None:
    """The line that closes the bracket at this line's end, if each line between is one item."""
    opening = lines[at]
    if not re.search(r"[\w\]]\($", opening) or opening.endswith(" in (") or "#" in opening:
        return None
    indent = len(opening) - len(opening.lstrip())
    end = at + 1
    while end < len(lines) and lines[end][: indent + 5].strip() and lines[end][indent] == " ":
        row = lines[end]
        balanced = all(row.count(a) == row.count(b) for a, b in ("()", "[]", "{}"))
        if row[: indent + 4].strip() or not balanced or "#" in row or '"""' in row:
            return None
        end += 1
    inner = lines[at + 1 : end]
    if not inner or end == len(lines) or lines[end][indent : indent + 1] != ")":
        return None
    if any(not row.endswith(",") for row in inner[:-1]) or " for " in inner[-1]:
        return None
    single = len(inner) == 1 and not inner[0].endswith(",")
    return end if single or inner[-1].endswith(",") else None


def without_annotations(text: str) -> str:
    """The definition without the types of its arguments, results and attributes."""
    rows = [line.encode() for line in text.splitlines()]
    cuts: list[tuple[int, int, int, int]] = []
    dropped: list[int] = []
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef):
            every = node.args
            named = [*every.posonlyargs, *every.args, *every.kwonlyargs]
            packed = [each for each in (every.vararg, every.kwarg) if each is not None]
            for each in (*named, *packed):
                if (kind := each.annotation) is not None:
                    start = each.col_offset + len(each.arg.encode())
                    cuts.append(
                        (each.lineno, start, kind.end_lineno or 0, kind.end_col_offset or 0)
                    )
            if (kind := node.returns) is not None:
                line = kind.lineno
                start = rows[line - 1].rindex(b" -> ", 0, kind.col_offset)
                cuts.append((line, start, *_end(kind)))
        elif isinstance(node, ast.ClassDef) and "NamedTuple" not in map(ast.unparse, node.bases):
            dropped += [
                each.lineno
                for each in node.body
                if isinstance(each, ast.AnnAssign) and each.value is None
            ]
    for line, start, last, end in sorted(cuts, reverse=True):
        if last == line:
            after = rows[line - 1][end:]
            if after.startswith(b" = "):
                after = b"=" + after[3:]
            rows[line - 1] = rows[line - 1][:start] + after
    for line in sorted(dropped, reverse=True):
        del rows[line - 1]
        while line - 1 < len(rows) and not rows[line - 1].strip() and not rows[line - 2].strip():
            del rows[line - 1]
    return "\n".join(row.decode() for row in rows)


def _end(node: ast.expr) -> tuple[int, int]:
    return node.end_lineno or 0, node.end_col_offset or 0


def renamed(text: str, names: Mapping[str, str]) -> str:
    """The text with these names of functions, classes and constants replaced."""
    for old, new in names.items():
        text = re.sub(rf"(?<![\w.\"']){re.escape(old)}\b(?!\s*=[^=])(?=[\s(),.:\[\]])", new, text)
        text = re.sub(rf"^{re.escape(old)}(?= = )", new, text, flags=re.MULTILINE)
    return text


def shorter_docstrings(text: str, *, sources: bool) -> str:
    """The first paragraph of each docstring and, with `sources`, the one that names a source."""
    lines = text.splitlines()
    for node in sorted(_docstrings(text), key=lambda node: -node.lineno):
        rows = [row.strip() for row in lines[node.lineno - 1 : node.end_lineno]]
        rows[0], rows[-1] = rows[0].removeprefix('"""'), rows[-1].removesuffix('"""')
        paragraphs = "\n".join(rows).strip().split("\n\n")
        too_wide = node.col_offset + len(paragraphs[0].split("\n")[-1]) + 6 > WIDTH
        if len(paragraphs) == 1 or too_wide:
            continue
        kept = paragraphs[:1] + [p for p in paragraphs[1:] if sources and p.startswith("Source:")]
        body = "\n\n".join(kept)
        indent = " " * node.col_offset
        ended = f'"""{body}' + (f'\n{indent}"""' if "\n" in body else '"""')
        block = [
            f"{indent}{row}".rstrip() if row.strip() != '"""' else row for row in ended.split("\n")
        ]
        lines[node.lineno - 1 : node.end_lineno] = block
    return "\n".join(lines)


def _docstrings(text: str) -> list[ast.Expr]:
    return [
        node.body[0]
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.FunctionDef | ast.ClassDef)
        and isinstance(node.body[0], ast.Expr)
        and isinstance(node.body[0].value, ast.Constant)
        and isinstance(node.body[0].value.value, str)
    ]
