"""Calls that clients start: to people and numbers, to voice applications, on behalf of others, and into meetings."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import Any

from emulator.acs import acting, ringing
from emulator.acs.callees import Outcome
from emulator.acs.calls import Call
from emulator.acs.identifiers import Identifier
from emulator.clients import reasons
from emulator.clients.delegation import may_call_for
from emulator.clients.identity import Identity, name_of
from emulator.clients.legs import Leg
from emulator.clients.meetings import Meeting, Meetings
from emulator.clients.reasons import EndReason
from emulator.platform import Platform


@dataclass(frozen=True)
class Start:
    """``context`` are headers for the application that takes the call."""

    callees: tuple[Identifier, ...]
    on_behalf_of: Identifier | None
    context: dict[str, str]

    @property
    def account(self) -> Identifier | None:
        """The resource account on whose behalf the call is made."""
        on_behalf_of = self.on_behalf_of
        return on_behalf_of if on_behalf_of and on_behalf_of["kind"] == "microsoftTeamsApp" else None


class Calling:
    def __init__(self, platform: Platform) -> None:
        self._platform, self._service, self._directory = platform, platform.service, platform.directory
        self.meetings = Meetings(platform.directory)

    def start(self, identity: Identity, leg_id: str, start: Start) -> Leg:
        """The leg of a new call; one that is refused has ended already."""
        callee = start.callees[0]
        if refused := self._refusal(identity, start):
            return Leg(leg_id, self._call(identity, callee), identity.raw_id, end=refused)
        if start.account or self._is_application(callee):
            return self._to_application(identity, leg_id, start)
        leg = Leg(leg_id, self._call(identity, callee), identity.raw_id, callee=callee)
        self._ring(leg, start.callees)
        return leg

    def join(self, identity: Identity, leg_id: str, locator: dict[str, Any]) -> Leg:
        """The leg of a meeting, in the lobby; or refused, where there is no such meeting."""
        meeting = self.meetings.find(locator)
        if meeting is None:
            call = self._call(identity, identity.identifier)
            return Leg(leg_id, call, identity.raw_id, end=reasons.NOT_FOUND)
        leg = Leg(leg_id, self._call_of(meeting, identity), identity.raw_id, in_lobby=True)
        decide = functools.partial(self._decide, leg, identity, meeting)
        leg.tasks.append(self._service.background.after(meeting.admission.after, decide))
        return leg

    def _refusal(self, identity: Identity, start: Start) -> EndReason | None:
        """Why a call on behalf of another is refused: of an agent for a person, of a Teams user without permission."""
        on_behalf_of = start.on_behalf_of
        if on_behalf_of is None:
            return None
        if identity.identifier["kind"] != "teamsExtensionUser":
            allowed = may_call_for(self._directory, on_behalf_of, identity.identifier)
            return None if allowed else reasons.FORBIDDEN
        if start.account is None:
            return reasons.OBO_NOT_ALLOWED
        return None if name_of(self._directory, start.account) else reasons.NOT_FOUND

    def _is_application(self, callee: Identifier) -> bool:
        """Whether a resource account rings at the application. With a behaviour it is a queue of Teams' own."""
        return callee["kind"] == "microsoftTeamsApp" and callee["rawId"] not in self._service.callees

    def _to_application(self, identity: Identity, leg_id: str, start: Start) -> Leg:
        """The application gets IncomingCall, and adds the callee itself if there is one."""
        callee = start.callees[0] if start.account else None
        call = self._service.ring(identity.identifier, start.account or start.callees[0])
        context = {"voipHeaders": start.context} if start.context else None
        event = self._service.incoming_call_event(
            call, display_name=identity.name, on_behalf_of=callee, custom_context=context
        )
        self._service.background.start(self._platform.announce([event]))
        return Leg(leg_id, call, identity.raw_id, callee=callee or call.target)

    def _call(self, identity: Identity, target: Identifier) -> Call:
        """A call that no application has a part in."""
        service = self._service
        call = Call(
            id=service.new_id(),
            kind="teams",
            source=identity.identifier,
            target=target,
            server_call_id=service.new_server_call_id(),
            correlation_id=service.new_id(),
            state="connecting",
            ringing_at=service.clock.now(),
        )
        service.calls.add(call)
        return call

    def _ring(self, leg: Leg, callees: tuple[Identifier, ...]) -> None:
        ringing_still = {callee["rawId"] for callee in callees}
        for callee in callees:
            settle = functools.partial(self._settle, leg, ringing_still, callee)
            leg.call.timers.append(ringing.start(self._service, leg.call, callee, settle))

    def _settle(self, leg: Leg, ringing_still: set[str], callee: Identifier, outcome: Outcome) -> None:
        ringing_still.discard(callee["rawId"])
        acting.take(self._service, leg.call, callee["rawId"], outcome)
        if outcome.accepted:
            self._connect(leg, callee, outcome)
        elif not ringing_still and not leg.was_connected:
            leg.end = reasons.of(outcome.result)
            self._service.stop_ringing(leg.call)

    def _connect(self, leg: Leg, callee: Identifier, outcome: Outcome) -> None:
        call, clock = leg.call, self._service.clock
        call.state, call.answered_at = "connected", call.answered_at or clock.now()
        if not leg.was_connected:
            call.join(call.source, clock.wall())
        call.join(callee, clock.wall())
        leg.look()
        acting.perform(self._service, call, callee["rawId"], outcome.script)

    def _call_of(self, meeting: Meeting, identity: Identity) -> Call:
        """The meeting's call, which its organizer is in."""
        call = meeting.call
        if call is None or call.state == "ended":
            call = meeting.call = self._call(identity, meeting.organizer)
            call.state, call.answered_at = "connected", self._service.clock.now()
            call.join(meeting.organizer, self._service.clock.wall())
        return call

    def _decide(self, leg: Leg, identity: Identity, meeting: Meeting) -> None:
        """The lobby admits, denies or times out."""
        admission, service = meeting.admission, self._service
        if admission.outcome != "admit":
            leg.end = reasons.NOT_ADMITTED if admission.outcome == "deny" else reasons.LOBBY_TIMEOUT
            return
        leg.call.join(identity.identifier, service.clock.wall())
        if admission.removes_after is not None:
            remove = functools.partial(self._remove, leg)
            leg.tasks.append(service.background.after(admission.removes_after, remove))

    def _remove(self, leg: Leg) -> None:
        leg.end = reasons.REMOVED
        self._service.leave(leg.call, leg.raw_id)
