"""`code=bundle`: the user's models, config files and listed files, read once as they are.

Owns which files travel, under which path and key, and how much is too much. Symbolic links are followed: the
content travels. Left out: caches of Python, hidden files that are not named themselves, and what is no file.
Must not know how a ConfigMap is written (`manifest`) or mounted (`plan`).
"""

from __future__ import annotations

import hashlib
import os
import re
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from tfjob_kit import errors
from tfjob_kit.config import schema

__all__ = ["LIMIT_BYTES", "CodeBundle", "CodeFile", "collect_code"]

LIMIT_BYTES = 900 * 1024
"""Of contents and keys together. An API server takes 1 MiB for a ConfigMap's data (kubernetes v1.36,
pkg/apis/core/validation) and etcd 1.5 MiB for the object, base64 of binary files included."""
_LIMIT_FILES = 1000
"""Each is an entry in the job's pod templates."""
_SHOWN = 5
_MAGIC = re.compile(r"[*?\[]")
_BAD_IN_KEY = re.compile(r"[^-._a-zA-Z0-9]")
_LONGEST_KEY = 253
_CONTROL = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


@dataclass(frozen=True, kw_only=True)
class CodeFile:
    """One file that travels.

    Attributes:
        path: Below the bundle's root, with `/`.
        key: Its key in the ConfigMap: the path with `.` for `/` wherever that is unique.
        content: The whole file.
        is_executable: Its owner may execute it.
    """

    path: str
    key: str
    content: bytes
    is_executable: bool = False

    @property
    def text(self) -> str | None:
        """The content if a person can read it; None for binary files."""
        if _CONTROL.search(self.content):
            return None
        try:
            return self.content.decode()
        except UnicodeDecodeError:
            return None


@dataclass(frozen=True, kw_only=True)
class CodeBundle:
    """Everything that travels, ordered by path.

    Attributes:
        sha256: Hex digest over paths, modes and contents.
    """

    files: tuple[CodeFile, ...]
    sha256: str

    @property
    def size(self) -> int:
        """Bytes of all contents."""
        return sum(len(file.content) for file in self.files)


def collect_code(code: schema.CodeConfig, *, cwd: Path, conf_dir: Path | None = None) -> CodeBundle | None:
    """Reads the files that travel with a job; None for `code=image`.

    Args:
        code: The config's `code`.
        cwd: The project: its `models/`, `conf/` and `code.files`.
        conf_dir: `--conf-dir`; it and its sibling `models/` come before those of `cwd`.

    Raises:
        InvalidValue: An entry of `code.files` that leaves the project or matches nothing.
        RefusedError: Too much for a ConfigMap, or a file that cannot be read.
    """
    if code.mode is schema.CodeMode.image:
        return None
    found = dict(sorted(_find(code, cwd=cwd, conf_dir=conf_dir).items()))
    if not found:
        raise errors.RefusedError(
            "there is no code to bundle: no models/, no conf/ and no `code.files` here",
            where=str(cwd),
            hint="run where your models/ lies, or name files: `code.files=[train.py]`",
        )
    _check_size({path: _size(file, path=path) for path, file in found.items()})
    files = tuple(_read(found))
    # A file may have grown since it was looked at.
    _check_size({file.path: len(file.content) for file in files})
    return CodeBundle(files=files, sha256=_digest(files))


def _find(code: schema.CodeConfig, *, cwd: Path, conf_dir: Path | None) -> dict[str, Path]:
    """Path in the bundle -> file; found first stays, in the order in which configs and models are found."""
    beside: list[tuple[str, Path]] = []
    if conf_dir is not None:
        beside = [("conf", cwd / conf_dir), ("models", (cwd / conf_dir).resolve().parent / "models")]
    found: dict[str, Path] = {}
    for name, folder in [*beside, ("conf", cwd / "conf"), ("models", cwd / "models")]:
        for file in _files_below(folder):
            found.setdefault(f"{name}/{file.relative_to(folder).as_posix()}", file)
    for number, pattern in enumerate(code.files):
        for file in _matches(pattern, cwd=cwd, where=f"code.files[{number}]"):
            found.setdefault(file.relative_to(cwd).as_posix(), file)
    return found


def _matches(pattern: str, *, cwd: Path, where: str) -> list[Path]:
    """The files that one entry of `code.files` names.

    Raises:
        InvalidValue: None, or outside the project.
    """
    parts = PurePosixPath(pattern).parts
    if not parts or pattern.startswith(("/", "~")) or ".." in parts:
        raise errors.InvalidValue(
            f"`{pattern}` is not a file of this directory",
            where=where,
            hint="write it relative to the working directory and below it: `train.py`, `src`, `lib/**/*.py`",
        )
    if not _MAGIC.search(pattern):
        exact = cwd / pattern
        chosen = [*_files_below(exact)] if exact.is_dir() else [exact] if _is_file(exact) else []
    else:
        chosen = _globbed(pattern, cwd)
    if not chosen:
        raise errors.InvalidValue(
            f"`{pattern}` matches no file",
            where=where,
            hint=f"it is searched in {cwd}; globs: `*`, `**`, `?`",
        )
    return chosen


def _globbed(pattern: str, cwd: Path) -> list[Path]:
    chosen: list[Path] = []
    for path in sorted(cwd.glob(pattern)):
        if any(_is_left_out(part) for part in path.relative_to(cwd).parts):
            continue
        if _is_file(path):
            chosen.append(path)
        elif path.is_dir() and pattern.rstrip("/").rpartition("/")[2] != "**":
            chosen += _files_below(path)
    return chosen


def _files_below(folder: Path) -> Iterator[Path]:
    """Files of a folder and of those below it; a link that leads in a circle ends where it began."""
    seen: set[str] = set()
    for root, folders, names in os.walk(folder, followlinks=True):
        real = os.path.realpath(root)
        folders[:] = [] if real in seen else sorted(name for name in folders if not _is_left_out(name))
        if real in seen:
            continue
        seen.add(real)
        yield from (Path(root, name) for name in sorted(names) if not _is_left_out(name))


def _is_left_out(name: str) -> bool:
    return name.startswith(".") or name == "__pycache__" or name.endswith((".pyc", ".pyo"))


def _is_file(path: Path) -> bool:
    try:
        return stat.S_ISREG(path.stat().st_mode)
    except OSError:
        return False


def _size(file: Path, *, path: str) -> int:
    try:
        return file.stat().st_size if _is_file(file) else _refuse_special(file, path=path)
    except OSError as error:
        raise _unreadable(path, error) from error


def _refuse_special(file: Path, *, path: str) -> int:
    what = "a link to nothing" if file.is_symlink() and not file.exists() else "no regular file"
    raise errors.RefusedError(f"`{path}` cannot be bundled: it is {what}", where=path, hint="remove it")


def _check_size(sizes: dict[str, int]) -> None:
    total = sum(sizes.values()) + sum(len(path) for path in sizes)
    if len(sizes) > _LIMIT_FILES:
        folders = [str(PurePosixPath(path).parent) for path in sizes]
        most = max(set(folders), key=folders.count)
        raise errors.RefusedError(
            f"the code has {len(sizes)} files, a ConfigMap takes {_LIMIT_FILES}",
            where="code",
            hint=f"most lie in {most}/; put data on a volume, or build an image: `code=image`",
        )
    if total > LIMIT_BYTES:
        largest = sorted(sizes.items(), key=lambda item: (-item[1], item[0]))[:_SHOWN]
        shown = "\n".join(f"  {_kib(size):>9}  {path}" for path, size in largest)
        raise errors.RefusedError(
            f"the code has {_kib(total)}, a ConfigMap takes {_kib(LIMIT_BYTES)}",
            where="code",
            hint=f"the largest files:\n{shown}\n"
            "put data on a volume, take files out of `code.files`, or build an image: `code=image`",
        )


def _kib(size: int) -> str:
    return f"{-(-size // 1024):,} KiB"


def _read(found: dict[str, Path]) -> Iterator[CodeFile]:
    taken: set[str] = set()
    for path, file in found.items():
        try:
            content, mode = file.read_bytes(), file.stat().st_mode
        except OSError as error:
            raise _unreadable(path, error) from error
        key = _key(path, taken)
        taken.add(key)
        yield CodeFile(path=path, key=key, content=content, is_executable=bool(mode & stat.S_IXUSR))


def _key(path: str, taken: set[str]) -> str:
    key = _BAD_IN_KEY.sub("_", path.replace("/", "."))
    if key != path.replace("/", ".") or key in taken or key.startswith("..") or len(key) > _LONGEST_KEY:
        digest = hashlib.sha256(path.encode()).hexdigest()[:8]
        key = f"{digest}-{key[-(_LONGEST_KEY - 9) :]}"
    return key


def _digest(files: Sequence[CodeFile]) -> str:
    whole = hashlib.sha256()
    for file in files:
        name = file.path.encode()
        whole.update(f"{len(name)} {int(file.is_executable)} {len(file.content)}\n".encode())
        whole.update(name + file.content)
    return whole.hexdigest()


def _unreadable(path: str, error: OSError) -> errors.RefusedError:
    return errors.RefusedError(f"`{path}` cannot be bundled: {error.strerror}", where=path)
