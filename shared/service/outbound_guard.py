"""Whether an outbound call is allowed: by the rules of the resource account, as they are saved at that moment.

If the rules cannot be read, no call is allowed.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import TYPE_CHECKING

from azure.core.exceptions import AzureError

from shared.calls.outbound_rules import refusal
from shared.calls.policy import resource_account
from shared.storage.outbound_rules import RulesUnreadable

if TYPE_CHECKING:
    from shared.storage.outbound_rules import OutboundRuleStore

log = logging.getLogger(__name__)

SECONDS = 2.0  # for reading the rules: a client's call rings meanwhile
UNKNOWN = "the outbound rules cannot be read now; try again later"


class OutboundGuard:
    def __init__(self, store: Callable[[], OutboundRuleStore], now: Callable[[], datetime]) -> None:
        self._store, self._now = store, now

    async def refusal(self, tenant: str, account: str, agent: str | None, callees: Iterable[str]) -> str | None:
        """Why one of the callees is not called; None if all may be. Callees and the resource account are raw ids;
        ``agent`` is the object id of the user who calls.
        """
        try:
            async with asyncio.timeout(SECONDS):
                saved = await self._store().find(tenant.lower(), (resource_account(account) or "").lower())
        except (AzureError, TimeoutError, RulesUnreadable) as error:
            log.warning("outbound calls of tenant %s are refused: %s", tenant, type(error).__name__)
            return UNKNOWN
        rules, now = saved.rules if saved else (), self._now()
        return next((why for callee in callees if (why := refusal(rules, callee, agent, now))), None)
