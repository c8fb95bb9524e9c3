"""The cold way into the trainer: `python -m tfjob_kit.runtime.trainer --report-fd N --attempt K`."""

from __future__ import annotations

import argparse

from tfjob_kit.runtime.trainer import main

if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m tfjob_kit.runtime.trainer")
    parser.add_argument("--report-fd", type=int, required=True, help="write end of the pipe to the agent")
    parser.add_argument("--attempt", type=int, default=0, help="restarts of the trainer before this one")
    options = parser.parse_args()
    main.run(options.report_fd, options.attempt)
