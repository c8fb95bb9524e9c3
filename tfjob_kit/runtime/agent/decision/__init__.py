"""What an agent does about what happens to it: (situation, event, time) -> situation, actions.

Owns barrier, restarts and endings. Pure: no sockets, processes or clocks, so that every schedule of faults
can be tried in tests. Must not know how anything is done. The rules in one place:

* A start is one attempt by one group of agent processes. It begins when all announce the same group.
* Whoever needs a restart raises the attempt; all follow the highest they hear, kill trainers and gather.
* The chief's `done` is the job's end. Before it a finished worker waits and takes part in restarts.
* A permanent failure of one ends the others, without restart.
* The chief counts restarts since the last new checkpoint.

Modules by what happens: `peers`, `trainer`, `deadlines`; `barrier` and `endings` follow from the situation.
"""

from tfjob_kit.runtime.agent.decision.turn import Turn, advance

__all__ = ["Turn", "advance"]
