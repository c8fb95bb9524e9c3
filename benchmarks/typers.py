"""Which release of typer starts fastest: each in an environment of its own, taking turns.

The environments are made with the project's uv below a temporary folder, or the one that `--in` names, which
is kept. Our own `--help` runs on each of them from this tree; the one that needs the whole program tells what
building all verbs costs.

    python benchmarks/typers.py --rounds 10
"""

from __future__ import annotations

import argparse
import runpy
import subprocess
import sys
import tempfile
from pathlib import Path

import rounds
from rounds import Case
from startup import HELLO

ROOT = Path(__file__).resolve().parents[1]
RELEASES = {
    "0.12.5": "8.1.8",
    "0.15.4": "8.1.8",
    "0.16.1": "8.2.1",
    "0.19.2": "8.1.8",
    "0.20.1": "8.5.1",
    "0.21.2": "8.5.1",
    "0.22.0": "8.5.1",
    "0.23.2": "8.5.1",
    "0.25.1": "8.5.1",
    "0.26.8": "8.5.1",
    "0.27.3": "8.5.1",
    "0.28.0": "8.5.1",
    "0.29.2": "8.5.1",
}
"""Of typer -> of click."""
COMMANDS = {
    "hello": ["-c", HELLO],
    "tfjob-kit --help": ["-m", "tfjob_kit.cli", "--help"],
    "tfjob-kit -h --help": ["-m", "tfjob_kit.cli", "-h", "--help"],
}


def main() -> None:
    """Makes the environments, measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--in", dest="folder", type=Path)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        home = given.folder or Path(folder)
        cases = [
            Case(name=f"{name} on {release}", make=_command(_python_of(home, release), command), codes=(0, 1))
            for release in RELEASES
            for name, command in COMMANDS.items()
        ]
        environ = {**rounds.environment(Path(folder)), "PYTHONPATH": str(ROOT)}
        times = rounds.take_turns(cases, rounds=given.rounds, environ=environ, cwd=home)
    print(f"{given.rounds} rounds, {rounds.machine()}\n\n{_table(times)}\n")


def _table(times: dict[str, list[rounds.Taken]]) -> str:
    lines = [f"| typer | click | {' | '.join(COMMANDS)} |", f"|---|---|{'---|' * len(COMMANDS)}"]
    for release, click in RELEASES.items():
        walls = ([taken.wall * 1000 for taken in times[f"{name} on {release}"]] for name in COMMANDS)
        cells = " | ".join(f"{min(found):.0f}" for found in walls)
        lines.append(f"| {release} | {click} | {cells} |")
    return "\n".join(lines)


def _command(python: Path, arguments: list[str]):
    return lambda _: [str(python), *arguments]


def _python_of(home: Path, release: str) -> Path:
    """The interpreter of an environment with this typer."""
    python = home / release / "bin" / "python"
    if not python.is_file():
        uv = str(ROOT / ".tools" / "uv" / "bin" / "uv")
        environ = runpy.run_path(str(ROOT / "scripts" / "environment.py"))["uv_environment"]()
        packages = [f"typer=={release}", f"click=={RELEASES[release]}"]
        subprocess.run([uv, "venv", "-q", "-p", sys.executable, str(home / release)], check=True, env=environ)
        subprocess.run([uv, "pip", "install", "-q", "-p", str(python), *packages], check=True, env=environ)
    return python


if __name__ == "__main__":
    main()
