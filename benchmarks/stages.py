"""One command of tfjob-kit in this process; stderr ends with a line of JSON: milliseconds by stage.

python benchmarks/stages.py run model=resnet50 gpus=4 --detach --yes
"""

from __future__ import annotations

import time

_STARTED = time.perf_counter()

import json  # noqa: E402
import sys  # noqa: E402
from collections.abc import Callable  # noqa: E402
from pathlib import Path  # noqa: E402
from typing import Any  # noqa: E402

_taken: dict[str, float] = {}


def _timed(owner: Any, name: str, stage: str) -> None:
    """Adds the time of each call to the stage."""
    inner: Callable[..., Any] = getattr(owner, name)

    def outer(*arguments: Any, **named: Any) -> Any:
        begin = time.perf_counter()
        try:
            return inner(*arguments, **named)
        finally:
            _taken[stage] = _taken.get(stage, 0.0) + time.perf_counter() - begin

    setattr(owner, name, outer)


def _process_age() -> float:
    """Seconds since this process was started, as the kernel has it (to 10 ms)."""
    ticks = int(Path("/proc/self/stat").read_text().rpartition(")")[2].split()[19])
    return float(Path("/proc/uptime").read_text().split()[0]) - ticks / 100


def main() -> int:
    """Runs the command."""
    age = _process_age() - (time.perf_counter() - _STARTED)
    begin = time.perf_counter()
    from tfjob_kit.cli import __main__ as program
    from tfjob_kit.cli import app, console, engines, prepare, submitting

    imported = time.perf_counter()
    _timed(app, "command", "command line")
    _timed(engines, "connect", "connect")
    _timed(prepare, "prepare", "compose")
    _timed(submitting, "send", "calls")
    code = program.main(sys.argv[1:])
    total = time.perf_counter() - begin
    stages = {"interpreter": max(age, 0.0), "import": imported - begin, **_taken}
    stages["rest"] = total - sum(stages.values()) + stages["interpreter"]
    del console
    print(json.dumps({name: round(1000 * seconds, 1) for name, seconds in stages.items()}), file=sys.stderr)
    return code


if __name__ == "__main__":
    sys.exit(main())
