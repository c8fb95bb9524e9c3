"""Which examples a step uses, and where calls end."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tfjob_kit.runtime.trainer import boundaries, order


def positions_of_step(step, *, global_batch, pipelines, local_replicas):
    found = []
    for pipeline in range(pipelines):
        part = order.Part(
            global_batch=global_batch, pipelines=pipelines, pipeline=pipeline, local_replicas=local_replicas
        )
        for element in range(part.first_element(step), part.first_element(step + 1)):
            first = part.first_position(element)
            found += range(first, first + part.batch)
    return found


@given(
    step=st.integers(0, 10**9),
    pipelines=st.integers(1, 8),
    local_replicas=st.integers(1, 8),
    batch=st.integers(1, 8),
)
def test_a_step_uses_the_same_positions_on_any_number_of_replicas(step, pipelines, local_replicas, batch):
    global_batch = pipelines * local_replicas * batch
    assert list(range(step * global_batch, (step + 1) * global_batch)) == positions_of_step(
        step, global_batch=global_batch, pipelines=pipelines, local_replicas=local_replicas
    )


@given(size=st.integers(1, 10**6), global_batch=st.integers(1, 4096))
def test_evaluation_has_as_many_batches_as_the_set_needs(size, global_batch):
    steps = order.evaluation_steps(size, global_batch=global_batch)
    assert (steps - 1) * global_batch < size <= steps * global_batch


@given(start=st.integers(0, 500), inner=st.integers(1, 50), total=st.integers(1, 500))
def test_calls_end_at_the_same_steps_wherever_a_run_begins(start, inner, total):
    ends, step = [], start
    while step < total:
        step += boundaries.next_call(step, inner_steps=inner, total_steps=total)
        ends.append(step)
    assert [end for end in range(start + 1, total + 1) if end % inner == 0 or end == total] == ends


@given(every=st.integers(0, 1000), inner=st.integers(1, 50))
def test_saves_fall_on_the_ends_of_calls(every, inner):
    rounded = boundaries.whole_calls(every, inner_steps=inner)
    assert 0 == rounded % inner
    assert every <= rounded < every + inner
