"""From a RunConfig to a JobPlan: one decision after the other."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from tfjob_kit import config as configs
from tfjob_kit import contract, errors
from tfjob_kit.config import schema
from tfjob_kit.plan import labels, names, policies
from tfjob_kit.plan.env_references import make_env_references, make_env_sources
from tfjob_kit.plan.git_facts import GitFacts
from tfjob_kit.plan.job_plan import JobPlan
from tfjob_kit.plan.network import make_network
from tfjob_kit.plan.placement import make_placement
from tfjob_kit.plan.references import check_object
from tfjob_kit.plan.roles import Common, count_replicas, make_roles, shared_mounts
from tfjob_kit.plan.scheduling import check_queue, choose_manager, make_scheduling_policy
from tfjob_kit.plan.sidecars import make_sidecars
from tfjob_kit.plan.topology import make_topology

__all__ = ["make_plan"]

_RUNTIME = ("python", "-m", contract.RUNTIME_MODULE)
_HASH_DIGITS = 16


def make_plan(
    config: schema.RunConfig,
    *,
    name: str | None,
    suffix: str,
    default_namespace: str = "default",
    config_yaml: str | None = None,
    code: configs.CodeBundle | None = None,
    git: GitFacts | None = None,
) -> JobPlan:
    """Decides everything about the job.

    Args:
        config: The run, composed and validated.
        name: Job name from outside the config; wins over `config.name`.
        suffix: Ends the generated name when neither names the job.
        default_namespace: Where the job goes when `site.namespace` is null.
        config_yaml: The config as it travels to the replicas; written from `config` when None.
        code: What `config.collect_code` found; None where the job's code is not asked about.
        git: State of the working tree.

    Raises:
        InvalidValue: A name, quantity, volume, label or variable that cannot be.
        UnknownChoice: A GPU type that the site has not.
        RefusedError: The job cannot work: batch, GPUs, memory, restart policy.
    """
    topology = make_topology(config)
    counts = count_replicas(config, topology)
    job_name = _job_name(config, name=name, suffix=suffix, roles=counts)
    text = configs.to_yaml(config) if config_yaml is None else config_yaml
    sha256 = hashlib.sha256(text.encode()).hexdigest()
    restart_policy = policies.choose_restart_policy(config)
    code_name = None if code is None else f"{job_name}-code-{code.sha256[:8]}"
    run_id = f"{job_name}-{sha256[:8]}"
    common = Common(config_yaml=text, run_id=run_id, code=code, code_name=code_name)
    roles = make_roles(config, topology=topology, common=common)
    policies.check_success_policy(config)
    check_queue(config)
    return JobPlan(
        name=job_name,
        namespace=names.check_namespace(config.site.namespace or default_namespace),
        labels=labels.make_labels(config, name=job_name, config_hash=sha256[:_HASH_DIGITS]),
        annotations=labels.make_annotations(config, config_sha256=sha256),
        facts=labels.make_facts(git, code_sha256=None if code is None else code.sha256),
        topology=topology,
        roles=roles,
        image=_image(config),
        image_pull_policy=config.site.image_pull_policy and config.site.image_pull_policy.value,
        image_pull_secrets=_image_pull_secrets(config),
        command=tuple(config.command) or _RUNTIME,
        working_directory=None if code is None else contract.CODE_PATH,
        code=code,
        code_name=code_name,
        env_references=make_env_references(config, is_bundled=code is not None),
        env_sources=make_env_sources(config),
        ports=_ports(config),
        sidecars=make_sidecars(config, mounts=shared_mounts(roles)),
        placement=make_placement(config),
        network=make_network(config),
        run_as_user=config.site.run_as_user,
        priority_class=_priority_class(config),
        queue=config.job.queue,
        queue_priority=config.job.queue_priority,
        scheduling=make_scheduling_policy(config, replicas=sum(counts.values())),
        managed_by=choose_manager(config),
        restart_policy=restart_policy,
        backoff_limit=policies.choose_backoff_limit(
            config, restart_policy=restart_policy, replicas=topology.replicas
        ),
        clean_pod_policy=config.job.clean_pod_policy.value,
        ttl_seconds=config.job.ttl,
        deadline_seconds=config.job.deadline,
        grace_period_seconds=config.job.grace_period,
        suspend=config.job.suspend,
        protect_from_drain=config.job.protect_from_drain,
        config_hash=sha256[:_HASH_DIGITS],
    )


def _job_name(config: schema.RunConfig, *, name: str | None, suffix: str, roles: Mapping[str, int]) -> str:
    given = config.name if name is None else name
    if given is None:
        program = names.program_name(config.model.name, command=config.command)
        return names.generate_name(program, suffix=suffix, roles=roles)
    return names.check_name(given, roles=roles)


def _image(config: schema.RunConfig) -> str:
    if not config.site.image:
        raise errors.InvalidValue("the job has no image", where="site.image", hint="set `site.image`")
    return config.site.image


def _image_pull_secrets(config: schema.RunConfig) -> tuple[str, ...]:
    for number, name in enumerate(config.site.image_pull_secrets):
        check_object(name, where=f"site.image_pull_secrets[{number}]", kind="Secret")
    return tuple(dict.fromkeys(config.site.image_pull_secrets))


def _priority_class(config: schema.RunConfig) -> str | None:
    name = config.job.priority_class
    return name and check_object(name, where="job.priority_class", kind="PriorityClass")


def _ports(config: schema.RunConfig) -> dict[str, int]:
    ports = {"tfjob-port": contract.TF_PORT}
    if config.command:
        return ports
    return ports | {
        "agent": contract.TF_PORT + contract.AGENT_PORT_OFFSET,
        "metrics": contract.TF_PORT + contract.METRICS_PORT_OFFSET,
    }
