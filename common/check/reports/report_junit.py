"""A comparison of ports as JUnit XML: a test case for each phase of each step of each port."""

import re
from datetime import UTC, datetime
from xml.etree import ElementTree

from common.check.outcome import Finding, Outcome, Problem
from common.check.reports.stages import OK, ONCE, ORIGIN, Block, Stages, all_stages

SUITE = "rosetta check"
_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # in XML 1.0


def to_junit(outcome: Outcome) -> bytes:
    """The test suite; what differs is a failure, a port that could not be compared an error."""
    cases = [
        _case(stages, block, port)
        for stages in all_stages(outcome)
        for port in stages.ports
        for block in stages.blocks
        if any(port in stage.cells for stage in block.stages)
    ]
    cases += [_error(problem) for problem in outcome.problems]
    root = ElementTree.Element("testsuites", name=SUITE)
    suite = ElementTree.SubElement(
        root,
        "testsuite",
        name=SUITE,
        tests=str(len(cases)),
        failures=str(sum(case.find("failure") is not None for case in cases)),
        errors=str(len(outcome.problems)),
        skipped="0",
        timestamp=datetime.now(UTC).isoformat(timespec="seconds"),
    )
    suite.extend(cases)
    ElementTree.indent(root)
    content: bytes = ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)
    return content


def _case(stages: Stages, block: Block, port: str) -> ElementTree.Element:
    case = ElementTree.Element(
        "testcase",
        classname=_clean(f"{port}.{stages.dtype}"),
        name=f"step {block.step}, {block.phase}" if block.step else block.phase,
    )
    ours = [stage.cells[port] for stage in block.stages if port in stage.cells]
    states = [stages.state(comparison) for comparison in ours]
    differ = [c for c, state in zip(ours, states, strict=True) if state != OK]
    lines = "\n".join(f"{c.key.name}: {c.size}" for c in differ)
    if ORIGIN in states:
        found = [f for f in map(stages.finding, ours) if f is not None]
        _add(case, "failure", found[0].sentence, _details(found, lines))
    elif differ and ONCE in states:
        output = ElementTree.SubElement(case, "system-out")
        output.text = _clean(f"accepted, or within the bound with another seed:\n{lines}")
    elif differ:
        number = f"{len(differ)} of {len(ours)} arrays differ"
        _add(case, "failure", f"{number}, which may follow from an earlier failure", lines)
    return case


def _details(found: list[Finding], lines: str) -> str:
    parts = [part for f in found for part in (f.sentence, f.more, f.remedy) if part]
    return "\n".join([*parts, "", lines])


def _error(problem: Problem) -> ElementTree.Element:
    name = "input" if problem.usage else "process"
    case = ElementTree.Element("testcase", classname=_clean(problem.port), name=name)
    _add(case, "error", problem.message, problem.message)
    return case


def _add(case: ElementTree.Element, tag: str, message: str, text: str) -> None:
    element = ElementTree.SubElement(case, tag, message=_clean(message))
    element.text = _clean(text)


def _clean(text: str) -> str:
    """Text without characters that no XML file may hold."""
    return _FORBIDDEN.sub("�", text)
