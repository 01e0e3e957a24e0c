from __future__ import annotations

import asyncio
import json
import logging
import time
import tracemalloc
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from azure.core.credentials import AccessToken
from azure.core.pipeline.transport import AsyncHttpTransport
from azure.core.rest import HttpRequest

from emulator.server import Emulator
from shared.directory.directory import Directory
from shared.directory.error_entries import ENTRIES
from shared.directory.errors import UpstreamError, entry_for
from shared.directory.graph import Graph, quoted, segment
from shared.platform.settings import Settings
from tests.directory import fixtures
from tests.directory.fixtures import SignedIn
from tests.emulator.client import Control
from tests.simulation.storage import Reply
from tests.simulation.transport import _Response

PATH = "beta/admin/teams/resourceAccounts"
GRAPH = "https://graph.microsoft.com"


def asked(emulator: Emulator, operation: str = "ListResourceAccounts") -> list[dict[str, Any]]:
    return [e for e in emulator.journal.entries("graph.request") if e["operation"] == operation]


async def fault(control: Control, **rule: Any) -> None:
    fault = {"where": "graph", "match": {"operation": "ListResourceAccounts"}, "times": 1}
    await control("POST", "faults", fault | rule)


# -- Against the emulator's Graph -----------------------------------------------------------------------------


@pytest.fixture
async def ada(directory: Directory, signed_in: SignedIn) -> Any:
    """Ada's credentials for Graph: she is a Teams administrator."""
    return directory.credentials.on_behalf_of(await signed_in("ada"))


@pytest.mark.parametrize(("size", "pages"), [(5, 202), (100, 11), (999, 2)])
async def test_all_pages_are_read_once_when_graph_throttles_in_between(  # noqa: PLR0917  # fixtures and cases
    emulator: Emulator, directory: Directory, control: Control, ada: Any, size: int, pages: int
) -> None:
    await control("POST", "directory/resource-accounts", {"tenant": "contoso", "count": 1003})
    there = {each["id"] for each in emulator.directory.data["tenants"]["contoso"]["resourceAccounts"].values()}
    found = []
    async for each in directory.graph.items(PATH, ada, {"$top": str(size)}):
        found.append(each["id"])
        if len(found) == 500:
            await fault(control, do="status", status=429, retry_after=0.2)
    assert sorted(found) == sorted(there)
    assert len(there) == 1006
    statuses = [each["status"] for each in asked(emulator)]
    assert statuses.count(429) == 1
    assert statuses.index(429) in range(1, len(statuses))
    assert statuses.count(200) == pages


async def test_a_long_retry_after_of_graph_is_not_waited_for(directory: Directory, control: Control, ada: Any) -> None:
    await fault(control, do="status", status=429, retry_after=120)
    started = time.monotonic()
    error = await fixtures.upstream_error(directory.graph.page(PATH, ada))
    assert time.monotonic() - started < 5
    assert (error.code, error.retry_after, error.entry.status) == ("TooManyRequests", 120, 429)


async def test_a_post_that_may_have_succeeded_is_not_repeated(
    emulator: Emulator, directory: Directory, control: Control, ada: Any
) -> None:
    rule = {"where": "graph", "match": {"operation": "CreateChat"}, "do": "status", "status": 503, "times": 9}
    await control("POST", "faults", rule)
    error = await fixtures.upstream_error(directory.graph.post("v1.0/chats", ada, {}))
    assert (error.code, error.entry.transient) == ("ServiceUnavailable", True)
    assert len(asked(emulator, "CreateChat")) == 1


async def test_an_error_of_graph_keeps_its_code_and_not_its_text(
    emulator: Emulator, directory: Directory, signed_in: SignedIn, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    grace = directory.credentials.on_behalf_of(await signed_in("grace"))
    error = await fixtures.upstream_error(directory.graph.page(PATH, grace))
    assert (error.entry.source, error.code, error.status, error.entry.status) == ("Graph", "Forbidden", 403, 403)
    assert "Teams Administrator" in error.entry.remedy
    assert error.request_id
    assert error.request_id in str(error)
    token = (await grace.get_token(f"{emulator.tls_url}/.default")).token
    for text in (str(error), repr(error), caplog.text):
        assert "privileges that the request needs" not in text
        assert token not in text


async def test_concurrent_callers_use_their_own_tokens(
    emulator: Emulator, directory: Directory, signed_in: SignedIn
) -> None:
    """azure-core's policies cache the last token: one pipeline for all would confuse callers."""
    people = [await signed_in(name) for name in ("ada", "grace", "alan", "joan")]
    asking = [directory.graph.get("v1.0/me", directory.credentials.on_behalf_of(person)) for person in people * 5]
    answers = await asyncio.gather(*asking)
    assert [answer["id"] for answer in answers] == [person.id for person in people * 5]


async def test_a_link_to_another_host_is_not_followed(
    emulator: Emulator, directory: Directory, control: Control, ada: Any
) -> None:
    await fault(control, do="next_link", host="https://evil.example")
    error = await fixtures.upstream_error(directory.graph.page(PATH, ada, {"$top": "1"}))
    assert (error.code, error.entry.status) == ("ForeignLink", 502)
    assert len(asked(emulator)) == 1


# -- Against answers that the emulator never gives ------------------------------------------------------------


class Anyone:
    """A credential with a token that must not appear elsewhere."""

    async def get_token(self, *_: str, **__: Any) -> AccessToken:
        return AccessToken("the-token", int(time.time()) + 3600)

    async def close(self) -> None: ...

    async def __aenter__(self) -> Anyone:  # noqa: PYI034
        return self

    async def __aexit__(self, *_: object) -> None: ...


class Answers(AsyncHttpTransport):  # type: ignore[type-arg]
    """A transport of azure-core: gives these responses in order, and records the requests."""

    def __init__(self, replies: Iterator[Reply]) -> None:
        self.replies = replies
        self.sent: list[HttpRequest] = []

    async def send(self, request: HttpRequest, *, stream: bool = False, **_: Any) -> Any:
        self.sent.append(request)
        response = _Response(request, next(self.replies), stream=stream)
        await response.read()
        return response

    async def open(self) -> None: ...

    async def close(self) -> None: ...

    async def __aenter__(self) -> Answers:  # noqa: PYI034
        return self

    async def __aexit__(self, *_: object) -> None: ...


def page(link: Any = None, value: Any = (), status: int = 200) -> Reply:
    body = {"value": value} | ({} if link is None else {"@odata.nextLink": link})
    return Reply(status, json.dumps(body).encode(), {"Content-Type": "application/json"})


def graph_of(*replies: Reply) -> tuple[Graph, Answers]:
    answers = Answers(iter(replies))
    return Graph(Settings({}), answers), answers


@pytest.mark.parametrize(
    "link",
    [
        f"https://evil.example/{PATH}?$skiptoken=1",
        f"https://graph.microsoft.com.evil.example/{PATH}?$skiptoken=1",
        f"https://graph.microsoft.com@evil.example/{PATH}?$skiptoken=1",
        f"https://graph.microsoft.com:8443/{PATH}?$skiptoken=1",
        f"https://graph.microsoft.com:port/{PATH}?$skiptoken=1",
        f"http://graph.microsoft.com/{PATH}?$skiptoken=1",
        f"//graph.microsoft.com/{PATH}?$skiptoken=1",
        "https://graph.microsoft.com/v1.0/users?$skiptoken=1",
        f"https://graph.microsoft.com/{PATH}/../../../v1.0/users?$skiptoken=1",
        f"https://graph.microsoft.com/{PATH}",
        f"https://graph.microsoft.com/{PATH}?$skiptoken=\u00e9",
        "?$skiptoken=1",
        "https://[",
    ],
)
async def test_no_token_is_sent_to_another_host(link: str) -> None:
    graph, answers = graph_of(page(link, [{"id": "1"}]), page())
    with pytest.raises(UpstreamError) as raised:
        _ = [each async for each in graph.items(PATH, Anyone())]
    assert raised.value.code == "ForeignLink"
    assert len(answers.sent) == 1


@pytest.mark.parametrize("place", [GRAPH, "https://GRAPH.microsoft.com:443"])
async def test_a_next_link_of_graph_is_followed_with_its_query_unchanged(place: str) -> None:
    query = "$top=5&$filter=appId%20eq%20'x%26y'&$skiptoken=a%2Bb%3D"
    graph, answers = graph_of(page(f"{place}/{PATH}?{query}", [{"id": "1"}]), page(None, [{"id": "2"}]))
    assert [each["id"] async for each in graph.items(PATH, Anyone(), {"$top": "5"})] == ["1", "2"]
    assert answers.sent[1].url == f"{GRAPH}/{PATH}?{query}"


@pytest.mark.parametrize("given", ["%%%", "no", "a" * 9000, "I2V2aWw", "w6k", "", "DQpYOiAx"])
async def test_an_invalid_continuation_is_not_sent(given: str) -> None:
    graph, answers = graph_of(page())
    with pytest.raises(UpstreamError) as raised:
        await graph.page(PATH, Anyone(), continuation=given)
    assert (raised.value.code, raised.value.entry.status, answers.sent) == ("BadContinuation", 400, [])


@pytest.mark.parametrize("status", [301, 302, 307, 308])
async def test_a_redirection_is_not_followed(status: int) -> None:
    graph, answers = graph_of(Reply(status, b"", {"Location": "https://evil.example/"}), page())
    with pytest.raises(UpstreamError):
        await graph.get("v1.0/me", Anyone())
    assert len(answers.sent) == 1


@pytest.mark.parametrize(
    "reply",
    [
        Reply(200, b"<html>", {"Content-Type": "text/html"}),
        Reply(200, b"", {"Content-Type": "application/json"}),
        Reply(200, b"[]", {"Content-Type": "application/json"}),
        Reply(200, b"[" * 100_000, {"Content-Type": "application/json"}),
        page(value="x"),
        page(link=7),
    ],
    ids=lambda reply: repr(reply.body[:20]),
)
async def test_an_unexpected_response_is_reported(reply: Reply) -> None:
    graph, _ = graph_of(reply)
    with pytest.raises(UpstreamError) as raised:
        await graph.page(PATH, Anyone())
    assert raised.value.code == "UnexpectedResponse"


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b'{"error": {"code": "Forbidden", "message": "Ada Lovelace may not"}}', "Forbidden"),
        (b'{"error": {"code": "Ada Lovelace", "message": ""}}', "403"),
        (b'{"error": {"code": 7}}', "403"),
        (b'{"error": "Ada Lovelace"}', "403"),
        (b"Ada Lovelace", "403"),
    ],
)
async def test_only_the_code_of_an_error_is_kept(body: bytes, code: str) -> None:
    graph, _ = graph_of(Reply(403, body, {"Content-Type": "application/json", "request-id": "Ada Lovelace"}))
    with pytest.raises(UpstreamError) as raised:
        await graph.get("v1.0/me", Anyone())
    assert (raised.value.code, raised.value.entry.status) == (code, 403)
    assert "Ada" not in f"{raised.value!r} {raised.value.request_id}"


@pytest.fixture
def traced() -> Iterator[Callable[[], int]]:
    """Python's peak memory since the start of the test, in bytes."""
    tracemalloc.start()
    yield lambda: tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()


async def test_pages_do_not_accumulate_in_memory(traced: Callable[[], int]) -> None:
    """Ten thousand accounts in less memory than two thousand need."""
    filler = "x" * 2000

    def replies() -> Iterator[Reply]:
        for number in range(100):
            link = f"{GRAPH}/{PATH}?$skiptoken={number}" if number < 99 else None
            yield page(link, [{"id": f"{number} {n}", "displayName": f"{filler}{number} {n}"} for n in range(100)])

    answers = Answers(replies())
    graph, count = Graph(Settings({}), answers), 0
    async for _ in graph.items(PATH, Anyone()):
        answers.sent.clear()
        count += 1
    assert count == 10_000
    assert traced() < 4_000_000


# -- Small parts ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["", ".", "..", "a\nb"])
def test_a_segment_cannot_leave_its_path(text: str) -> None:
    with pytest.raises(UpstreamError):
        segment(text)


def test_values_in_a_path_or_a_filter_are_quoted() -> None:
    assert segment("a/../b?c#d") == "a%2F..%2Fb%3Fc%23d"
    assert quoted("x' or appId ne '") == "'x'' or appId ne '''"


def test_every_error_entry_has_a_remedy_and_a_status() -> None:
    assert len({(r.source, r.code) for r in ENTRIES}) == len(ENTRIES)
    assert len({r.anchor for r in ENTRIES}) == len(ENTRIES)
    for each in ENTRIES:
        assert each.remedy.endswith("."), each.code
        assert each.status in {400, 401, 403, 404, 409, 429, 502, 503, 504}, each.code
        assert each.meaning[0].islower() or each.meaning.split()[0] in {"Entra", "Graph", "ACS", "Entra,"}, each.code


@pytest.mark.parametrize(
    ("status", "transient", "answered"),
    [(403, False, 403), (404, False, 404), (418, False, 502), (429, True, 503), (502, True, 503)],
)
def test_an_unlisted_code_is_classified_by_its_status(status: int, transient: bool, answered: int) -> None:
    entry = entry_for("Entra", "AADSTS1", status)
    assert (entry.code, entry.transient, entry.status) in {
        ("AADSTS1", transient, answered),
        ("429", transient, answered),
    }
