"""How long commands take before they do anything, and the answer to Tab.

Commands are measured by `import typer, omegaconf`, Tab by an interpreter that does nothing. They take turns
within each round, so that a busy machine slows all of them alike.

    make bench
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

import rounds
from rounds import Case

HELLO = """
import typer, typer.core
typer.core.HAS_RICH = False
app = typer.Typer(rich_markup_mode=None, add_completion=False)
@app.command()
def hello(name: str): pass
app(["--help"])
"""
BARE, IMPORTS = "`python -c pass`", '`python -c "import typer, omegaconf"`'
TABS = {
    "a verb: `ru`": ["ru"],
    "a flag: `run --en`": ["run", "--en"],
    "a flag's value: `run --engine=`": ["run", "--engine="],
    "a context: `status --context `": ["status", "--context", ""],
    "groups and keys: `run t`": ["run", "t"],
    "a nested key: `run train.opt`": ["run", "train.opt"],
    "options: `run model=`": ["run", "model="],
    "an enum: `run job.clean_pod_policy=`": ["run", "job.clean_pod_policy="],
    "keys of an option's file: `run model.params.`": ["run", "model.params."],
    "GPU types of the site: `run gpus=`": ["run", "gpus="],
    "jobs of this machine, 100: `status `": ["status", ""],
}
KUBECONFIG = """
current-context: one
contexts: [{name: one, context: {cluster: c, namespace: team}}, {name: two, context: {cluster: c}}]
clusters: [{name: c, cluster: {server: "http://127.0.0.1:1"}}]
"""


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=rounds.ROUNDS)
    count = parser.parse_args().rounds
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        for number in range(100):
            (home / "state" / "jobs" / "default" / f"digits-cnn-{number:05}").mkdir(parents=True)
        (home / "kubeconfig").write_text(KUBECONFIG)
        commands, tabs = _commands(), _tabs(home)
        environ = {**rounds.environment(home), "TFJOB_KIT_STATE_DIR": str(home / "state")}
        times = rounds.take_turns([*commands, *tabs], rounds=count, environ=environ, cwd=home)
    names = [case.name for case in tabs]
    print(f"### Start-up\n\n{count} rounds, {rounds.machine()}\n")
    others = {name: found for name, found in times.items() if name not in names}
    print(rounds.table(others, peers=dict.fromkeys(others, IMPORTS)))
    print("\n### Tab\n")
    asked = {name: found for name, found in times.items() if name in (BARE, *names)}
    print(rounds.table(asked, peers=dict.fromkeys(asked, BARE)) + "\n")


def _commands() -> list[Case]:
    return [
        Case(name=BARE, make=_python("pass")),
        Case(name="typer hello --help", make=_python(HELLO)),
        Case(name=IMPORTS, make=_python("import typer, omegaconf")),
        Case(name="`tfjob-kit --help`", make=_tool("--help")),
        Case(name="`tfjob-kit run --help`", make=_tool("run", "--help")),
        Case(name="`tfjob-kit --version`", make=_tool("--version")),
        Case(name="`tfjob-kit config show`", make=_tool("config", "show")),
        Case(name="`tfjob-kit render`", make=_tool("render", "model=resnet50", "gpus=4", "--name", "x")),
        Case(name="`tfjob-kit render modle=x`, an error", make=_tool("render", "modle=x"), codes=(2,)),
    ]


def _tabs(home: Path) -> list[Case]:
    """As zsh asks; the kubeconfig is there only where it is asked for, since no cluster answers."""
    cases: list[Case] = []
    for name, words in TABS.items():
        kubeconfig = ["--kubeconfig", str(home / "kubeconfig")] if "--context" in words else []
        line = [words[0], *kubeconfig, *words[1:]] if kubeconfig else words
        cases.append(Case(name=name, make=_tool("__complete", "zsh", *line)))
    return cases


def _python(code: str):
    return lambda _: [sys.executable, "-c", code]


def _tool(*arguments: str):
    return lambda _: [rounds.TOOL, *arguments]


if __name__ == "__main__":
    main()
