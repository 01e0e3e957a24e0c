"""Conventions of all routes, tested with routes of the tests: no network, no storage, no sign-in."""

from __future__ import annotations

import asyncio
import json
from typing import Annotated, Any

import msgspec
import pytest
from azure.core.exceptions import ServiceRequestError
from azure.core.pipeline.transport import AioHttpTransport
from msgspec import Meta

from shared.api.http import Request, Response
from shared.api.input import LARGEST_BODY
from shared.api.parameters import PageQuery, guid_parameter
from shared.api.problems import CATALOGUE, MEDIA_TYPE
from shared.api.rate_limiter import RateLimiter
from shared.api.route import ADMINISTRATORS, AGENTS, RequestContext, Result, Route, Strict
from shared.api.router import Api
from shared.api.routing_table import RoutingTable
from shared.api.v1 import ROUTES
from shared.api.v1.meetings import MeetingsQuery
from shared.directory.errors import UpstreamError, entry_for
from shared.directory.graph import LONGEST_CONTINUATION, LONGEST_QUERY, Graph
from shared.directory.models import Page
from shared.platform.settings import SettingError, Settings
from shared.platform.settings.setting import Fault
from shared.platform.tokens import KeysUnavailable
from tests.api.conftest import api_on

BASE = "https://calls.example/api/v1"
ID = "11111111-1111-4111-8111-111111111111"


class Thing(Strict, frozen=True):
    name: Annotated[str, Meta(max_length=10)]
    how_many: int = 1


async def things(context: RequestContext) -> Page[str]:
    """A page of ten; the continuation is the next index."""
    start = int(context.query.continuation or 0)
    end = start + (context.query.page_size or 100)
    value = tuple(f"thing {n}" for n in range(start, min(end, 10)))
    return Page(value, str(end) if end < 10 else None)


async def make(context: RequestContext) -> Result:
    return Result(201, context.body)


async def fail(context: RequestContext) -> None:
    match context.path["accountId"][0]:
        case "1":
            await asyncio.sleep(3600)
        case "2":
            raise SettingError("SOME_SETTING", Fault.INVALID, "put https://secret.example there.")
        case "3":
            raise ServiceRequestError("https://secret.example")
        case "4":
            raise LookupError("secret")
        case "5":
            raise UpstreamError(entry_for("Graph", "Forbidden"), status=403)
        case "7":
            raise KeysUnavailable("https://secret.example", 12.3)
        case "6":
            raise UpstreamError(entry_for("Graph", "Unlisted", 418), status=418)


THING_ID = {"accountId": guid_parameter("a thing", ID)}
OWN = (
    Route("GET", "things", "listThings", AGENTS, "", {200: dict}, things, query=PageQuery),
    Route("POST", "things", "makeThing", AGENTS, "", {201: Thing}, make, body=Thing, secret=True),
    Route("DELETE", "things/{accountId}", "failThing", ADMINISTRATORS, "", {204: None}, fail, THING_ID),
)


@pytest.fixture
def api() -> Api:
    return api_on({"API_KEY_ROLES": "Administrator"}, OWN, seconds=0.1)


async def ask(api: Api, method: str, path: str, body: Any = None, **headers: str) -> Response:
    """A request with a key, which needs no sign-in."""
    url = f"{BASE.replace('/v1', '/keyed/v1')}/{path}"
    sent = body if isinstance(body, bytes) else json.dumps(body).encode() if body is not None else b""
    named = {"Content-Type": "application/json"} | {name.replace("_", "-"): value for name, value in headers.items()}
    return await api.respond(Request.of(method, url, named, sent), keyed=True)


def problem(answer: Response) -> dict[str, Any]:
    """The problem of the response, with the members of all problems."""
    assert answer.headers["Content-Type"] == MEDIA_TYPE
    details: dict[str, Any] = json.loads(answer.body)
    assert set(details) - {"detail"} == {"type", "title", "status", "instance", "code", "remedy"}
    assert details["title"].lower() not in details.get("detail", "").lower(), "the detail repeats the title"
    assert all(details.values())
    assert details["status"] == answer.status
    return details


async def test_pages_are_followed_by_their_links_to_the_end(api: Api) -> None:
    path, seen = "things?pageSize=4", []
    while path:
        answer = await ask(api, "GET", path)
        page = json.loads(answer.body)
        seen += page["value"]
        link = page.get("nextLink", "")
        path = link.removeprefix("https://calls.example/api/keyed/v1/")
    assert seen == [f"thing {n}" for n in range(10)]


async def test_an_unchanged_resource_is_a_304(api: Api) -> None:
    first = await ask(api, "GET", "things")
    tag = first.headers["ETag"]
    for known in (tag, f'"other", W/{tag}', "*"):
        again = await ask(api, "GET", "things", if_none_match=known)
        assert (again.status, again.body, again.headers["ETag"]) == (304, b"", tag)
    other = await ask(api, "GET", "things?pageSize=1", if_none_match=tag)
    assert (other.status, other.headers["ETag"] != tag) == (200, True)


async def test_responses_with_secrets_forbid_caching(api: Api) -> None:
    made = await ask(api, "POST", "things", {"name": "n"})
    assert (made.status, made.headers["Cache-Control"], "ETag" in made.headers) == (201, "no-store", False)
    assert (await ask(api, "GET", "things")).headers["Cache-Control"] == "private, no-cache"


BAD_BODIES: list[tuple[Any, str]] = [
    (b"", "truncated"),
    (b"{", "truncated"),
    (b"\xff\xfe", "malformed"),
    (b"[" * 20_000, "Expected `object`"),
    ([], "Expected `object`"),
    ({"name": "n", "colour": "red"}, "`colour`"),
    ({"howMany": 2}, "`name`"),
    ({"name": 5}, "`$.name`"),
    ({"name": "n", "howMany": "2"}, "`$.howMany`"),
    ({"name": "n" * 11}, "`$.name`"),
]


@pytest.mark.parametrize(("body", "named"), BAD_BODIES, ids=[str(each[0])[:30] for each in BAD_BODIES])
async def test_a_body_that_is_not_valid_is_refused_by_the_fields_name(api: Api, body: Any, named: str) -> None:
    details = problem(await ask(api, "POST", "things", body))
    malformed = named in {"truncated", "malformed"}
    assert (details["status"], details["code"]) == (400, "MalformedJson" if malformed else "BadBody")
    assert named.lower() in details["detail"].lower()


@pytest.mark.parametrize(
    ("query", "named"),
    [
        ("pagesize=5", "`pagesize`"),
        ("pageSize=0", "`$.pageSize`"),
        ("pageSize=1000", "`$.pageSize`"),
        ("pageSize=", "`$.pageSize`"),
        ("pageSize=1&pageSize=2", "more than once"),
        ("continuation=%ff", "UTF-8"),
        ("&".join(f"p{n}=1" for n in range(99)), "more than 50"),
    ],
)
async def test_a_parameter_that_is_not_valid_is_refused_by_its_name(api: Api, query: str, named: str) -> None:
    details = problem(await ask(api, "GET", f"things?{query}"))
    assert (details["status"], details["code"]) == (400, "BadParameter")
    assert named in details["detail"]


@pytest.mark.parametrize(
    ("time", "fine"),
    [
        ("2026-11-21T09:00:00+01:00", True),
        ("2026-11-21T09:00:00.1234567Z", True),
        ("2026-11-21T09:00", True),
        ("2026-02-31T09:00:00Z", False),
        ("2026-11-21", False),
        ("1700000000", False),
        ("2026-11-21T09:00:00 01:00", False),  # a plus that was not encoded
    ],
)
def test_times_are_those_of_rfc_3339(time: str, fine: bool) -> None:
    given = {"from": time, "to": "2026-11-22T00:00:00Z"}
    if fine:
        assert msgspec.convert(given, MeetingsQuery, strict=False).window[0].minute == 0
    else:
        with pytest.raises(msgspec.ValidationError, match="from"):
            msgspec.convert(given, MeetingsQuery, strict=False)


async def test_a_body_has_at_most_64_kib_and_the_content_type_of_json(api: Api) -> None:
    fits = b'{"name": "n"}'.ljust(LARGEST_BODY)
    assert (await ask(api, "POST", "things", fits)).status == 201
    assert problem(await ask(api, "POST", "things", fits + b" "))["code"] == "TooLarge"
    assert problem(await ask(api, "POST", "things", fits, content_type="text/plain"))["code"] == "NotJson"
    assert (await ask(api, "POST", "things", fits, content_type="Application/JSON; charset=utf-8")).status == 201


PATHS: list[tuple[str, int]] = [
    ("", 404),
    ("/", 404),
    ("things", 200),
    ("things/", 404),
    ("/things", 404),
    ("Things", 404),
    ("things%2f", 404),
    ("things%2f..%2fthings", 404),
    ("../things", 404),
    (f"things/{ID}", 405),
    (f"things/{ID}%0a", 405),
    (f"things/{ID}%2f..", 405),
    (f"things/{ID}/..", 404),
    ("things/..%2f..%2fadmin", 405),
    ("things/тест", 405),
    ("things/%f0%9f%93%9e", 405),
    ("things/%ff", 404),
    ("things/%", 405),
    ("x" * 100_000, 404),
    ("/".join("x" * 10_000), 404),
    ("v1/things", 404),
]


@pytest.mark.parametrize(("path", "status"), PATHS, ids=[path[:30] for path, _ in PATHS])
async def test_a_path_matches_exactly(api: Api, path: str, status: int) -> None:
    answer = await ask(api, "GET", path)
    assert answer.status == status
    if status != 200:
        problem(answer)


@pytest.mark.parametrize("id", ["grace@contoso.com", "..%2f..%2fadmin", f"{ID}%0a", f"{ID}%2f..", "тест", "%", "me"])
async def test_an_invalid_parameter_of_the_path_is_named(api: Api, id: str) -> None:
    """It is not a 404 for an unknown path: the path exists, the parameter is invalid."""
    details = problem(await ask(api, "DELETE", f"things/{id}"))
    assert (details["status"], details["code"]) == (400, "BadParameter")
    assert details["detail"] == "AccountId must be a thing (a GUID)."


def test_literals_come_before_parameters() -> None:
    table = RoutingTable(reversed(ROUTES))
    assert set(table.find(["resource-accounts", "refresh"])[0].methods) == {"POST"}


async def test_a_path_lists_its_methods(api: Api) -> None:
    for method in ("PATCH", "PUT", "TRACE", "NONSENSE"):
        answer = await ask(api, method, "things")
        assert (answer.status, answer.headers["Allow"]) == (405, "GET, HEAD, OPTIONS, POST")
        problem(answer)
    answer = await ask(api, "OPTIONS", f"things/{ID}")
    assert (answer.status, answer.headers["Allow"], answer.body) == (204, "DELETE, OPTIONS", b"")
    get, head = await ask(api, "GET", "things"), await ask(api, "HEAD", "things")
    assert (head.status, head.body, head.headers["ETag"]) == (200, b"", get.headers["ETag"])


FAILURES = [
    ("1", 504, "TimedOut"),
    ("2", 503, "NotConfigured"),
    ("3", 503, "NotNow"),
    ("4", 500, "Fault"),
    ("5", 403, "Graph.Forbidden"),
    ("6", 502, "Graph.Unlisted"),
    ("7", 503, "KeysUnavailable"),
]


@pytest.mark.parametrize(("first", "status", "code"), FAILURES)
async def test_errors_are_reported_without_secrets(
    api: Api, first: str, status: int, code: str, caplog: pytest.LogCaptureFixture
) -> None:
    answer = await ask(api, "DELETE", f"things/{first}{ID[1:]}", x_request_id="req-7")
    details = problem(answer)
    assert (details["status"], details["code"]) == (status, code)
    assert b"secret" not in answer.body
    assert b"SOME_SETTING" not in answer.body
    assert answer.headers["X-Request-Id"] == "req-7"
    assert "failThing" in caplog.text
    assert "req-7" in caplog.text
    assert ("SOME_SETTING" in caplog.text) is (code == "NotConfigured")


async def test_a_retry_has_a_time(api: Api) -> None:
    answer = await ask(api, "DELETE", f"things/7{ID[1:]}")
    assert (answer.status, answer.headers["Retry-After"]) == (503, "13")


async def test_the_openapi_document_is_made_once() -> None:
    """It is public, so requests for it must be cheap."""
    api, request = api_on({}), Request.of("GET", f"{BASE}/openapi.json", {}, b"")
    first, second = await api.respond(request), await api.respond(request)
    assert first.body is second.body
    assert first.headers["ETag"] == second.headers["ETag"]
    assert first.headers["X-Request-Id"] != second.headers["X-Request-Id"]


def test_the_longest_continuation_is_accepted() -> None:
    """The longest that is made from a link of Graph, which clients send back."""
    longest = Graph(Settings({}), AioHttpTransport())._continuation(
        "v1.0/users", "https://graph.microsoft.com/v1.0/users?" + "x" * LONGEST_QUERY
    )
    assert msgspec.convert({"continuation": longest}, PageQuery).continuation == longest
    assert len(longest) == LONGEST_CONTINUATION


async def test_request_ids_are_echoed_if_they_are_harmless(api: Api) -> None:
    for given in ("", "a b", "x" * 129, 'x"\r\nSet-Cookie: y'):
        made = (await ask(api, "GET", "things", x_request_id=given)).headers["X-Request-Id"]
        assert len(made) == 36


async def test_keys_have_the_roles_of_the_setting_and_no_more() -> None:
    for roles, status, code in (("", 403, "KeysDisabled"), ("Agent", 403, "RoleMissing")):
        answer = await ask(api_on({"API_KEY_ROLES": roles}, OWN), "DELETE", f"things/{ID}")
        assert (answer.status, problem(answer)["code"]) == (status, code)
    wrong = await ask(api_on({"API_KEY_ROLES": "Everything"}, OWN), "GET", "things")
    assert (wrong.status, problem(wrong)["code"]) == (503, "NotConfigured")
    assert (await ask(api_on({"API_KEY_ROLES": "Agent"}, OWN), "GET", "things")).status == 200


async def test_a_caller_over_the_rate_limit_gets_retry_after() -> None:
    now = [0.0]
    api = api_on({"API_KEY_ROLES": "Agent"}, OWN, rate_limiter=RateLimiter(per_minute=30, burst=3, now=lambda: now[0]))
    assert [(await ask(api, "GET", "things")).status for _ in range(4)] == [200, 200, 200, 429]
    refused = await ask(api, "GET", "things")
    assert (problem(refused)["code"], refused.headers["Retry-After"]) == ("TooManyRequests", "3")
    now[0] = 2.0  # 30 in a minute: one in two seconds
    assert [(await ask(api, "GET", "things")).status for _ in range(2)] == [200, 429]


def test_rate_limits_are_per_caller_and_bounded_in_memory() -> None:
    limits = RateLimiter(burst=1, max_callers=2, now=lambda: 0.0)
    assert not limits.take("ada")
    assert not limits.take("grace")
    assert limits.take("ada")
    assert not limits.take("alan")  # grace is forgotten, who has not asked for longest
    assert limits.take("ada")
    assert not limits.take("grace")


def test_a_route_without_roles_cannot_be_registered() -> None:
    for wrong in (
        Route("GET", "open", "getOpen", frozenset(), "", {200: dict}, things),
        Route("GET", "open", "getOpen", AGENTS, "", {200: dict}, things, public=True),
        Route("GET", "things", "listAgain", AGENTS, "", {200: dict}, things),
        Route("GET", "more", "listThings", AGENTS, "", {200: dict}, things),
        Route("GET", "things/{unknownId}", "getThing", AGENTS, "", {200: dict}, things),
    ):
        with pytest.raises((ValueError, KeyError)):
            RoutingTable((*OWN, wrong))


def test_repr_contains_no_tokens() -> None:
    request = Request("GET", "x", headers={"authorization": "Bearer secret"}, body=b"secret")
    assert "secret" not in f"{request!r} {Response(200, b'secret')!r}"


@pytest.mark.parametrize(
    ("url", "base", "path", "query"),
    [
        ("http://127.0.0.1:7071/api/v1/a/b?c=%20", "http://127.0.0.1:7071/api/v1", "a/b", "c=%20"),
        ("http://calls.example/api/V1", "https://calls.example/api/v1", "", ""),
        ("https://calls.example/api/keyed/v1/v1/x?/v1/", "https://calls.example/api/keyed/v1", "v1/x", "/v1/"),
        ("https://[bad/api/v1/x", "https://[bad/api/v1", "x", ""),
    ],
)
def test_a_url_is_split_at_its_version(url: str, base: str, path: str, query: str) -> None:
    request = Request.of("get", url, {}, b"")
    assert (request.method, request.base_url, request.path, request.query) == ("GET", base, path, query)


def test_every_route_refuses_unknown_fields() -> None:
    for shape in {each for route in ROUTES for each in (route.query, None if route.raw else route.body) if each}:
        struct = getattr(shape, "__origin__", shape)  # of one with an example
        assert struct.__struct_config__.forbid_unknown_fields, shape


def test_every_problem_has_a_remedy() -> None:
    for code, kind in CATALOGUE.items():
        assert kind.remedy.endswith("."), code
        assert 400 <= kind.status < 600, code
