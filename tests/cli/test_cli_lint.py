"""`lint`: files, standard input, the job of a config; forms, exit codes, --fix."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from tfjob_kit.lint.rules import RULES

from .conftest import Check, Kit, Outcome

Here = Callable[..., Outcome]
EXAMPLES = Path(__file__).parents[1] / "golden" / "lint"


@pytest.fixture
def example(kit: Kit) -> Callable[[str], Path]:
    """Copies an example into the project folder."""

    def copy(name: str) -> Path:
        file = kit.folder / f"{name}.yaml"
        file.write_bytes((EXAMPLES / file.name).read_bytes())
        return file

    return copy


# --- text ---------------------------------------------------------------------------------------


def test_a_file_is_linted_with_carets_fixes_and_counts(
    here: Here, example: Callable[[str], Path], same_as_golden: Check
) -> None:
    example("clean-running")
    shown = here("lint", "clean-running.yaml")
    assert (3, "") == (shown.code, shown.err)
    same_as_golden("lint/file.txt", shown.out)


def test_the_job_of_a_config_is_linted_in_words_of_the_config(here: Here, same_as_golden: Check) -> None:
    shown = here("lint", "gpus=2", "job.restart_policy=Never", "job.clean_pod_policy=All", "--name", "x")
    assert (0, "") == (shown.code, shown.err)
    same_as_golden("lint/config.txt", shown.out)


def test_warnings_count_when_strict(here: Here) -> None:
    assert 0 == here("lint", "job.clean_pod_policy=All").code
    assert 3 == here("lint", "job.clean_pod_policy=All", "--strict").code
    assert 0 == here("lint", "--strict").code


def test_standard_input_and_several_files_are_read_and_other_kinds_skipped(
    here: Here, example: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    rendered = here("render", "gpus=2", "job.protect_from_drain=true", "--name", "x").out
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(rendered.encode())))
    example("kueue")
    shown = here("lint", "-", "kueue.yaml")
    assert 3 == shown.code
    assert "<stdin>: skipped PodDisruptionBudget x\n" in shown.err
    assert "kueue.yaml: skipped PersistentVolumeClaim checkpoints\n" in shown.err
    assert shown.out.splitlines()[-1].startswith("1 error, ")
    assert " in 2 jobs" in shown.out


def test_a_file_without_a_tfjob_is_said(here: Here, kit: Kit) -> None:
    (kit.folder / "code.yaml").write_text("kind: ConfigMap\n")
    shown = here("lint", "code.yaml")
    assert (0, "0 errors, 0 warnings, 0 notes in 0 jobs\n") == (shown.code, shown.out)
    assert "code.yaml: skipped ConfigMap\ncode.yaml: no TFJob in it\n" == shown.err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["job.yml"], ["there is no file `job.yml`"]),
        (["ports.yaml", "gpus=2"], ["one or the other", "tfjob-kit lint gpus=2"]),
        (["gpus=2", "--fix"], ["`--fix` writes files"]),
        (["-", "--fix"], ["standard input"]),
        (["ports.yaml", "--name", "x"], ["a file has its own names"]),
        (["./folder"], ["is a folder", "folder/*.yaml"]),
        (["broken.yaml"], ["not valid YAML", "broken.yaml:2:1"]),
        (["gpuz=2"], ["gpuz"]),
        (["+lint.ignore.clean-al=why"], ["no rule `clean-al`", "did you mean `clean-all`?"]),
        (["+lint.ignore.clean-all="], ["suppressed without a reason", "override 1 of 1"]),
    ],
)
def test_what_cannot_be_linted_is_one_clear_error(
    here: Here, kit: Kit, example: Callable[[str], Path], arguments: list[str], words: list[str]
) -> None:
    example("ports")
    (kit.folder / "folder").mkdir()
    (kit.folder / "broken.yaml").write_text("kind: [TFJob\n")
    shown = here("lint", *arguments)
    assert (2, "") == (shown.code, shown.out)
    assert "Traceback" not in shown.err
    for word in words:
        assert word in shown.err


# --- other forms --------------------------------------------------------------------------------


def test_json_holds_every_finding_and_suppressed_ones_with_their_reason(
    here: Here, example: Callable[[str], Path]
) -> None:
    example("secrets")
    data: dict[str, Any] = here("lint", "secrets.yaml", "-o", "json").data
    paths = [each for each in data["findings"] if each["rule"] == "host-path"]
    assert [
        {
            "rule": "host-path",
            "severity": "warning",
            "message": "clusters that enforce pod security refuse hostPath volumes, and only events say so",
            "fix": RULES["host-path"].fix,
            "fixable": False,
            "job": "laptop",
            "path": "spec.tfReplicaSpecs.Chief.template.spec.volumes[0].hostPath",
            "key": None,
            "source": None,
            "file": "secrets.yaml",
            "line": 27,
            "column": 15,
            "suppressed": "one node of our own, without pod security",
        }
    ] == paths
    counts = data["counts"]
    assert len(data["findings"]) == sum(counts.values())
    assert 1 == counts["suppressed"]


def test_json_of_a_config_names_key_and_source(here: Here) -> None:
    data = here("lint", "job.clean_pod_policy=All", "-o", "json").data
    found = next(each for each in data["findings"] if each["rule"] == "clean-all")
    assert "job.clean_pod_policy" == found["key"]
    assert found["source"].startswith("override 1 of 1; was Running at conf/job/default.yaml:")


_TEXT: dict[str, Any] = {"type": "object", "required": ["text"], "properties": {"text": {"type": "string"}}}
SARIF = {
    "type": "object",
    "required": ["$schema", "version", "runs"],
    "properties": {
        "version": {"const": "2.1.0"},
        "runs": {
            "items": {
                "required": ["tool", "results"],
                "additionalProperties": False,
                "properties": {
                    "columnKind": {"enum": ["utf16CodeUnits", "unicodeCodePoints"]},
                    "tool": {
                        "required": ["driver"],
                        "properties": {
                            "driver": {
                                "required": ["name"],
                                "properties": {
                                    "rules": {
                                        "minItems": 60,
                                        "uniqueItems": True,
                                        "items": {
                                            "required": ["id", "shortDescription", "help"],
                                            "properties": {"shortDescription": _TEXT, "help": _TEXT},
                                        },
                                    }
                                },
                            }
                        },
                    },
                    "results": {
                        "items": {
                            "required": ["ruleId", "ruleIndex", "level", "message", "locations"],
                            "additionalProperties": False,
                            "properties": {
                                "ruleId": {"enum": list(RULES)},
                                "ruleIndex": {"type": "integer", "minimum": 0},
                                "level": {"enum": ["error", "warning", "note"]},
                                "message": _TEXT,
                                "suppressions": {
                                    "items": {
                                        "required": ["kind"],
                                        "properties": {"kind": {"enum": ["inSource", "external"]}},
                                    }
                                },
                                "locations": {
                                    "items": {
                                        "additionalProperties": False,
                                        "properties": {
                                            "logicalLocations": {"type": "array"},
                                            "physicalLocation": {
                                                "required": ["artifactLocation"],
                                                "properties": {
                                                    "region": {
                                                        "properties": {
                                                            "startLine": {"type": "integer", "minimum": 1},
                                                            "startColumn": {"type": "integer", "minimum": 1},
                                                        }
                                                    }
                                                },
                                            },
                                        },
                                    }
                                },
                            },
                        }
                    },
                },
            }
        },
    },
}
"""What SARIF 2.1.0 asks of the parts that are written here."""


@pytest.mark.parametrize("arguments", [["secrets.yaml"], ["job.clean_pod_policy=All"]])
def test_sarif_has_the_shape_of_its_standard(
    here: Here, example: Callable[[str], Path], arguments: list[str]
) -> None:
    example("secrets")
    log: dict[str, Any] = here("lint", *arguments, "-o", "sarif").data
    jsonschema.validate(log, SARIF)
    run = log["runs"][0]
    rules = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
    assert run["results"]
    assert all(rules[each["ruleIndex"]] == each["ruleId"] for each in run["results"])


def test_a_result_of_sarif_names_file_line_and_suppression(here: Here, kit: Kit) -> None:
    file = kit.folder / "my job.yaml"
    file.write_bytes((EXAMPLES / "secrets.yaml").read_bytes())
    results = here("lint", "my job.yaml", "-o", "sarif").data["runs"][0]["results"]
    found = next(each for each in results if each["ruleId"] == "host-path")
    place = found["locations"][0]["physicalLocation"]
    assert {
        "artifactLocation": {"uri": "my%20job.yaml"},
        "region": {"startLine": 27, "startColumn": 15},
    } == place
    reason = "one node of our own, without pod security"
    assert [{"kind": "inSource", "justification": reason}] == found["suppressions"]


def test_workflow_commands_are_escaped(here: Here, kit: Kit) -> None:
    text = (EXAMPLES / "clean-running.yaml").read_text().replace("running ", '"100%\\n::error::x" ', 1)
    (kit.folder / "a,b:c.yaml").write_text(text)
    lines = here("lint", "a,b:c.yaml", "-o", "github").out.splitlines()
    assert all(line.startswith(("::error file=", "::warning file=", "::notice file=")) for line in lines)
    found = next(line for line in lines if "title=clean-policy-unknown" in line)
    assert found.startswith(
        "::error file=a%2Cb%3Ac.yaml,line=7,col=5,title=clean-policy-unknown::`100%25%0A::error"
    )


# --- fixes --------------------------------------------------------------------------------------


def test_fixes_are_written_back_and_the_rest_is_shown(here: Here, example: Callable[[str], Path]) -> None:
    file = example("clean-running")
    shown = here("lint", "clean-running.yaml", "--fix")
    assert (EXAMPLES / "fixed" / file.name).read_text() == file.read_text()
    assert 0 == shown.code
    assert "fixed clean-running.yaml:7:5 clean-policy-unknown: `running` is no clean-up policy" in shown.err
    assert "backoff-missing" in shown.out
    assert "mechanical fix" not in shown.out
    again = here("lint", "clean-running.yaml", "--fix")
    assert "clean-running.yaml: nothing that can be fixed mechanically\n" == again.err
    assert shown.out == again.out


def test_a_byte_order_mark_and_line_ends_survive_a_fix(here: Here, kit: Kit) -> None:
    text = (EXAMPLES / "clean-running.yaml").read_text().replace("\n", "\r\n")
    file = kit.folder / "job.yaml"
    file.write_bytes(b"\xef\xbb\xbf" + text.encode())
    here("lint", "job.yaml", "--fix")
    fixed = (EXAMPLES / "fixed" / "clean-running.yaml").read_text().replace("\n", "\r\n")
    assert b"\xef\xbb\xbf" + fixed.encode() == file.read_bytes()


# --- render and run -----------------------------------------------------------------------------


@pytest.mark.parametrize("verb", [["render"], ["run", "--engine", "local", "--dry-run"]])
def test_an_error_of_the_lint_stops_and_force_goes_on(here: Here, verb: list[str]) -> None:
    bad = ["gpus=0", "job.restart_policy=Always", "job.clean_pod_policy=All", "--name", "x"]
    stopped = here(*verb, *bad)
    assert (3, "") == (stopped.code, stopped.out)
    assert "warning: job.clean_pod_policy (override 3 of 3" in stopped.err
    assert "error: under restart policy Always" in stopped.err
    assert "  job.restart_policy (override 2 of 3: job.restart_policy=Always)\n" in stopped.err
    assert "hint: set `job.restart_policy=OnFailure`; `--force` goes on all the same\n" in stopped.err
    forced = here(*verb, *bad, "--force")
    assert 0 == forced.code
    assert "error, passed over: job.restart_policy (override 2 of 3" in forced.err
    assert "restartPolicy: Always" in forced.out


def test_what_the_config_suppresses_is_quiet_in_config_run_and_file(here: Here, kit: Kit) -> None:
    overrides = ["gpus=2", "job.clean_pod_policy=All", "+lint.ignore.clean-all=logs are copied"]
    rendered = here("render", *overrides, "--name", "x")
    assert 0 == rendered.code
    assert "warning" not in rendered.err
    (kit.folder / "x.yaml").write_text(rendered.out)
    for arguments in (overrides, ["x.yaml"]):
        shown = here("lint", *arguments, "--strict")
        assert 0 == shown.code
        assert shown.out.splitlines()[-1].startswith("0 errors, 0 warnings")
        assert "; 1 suppressed" in shown.out


def test_lint_imports_no_client_and_no_tensorflow(kit: Kit) -> None:
    program = (
        "import json, sys; from tfjob_kit.cli.__main__ import main; main(sys.argv[1:]); "
        "print(json.dumps(sorted(name.split('.')[0] for name in sys.modules)), file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, "lint", str(EXAMPLES / "ports.yaml")],
        cwd=kit.folder,
        capture_output=True,
        text=True,
        check=True,
    )
    loaded = set(json.loads(done.stderr.splitlines()[-1]))
    assert set() == loaded & {"kubernetes", "kubeflow", "tensorflow", "omegaconf", "rich", "hydra"}
