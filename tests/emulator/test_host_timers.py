from __future__ import annotations

import asyncio
import itertools
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import azure.functions as func
import pytest

from emulator.host import BadApp, BadSettings, timers
from emulator.host.timers import schedule
from tests.emulator.eventgrid_fixtures import event, until
from tests.emulator.host_fixtures import hosting

START = datetime(2026, 11, 21, 12, 0, 30, tzinfo=UTC)  # a Saturday


def status(timer: Any) -> Any:
    return timer.schedule_status  # not among the attributes that azure-functions declares


def ticking(expression: str, *, takes: float = 0.0, **options: Any) -> tuple[func.FunctionApp, list[Any]]:
    app, ticks = func.FunctionApp(), list[Any]()

    @app.timer_trigger(arg_name="timer", schedule=expression, **options)
    async def tick(timer: func.TimerRequest) -> None:
        ticks.append((timer.past_due, status(timer)))
        await asyncio.sleep(takes)

    return app, ticks


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("0 */5 * * * *", ["12:05:00", "12:10:00"]),
        ("*/20 * * * * *", ["12:00:40", "12:01:00"]),
        ("*/5 * * * *", ["12:05:00", "12:10:00"]),
        ("00:00:45", ["12:01:15", "12:02:00"]),
        ("0 30 9 * * 1-5", ["09:30:00", "09:30:00"]),
    ],
)
def test_schedules_have_their_seconds_first(expression: str, expected: list[str]) -> None:
    moments = itertools.islice(schedule(expression, START), 2)
    assert [moment.strftime("%H:%M:%S") for moment in moments] == expected


def test_the_day_of_the_month_and_of_the_week_must_both_fit() -> None:
    moment = next(schedule("0 0 0 13 * 5", START))
    assert (moment.day, moment.strftime("%A")) == (13, "Friday")


async def test_a_timer_ticks_on_schedule() -> None:
    app, ticks = ticking("* * * * * *")
    async with hosting(app):
        await until(lambda: len(ticks) == 2)
    assert [past_due for past_due, _ in ticks] == [False, False]
    first, second = (status for _, status in ticks)
    assert first["Last"] is None
    assert second["Last"] is not None
    assert second["Next"] > second["Last"]


async def test_a_timer_that_overran_is_past_due_and_never_runs_twice_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(timers, "LATE", timedelta(seconds=0.1))
    app, ticks = ticking("* * * * * *", takes=1.2)
    async with hosting(app):
        await until(lambda: len(ticks) == 2)
    assert [past_due for past_due, _ in ticks] == [False, True]


async def test_a_timer_may_run_at_the_start() -> None:
    app, ticks = ticking("0 0 0 1 1 *", run_on_startup=True)
    async with hosting(app):
        await until(lambda: ticks)
        await asyncio.sleep(0.05)
    assert len(ticks) == 1


async def test_a_timer_can_be_run_by_hand() -> None:
    app, ticks = ticking("0 0 0 1 1 *")
    async with hosting(app) as http:
        for body in (b"", b"{}", b'{"input": ""}'):
            async with http.post("/admin/functions/tick", data=body) as answer:
                assert answer.status == 202
        await until(lambda: len(ticks) == 3)


@pytest.mark.parametrize("body", [b"{", b"[]", b'{"input": 5}'])
async def test_running_by_hand_with_a_bad_body_is_refused(body: bytes) -> None:
    app, ticks = ticking("0 0 0 1 1 *")
    async with hosting(app) as http, http.post("/admin/functions/tick", data=body) as answer:
        assert answer.status == 400
    assert ticks == []


async def test_an_unknown_function_cannot_be_run_by_hand() -> None:
    app, _ = ticking("0 0 0 1 1 *")

    @app.route(route="f")
    async def f(req: func.HttpRequest) -> str:
        return "ok"

    async with hosting(app, enforce_keys=True) as http:
        key = {"x-functions-key": "the-key"}
        for name, headers, status in [("unknown", key, 404), ("f", key, 400), ("tick", {}, 401)]:
            async with http.post(f"/admin/functions/{name}", headers=headers) as answer:
                assert answer.status == status


async def test_an_event_function_can_be_run_by_hand() -> None:
    app, seen = func.FunctionApp(), []

    @app.event_grid_trigger(arg_name="event")
    async def take(event: func.CloudEvent) -> None:
        seen.append(event.id)

    async with hosting(app) as http:
        body = {"input": json.dumps(event("7"))}
        async with http.post("/admin/functions/take", json=body) as answer:
            assert answer.status == 202
        await until(lambda: seen == ["7"])


async def test_a_schedule_may_be_a_setting() -> None:
    app, ticks = ticking("%EVERY%", run_on_startup=True)
    async with hosting(app, {"EVERY": "0 0 3 * * *"}):
        await until(lambda: ticks)
    assert "T03:00:00" in ticks[0][1]["Next"]


async def test_a_setting_that_is_missing_is_named() -> None:
    app, _ = ticking("%EVERY%")
    with pytest.raises(BadSettings, match="%EVERY%: there is no app setting"):
        async with hosting(app):
            pass


@pytest.mark.parametrize("expression", ["often", "99 * * * * *", "* * * * * * *", "00:00:00", ""])
async def test_an_invalid_schedule_is_named(expression: str) -> None:
    app, _ = ticking(expression)
    with pytest.raises(BadApp, match="function 'tick': schedule"):
        async with hosting(app):
            pass
