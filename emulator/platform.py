"""The emulated services together, without their HTTP: one clock, one journal, one list of fault rules."""

from __future__ import annotations

from typing import Any

from emulator.acs.service import SYSTEM_TOPIC, Service
from emulator.clock import Clock
from emulator.config import Config
from emulator.directory import Directory
from emulator.entra import Entra
from emulator.eventgrid import EventGrid
from emulator.faults import Faults
from emulator.graph import Graph
from emulator.journal import Journal


class Platform:
    def __init__(self, config: Config) -> None:
        self.config = config
        self.tls_url = ""
        self.clock = Clock(config.speed)
        self.journal = Journal(self.clock)
        self.faults = Faults()
        self.grid = EventGrid(
            config.platform,
            clock=self.clock,
            journal=self.journal,
            faults=self.faults,
            functions_url=config.functions_url,
            storage=config.storage,
        )
        self.service = Service(
            config, clock=self.clock, journal=self.journal, faults=self.faults, publish=self.grid.publish
        )
        self.directory = Directory()
        self.entra = Entra(
            self.directory, clock=self.clock, journal=self.journal, faults=self.faults, url=lambda: self.tls_url
        )
        self.service.verify = self.entra.verify
        self.graph = Graph(self.directory, self.entra.verify, self.faults, self.journal, self.clock)

    @property
    def url(self) -> str:
        return self.service.base_url

    async def reset(self) -> None:
        """Return to the state after start, apart from the signing keys."""
        self.clock.speed = self.config.speed
        await self.service.reset()
        self.grid.reset()
        self.directory.reset()
        self.entra.reset()
        self.journal.clear()

    async def announce(self, events: list[dict[str, Any]], *, after: float = 0) -> None:
        """Publish events of the ACS resource, now or after some seconds."""

        async def later() -> None:
            await self.clock.sleep(after)
            await self.grid.publish(SYSTEM_TOPIC, events)

        if after:
            self.service.background.start(later())
        else:
            await self.grid.publish(SYSTEM_TOPIC, events)

    def idle(self) -> bool:
        """Whether nothing is under way: no callback, no delivery, no file."""
        return not self.service.background.busy and self.grid.idle()
