"""Performs effects: each action by the executor that is registered for its class.

Responses of ACS become events. Faults of this app (a wrong setting, a bug) are raised.
"""

from __future__ import annotations

import asyncio

from azure.core.exceptions import AzureError

from shared.acs import (
    decisions,
    dtmf,
    lifecycle,
    offers,
    outbound,
    participants,
    prompts,
    publishing,
    recognition,
    recording,
    streams,
    transfer,
)
from shared.acs.context import Context, Executors
from shared.acs.errors import ActionError, codes_of, retry_after
from shared.calls.capabilities import Call
from shared.calls.effect import Effect
from shared.calls.event import ActionFailed, Event, own

EXECUTORS: Executors = {
    **lifecycle.EXECUTORS,
    **recording.EXECUTORS,
    **prompts.EXECUTORS,
    **recognition.EXECUTORS,
    **dtmf.EXECUTORS,
    **participants.EXECUTORS,
    **transfer.EXECUTORS,
    **streams.EXECUTORS,
    **decisions.EXECUTORS,
    **offers.EXECUTORS,
    **outbound.EXECUTORS,
    **publishing.EXECUTORS,
}


class EffectExecutor:
    def __init__(self, context: Context, executors: Executors = EXECUTORS) -> None:
        self._context, self._executors = context, executors

    async def perform(self, call: Call, effect: Effect, limit: float) -> Event:
        """Perform an effect of the call within ``limit`` seconds, and return the event that reports the outcome."""
        try:
            async with asyncio.timeout(limit):
                return await self._executors[type(effect.action)](self._context, call, effect, effect.action)
        except ActionError as error:
            return self._failed(effect, error.code, 0, str(error))
        except TimeoutError:
            return self._failed(effect, 408, 0, f"not done within {limit:g} seconds")
        except AzureError as error:
            return self._failed(effect, *codes_of(error), retry_after(error))

    def _failed(self, effect: Effect, code: int, sub_code: int, message: str, wait: float = 0.0) -> Event:
        failed = ActionFailed(effect.id, effect.action, code, sub_code, message, retry_after=wait)
        return own(f"{effect.id}/failed/{effect.tries}", self._context.now(), failed)
