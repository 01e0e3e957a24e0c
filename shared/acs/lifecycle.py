"""Hanging up, and fetching a call's state."""

from __future__ import annotations

from azure.core.exceptions import AzureError

from shared.acs.context import Context, Executors, repeatable
from shared.acs.errors import accepted, is_gone
from shared.calls.actions import FetchCallState, HangUp
from shared.calls.capabilities import Call
from shared.calls.capabilities.lifecycle import GONE, CallStateFetched
from shared.calls.effect import Effect
from shared.calls.event import Event, own


async def hang_up(context: Context, call: Call, effect: Effect, _: HangUp) -> Event:
    try:
        await context.connection(call).hang_up(is_for_everyone=True, headers=repeatable(effect.id))
    except AzureError as error:
        return _gone(context, effect, error)
    return context.performed(effect)


async def fetch_state(context: Context, call: Call, effect: Effect, _: FetchCallState) -> Event:
    try:
        properties = await accepted(context.connection(call).get_call_properties)
    except AzureError as error:
        return _gone(context, effect, error)
    state = getattr(properties, "call_connection_state", None) or "unknown"
    return own(f"{effect.id}/fetched", context.now(), CallStateFetched(str(getattr(state, "value", state))))


def _gone(context: Context, effect: Effect, error: AzureError) -> Event:
    """A call that ACS does not know is over. Raises any other error."""
    if not is_gone(error):
        raise error
    return own(f"{effect.id}/gone", context.now(), CallStateFetched(GONE))


EXECUTORS: Executors = {HangUp: hang_up, FetchCallState: fetch_state}
