"""One command of tfjob-kit in this process; stderr ends with a line of JSON: milliseconds by stage.

python benchmarks/stages.py run model=resnet50 gpus=4 --detach --yes
"""

from __future__ import annotations

import time

_STARTED = time.perf_counter()

import builtins  # noqa: E402
import importlib  # noqa: E402
import json  # noqa: E402
import sys  # noqa: E402
from collections.abc import Callable  # noqa: E402
from pathlib import Path  # noqa: E402
from typing import Any  # noqa: E402

_taken: dict[str, float] = {}
_open: list[str] = []


def _timed(owner: Any, name: str, stage: str) -> None:
    """Adds the time of each call to the stage; what an inner stage takes is the inner one's alone."""
    inner: Callable[..., Any] = getattr(owner, name)

    def outer(*arguments: Any, **named: Any) -> Any:
        if stage in _open:
            return inner(*arguments, **named)
        _open.append(stage)
        begin = time.perf_counter()
        try:
            return inner(*arguments, **named)
        finally:
            _open.pop()
            seconds = time.perf_counter() - begin
            _taken[stage] = _taken.get(stage, 0.0) + seconds
            if _open:
                _taken[_open[-1]] = _taken.get(_open[-1], 0.0) - seconds

    setattr(owner, name, outer)


def _process_age() -> float:
    """Seconds since this process was started, as the kernel has it (to 10 ms)."""
    ticks = int(Path("/proc/self/stat").read_text().rpartition(")")[2].split()[19])
    return float(Path("/proc/uptime").read_text().split()[0]) - ticks / 100


def main() -> int:
    """Runs the command."""
    age = _process_age() - (time.perf_counter() - _STARTED)
    begin = time.perf_counter()
    _timed(builtins, "__import__", "import")
    _timed(importlib, "import_module", "import")
    from tfjob_kit.cli import __main__ as program
    from tfjob_kit.cli import app, engines, prepare, submitting

    _timed(app, "command", "command line")
    _timed(engines, "connect", "connect")
    _timed(prepare, "prepare", "compose")
    _timed(submitting, "send", "calls")
    code = program.main(sys.argv[1:])
    total = time.perf_counter() - begin
    stages = {"interpreter": max(age, 0.0), **_taken, "rest": total - sum(_taken.values())}
    print(json.dumps({name: round(1000 * seconds, 1) for name, seconds in stages.items()}), file=sys.stderr)
    return code


if __name__ == "__main__":
    sys.exit(main())
