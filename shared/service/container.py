"""The objects of a process: each is built when it is first used, and all are closed together.

Modules that load large packages are imported where they are used: answering needs none of them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack
from datetime import date, datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any

from azure.core.pipeline.transport import AsyncHttpTransport

from shared.acs.answering import IncomingCallResponder
from shared.acs.context import Context
from shared.platform import clock
from shared.platform.clients import Clients
from shared.platform.settings import Settings
from shared.service.answering import Answering
from shared.service.processor import Processor
from shared.service.wire import EventReader
from shared.storage.calls import CallStore
from shared.storage.quarantine import Quarantine
from shared.storage.wakes import Wakes

if TYPE_CHECKING:
    from shared.acs.executor import EffectExecutor
    from shared.agents.claims import Claims
    from shared.agents.store import AgentStore
    from shared.customers.store import CustomerStore
    from shared.directory.directory import Directory
    from shared.plans.cache import PlanCache
    from shared.plans.store import PlanStore
    from shared.platform.tokens import SigningKeys
    from shared.service.choosing import PlanChooser
    from shared.service.client_calls import ClientCalls
    from shared.service.commands import Commands
    from shared.service.events import CallEvents
    from shared.service.ingress import CallbackIngress
    from shared.service.outbound import OutboundCalls
    from shared.service.outbound_guard import OutboundGuard
    from shared.service.steps import Steps
    from shared.service.sweeper import Sweeper
    from shared.service.wrap_ups import WrapUpWriter
    from shared.storage.client_calls import ClientCallStore
    from shared.storage.listing import CallLists
    from shared.storage.live import LiveCalls
    from shared.storage.outbound_rules import OutboundRuleStore


class Container:
    """One for each process. ``environment``, ``now`` and ``transport`` replace the process's environment variables,
    the clock and HTTP in a simulation.
    """

    def __init__(
        self,
        environment: Mapping[str, str] | None = None,
        now: Callable[[], datetime] = clock.now,
        transport: AsyncHttpTransport[Any, Any] | None = None,
    ) -> None:
        self.settings = Settings(environment)
        self.clients = Clients(self.settings, transport)
        self.quarantine = Quarantine(lambda: self.clients.container(self.settings.quarantine_container), now)
        self.wakes = Wakes(lambda: self.clients.wakes)
        self._reader = EventReader(self.quarantine)
        self._now = now
        self._transport = transport

    # -- Used by the triggers --

    @cached_property
    def answering(self) -> Answering:
        return Answering(
            self.settings,
            self._reader,
            IncomingCallResponder(self._context),
            self._now,
            processor=lambda: self.processor,
            directory=lambda: self.directory,
            plans=lambda: self.plan_chooser,
            guard=lambda: self.outbound_guard,
        )

    @cached_property
    def events(self) -> CallEvents:
        from shared.service.events import CallEvents

        return CallEvents(self._reader, self.store, self.processor, self._now)

    @cached_property
    def client_calls(self) -> ClientCalls:
        from shared.directory.identity_owners import IdentityOwners
        from shared.service.client_calls import ClientCalls

        owners = IdentityOwners(self.settings, self.clients.directory)
        return ClientCalls(self.settings, self._reader, self.client_call_store, owners)

    @cached_property
    def client_call_store(self) -> ClientCallStore:
        from shared.storage.client_calls import ClientCallStore

        return ClientCallStore(self.clients.calls_index)

    @cached_property
    def commands(self) -> Commands:
        from shared.service.commands import Commands

        return Commands(self.store, self.processor, self._now)

    @cached_property
    def outbound(self) -> OutboundCalls:
        from shared.service.outbound import OutboundCalls
        from shared.storage.outbound import OutboundIndex

        most, index = self.settings.outbound_calls_per_account, OutboundIndex(self.clients.calls_index)
        return OutboundCalls(index, self.store, self.processor, self.outbound_guard, self._now, most=most)

    @cached_property
    def outbound_guard(self) -> OutboundGuard:
        from shared.service.outbound_guard import OutboundGuard

        return OutboundGuard(lambda: self.outbound_rules, self._now)

    @cached_property
    def outbound_rules(self) -> OutboundRuleStore:
        from shared.storage.outbound_rules import OutboundRuleStore

        return OutboundRuleStore(self.clients.plans)

    @cached_property
    def steps(self) -> Steps:
        from shared.service.steps import Steps

        return Steps(self.store, self.processor, self._now)

    @cached_property
    def wrap_ups(self) -> WrapUpWriter:
        from shared.service.wrap_ups import WrapUpWriter

        return WrapUpWriter(self.store, self.processor, self._now)

    @cached_property
    def ingress(self) -> CallbackIngress:
        from shared.service.ingress import CallbackIngress  # loads cryptography

        return CallbackIngress(self.settings, self.keys, self.quarantine, lambda: self.clients.topic)

    @cached_property
    def sweeper(self) -> Sweeper:
        from shared.service.sweeper import Sweeper

        return Sweeper(self.store, self.processor, self.quarantine, self.wakes, self._now)

    # -- Used by those --

    @cached_property
    def processor(self) -> Processor:
        return Processor(
            self.settings, self.store, self._executor, self._now, quarantine=self.quarantine, wakes=self.wakes
        )

    @cached_property
    def store(self) -> CallStore:
        return CallStore(self.clients.calls, self.clients.calls_index)

    @cached_property
    def call_lists(self) -> CallLists:
        from shared.storage.listing import CallLists

        return CallLists(self.clients.calls, self.clients.calls_index)

    @cached_property
    def live_calls(self) -> LiveCalls:
        from shared.storage.live import LiveCalls

        return LiveCalls(self.clients.calls, self._now)

    def now(self) -> datetime:
        return self._now()

    @property
    def today(self) -> date:
        """The day in UTC."""
        return self._now().date()

    @cached_property
    def directory(self) -> Directory:
        from shared.directory.directory import Directory

        return Directory(self.settings, self.clients, self._now, self._transport)

    @cached_property
    def customers(self) -> CustomerStore:
        from shared.customers.store import CustomerStore

        return CustomerStore(self.clients.customers, self._now)

    @property
    def claims(self) -> Claims:
        return self._context.claims

    @cached_property
    def agents(self) -> AgentStore:
        from shared.agents.store import AgentStore

        return AgentStore(self.clients.agents)

    @cached_property
    def plans(self) -> PlanStore:
        from shared.plans.store import PlanStore

        return PlanStore(self.clients.plans, self._now)

    @cached_property
    def plan_cache(self) -> PlanCache:
        from shared.plans.cache import PlanCache

        return PlanCache(lambda: self.clients.plans)

    @cached_property
    def plan_chooser(self) -> PlanChooser:
        from shared.service.choosing import PlanChooser

        return PlanChooser(self.settings, self.plan_cache, lambda: self.customers)

    @cached_property
    def keys(self) -> SigningKeys:
        from shared.platform.tokens import SigningKeys  # loads cryptography

        return SigningKeys(self.settings.callback_keys_url, self._transport)

    @cached_property
    def _executor(self) -> EffectExecutor:
        from shared.acs.executor import EffectExecutor

        return EffectExecutor(self._context)

    @cached_property
    def _context(self) -> Context:
        return Context(self.settings, self.clients, self._now)

    async def close(self) -> None:
        """Close everything that was opened, even if closing a part fails."""
        async with AsyncExitStack() as closing:
            closing.push_async_callback(self.clients.close)
            for name in self.__dict__.keys() & {"directory", "keys", "plan_cache"}:
                closing.push_async_callback(getattr(self, name).close)
