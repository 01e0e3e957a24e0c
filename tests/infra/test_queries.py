"""The queries of the workbook and the alerts: they are Kusto, and select what the app's telemetry has."""

from __future__ import annotations

import json
import re
import subprocess
from functools import cache

import pytest
from msgspec.structs import fields

from local.stack import ROOT
from shared.calls.capabilities.recording import RecordingStatus
from shared.calls.state import CallState
from shared.platform import telemetry
from tests.infra.bicep import File, object_of, text_of

QUERIES = {path.name: path.read_text() for path in sorted((ROOT / "infra/queries").glob("*.kql"))}
EVENTS = QUERIES.pop("events.kql")
FIELDS = {event.name: {field.name for field in fields(event)} for event in telemetry.TELEMETRY_EVENTS}
KUSTO = ROOT / "tests/infra/kusto"
MODULES = ("alerts.bicep", "workbook.bicep")


def loaded_by(module: str) -> list[str]:
    source = (ROOT / "infra/modules" / module).read_text()
    return re.findall(r"loadTextContent\('\.\./queries/([\w.-]+)'\)", source)


@cache
def analysed() -> dict[str, dict[str, list[str]]]:
    """The result of Microsoft's parser for each query, composed as in the Bicep files."""
    if not (KUSTO / "node_modules").exists():
        pytest.skip("Microsoft's Kusto parser is not installed: make test installs it")
    texts = {name: f"{EVENTS}\n{query}" for name, query in QUERIES.items()}
    texts |= {
        "a column that is not there": f"{EVENTS}\nevents | where nam == 1",
        "no Kusto": "traces | sumarize count()",
    }
    command = ["node", "check.js"]
    done = subprocess.run(  # noqa: S603
        command, cwd=KUSTO, input=json.dumps(texts), capture_output=True, text=True, check=True
    )
    found: dict[str, dict[str, list[str]]] = json.loads(done.stdout)
    return found


def names_in(query: str) -> set[str]:
    """The names of telemetry events that a query selects."""
    return set(re.findall(r'"([a-z]+\.[a-z]+)"', query))


def fields_in(query: str) -> set[str]:
    return set(re.findall(r"\bfields\.(\w+)", query))


@pytest.mark.parametrize("name", QUERIES)
def test_a_query_is_kusto_and_names_only_columns_that_there_are(name: str) -> None:
    assert analysed()[name]["findings"] == []


@pytest.mark.parametrize("name", ["a column that is not there", "no Kusto"])
def test_the_parser_finds_errors(name: str) -> None:
    assert analysed()[name]["findings"]


@pytest.mark.parametrize("name", QUERIES)
def test_a_query_selects_existing_events_and_fields(name: str) -> None:
    query = QUERIES[name]
    selected = names_in(query) or set(FIELDS)  # one-call.kql selects all
    assert selected <= set(FIELDS)
    for field in fields_in(query):
        assert any(field in FIELDS[event] for event in selected), f"no selected event has a field {field}"


def test_every_event_and_field_is_selected_by_a_query() -> None:
    for event, existing in FIELDS.items():
        queries = [query for query in QUERIES.values() if event in names_in(query)]
        assert queries, f"no query selects {event}"
        selected = set().union(*(fields_in(query) for query in [*queries, QUERIES["one-call.kql"]]))
        assert existing <= selected, f"no query selects {existing - selected} of {event}"


def test_lines_are_matched_by_the_name_of_their_event() -> None:
    pattern = re.search(r'matches regex @"(.+)"', EVENTS)
    assert pattern is not None
    for event in telemetry.TELEMETRY_EVENTS:
        assert re.match(pattern[1], f"{event.name} {{")
    assert not re.match(pattern[1], "call 20261121-0: connected")


@pytest.mark.parametrize(("field", "words"), [("state", set(CallState)), ("status", set(RecordingStatus))])
def test_states_are_compared_with_states_that_there_are(field: str, words: set[str]) -> None:
    for name, query in QUERIES.items():
        for compared in re.findall(rf'\b{field} (?:==|in) \(?((?:"[^"]+"(?:, )?)+)', query):
            assert set(re.findall(r'"([^"]+)"', compared)) <= {str(word) for word in words}, name


def test_sampling_drops_no_line() -> None:
    """An alert counts lines: host.json must not let Application Insights sample them away."""
    logging = json.loads((ROOT / "host.json").read_text())["logging"]
    assert logging["logLevel"]["default"] == "Information"
    assert "Trace" in logging["applicationInsights"]["samplingSettings"]["excludedTypes"].split(";")


def test_every_query_is_shown_or_alerted_on() -> None:
    loaded = [name for module in MODULES for name in loaded_by(module) if name != "events.kql"]
    assert sorted(loaded) == sorted(QUERIES)
    assert all("events.kql" in loaded_by(module) for module in MODULES)


def rules() -> list[dict[str, str]]:
    """The alerts, each as its properties in Bicep."""
    node = File(ROOT / "infra/modules/alerts.bicep").variables["rules"]
    objects = [object_of(child) for child in node.named_children if child.type == "object"]
    return [{name: text_of(value) for name, value in each.properties.items()} for each in objects]


def test_alerts_compare_a_column_that_their_query_has() -> None:
    for rule in rules():
        query = re.search(r"queries/([\w.-]+)", rule["query"])
        assert query is not None
        column = rule["column"].strip("'")
        assert not column or column in analysed()[query[1]]["columns"]


def test_every_alert_is_explained() -> None:
    operations = (ROOT / "docs/operations.md").read_text()
    for name in [*(rule["name"].strip("'") for rule in rules()), "dead-letters"]:
        assert f"### {name}\n" in operations, f"docs/operations.md does not say what to do about {name}"


def test_every_alert_that_was_asked_for_is_there() -> None:
    wanted = {"missed-calls", "slow-answers", "not-recorded", "quarantine", "recordings-lost"}
    assert wanted <= {rule["name"].strip("'") for rule in rules()}
    source = (ROOT / "infra/modules/alerts.bicep").read_text()
    assert "metricName: 'DeadLetteredCount'" in source
