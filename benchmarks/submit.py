"""A submission against `kubectl apply --server-side` of the same manifest, and where its time goes.

The job is suspended from its start, so that the operator's work for its pods does not run beside the next
submission. kubectl has found out what the server knows in a round before, and once has not.

    python benchmarks/submit.py
"""

from __future__ import annotations

import argparse
import json
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections import defaultdict
from pathlib import Path

import planes
import rounds
from harness.proxy import FaultProxy

_ARGUMENTS = ["run", "model=resnet50", "gpus=4", "job.suspend=true", "--detach", "--yes", "--name"]
_KIT, _APPLY = "`tfjob-kit run --detach --yes`", "`kubectl apply --server-side`"
_STAGES = Path(__file__).with_name("stages.py")


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=rounds.ROUNDS)
    count = parser.parse_args().rounds
    with planes.plane() as plane, tempfile.TemporaryDirectory() as folder:
        bench = _Bench(plane, Path(folder))
        times = rounds.take_turns(bench.cases(), rounds=count, environ=bench.environ, cwd=bench.folder)
        print(f"### Submission\n\n{count} rounds, {rounds.machine()}\n")
        print(rounds.table(times, peers=dict.fromkeys(times, _APPLY)))
        print(f"\nWhere a submission's time goes, median ms: {bench.stages(count)}\n")
        print(f"Requests: {bench.requests()}\n")


class _Bench:
    def __init__(self, plane: planes.Plane, folder: Path) -> None:
        self._plane, self.folder = plane, folder
        self._kubectl = str(plane.binaries / "kubectl")
        self.environ = {**rounds.environment(folder), "KUBECONFIG": str(plane.kubeconfig)}

    def cases(self) -> list[rounds.Case]:
        return [
            rounds.Case(name=_KIT, make=lambda n: [rounds.TOOL, *_ARGUMENTS, f"kit-{n}"]),
            rounds.Case(
                name=_APPLY,
                prepare=lambda n: self._write("warm", n),
                make=lambda n: self._apply("warm", n),
            ),
            rounds.Case(
                name=f"{_APPLY}, nothing cached",
                prepare=lambda n: (self._write("cold", n), shutil.rmtree(self.folder / "cold", True)),
                make=lambda n: self._apply("cold", n),
            ),
            rounds.Case(
                name="`tfjob-kit render`",
                make=lambda n: [rounds.TOOL, "render", "model=resnet50", "gpus=4"],
            ),
            rounds.Case(
                name="Python, its HTTP and TLS, nothing else",
                make=lambda n: [sys.executable, "-c", "import http.client, json, ssl"],
            ),
        ]

    def stages(self, count: int) -> str:
        """Median of each stage, in the process itself."""
        found: dict[str, list[float]] = defaultdict(list)
        for number in range(count):
            command = [sys.executable, str(_STAGES), *_ARGUMENTS, f"staged-{number}"]
            done = subprocess.run(
                command, cwd=self.folder, env=self.environ, capture_output=True, text=True, check=True
            )
            for name, milliseconds in json.loads(done.stderr.splitlines()[-1]).items():
                found[name].append(milliseconds)
        return ", ".join(f"{name} {statistics.median(values):.0f}" for name, values in found.items())

    def requests(self) -> str:
        """What each sends to the API server."""
        proxy = FaultProxy(self._plane.url, self._plane.certificates.folder).start()
        try:
            config = proxy.write_kubeconfig(self.folder / "counted")
            environ = {**self.environ, "KUBECONFIG": str(config)}
            self._write("warm", 1000)
            sent = {}
            for name, command in {
                "tfjob-kit": [rounds.TOOL, *_ARGUMENTS, "kit-counted"],
                "kubectl (nothing known of this address)": self._apply("warm", 1000),
                "kubectl (again)": self._apply("warm", 1000),
            }.items():
                proxy.begin()
                subprocess.run(command, cwd=self.folder, env=environ, capture_output=True, check=True)
                sent[name] = len(proxy.requests)
            return ", ".join(f"{name} {number}" for name, number in sent.items())
        finally:
            proxy.close()

    def _apply(self, kind: str, number: int) -> list[str]:
        cache = ["--cache-dir", str(self.folder / kind)]
        return [self._kubectl, *cache, "apply", "--server-side", "-f", str(self._file(kind, number))]

    def _write(self, kind: str, number: int) -> None:
        job = planes.manifest(f"{kind}-{number}", suspend=True)
        self._file(kind, number).write_text(json.dumps(job))

    def _file(self, kind: str, number: int) -> Path:
        return self.folder / f"{kind}-{number}.json"


if __name__ == "__main__":
    main()
