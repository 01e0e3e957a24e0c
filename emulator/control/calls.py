"""Calls: dialled, listed, hung up; keys are pressed and phrases said."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from emulator.acs import acting
from emulator.acs.calls import Call
from emulator.acs.identifiers import Identifier
from emulator.acs.service import Service
from emulator.control import scripts
from emulator.control.fields import ControlError, Fields, fields_of, identifier, json_of
from emulator.platform import Platform

PARTIES_OF_A_HOLD = 2  # besides the application
DEFAULT_CALLER = "+12065551212"
DEFAULT_ACCOUNT = "11111111-1111-4111-8111-111111111111"


class Calls:
    def __init__(self, platform: Platform) -> None:
        self._platform = platform
        self._service = platform.service

    def routes(self) -> list[web.RouteDef]:
        at = "/_emulator"
        return [
            web.post(f"{at}/calls", self.dial),
            web.get(f"{at}/calls", self.list_calls),
            web.get(f"{at}/calls/{{id}}", self.get),
            web.post(f"{at}/calls/{{id}}/hangup", self.hang_up),
            web.post(f"{at}/calls/{{id}}/press", self.press),
            web.post(f"{at}/calls/{{id}}/say", self.say),
            web.post(f"{at}/calls/{{id}}/client", self.client),
        ]

    async def dial(self, request: web.Request) -> web.Response:
        """Dial a resource account, or a list of them"""
        body = await json_of(request)
        dials = [_Dial(one) for one in (body if isinstance(body, list) else [body])]  # all are checked before one rings
        rung = [dial.ring(self._service) for dial in dials]
        by_delay: dict[float, list[dict[str, Any]]] = {}
        for dial, (_, event) in zip(dials, rung, strict=True):
            by_delay.setdefault(dial.event_delay, []).append(event)
        for delay, events in sorted(by_delay.items()):
            await self._platform.announce(events, after=delay)
        answers = [_dialled(call) for call, _ in rung]
        return web.json_response(answers if isinstance(body, list) else answers[0], status=201)

    async def list_calls(self, _: web.Request) -> web.Response:
        """Every call"""
        return web.json_response({"calls": [call.describe() for call in self._service.calls]})

    async def get(self, request: web.Request) -> web.Response:
        """One call"""
        return web.json_response(self._find(request).describe())

    async def hang_up(self, request: web.Request) -> web.Response:
        """The caller, or another participant, hangs up"""
        call, fields = self._find(request), await fields_of(request, "a hang-up")
        who = _who(fields)
        fields.done()
        acting.hang_up(self._service, call, who)
        return web.json_response(call.describe())

    async def press(self, request: web.Request) -> web.Response:
        """The caller, or another participant, presses a key"""
        call, fields = self._find(request), await fields_of(request, "a key press")
        tone, who = scripts.tone(fields), _who(fields)
        fields.done()
        _check_connected(call, who, "no keys can be pressed")
        acting.press(self._service, call, tone, who)
        return web.json_response(call.describe())

    async def say(self, request: web.Request) -> web.Response:
        """The caller, or another participant, says something"""
        call, fields = self._find(request), await fields_of(request, "a phrase to say")
        phrase, who = scripts.phrase(fields), _who(fields)
        fields.done()
        _check_connected(call, who, "nothing can be said")
        acting.say(self._service, call, phrase, who)
        return web.json_response(call.describe())

    async def client(self, request: web.Request) -> web.Response:
        """An agent's client holds, resumes, mutes or unmutes a participant"""
        call, fields = self._find(request), await fields_of(request, "a client's action")
        who = fields.identifier("who")["rawId"]
        changes = {name: fields.flag(name) for name in ("on_hold", "muted") if name in fields}
        fields.done()
        _check_connected(call, who, "no client can act on them")
        _check_hold(call, changes)
        for name, on in changes.items():
            change = acting.hold if name == "on_hold" else acting.mute
            change(self._service, call, call.participants[who], on=on)
        return web.json_response(call.describe())

    def _find(self, request: web.Request) -> Call:
        if call := self._service.calls.get(request.match_info["id"]):
            return call
        raise web.HTTPNotFound(reason=f"there is no call {request.match_info['id']}")


def _check_hold(call: Call, changes: dict[str, bool]) -> None:
    if not changes:
        raise ControlError("a client's action has 'on_hold' or 'muted', or both")
    if changes.get("on_hold") and call.kind == "tpe" and len(list(call.present())) > PARTIES_OF_A_HOLD:
        raise ControlError("in a Teams Phone call an agent's client can hold in a call of two only")


class _Dial:
    """One call to be made."""

    def __init__(self, body: Any) -> None:
        fields = Fields(body, "a call")
        self.source = fields.identifier("from", DEFAULT_CALLER)
        self.target = fields.identifier("to", DEFAULT_ACCOUNT)
        self.kind: Any = fields.one_of("kind", ("tpe", "acs"), "tpe")
        self.display_name = fields.text("display_name", "")
        self.on_behalf_of = _callees(fields.raw("on_behalf_of_callee", None))
        self.custom_context = _custom_context(fields.raw("custom_headers"))
        self.event_delay = fields.seconds("event_delay", 0.0)
        self.ringing_for = fields.seconds("ringing_for", 0.0)
        self.script = scripts.script(fields)
        self.recording_chunks = fields.count("recording_chunks", least=1) if "recording_chunks" in fields else None
        self.zero_byte_downloads = fields.count("zero_byte_downloads") if "zero_byte_downloads" in fields else None
        fields.done()

    def ring(self, service: Service) -> tuple[Call, dict[str, Any]]:
        call = service.ring(self.source, self.target, kind=self.kind, script=self.script, ringing_for=self.ringing_for)
        call.recording_chunks, call.zero_byte_downloads = self.recording_chunks, self.zero_byte_downloads
        event = service.incoming_call_event(
            call,
            display_name=self.display_name,
            on_behalf_of=self.on_behalf_of,
            custom_context=self.custom_context,
        )
        return call, event


def _callees(named: Any) -> Identifier | list[Identifier] | None:
    """One callee of a call on behalf of a resource account, as documented, or a list of them."""
    if isinstance(named, list):
        return [identifier(str(each), "'on_behalf_of_callee'") for each in named]
    return identifier(str(named), "'on_behalf_of_callee'") if named is not None else None


def _who(fields: Fields) -> str | None:
    """The party that does it; None for the caller."""
    return str(fields.identifier("who")["rawId"]) if "who" in fields else None


def _check_connected(call: Call, who: str | None, so: str) -> None:
    if not call.connected:
        raise ControlError(f"the call is not connected: {so}")
    if call.find(who or call.far_end["rawId"]) is None:
        raise ControlError(f"{who or 'the caller'} is not in the call: {so}")


def _custom_context(headers: Any) -> dict[str, Any] | None:
    """Headers as ``{"voipHeaders": …, "sipHeaders": …}``; flat ones are VoIP headers."""
    if headers is None:
        return None
    if not isinstance(headers, dict):
        raise ControlError("'custom_headers' is an object of headers")
    return headers if set(headers) <= {"voipHeaders", "sipHeaders"} else {"voipHeaders": headers}


def _dialled(call: Call) -> dict[str, Any]:
    return {
        "id": call.id,
        "incomingCallContext": call.context,
        "serverCallId": call.server_call_id,
        "correlationId": call.correlation_id,
        "eventId": call.event_id,
    }
