"""What git says about the directory of a submission: read by `cli`, written down on the TFJob."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["GitFacts"]


@dataclass(frozen=True, kw_only=True)
class GitFacts:
    """The state of a working tree.

    Attributes:
        commit: Full hex id of HEAD.
        is_dirty: There are changes, new files included.
        diff_sha256: Of `git diff HEAD`, so that a kept patch can be matched; None without changes to tracked
            files.
    """

    commit: str
    is_dirty: bool
    diff_sha256: str | None = None

    @property
    def annotations(self) -> dict[str, str]:
        """On the TFJob alone: pods and config hash stay the same whatever is committed."""
        facts = {"tfjob-kit/git-commit": self.commit, "tfjob-kit/git-dirty": str(self.is_dirty).lower()}
        return facts | ({"tfjob-kit/git-diff-sha256": self.diff_sha256} if self.diff_sha256 else {})
