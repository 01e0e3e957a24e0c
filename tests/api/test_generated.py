"""The API against its own OpenAPI document, but for the routes of one call (``tests/api/calls``)."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from emulator.acs.events import system_event
from shared.api.parameters import USER
from shared.api.v1 import ROUTES, client_calls
from shared.api.v1.agents.models import GROUP
from shared.api.v1.client_calls import SERVER_CALL
from shared.api.v1.customers.models import CUSTOMER
from shared.api.v1.plans.models import EXAMPLE, PLAN
from tests.api.conftest import Client
from tests.api.generated import callers, taken

# What nothing in the emulator can be found for by the document alone: a token that Entra signed, and a call that the
# caller's own client has made; and what the platform allows in no call between clients.
NEVER_TAKEN = {
    "POST /teams-tokens",
    "GET /call-requests/{requestId}",
    *(f"POST /client-calls/{{clientCallId}}/{what}" for what in client_calls.REFUSED),
}


async def start_client_call(client: Client) -> None:
    """The call between clients of the example."""
    event = system_event("CallStarted", "call/x", {"serverCallId": SERVER_CALL}, id="example", at=datetime.now(UTC))
    await client.control("POST", "events", {"topic": "acs", "events": [event]})


async def test_generated_requests_are_answered_as_documented(client: Client, tmp_path: Path) -> None:
    tokens = await callers(client)
    await client.ask("PUT", f"customers/{CUSTOMER}", tokens[0], {"name": "Megan Bowen"})
    await client.ask("PUT", f"agents/{USER}", tokens[0], {})
    await client.ask("PUT", f"groups/{GROUP}", tokens[0], {"name": "Sales"})
    await client.ask("POST", "resource-accounts/refresh", tokens[0])
    await client.ask("PUT", f"plans/{PLAN}", tokens[0], EXAMPLE)
    await start_client_call(client)
    found = await taken(client, tmp_path, tokens, "--exclude-path-regex", "^/calls/")
    await client.ask("DELETE", "outbound-rules/default", tokens[1])  # they hold for the calls of other tests
    others = {f"{route.method} /{route.path}" for route in ROUTES if not route.path.startswith("calls/")}
    assert others - found <= NEVER_TAKEN, "what was never taken"
