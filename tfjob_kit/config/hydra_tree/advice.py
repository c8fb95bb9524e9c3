"""What there is here for what Hydra has: sections, keywords and resolvers, and usual names of settings.

Owns texts and the keys of ours that they name. What a usual name means is a suggestion for a person; nothing
is moved by this table.
"""

from __future__ import annotations

from tfjob_kit.config.grammar.keys import Path

__all__ = ["INSTANTIATION", "of_hydra", "of_keyword", "of_resolver", "suggestion"]

INSTANTIATION = frozenset({"_target_", "_partial_", "_recursive_", "_convert_", "_args_"})
"""Keywords of `hydra.utils.instantiate`."""

_KEYWORDS = {
    "_partial_": "build(params) in models/NAME.py can call functools.partial itself",
    "_recursive_": "build(params) in models/NAME.py decides what it makes of its parameters",
    "_convert_": "build(params) gets plain dicts and lists",
    "_args_": "give the arguments names under model.params",
}
_TARGETS = {
    "model": "write models/NAME.py with build(params), which makes the model, and set model.name=NAME",
    "data": "set data.name to a source of the runtime, or run your own program: command=[python,train.py]",
}
_OWN_PROGRAM = "the runtime does without it; a program of your own can make it: command=[python,train.py]"
_HYDRA = {
    "launcher": "`tfjob-kit run gpus=N` submits to the cluster of the kube context itself",
    "sweeper": "start one run for each value",
    "sweep": "each run has a job name of its own (name=NAME, or made up), and output.dir and output.claim",
    "run": "output.dir and output.claim say where checkpoints and logs go",
    "job": "env sets variables of each replica; a replica works in the directory of its image",
    "job_logging": "replicas write to stdout: `tfjob-kit logs NAME`",
    "hydra_logging": "`--debug` shows the trace of an error",
    "help": "`tfjob-kit config options` tells what can be chosen",
    "searchpath": "files are looked for in --conf-dir, ./conf and the kit's own conf",
    "output_subdir": "the config of a job is in the job: `tfjob-kit config show --job NAME`",
    "callbacks": "nothing runs in the launcher; what a replica does is in its own program",
    "mode": "`tfjob-kit run` makes one job",
}
_RESOLVERS = {
    "hydra": "the launcher has no hydra.* at run time; output.dir is where a replica writes",
    "now": "a job's name gets a suffix of its own, its times are in `tfjob-kit status NAME`",
    "eval": "write the result, or compute it in build(params)",
}
_USUAL: dict[str, tuple[str, str]] = {
    name: (key, note)
    for names, key, note in (
        ("lr learning_rate base_lr", "train.optimizer.learning_rate", ""),
        ("batch_size train_batch_size global_batch_size", "train.global_batch_size", "of the whole job"),
        (
            "epochs num_epochs max_epochs n_epochs",
            "train.steps",
            "steps, not epochs: epochs x examples / train.global_batch_size",
        ),
        ("steps max_steps num_steps total_steps train_steps", "train.steps", ""),
        ("seed random_seed", "train.seed", ""),
        ("weight_decay wd", "train.optimizer.weight_decay", ""),
        ("momentum", "train.optimizer.momentum", ""),
        ("optimizer optim", "train.optimizer.name", ""),
        ("precision dtype", "train.precision", ""),
        ("warmup warmup_steps num_warmup_steps", "train.schedule.warmup_steps", ""),
        ("scheduler lr_scheduler schedule", "train.schedule.name", ""),
        ("gpus num_gpus n_gpus ngpus devices world_size", "gpus", "of the whole job"),
        ("num_nodes nodes n_nodes", "gpus", "replicas x GPUs each: gpus=2x4"),
        ("output_dir out_dir save_dir log_dir ckpt_dir checkpoint_dir work_dir", "output.dir", ""),
        ("save_every checkpoint_every every_n_train_steps", "train.checkpoint.every_steps", ""),
        ("save_top_k keep keep_checkpoints max_to_keep", "train.checkpoint.keep", ""),
        ("mem memory mem_gb", "resources.memory", "per replica: 16Gi"),
        ("cpus cpus_per_task", "resources.cpu", "per replica"),
        ("timeout timeout_min time_limit walltime", "job.deadline", "90m, 12h"),
        ("queue partition", "job.queue", ""),
        ("image docker_image container", "site.image", ""),
        ("namespace", "site.namespace", ""),
        ("task_name experiment_name exp_name run_name job_name", "name", ""),
        ("env env_vars env_set", "env", ""),
        ("labels tags", "job.labels", ""),
    )
    for name in names.split()
}


def suggestion(path: Path) -> tuple[str, str] | None:
    """The key of ours that the last name of a path usually stands for, and what to mind; None for others."""
    names = [part for part in path if isinstance(part, str)]
    return _USUAL.get(names[-1].lower()) if names else None


def of_keyword(name: str, path: Path) -> str:
    """What there is for a keyword of instantiation that stands in a path."""
    return _TARGETS.get(str(path[0]), _OWN_PROGRAM) if name == "_target_" else _KEYWORDS[name]


def of_hydra(section: str) -> str:
    """What there is for `hydra.<section>`, or for a choice of the group `hydra/<section>`."""
    return _HYDRA.get(section, "leave it out: the kit has flags of its own, `tfjob-kit --help`")


def of_resolver(name: str) -> str:
    """What there is for `${name:...}`."""
    return _RESOLVERS.get(name, "write the value itself, or compute it in build(params)")
