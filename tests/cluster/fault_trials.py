"""One life of a job under random faults: submit, look, suspend, resume, cancel; what must hold after each.

A trial is a pure function of its seed, but for the order in which threads of a watch come to send. What the
cluster holds is read past the proxy. Clock and sleep of the repetitions are the trial's own, so that a
back-off of half a minute takes no time.
"""

from __future__ import annotations

import random
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from harness.api import Refused
from harness.faults import Schedule
from harness.plane import Plane
from harness.proxy import FaultProxy

from tfjob_kit import errors, jobs
from tfjob_kit.cluster import kube
from tfjob_kit.cluster.kube.calls.retries import Pace
from tfjob_kit.cluster.port import CONFIG_HASH_LABEL, SUBMISSION_ANNOTATION, Cluster, JobRef, Object
from tfjob_kit.jobs import suspension


class Violated(AssertionError):
    """What must hold does not; the text names the seed and everything that was done."""


@dataclass(kw_only=True)
class Tally:
    """What a number of trials met.

    Attributes:
        faults: By kind.
        refused: Calls that ended in an error of ours though nothing was wrong, by verb and message.
    """

    trials: int = 0
    verbs: int = 0
    requests: int = 0
    faults: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)

    def add(self, other: Tally) -> None:
        """Counts what another met, too."""
        self.trials += other.trials
        self.verbs += other.verbs
        self.requests += other.requests
        self.faults += other.faults
        self.refused += other.refused


class QuickTime:
    """Time that passes by being slept: each thread has its own."""

    def __init__(self, seed: int) -> None:
        self._local = threading.local()
        self._chance = random.Random(seed)

    def pace(self) -> Pace:
        return Pace(now=self._now, sleep=self._sleep, chance=self._chance.random)

    def _now(self) -> float:
        return getattr(self._local, "now", 0.0)

    def _sleep(self, seconds: float) -> None:
        self._local.now = self._now() + seconds


class Trials:
    """A proxy and a namespace for many trials, one after the other."""

    def __init__(self, plane: Plane, namespace: str, folder: Path) -> None:
        self.plane, self.namespace = plane, namespace
        self.tally = Tally()
        self._proxy = FaultProxy(plane.url, plane.certificates.folder, delay_seconds=0.01).start()
        self._kubeconfig = self._proxy.write_kubeconfig(folder / "proxied", namespace=namespace)

    def close(self) -> None:
        self._proxy.close()

    def run(self, seed: int, *, share: float = 0.25, most: int = 10) -> None:
        """One trial; `most`: how many faults may come in a row. Raises Violated."""
        time = QuickTime(seed)
        self._proxy.begin(Schedule(seed=seed, share=share, most=most))
        cluster = kube.connect(kubeconfig=self._kubeconfig, environ={}, pace=time.pace())
        trial = _Trial(seed, cluster, self)
        try:
            trial.live()
        finally:
            requests = self._proxy.requests
            self.tally.trials += 1
            self.tally.verbs += len(trial.story)
            self.tally.requests += len(requests)
            self.tally.faults.update(str(request.fault) for request in requests if request.fault)
            self.tally.refused.update(trial.refused)

    def creations(self) -> int:
        """How many TFJobs the API server has made since the trial began."""
        return sum(
            request.method == "POST" and request.status == 201 and "/tfjobs" in request.path
            and "dryRun" not in request.path
            for request in self._proxy.requests
        )  # fmt: skip

    def describe_requests(self) -> str:
        return "\n".join(
            f"  {r.number} {r.method} {r.path} {r.fault} {r.status}" for r in self._proxy.requests
        )


class _Trial:
    def __init__(self, seed: int, cluster: Cluster, trials: Trials) -> None:
        self._seed, self._cluster, self._trials = seed, cluster, trials
        self._chance = random.Random(f"story {seed}")
        self._ref = JobRef(namespace=trials.namespace, name=f"trial-{seed}")
        self._manifest = _make_manifest(self._ref, submission=f"{self._chance.getrandbits(64):016x}")
        self._companions = _make_companions(self._ref) if self._chance.random() < 0.4 else []
        self._uid, self._last_hint = "", ""
        self.story: list[str] = []
        self.refused: Counter[str] = Counter()

    def live(self) -> None:
        """The whole life."""
        if not self._submit():
            return
        middle = [
            self._look,
            self._suspend,
            self._pause,
            self._resume,
            self._submit_again,
            self._submit_other,
        ]
        for act in self._chance.choices(middle, weights=[4, 1, 2, 1, 1, 1], k=self._chance.randint(2, 5)):
            act()
        self._cancel()

    # -- acts ------------------------------------------------------------------------------------------------

    def _submit(self) -> bool:
        done = self._do("submit", lambda: self._cluster.create(self._manifest, companions=self._companions))
        stored = self._stored()
        if done is None:
            told = (
                "may have been created" in self._last_hint
                or "is there and has not started" in self._last_hint
            )
            self._require(stored is None or told, "submit failed without a word about the job that is there")
            self._require(stored is not None or not self._owned(), "there are companions without a job")
            return False
        self._require(stored is not None, "submit succeeded, and there is no job")
        assert stored is not None
        self._uid = stored["metadata"]["uid"]
        self._require(done["metadata"]["uid"] == self._uid, "submit returned another job than there is")
        self._require_one()
        return True

    def _submit_again(self) -> None:
        """The same submission, as a launcher that did not get the answer sends it."""
        done = self._do(
            "submit again", lambda: self._cluster.create(self._manifest, companions=self._companions)
        )
        self._require(
            done is None or done["metadata"]["uid"] == self._uid, "the same submission made another"
        )
        taken = self.story[-1].startswith("submit again: JobExists")
        self._require(not taken, "our own job is taken for another's")
        self._require_one()

    def _submit_other(self) -> None:
        """Somebody else's job of the same name: refused as such, whatever happens on the way."""
        other = _make_manifest(self._ref, submission="another")
        try:
            self._cluster.create(other)
        except errors.JobExists:
            self.story.append("submit other: exists")
        except errors.TfjobKitError as error:
            self._note("submit other", error)
        else:
            self._require(False, "another submission of the same name succeeded")
        self._require_one()

    def _look(self) -> None:
        report = self._do("status", lambda: jobs.read_report(self._cluster, self._ref))
        self._require(report is None or report.view.uid == self._uid, "status is another job's")
        self._do("list", lambda: jobs.list_jobs(self._cluster, namespace=self._trials.namespace))

    def _suspend(self) -> None:
        done = self._do("suspend", lambda: suspension.suspend_job(self._cluster, self._ref))
        self._require_one()
        self._require(done is None or self._is_suspended(), "suspend succeeded, and the job is not suspended")

    def _pause(self) -> None:
        """Both at once: the wait for the pods in between is a watch."""
        self._suspend()
        self._resume()

    def _resume(self) -> None:
        stop = threading.Event()
        done = self._do("resume", lambda: suspension.resume_job(self._cluster, self._ref, stop=stop))
        self._require_one()
        self._require(done is None or not self._is_suspended(), "resume succeeded, and the job is suspended")

    def _cancel(self) -> None:
        done = self._do("cancel", lambda: jobs.cancel_job(self._cluster, self._ref) or True)
        if done is None:
            self._require_one()
            return
        self._require(self._stored() is None, "cancel succeeded, and the job is there")

    # -- what is asked ---------------------------------------------------------------------------------------

    def _do(self, verb: str, act: Callable[[], Any]) -> Any:
        """The act's result; None when it ended in an error of ours."""
        try:
            result = act()
        except errors.TfjobKitError as error:
            self._note(verb, error)
            return None
        except Exception as error:
            raise self._violation(f"{verb} raised {error!r}") from error
        self.story.append(f"{verb}: done")
        return result

    def _note(self, verb: str, error: errors.TfjobKitError) -> None:
        self.story.append(f"{verb}: {type(error).__name__} {error.message}")
        self.refused[f"{verb}: {type(error).__name__}"] += 1
        self._last_hint = error.hint or ""
        self._require(bool(error.message), f"{verb} failed without a word")

    def _require_one(self) -> None:
        stored = self._stored()
        self._require(
            stored is not None and stored["metadata"]["uid"] == self._uid, "the job is gone or another"
        )
        self._require(self._trials.creations() <= 1, "more than one job was made")
        if self._companions:
            owners = {o["uid"] for thing in self._owned() for o in thing["metadata"]["ownerReferences"]}
            self._require(owners == {self._uid}, "a companion is missing or belongs to another")

    def _is_suspended(self) -> bool:
        stored = self._stored() or {}
        return bool(stored["spec"]["runPolicy"].get("suspend"))

    def _stored(self) -> Object | None:
        return self._read(f"/apis/kubeflow.org/v1/namespaces/{self._ref.namespace}/tfjobs/{self._ref.name}")

    def _owned(self) -> list[Object]:
        names = [companion["metadata"]["name"] for companion in self._companions]
        found = [self._read(f"/api/v1/namespaces/{self._ref.namespace}/configmaps/{name}") for name in names]
        return [thing for thing in found if thing is not None]

    def _read(self, path: str) -> Object | None:
        try:
            return self._trials.plane.req("GET", path)
        except Refused as refused:
            if refused.status == 404:
                return None
            raise

    def _require(self, holds: bool, what: str) -> None:
        if not holds:
            raise self._violation(what)

    def _violation(self, what: str) -> Violated:
        story = "\n".join(f"  {line}" for line in self.story)
        return Violated(f"seed {self._seed}: {what}\n{story}\n{self._trials.describe_requests()}")


def _make_manifest(ref: JobRef, *, submission: str) -> Object:
    container = {"name": "tensorflow", "image": "example.invalid/image:1"}
    # No node has the label: the pod stays pending, and is gone at once when the job is suspended.
    pod = {"containers": [container], "nodeSelector": {"tfjob-kit/fault-trials": "none"}}
    return {
        "apiVersion": "kubeflow.org/v1",
        "kind": "TFJob",
        "metadata": {
            "name": ref.name,
            "namespace": ref.namespace,
            "labels": {CONFIG_HASH_LABEL: "0"},
            "annotations": {SUBMISSION_ANNOTATION: submission},
        },
        "spec": {
            "runPolicy": {"suspend": False},
            "tfReplicaSpecs": {
                "Chief": {
                    "replicas": 1,
                    "restartPolicy": "ExitCode",
                    "template": {"spec": pod},
                }
            },
        },
    }


def _make_companions(ref: JobRef) -> list[Object]:
    return [
        {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {"name": f"{ref.name}-{number}"},
            "data": {"a": "b"},
        }
        for number in range(2)
    ]
