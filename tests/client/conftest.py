"""The branch of the terminal's tests, which the client is tried in too."""

from __future__ import annotations

from tests.terminal.conftest import branch, other_branch

__all__ = ["branch", "other_branch"]
