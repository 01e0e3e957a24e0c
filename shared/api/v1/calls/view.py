"""A call as the API shows it. Names and numbers are for those who see the call; they are never logged."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from shared.api.v1.calls.models import (
    AccountView,
    CallSummary,
    CallView,
    LatenciesView,
    PartyView,
    RecordingSummary,
    ResultView,
    WrapUpView,
)
from shared.calls.capabilities import Call, latencies, on_behalf_of, outbound, recording_status
from shared.calls.capabilities.lifecycle import Result
from shared.calls.capabilities.recording import RecordingStatus
from shared.calls.capabilities.routing import current, ringing
from shared.calls.capabilities.wrap_up import WrapUp
from shared.calls.identities import kind_of, number_of, user_of
from shared.calls.policy import resource_account
from shared.calls.result_codes import look_up
from shared.calls.state import CallState


def view_of(call: Call) -> CallView:
    part = call.lifecycle
    status, reason = recording_status(call)
    return CallView(
        id=call.id,
        state=call.state,
        account=account_of(part.callee, part.callee_name, part.callee_number),
        caller=party_of(part.caller, part.caller_name),
        recording=RecordingSummary(status, reason),
        called_at=part.called_at,
        connected_at=call.connected_at,
        ended_at=call.ended_at,
        direction="outbound" if part.is_outbound else "inbound",
        transferred_at=call.transfer.last.at if call.transfer.last else None,
        step=visit.name if (visit := current(call, call.routing)) else None,
        plan_id=call.routing.name if call.routing.plan else None,
        plan_version=call.routing.version if call.routing.plan else None,
        on_behalf_of=tuple(shown(callee) for callee in call.on_behalf_of.callees),
        participants=() if call.state.is_settled else tuple(map(shown, call.participants.present)),
        ringing=tuple(map(shown, ringing(call, call.routing))),
        result=_not_reached(call) or _result(part.result),
        latencies=_latencies(call),
        call_connection_id=call.call_connection_id,
        server_call_id=call.server_call_id,
        correlation_id=call.correlation_id,
        wrap_ups=tuple(wrap_up_of(agent, each) for agent, each in call.wrap_up.by_agent.items()),
    )


def wrap_up_of(agent: str, written: WrapUp) -> WrapUpView:
    return WrapUpView(agent, written.code, written.note, written.at)


def summary_of(columns: Mapping[str, Any]) -> CallSummary:
    """A call of a list, from the columns of its row."""
    return CallSummary(
        id=columns["id"],
        state=CallState(columns["state"]),
        account=account_of(columns.get("callee"), columns.get("callee_name"), columns.get("callee_number")),
        caller=party_of(columns.get("caller"), columns.get("caller_name")),
        recording=RecordingSummary(RecordingStatus(columns["recording_status"]), columns.get("recording_reason")),
        called_at=_moment(columns.get("called_at")),
        connected_at=_moment(columns.get("connected_at")),
        ended_at=_moment(columns.get("ended_at")),
        direction="outbound" if columns.get("is_outbound") else "inbound",
        step=columns.get("step"),
        participants=tuple(map(shown, columns.get("present", "").split())),
        ringing=tuple(map(shown, columns.get("ringing", "").split())),
    )


def _moment(at: datetime | None) -> datetime | None:
    """The time without the type of the storage SDK, which JSON encoders do not know."""
    return at and datetime.combine(at.date(), at.timetz())


def account_of(callee: str | None, name: str | None, number: str | None) -> AccountView | None:
    """The resource account that was called, from its raw id; None for other callees."""
    id = resource_account(callee or "")
    return AccountView(id, name, number) if id else None


def shown(raw_id: str) -> PartyView:
    return PartyView(raw_id, kind_of(raw_id), user_of(raw_id), number_of(raw_id))


def party_of(raw_id: str | None, name: str | None = None) -> PartyView | None:
    if raw_id is None:
        return None
    return PartyView(raw_id, kind_of(raw_id), user_of(raw_id), number_of(raw_id), name)


def _result(result: Result | None) -> ResultView | None:
    if result is None:
        return None
    known = look_up(result.code, result.sub_code)
    return ResultView(result.code, result.sub_code, known.meaning, known.remedy, result.source_event)


def _not_reached(call: Call) -> ResultView | None:
    """Why no callee was reached: by an agent's client, or by the app where ACS has reported nothing. A failure without
    codes is this app's own.
    """
    has_failed = call.state is CallState.FAILED and call.lifecycle.result is None
    failure = outbound.failure(call) if has_failed else on_behalf_of.not_reached(call, call.on_behalf_of)
    if failure is None:
        return None
    known = look_up(failure.code, failure.sub_code)
    meaning = known.meaning if failure.code else failure.message
    return ResultView(failure.code, failure.sub_code, meaning, known.remedy, failure.source_event)


def _latencies(call: Call) -> LatenciesView:
    return LatenciesView(**{name.replace(" ", "_"): seconds for name, seconds in latencies(call).items()})
