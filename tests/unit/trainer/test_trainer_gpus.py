"""GPU check, totals and memory plans, without TensorFlow."""

from __future__ import annotations

import pytest

from tfjob_kit import errors
from tfjob_kit.config import schema
from tfjob_kit.config.schema import GpuMemoryConfig, GpuMemoryMode, Size
from tfjob_kit.runtime.trainer import failures, gpu_check, gpu_totals, memory

CARDS = [("GPU-aa11", 81559), ("GPU-bb22", 40960), ("GPU-bb33", 24576)]
KNOWN = gpu_totals.GpuTotals(mib=(81559, 40960))
UNKNOWN = gpu_totals.GpuTotals(mib=None, reason="NVML: no driver")


@pytest.mark.parametrize(
    ("selection", "expected"),
    [
        (None, (81559, 40960, 24576)),
        ("1", (40960,)),
        ("2, 0", (24576, 81559)),
        ("GPU-bb22", (40960,)),
        ("GPU-bb", ()),
        ("0,7,1", (81559,)),
        ("-1", ()),
        ("", ()),
    ],
)
def test_cuda_visible_devices_selects_totals(selection, expected):
    assert expected == gpu_totals.visible(CARDS, selection).mib


def test_the_total_of_a_part_of_a_card_is_not_guessed():
    assert gpu_totals.visible(CARDS, "MIG-1234").mib is None


@pytest.mark.parametrize(
    ("config", "totals", "expected"),
    [
        ({"mode": GpuMemoryMode.exclusive}, UNKNOWN, memory.MemoryPlan()),
        ({"mode": GpuMemoryMode.growth}, UNKNOWN, memory.MemoryPlan(growth=True)),
        (
            {"mode": GpuMemoryMode.fraction, "fraction": 0.85},
            KNOWN,
            memory.MemoryPlan(limits_mib=(69325, 34816)),
        ),
        (
            {"mode": GpuMemoryMode.limit, "limit_mib": 8192},
            UNKNOWN,
            memory.MemoryPlan(limits_mib=(8192, 8192)),
        ),
    ],
)
def test_a_mode_becomes_settings_for_every_card(config, totals, expected):
    assert expected == memory.plan_memory(GpuMemoryConfig(**config), gpus=2, totals=totals, environ={})


def test_nothing_is_set_without_gpus():
    plan = memory.plan_memory(GpuMemoryConfig(), gpus=0, totals=UNKNOWN, environ={})
    assert memory.MemoryPlan() == plan


@pytest.mark.parametrize(
    ("config", "totals", "environ", "message"),
    [
        ({"mode": GpuMemoryMode.fraction}, UNKNOWN, {}, "needs each card's total, which is not known"),
        ({"mode": GpuMemoryMode.limit, "limit_mib": 50000}, KNOWN, {}, "more than a card's total of 40960"),
        ({"mode": GpuMemoryMode.limit}, KNOWN, {}, "without a limit"),
        ({"mode": GpuMemoryMode.async_}, KNOWN, {}, "needs TF_GPU_ALLOCATOR=cuda_malloc_async"),
        (
            {"mode": GpuMemoryMode.limit, "limit_mib": 800},
            KNOWN,
            {"TF_GPU_ALLOCATOR": "cuda_malloc_async"},
            "is no limit",
        ),
        (
            {"mode": GpuMemoryMode.fraction},
            KNOWN,
            {"TF_FORCE_GPU_ALLOW_GROWTH": "true"},
            "TF_FORCE_GPU_ALLOW_GROWTH=true overrides",
        ),
    ],
)
def test_what_tensorflow_would_not_do_is_refused(config, totals, environ, message):
    with pytest.raises(failures.GpuCheckError, match=message) as caught:
        memory.plan_memory(GpuMemoryConfig(**config), gpus=2, totals=totals, environ=environ)
    assert caught.value.hint


def facts(**values):
    return gpu_check.GpuFacts(
        **{"claimed": 2, "seen": 2, "cuda_build": True, "selection": None, "totals": KNOWN, **values}
    )


@pytest.mark.parametrize(
    ("values", "reason", "hint"),
    [
        ({"seen": 0, "cuda_build": False}, "has no CUDA", "tensorflow.and-cuda"),
        ({"seen": 0, "totals": UNKNOWN}, "no NVIDIA driver answers", "gpus=0 replicas=N"),
        ({"seen": 0}, "cannot load its CUDA libraries", "tensorflow.and-cuda"),
        (
            {"seen": 1, "selection": "0", "totals": gpu_totals.GpuTotals(mib=(1,))},
            "driver lists 1 GPU for it, CUDA_VISIBLE_DEVICES=0",
            "GPU limit",
        ),
        ({"seen": 4}, "TensorFlow sees 4: CUDA_VISIBLE_DEVICES is not set", "gpus=4"),
    ],
)
def test_a_wrong_number_of_gpus_is_explained(values, reason, hint):
    with pytest.raises(failures.GpuCheckError, match=reason) as caught:
        gpu_check.check_gpus(facts(**values))
    assert hint.replace(".", "[") in str(caught.value.hint)


def test_the_right_number_passes():
    gpu_check.check_gpus(facts())


def test_the_claim_comes_from_the_environment_then_from_the_config():
    config = schema.RunConfig(gpus=Size(replicas=2, per_replica=4))
    assert 4 == gpu_check.claimed_gpus(config, {})
    assert 0 == gpu_check.claimed_gpus(config, {"TFJOB_KIT_GPUS": "0"})
    with pytest.raises(errors.InvalidValue, match="'two'"):
        gpu_check.claimed_gpus(config, {"TFJOB_KIT_GPUS": "two"})
