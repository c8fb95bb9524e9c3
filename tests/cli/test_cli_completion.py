"""What Tab proposes: by the line alone, in the forms of the shells, and in the shells themselves."""

from __future__ import annotations

import contextlib
import os
import pty
import re
import select
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from tfjob_kit.cli import app
from tfjob_kit.cli.completion import keys, making, table
from tfjob_kit.cli.completion.proposing import propose
from tfjob_kit.cli.completion.shell_line import read_line

from .conftest import Kit, Outcome

Here = Callable[..., Outcome]
LIGHT = ("run", "render", "list", "status", "logs", "wait", "cancel", "suspend", "resume", "resize", "retry")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A folder with options of its own, and another for `--conf-dir`."""
    files = {
        "conf/model/mine.yaml": "# A net of mine.\nname: mine\nparams:\n  depth: 3\n  head: {units: 8}\n",
        "conf/site/here.yaml": "# Our cluster.\ngpu_types:\n  A100: {}\n  A100-80GB: {}\n",
        "conf/train/sub/one.yaml": "# One of a nested group.\nsteps: 1\n",
        "more/model/other.yaml": "# Lies elsewhere.\nname: other\n",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


@pytest.fixture
def proposed(project: Path) -> Callable[[str], list[str]]:
    """The words that are proposed for the end of a line without quotes."""
    environ = {"HOME": str(project), "TFJOB_KIT_STATE_DIR": str(project / "state")}

    def ask(line: str) -> list[str]:
        return [each.word for each in propose(line.split(" "), environ=environ, cwd=project).proposals]

    return ask


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        # verbs
        ("ru", ["run"]),
        ("re", ["render", "resume", "resize", "retry"]),
        ("config sh", ["show"]),
        ("nonsense ", []),
        ("config nonsense ", []),
        ("--debug ru", ["run"]),
        # flags
        ("run --e", ["--engine"]),
        ("run --engine local --e", []),
        ("list --state Failed --st", ["--state"]),
        ("wait x -", ["--for", "--timeout", "-n", "--namespace", "--engine", "--context", "--kubeconfig"]),
        ("--v", ["--version"]),
        ("run -- --e", []),
        # values of flags
        ("run --engine ", ["auto", "local", "kube"]),
        ("run --engine=l", ["--engine=local"]),
        ("run -o j", ["json"]),
        ("run -oj", ["-ojson"]),
        ("wait x --for S", ["Succeeded", "Suspended"]),
        ("list --state S", ["Suspended", "Succeeded"]),
        ("list --state Failed,Su", ["Failed,Suspended", "Failed,Succeeded"]),
        ("logs x --role w", ["worker"]),
        ("run --name ", []),
        ("completion ", ["bash", "zsh", "fish"]),
        # groups and their options
        ("run mod", ["model=", "model."]),
        ("run model=", ["model=digits_cnn", "model=mine", "model=resnet50"]),
        ("run model=m", ["model=mine"]),
        ("run --conf-dir more model=o", ["model=other"]),
        ("run --conf-dir=more model=o", ["model=other"]),
        ("run --conf-dir nowhere model=m", ["model=mine"]),
        ("run +train/s", ["+train/sub="]),
        ("run +train/sub=", ["+train/sub=one"]),
        ("run model@a.b=m", ["model@a.b=mine"]),
        ("run ~mod", ["~model", "~model."]),
        ("run ~model=m", ["~model=mine"]),
        ("run volumes=[none,ss", ["volumes=[none,ssd_cache"]),
        ("render model=mi", ["model=mine"]),
        # keys
        ("run train.opt", ["train.optimizer."]),
        ("run train.ste", ["train.steps="]),
        ("run ++train.ste", ["++train.steps="]),
        ("run +train.", []),
        ("run train.steps=5 train.ste", []),
        ("run model=mine mod", ["model."]),
        ("run job.labels.", []),
        ("run +job.lab", ["+job.labels."]),
        ("run volumes.data.cl", ["volumes.data.claim="]),
        ("run ~job.dead", ["~job.deadline"]),
        ("run nonsense.", []),
        ("run model=mine model.params.", ["model.params.depth=", "model.params.head."]),
        ("run model=mine model.params.head.", ["model.params.head.units="]),
        ("diff job train.ste", ["train.steps="]),
        # values
        ("run job.clean_pod_policy=", [f"job.clean_pod_policy={v}" for v in ("Running", "None", "All")]),
        ("run train.warm_restart=", ["train.warm_restart=true", "train.warm_restart=false"]),
        ("run job.queue=", ["job.queue=null"]),
        ("run train.steps=", []),
        ("run gpus=", []),
        ("run site=here gpus=A100-", ["gpus=A100-80GB:"]),
        ("run nonsense=", []),
        # one thing by itself
        ("config show train.optimizer.na", ["train.optimizer.name", "train.optimizer.name="]),
        ("config options mod", ["model"]),
    ],
)
def test_what_is_proposed(proposed: Callable[[str], list[str]], line: str, expected: list[str]) -> None:
    found = proposed(line)
    assert expected == (found[: len(expected)] if line.endswith(" -") else found)


def test_a_base_file_that_lists_in_another_way_has_every_group(project: Path) -> None:
    (project / "conf" / "config.yaml").write_text("defaults: [{model: mine}, _self_]\n")
    found = propose(["run", "volu"], environ={}, cwd=project).proposals
    assert ["volumes=", "volumes."] == [each.word for each in found]
    assert "~volumes" in [each.word for each in propose(["run", "~vol"], environ={}, cwd=project).proposals]


def test_a_group_says_what_is_chosen_without_it(project: Path) -> None:
    group, _ = propose(["run", "mode"], environ={}, cwd=project).proposals
    assert ("model=", "What is trained: an option; default: digits_cnn") == (group.word, group.about)
    (group,) = propose(["run", "exper"], environ={}, cwd=project).proposals
    assert ("experiment=", "an option") == (group.word, group.about)


def test_an_option_says_what_its_file_says(project: Path) -> None:
    (found,) = propose(["run", "model=min"], environ={}, cwd=project).proposals
    assert "A net of mine." == found.about
    (found,) = propose(["run", "train.ste"], environ={}, cwd=project).proposals
    assert "Optimizer steps of the whole run" == found.about


@pytest.mark.parametrize(
    ("line", "files", "prefix"),
    [
        ("run --kubeconfig ", "files", ""),
        ("run --kubeconfig=a", "files", "--kubeconfig="),
        ("run --conf-dir ", "dirs", ""),
    ],
)
def test_files_are_left_to_the_shell(project: Path, line: str, files: str, prefix: str) -> None:
    found = propose(line.split(" "), environ={}, cwd=project)
    assert ((), files, prefix) == (found.proposals, found.files, found.prefix)


@pytest.mark.parametrize("verb", [v for v in LIGHT if v not in ("run", "render", "list")])
def test_jobs_of_this_machine(here: Here, project: Path, kit: Kit, verb: str) -> None:
    for name in ("digits-a", "digits-b", "resnet"):
        (kit.state / "jobs" / "default" / name).mkdir(parents=True)
    (kit.state / "jobs" / "team" / "other").mkdir(parents=True)
    environ = {"HOME": str(project), "TFJOB_KIT_STATE_DIR": str(kit.state)}

    def ask(*line: str) -> list[str]:
        return [each.word for each in propose(line, environ=environ, cwd=project).proposals]

    assert ["digits-a", "digits-b"] == ask(verb, "dig")
    assert ["other"] == ask(verb, "-n", "team", "")
    assert ["default", "team"] == ask(verb, "--namespace", "")


def test_the_files_it_reads_are_current() -> None:
    assert making.make_verbs(app.command()) == table.FILE.read_text(), "run `make docs`"
    assert making.make_keys() == keys.FILE.read_text(), "run `make docs`"


def test_help_by_the_table_is_the_help_of_the_program(here: Here) -> None:
    assert here("-h", "--help").out == here("--help").out  # the first needs the whole program


# --- the form that a shell gets ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "word", "expected"),
    [
        ("tfjob-kit ru", "ru", ["run "]),
        ("tfjob-kit run model=res", "res", ["resnet50 "]),
        ("tfjob-kit run model=res", "model=res", ["model=resnet50 "]),  # `=` is no break of theirs
        ("tfjob-kit run train.opt", "train.opt", ["train.optimizer."]),
        ("tfjob-kit run 'model=res", "model=res", ["model=resnet50"]),
        ('tfjob-kit run model="res', "res", ["resnet50"]),
        (
            "tfjob-kit run 'train.schedule.n",
            "train.schedule.n",
            ["train.schedule.name=constant", "train.schedule.name=cosine"],
        ),
        (
            "tfjob-kit run 'train.schedule",
            "train.schedule",
            ["train.schedule.name=", "train.schedule.warmup"],
        ),
        ("tfjob-kit run --engine=lo", "lo", ["local "]),
        ("A=1 tfjob-kit run  'x=a b'\tmodel=res", "res", ["resnet50 "]),
        ("./bin/tfjob-kit run model=res", "res", ["resnet50 "]),
        (r"tfjob-kit run job.labels.app\\.io=1 model=res", "res", ["resnet50 "]),
    ],
)
def test_bash_gets_the_part_that_it_replaces(here: Here, line: str, word: str, expected: list[str]) -> None:
    answer = here("__complete", "bash", line, word)
    found = answer.out.splitlines()[1:]
    assert (0, "") == (answer.code, answer.err)
    assert len(expected) == len(found)
    assert all(shown.startswith(start) for shown, start in zip(found, expected, strict=True))


@pytest.mark.parametrize(
    ("text", "words", "quote"),
    [
        ("a b", ("a", "b"), ""),
        ("a b ", ("a", "b", ""), ""),
        ("a 'b c", ("a", "b c"), "'"),
        ("a 'b'c\"d e", ("a", "bcd e"), '"'),
        (r"a b\ c", ("a", "b c"), ""),
        (r'a "b\"c\d', ("a", r'b"c\d'), '"'),
        ("X=1 Y=2 a b=c", ("a", "b=c"), ""),
        ("a ''", ("a", ""), ""),
        ("a \\", ("a", ""), ""),
    ],
)
def test_a_line_of_bash(text: str, words: tuple[str, ...], quote: str) -> None:
    line = read_line(text)
    assert (words, quote) == (line.words, line.quote)


def test_what_bash_would_break_at_is_escaped() -> None:
    line = read_line("tfjob-kit status --context us")
    assert r"user@a\ b\$c " == line.insertion("user@a b$c", replaced="us", is_open=False)
    line = read_line('tfjob-kit status --context "us')
    assert r"user@a b\$c" == line.insertion("user@a b$c", replaced="us", is_open=False)
    line = read_line("tfjob-kit status --context arn:aws:e")
    assert "eks:1 " == line.insertion("arn:aws:eks:1", replaced="e", is_open=False)


_TYPED = st.text("abcdgmnopstu.=+~@[]{},:-/\\'\" $", max_size=12)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(["run", "config show", "status", "lint", ""]), st.lists(_TYPED, max_size=2), _TYPED)
def test_whatever_is_typed_is_continued_or_left_alone(
    project: Path, verb: str, before: list[str], typed: str
) -> None:
    environ = {"HOME": str(project), "TFJOB_KIT_ENGINE": "local"}
    line = [*verb.split(), *before, typed]
    assert all(p.word.startswith(typed) for p in propose(line, environ=environ, cwd=project).proposals)


@given(st.sampled_from(["", "'", '"']), _TYPED)
def test_bash_reads_back_what_it_is_given(quote: str, word: str) -> None:
    assume(quote != "'" or "'" not in word)
    line = read_line(f"tfjob-kit run {quote}")
    given = line.insertion(word, replaced="", is_open=True)
    assert word == read_line(f"tfjob-kit run {quote}{given}").words[-1]


@pytest.mark.parametrize(
    "arguments", [(), ("bash",), ("bash", "tfjob-kit"), ("zsh",), ("nothing", "x"), ("bash", "a '", "b")]
)
def test_a_wrong_question_is_answered_with_silence(here: Here, arguments: tuple[str, ...]) -> None:
    answer = here("__complete", *arguments)
    assert (0, "") == (answer.code, answer.err)


def test_a_kubeconfig_that_is_none_is_answered_with_silence(here: Here, tmp_path: Path) -> None:
    (tmp_path / "broken").write_text("{")
    answer = here("__complete", "zsh", "status", "--kubeconfig", str(tmp_path / "broken"), "")
    assert (0, "", "") == (answer.code, answer.out, answer.err)


@pytest.mark.parametrize(
    "line",
    ["ru", "run --", "run model=", "run train.", "run job.clean_pod_policy=", "status ", "run --context "],
)
def test_tab_imports_neither_typer_nor_anything_heavy(kit: Kit, line: str) -> None:
    code = (
        "import json, sys\nfrom tfjob_kit.cli.__main__ import main\nmain(sys.argv[1:])\n"
        "print('\\n' + json.dumps(sorted({name.partition('.')[0] for name in sys.modules})))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, "__complete", "zsh", *line.split(" ")],
        cwd=kit.folder,
        env=kit.environ,
        capture_output=True,
        text=True,
        check=True,
    )
    heavy = ("typer", "click", "omegaconf", "yaml", "rich", "kubernetes", "kubeflow", "tensorflow", "ssl")
    assert [] == [name for name in heavy if f'"{name}"' in done.stdout.splitlines()[-1]]


# --- the script ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("shell", "place"),
    [
        ("bash", ".local/share/bash-completion/completions/tfjob-kit"),
        ("fish", ".config/fish/completions/tfjob-kit.fish"),
        ("zsh", ".local/share/zsh/site-functions/_tfjob-kit"),
    ],
)
def test_install_writes_one_file_and_says_which(here: Here, home: Path, shell: str, place: str) -> None:
    first, again = (here("completion", shell, "--install", ZDOTDIR=str(home)) for _ in range(2))

    assert f"{home / place} written\n" == first.out
    assert f"{home / place} unchanged\n" == again.out
    assert here("completion", shell).out == (home / place).read_text()
    assert f"undo: rm {home / place}" in first.err
    assert [place] == [str(p.relative_to(home)) for p in home.rglob("*") if p.is_file() and shell in str(p)]


def test_install_replaces_an_older_one_but_nothing_of_somebody_else(here: Here, home: Path) -> None:
    file = home / ".config/fish/completions/tfjob-kit.fish"
    file.parent.mkdir(parents=True)
    file.write_text("# Completion of tfjob-kit for fish, as it was\n")
    assert f"{file} written\n" == here("completion", "fish", "--install").out

    file.write_text("complete -c tfjob-kit -a mine\n")
    refused = here("completion", "fish", "--install")
    assert (3, "") == (refused.code, refused.out)
    assert str(file) in refused.err
    assert "complete -c tfjob-kit -a mine\n" == file.read_text()


@pytest.mark.skipif(shutil.which("zsh") is None, reason="zsh is not installed")
def test_zsh_gets_it_in_a_folder_of_its_own_fpath(here: Here, home: Path) -> None:
    (home / "functions").mkdir()
    (home / ".zshrc").write_text(f"fpath=(/usr/share/zsh/site-functions {home}/functions $fpath)\n")
    done = here("completion", "zsh", "--install", ZDOTDIR=str(home))
    assert f"{home}/functions/_tfjob-kit written\n" == done.out
    assert "fpath" not in done.err


# --- the shells themselves -----------------------------------------------------------------------

DEADLINE_SECONDS = 60
_ESCAPES = re.compile(
    r"\x1b(?:\[[0-9;?<>=]*[a-zA-Z]|[()][AB0]|[=>]|\][^\x07\x1b]*(?:\x07|\x1b\\)|P[^\x1b]*\x1b\\)|\r|\x07"
)


class Shell:
    """A shell behind a terminal, typed into."""

    def __init__(self, command: list[str], kit: Kit, *, prompt: str) -> None:
        self.name = command[0]
        self.text = ""
        path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
        environ = {**kit.environ, "PATH": path, "TERM": "xterm", "PS1": prompt, "COLUMNS": "160"}
        self.process, self.terminal = pty.fork()
        if self.process == 0:
            os.chdir(kit.folder)
            os.execvpe(command[0], command, environ)

    def until(self, wanted: Callable[[str], object], *, what: str) -> str:
        """All that was shown since the last time, once it is as wanted."""
        deadline = time.monotonic() + DEADLINE_SECONDS
        while not wanted(_ESCAPES.sub("", self.text)):
            left = deadline - time.monotonic()
            assert left > 0, f"not in time: {what}\n{self.text!r}"
            if select.select([self.terminal], [], [], left)[0]:
                new = os.read(self.terminal, 65536).decode(errors="replace")
                self._answer(new)
                self.text += new
        shown, self.text = _ESCAPES.sub("", self.text), ""
        return shown

    def _answer(self, text: str) -> None:
        """fish asks the terminal what it is, and waits."""
        if "\x1b[c" in text or "\x1b[0c" in text:
            os.write(self.terminal, b"\x1b[?62c")

    def type(self, text: str) -> None:
        os.write(self.terminal, text.encode())

    def command(self, text: str) -> None:
        """Runs a line; the answer is computed, so that it is not its echo."""
        self.type(f"{text}; echo do''ne\n")
        self.until(lambda shown: "done" in shown, what=text)

    def completes(self, typed: str, expected: str) -> None:
        """Tab behind a text makes this line of it."""
        self.type(typed)
        self.until(lambda shown: typed in shown, what=f"echo of {typed}")
        self.type("\t")
        rest = expected.removeprefix(typed)
        self.until(lambda shown: rest in shown, what=f"{typed} -> {expected}")
        self.type("\x15")

    def lists(self, typed: str, *expected: str) -> None:
        """Tab, twice, behind a text shows these."""
        self.type(typed)
        self.until(lambda shown: typed in shown, what=f"echo of {typed}")
        self.type("\t\t")
        self.until(lambda shown: all(word in shown for word in expected), what=f"list of {typed}")
        self.type("\x15")

    def end(self) -> None:
        os.close(self.terminal)
        with contextlib.suppress(ChildProcessError):
            os.kill(self.process, 9)
            os.waitpid(self.process, 0)


def open_shell(name: str, kit: Kit) -> Shell:
    if shutil.which(name) is None:
        pytest.skip(f"{name} is not installed: `apt-get install {name}` runs this test")
    flags = {"bash": ["--norc", "--noprofile"], "zsh": ["-f"], "fish": ["--no-config"]}[name]
    return Shell([name, *flags], kit, prompt="$ ")


@pytest.fixture(params=["bash", "zsh", "fish"])
def shell(request: pytest.FixtureRequest, kit: Kit) -> Iterator[Shell]:
    opened = open_shell(request.param, kit)
    load = {
        "bash": "source <(tfjob-kit completion bash)",
        "zsh": "autoload -U compinit && compinit -u -D && source <(tfjob-kit completion zsh)",
        "fish": "tfjob-kit completion fish | source",
    }[request.param]
    opened.command(load)
    yield opened
    opened.end()


def test_tab_in_a_shell(shell: Shell, kit: Kit) -> None:
    (kit.folder / "kubeconfig-of-mine").touch()
    (kit.folder / "zoo").mkdir()
    shell.completes("tfjob-kit run --kubeconfig kube", "tfjob-kit run --kubeconfig kubeconfig-of-mine ")
    shell.completes("tfjob-kit run --kubeconfig=kube", "tfjob-kit run --kubeconfig=kubeconfig-of-mine ")
    shell.completes("tfjob-kit run --conf-dir z", "tfjob-kit run --conf-dir zoo/")
    shell.completes("tfjob-kit lint kube", "tfjob-kit lint kubeconfig-of-mine ")
    shell.completes("tfjob-kit rend", "tfjob-kit render ")
    shell.completes("tfjob-kit run train.opt", "tfjob-kit run train.optimizer.")
    shell.completes("tfjob-kit run model=res", "tfjob-kit run model=resnet50 ")
    shell.completes("tfjob-kit run 'model=res", "tfjob-kit run 'model=resnet50'")
    if shell.name != "zsh":  # which takes the quote away again, since nothing needs it
        shell.completes('tfjob-kit run gpus=2 model="res', 'tfjob-kit run gpus=2 model="resnet50"')
    shell.completes("tfjob-kit wait x --for=Fin", "tfjob-kit wait x --for=Finished ")
    shell.lists("tfjob-kit run model=", "digits_cnn", "resnet50")
    shell.lists("tfjob-kit run job.clean_pod_policy=", "All", "None", "Running")
