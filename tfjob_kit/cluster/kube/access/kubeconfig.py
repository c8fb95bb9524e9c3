"""Kubeconfig files: which there are, what they hold together, and the context that is meant.

Owns the rules of kubectl: several files of `KUBECONFIG` are one, and the first that says something wins.
Opens no connection and imports no client, since the choice of the engine reads these files before anything
else.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from tfjob_kit import errors

__all__ = ["Context", "Entry", "Kubeconfig", "find_files", "pick_context", "read_files"]


@dataclass(frozen=True, kw_only=True)
class Entry:
    """A cluster, user or context as written; relative paths in it start at the folder of its file."""

    name: str
    body: dict[str, Any]
    path: Path


@dataclass(frozen=True, kw_only=True)
class Kubeconfig:
    """What the files say together.

    Attributes:
        paths: The files that are there, in order of precedence.
        current: The current context; None when no file names one.
        current_path: The file that names it.
    """

    paths: tuple[Path, ...]
    current: str | None
    current_path: Path | None
    contexts: dict[str, Entry]
    clusters: dict[str, Entry]
    users: dict[str, Entry]


@dataclass(frozen=True, kw_only=True)
class Context:
    """One way into one cluster.

    Attributes:
        namespace: Of the context; None when it names none.
        user: None for access without any credentials.
    """

    name: str
    namespace: str | None
    cluster: Entry
    user: Entry | None


def find_files(kubeconfig: Path | None, environ: Mapping[str, str]) -> tuple[Path, ...]:
    """The files to read: the one given, else those of KUBECONFIG, else `~/.kube/config`.

    Files of KUBECONFIG that do not exist are passed over, as kubectl does.

    Raises:
        NotConnected: The file given is not there.
    """
    if kubeconfig is not None:
        path = kubeconfig.expanduser()
        if not path.is_file():
            what = "is a directory" if path.is_dir() else "does not exist"
            raise errors.NotConnected(f"the kubeconfig {what}", where=str(kubeconfig))
        return (path,)
    listed = [part for part in environ.get("KUBECONFIG", "").split(os.pathsep) if part]
    home = Path(environ.get("HOME") or Path.home())
    paths = [Path(part).expanduser() for part in listed] or [home / ".kube" / "config"]
    return tuple(path for path in paths if path.is_file())


def read_files(paths: Sequence[Path]) -> Kubeconfig:
    """The files as one.

    Raises:
        NotConnected: A file cannot be read or is no kubeconfig.
    """
    documents = [(path, _read(path)) for path in paths]
    current = next(((str(d["current-context"]), p) for p, d in documents if d.get("current-context")), None)
    return Kubeconfig(
        paths=tuple(paths),
        current=current[0] if current else None,
        current_path=current[1] if current else None,
        contexts=_entries(documents, "contexts", "context"),
        clusters=_entries(documents, "clusters", "cluster"),
        users=_entries(documents, "users", "user"),
    )


def pick_context(kubeconfig: Kubeconfig, name: str | None) -> Context:
    """The context of that name, or the current one, with its cluster and user.

    Raises:
        NotConnected: There is no such context, or it names a cluster or user that is not there.
    """
    wanted = name or kubeconfig.current
    files = ", ".join(str(path) for path in kubeconfig.paths)
    if wanted is None:
        raise errors.NotConnected(
            "no kube context is chosen",
            where=files,
            hint=_choose_one(kubeconfig),
        )
    if wanted not in kubeconfig.contexts:
        raise _no_context(kubeconfig, wanted, files)
    entry = kubeconfig.contexts[wanted]
    user = str(entry.body.get("user") or "")
    return Context(
        name=wanted,
        namespace=str(entry.body.get("namespace") or "") or None,
        cluster=_named(kubeconfig.clusters, str(entry.body.get("cluster") or ""), of=entry, what="cluster"),
        user=_named(kubeconfig.users, user, of=entry, what="user") if user else None,
    )


def _no_context(kubeconfig: Kubeconfig, wanted: str, files: str) -> errors.NotConnected:
    from difflib import get_close_matches

    nearest = tuple(get_close_matches(wanted, kubeconfig.contexts, cutoff=0.5))
    return errors.NotConnected(
        f"there is no kube context `{wanted}`", where=files, nearest=nearest, hint=_choose_one(kubeconfig)
    )


def _choose_one(kubeconfig: Kubeconfig) -> str:
    if not kubeconfig.contexts:
        return "the file has no contexts; `--engine local` runs on this machine"
    return f"contexts: {', '.join(sorted(kubeconfig.contexts))}; choose one with --context"


def _named(entries: Mapping[str, Entry], name: str, *, of: Entry, what: str) -> Entry:
    if name in entries:
        return entries[name]
    raise errors.NotConnected(
        f"kube context `{of.name}` names the {what} `{name}`, which is not there"
        if name
        else f"kube context `{of.name}` names no {what}",
        where=str(of.path),
    )


def _read(path: Path) -> dict[str, Any]:
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise errors.NotConnected(
            f"the kubeconfig cannot be read: {error.strerror}", where=str(path)
        ) from error
    except UnicodeDecodeError as error:
        raise _no_kubeconfig(path, "it is no text") from error
    import yaml

    try:
        # libyaml's loader reads a file of a hundred contexts in 5 ms, the one in Python in 100 ms.
        data: Any = yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    except yaml.YAMLError as error:
        raise _no_kubeconfig(path, "it is no valid YAML") from error
    if data is None:
        return {}
    if not isinstance(data, dict):
        raise _no_kubeconfig(path, "it is no mapping")
    return cast("dict[str, Any]", data)


def _entries(documents: Sequence[tuple[Path, dict[str, Any]]], plural: str, kind: str) -> dict[str, Entry]:
    found: dict[str, Entry] = {}
    for path, document in documents:
        items: Any = document.get(plural) or []
        for item in cast("list[Any]", items if isinstance(items, list) else [items]):
            body = _mapping(_mapping(item, path, plural).get(kind) or {}, path, plural)
            name = str(item.get("name", ""))
            found.setdefault(name, Entry(name=name, body=body, path=path))
    return found


def _mapping(value: Any, path: Path, plural: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise _no_kubeconfig(path, f"an entry of `{plural}` is no mapping")
    return cast("dict[str, Any]", value)


def _no_kubeconfig(path: Path, why: str) -> errors.NotConnected:
    return errors.NotConnected(
        f"the kubeconfig cannot be used: {why}", where=str(path), hint="`--engine local` does not need it"
    )
