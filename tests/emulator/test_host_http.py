from __future__ import annotations

import asyncio
import json
import threading
import time
from typing import Any

import azure.functions as func
import pytest

from emulator.host import BadApp, HostSettings
from tests.emulator.host_fixtures import hosting


def new_app(level: func.AuthLevel = func.AuthLevel.ANONYMOUS) -> func.FunctionApp:
    return func.FunctionApp(http_auth_level=level)


async def test_a_function_sees_the_request_as_it_was_sent() -> None:
    app, seen = new_app(), []

    @app.route(route="things/{id}", methods=["POST"])
    async def f(req: func.HttpRequest) -> func.HttpResponse:
        seen.append(req)
        return func.HttpResponse(req.get_body(), status_code=201, mimetype="application/octet-stream")

    async with hosting(app) as http:
        headers = {"X-Thing": "yes"}
        async with http.post("/api/things/a%20b?q=1&q=2&r=ä", data=b"\x00\xff", headers=headers) as answer:
            assert answer.status == 201
            assert await answer.read() == b"\x00\xff"
            assert answer.headers["content-type"] == "application/octet-stream"
        (req,) = seen
        assert (req.method, req.route_params) == ("POST", {"id": "a b"})
        assert dict(req.params) == {"q": "1,2", "r": "ä"}
        assert req.headers["x-thing"] == "yes"
        assert req.url.endswith("/api/things/a%20b?q=1&q=2&r=%C3%A4")
        assert req.url.startswith("http://127.0.0.1:")


async def test_json_goes_in_and_out() -> None:
    app = new_app()

    @app.route(route="double")
    async def f(req: func.HttpRequest) -> func.HttpResponse:
        return func.HttpResponse(json.dumps({"n": req.get_json()["n"] * 2}), mimetype="application/json")

    async with hosting(app) as http, http.post("/api/double", json={"n": 21}) as answer:
        assert await answer.json() == {"n": 42}


async def test_headers_and_cookies_come_back() -> None:
    app = new_app()

    @app.route(route="f")
    async def f(req: func.HttpRequest) -> func.HttpResponse:
        response = func.HttpResponse(status_code=204, headers={"Retry-After": "7"})
        response.headers.add("Set-Cookie", "a=1; Path=/")
        response.headers.add("Set-Cookie", "b=2; HttpOnly")
        return response

    async with hosting(app) as http, http.get("/api/f") as answer:
        assert answer.status == 204
        assert answer.headers["Retry-After"] == "7"
        assert answer.headers.getall("Set-Cookie") == ["a=1; Path=/", "b=2; HttpOnly"]


async def test_a_text_is_an_answer() -> None:
    app = new_app()

    @app.route(route="f")
    def f(req: func.HttpRequest) -> str:
        return "hello"

    async with hosting(app) as http, http.get("/api/f") as answer:
        assert (answer.status, await answer.text()) == (200, "hello")


ROUTES: list[tuple[str, str, int, dict[str, str]]] = [
    ("things/{id}", "/api/things/5", 200, {"id": "5"}),
    ("things/{id}", "/api/things/5/", 200, {"id": "5"}),
    ("things/{id}", "/API/Things/5", 200, {"id": "5"}),
    ("things/{id}", "/api/things/", 404, {}),
    ("things/{id}", "/api/things/5/6", 404, {}),
    ("things/{id}", "/api/things/a%2Fb", 200, {"id": "a/b"}),
    ("things/{id}", "/things/5", 404, {}),
    ("things/{id:int}", "/api/things/5", 200, {"id": "5"}),
    ("things/{id:int}", "/api/things/x", 404, {}),
    ("things/{id?}", "/api/things", 200, {}),
    ("things/{id=7}", "/api/things", 200, {"id": "7"}),
    ("files/{*path}", "/api/files/a/b.txt", 200, {"path": "a/b.txt"}),
    ("v{major}.{minor}", "/api/v1.2", 200, {"major": "1", "minor": "2"}),
    ("a.b", "/api/axb", 404, {}),
]


@pytest.mark.parametrize(("route", "path", "status", "parameters"), ROUTES, ids=[f"{r[0]} {r[1]}" for r in ROUTES])
async def test_routes_are_read_as_templates(route: str, path: str, status: int, parameters: dict[str, str]) -> None:
    app, seen = new_app(), []

    @app.route(route=route)
    async def f(req: func.HttpRequest) -> str:
        seen.append(dict(req.route_params))
        return "ok"

    async with hosting(app) as http, http.get(path) as answer:
        assert answer.status == status
    assert seen == ([parameters] if status == 200 else [])


async def test_a_literal_route_goes_before_a_parameter() -> None:
    app = new_app()

    @app.route(route="{*rest}")
    async def everything(req: func.HttpRequest) -> str:
        return "everything"

    @app.route(route="calls/{id}")
    async def one(req: func.HttpRequest) -> str:
        return "one"

    @app.route(route="calls/recent")
    async def recent(req: func.HttpRequest) -> str:
        return "recent"

    async with hosting(app) as http:
        for path, name in {"calls/recent": "recent", "calls/5": "one", "x/y": "everything"}.items():
            async with http.get(f"/api/{path}") as answer:
                assert await answer.text() == name


async def test_a_method_the_function_does_not_have_is_not_found_as_with_the_real_host() -> None:
    app = new_app()

    @app.route(route="f", methods=[func.HttpMethod.GET])
    async def f(req: func.HttpRequest) -> str:
        return "get"

    @app.route(route="f", methods=[func.HttpMethod.PUT])
    async def g(req: func.HttpRequest) -> str:
        return "put"

    async with hosting(app) as http:
        for method, status in {"GET": 200, "PUT": 200, "POST": 404, "HEAD": 404}.items():
            async with http.request(method, "/api/f") as answer:
                assert answer.status == status


async def test_the_prefix_of_host_json_is_used() -> None:
    app = new_app()

    @app.route(route="f")
    async def f(req: func.HttpRequest) -> str:
        return "ok"

    async with hosting(app, settings=HostSettings(route_prefix="")) as http, http.get("/f") as answer:
        assert answer.status == 200


def failing_app() -> func.FunctionApp:
    app = new_app()

    @app.route(route="raises")
    async def raises(req: func.HttpRequest) -> str:
        raise LookupError("secret")

    @app.route(route="returns-nothing")
    async def returns_nothing(req: func.HttpRequest) -> None:
        return None

    @app.route(route="returns-a-number")
    async def returns_a_number(req: func.HttpRequest) -> Any:
        return 5

    return app


@pytest.mark.parametrize("path", ["raises", "returns-nothing", "returns-a-number"])
async def test_a_function_that_fails_is_an_internal_error_without_details(path: str) -> None:
    async with hosting(failing_app()) as http, http.get(f"/api/{path}") as answer:
        assert (answer.status, await answer.text()) == (500, "")


async def test_the_log_has_every_invocation(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    async with hosting(failing_app()) as http, http.get("/api/raises"):
        pass
    text = caplog.text
    assert "Executing 'Functions.raises' (Reason='" in text
    assert "Executed 'Functions.raises' (Failed, Id=" in text
    assert "Traceback (most recent call last)" in text
    assert "LookupError: secret" in text


async def test_a_body_over_the_limit_is_too_large() -> None:
    app = new_app()

    @app.route(route="f")
    async def f(req: func.HttpRequest) -> str:
        return "ok"

    environment = {"FUNCTIONS_REQUEST_BODY_SIZE_LIMIT": "1000"}
    async with hosting(app, environment) as http:
        for size, status in {1000: 200, 1001: 413}.items():
            async with http.post("/api/f", data=b"x" * size) as answer:
                assert answer.status == status


@pytest.mark.parametrize(
    ("level", "key", "status"),
    [
        (func.AuthLevel.ANONYMOUS, None, 200),
        (func.AuthLevel.FUNCTION, None, 401),
        (func.AuthLevel.FUNCTION, "wrong", 401),
        (func.AuthLevel.FUNCTION, "the-key", 200),
        (func.AuthLevel.ADMIN, None, 401),
        (func.AuthLevel.ADMIN, "the-key", 200),
    ],
)
async def test_keys_are_required_when_they_are_enforced(level: func.AuthLevel, key: str | None, status: int) -> None:
    app = new_app(level)

    @app.route(route="f")
    async def f(req: func.HttpRequest) -> str:
        return "ok"

    async with hosting(app, enforce_keys=True) as http:
        async with http.get("/api/f", headers={"x-functions-key": key} if key else {}) as answer:
            assert answer.status == status
        async with http.get("/api/f", params={"code": key} if key else {}) as answer:
            assert answer.status == status


async def test_keys_are_not_required_on_a_developers_machine() -> None:
    app = new_app(func.AuthLevel.ADMIN)

    @app.route(route="f")
    async def f(req: func.HttpRequest) -> str:
        return "ok"

    async with hosting(app) as http, http.get("/api/f") as answer:
        assert answer.status == 200


async def test_async_functions_share_the_loop_and_others_run_on_threads() -> None:
    app = new_app()

    @app.route(route="async")
    async def on_the_loop(req: func.HttpRequest) -> str:
        await asyncio.sleep(0.1)
        return threading.current_thread().name

    @app.route(route="sync")
    def on_a_thread(req: func.HttpRequest) -> str:
        time.sleep(0.1)
        return threading.current_thread().name

    async with hosting(app) as http:

        async def get(path: str) -> str:
            async with http.get(path) as answer:
                return await answer.text()

        begun = time.monotonic()
        names = await asyncio.gather(*(get(f"/api/{kind}") for kind in ("async", "sync") for _ in range(3)))
        assert time.monotonic() - begun < 0.5, "side by side, not one after the other"
        assert set(names[:3]) == {"MainThread"}
        assert all(name.startswith("function") for name in names[3:])


async def test_a_function_may_ask_for_its_context() -> None:
    app = new_app()

    @app.route(route="f")
    def f(req: func.HttpRequest, context: func.Context) -> str:
        assert context.thread_local_storage is not None
        assert context.trace_context is None
        assert context.retry_context is None
        return f"{context.function_name} {context.function_directory} {len(context.invocation_id)}"

    async with hosting(app) as http, http.get("/api/f") as answer:
        assert await answer.text() == "f /app 36"


async def test_a_function_that_takes_too_long_fails() -> None:
    app = new_app()

    @app.route(route="f")
    async def f(req: func.HttpRequest) -> str:
        await asyncio.sleep(10)
        return "late"

    async with hosting(app, settings=HostSettings(function_timeout=0.05)) as http, http.get("/api/f") as answer:
        assert answer.status == 500


@pytest.mark.parametrize(("route", "message"), [("{id:range(1,2)}", "constraint"), ("{id", "cannot be read")])
async def test_a_route_that_is_not_understood_is_named(route: str, message: str) -> None:
    app = new_app()

    @app.route(route=route)
    async def f(req: func.HttpRequest) -> str:
        return "ok"

    with pytest.raises(BadApp, match=f"function 'f': .*{message}"):
        async with hosting(app):
            pass


async def test_the_hosts_own_pages_answer() -> None:
    app = new_app()

    @app.route(route="f/{x}", methods=["GET"])
    async def f(req: func.HttpRequest) -> str:
        return "ok"

    async with hosting(app) as http:
        async with http.get("/admin/host/status") as answer:
            assert (await answer.json())["state"] == "Running"
        async with http.get("/admin/functions") as answer:
            (described,) = await answer.json()
        assert described["name"] == "f"
        assert described["invoke_url_template"].endswith("/api/f/{x}")
        assert described["config"]["bindings"][0]["methods"] == ["GET"]
        async with http.get("/") as answer:
            assert answer.status == 200
    async with hosting(new_app(), enforce_keys=True) as http:
        for path in ("/admin/host/status", "/admin/functions"):
            async with http.get(path) as answer:
                assert answer.status == 401
