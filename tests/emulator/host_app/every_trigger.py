"""An app with a function for each trigger; what they do is printed, for the test to read."""

import logging
import os
import time

import azure.functions as func
from beside import GREETING  # type: ignore[import-not-found]  # the app's folder is on the path

app = func.FunctionApp(http_auth_level=func.AuthLevel.FUNCTION)


@app.route(route="greet/{name}", methods=["GET"])
async def greet(req: func.HttpRequest) -> func.HttpResponse:
    return func.HttpResponse(f"{GREETING} {req.route_params['name']} {os.environ['WHO']}")


@app.route(route="stuck")
def stuck(req: func.HttpRequest) -> str:
    time.sleep(60)
    return "never"


@app.event_grid_trigger(arg_name="event")
async def take_event(event: func.CloudEvent) -> None:
    logging.getLogger(__name__).info("took %s", event.id)


@app.queue_trigger(arg_name="message", queue_name="%QUEUE%", connection="STORE")
async def take_message(message: func.QueueMessage) -> None:
    logging.getLogger(__name__).info("took %s", message.get_body().decode())


@app.timer_trigger(arg_name="timer", schedule="0 0 3 * * *", run_on_startup=True)
def tick(timer: func.TimerRequest) -> None:
    logging.getLogger(__name__).info("ticked, past due: %s", timer.past_due)
