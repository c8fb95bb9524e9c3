"""Logs, leases, GPUs and times of the local engine, each alone."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tfjob_kit import errors
from tfjob_kit.cluster.local import gpus
from tfjob_kit.cluster.local.store import clock, files, logs, state_dir
from tfjob_kit.cluster.local.store.job_dir import JobDir
from tfjob_kit.cluster.local.store.leases import Leases


def read(directory: Path, run: int = 0, **options: object) -> list[str]:
    values: dict[str, object] = {"tail": None, "since": None, "follow": False, "stop": None}
    path = logs.run_file(directory, run)
    entries = logs.read_log(path, is_over=lambda: True, **(values | options))  # type: ignore[arg-type]
    return [entry.text for entry in entries]


def test_lines_come_back_as_they_were_fed(tmp_path: Path) -> None:
    writer = logs.LogWriter(tmp_path)
    for part in (b"one\ntw", b"o\n", b"\n \xff\rthree", b" end"):
        writer.feed(part)
    assert ["one", "two", ""] == read(tmp_path)
    writer.close()
    assert ["one", "two", "", " \ufffd\rthree end"] == read(tmp_path, follow=True)
    assert [" \ufffd\rthree end"] == read(tmp_path, tail=1)
    assert [] == read(tmp_path, tail=0)


def test_reading_on_from_a_lines_time_misses_and_repeats_none(tmp_path: Path) -> None:
    writer = logs.LogWriter(tmp_path)
    writer.feed(b"1\n2\n3\n")
    entries = list(
        logs.read_log(
            logs.run_file(tmp_path, 0), tail=None, since=None, follow=False, stop=None, is_over=lambda: True
        )
    )
    writer.close()
    assert ["2", "3"] == read(tmp_path, since=entries[0].time)
    assert ["1", "2", "3"] == read(tmp_path, since="2020-01-01T00:00:00Z")


def test_old_runs_of_a_crash_loop_are_removed(tmp_path: Path) -> None:
    for _ in range(logs.KEPT_RUNS + 5):
        logs.LogWriter(tmp_path).close()
    assert logs.KEPT_RUNS == len(logs.runs(tmp_path))
    assert logs.KEPT_RUNS + 4 == logs.runs(tmp_path)[-1]


def test_a_full_disk_loses_lines_and_says_how_many(tmp_path: Path) -> None:
    writer = logs.LogWriter(tmp_path)
    writer._file.close()
    writer._file = Path("/dev/full").open("ab", buffering=0)  # noqa: SIM115
    writer.feed(b"a\nb\n")
    writer.close()
    assert 2 == writer.lost


@pytest.mark.parametrize(
    ("earlier", "later"),
    [
        ("2026-01-01T00:00:00Z", "2026-01-01T00:00:00.000000001Z"),
        ("2026-01-01T00:00:00.1Z", "2026-01-01T00:00:00.100000001Z"),
        ("2026-01-01T00:00:00.999999999Z", "2026-01-01T00:00:01Z"),
    ],
)
def test_log_times_are_ordered_to_the_nanosecond(earlier: str, later: str) -> None:
    assert clock.moment_of(earlier) < clock.moment_of(later)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (None, ["0", "1", "2"]),
        ("", []),
        ("-1", []),
        ("2,0", ["2", "0"]),
        ("0,9,1", ["0"]),
        ("GPU-ab", ["GPU-ab"]),
    ],
)
def test_the_callers_choice_of_gpus_is_read_as_cuda_reads_it(given: str | None, expected: list[str]) -> None:
    environ = {} if given is None else {"CUDA_VISIBLE_DEVICES": given}
    assert expected == gpus.visible_gpus(["0", "1", "2"], environ)


def kept_job(state: Path, name: str) -> tuple[JobDir, int]:
    """A job directory whose keeper's lock is held, as by a living keeper."""
    job = JobDir(path=state / "jobs" / "ns" / name)
    job.path.mkdir(parents=True)
    job.keeper_lock.touch()
    lock = files.try_lock(job.keeper_lock)
    assert lock is not None
    return job, lock


def test_ports_are_kept_by_their_pod_and_by_nobody_else(tmp_path: Path) -> None:
    first, one = kept_job(tmp_path, "one")
    second, two = kept_job(tmp_path, "two")
    mine = Leases(state=tmp_path, job=first).ports(["a", "b"])
    theirs = Leases(state=tmp_path, job=second).ports(["a"])
    assert mine == Leases(state=tmp_path, job=first).ports(["a", "b"])
    assert 3 == len({*mine.values(), *theirs.values()})
    os.close(one)
    os.close(two)


def test_gpus_are_leased_all_or_none_and_freed_with_the_keeper(tmp_path: Path) -> None:
    first, one = kept_job(tmp_path, "one")
    second, two = kept_job(tmp_path, "two")
    assert {"a": ["0"], "b": ["1"]} == Leases(state=tmp_path, job=first).gpus(
        {"a": 1, "b": 1}, found=["0", "1", "2"]
    )
    assert Leases(state=tmp_path, job=second).gpus({"c": 2}, found=["0", "1", "2"]) is None
    os.close(one)
    assert {"c": ["0", "1"]} == Leases(state=tmp_path, job=second).gpus({"c": 2}, found=["0", "1", "2"])
    os.close(two)


def test_a_damaged_register_is_made_anew(tmp_path: Path) -> None:
    job, lock = kept_job(tmp_path, "one")
    (tmp_path / "leases.json").write_text("{")
    assert Leases(state=tmp_path, job=job).ports(["a"])
    os.close(lock)


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({"TFJOB_KIT_STATE_DIR": "/s", "XDG_STATE_HOME": "/x"}, "/s"),
        ({"XDG_STATE_HOME": "/x", "HOME": "/h"}, "/x/tfjob-kit"),
        ({"HOME": "/h"}, "/h/.local/state/tfjob-kit"),
    ],
)
def test_the_state_directory_is_found_by_the_environment(environ: dict[str, str], expected: str) -> None:
    assert Path(expected) == state_dir.find_state_dir(environ)


def test_a_state_directory_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(errors.NotConnected, match="is not a directory") as caught:
        state_dir.open_state_dir(tmp_path / "file" / "state")
    assert "TFJOB_KIT_STATE_DIR" in (caught.value.hint or "")


def test_what_cannot_be_written_is_a_cluster_error_with_the_file(tmp_path: Path) -> None:
    with pytest.raises(errors.ClusterError, match=r"missing/x\.json"):
        files.write_json(tmp_path / "missing" / "x.json", {})
