"""A routing plan as a picture: ``python -m local.draw --plan plan.json`` writes an SVG file, or prints Mermaid text."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from local.dry_run import explain, read
from shared.calls.plans.drawing import mermaid, svg


def main(given: argparse.Namespace) -> int:
    try:
        plan = read(given.plan)
    except (OSError, ValueError) as error:
        return explain(given.plan, error)
    if given.format == "mermaid":
        print(mermaid(plan), end="")
        return 0
    path = Path(given.out or f".local/{Path(given.plan).stem}.svg")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(svg(plan), encoding="utf-8")
    print(f"The picture is in {path}. A browser opens it.")
    return 0


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--plan", required=True, help="the file of the plan")
    parser.add_argument("--format", choices=["svg", "mermaid"], default="svg")
    parser.add_argument("--out", default="", help="the file of the picture; in .local/ unless given")
    sys.exit(main(parser.parse_args()))
