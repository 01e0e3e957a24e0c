"""The layout of a graph in layers, from the top to the bottom.

As in Sugiyama, Tagawa, Toda: Methods for Visual Understanding of Hierarchical System Structures (1981). Edges that lead
back are turned round, each node is in the layer after the last one that leads to it, an edge over several layers gets
bends in between, and each layer is ordered by the middle of its neighbours.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from itertools import pairwise

from msgspec import Struct

Name = str
Link = tuple[Name, Name]
Numbers = Mapping[Name, float]
SWEEPS = 12
GAP = 36.0  # between nodes of a layer
BEND_WIDTH = 24.0


class Layout(Struct, frozen=True):
    """``x``: the middle of each node and each bend, by name; ``layers``: their names from the top to the bottom.
    ``ways``: the nodes and bends that each edge passes, from its start to its end.
    """

    x: Numbers
    layers: tuple[tuple[Name, ...], ...]
    ways: Mapping[Link, tuple[Name, ...]]


def arranged(first: Name, widths: Numbers, links: Iterable[Link]) -> Layout:
    """The layout of nodes of these widths. An edge from a node to itself has no way."""
    edges = [each for each in dict.fromkeys(links) if each[0] != each[1]]
    back = _leading_back(first, widths, edges)
    down = {each: (each[1], each[0]) if each in back else each for each in edges}
    ranks = _ranks(widths, set(down.values()))
    ways, layers = _with_bends(widths, down, ranks)
    neighbours = _neighbours(ways.values())
    for sweep in range(SWEEPS):
        _order(layers, neighbours, downwards=sweep % 2 == 0)
    x = _places(layers, neighbours, defaultdict(lambda: BEND_WIDTH, widths))
    directed = {each: tuple(reversed(way)) if each in back else way for each, way in ways.items()}
    return Layout(x, tuple(map(tuple, layers)), directed)


def _leading_back(first: Name, nodes: Iterable[Name], edges: list[Link]) -> set[Link]:
    """The edges to a node that is still being visited, depth first."""
    following: dict[Name, list[Name]] = defaultdict(list)
    for start, end in edges:
        following[start].append(end)
    found: set[Link] = set()
    open_nodes: set[Name] = set()
    done: set[Name] = set()

    def visit(node: Name) -> None:
        open_nodes.add(node)
        for end in following[node]:
            if end in open_nodes:
                found.add((node, end))
            elif end not in done:
                visit(end)
        open_nodes.discard(node)
        done.add(node)

    for node in (first, *nodes):
        if node not in done:
            visit(node)
    return found


def _ranks(nodes: Iterable[Name], edges: set[Link]) -> dict[Name, int]:
    """The number of each node's layer: that of the longest way to it."""
    ranks = dict.fromkeys(nodes, 0)
    for _ in range(len(ranks)):
        moved = {end: ranks[start] + 1 for start, end in sorted(edges) if ranks[end] <= ranks[start]}
        if not moved:
            break
        for end in moved:
            ranks[end] = max(ranks[start] + 1 for start, other in edges if other == end)
    return ranks


def _with_bends(
    nodes: Iterable[Name], down: Mapping[Link, Link], ranks: Mapping[Name, int]
) -> tuple[dict[Link, tuple[Name, ...]], list[list[Name]]]:
    layers: list[list[Name]] = [[] for _ in range(max(ranks.values()) + 1)]
    for node in nodes:
        layers[ranks[node]].append(node)
    ways = {}
    for edge, (start, end) in down.items():
        bends = [f"{edge[0]} {edge[1]} {rank}" for rank in range(ranks[start] + 1, ranks[end])]
        for rank, bend in enumerate(bends, ranks[start] + 1):
            layers[rank].append(bend)
        ways[edge] = (start, *bends, end)
    return ways, layers


Neighbours = tuple[dict[Name, list[Name]], dict[Name, list[Name]]]  # above, below


def _neighbours(ways: Iterable[tuple[Name, ...]]) -> Neighbours:
    above: dict[Name, list[Name]] = defaultdict(list)
    below: dict[Name, list[Name]] = defaultdict(list)
    for way in ways:
        for upper, lower in pairwise(way):
            below[upper].append(lower)
            above[lower].append(upper)
    return above, below


def _order(layers: list[list[Name]], neighbours: Neighbours, *, downwards: bool) -> None:
    """Sort each layer by the mean place of its neighbours in the layer before."""
    near = neighbours[0] if downwards else neighbours[1]
    for layer in layers if downwards else reversed(layers):
        place = {name: n for each in layers for n, name in enumerate(each)}
        means = {name: _mean([place[each] for each in near[name]], place[name]) for name in layer}
        layer.sort(key=means.__getitem__)


def _mean(values: list[float] | list[int], otherwise: float) -> float:
    return sum(values) / len(values) if values else otherwise


def _places(layers: list[list[Name]], neighbours: Neighbours, widths: Numbers) -> dict[Name, float]:
    """Each node below and above the middle of its neighbours, as far as the others of its layer leave room."""
    x: dict[Name, float] = {}
    for layer in layers:
        total = sum(widths[each] + GAP for each in layer) - GAP
        _spread(layer, dict.fromkeys(layer, -total / 2), widths, x)
    above, below = neighbours
    for _ in range(SWEEPS):
        for near, ordered in ((above, layers), (below, layers[::-1])):
            for layer in ordered:
                wanted = {name: _mean([x[each] for each in near[name]], x[name]) for name in layer}
                _spread(layer, wanted, widths, x)
    least = min(x[name] - widths[name] / 2 for layer in layers for name in layer)
    return {name: place - least for name, place in x.items()}


def _spread(layer: list[Name], wanted: Numbers, widths: Numbers, x: dict[Name, float]) -> None:
    """Place a layer as near to the wanted places as possible: blocks of nodes that touch have the mean of theirs."""
    blocks: list[tuple[float, int, float]] = []  # the sum of the wanted places less the offsets, the count, the width
    for name in layer:
        half = widths[name] / 2
        blocks.append((wanted[name] - half, 1, widths[name] + GAP))
        while len(blocks) > 1 and _start(blocks[-2]) + blocks[-2][2] > _start(blocks[-1]):
            (total, count, width), (more, others, added) = blocks[-2:]
            blocks[-2:] = [(total + more - others * width, count + others, width + added)]
    names = iter(layer)
    for block in blocks:
        left = _start(block)
        for _ in range(block[1]):
            name = next(names)
            x[name] = left + widths[name] / 2
            left += widths[name] + GAP


def _start(block: tuple[float, int, float]) -> float:
    return block[0] / block[1]
