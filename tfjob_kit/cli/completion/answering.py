"""The hidden verb: what a shell asks, and the answer in the form that its script reads.

The first line says which files the shell adds itself (`files`, `dirs`, or `words` for none), and behind a tab
what stands before their names in the word. Then one proposal a line, for zsh and fish with its description
behind a tab.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path

from tfjob_kit.cli import completion
from tfjob_kit.cli.completion.proposal import Answer, Proposal
from tfjob_kit.cli.completion.proposing import propose
from tfjob_kit.cli.completion.shell_line import Line, read_line

__all__ = ["answer"]


def answer(arguments: Sequence[str]) -> int:
    """Answers `bash LINE WORD`, `zsh WORD...` or `fish WORD...`; whatever fails proposes nothing.

    Args:
        arguments: LINE: the line up to the cursor; WORD of bash: what it takes for the word there. The words
            of zsh and fish come without the program's name; the last is the one at the cursor.

    Returns:
        The exit code, 0.
    """
    try:
        text = _answer(arguments)
    except Exception:
        if os.environ.get(completion.DEBUG_ENV):
            raise
        return 0
    # Written as bytes: names of files and jobs are what they are, whatever the locale says.
    sys.stdout.flush()
    sys.stdout.buffer.write(text.encode("utf-8", "surrogateescape"))
    sys.stdout.flush()
    return 0


def _answer(arguments: Sequence[str]) -> str:
    shell, *rest = arguments
    if shell == "bash":
        line = read_line(rest[0])
        found = _propose(line.words[1:] or ("",))
        return "\n".join([_head(found), *_for_bash(found, line, replaced=rest[1])]) + "\n"
    found = _propose(rest or [""])
    return "\n".join([_head(found), *map(_with_about, found.proposals)]) + "\n"


def _propose(words: Sequence[str]) -> Answer:
    return propose(words, environ=os.environ, cwd=Path.cwd())


def _head(found: Answer) -> str:
    return f"{found.files or 'words'}\t{found.prefix}"


def _for_bash(found: Answer, line: Line, *, replaced: str) -> list[str]:
    proposals = found.proposals
    if line.quote and len(proposals) == 1 and proposals[0].is_open:
        # bash closes the quote behind a single word; with the next step's words it cannot.
        proposals = _propose([*line.words[1:-1], proposals[0].word]).proposals or proposals
    return [line.insertion(each.word, replaced=replaced, is_open=each.is_open) for each in proposals]


def _with_about(proposal: Proposal) -> str:
    about = " ".join(proposal.about.split()).removesuffix(".")
    return f"{proposal.word}\t{about}" if about else proposal.word
