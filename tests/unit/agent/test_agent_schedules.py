"""Whole jobs of agents in simulated time: whatever fails, and whenever, the job ends.

`World` is what lies around the decisions: time, connections, trainers that need each other in every step, an
operator that recreates what left with a retryable code. Nothing here waits.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field, replace

from hypothesis import given, settings
from hypothesis import strategies as st

from tfjob_kit.runtime import reports
from tfjob_kit.runtime.agent.announcement import Phase
from tfjob_kit.runtime.agent.decision import advance
from tfjob_kit.runtime.agent.decision import situation as s

TICK, BEAT = 0.1, 5
STEPS, SAVE_EVERY = 60, 10
LOST_AFTER = 3
"""Ticks until a trainer notices that a peer's is not there."""


@dataclass
class FakeTrainer:
    group: str
    attempt: int
    step: int = 0
    age: int = 0
    alone: int = 0
    frozen: bool = False
    asked: bool = False


@dataclass
class Agent:
    situation: s.Situation
    trainer: FakeTrainer | None = None
    frozen_until: int = 0
    inbox: list[s.Event] = field(default_factory=list)
    said: object = None
    killing: bool = False


@dataclass
class World:
    size: int
    limit: int = 1000
    now: int = 0
    saved: int = 0
    count: int = -1
    agents: dict[str, Agent | None] = field(default_factory=dict)
    back_at: dict[str, int] = field(default_factory=dict)
    ended: dict[str, int] = field(default_factory=dict)
    incarnations: itertools.count = field(default_factory=itertools.count)
    log: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.names = ["chief-0", *(f"worker-{i}" for i in range(self.size - 1))]
        for name in self.names:
            self.agents[name] = self.new_agent(name)

    @property
    def time(self) -> float:
        return self.now * TICK

    @property
    def over(self) -> bool:
        """As the operator sees it: the chief's success, or anybody's permanent failure."""
        return "chief-0" in self.ended or any(self.ended.values())

    def new_agent(self, name: str) -> Agent:
        limits = s.Limits(start=40, stall=5, stop=5, restarts=self.limit)
        return Agent(
            s.Situation(
                name=name,
                chief="chief-0",
                incarnation=f"{name}/{next(self.incarnations)}",
                limits=limits,
                peers={other: s.Peer() for other in self.names if other != name},
                since=self.time,
                named=self.time,
                ticked=self.time,
                in_a_row=self.count if name == "chief-0" else -1,
            )
        )

    # --- one tick ----------------------------------------------------------------------------------

    def tick(self) -> None:
        self.now += 1
        for name, when in list(self.back_at.items()):
            if self.now >= when:
                del self.back_at[name]
                self.agents[name] = self.new_agent(name)
        self.announce()
        for name in self.names:
            self.train(name)
        for name in self.names:
            self.give(name, s.Tick())

    def announce(self) -> None:
        for name, agent in self.agents.items():
            if agent is None or not self.runs(agent):
                continue
            said = agent.situation.announcement()
            if said != agent.said or self.now % BEAT == 0:
                agent.said = said
                self.tell(name, s.Heard(peer=name, announcement=said))

    def tell(self, name: str, event: s.Event) -> None:
        for other in self.names:
            if other != name:
                self.give(other, event)

    def runs(self, agent: Agent) -> bool:
        return self.now >= agent.frozen_until

    def give(self, name: str, event: s.Event) -> None:
        agent = self.agents[name]
        if agent is None:
            return
        if not self.runs(agent):
            # What arrives meanwhile waits in the kernel.
            agent.inbox += [event] if isinstance(event, s.Heard | s.Lost | s.Ended) else []
            return
        while agent.inbox:
            self.take(name, agent, agent.inbox.pop(0))
        if self.agents[name] is agent:
            self.take(name, agent, event)

    def take(self, name: str, agent: Agent, event: s.Event) -> None:
        turn = advance(agent.situation, event, now=self.time)
        agent.situation = turn.situation
        for action in turn.actions:
            self.act(name, agent, action)
        if agent.killing:
            agent.killing, agent.trainer = False, None
            self.give(name, s.Ended(code=137))

    def act(self, name: str, agent: Agent, action: s.Action) -> None:
        match action:
            case s.StartTrainer():
                assert agent.situation.group is not None
                agent.trainer = FakeTrainer(agent.situation.group, action.attempt)
            case s.KillTrainer():
                agent.killing = True
            case s.AskTrainerToStop():
                if agent.trainer is not None:
                    agent.trainer.asked = True
            case s.KeepCount():
                self.count = -1 if action.in_a_row is None else action.in_a_row
            case s.Leave():
                self.leave(name, action.termination.exit_code)
            case s.Say():
                self.log.append(f"{self.time:.1f} {name}: {action.text}")

    def leave(self, name: str, code: int) -> None:
        agent = self.agents[name]
        if agent is None:
            return
        self.agents[name] = None
        self.log.append(f"{self.time:.1f} {name} left with {code}")
        last = agent.situation.announcement()
        if last.phase not in (Phase.done, Phase.failed, Phase.stopping):
            last = replace(last, phase=Phase.leaving)
        self.tell(name, s.Heard(peer=name, announcement=last))
        if code >= 128:
            self.back_at[name] = self.now + 20
        else:
            self.ended[name] = code
        self.tell(name, s.Lost(peer=name))

    # --- trainers ----------------------------------------------------------------------------------

    def train(self, name: str) -> None:
        agent = self.agents[name]
        trainer = agent.trainer if agent else None
        if agent is None or trainer is None or trainer.frozen or not self.runs(agent):
            return
        trainer.age += 1
        if trainer.age == 3:
            self.give(name, s.Reported(report=reports.StrategyReady(devices=self.size)))
        elif trainer.age == 4:
            trainer.step = self.saved
            self.give(name, s.Reported(report=reports.Restored(step=self.saved)))
        elif trainer.age > 4:
            self.step(name, agent, trainer)

    def step(self, name: str, agent: Agent, trainer: FakeTrainer) -> None:
        others = [a.trainer for a in self.agents.values() if a is not None and a.trainer is not None]
        together = [t for t in others if t.group == trainer.group and t.age > 3 and not t.frozen]
        if len(together) < self.size and trainer.step < STEPS:
            trainer.alone += 1
            if trainer.alone > LOST_AFTER:
                self.end(name, agent, 143)
            return
        assert all(t.attempt == trainer.attempt for t in together)
        trainer.alone = 0
        trainer.step = min(trainer.step + 1, STEPS)
        self.give(name, s.Reported(report=reports.Stepped(step=trainer.step)))
        if any(t.asked for t in together):
            self.save(name, trainer)
            self.end(name, agent, 143)
        elif trainer.step % SAVE_EVERY == 0:
            self.save(name, trainer)
        if trainer.step == STEPS and agent.trainer is trainer:
            self.give(name, s.Reported(report=reports.Done(step=STEPS, metrics={})))
            self.end(name, agent, 0)

    def save(self, name: str, trainer: FakeTrainer) -> None:
        if name == "chief-0":
            self.saved = max(self.saved, trainer.step)
            self.give(name, s.Reported(report=reports.Saved(step=trainer.step, seconds=0.1)))

    def end(self, name: str, agent: Agent, code: int) -> None:
        agent.trainer = None
        self.give(name, s.Ended(code=code))

    # --- faults ------------------------------------------------------------------------------------

    def fault(self, kind: str, name: str, ticks: int) -> None:
        agent = self.agents[name]
        if agent is None:
            return
        self.log.append(f"{self.time:.1f} FAULT {kind} {name} {ticks}")
        match kind:
            case "kill trainer":
                if agent.trainer is not None:
                    self.end(name, agent, 137)
            case "freeze trainer":
                if agent.trainer is not None:
                    agent.trainer.frozen = True
            case "kill agent":
                self.agents[name] = None
                self.back_at[name] = self.now + ticks
                self.tell(name, s.Lost(peer=name))
            case "freeze agent":
                agent.frozen_until = self.now + ticks
            case "stop agent":
                self.give(name, s.StopAsked())
            case "cut":
                self.tell(name, s.Lost(peer=name))


KINDS = ["kill trainer", "freeze trainer", "kill agent", "freeze agent", "stop agent", "cut"]


@st.composite
def schedules(draw: st.DrawFn) -> tuple[int, list[tuple[int, str, int, int]]]:
    size = draw(st.integers(1, 3))
    fault = st.tuples(
        st.integers(1, 400), st.sampled_from(KINDS), st.integers(0, size - 1), st.integers(1, 100)
    )
    return size, sorted(draw(st.lists(fault, max_size=6)))


def run(world: World, faults: list[tuple[int, str, int, int]], *, ticks: int = 4000) -> World:
    waiting = list(faults)
    while not world.over and world.now < ticks:
        world.tick()
        while waiting and waiting[0][0] <= world.now:
            _, kind, index, length = waiting.pop(0)
            world.fault(kind, world.names[index], length)
    return world


@settings(max_examples=60, deadline=None)
@given(schedules())
def test_every_schedule_whose_faults_stop_ends_with_the_chief_done(schedule) -> None:
    size, faults = schedule
    world = run(World(size=size), faults)
    assert world.ended.get("chief-0") == 0, "\n".join(world.log)
    assert world.saved == STEPS


@settings(max_examples=30, deadline=None)
@given(schedules(), st.integers(0, 3))
def test_with_a_bound_every_schedule_ends_done_or_without_progress(schedule, limit) -> None:
    size, faults = schedule
    world = run(World(size=size, limit=limit), faults)
    assert world.over, "\n".join(world.log)
    assert set(world.ended.values()) <= {0, 5}, "\n".join(world.log)


@settings(max_examples=10, deadline=None)
@given(st.integers(1, 3), st.integers(0, 4))
def test_a_trainer_that_dies_at_once_every_time_ends_after_the_allowed_restarts(size, limit) -> None:
    world = World(size=size, limit=limit)
    for _ in range(4000):
        world.tick()
        agent = world.agents[world.names[-1]]
        if agent is not None and agent.trainer is not None and agent.trainer.age == 4:
            world.fault("kill trainer", world.names[-1], 0)
        if world.over:
            break
    assert world.ended["chief-0"] == 5
    assert limit + 1 == sum("the trainer starts" in t for t in world.log if "chief-0" in t)


def test_the_count_outlives_the_chiefs_pod() -> None:
    world = World(size=1, limit=2)
    starts = 0
    for _ in range(2000):
        world.tick()
        agent = world.agents["chief-0"]
        if agent is not None and agent.trainer is not None and agent.trainer.age == 4:
            starts += 1
            world.fault("kill agent", "chief-0", 5)
        if world.over:
            break
    assert (3, 5) == (starts, world.ended["chief-0"])


def test_a_drained_replica_does_not_count_as_failure() -> None:
    world = run(World(size=2, limit=0), [(30, "stop agent", 1, 0), (70, "stop agent", 0, 0)])
    assert world.ended["chief-0"] == 0, "\n".join(world.log)
    assert [text for text in world.log if "left with 143" in text]


def test_a_permanent_failure_ends_the_others_without_restart() -> None:
    world = World(size=3)
    while world.agents["worker-0"] is None or world.agents["worker-0"].trainer is None:
        world.tick()
    failed = reports.Failed(exit_code=4, error="BadData: no examples", where="data")
    world.give("worker-0", s.Reported(report=failed))
    world.end("worker-0", world.agents["worker-0"], 4)
    run(world, [])
    left = {n: a.situation for n, a in world.agents.items() if a is not None}
    assert {"worker-0": 4} == world.ended
    assert {Phase.leaving} == {situation.phase for situation in left.values()}
    assert all(agent.trainer is None for agent in world.agents.values() if agent is not None)
    assert {"PeerFailed: worker-0 ended with exit code 4: BadData: no examples"} == {
        situation.outcome.error for situation in left.values()
    }


def test_the_worlds_own_pause_is_no_silence_of_the_peers() -> None:
    world = run(World(size=3), [], ticks=20)
    world.now += 100
    run(world, [])
    assert world.ended["chief-0"] == 0
    assert not [text for text in world.log if "restart" in text]


def test_all_replicas_end_together() -> None:
    world = World(size=3)
    while len(world.ended) < 3 and world.now < 400:
        world.tick()
    assert {"chief-0": 0, "worker-0": 0, "worker-1": 0} == world.ended


def test_a_trainer_that_hangs_after_the_chief_has_finished_restarts_nobody() -> None:
    world = World(size=2)
    while world.agents["worker-0"].trainer is None or world.agents["worker-0"].trainer.step < STEPS - 1:
        world.tick()
    world.agents["worker-0"].trainer.frozen = True
    chief = world.agents["chief-0"]
    world.give("chief-0", s.Reported(report=reports.Done(step=STEPS, metrics={})))
    world.end("chief-0", chief, 0)
    while len(world.ended) < 2 and world.now < 400:
        world.tick()
    assert {"chief-0": 0, "worker-0": 0} == world.ended, "\n".join(world.log)
    assert not [text for text in world.log if "restart" in text]


def test_replace_is_all_that_changes_a_situation() -> None:
    world = World(size=2)
    before = world.agents["chief-0"].situation
    copy = replace(before)
    advance(before, s.Tick(), now=1.0)
    assert copy == before
