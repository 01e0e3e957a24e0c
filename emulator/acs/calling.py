"""Calls are made, and calls of others connected to."""

from __future__ import annotations

import functools
from typing import Any

from emulator.acs import acting, errors, invitations, ringing
from emulator.acs.answering import connect_leg, identify, new_user
from emulator.acs.callees import Outcome
from emulator.acs.calls import Call
from emulator.acs.identifiers import Identifier, canonical, parse
from emulator.acs.media.streaming import start_streams
from emulator.acs.messages import Answer, Request
from emulator.acs.service import Service


def create_call(service: Service, request: Request) -> Answer:
    body = request.body
    _check_source(body)
    if not body["targets"]:
        raise errors.invalid("The field 'targets' must have at least one entry.")
    targets = [canonical(target) for target in body["targets"]]
    for target in targets:
        invitations.check_number(target)
    call = _new_call(service, source=_source(service, body), target=targets[0])
    call.kind = "tpe" if body.get("teamsAppSource") else "acs"
    call.display_name = body.get("sourceDisplayName")
    connect_leg(service, call, body)
    identify(service, call, {"id": call.source["rawId"]})
    _Outbound(service, call, targets).ring()
    properties = {**call.properties(), "targets": targets}
    del properties["serverCallId"]  # there is none yet: azure-rest-api-specs, the example of create
    return Answer(properties, chain_id=call.correlation_id)


def connect(service: Service, request: Request) -> Answer:
    found = _located(service, request.body["callLocator"])
    own = parse(new_user(service)["id"])
    call = _new_call(service, source=own, target=own)
    connect_leg(service, call, request.body)
    identify(service, call, {"id": own["rawId"]})
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


class _Outbound:
    """Callees being rung for a call that the application makes. The first to accept connects it."""

    def __init__(self, service: Service, call: Call, targets: list[Identifier]) -> None:
        self._service, self._call, self._targets = service, call, targets
        self._open = len(targets)

    def ring(self) -> None:
        for target in self._targets:
            settle = functools.partial(self._settle, target)
            self._call.timers.append(ringing.start(self._service, self._call, target, settle))

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
    return parse(str((body.get("source") or new_user(service))["id"]))
