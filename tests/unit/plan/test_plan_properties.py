"""What holds for every volume, toleration and placement, whatever is written."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tfjob_kit import errors, plan
from tfjob_kit.config import schema

WORDS = st.none() | st.sampled_from(["data", "a.b", "A", "", "/mnt", "nas:/x", "nas:x", "../up", "a b"])
SOURCES = {
    "claim": "persistentVolumeClaim",
    "host_path": "hostPath",
    "nfs": "nfs",
    "config_map": "configMap",
    "secret": "secret",
    "empty_dir": "emptyDir",
}
VOLUMES = st.builds(
    schema.VolumeConfig,
    mount_path=st.sampled_from(["/data", "/data/", "/a/b", "", "data", "/"]),
    claim=WORDS,
    host_path=WORDS,
    host_path_type=st.none() | st.sampled_from(schema.HostPathType),
    nfs=WORDS,
    config_map=WORDS,
    secret=WORDS,
    empty_dir=st.booleans(),
    in_memory=st.booleans(),
    size_limit=st.none() | st.sampled_from(["1Gi", "0"]),
    items=st.dictionaries(st.sampled_from(["k", "k k"]), st.sampled_from(["f", "/f", "..f"]), max_size=2),
    sub_path=WORDS,
    read_only=st.booleans(),
) | st.builds(
    schema.VolumeConfig,
    mount_path=st.just("/data"),
    claim=st.just("data"),
    sub_path=WORDS,
    read_only=st.booleans(),
)


def _plan(**parts: Any) -> plan.JobPlan | str:
    """The plan, or the key about which it is refused."""
    try:
        return plan.make_plan(schema.RunConfig(**parts), name="job", suffix="", config_yaml="a: 1\n")
    except errors.InvalidValue as error:
        return str(error.where)


@given(VOLUMES)
def test_a_volume_is_written_with_its_one_source_or_refused_by_its_key(volume: schema.VolumeConfig) -> None:
    given_sources = [name for name in SOURCES if getattr(volume, name) not in (None, False)]
    made = _plan(volumes={"v": volume})
    if isinstance(made, str):
        assert made.startswith("volumes.v")
        return
    (mount,) = [mount for mount in made.chief.mounts if mount.name == "v"]
    (source,) = given_sources
    assert [SOURCES[source]] == list(mount.source)
    assert mount.read_only is (volume.read_only or source in ("config_map", "secret"))


TOLERATIONS = st.lists(
    st.fixed_dictionaries(
        {},
        optional={
            "key": st.sampled_from(["gpu", "spot", ""]),
            "operator": st.sampled_from(["Exists", "Equal"]),
            "value": st.sampled_from(["", "a"]),
            "effect": st.sampled_from(["NoSchedule", "NoExecute"]),
        },
    ),
    max_size=3,
)


@given(site=TOLERATIONS, run=TOLERATIONS)
def test_tolerations_keep_their_order_and_come_once(site: list[Any], run: list[Any]) -> None:
    parts = {
        "site": schema.SiteConfig(tolerations=site),
        "placement": schema.PlacementConfig(tolerations=run),
    }
    made = _plan(**parts)
    if isinstance(made, str):
        assert made.startswith(("site.tolerations[", "placement.tolerations["))
        return
    every = [*site, *run]
    assert list(made.chief.tolerations) == [
        each for number, each in enumerate(every) if each not in every[:number]
    ]


LABELS = st.none() | st.sampled_from(["node", "zone", "rack", "kubernetes.io/hostname", "a b"])


@given(pack=LABELS, spread=LABELS, strict=st.booleans(), on_host=st.booleans())
def test_wishes_for_neighbours_never_contradict_each_other(
    pack: str | None, spread: str | None, strict: bool, on_host: bool
) -> None:
    made = _plan(
        placement=schema.PlacementConfig(pack_by=pack, spread_by=spread, strict=strict),
        communication=schema.CommunicationConfig(host_network=on_host),
    )
    if isinstance(made, str):
        assert made.startswith("placement.")
        return
    keys = [wish.topology_key for wish in made.placement.neighbours]
    assert len(keys) == len(set(keys)) == sum(name is not None for name in (pack, spread))
    assert all(wish.is_strict is strict for wish in made.placement.neighbours)
