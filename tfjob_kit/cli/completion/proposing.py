"""From the words of a line to what is proposed for the last of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from tfjob_kit.cli.completion import table
from tfjob_kit.cli.completion.position import Position, find_position
from tfjob_kit.cli.completion.proposal import Answer, Proposal, words
from tfjob_kit.cli.completion.table import Flag

__all__ = ["propose"]


def propose(line: Sequence[str], *, environ: Mapping[str, str], cwd: Path) -> Answer:
    """What could stand in place of the last word.

    Args:
        line: Words without quotes and without the program's name; the last is the one at the cursor.
        environ: The process's environment.
        cwd: The working directory.

    Raises:
        TfjobKitError: Flags of the line contradict each other, or a kubeconfig cannot be used.
    """
    position = find_position(line)
    if position is None:
        return Answer()
    if position.flag is not None:
        found = _of_flag(position.flag, position, environ)
    elif position.typed.startswith("-") and not position.flags_end:
        found = Answer(proposals=tuple(_flags(position)))
    elif position.verb.is_group:
        below = table.verbs_below(position.verb.path)
        found = Answer(proposals=tuple(Proposal(word=verb.name, about=verb.about) for verb in below))
    else:
        found = _of_argument(position, environ, cwd)
    return found.starting_with(line[-1])


def _flags(position: Position) -> list[Proposal]:
    """Flags that are still to be given; short ones while no long one is begun."""
    free = [f for f in position.verb.flags if f.repeats or f.name not in position.values]
    return [
        Proposal(word=name, about=flag.about)
        for flag in free
        for name in flag.names
        if name.startswith("--") or not position.typed.startswith("--")
    ]


def _of_flag(flag: Flag, position: Position, environ: Mapping[str, str]) -> Answer:
    prefix = position.prefix
    match flag.kind:
        case "file" | "dir":
            return Answer(files="files" if flag.kind == "file" else "dirs", prefix=prefix)
        case "choice":
            begun = position.typed.rpartition(",")[0] if flag.repeats else ""
            return Answer(proposals=words(flag.choices, prefix=prefix + (f"{begun}," if begun else "")))
        case "context":
            from tfjob_kit.cli.completion import contexts

            found = contexts.propose_contexts(position.value("--kubeconfig"), environ=environ)
        case "namespace":
            from tfjob_kit.cli.completion import jobs

            found = jobs.propose_namespaces(position, environ=environ)
        case "job":
            from tfjob_kit.cli.completion import jobs

            found = jobs.propose_jobs(position, environ=environ)
        case _:
            return Answer()
    return Answer(proposals=tuple(Proposal(word=prefix + each.word, about=each.about) for each in found))


def _of_argument(position: Position, environ: Mapping[str, str], cwd: Path) -> Answer:
    found = Answer()
    for kind in position.verb.argument(len(position.arguments)):
        one = _of_kind(kind, position, environ, cwd)
        found = Answer(proposals=(*found.proposals, *one.proposals), files=found.files or one.files)
    return found


def _of_kind(kind: str, position: Position, environ: Mapping[str, str], cwd: Path) -> Answer:
    conf_dir = position.value("--conf-dir")
    match kind:
        case "file" | "dir":
            return Answer(files="files" if kind == "file" else "dirs")
        case "choice":
            return Answer(proposals=words(position.verb.choices))
        case "job":
            from tfjob_kit.cli.completion import jobs

            found = jobs.propose_jobs(position, environ=environ)
            return Answer(proposals=tuple(each for each in found if each.word not in position.arguments))
        case "override":
            from tfjob_kit.cli.completion import overrides

            return overrides.propose_overrides(
                position.typed, others=position.arguments, conf_dir=conf_dir, cwd=cwd
            )
        case "key":
            from tfjob_kit.cli.completion import overrides

            return overrides.propose_keys(position.typed)
        case "group":
            from tfjob_kit.cli.completion import overrides

            return overrides.propose_groups(conf_dir=conf_dir, cwd=cwd)
        case _:
            return Answer()
