"""Why replicas wait, in plain words.

Owns what the messages of scheduler, API server, kubelet, gang schedulers and Kueue say to a person. Pure
functions over a JobView; must not know an engine, a clock or a screen.
"""

from __future__ import annotations

from tfjob_kit.jobs.waits.finding import find_waits, is_untouched
from tfjob_kit.jobs.waits.wait import Wait

__all__ = ["Wait", "find_waits", "is_untouched"]
