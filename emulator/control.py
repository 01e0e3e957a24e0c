"""The control API: what tests and people tell the emulator, and ask it. All under `/_emulator/`."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from typing import Any

from aiohttp import web

from emulator.acs.callees import BadBehaviour, CalleeBehaviour
from emulator.acs.calls import Call, Script
from emulator.acs.identifiers import parse
from emulator.acs.service import Service
from emulator.acs.wire import ENUMS
from emulator.config import START_RECORDING_ANSWERS
from emulator.directory import UnknownTenant
from emulator.entra.routes import NotSignedIn
from emulator.faults import BadFault
from emulator.platform import Platform

DEFAULT_CALLER = "+12065551212"
DEFAULT_ACCOUNT = "11111111-1111-4111-8111-111111111111"

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class ControlError(ValueError):
    """Something was asked that can't be done; the text says what."""


@web.middleware
async def explain(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Turn what can't be understood under `/_emulator/` into a 400 that says why."""
    if not request.path.startswith("/_emulator/"):
        return await handler(request)
    try:
        return await handler(request)
    except (ControlError, BadFault, BadBehaviour, UnknownTenant, NotSignedIn) as error:
        return web.json_response({"error": str(error)}, status=400)
    except web.HTTPException as error:
        return web.json_response({"error": error.reason}, status=error.status)


class Control:
    def __init__(self, platform: Platform) -> None:
        self._platform = platform
        self._service = platform.service

    def routes(self) -> list[web.RouteDef]:
        at = "/_emulator"
        return [
            web.get(f"{at}/health", self._health),
            web.get(f"{at}/idle", self._idle),
            web.post(f"{at}/calls", self._dial),
            web.get(f"{at}/calls", self._calls),
            web.get(f"{at}/calls/{{id}}", self._call),
            web.post(f"{at}/calls/{{id}}/hangup", self._hang_up),
            web.post(f"{at}/calls/{{id}}/press", self._press),
            web.put(f"{at}/callees/{{rawId}}", self._behave),
            web.get(f"{at}/journal", self._journal),
            web.post(f"{at}/reset", self._reset),
            web.get(f"{at}/faults", self._faults),
            web.post(f"{at}/faults", self._add_fault),
            web.delete(f"{at}/faults", self._clear_faults),
            web.get(f"{at}/options", self._options),
            web.post(f"{at}/options", self._set_options),
            web.post(f"{at}/events", self._publish),
            web.get(f"{at}/deadletters", self._dead_letters),
            web.post(f"{at}/tokens", self._token),
            web.post(f"{at}/keys/rotate", self._rotate),
        ]

    async def _health(self, _: web.Request) -> web.Response:
        return web.json_response({"status": "ok"})

    async def _idle(self, _: web.Request) -> web.Response:
        return web.json_response({"idle": self._platform.idle()})

    # Calls

    async def _dial(self, request: web.Request) -> web.Response:
        told = await body_of(request)
        many = told if isinstance(told, list) else [told]
        dials = [_Dial(one) for one in many]  # all are understood before the first one rings
        rung = [dial.ring(self._service) for dial in dials]
        by_delay: dict[float, list[dict[str, Any]]] = {}
        for dial, (_, event) in zip(dials, rung, strict=True):
            by_delay.setdefault(dial.event_delay, []).append(event)
        for delay, events in sorted(by_delay.items()):
            await self._platform.announce(events, after=delay)
        answers = [_dialled(call) for call, _ in rung]
        return web.json_response(answers if isinstance(told, list) else answers[0], status=201)

    async def _calls(self, _: web.Request) -> web.Response:
        return web.json_response({"calls": [call.describe() for call in self._service.calls]})

    async def _call(self, request: web.Request) -> web.Response:
        return web.json_response(self._find(request).describe())

    async def _hang_up(self, request: web.Request) -> web.Response:
        told = object_of(await body_of(request))
        call = self._find(request)
        who = told.get("who")
        self._service.hang_up(call, parse(_text(told, "who"))["rawId"] if who else None)
        return web.json_response(call.describe())

    async def _press(self, request: web.Request) -> web.Response:
        told = object_of(await body_of(request))
        call, who = self._find(request), told.get("who")
        if not call.connected:
            raise ControlError("nobody answered yet, or the call is over: no keys can be pressed")
        self._service.press(call, _tone(told), parse(_text(told, "who"))["rawId"] if who else None)
        return web.json_response(call.describe())

    async def _behave(self, request: web.Request) -> web.Response:
        who = parse(request.match_info["rawId"])
        behaviour = CalleeBehaviour.parse(object_of(await body_of(request)))
        self._service.callees.set(who["rawId"], behaviour)
        return web.json_response({"rawId": who["rawId"], "behaviour": behaviour.does, "after": behaviour.after})

    def _find(self, request: web.Request) -> Call:
        if call := self._service.calls.get(request.match_info["id"]):
            return call
        raise web.HTTPNotFound(reason=f"there is no call {request.match_info['id']}")

    # The journal, faults and options

    async def _journal(self, request: web.Request) -> web.Response:
        try:
            since = int(request.query.get("since", "0"))
        except ValueError:
            raise ControlError("'since' is the sequence number of an entry") from None
        entries = self._platform.journal.entries(request.query.get("kind"), since)
        return web.json_response({"entries": entries}, dumps=_dumps)

    async def _reset(self, _: web.Request) -> web.Response:
        await self._platform.reset()
        return web.json_response({"status": "ok"})

    async def _faults(self, _: web.Request) -> web.Response:
        return web.json_response({"faults": self._platform.faults.rules()})

    async def _add_fault(self, request: web.Request) -> web.Response:
        told = await body_of(request)
        faults = [self._platform.faults.add(rule) for rule in (told if isinstance(told, list) else [told])]
        answers = [fault.describe() for fault in faults]
        return web.json_response(answers if isinstance(told, list) else answers[0], status=201)

    async def _clear_faults(self, _: web.Request) -> web.Response:
        self._platform.faults.clear()
        return web.json_response({"faults": []})

    async def _options(self, _: web.Request) -> web.Response:
        return web.json_response({**asdict(self._service.options), "speed": self._platform.clock.speed})

    async def _set_options(self, request: web.Request) -> web.Response:
        told = object_of(await body_of(request))
        checks = {"speed": _positive, **_OPTIONS}
        for name, value in told.items():
            if name not in checks:
                raise ControlError(f"there is no option {name!r}; there are {', '.join(checks)}")
            checks[name](name, value)
        for name, value in told.items():
            setattr(self._platform.clock if name == "speed" else self._service.options, name, value)
        return await self._options(request)

    # Events and tokens

    async def _publish(self, request: web.Request) -> web.Response:
        told = object_of(await body_of(request))
        events = told.get("events")
        if not isinstance(events, list) or not all(isinstance(event, dict) for event in events):
            raise ControlError("'events' is a list of CloudEvents")
        topic = _text(told, "topic", "acs")
        try:
            await self._platform.grid.publish(topic, events)
        except (KeyError, LookupError, ValueError) as error:
            raise ControlError(f"topic {topic!r}: {error}") from error
        return web.json_response({"published": len(events)}, status=202)

    async def _dead_letters(self, _: web.Request) -> web.Response:
        return web.json_response({"deadletters": self._platform.grid.dead_letters()}, dumps=_dumps)

    async def _token(self, request: web.Request) -> web.Response:
        told, config = object_of(await body_of(request)), self._service.config
        token = self._service.keys.token(
            issuer=_text(told, "issuer", self._service.base_url),
            audience=_text(told, "audience", config.resource_id),
            expires_in=_number(told, "expires_in", 300.0),
            not_before_in=_number(told, "not_before_in", 0.0),
            kid=told.get("kid"),
        )
        return web.json_response({"token": token})

    async def _rotate(self, request: web.Request) -> web.Response:
        told = object_of(await body_of(request))
        return web.json_response({"kid": self._service.keys.rotate(forget=bool(told.get("forget")))})


class _Dial:
    """One call to be made, as it was asked for."""

    def __init__(self, told: Any) -> None:
        told = object_of(told)
        self.source = parse(_text(told, "from", DEFAULT_CALLER))
        self.target = parse(_text(told, "to", DEFAULT_ACCOUNT))
        self.kind = told.get("kind", "tpe")
        if self.kind not in ("tpe", "acs"):
            raise ControlError(f"'kind' is tpe or acs, not {self.kind!r}")
        self.display_name = _text(told, "display_name", "")
        callee = told.get("on_behalf_of_callee")
        self.on_behalf_of = parse(_text(told, "on_behalf_of_callee")) if callee else None
        self.custom_context = _custom_context(told.get("custom_headers"))
        self.event_delay = _number(told, "event_delay", 0.0)
        self.ringing_for = _number(told, "ringing_for", 0.0)
        chunks, zeroes, hangs_up = (
            told.get(name) for name in ("recording_chunks", "zero_byte_downloads", "hangs_up_after")
        )
        self.script = Script(
            hangs_up_after=None if hangs_up is None else _number(told, "hangs_up_after"),
            presses=[(_number(press, "after", 0.0), _tone(press)) for press in map(object_of, _presses(told))],
            recording_chunks=None if chunks is None else _count("recording_chunks", chunks, least=1),
            zero_byte_downloads=None if zeroes is None else _count("zero_byte_downloads", zeroes),
        )

    def ring(self, service: Service) -> tuple[Call, dict[str, Any]]:
        call = service.ring(self.source, self.target, kind=self.kind, script=self.script, ringing_for=self.ringing_for)
        event = service.incoming_call_event(
            call,
            display_name=self.display_name,
            on_behalf_of=self.on_behalf_of,
            custom_context=self.custom_context,
        )
        return call, event


def _dialled(call: Call) -> dict[str, Any]:
    return {
        "id": call.id,
        "incomingCallContext": call.context,
        "serverCallId": call.server_call_id,
        "correlationId": call.correlation_id,
        "eventId": call.event_id,
    }


def _custom_context(told: Any) -> dict[str, Any] | None:
    """Headers as ``{"voipHeaders": …, "sipHeaders": …}``, or flat: those are VoIP headers."""
    if told is None:
        return None
    if not isinstance(told, dict):
        raise ControlError("'custom_headers' is an object of headers")
    if set(told) <= {"voipHeaders", "sipHeaders"}:
        return told
    return {"voipHeaders": told}


def _presses(told: dict[str, Any]) -> list[Any]:
    presses = told.get("presses", [])
    if not isinstance(presses, list):
        raise ControlError("'presses' is a list of {after, tone}")
    return presses


async def body_of(request: web.Request) -> Any:
    text = await request.text()
    try:
        return json.loads(text) if text else {}
    except ValueError as error:
        raise ControlError(f"the body is not JSON: {error}") from error


def object_of(told: Any) -> dict[str, Any]:
    if not isinstance(told, dict):
        raise ControlError(f"expected a JSON object, not {type(told).__name__}")
    return told


def _text(told: dict[str, Any], name: str, default: str | None = None) -> str:
    value = told.get(name, default)
    if not isinstance(value, str):
        raise ControlError(f"{name!r} is a string")
    return value


def _number(told: dict[str, Any], name: str, default: float | None = None) -> float:
    value = told.get(name, default)
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise ControlError(f"{name!r} is a number of seconds")
    return float(value)


def _tone(told: dict[str, Any]) -> str:
    tone = told.get("tone")
    if tone not in ENUMS["DtmfTone"]:
        raise ControlError(f"'tone' is one of {', '.join(ENUMS['DtmfTone'])}, not {tone!r}")
    return str(tone)


def _count(name: str, value: Any, *, least: int = 0) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        raise ControlError(f"{name!r} is a whole number from {least}")
    return value


def _positive(name: str, value: Any) -> None:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or value <= 0:
        raise ControlError(f"{name!r} is a number above 0")


def _boolean(name: str, value: Any) -> None:
    if not isinstance(value, bool):
        raise ControlError(f"{name!r} is true or false")


def _shape(name: str, value: Any) -> None:
    if value not in START_RECORDING_ANSWERS:
        raise ControlError(f"{name!r} is one of {', '.join(START_RECORDING_ANSWERS)}")


_OPTIONS: dict[str, Callable[[str, Any], Any]] = {
    "repeatability": _boolean,
    "own_participant": _boolean,
    "leading_inactive": _boolean,
    "start_recording_answer": _shape,
    "recording_chunks": lambda name, value: _count(name, value, least=1),
    "zero_byte_downloads": _count,
    "recording_file_delay": _positive,
}


def _dumps(value: Any) -> str:
    return json.dumps(value, default=str)
