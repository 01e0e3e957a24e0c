"""Documents of plans: all errors of one are reported at once, by the field's path."""

from __future__ import annotations

import json
import time
from typing import Any

import msgspec
import pytest

from shared.calls.plans.checking import LARGEST, MOST_STEPS, NO_SPEECH, check
from shared.calls.plans.document import Plan
from shared.calls.plans.reading import InvalidPlan, read

BYE: dict[str, Any] = {"type": "hangUp"}
MENU: dict[str, Any] = {
    "type": "menu",
    "prompt": {"text": "Press 1."},
    "keys": {"1": "bye"},
    "otherwise": "bye",
}
NUMBER = {"number": "+4930123456"}


def document(start: str = "first", /, **steps: Any) -> bytes:
    return json.dumps({"start": start, "steps": {"bye": BYE} | steps}).encode()


def problems(text: bytes) -> dict[str, str]:
    """The problems of a document by path, of reading or else of checking."""
    try:
        plan = read(text)
    except InvalidPlan as error:
        return {each.path: each.text for each in error.problems}
    return {each.path: each.text for each in check(plan, has_speech=True)}


def test_a_document_is_read() -> None:
    plan = read(document("menu", menu=MENU))
    assert plan == msgspec.convert({"start": "menu", "steps": {"bye": BYE, "menu": MENU}}, Plan)
    assert check(plan, has_speech=True) == ()


def test_a_document_can_name_its_schema_for_editors() -> None:
    assert read(json.dumps({"$schema": "plan.schema.json", "start": "bye", "steps": {"bye": BYE}}).encode())


STEPS: list[tuple[dict[str, Any], str, str]] = [
    (MENU | {"keys": {"1": "sales"}}, "keys.1", 'unknown step "sales"'),
    (MENU | {"keys": {"12": "bye"}}, "keys.12", "must be a text of the form"),
    (MENU | {"keys": {}, "phrases": {"sales": ["sales"]}}, "phrases.sales", 'unknown step "sales"'),
    (MENU | {"phrases": {"bye": [""]}}, "phrases.bye.0", "must be a text of length >= 1"),
    (MENU | {"phrases": {"bye": []}}, "phrases.bye", "must have 1 at least"),
    (MENU | {"tries": 9}, "tries", "must be an integer <= 5"),
    (MENU | {"tries": "3"}, "tries", "must be an integer, not a text"),
    (MENU | {"otherwise": "no step!"}, "otherwise", "(the name of a step of the plan)"),
    (MENU | {"otherwise": "bye\n"}, "otherwise", "line break"),
    (MENU | {"colour": "red"}, "colour", "unknown field: known are prompt, keys,"),
    (MENU | {"prompt": {"text": "a", "voice": "b"}}, "prompt.voice", "unknown field"),
    (MENU | {"prompt": {}}, "prompt", "exactly one of text, ssml and file"),
    (MENU | {"prompt": {"text": " "}}, "prompt", "exactly one"),
    (MENU | {"prompt": {"text": "a", "file": "https://a/b.wav"}}, "prompt", "exactly one"),
    (MENU | {"prompt": {"file": "http://audio/b.wav"}}, "prompt.file", "https://"),
    (MENU | {"prompt": {"file": "http://127.0.0.1:80@audio/b.wav"}}, "prompt.file", "https://"),
    (MENU | {"prompt": {"text": "https://audio/b.wav"}}, "prompt.text", "no text to speak"),
    (MENU | {"prompt": "Press 1."}, "prompt", "must be an object, not a text"),
    ({"type": "menu"}, "prompt", "missing"),
    ({"type": "hang-up"}, "type", 'unknown type "hang-up": known are play, menu, collect'),
    ({"type": ["menu"]}, "type", "unknown type list"),
    ({}, "type", "missing: one of play, menu"),
    ({"type": "transfer", "to": {}, "otherwise": "bye"}, "to", "exactly one of agent, group"),
    ({"type": "transfer", "to": NUMBER | {"group": "a"}, "otherwise": "bye"}, "to", "exactly one"),
    ({"type": "transfer", "to": {"number": "030"}, "otherwise": "bye"}, "to.number", "(in E.164: +493012345)"),
    ({"type": "transfer", "to": {"agent": "grace"}, "otherwise": "bye"}, "to.agent", "(an Entra object id)"),
    ({"type": "record", "recording": "on", "then": "bye"}, "recording", "invalid enum value"),
]


@pytest.mark.parametrize(("step", "path", "text"), STEPS, ids=[f"{path}: {text}"[:40] for _, path, text in STEPS])
def test_an_error_names_the_field_by_its_path(step: dict[str, Any], path: str, text: str) -> None:
    assert text in problems(document(first=step)).get(f"steps.first.{path}", "")


@pytest.mark.parametrize("file", ["https://a/b.wav", "http://localhost/b.wav", "http://127.0.0.1:8080/b.wav"])
def test_a_file_is_fetched_with_tls_or_from_this_machine(file: str) -> None:
    assert problems(document(first=MENU | {"prompt": {"file": file}})) == {}


@pytest.mark.parametrize(
    ("text", "path", "words"),
    [
        (b"", "", "not valid JSON"),
        (b"\xff", "", "not valid JSON"),
        (b"[" * 20_000, "", "not valid JSON"),
        (b'{"start": "\\ud800"}', "", "not valid JSON"),
        (b"[]", "", "must be an object, not an array"),
        (b"{}", "steps", "missing"),
        (b'{"start": "a", "steps": {}, "step": 1}', "step", "unknown field: known are start, steps"),
        (b'{"start": "bye", "steps": {"bye": null}}', "steps.bye", "must be an object, not null"),
        (document("elsewhere"), "start", 'unknown step "elsewhere"'),
        (
            b'{"start": "a", "steps": {"a": {"type": "hangUp"}, "a": {"type": "hangUp"}}}',
            "",
            'the name "a" stands twice',
        ),
        (document(), "start", 'unknown step "first"'),
    ],
)
def test_a_document_that_is_no_plan(text: bytes, path: str, words: str) -> None:
    assert words in problems(text)[path]


def test_all_errors_are_reported_at_once() -> None:
    first = MENU | {"tries": 0, "keys": {"x": "bye"}, "prompt": {}}
    found = problems(document(first=first, second={"type": "nap"}))
    assert set(found) == {"steps.first.tries", "steps.first.keys.x", "steps.first.prompt", "steps.second.type"}


def test_a_document_of_many_errors_has_a_short_report() -> None:
    with pytest.raises(InvalidPlan) as error:
        read(json.dumps({f"field {n} {'x' * 1000}": n for n in range(1000)}).encode())
    assert len(error.value.problems) == 100
    assert max(len(each.path) for each in error.value.problems) < 100


def test_nested_documents_of_every_depth_are_refused() -> None:
    for depth in range(100, 1100, 10):
        for text in (b"[" * depth + b"]" * depth, b'{"a":' * depth + b"1" + b"}" * depth):
            assert problems(text)


def test_a_document_as_large_as_a_body_is_read_in_no_time() -> None:
    """An invalid one, too: the API has one process for all callers."""
    step = json.dumps(MENU | {"prompt": {}, "tries": 0})
    steps = ",".join(f'"s{n}": {step}' for n in range(64 * 1024 // (len(step) + 9)))
    names = ",".join(f'"s{n}": 1' for n in range(6000))
    for text in (f'{{"start": "s0", "steps": {{{steps}}}}}', f"{{{names}}}"):
        began = time.process_time()
        assert problems(text.encode())
        assert time.process_time() - began < 0.5


def test_a_step_that_no_way_leads_to_is_refused() -> None:
    found = problems(document("bye", first=MENU, second=MENU | {"keys": {"1": "first"}}))
    assert set(found) == {"steps.first", "steps.second"}
    assert "unreachable" in found["steps.first"]


def matching(then: str, otherwise: str) -> dict[str, Any]:
    return {"type": "match", "callers": ["+49"], "then": then, "otherwise": otherwise}


def test_a_loop_in_which_no_step_takes_time_is_refused() -> None:
    loop = {"first": matching("second", "bye"), "second": matching("third", "bye"), "third": matching("bye", "second")}
    assert set(problems(document(**loop))) == {"steps.second", "steps.third"}
    assert problems(document(**loop | {"third": MENU | {"keys": {"1": "second"}}})) == {}
    assert set(problems(document(first=matching("first", "bye")))) == {"steps.first"}


def test_speech_needs_an_ai_service() -> None:
    spoken = {"first": MENU | {"keys": {"1": "quiet"}}, "quiet": MENU | {"prompt": {"file": "https://a/b.wav"}}}
    heard = {"third": spoken["quiet"] | {"phrases": {"bye": ["goodbye"]}}}
    spoken["quiet"] = spoken["quiet"] | {"keys": {"1": "third"}}
    found = check(read(document(**spoken, **heard)), has_speech=False)
    assert {each.path: each.text for each in found} == {
        "steps.first.prompt": NO_SPEECH,
        "steps.third.phrases": NO_SPEECH,
    }


def test_a_plan_has_room_in_the_row_of_a_call() -> None:
    chain = {f"s{n}": MENU | {"keys": {"1": f"s{n + 1}"}} for n in range(MOST_STEPS)}
    found = problems(document("s0", **chain, **{f"s{MOST_STEPS}": MENU}))
    assert found == {"steps": f"{MOST_STEPS + 2} steps: {MOST_STEPS} at most"}
    long = {name: step | {"prompt": {"text": "x" * 900}} for name, step in list(chain.items())[: MOST_STEPS - 2]}
    size = problems(document("s0", **long, **{f"s{MOST_STEPS - 2}": MENU}))[""]
    assert f"{LARGEST} at most" in size
