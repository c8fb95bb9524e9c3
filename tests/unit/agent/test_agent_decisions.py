"""Single decisions: a situation and an event in, the next situation and actions out."""

from __future__ import annotations

from dataclasses import replace

from tfjob_kit.runtime import reports
from tfjob_kit.runtime.agent.announcement import Announcement, Phase, group_of
from tfjob_kit.runtime.agent.decision import advance
from tfjob_kit.runtime.agent.decision import situation as s

LIMITS = s.Limits(start=60, stall=30, stop=10, restarts=3)
INCARNATIONS = {"chief-0": "c", "worker-0": "w"}


def alone(**changes) -> s.Situation:
    return s.Situation(name="chief-0", chief="chief-0", incarnation="c", limits=LIMITS, **changes)


def of_two(**changes) -> s.Situation:
    return alone(peers={"worker-0": s.Peer(address="h:1")}, **changes)


def worker(phase: Phase, **changes) -> s.Heard:
    return s.Heard(
        peer="worker-0", announcement=Announcement(incarnation="w", phase=phase, attempt=0, **changes)
    )


def training(**changes) -> s.Situation:
    """Two replicas whose trainers run since time 1."""
    said = worker(Phase.training, group=group_of(0, INCARNATIONS))
    state = advance(of_two(), said, now=1.0).situation
    state = advance(state, s.Reported(report=reports.StrategyReady(devices=2)), now=1.0).situation
    assert Phase.training is state.phase
    return replace(state, **changes)


def said(turn) -> list[str]:
    return [action.text for action in turn.actions if isinstance(action, s.Say)]


def left(turn):
    return next(action.termination for action in turn.actions if isinstance(action, s.Leave))


def test_one_replica_starts_at_once() -> None:
    turn = advance(alone(), s.Tick(), now=0.1)
    assert s.StartTrainer(attempt=0) in turn.actions
    assert s.KeepCount(in_a_row=0) in turn.actions


def test_seeing_everybody_is_not_enough_to_start() -> None:
    turn = advance(of_two(), worker(Phase.gathering), now=1.0)
    assert (Phase.gathering, group_of(0, INCARNATIONS)) == (turn.situation.phase, turn.situation.group)


def test_missing_peers_are_named_with_the_reason() -> None:
    cases = {
        "no connection (Connection refused)": [
            s.Unreachable(peer="worker-0", why="no connection (Connection refused)")
        ],
        "it has not reached everybody": [worker(Phase.gathering)],
        "its last trainer has not ended yet": [worker(Phase.ending)],
        "it has not come to the barrier yet": [worker(Phase.done)],
        "it is about to end": [worker(Phase.leaving)],
        "it was stopped and its replacement is not there yet; its agent is gone": [
            worker(Phase.stopping),
            s.Lost(peer="worker-0"),
        ],
    }
    for why, events in cases.items():
        state = of_two(ticked=14.9)
        for event in events:
            state = advance(state, event, now=14.9).situation
        turn = advance(state, s.Tick(), now=15.0)
        assert [f"waiting 15 s of 60 s for worker-0 (h:1): {why}"] == said(turn)


def test_the_barrier_expires_as_retryable() -> None:
    turn = advance(of_two(ticked=60.0), s.Tick(), now=60.1)
    assert (143, "barrier") == (left(turn).exit_code, left(turn).where)


def test_out_of_memory_ends_the_replica_with_limit_and_peak() -> None:
    turn = advance(alone(), s.Tick(), now=0.0)
    end = s.Ended(code=137, out_of_memory="the kernel killed the trainer (limit 512 MiB, peak 511 MiB)")
    message = left(advance(turn.situation, end, now=1.0))
    assert (137, "failed") == (message.exit_code, message.status)
    assert "OutOfMemory: the kernel killed the trainer (limit 512 MiB, peak 511 MiB)" == message.error


def test_the_next_pod_knows_what_ended_the_last_ones() -> None:
    full = "the kernel killed the trainer (limit 512 MiB, peak 511 MiB)"
    turn = advance(training(in_a_row=3), s.Ended(code=137, out_of_memory=full), now=9.0)
    assert s.KeepCount(in_a_row=3, cause=f"chief-0: OutOfMemory: {full}") in turn.actions

    reborn = alone(in_a_row=3, cause=f"chief-0: OutOfMemory: {full}")
    message = advance(reborn, s.Tick(), now=0.1).situation.outcome
    assert message is not None
    expected = (
        f"3 restarts from the start made no new checkpoint; the last cause: chief-0: OutOfMemory: {full}"
    )
    assert f"NoProgress: {expected}" == message.error
    assert "resources.memory" in str(message.hint)


def test_exits_without_a_report_are_judged_by_their_code() -> None:
    start = advance(alone(), s.Tick(), now=0.0).situation
    codes = {0: 1, 1: 1, 2: 2, 3: 3, 5: 5, 42: 1}
    for code, expected in codes.items():
        message = left(advance(start, s.Ended(code=code), now=1.0))
        assert (expected, "failed") == (message.exit_code, message.status)
        assert f"TrainerDied: the trainer left with exit code {code} before the last step" == message.error
    for code, words in {134: "ended by SIGABRT", 143: "lost a peer", 255: "left with exit code 255"}.items():
        turn = advance(start, s.Ended(code=code), now=1.0)
        assert words in said(turn)[0]
        assert s.StartTrainer(attempt=1) in turn.actions


def test_a_save_that_takes_too_long_is_cut_short() -> None:
    state = advance(training(), s.StopAsked(), now=2.0).situation
    state = replace(state, ticked=12.0)
    turn = advance(state, s.Tick(), now=12.1)
    assert s.KillTrainer() in turn.actions
    assert 143 == left(advance(turn.situation, s.Ended(code=137), now=12.2)).exit_code


def test_a_second_request_to_stop_kills_at_once() -> None:
    turn = advance(training(), s.StopAsked(), now=2.0)
    assert s.AskTrainerToStop() in turn.actions
    assert s.KillTrainer() in advance(turn.situation, s.StopAsked(), now=2.1).actions


def test_a_save_under_way_has_its_whole_time_though_a_peer_is_gone() -> None:
    state = advance(training(), s.StopAsked(), now=2.0).situation
    turn = advance(state, s.Lost(peer="worker-0"), now=2.5)
    assert (12.0, ()) == (turn.situation.leave_at, turn.actions)
    follow = s.Heard(
        peer="worker-0", announcement=Announcement(incarnation="w", phase=Phase.gathering, attempt=1)
    )
    assert 12.0 == advance(state, follow, now=2.5).situation.leave_at


def test_a_stopping_peer_that_leaves_is_no_reason_to_kill() -> None:
    state = advance(training(), worker(Phase.stopping), now=2.0).situation
    turn = advance(state, s.Lost(peer="worker-0"), now=2.5)
    assert s.KillTrainer() not in turn.actions
    ended = advance(turn.situation, s.Ended(code=143), now=3.0)
    assert ["restart: worker-0 was asked to stop"] == said(ended)


def test_the_reason_of_a_peer_that_leaves_is_the_reason_of_the_restart() -> None:
    state = advance(training(), worker(Phase.leaving, reason="OutOfMemory: gone"), now=2.0).situation
    assert ["restart: worker-0: OutOfMemory: gone"] == said(advance(state, s.Lost(peer="worker-0"), now=2.1))


def test_a_mismatch_is_permanent() -> None:
    turn = advance(of_two(), s.Mismatched(peer="worker-0", what="another config"), now=1.0)
    assert (Phase.failed, 2) == (turn.situation.phase, turn.situation.outcome.exit_code)


def test_a_trainer_that_cannot_be_killed_is_left_with_its_pod() -> None:
    state = advance(training(), s.Lost(peer="worker-0"), now=2.0).situation
    assert Phase.ending is state.phase
    turn = advance(replace(state, ticked=62.0), s.Tick(), now=62.1)
    assert 143 == left(turn).exit_code


def test_a_trainer_that_stays_after_its_work_is_ended_and_counts_as_done() -> None:
    state = advance(alone(), s.Tick(), now=0.0).situation
    state = advance(state, s.Reported(report=reports.Done(step=9, metrics={})), now=1.0).situation
    turn = advance(replace(state, ticked=61.9), s.Tick(), now=62.0)
    assert s.KillTrainer() in turn.actions
    assert 0 == left(advance(turn.situation, s.Ended(code=137), now=62.1)).exit_code


def test_a_first_call_may_take_as_long_as_the_start() -> None:
    state = training(ticked=40.0, peers={})
    assert not advance(state, s.Tick(), now=40.1).actions
    stepped = advance(training(peers={}), s.Reported(report=reports.Stepped(step=1)), now=2.0).situation
    turn = advance(replace(stepped, ticked=33.0), s.Tick(), now=33.1)
    assert "restart: chief-0: the trainer was stuck for 31 s (`train.stall_timeout`)" in said(turn)
