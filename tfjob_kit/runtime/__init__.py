"""What runs in a replica: `python -m tfjob_kit.runtime`.

Owns the road from TF_CONFIG and TFJOB_KIT_CONFIG to an exit code: `agent` keeps the replicas together,
`trainer` trains, `data` feeds it. Shares contract, errors, bundled, config.schema and config.plain with the
launcher and must not know anything else of it; nobody imports the runtime. This level holds what agent and
trainer both need, and imports the standard library alone (YAML inside a function).
"""

from tfjob_kit.runtime.run_config import read_run_config
from tfjob_kit.runtime.task import Task, read_task

__all__ = ["Task", "read_run_config", "read_task"]
