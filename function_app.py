"""The functions of the app: each has a trigger, a binding and a call of its handler. No logic.

The Event Grid subscriptions in ``infra/`` refer to the functions by name.
"""

import asyncio
import atexit
import logging
from functools import cache
from typing import TYPE_CHECKING

import azure.functions as func

from shared.service.container import Container
from shared.service.health import check_health
from shared.service.time_limits import LONG_INVOCATION_SECONDS

if TYPE_CHECKING:
    from shared.api.router import Api

logging.getLogger("azure").setLevel(logging.WARNING)  # azure-core logs every request at INFO

app = func.FunctionApp(http_auth_level=func.AuthLevel.ANONYMOUS)
container = Container()
atexit.register(lambda: asyncio.run(container.close()))  # the worker has no hook for its shutdown


# -- Event Grid, system topic of the ACS resource --


@app.event_grid_trigger(arg_name="event")
async def incoming_call(event: func.CloudEvent) -> None:
    await container.answering.incoming_call(event)


@app.event_grid_trigger(arg_name="event")
async def recording_file_ready(event: func.CloudEvent) -> None:
    await container.events.recording_file(event)


@app.event_grid_trigger(arg_name="event")
async def client_call(event: func.CloudEvent) -> None:
    await container.client_calls.event(event)


# -- Event Grid, custom topic: the callbacks. Those that start or restart a recording have functions of their own --


@app.event_grid_trigger(arg_name="event")
async def call_connected(event: func.CloudEvent) -> None:
    await container.events.callback(event)


@app.event_grid_trigger(arg_name="event")
async def recording_state_changed(event: func.CloudEvent) -> None:
    await container.events.callback(event)


@app.event_grid_trigger(arg_name="event")
async def start_recording_failed(event: func.CloudEvent) -> None:
    await container.events.callback(event)


@app.event_grid_trigger(arg_name="event")
async def call_progressed(event: func.CloudEvent) -> None:
    await container.events.callback(event)


# -- HTTP: ACS authenticates itself by a signed token, so no function key is required --


@app.route("callbacks/{call_id}", methods=["POST"])
async def callbacks(req: func.HttpRequest) -> func.HttpResponse:
    authorization = req.headers.get("Authorization", "")
    return func.HttpResponse(
        status_code=await container.ingress.accept(req.route_params["call_id"], authorization, req.get_body())
    )


@app.route("health", methods=["GET"])
async def health(req: func.HttpRequest) -> func.HttpResponse:  # noqa: ARG001  # the binding demands it
    status, body = check_health(container.settings)
    return func.HttpResponse(body, status_code=status, mimetype="application/json")


# -- HTTP: the API. It verifies bearer tokens; the host has verified Functions keys --


@app.route("v1/{*path}")
async def api(req: func.HttpRequest) -> func.HttpResponse:
    return await _answer(req)


@app.route("keyed/v1/{*path}", auth_level=func.AuthLevel.FUNCTION)
async def api_by_key(req: func.HttpRequest) -> func.HttpResponse:
    return await _answer(req, keyed=True)


async def _answer(req: func.HttpRequest, *, keyed: bool = False) -> func.HttpResponse:
    from shared.api.http import Request  # noqa: PLC0415  # not loaded where calls are answered

    request = Request.of(req.method, req.url, req.headers, req.get_body())
    answer = await _api().respond(request, keyed=keyed)
    return func.HttpResponse(answer.body, status_code=answer.status, headers=answer.headers)


@cache
def _api() -> "Api":
    from shared.api.router import Api  # noqa: PLC0415

    return Api(container)


# -- Time --


@app.queue_trigger(arg_name="message", queue_name="wakes", connection="CALL_STORAGE")
async def wake_call(message: func.QueueMessage) -> None:
    await container.sweeper.wake(message.get_body().decode())


@app.timer_trigger(arg_name="timer", schedule="0 */30 * * * *")
async def refresh_directory(timer: func.TimerRequest) -> None:  # noqa: ARG001  # the binding demands it
    await asyncio.wait_for(container.directory.refresh(), LONG_INVOCATION_SECONDS)


@app.timer_trigger(arg_name="timer", schedule="0 * * * * *")
async def sweep(timer: func.TimerRequest) -> None:  # noqa: ARG001  # the binding demands it
    await container.sweeper.sweep()
