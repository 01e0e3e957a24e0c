"""The walk: which links there are, what each stands on, and how long it may take.

Links are looked at side by side, each as soon as what it stands on is known to be fine. If that is not fine, the link
is unseen, so that one thing that is broken is one thing that is wrong.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable
from importlib import import_module
from typing import NamedTuple

from msgspec.structs import replace

from shared.doctor import accounts, acs, callbacks, environment, eventgrid, storage
from shared.doctor.patient import Patient
from shared.doctor.report import Finding, Report, Verdict, Who, of, report, unseen, wrong
from shared.platform import clock
from shared.platform.settings import SettingError

LINK_SECONDS = 5.0
WHOLE_SECONDS = 20.0  # the API gives up after 25
ACCOUNTS_SECONDS = 15.0  # several requests for each resource account; each is bounded as a link is

Told = Callable[[list[Finding]], None]


class Link(NamedTuple):
    name: str
    look: Callable[[Patient], Awaitable[Iterable[Finding]]]
    needs: tuple[str, ...] = ()
    seconds: float = LINK_SECONDS


# In the order in which they are told, and what each stands on before it.
CHAIN = (
    Link("settings", environment.settings),
    Link("identity", environment.identity),
    Link("acs", acs.reached, ("identity",)),
    Link("acs-resource-id", acs.resource_id, ("acs",)),
    Link("storage", storage.storage, ("identity",)),
    Link("topic", eventgrid.topic, ("identity",)),
    Link("subscriptions", eventgrid.subscriptions, ("identity",)),
    Link("callback-url", callbacks.url),
    Link("signing-keys", callbacks.keys),
    Link("sign-in", accounts.sign_in, ("identity",)),
    Link("graph", accounts.graph, ("sign-in",)),
    Link("resource-accounts", accounts.accounts, ("graph", "acs-resource-id"), ACCOUNTS_SECONDS),
)


THEIRS = {"sign-in", "graph", "resource-accounts"}  # what concerns the administrators of other tenants
OURS = {link.name for link in CHAIN} - THEIRS

# What the links need, and the app imports when it first does. Imported while they are looked at, it would hold up the
# event loop, and let time run out that nobody used.
HEAVY = (
    "azure.identity.aio",
    "azure.eventgrid.aio",
    "azure.data.tables.aio",
    "azure.storage.blob.aio",
    "azure.storage.queue.aio",
    "azure.communication.identity.aio",
    "shared.directory.directory",
    "shared.directory.on_behalf_of",
)


async def walk(patient: Patient, progress: Told | None = None) -> Report:
    began, at = time.monotonic(), clock.now()
    await asyncio.to_thread(lambda: [import_module(each) for each in HEAVY])
    try:
        found = await _findings(patient, progress)
        if patient.is_customers:
            found = _for_a_customer(found)
        return report(found, at, time.monotonic() - began)
    finally:
        await patient.close()


def _links(patient: Patient) -> list[Link]:
    """The chain; of it what a customer is told, and what that stands on: nothing else is tried for them."""
    wanted = set(THEIRS)
    for link in reversed(CHAIN):
        wanted |= set(link.needs) if link.name in wanted else set()
    return [link for link in CHAIN if link.name in wanted or not patient.is_customers]


def _for_a_customer(findings: list[Finding]) -> list[Finding]:
    """Without the app's own settings and resources, and the commands that change them."""
    seen = (each for each in findings if each.link not in OURS)
    return [replace(each, command="") if each.who is Who.AZURE else each for each in seen]


async def _findings(patient: Patient, progress: Told | None) -> list[Finding]:
    looking: dict[str, asyncio.Task[list[Finding]]] = {}
    for link in _links(patient):
        standing_on = {name: looking[name] for name in link.needs}
        looking[link.name] = asyncio.create_task(_look(link, patient, standing_on, progress))
    try:
        await asyncio.wait(looking.values(), timeout=WHOLE_SECONDS)
    finally:
        for task in looking.values():
            task.cancel()
    late = unseen("there was no time left for it", "Mend what is wrong, and run the doctor again.")
    return [
        finding
        for name, task in looking.items()
        for finding in (task.result() if task.done() and not task.cancelled() else of(name, [late]))
    ]


async def _look(
    link: Link, patient: Patient, standing_on: dict[str, asyncio.Task[list[Finding]]], progress: Told | None
) -> list[Finding]:
    broken = [name for name, task in standing_on.items() if not _stands(await asyncio.shield(task))]
    found = of(link.name, [unseen(f"it stands on {broken[0]}")] if broken else await _bounded(link, patient))
    if progress:
        progress(found)
    return found


def _stands(findings: list[Finding]) -> bool:
    """A link with several parts, such as tenants, bears what stands on those that are fine."""
    return any(each.verdict is Verdict.FINE for each in findings)


async def _bounded(link: Link, patient: Patient) -> Iterable[Finding]:
    try:
        async with asyncio.timeout(link.seconds):
            return await link.look(patient)
    except SettingError as error:
        return [unseen(f"it needs the setting {error.name}")]
    except TimeoutError:
        remedy = "See whether the app can reach it: name resolution, firewall, private endpoints, certificates."
        return [wrong(f"there was no answer within {link.seconds:.0f} seconds", remedy)]
    except Exception as error:  # noqa: BLE001  # what nobody thought of must not hide the other links
        return [unseen(f"the doctor could not look at it: {type(error).__name__}")]
