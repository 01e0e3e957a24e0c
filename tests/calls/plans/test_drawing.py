"""Plans as pictures."""

from __future__ import annotations

import random
import re
from itertools import pairwise
from typing import Any
from xml.etree import ElementTree as ET

import msgspec
import pytest

from shared.calls.plans.document import Plan
from shared.calls.plans.drawing import mermaid, svg
from shared.calls.plans.drawing.layout import GAP, arranged

STEPS: dict[str, Any] = {
    "menu": {
        "type": "menu",
        "prompt": {"text": 'For "sales" & more <press> 1.'},
        "keys": {"1": "sales", "2": "sales", "9": "menu"},
        "otherwise": "bye",
    },
    "sales": {"type": "transfer", "to": {"number": "+4930123456"}, "otherwise": "menu"},
    "bye": {"type": "hangUp"},
}


def plan(steps: dict[str, Any]) -> Plan:
    return msgspec.convert({"start": next(iter(steps)), "steps": steps}, Plan)


def texts(picture: str) -> list[str]:
    return [each.text or "" for each in ET.fromstring(picture).iter("{http://www.w3.org/2000/svg}text")]  # noqa: S314  # of this app


def test_the_picture_has_every_step_and_every_exit() -> None:
    found = texts(svg(plan(STEPS)))
    assert found == [
        *("menu", "menu", '“For "sales" & more <press> 1.”', "sales", "transfer: +4930123456", "bye", "hangUp"),
        *("9", "1, 2", "otherwise", "otherwise"),
    ]
    assert svg(plan(STEPS)).count('marker-end="url(#arrow)"') == 5  # the exits, and the entry
    assert svg(plan(STEPS)).count('class="edge back"') == 1


def test_the_picture_refers_to_nothing_else() -> None:
    assert not re.search(r"href|<script|url\((?!#)|@import", svg(plan(STEPS)))


def test_mermaid_text_has_every_step_and_every_exit() -> None:
    assert mermaid(plan(STEPS)).splitlines() == [
        "flowchart TD",
        "  call((call)) --> s1",
        '  s1[/"<b>menu</b><br>menu<br>“For #34;sales#34; #38; more #60;press#62; 1.”"/]',
        '  s2(["<b>sales</b><br>transfer: +4930123456"])',
        '  s3(["<b>bye</b><br>hangUp"])',
        '  s1 -->|"1, 2"| s2',
        '  s1 -->|"9"| s1',
        '  s1 -->|"otherwise"| s3',
        '  s2 -->|"otherwise"| s1',
    ]


@pytest.mark.parametrize("seed", range(30))
def test_the_nodes_of_a_layer_stand_apart_and_edges_lead_from_layer_to_layer(seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311  # for a test
    names = [f"n{n}" for n in range(chance.randint(1, 40))]
    links = [(chance.choice(names), chance.choice(names)) for _ in range(2 * len(names))]
    widths = {name: chance.uniform(20, 300) for name in names}
    layout = arranged(names[0], widths, links)
    for layer in layout.layers:
        for left, right in pairwise(layer):
            apart = layout.x[right] - layout.x[left]
            assert apart >= (widths.get(left, 0) + widths.get(right, 0)) / 2 + GAP - 0.01
    ranks = {name: rank for rank, layer in enumerate(layout.layers) for name in layer}
    assert set(layout.ways) == {each for each in links if each[0] != each[1]}
    for (start, end), way in layout.ways.items():
        assert (way[0], way[-1]) == (start, end)
        assert {ranks[b] - ranks[a] for a, b in pairwise(way)} in ({1}, {-1})


def test_a_plan_of_one_step_has_a_picture() -> None:
    assert texts(svg(plan({"bye": {"type": "hangUp"}}))) == ["bye", "hangUp"]
