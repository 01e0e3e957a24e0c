"""A plan as an SVG picture. It refers to nothing else, and runs nothing."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from html import escape
from itertools import pairwise

from msgspec import Struct

from shared.calls.plans.document import Plan
from shared.calls.plans.drawing.graph import Edge, Graph, Node, Shape, graph_of
from shared.calls.plans.drawing.layout import Layout, arranged

CHARACTER, LINE = 6.6, 16.0  # an estimate of the width of a character, and the height of a line
PADDING, MARGIN, LAYER_GAP = 12.0, 24.0, 68.0
CORNERS = {Shape.ACTION: 4, Shape.QUESTION: 4, Shape.BRANCH: 14, Shape.END: 22}

XMLNS = 'xmlns="http://www.w3.org/2000/svg"'
ARROW = (
    '<defs><marker id="arrow" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">'
    '<path d="M0 0 L8 4 L0 8 z" fill="#6b6f7a"/></marker></defs>'
)
STYLE = """
text { font: 12px system-ui, "Segoe UI", sans-serif; fill: #1b1b1f; text-anchor: middle }
.name { font-weight: 600; font-size: 13px }
.label { fill: #44474f; font-size: 11px; paint-order: stroke; stroke: #fff; stroke-width: 4px }
.edge { fill: none; stroke: #6b6f7a; stroke-width: 1.4px }
.back { stroke-dasharray: 5 3 }
rect { stroke-width: 1.4px }
.branch { fill: #fff4d6; stroke: #b58500 }
.question { fill: #e3efff; stroke: #2b6cb0 }
.action { fill: #f2f2f5; stroke: #6b6f7a }
.end { fill: #fbe3e4; stroke: #b3373d }
.passed { stroke: #0f6cbd; stroke-width: 3px }
.aside { opacity: 0.4 }
"""


class Box(Struct, frozen=True):
    """A node or a label in its place: the middle of the upper side, and its size."""

    x: float
    y: float
    width: float
    height: float

    @property
    def bottom(self) -> float:
        return self.y + self.height


Way = Collection[tuple[str, str | None]]  # steps that a call was at, each with the one that it went on to


def svg(plan: Plan, way: Way | None = None) -> str:
    """The text of an SVG document. With a way, its steps and edges stand out."""
    graph = graph_of(plan)
    steps = None if way is None else [step for step, _ in way]
    layout = arranged(graph.first, {each.name: _width(each) for each in graph.nodes}, _links(graph))
    boxes = _boxes(graph, layout)
    width = max(box.x + box.width / 2 for box in boxes.values()) + MARGIN + 30  # loops are on the right
    height = max(box.bottom for box in boxes.values()) + MARGIN
    size = f'width="{width:.0f}" height="{height:.0f}"'
    parts = (
        f'<svg {XMLNS} {size} viewBox="0 0 {width:.0f} {height:.0f}" role="img" aria-label="routing plan">',
        f"<style>{STYLE}</style>",
        ARROW,
        f'<rect {size} fill="#fff"/>',
        *_entry(boxes[graph.first]),
        *(_drawn(edge, layout, boxes, _mark((edge.start, edge.end), way)) for edge in graph.edges),
        *(part for node in graph.nodes for part in _node(node, boxes[node.name], _mark(node.name, steps))),
        *_labels(graph, layout, boxes),
        "</svg>\n",
    )
    return "\n".join(parts)


def _mark(part: object, way: Collection[object] | None) -> str:
    """The class of a node or an edge, with a space before it."""
    return "" if way is None else " passed" if part in way else " aside"


def _links(graph: Graph) -> list[tuple[str, str]]:
    return [(edge.start, edge.end) for edge in graph.edges]


def _width(node: Node) -> float:
    longest = max(len(node.name) * 1.15, *(len(line) for line in node.lines))
    return longest * CHARACTER + 2 * PADDING


def _height(node: Node) -> float:
    return (1 + len(node.lines)) * LINE + 1.2 * PADDING


def _boxes(graph: Graph, layout: Layout) -> dict[str, Box]:
    """The places of nodes and bends. Those of a layer have a common middle."""
    nodes = {node.name: node for node in graph.nodes}
    boxes, y = {}, MARGIN + LAYER_GAP / 2
    for layer in layout.layers:
        deepest = max((_height(nodes[name]) for name in layer if name in nodes), default=0.0)
        for name in layer:
            width, height = (_width(nodes[name]), _height(nodes[name])) if name in nodes else (0.0, 0.0)
            boxes[name] = Box(layout.x[name] + MARGIN, y + (deepest - height) / 2, width, height)
        y += deepest + LAYER_GAP
    return boxes


def _entry(box: Box) -> Iterator[str]:
    yield f'<circle cx="{box.x:.1f}" cy="{MARGIN / 2:.1f}" r="5" fill="#1b1b1f"/>'
    yield f'<path class="edge" d="M{box.x:.1f} {MARGIN / 2:.1f} V{box.y:.1f}" marker-end="url(#arrow)"/>'


def _node(node: Node, box: Box, mark: str) -> Iterator[str]:
    corner = CORNERS[node.shape]
    yield (
        f'<rect class="{node.shape}{mark}" x="{box.x - box.width / 2:.1f}" y="{box.y:.1f}" '
        f'width="{box.width:.1f}" height="{box.height:.1f}" rx="{corner}"/>'
    )
    y = box.y + 0.6 * PADDING + 12
    yield f'<text class="name" x="{box.x:.1f}" y="{y:.1f}">{escape(node.name)}</text>'
    for number, line in enumerate(node.lines, 1):
        yield f'<text x="{box.x:.1f}" y="{y + number * LINE:.1f}">{escape(line)}</text>'


# -- Edges -------------------------------------------------------------------------------------------------------

Point = tuple[float, float]


def _drawn(edge: Edge, layout: Layout, boxes: dict[str, Box], mark: str) -> str:
    if edge.start == edge.end:
        box = boxes[edge.start]
        right, y = box.x + box.width / 2, box.y + box.height / 2
        return _path(f"M{right:.1f} {y + 8:.1f} c28 10 28 -26 0 -16", f"edge{mark}")
    points = _points(edge, layout, boxes)
    curve = f"M{points[0][0]:.1f} {points[0][1]:.1f}"
    for (x, y), (to_x, to_y) in pairwise(points):
        middle = (y + to_y) / 2
        curve += f" C{x:.1f} {middle:.1f} {to_x:.1f} {middle:.1f} {to_x:.1f} {to_y:.1f}"
    return _path(curve, f"edge back{mark}" if points[-1][1] < points[0][1] else f"edge{mark}")


def _path(curve: str, kind: str) -> str:
    return f'<path class="{kind}" d="{curve}" marker-end="url(#arrow)"/>'


def _points(edge: Edge, layout: Layout, boxes: dict[str, Box]) -> list[Point]:
    """Where the edge passes: from the side of its start to that of its end that are turned to each other."""
    way = [boxes[name] for name in layout.ways[edge.start, edge.end]]
    first, last = way[0], way[-1]
    down = first.y < last.y
    aside = 0.0 if down else 20.0  # an edge that leads back is beside the one that leads down
    start = (_port(first, way[1].x) + aside, first.bottom if down else first.y)
    end = (_port(last, way[-2].x) + aside, last.y if down else last.bottom)
    return [start, *((box.x, box.y) for box in way[1:-1]), end]


def _port(box: Box, towards: float) -> float:
    """The place on the upper or lower side: nearer to the other end of the edge, so that edges stand apart."""
    room = box.width / 2 - PADDING
    return box.x + max(-room, min(room, (towards - box.x) / 4))


def _labels(graph: Graph, layout: Layout, boxes: dict[str, Box]) -> Iterator[str]:
    """Each label at the first place along its edge that is free; those of the shortest edges first."""
    taken = [boxes[node.name] for node in graph.nodes]
    for edge in sorted(graph.edges, key=lambda each: len(layout.ways.get((each.start, each.end), ()))):
        width = len(edge.label) * CHARACTER
        places = [Box(x, y - LINE / 2, width, LINE) for x, y in _places(edge, layout, boxes)]
        box = next((each for each in places if not any(_overlap(each, other) for other in taken)), places[0])
        taken.append(box)
        if edge.label:
            yield f'<text class="label" x="{box.x:.1f}" y="{box.y + 12:.1f}">{escape(edge.label)}</text>'


def _places(edge: Edge, layout: Layout, boxes: dict[str, Box]) -> Iterator[Point]:
    if edge.start == edge.end:
        box = boxes[edge.start]
        yield box.x + box.width / 2 + 14, box.y + box.height / 2 - 18
        return
    for start, end in pairwise(_points(edge, layout, boxes)):
        yield from (_on_curve(start, end, part) for part in (0.4, 0.5, 0.6, 0.3, 0.7, 0.2, 0.8, 0.1, 0.9))


def _on_curve(start: Point, end: Point, part: float) -> Point:
    """A point of the cubic curve that is drawn between two points."""
    (x, y), (to_x, to_y), rest = start, end, 1 - part
    near, far = 3 * rest * rest * part, 3 * rest * part * part
    first, last = rest**3, part**3
    middle = (y + to_y) / 2
    return (first + near) * x + (far + last) * to_x, first * y + (near + far) * middle + last * to_y


def _overlap(one: Box, other: Box) -> bool:
    apart = abs(one.x - other.x) >= (one.width + other.width) / 2
    return not apart and one.y < other.bottom and other.y < one.bottom
