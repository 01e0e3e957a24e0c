"""Calls are answered, rejected, made and ended."""

from __future__ import annotations

from typing import Any

from emulator.acs import acting, errors, invitations
from emulator.acs.callees import Outcome
from emulator.acs.calls import Call
from emulator.acs.identifiers import Identifier, canonical, parse
from emulator.acs.media.streaming import start_streams
from emulator.acs.messages import Answer, Request
from emulator.acs.parties import Participant
from emulator.acs.provenance import RING
from emulator.acs.service import Service


def answer_call(service: Service, request: Request) -> Answer:
    body = request.body
    call = service.ringing(body["incomingCallContext"])
    service.take(call, "connected")
    _connect(service, call, body)
    _identify(service, call, body.get("answeredBy"))
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


def create_call(service: Service, request: Request) -> Answer:
    body = request.body
    _check_source(body)
    if not body["targets"]:
        raise errors.invalid("The field 'targets' must have at least one entry.")
    targets = [canonical(target) for target in body["targets"]]
    call = _new_call(service, source=_source(service, body), target=targets[0])
    call.kind = "tpe" if body.get("teamsAppSource") else "acs"
    call.display_name = body.get("sourceDisplayName")
    _connect(service, call, body)
    _identify(service, call, {"id": call.source["rawId"]})
    _Outbound(service, call, targets).ring()
    properties = {**call.properties(), "targets": targets}
    del properties["serverCallId"]  # there is none yet: azure-rest-api-specs, the example of create
    return Answer(properties, chain_id=call.correlation_id)


def connect(service: Service, request: Request) -> Answer:
    found = _located(service, request.body["callLocator"])
    own = parse(_new_user(service)["id"])
    call = _new_call(service, source=own, target=own)
    _connect(service, call, request.body)
    _identify(service, call, {"id": own["rawId"]})
    properties = {**call.properties(), "targets": []}
    del properties["source"], properties["serverCallId"]  # as recorded
    _join(service, call, found)
    return Answer(properties, chain_id=call.correlation_id)


def _located(service: Service, locator: dict[str, Any]) -> Call | None:
    """The call to connect to; None for groups and rooms, which are not emulated. Raises AcsError."""
    found = service.calls.by_server_call(locator.get("serverCallId") or "")
    if locator.get("serverCallId") and (found is None or found.state != "connected"):
        raise errors.not_found("There is no call with this serverCallId.")
    return found


def _join(service: Service, call: Call, found: Call | None) -> None:
    call.state = call.connection_state = "connected"
    call.answered_at = service.clock.now()
    if found:
        call.server_call_id = found.server_call_id
        for person in found.present():
            call.join(person.identifier, service.clock.wall())
    service.emit(call, "CallConnected", context=call.operation_context)
    service.participants_updated(call)


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


class _Outbound:
    """Callees being rung for a call that the application makes. The first to accept connects it."""

    def __init__(self, service: Service, call: Call, targets: list[Identifier]) -> None:
        self._service, self._call, self._targets = service, call, targets
        self._open = len(targets)

    def ring(self) -> None:
        for target in self._targets:
            outcome = self._service.callees.rung(target, RING.seconds)
            timer = self._service.background.after(
                outcome.after,
                lambda target=target, outcome=outcome: self._settle(target, outcome),  # type: ignore[misc]
            )
            self._call.timers.append(timer)

    def _settle(self, target: Identifier, outcome: Outcome) -> None:
        service, call = self._service, self._call
        self._open -= 1
        acting.take(service, call, target["rawId"], outcome)
        if outcome.accepted:
            invitations.answered(call, target)
        if outcome.accepted and call.connection_state == "connecting":
            call.target = target
            service.establish(call)
            start_streams(service, call)
            acting.perform(service, call, target["rawId"], outcome.script)
        elif outcome.accepted:
            call.join(target, service.clock.wall())
            service.participants_updated(call)
            acting.perform(service, call, target["rawId"], outcome.script)
        elif self._open == 0 and call.connection_state == "connecting":
            service.emit(call, "CreateCallFailed", context=call.operation_context, result=outcome.result)
            service.disconnect(call, outcome.result)


def _new_call(service: Service, *, source: Identifier, target: Identifier) -> Call:
    return Call(
        id=service.new_id(),
        kind="acs",
        source=source,
        target=target,
        server_call_id=service.new_server_call_id(),
        correlation_id=service.new_id(),
        state="connecting",
        connection_id=service.new_id(),
        ringing_at=service.clock.now(),
    )


def _connect(service: Service, call: Call, body: dict[str, Any]) -> None:
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


def _identify(service: Service, call: Call, user: dict[str, str] | None) -> None:
    """The identity that the application has in the call."""
    call.own = Participant(parse((user or _new_user(service))["id"]), voice=-1)


def _check_source(body: dict[str, Any]) -> None:
    if body.get("teamsAppSource"):
        for name in ("sourceCallerIdNumber", "sourceDisplayName"):
            if body.get(name):
                raise errors.invalid(f"The field '{name}' is not allowed with 'teamsAppSource'.")
    elif not body.get("sourceCallerIdNumber") and any("phoneNumber" in one for one in body["targets"]):
        raise errors.invalid("The field 'sourceCallerIdNumber' is required to call a phone number.")


def _source(service: Service, body: dict[str, Any]) -> Identifier:
    if app := body.get("teamsAppSource"):
        return parse(f"28:orgid:{app['appId']}")
    return parse(str((body.get("source") or _new_user(service))["id"]))


def _new_user(service: Service) -> dict[str, str]:
    return {"id": f"8:acs:{service.config.resource_id}_{service.new_id()}"}
