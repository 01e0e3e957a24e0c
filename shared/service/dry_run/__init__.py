"""The dry run of a routing plan: the way that a call would take through it, without a call."""

from __future__ import annotations

from shared.service.dry_run.result import DryRun
from shared.service.dry_run.run import dry_run
from shared.service.dry_run.situation import Situation, SituationError

__all__ = ["DryRun", "Situation", "SituationError", "dry_run"]
