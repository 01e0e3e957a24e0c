"""The routing plan of an incoming call: chosen after the answer, and kept by the call."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING

from msgspec.structs import replace

from shared.calls.capabilities.lifecycle import CustomContext, IncomingCallReceived
from shared.calls.capabilities.routing import PlanChosen, PlanUnavailable
from shared.calls.event import Event, own
from shared.calls.plans.branches import MatchStep
from shared.calls.plans.document import Plan
from shared.calls.policy import resource_account
from shared.customers import lookup
from shared.customers.text import read_number
from shared.plans.cache import PlanCache, PlansUnavailable
from shared.platform.settings import SettingError, Settings

if TYPE_CHECKING:
    from shared.customers.store import CustomerStore
    from shared.plans.models import SavedPlan

log = logging.getLogger(__name__)

MOST_HEADERS, LONGEST_HEADER = 20, 200  # of the custom context: a row has room for 1 MiB


class PlanChooser:
    """One for each process."""

    def __init__(self, settings: Settings, plans: PlanCache, customers: Callable[[], CustomerStore]) -> None:
        self._settings, self._plans, self._customers = settings, plans, customers

    async def choose(
        self, call_id: str, at: datetime, call: IncomingCallReceived, context: CustomContext | None
    ) -> list[Event]:
        """The event with the call's plan, at this time; none if it has none. Raises nothing."""
        account = resource_account(call.callee.lower())
        if account is None:
            return []
        try:
            saved = await self._plan(call.tenant, account)
            chosen = await self._chosen(saved, call, context) if saved else None
        except Exception as error:  # noqa: BLE001  # the call is answered, and must reach its row
            log.warning("call %s has no plan: %s", call_id, _reason(error))
            unavailable = PlanUnavailable(_reason(error), isinstance(error, PlansUnavailable) and error.is_transient)
            return [own(f"{call_id}/plan unavailable", at, unavailable)]
        return [own(f"{call_id}/plan {chosen.name} {chosen.version}", at, chosen)] if chosen else []

    async def step(self, tenant: str, account: str, name: str) -> PlanChosen | None:
        """The account's plan, begun at one of its steps; None if there is no such step. Raises PlansUnavailable."""
        saved = await self._plans.find(tenant.lower(), account)
        if saved is None or name not in saved.plan.steps:
            return None
        return self._as_event(saved, replace(saved.plan, start=name))

    async def _plan(self, tenant: str | None, account: str) -> SavedPlan | None:
        if tenant is not None:
            return await self._plans.find(tenant.lower(), account)
        if self._has_directory:
            raise PlansUnavailable("the resource account is not in the app's copy of the directory")
        return None

    @property
    def _has_directory(self) -> bool:
        """Whether the accounts' tenants are to be known. An app that only takes calls has no plans."""
        try:
            return bool(self._settings.api_tenants)
        except SettingError:
            return False

    async def _chosen(self, saved: SavedPlan, call: IncomingCallReceived, context: CustomContext | None) -> PlanChosen:
        chosen = self._as_event(saved, saved.plan)
        is_customer = await self._is_customer(call) if _asks_for_customer(saved.plan) else None
        return replace(chosen, is_customer=is_customer, context=headers_of(context) if context else {})

    def _as_event(self, saved: SavedPlan, plan: Plan) -> PlanChosen:
        return PlanChosen(
            plan,
            saved.version,
            self._settings.acs_resource_id,
            hold_music=self._settings.hold_music or "",
            name=saved.id,
            speaks=self._settings.cognitive_services_endpoint is not None,
        )

    async def _is_customer(self, call: IncomingCallReceived) -> bool | None:
        """None if it is not known in time. A caller without a number is no customer's."""
        number = read_number(call.caller or "")
        if number is None:
            return False
        try:
            async with asyncio.timeout(lookup.SECONDS):
                return await lookup.find(self._customers(), call.tenant or "", number=number) is not None
        except Exception as error:  # noqa: BLE001  # of a CRM, or of storage
            log.warning("whether a caller is a customer is not known: %s", type(error).__name__)
            return None


def headers_of(context: CustomContext) -> dict[str, str]:
    """The headers that came with a call, by name in lower case: a VoIP header stands before a SIP header of the same
    name. The first in the order of their names are kept, and the beginning of each.
    """
    known: Mapping[str, str] = _lowered(context.sip_headers) | _lowered(context.voip_headers)
    names = sorted(name for name in known if len(name) <= LONGEST_HEADER)[:MOST_HEADERS]
    return {name: known[name][:LONGEST_HEADER] for name in names}


def _lowered(headers: Mapping[str, str]) -> dict[str, str]:
    return {name.lower(): value for name, value in sorted(headers.items(), reverse=True)}


def _asks_for_customer(plan: Plan) -> bool:
    return any(isinstance(step, MatchStep) and step.customer is not None for step in plan.steps.values())


def _reason(error: Exception) -> str:
    return str(error) if isinstance(error, PlansUnavailable | SettingError) else type(error).__name__
