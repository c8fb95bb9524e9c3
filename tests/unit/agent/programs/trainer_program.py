"""A trainer without TensorFlow: reports like a real one, and behaves as a file of the test tells it.

JOB_DIR holds what replicas of a job share: `checkpoint` (a step), `finish` (train to the end now), `stop` (a
trainer was asked to stop: what the all-reduced flag does) and `<name>.plan`, JSON of what is to go wrong.
"""

import argparse
import json
import os
import signal
import time
from pathlib import Path

from tfjob_kit.runtime import reports

SAVE_EVERY = 5


def run(report_fd, attempt):
    place = Path(os.environ["JOB_DIR"])
    name = os.environ["JOB_NAME"]
    plan = read(place / f"{name}.plan")

    def say(report):
        os.write(report_fd, reports.encode(report))

    (place / f"{name}.pid").write_text(str(os.getpid()))
    if plan.get("deaf"):
        signal.pause()
    say(reports.StrategyReady(devices=1))
    signal.signal(signal.SIGTERM, lambda *_: (place / "stop").touch())
    step = read(place / "checkpoint") or 0
    say(reports.Restored(step=step))
    print(f"attempt {attempt} trains from step {step}", flush=True)
    if plan.get("idle"):
        signal.pause()
    if "failed" in plan:
        say(reports.Failed(exit_code=plan["failed"], error="BadData: no examples", where="data.py:3"))
        os._exit(plan["failed"])
    if "exit" in plan:
        os._exit(plan["exit"])
    if "kill" in plan:
        os.kill(os.getpid(), signal.SIGKILL)
    train(place, name, step, say)


def train(place, name, step, say):
    while not (place / "finish").exists():
        time.sleep(0.02)
        step += 1
        say(reports.Stepped(step=step, values={"loss": 1 / step}))
        (place / f"{name}.stepped").touch()
        stopping = (place / "stop").exists()
        if stopping or step % SAVE_EVERY == 0:
            if name == "chief-0":
                write(place / "checkpoint", step)
            say(reports.Saved(step=step, seconds=0.0))
        if stopping:
            os._exit(143)
    say(reports.Done(step=step, metrics={"accuracy": 0.5}))
    os._exit(0)


def read(path):
    try:
        return json.loads(path.read_text())
    except FileNotFoundError:
        return {}


def write(path, value):
    new = path.with_suffix(".new")
    new.write_text(json.dumps(value))
    os.replace(new, path)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--report-fd", type=int)
    parser.add_argument("--attempt", type=int)
    options = parser.parse_args()
    run(options.report_fd, options.attempt)
