"""Imports TensorFlow once and forks what tests ask for: trainers, or a few lines of Python.

One JSON object per line on stdin, one answer per line on stdout:
  {"start": {"env": {..}, "cwd": .., "out": .., "reports": .., "code": null | ".."}} -> {"pid": 7}
  {"wait": {"pid": 7, "seconds": 60}} -> {"exit": 0}, negative for a signal; what is late is killed
"""

import json
import os
import signal
import sys
import time
import traceback


def main():
    import keras  # noqa: F401
    import sklearn.datasets  # noqa: F401
    import tensorflow  # noqa: F401

    from tfjob_kit.runtime.trainer import main as trainer
    from tfjob_kit.runtime.trainer import training  # noqa: F401

    for line in sys.stdin:
        request = json.loads(line)
        answer = wait(**request["wait"]) if "wait" in request else start(trainer.run, **request["start"])
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


def start(run, *, env, cwd, out, reports, code):
    pid = os.fork()
    if pid == 0:
        become(run, env=env, cwd=cwd, out=out, reports=reports, code=code)
    return {"pid": pid}


def become(run, *, env, cwd, out, reports, code):
    try:
        output = os.open(out, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        os.dup2(output, 1)
        os.dup2(output, 2)
        os.environ.update(env)
        os.chdir(cwd)
        if code is None:
            run(os.open(reports, os.O_WRONLY | os.O_CREAT | os.O_APPEND), 0)
        exec(compile(code, "<test>", "exec"), {"__name__": "__test__"})
        status = 0
    except BaseException:
        traceback.print_exc()
        status = 1
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)


def wait(*, pid, seconds):
    end = time.monotonic() + seconds
    while True:
        ended, status = os.waitpid(pid, os.WNOHANG)
        if ended:
            return {"exit": os.waitstatus_to_exitcode(status)}
        if time.monotonic() > end:
            os.kill(pid, signal.SIGKILL)
            end += 10
        time.sleep(0.01)


main()
