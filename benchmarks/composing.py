"""How long overrides and configs take, against Hydra and torchx.

Peers live in environments of their own below the cache, made at the first run; each measures in a process of
its own, and the processes take turns.

    make bench
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

import rounds

ROOT = Path(__file__).resolve().parents[1]
CACHE = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache"), "tfjob-kit/peers")
PEERS = {"hydra": ["hydra-core==1.3.8"], "torchx": ["torchx[kubernetes]==0.7.0"]}
CHOICES = ["model=resnet50", "data=imagenet_synthetic", "train=sgd_momentum", "gpus=4"]

PARSE = """
import statistics, sys, time
from tfjob_kit.config import parse_override
texts = ["gpus=4", "train.optimizer.learning_rate=1e-3", "+env.A='x y'", "model.params={a:1,b:[x,'y',2.5]}"]
for text in texts:
    times = []
    for _ in range(2000):
        begin = time.perf_counter()
        parse_override(text)
        times.append(time.perf_counter() - begin)
    print(statistics.median(times), text)
"""
OURS = """
import pathlib, statistics, sys, time
from tfjob_kit.config import compose, make_composer
cwd, choices = pathlib.Path.cwd(), sys.argv[1:]
composer, times, fresh = make_composer(cwd=cwd), [], []
for steps in range(1, 34):
    begin = time.perf_counter()
    found = composer.compose([*choices, f"train.steps={steps}"])
    times.append(time.perf_counter() - begin)
    begin = time.perf_counter()
    compose([*choices, f"train.steps={steps}"], cwd=cwd)
    fresh.append(time.perf_counter() - begin)
assert (found.config.train.steps, found.config.model.name) == (33, "resnet50")
print(statistics.median(times[3:]), statistics.median(fresh[3:]))
"""
HYDRA = """
import statistics, sys, time
from hydra import compose, initialize_config_dir
from omegaconf import OmegaConf
folder, choices, times = sys.argv[1], sys.argv[2:], []
with initialize_config_dir(folder, version_base=None):
    for steps in range(1, 34):
        begin = time.perf_counter()
        config = compose("config", overrides=[*choices, f"train.steps={steps}"])
        found = OmegaConf.to_container(config, resolve=True)
        times.append(time.perf_counter() - begin)
assert (found["train"]["steps"], found["model"]["name"]) == (33, "resnet50")
print(statistics.median(times[3:]))
"""
HYDRA_ONCE = """
import sys
from hydra import compose, initialize_config_dir
from omegaconf import OmegaConf
with initialize_config_dir(sys.argv[1], version_base=None):
    print(OmegaConf.to_yaml(compose("config", overrides=sys.argv[2:]), resolve=True))
"""


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=rounds.ROUNDS)
    count = parser.parse_args().rounds
    pythons = {name: _peer(name) for name in PEERS}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        environ = rounds.environment(folder)
        work = folder / "work"
        work.mkdir()
        (work / "main.py").write_text("print(1)\n")
        hydra_conf = _equal_config(folder / "hydra", work, environ)
        print(f"### Composing\n\n{count} rounds, {rounds.machine()}\n")
        _parsing(environ, work)
        _points(pythons["hydra"], hydra_conf, environ, work, count)
        _processes(pythons, hydra_conf, environ, work, count)


def _peer(name: str) -> str:
    """The interpreter of a peer's environment, made where it is missing."""
    folder = CACHE / name
    if not (folder / "ready").exists():
        uv = shutil.which("uv") or str(ROOT / ".tools/uv/bin/uv")
        subprocess.run([uv, "venv", "-q", "--clear", "-p", sys.executable, str(folder)], check=True)
        subprocess.run(
            [uv, "pip", "install", "-q", "-p", str(folder / "bin/python"), *PEERS[name]], check=True
        )
        (folder / "ready").touch()
    return str(folder / "bin/python")


def _equal_config(folder: Path, work: Path, environ: dict[str, str]) -> str:
    """The shipped options for Hydra, on a base that holds every key: what `config show` says."""
    shutil.copytree(ROOT / "conf", folder)
    shown = _output([rounds.TOOL, "config", "show"], environ, work)
    groups = ("model: digits_cnn", "data: digits", "train: default", "gpu_memory: fraction")
    groups += ("communication: auto", "code: image", "job: default", "site: default")
    defaults = "".join(f"  - {entry}\n" for entry in ("_self_", *groups))
    (folder / "config.yaml").write_text(f"defaults:\n{defaults}{shown}")
    # Choices of other groups stand on the command line: Hydra would look for them inside the model's package.
    model = folder / "model/resnet50.yaml"
    body = [
        line for line in model.read_text().splitlines() if not line.startswith(("defaults:", "  - override"))
    ]
    model.write_text("\n".join(body) + "\n")
    return str(folder)


def _output(command: list[str], environ: dict[str, str], cwd: Path) -> str:
    done = subprocess.run(command, env=environ, cwd=cwd, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"{command[:3]} ended with {done.returncode}: {done.stderr}")
    return done.stdout


def _parsing(environ: dict[str, str], work: Path) -> None:
    print("| One override parsed | median us |\n|---|---|")
    for line in _output([sys.executable, "-c", PARSE], environ, work).splitlines():
        seconds, _, text = line.partition(" ")
        print(f"| `{text}` | {float(seconds) * 1e6:.0f} |")
    print()


def _points(python: str, conf: str, environ: dict[str, str], work: Path, count: int) -> None:
    found: dict[str, list[float]] = {"one more point": [], "all anew": [], "hydra": []}
    for _ in range(count):
        ours = _output([sys.executable, "-c", OURS, *CHOICES], environ, work).split()
        theirs = _output([python, "-c", HYDRA, conf, *CHOICES], environ, work).split()
        for name, seconds in zip(found, [*ours, *theirs], strict=True):
            found[name].append(float(seconds))
    peer = statistics.median(found["hydra"])
    names = {
        "one more point": "one more point of a `Composer`",
        "all anew": "`compose` anew, files read again",
        "hydra": "Hydra's `compose` and `to_container`",
    }
    print("| In a warm process | min ms | median ms | Hydra takes x times as long |\n|---|---|---|---|")
    for name, label in names.items():
        median = statistics.median(found[name])
        print(f"| {label} | {min(found[name]) * 1e3:.1f} | {median * 1e3:.1f} | {peer / median:.0f} |")
    print()


def _case(name: str, command: list[str]) -> rounds.Case:
    return rounds.Case(name=name, make=lambda _: command)


def _processes(pythons: dict[str, str], conf: str, environ: dict[str, str], work: Path, count: int) -> None:
    torchx = str(Path(pythons["torchx"]).with_name("torchx"))
    job = ["dist.ddp", "-j", "4x1", "--cpu", "4", "--gpu", "1", "--memMB", "16384", "--script", "main.py"]
    scheduler = ["-s", "kubernetes", "-cfg", "queue=default,namespace=default", "--workspace", ""]
    cases = [
        _case("`tfjob-kit render`", [rounds.TOOL, "render", *CHOICES, "--name", "x"]),
        _case("Hydra composes and prints", [pythons["hydra"], "-c", HYDRA_ONCE, conf, *CHOICES]),
        _case("`torchx run --dryrun`", [torchx, "run", "--dryrun", *scheduler, *job]),
    ]
    times = rounds.take_turns(cases, rounds=count, environ=environ, cwd=work)
    ours = cases[0].name
    for name in list(times)[1:]:
        ratio = statistics.median(t.wall for t in times[ours]) / statistics.median(
            t.wall for t in times[name]
        )
        print(f"`render` takes {ratio:.2f} x the time of {name}.", end=" ")
    print("\n")
    print(rounds.table(times, peers=dict.fromkeys(times, ours)))
    print()


if __name__ == "__main__":
    main()
