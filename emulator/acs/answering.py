"""Calls are answered, rejected, redirected and ended."""

from __future__ import annotations

from typing import Any

from emulator.acs import acting, errors
from emulator.acs.calls import Call
from emulator.acs.identifiers import Identifier, canonical, parse
from emulator.acs.media.streaming import start_streams
from emulator.acs.messages import Answer, Request
from emulator.acs.parties import Participant
from emulator.acs.service import Service


def answer_call(service: Service, request: Request) -> Answer:
    body = request.body
    call = service.ringing(body["incomingCallContext"])
    service.take(call, "connected")
    connect_leg(service, call, body)
    identify(service, call, body.get("answeredBy"))
    properties = call.properties()  # as recorded: still connecting
    service.establish(call)
    acting.perform(service, call, call.far_end["rawId"], call.script)
    start_streams(service, call)
    return Answer(properties, chain_id=call.correlation_id)


def reject_call(service: Service, request: Request) -> Answer:
    service.take(service.ringing(request.body["incomingCallContext"]), "rejected")
    return Answer()


async def redirect_call(service: Service, request: Request) -> Answer:
    call = service.ringing(request.body["incomingCallContext"])
    if call.kind == "tpe":
        raise errors.AcsError(405, errors.UNSUPPORTED, "A Teams Phone call can't be redirected.")
    service.take(call, "redirected")
    target = canonical(request.body["target"])
    if target["kind"] != "phoneNumber":  # an outside number rings elsewhere: the application hears nothing of it
        await forward(service, call, target)
    return Answer()


async def forward(
    service: Service, call: Call, target: Identifier, custom_context: dict[str, Any] | None = None
) -> None:
    """Ring another callee with the same caller: another leg and context, the same correlation id."""
    leg = service.ring(call.source, target, kind=call.kind, correlation_id=call.correlation_id)
    await service.publish("acs", [service.incoming_call_event(leg, custom_context=custom_context)])


def ring_back(service: Service, call: Call, target: Identifier) -> None:
    """Raise IncomingCall for an invited identity of this resource, if the option says so: another leg of the call."""
    if service.options.invitations_ring and target["rawId"].startswith("8:acs:"):
        service.background.start(forward(service, call, target))


def get_call(_: Service, request: Request) -> Answer:
    call = request.call
    return Answer({**call.properties(), "transcriptionSubscription": call.transcription.describe()})


def hang_up(service: Service, request: Request) -> Answer:
    call = request.call
    if call.connected and len(list(call.present())) < 2:  # noqa: PLR2004 - the last one is left alone
        service.end(call)
    else:
        service.disconnect(call)
    return Answer()


def terminate(service: Service, request: Request) -> Answer:
    service.end(request.call)
    return Answer()


def connect_leg(service: Service, call: Call, body: dict[str, Any]) -> None:
    """The application's leg begins to connect."""
    call.connection_id = call.connection_id or service.new_id()
    call.connection_state = "connecting"
    call.callback_uri = body["callbackUri"]
    call.operation_context = body.get("operationContext")
    streams = (call.media_streaming, "mediaStreamingOptions"), (call.transcription, "transcriptionOptions")
    for subscription, name in streams:
        if body.get(name) is not None:
            subscription.options, subscription.id = body[name], service.new_id()
    service.calls.add(call)


def identify(service: Service, call: Call, user: dict[str, str] | None) -> None:
    """The identity that the application has in the call."""
    call.own = Participant(parse((user or new_user(service))["id"]), voice=-1)


def new_user(service: Service) -> dict[str, str]:
    return {"id": f"8:acs:{service.config.resource_id}_{service.new_id()}"}
