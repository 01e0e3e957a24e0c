"""A plan as a Mermaid flowchart (https://mermaid.js.org/syntax/flowchart.html)."""

from __future__ import annotations

from collections.abc import Iterator

from shared.calls.plans.document import Plan
from shared.calls.plans.drawing.graph import Graph, Node, Shape, graph_of

BRACKETS = {
    Shape.BRANCH: ("{{", "}}"),
    Shape.QUESTION: ("[/", "/]"),
    Shape.ACTION: ("[", "]"),
    Shape.END: ("([", "])"),
}


def mermaid(plan: Plan) -> str:
    """Text of the type ``text/vnd.mermaid``."""
    return "\n".join(_lines(graph_of(plan))) + "\n"


def _lines(graph: Graph) -> Iterator[str]:
    ids = {node.name: f"s{number}" for number, node in enumerate(graph.nodes, 1)}  # names can be words of Mermaid
    yield "flowchart TD"
    yield f"  call((call)) --> {ids[graph.first]}"
    yield from (f"  {ids[node.name]}{_box(node)}" for node in graph.nodes)
    for edge in graph.edges:
        label = f'|"{_escaped(edge.label)}"|' if edge.label else ""
        yield f"  {ids[edge.start]} -->{label} {ids[edge.end]}"


def _box(node: Node) -> str:
    opening, closing = BRACKETS[node.shape]
    text = "<br>".join(map(_escaped, node.lines))
    return f'{opening}"<b>{_escaped(node.name)}</b><br>{text}"{closing}'


def _escaped(text: str) -> str:
    """Characters that Mermaid or HTML reads otherwise, as Mermaid's entities."""
    return "".join(f"#{ord(each)};" if each in '"#;&<>`\\|{}[]*_' else each for each in text)
