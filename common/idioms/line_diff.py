"""Which lines of two texts differ."""

from difflib import SequenceMatcher


def differing_lines(text: str, other: str) -> list[bool]:
    """For every line of the text, whether it is different in the other text.

    Indentation is ignored, and empty lines never differ.
    """
    ours, theirs = ([line.strip() for line in each.splitlines()] for each in (text, other))
    differs = [bool(line) for line in ours]
    for block in SequenceMatcher(None, ours, theirs, autojunk=False).get_matching_blocks():
        for number in range(block.a, block.a + block.size):
            differs[number] = False
    return differs
