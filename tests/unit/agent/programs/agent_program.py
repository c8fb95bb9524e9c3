"""One agent with settings of a test, given as JSON."""

import dataclasses
import json
import os
import sys
from pathlib import Path

from tfjob_kit.runtime.agent import AgentSettings, run_agent
from tfjob_kit.runtime.agent.announcement import Identity
from tfjob_kit.runtime.agent.decision.situation import Limits
from tfjob_kit.runtime.agent.settings import TrainerCommands


def main(text: str) -> int:
    data = json.loads(text)
    trainers = data.pop("trainers")
    count_file = data.pop("count_file")
    own = AgentSettings(
        identity=Identity(**data.pop("identity"), incarnation=f"process {os.getpid()}"),
        limits=dataclasses.replace(Limits(start=60, stall=60, stop=20, restarts=50), **data.pop("limits")),
        peers={name: (host, port) for name, (host, port) in data.pop("peers").items()},
        termination_log=Path(data.pop("termination_log")),
        count_file=Path(count_file) if count_file else None,
        trainers=TrainerCommands(
            cold=tuple(trainers["cold"]),
            zygote=tuple(trainers["zygote"]) if trainers["zygote"] else None,
            environ=dict(os.environ),
        ),
        **data,
    )
    return run_agent(own)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
