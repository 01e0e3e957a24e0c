"""The resource accounts: each exists, is linked to the ACS resource, has an access assignment, a number and a licence.

Findings name an account by its object id only.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Iterable
from typing import Any

from azure.core.exceptions import AzureError
from msgspec import Struct
from msgspec.structs import replace

from shared.directory.accounts import PATH
from shared.directory.checks import guid
from shared.directory.errors import UNEXPECTED_RESPONSE, UpstreamError, entry_for
from shared.directory.graph import quoted, segment
from shared.doctor import acs, commands, teams
from shared.doctor.context import FORBIDDEN, NOT_FOUND, UNAUTHORIZED, DiagnosisContext
from shared.doctor.report import Finding, Owner, fine, of, unseen, wrong

MAX_ACCOUNTS = 50  # that are checked
CONCURRENCY = 8
ACCOUNT_SECONDS = 5.0
LICENCES = {
    "PHONESYSTEM_VIRTUALUSER",
    "MCOEV_VIRTUALUSER",
    "MCOEV",
}  # SKU and service plans that a phone number requires
ABSENT = "RESOURCE_ACCOUNTS names it, but it does not exist"
NONE_LINKED = "no resource account of this tenant is linked to this ACS resource"
STEPS = ("acs-link", "access-assignment", "number", "licence")


class Account(Struct, frozen=True):
    tenant: str
    id: str
    app_id: str
    acs_resource_id: str
    has_number: bool


async def accounts(context: DiagnosisContext) -> list[Finding]:
    named = context.settings.call_policy.accounts
    found, findings = await (_named(context, named) if named else _linked(context))
    limit = asyncio.Semaphore(CONCURRENCY)

    async def check(account: Account) -> list[Finding]:
        async with limit:
            return await _account(context, account)

    checked = await asyncio.gather(*(check(account) for account in found[:MAX_ACCOUNTS]))
    if len(found) > MAX_ACCOUNTS:
        findings.append(
            unseen(
                f"there are more than {MAX_ACCOUNTS}: the others were not checked",
                "Name them in RESOURCE_ACCOUNTS in turn.",
            )
        )
    return [finding for each in checked for finding in each] + findings


async def _named(context: DiagnosisContext, named: Iterable[str]) -> tuple[list[Account], list[Finding]]:
    ids = list(dict.fromkeys(each.rpartition(":")[2].lower() for each in named))
    results = await asyncio.gather(*(_find(context, each) for each in ids[: MAX_ACCOUNTS + 1]))
    found = [each for each in results if isinstance(each, Account)]
    missing = [each for each in results if isinstance(each, Finding)]
    if context.is_customers:  # an account of another tenant is another customer's
        none = unseen("none of the accounts that this app serves was found", about=", ".join(context.tenants))
        return found, [] if found else [none]
    dependent = [
        finding
        for each in missing
        for finding in (each, *(of(step, [unseen("it needs the account", about=each.about)])[0] for step in STEPS))
    ]
    return found, dependent


async def _find(context: DiagnosisContext, id: str) -> Account | Finding:
    for tenant in sorted(context.seen):
        try:
            item = await context.directory.graph.get(f"{PATH}/{segment(id)}", context.signed_in[tenant])
            return _account_of(tenant, item)
        except UpstreamError as error:
            if error.status != NOT_FOUND:
                return unseen(f"Graph returns an error: {error.entry.meaning}", error.entry.remedy, about=id)
    if context.seen != set(context.settings.api_tenants):
        return unseen("it is in none of the tenants that are visible", about=id)
    remedy = entry_for("Teams", "NoSuchAccount").remedy
    return wrong(ABSENT, remedy, teams.create(), about=id, owner=Owner.TEAMS)


async def _linked(context: DiagnosisContext) -> tuple[list[Account], list[Finding]]:
    """The accounts linked to the ACS resource in every visible tenant, and findings on tenants without any."""
    found, findings, without = list[Account](), list[Finding](), list[str]()
    params = {"$filter": f"acsResourceId eq {quoted(context.settings.acs_resource_id)}", "$top": str(MAX_ACCOUNTS + 1)}
    for tenant in sorted(context.seen):
        try:
            items, _ = await context.directory.graph.page(PATH, context.signed_in[tenant], params)
            found += [_account_of(tenant, each) for each in items]
        except UpstreamError as error:
            entry = error.entry
            findings.append(unseen(f"Graph returns an error: {entry.meaning}", entry.remedy, about=tenant))
            continue
        without += [] if items else [tenant]
    nowhere = set(without) == set(context.settings.api_tenants)
    return found, findings + [_without_lines(context, each, nowhere=nowhere) for each in without]


def _without_lines(context: DiagnosisContext, tenant: str, *, nowhere: bool) -> Finding:
    """Wrong if no tenant has lines, or for a customer. Otherwise unknown: not every tenant needs lines."""
    command = teams.link("(Read-Host 'Object id of the resource account')", "", context.settings.acs_resource_id)
    if nowhere or context.is_customers:
        return wrong(
            NONE_LINKED, "Link one: without it the app gets no calls.", command, about=tenant, owner=Owner.TEAMS
        )
    return unseen(NONE_LINKED, "Link one, if this tenant should have lines.", command, about=tenant, owner=Owner.TEAMS)


def _account_of(tenant: str, item: dict[str, Any]) -> Account:
    """Its ids become part of URLs and of commands, so they must be GUIDs. Raises UpstreamError."""
    app = item.get("appId")
    try:
        id, app_id = guid(str(item.get("id")), "its id"), guid(str(app), "its app") if app else ""
    except UpstreamError:
        raise UpstreamError(UNEXPECTED_RESPONSE, detail="a resource account's ids are not GUIDs") from None
    return Account(tenant, id, app_id, str(item.get("acsResourceId") or "").lower(), bool(item.get("phoneNumber")))


async def _account(context: DiagnosisContext, account: Account) -> list[Finding]:
    assignment, licence = await asyncio.gather(
        _bounded(_assigned(context, account)), _bounded(_licensed(context, account))
    )
    return [
        *of("resource-accounts", [fine("it exists", account.id)]),
        *of(STEPS[0], [_linked_here(context, account)]),
        *of(STEPS[1], [_about(assignment, account)]),
        *of(STEPS[2], [_number(account)]),
        *of(STEPS[3], [_about(licence, account)]),
    ]


async def _bounded(check: Awaitable[Finding]) -> Finding:
    try:
        async with asyncio.timeout(ACCOUNT_SECONDS):
            return await check
    except TimeoutError:
        return unseen(f"no response arrived within {ACCOUNT_SECONDS:.0f} seconds", "Run the doctor again.")
    except AzureError as error:
        return unseen(f"the request failed: {type(error).__name__}", "Run the doctor again.")


def _about(finding: Finding, account: Account) -> Finding:
    return replace(finding, about=account.id)


def _linked_here(context: DiagnosisContext, account: Account) -> Finding:
    expected = context.settings.acs_resource_id
    if account.acs_resource_id == expected.lower():
        return fine("it is linked to this ACS resource", account.id)
    entry = entry_for("Teams", "LinkedElsewhere" if account.acs_resource_id else "NotLinked")
    command = teams.link(account.id, account.app_id, expected)
    return wrong(entry.meaning, entry.remedy, command, about=account.id, owner=Owner.TEAMS)


async def _assigned(context: DiagnosisContext, account: Account) -> Finding:
    try:
        await context.directory.consent.get(account.tenant, account.id)
    except UpstreamError as error:
        entry = error.entry
        if error.status == NOT_FOUND:
            entry = entry_for("Teams", "NotConsented")
            return wrong(entry.meaning, entry.remedy, commands.assign(context.settings, account.tenant, account.id))
        if error.status in (UNAUTHORIZED, FORBIDDEN):
            role = commands.give_role(acs.ROLE, commands.acs_scope(context.settings))
            return wrong(f"the app may not read it: {entry.meaning}", entry.remedy, role)
        return unseen(f"ACS returns an error: {entry.meaning}", entry.remedy)
    return fine("the ACS resource may act for it")


def _number(account: Account) -> Finding:
    if account.has_number:
        return fine("it has a number", account.id)
    entry = entry_for("Teams", "NumberNotAssigned")
    return wrong(entry.meaning, entry.remedy, teams.number(account.id), about=account.id, owner=Owner.TEAMS)


async def _licensed(context: DiagnosisContext, account: Account) -> Finding:
    try:
        path = f"v1.0/users/{account.id}/licenseDetails"
        details = await context.directory.graph.get(path, context.signed_in[account.tenant])
    except UpstreamError as error:
        remedy = "Check it as an administrator of the tenant."
        what = f"Graph does not list its licences: {error.entry.meaning}"
        return unseen(what, remedy, teams.see_licence(account.id), owner=Owner.TEAMS)
    licences = [each for each in details.get("value") or () if isinstance(each, dict)]
    has = {each.get("skuPartNumber") for each in licences}
    has |= {plan.get("servicePlanName") for each in licences for plan in each.get("servicePlans") or ()}
    if has & LICENCES:
        return fine("it has the licence that a phone number requires")
    entry = entry_for("Teams", "LicenceMissing")
    return wrong(entry.meaning, entry.remedy, teams.licence(account.id), owner=Owner.TEAMS)
