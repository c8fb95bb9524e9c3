"""Bad command lines and option files, made from good ones by a seeded generator.

Each case takes something that works and breaks it in one way: a name is misspelt, a value gets the wrong
type, a bracket is lost. What a user gets for it is one error with a way out.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass

SEED = 5
KEYS = ("train.steps", "train.global_batch_size", "train.optimizer.learning_rate", "gpu_memory.fraction",
        "job.clean_pod_policy", "job.restart_policy", "resources.memory", "resources.shared_memory",
        "output.dir", "site.namespace", "communication.implementation", "train.warm_restart", "job.deadline",
        "model.params.filters", "model.params.dropout", "replicas")  # fmt: skip
CHOICES = ("model=resnet50", "model=digits_cnn", "data=digits", "data=imagenet_synthetic", "train=adamw",
           "train=sgd_momentum", "gpu_memory=growth", "gpu_memory=exclusive", "communication=nccl",
           "code=bundle")  # fmt: skip
ENUMS = ("job.clean_pod_policy=Running", "job.restart_policy=OnFailure", "train.precision=mixed_float16",
         "train.optimizer.name=adamw", "communication.implementation=nccl", "gpu_memory.mode=growth",
         "train.schedule.name=cosine")  # fmt: skip
NUMBERS = ("train.steps", "train.global_batch_size", "replicas", "train.inner_steps", "train.checkpoint.keep")
FILE = """# @package _global_
name: run
gpus: 2
train:
  steps: 10
  optimizer: {name: adamw, learning_rate: 1e-3}
env: {A: "1", B: text}
command: [python, train.py]
"""


@dataclass(frozen=True, kw_only=True)
class Bad:
    """One bad input.

    Attributes:
        kind: What was done to it.
        token: The override; of a broken file, the one that chooses it.
        file: Text of `conf/experiment/bad.yaml`; None where there is none.
        near: The name that was meant, which the hint must tell; None where there is none.
    """

    kind: str
    token: str
    file: str | None = None
    near: str | None = None


def bad_inputs(count: int, *, seed: int = SEED) -> list[Bad]:
    """Different bad inputs, the same for each seed; kinds take turns."""
    chance, found = random.Random(seed), dict[tuple[str, str | None], Bad]()
    while len(found) < count:
        for make in MAKERS:
            bad = make(chance)
            found.setdefault((bad.token, bad.file), bad)
    return list(found.values())[:count]


def misspelt(name: str, chance: random.Random) -> str:
    """A name with two letters swapped, one lost, doubled or changed."""
    at = chance.randrange(1, len(name) - 1)
    ways = (
        name[:at] + name[at + 1] + name[at] + name[at + 2 :],
        name[:at] + name[at + 1 :],
        name[:at] + name[at] * 2 + name[at + 1 :],
        name[:at] + chance.choice("zqxjk") + name[at + 1 :],
    )
    return next((way for way in chance.sample(ways, len(ways)) if way != name), name + "z")


def misspelt_key(chance: random.Random) -> Bad:
    key = chance.choice(KEYS)
    head, _, last = key.rpartition(".")
    wrong = f"{head}.{misspelt(last, chance)}".lstrip(".")
    mark = "" if "params" in key else chance.choice(["", "++"])
    return Bad(kind="key", token=f"{mark}{wrong}=1", near=last)


def misspelt_section(chance: random.Random) -> Bad:
    head, _, rest = chance.choice([key for key in KEYS if "." in key]).partition(".")
    return Bad(kind="section", token=f"{misspelt(head, chance)}.{rest}=1", near=rest)


def misspelt_group(chance: random.Random) -> Bad:
    group, _, option = chance.choice(CHOICES).partition("=")
    return Bad(kind="group", token=f"{misspelt(group, chance)}={option}", near=group)


def misspelt_option(chance: random.Random) -> Bad:
    group, _, option = chance.choice(CHOICES).partition("=")
    return Bad(kind="option", token=f"{group}={misspelt(option, chance)}", near=option)


def misspelt_enum(chance: random.Random) -> Bad:
    key, _, value = chance.choice(ENUMS).partition("=")
    return Bad(kind="enum", token=f"{key}={misspelt(value, chance)}", near=value)


def wrong_type(chance: random.Random) -> Bad:
    key = chance.choice(NUMBERS)
    value = chance.choice(
        ["two", "[1]", "{a:1}", "true", "4.5", "1e3", "'4'", "null_", "1,2", "0x10", "007", ""]
    )
    return Bad(kind="type", token=f"{key}={value}")


def negative(chance: random.Random) -> Bad:
    return Bad(kind="negative", token=f"{chance.choice((*NUMBERS, 'gpus'))}=-{chance.randrange(1, 999)}")


def bad_size(chance: random.Random) -> Bad:
    number = chance.randrange(2, 64)
    form = chance.choice(
        ["{}by4", "{}.5", "{}x", "x{}", "A100", "A100:", ":{}", "{}x4x2", "{} x", "A100={}", "{}e3"]
    )
    return Bad(kind="size", token=f"gpus={form.format(number)}")


def bad_quantity(chance: random.Random) -> Bad:
    number = chance.randrange(1, 512)
    form = chance.choice(
        ["{}GB", "{}gb", "-{}Gi", "{} Gi", "{}Xi", "{}gib", "Gi{}", "{}Gi{}", "{}MB", "{}K", "{}i"]
    )
    return Bad(kind="quantity", token=f"resources.memory={form.format(number, number)}")


def bad_duration(chance: random.Random) -> Bad:
    number = chance.randrange(1, 99)
    form = chance.choice(
        ["{}y", "-{}s", "{}.5h", "{}h{}h", "s{}", "{} hours", "{}:30", "PT{}H", "{}w", "{}m{}d"]
    )
    key = chance.choice(["job.deadline", "job.ttl", "job.grace_period", "train.stall_timeout"])
    return Bad(kind="duration", token=f"{key}={form.format(number, number)}")


def unbalanced(chance: random.Random) -> Bad:
    value = chance.choice(
        ["[", "{", "(", "]", "}", ")", "'", '"', "[a", "{a:1", "a(", "a)", "'a", "[{a:1]", "${a", "[,"]
    )
    return Bad(kind="bracket", token=f"{chance.choice(['name', 'command', 'env', 'model.params'])}={value}")


def unknown_function(chance: random.Random) -> Bad:
    name = chance.choice(["choice", "range", "interval", "shuffle", "float"])
    return Bad(kind="function", token=f"name={misspelt(name, chance)}({chance.randrange(9)})")


def control_character(chance: random.Random) -> Bad:
    char = chance.choice(["\0", "\x1b[31m", "\r", "\n", "\x07", "\u202e", "\x7f", "\udcff"])
    at = chance.randrange(0, 5)
    key = "train"[:at] + char + "train"[at:]
    return Bad(kind="control", token=f"{key}.steps={chance.randrange(99)}")


def very_long(chance: random.Random) -> Bad:
    length = chance.randrange(500, 5000)
    form = chance.choice(["train.{s}=1", "train.steps={9}", "name={[}", "{x}=1", "gpus={4}", "name={a}]"])
    char = form[form.index("{") + 1]
    return Bad(kind="long", token=form.replace(f"{{{char}}}", char * length))


def not_ascii(chance: random.Random) -> Bad:
    forms = [
        "größe=1",
        "train.stéps=1",
        "gpus=４",
        "gpus=4×2",
        "модель=big",
        "train.steps=十",
        "name=（a",
        "模型=x",
    ]
    form = chance.choice([*forms[:6], forms[7]])
    return Bad(kind="letters", token=form.replace("=1", f"={chance.randrange(99)}"))


def broken_file(chance: random.Random) -> Bad:
    lines = FILE.splitlines(keepends=True)
    at = chance.randrange(2, len(lines))
    ways: list[Callable[[str], str]] = [
        lambda line: "\t" + line.lstrip(),
        lambda line: line.replace(":", "", 1),
        lambda line: line.rstrip("\n") + " [\n",
        lambda line: line.replace(": ", ": {", 1) if "\n" in line else line,
        lambda line: line + line,
        lambda line: "  " * chance.randrange(1, 4) + line,
        lambda line: line.replace(": ", ": 'x", 1),
        lambda line: f"{misspelt(line.strip().partition(':')[0] + 'xyz', chance)}: 1\n",
        lambda line: line.replace(": ", ": !!python/name:os.system ", 1),
        lambda line: line.replace(": ", ": *gone ", 1),
    ]
    lines[at] = chance.choice(ways)(lines[at])
    # The last line is wrong in any case, since some of these changes leave a good file.
    wrong = chance.choice(["gpus_: 1\n", "name_: yes\n", "trian: {steps: 1}\n", "output: {dir: 22:22}\n"])
    return Bad(kind="file", token="experiment=bad", file="".join([*lines, wrong]))


MAKERS = (
    misspelt_key, misspelt_section, misspelt_group, misspelt_option, misspelt_enum, wrong_type, negative,
    bad_size, bad_quantity, bad_duration, unbalanced, unknown_function, control_character, very_long,
    not_ascii, broken_file,
)  # fmt: skip
