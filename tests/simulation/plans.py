"""Routing plans of simulated calls, and what callers do in them."""

from __future__ import annotations

import json
import random
from typing import Any

from shared.plans.rows import plan_key
from tests.simulation.supervisors import AGENT

Document = dict[str, Any]

GROUP = "sales"
NUMBER = "+12065550199"
LONGEST_WALK = 300.0  # seconds: each of the plans ends by then, as long as nothing fails

BYE: Document = {
    "sorry": {"type": "play", "prompt": {"text": "Please call again later."}, "then": "bye"},
    "bye": {"type": "hangUp"},
}

# A menu that is repeated, with a way out of it that another party must accept.
MENU: Document = {
    "greeting": {"type": "play", "prompt": {"text": "Good morning."}, "then": "menu"},
    "menu": {
        "type": "menu",
        "prompt": {"text": "For sales press 1. To hear this again press 9."},
        "keys": {"1": "sales", "9": "menu"},
        "tries": 2,
        "seconds": 4,
        "otherwise": "sorry",
    },
    "sales": {"type": "transfer", "to": {"agent": AGENT.format(2)}, "otherwise": "sorry"},
    **BYE,
}
# The prompt cannot be interrupted: a key that is pressed during it does not count.
PATIENT: Document = {
    "menu": MENU["menu"] | {"interruptible": False, "tries": 3},
    "sales": MENU["sales"],
    **BYE,
}
# A file that cannot be played, twice, before the menu.
MISSING: Document = {
    "music": {"type": "play", "prompt": {"file": "https://example.com/missing.wav"}, "times": 2, "then": "menu"},
    **PATIENT,
}
# All agents of a group at once, with music meanwhile.
ALL: Document = {
    "sales": {
        "type": "ring",
        "targets": [{"group": GROUP}],
        "order": "all",
        "seconds": 15,
        "meanwhile": {"file": "https://example.com/hold.wav"},
        "left": "bye",
        "otherwise": "sorry",
    },
    **BYE,
}
# One agent after another, then a number, which accepts with a key.
LIST: Document = {
    "sales": ALL["sales"]
    | {
        "targets": [{"agent": AGENT.format(5)}, {"agent": AGENT.format(4)}, {"number": NUMBER}],
        "order": "inTurn",
        "seconds": 10,
    },
    **BYE,
}
# Callers wait for an agent, after a menu.
WAITING: Document = {
    "menu": MENU["menu"],
    "sales": ALL["sales"]
    | {
        "order": "longestIdle",
        "wait": {"seconds": 60, "position": "You are number {position}.", "positionSeconds": 20},
    },
    **BYE,
}
# Another application decides whether agents ring.
DECIDED: Document = {
    "lookup": {"type": "decide", "choices": ["sales", "sorry"], "seconds": 5, "otherwise": "sales"},
    **LIST,
}
PLANS: dict[str, Document] = {
    "menu": MENU,
    "patient": PATIENT,
    "missing": MISSING,
    "all": ALL,
    "list": LIST,
    "waiting": WAITING,
    "decided": DECIDED,
}


# Of `make queue`: a menu that waits for a minute, and a group that callers wait for.
FIGURES: dict[str, Document] = {
    "long menu": {
        "menu": MENU["menu"] | {"keys": {"1": "sorry"}, "tries": 1, "seconds": 60, "otherwise": "bye"},
        **BYE,
    },
    "queue": {
        "sales": ALL["sales"] | {"order": "longestIdle", "wait": {"seconds": 7200}},
        **BYE,
    },
}


def row(name: str, tenant: str, account: str, changed_at: str) -> dict[str, Any]:
    """The row of a plan, as it is on the wire."""
    steps = (PLANS | FIGURES)[name]
    plan = {"start": next(iter(steps)), "steps": steps}
    return {
        "PartitionKey": tenant,
        "RowKey": plan_key(account),
        "version": 1,
        "changed_at": changed_at,
        "changed_at@odata.type": "Edm.DateTime",
        "changed_by": "user grace",
        "plan": json.dumps(plan),
        "deleted": False,
    }


def presses(rng: random.Random, lasts: float) -> tuple[tuple[float, str], ...]:
    """The keys of a caller: none, one of the menu's, or several, of which some are pressed before the prompt."""
    keys = rng.choice(("", "1", "1", "9", "91", "5", "51", "9991"))
    return tuple(sorted((rng.uniform(0, min(lasts, 25.0)), key) for key in keys))
