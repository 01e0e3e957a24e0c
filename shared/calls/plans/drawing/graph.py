"""The graph of a plan: its steps with their texts, and the exits between them."""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum

from msgspec import Struct

from shared.calls.plans.base import Prompt, Step
from shared.calls.plans.branches import HoursStep, MatchStep
from shared.calls.plans.decide import DecideStep
from shared.calls.plans.document import AnyStep, Plan
from shared.calls.plans.inputs import CollectStep
from shared.calls.plans.leaving import HangUpStep, TransferStep
from shared.calls.plans.prompts import MenuStep
from shared.calls.plans.record import RecordStep
from shared.calls.plans.ring import RingStep
from shared.calls.plans.targets import Target

LONGEST_LINE = 40  # characters


class Shape(StrEnum):
    BRANCH = "branch"  # the call goes on by a condition
    QUESTION = "question"  # it waits for an answer
    ACTION = "action"
    END = "end"  # it leaves this app


class Node(Struct, frozen=True):
    name: str
    shape: Shape
    lines: tuple[str, ...]  # below the name


class Edge(Struct, frozen=True):
    start: str
    end: str
    label: str


class Graph(Struct, frozen=True):
    """Nodes in the order of the document; ``first`` is the name of the start."""

    first: str
    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]


def graph_of(plan: Plan) -> Graph:
    nodes = tuple(_node(name, step) for name, step in plan.steps.items())
    edges = tuple(edge for name, step in plan.steps.items() for edge in _edges(name, step))
    return Graph(plan.start, nodes, tuple(each for each in edges if each.end in plan.steps))


def _edges(name: str, step: Step) -> Iterator[Edge]:
    """One for each step that this one leads to; its label has all the exits."""
    exits: dict[str, list[str]] = {}
    for path, to in step.exits().items():
        exits.setdefault(to, []).append(_label(step, path))
    for to, labels in exits.items():
        yield Edge(name, to, ", ".join(dict.fromkeys(each for each in labels if each)))


def _label(step: Step, path: str) -> str:
    """The exit in words: the key, a phrase, or the name of the field; nothing for the only exit."""
    field, _, key = path.replace("[", ".").partition(".")
    match step, field:
        case HoursStep(), _:
            return "open" if field == "then" else "closed"
        case MatchStep(), _:
            return "yes" if field == "then" else "no"
        case MenuStep(phrases=phrases), "phrases":
            return f"“{shortened(phrases[key][0], 20)}”"
        case MenuStep(), "keys":
            return key
        case DecideStep(), "choices":
            return "chosen"
    return "" if path == "then" and len(step.exits()) == 1 else WORDS.get(field, field)


WORDS = {"noAnswer": "no answer", "no_answer": "no answer", "left": "agent left"}


def _node(name: str, step: AnyStep) -> Node:
    kind = str(step.__struct_config__.tag)
    lines = (": ".join(each for each in (kind, _subject(step)) if each), *_details(step))
    return Node(name, _shape(step), tuple(shortened(each) for each in lines))


def _shape(step: Step) -> Shape:
    if isinstance(step, HoursStep | MatchStep | DecideStep):
        return Shape.BRANCH
    if isinstance(step, MenuStep | CollectStep):
        return Shape.QUESTION
    return Shape.END if isinstance(step, TransferStep | HangUpStep) else Shape.ACTION


def _subject(step: Step) -> str:
    match step:
        case RingStep(targets=targets):
            return ", ".join(map(_target, targets))
        case TransferStep(to=to):
            return _target(to)
        case RecordStep(recording=recording):
            return recording
        case HoursStep(time_zone=zone):
            return zone
        case MatchStep():
            return " and ".join(_conditions(step))
        case CollectStep(digits=digits, secret=secret):
            return f"{digits} digits{', secret' if secret else ''}"
        case DecideStep(seconds=seconds):
            return f"within {seconds} s"
    return ""


def _conditions(step: MatchStep) -> Iterator[str]:
    if step.callers:
        yield "from " + ", ".join(step.callers)
    if step.customer:
        yield f"customer {step.customer}"
    yield from (f"{name} = {value}" for name, value in step.context.items())


def _details(step: Step) -> Iterator[str]:
    if isinstance(step, HoursStep):
        yield from (f"{days} {', '.join(hours)}" for days, hours in step.open.items())
    if isinstance(step, RingStep) and step.wait:
        yield f"waits {step.wait.seconds} s at most"
    yield from (_prompt(each) for each in step.prompts().values() if each)


def _prompt(prompt: Prompt) -> str:
    return f"“{shortened(prompt.source, LONGEST_LINE - 2)}”" if prompt.is_speech else prompt.file.rpartition("/")[2]


def _target(target: Target) -> str:
    if target.group:
        return f"group {target.group}"
    if target.number:
        return target.number
    kinds = {"agent": target.agent, "Teams user": target.teams_user, "account": target.account}
    return next((f"{kind} {id[:8]}…" for kind, id in kinds.items() if id), "")


def shortened(text: str, longest: int = LONGEST_LINE) -> str:
    text = " ".join(text.split())
    return text if len(text) <= longest else f"{text[: longest - 1].rstrip()}…"
