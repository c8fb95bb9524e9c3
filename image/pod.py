"""The chief's container of a rendered manifest as `NAME=VALUE ... -- COMMAND ...`, each word ended by NUL.

The kubelet turns `$$(` into `$(` in values; so does this. For image/check.sh, which plays the kubelet.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path


def main(manifest: Path) -> None:
    """Writes the words to stdout."""
    roles = json.loads(manifest.read_text())["spec"]["tfReplicaSpecs"]
    [container] = roles["Chief"]["template"]["spec"]["containers"]
    settings = [f"{each['name']}={each['value']}" for each in container["env"] if "value" in each]
    words = [*(text.replace("$$(", "$(") for text in settings), "--", *container["command"]]
    sys.stdout.write("".join(f"{word}\0" for word in [*words, *container.get("args", [])]))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
