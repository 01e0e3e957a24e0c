"""The list of checks, with the checks and the time that each needs.

Checks run concurrently, each as soon as the checks that it needs are fine. If one of those is not fine, the check is
unseen, so that one fault is reported once.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable
from importlib import import_module
from typing import NamedTuple

from msgspec.structs import replace

from shared.doctor import accounts, acs, callbacks, environment, graph, storage, subscriptions, topic
from shared.doctor.context import DiagnosisContext
from shared.doctor.report import CheckStatus, Finding, Owner, Report, of, report, unseen, wrong
from shared.platform import clock
from shared.platform.settings import SettingError

CHECK_SECONDS = 5.0
TOTAL_SECONDS = 20.0  # requests to the API end after 25
ACCOUNTS_SECONDS = 15.0  # several requests for each resource account, each with a limit of its own

Progress = Callable[[list[Finding]], None]


class Check(NamedTuple):
    name: str
    run: Callable[[DiagnosisContext], Awaitable[Iterable[Finding]]]
    needs: tuple[str, ...] = ()
    seconds: float = CHECK_SECONDS


# In the order of the report; each after the checks that it needs.
CHECKS = (
    Check("settings", environment.settings),
    Check("identity", environment.identity),
    Check("acs", acs.endpoint, ("identity",)),
    Check("acs-resource-id", acs.resource_id, ("acs",)),
    Check("storage", storage.storage, ("identity",)),
    Check("topic", topic.topic, ("identity",)),
    Check("subscriptions", subscriptions.subscriptions, ("identity",)),
    Check("callback-url", callbacks.url),
    Check("signing-keys", callbacks.keys),
    Check("sign-in", graph.sign_in, ("identity",)),
    Check("graph", graph.graph, ("sign-in",)),
    Check("resource-accounts", accounts.accounts, ("graph", "acs-resource-id"), ACCOUNTS_SECONDS),
)


CUSTOMERS = {"sign-in", "graph", "resource-accounts"}  # what administrators of customers' tenants may see
INTERNAL = {check.name for check in CHECKS} - CUSTOMERS

# Modules that the app imports on first use. An import during the checks would block the event loop and use up their
# time, so these are imported before.
PRELOADED = (
    "azure.identity.aio",
    "azure.eventgrid.aio",
    "azure.data.tables.aio",
    "azure.storage.blob.aio",
    "azure.storage.queue.aio",
    "azure.communication.identity.aio",
    "shared.directory.directory",
    "shared.directory.on_behalf_of",
)


async def run_checks(context: DiagnosisContext, progress: Progress | None = None) -> Report:
    started, at = time.monotonic(), clock.now()
    await asyncio.to_thread(lambda: [import_module(each) for each in PRELOADED])
    try:
        found = await _findings(context, progress)
        if context.is_customers:
            found = _for_a_customer(found)
        return report(found, at, time.monotonic() - started)
    finally:
        await context.close()


def _checks(context: DiagnosisContext) -> list[Check]:
    """All checks; for a customer those that they may see, and those that these need."""
    wanted = set(CUSTOMERS)
    for check in reversed(CHECKS):
        wanted |= set(check.needs) if check.name in wanted else set()
    return [check for check in CHECKS if check.name in wanted or not context.is_customers]


def _for_a_customer(findings: list[Finding]) -> list[Finding]:
    """Without the app's own settings and resources, and the commands that change them."""
    visible = (each for each in findings if each.check not in INTERNAL)
    return [replace(each, command="") if each.owner is Owner.AZURE else each for each in visible]


async def _findings(context: DiagnosisContext, progress: Progress | None) -> list[Finding]:
    tasks: dict[str, asyncio.Task[list[Finding]]] = {}
    for check in _checks(context):
        needed = {name: tasks[name] for name in check.needs}
        tasks[check.name] = asyncio.create_task(_run(check, context, needed, progress))
    try:
        await asyncio.wait(tasks.values(), timeout=TOTAL_SECONDS)
    finally:
        for task in tasks.values():
            task.cancel()
    late = unseen("the time ran out before this check", "Correct what is wrong, and run the doctor again.")
    return [
        finding
        for name, task in tasks.items()
        for finding in (task.result() if task.done() and not task.cancelled() else of(name, [late]))
    ]


async def _run(
    check: Check, context: DiagnosisContext, needed: dict[str, asyncio.Task[list[Finding]]], progress: Progress | None
) -> list[Finding]:
    broken = [name for name, task in needed.items() if not _is_usable(await asyncio.shield(task))]
    found = of(check.name, [unseen(f"it needs {broken[0]}")] if broken else await _bounded(check, context))
    if progress:
        progress(found)
    return found


def _is_usable(findings: list[Finding]) -> bool:
    """Of a check with several findings, such as tenants, one that is fine suffices for the checks that need it."""
    return any(each.status is CheckStatus.FINE for each in findings)


async def _bounded(check: Check, context: DiagnosisContext) -> Iterable[Finding]:
    try:
        async with asyncio.timeout(check.seconds):
            return await check.run(context)
    except SettingError as error:
        return [unseen(f"it needs the setting {error.name}")]
    except TimeoutError:
        remedy = "Check that the app can reach it: name resolution, firewall, private endpoints, certificates."
        return [wrong(f"no response arrived within {check.seconds:.0f} seconds", remedy)]
    except Exception as error:  # noqa: BLE001  # an unexpected error must not hide the other checks
        return [unseen(f"the check failed: {type(error).__name__}")]
