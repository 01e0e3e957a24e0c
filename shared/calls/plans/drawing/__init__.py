"""A plan as a picture: a Mermaid flowchart, or an SVG without references to anything else."""

from __future__ import annotations

from shared.calls.plans.drawing.mermaid import mermaid
from shared.calls.plans.drawing.svg import svg

__all__ = ["mermaid", "svg"]
