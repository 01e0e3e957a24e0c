"""Event Grid on one machine: topics, subscriptions, delivery with retries, dead letters.

The facts it stands on are those of Microsoft's documentation, articles/event-grid in the repository
MicrosoftDocs/azure-docs; each constant names its page.
"""

from emulator.eventgrid.config import BadConfig
from emulator.eventgrid.grid import EventGrid
from emulator.eventgrid.routes import routes
from emulator.eventgrid.schemas import BadEvent

__all__ = ["BadConfig", "BadEvent", "EventGrid", "routes"]
