"""The Teams side: signing in to Entra, Graph, and each resource account on its way to this app.

Graph is asked as the app in each of API_TENANTS, or on behalf of whoever asks, in that tenant alone. A resource
account is good if it exists, is linked to our ACS resource, may be acted for (the access assignment), has a number, and
the licence for it. Of an account nothing is told but its object id.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any

from azure.core.exceptions import AzureError
from msgspec import Struct
from msgspec.structs import replace

from shared.directory.checks import guid
from shared.directory.error_entries import ErrorEntry
from shared.directory.errors import UNEXPECTED_RESPONSE, UpstreamError, entry_for
from shared.directory.graph import quoted, segment
from shared.doctor import acs, commands, teams
from shared.doctor.patient import FORBIDDEN, NOT_FOUND, UNAUTHORIZED, Patient
from shared.doctor.report import Finding, Who, fine, of, unseen, wrong

PATH = "beta/admin/teams/resourceAccounts"
MOST = 50  # resource accounts that are looked at
AT_ONCE = 8
ACCOUNT_SECONDS = 5.0
LICENCES = {"PHONESYSTEM_VIRTUALUSER", "MCOEV_VIRTUALUSER", "MCOEV"}  # SKU and service plans that a number goes with
ABSENT = "RESOURCE_ACCOUNTS names it, and there is no such resource account"
NONE_LINKED = "no resource account of this tenant is linked to this ACS resource"
STEPS = ("acs-link", "access-assignment", "number", "licence")


class Account(Struct, frozen=True):
    tenant: str
    id: str
    app_id: str
    acs_resource_id: str
    has_number: bool


# -- Entra and Graph, tenant by tenant -----------------------------------------------------------------------


async def sign_in(patient: Patient) -> list[Finding]:
    return list(await asyncio.gather(*(_sign_in(patient, tenant) for tenant in patient.tenants)))


async def _sign_in(patient: Patient, tenant: str) -> Finding:
    try:
        credential = patient.credential(tenant)
        await credential.get_token(f"{patient.settings.graph_endpoint}/.default")
    except UpstreamError as error:
        return _no_token(patient, tenant, error.entry)
    patient.signed_in[tenant] = credential
    return fine("Entra gives tokens for Graph", tenant)


def _no_token(patient: Patient, tenant: str, why: ErrorEntry) -> Finding:
    what = f"Entra gives no token for Graph: {why.meaning} ({why.code})"
    match why.code:
        case "AADSTS65001" | "AADSTS700016":
            return wrong(what, why.remedy, commands.consent(patient.settings, tenant), about=tenant, who=Who.TEAMS)
        case "AADSTS7000215":
            return wrong(what, why.remedy, commands.set_setting("API_CLIENT_SECRET"), about=tenant)
        case "AADSTS70021" | "AADSTS700213":
            return wrong(what, why.remedy, commands.federate(patient.settings), about=tenant)
        case "AADSTS90002":
            return wrong(what, why.remedy, commands.without_tenant(patient.settings, tenant), about=tenant)
        case "Unreachable" | "TimedOut":
            remedy = "Check AZURE_AUTHORITY_HOST, and whether the network lets the app reach it."
            return wrong(what, remedy, commands.remove_setting("AZURE_AUTHORITY_HOST"), about=tenant)
    return wrong(what, why.remedy, about=tenant, who=Who.TEAMS)


async def graph(patient: Patient) -> list[Finding]:
    return list(await asyncio.gather(*(_graph(patient, tenant) for tenant in patient.tenants)))


async def _graph(patient: Patient, tenant: str) -> Finding:
    credential = patient.signed_in.get(tenant)
    if credential is None:
        return unseen("it stands on sign-in", about=tenant)
    try:
        await patient.directory.graph.page(PATH, credential, {"$top": "1"})
    except UpstreamError as error:
        return _refused(patient, tenant, error.entry, error.status)
    patient.seen.add(tenant)
    return fine("it tells the tenant's resource accounts", tenant)


def _refused(patient: Patient, tenant: str, why: ErrorEntry, status: int) -> Finding:
    what = f"Graph does not tell the resource accounts: {why.meaning} ({why.code})"
    if status in (UNAUTHORIZED, FORBIDDEN):
        remedy = why.remedy
        if patient.on_behalf is None:
            remedy += " Or ask as a signed-in Teams administrator: GET /api/v1/diagnosis."
        return wrong(what, remedy, commands.consent(patient.settings, tenant), about=tenant, who=Who.TEAMS)
    if status in (0, NOT_FOUND):
        remedy = "Check GRAPH_ENDPOINT, and whether the network lets the app reach it."
        return wrong(what, remedy, commands.remove_setting("GRAPH_ENDPOINT"), about=tenant)
    return wrong(what, why.remedy, about=tenant, who=Who.TEAMS)


# -- Resource accounts ---------------------------------------------------------------------------------------


async def accounts(patient: Patient) -> list[Finding]:
    named = patient.settings.plan.accounts
    found, findings = await (_named(patient, named) if named else _linked(patient))
    places = asyncio.Semaphore(AT_ONCE)

    async def look(account: Account) -> list[Finding]:
        async with places:
            return await _account(patient, account)

    looked = await asyncio.gather(*(look(account) for account in found[:MOST]))
    if len(found) > MOST:
        findings.append(unseen(f"there are more than {MOST}: the others were not looked at", "Name some in turn."))
    return [finding for each in looked for finding in each] + findings


async def _named(patient: Patient, named: Iterable[str]) -> tuple[list[Account], list[Finding]]:
    ids = list(dict.fromkeys(each.rpartition(":")[2].lower() for each in named))
    asked = await asyncio.gather(*(_find(patient, each) for each in ids[: MOST + 1]))
    found = [each for each in asked if isinstance(each, Account)]
    lost = [each for each in asked if isinstance(each, Finding)]
    if patient.is_customers:  # what is not of their tenant is another customer's
        none = unseen("none of the accounts that this app is to serve was seen", about=", ".join(patient.tenants))
        return found, [] if found else [none]
    behind = [
        finding
        for each in lost
        for finding in (each, *(of(step, [unseen("it stands on the account", about=each.about)])[0] for step in STEPS))
    ]
    return found, behind


async def _find(patient: Patient, id: str) -> Account | Finding:
    for tenant in sorted(patient.seen):
        try:
            answer = await patient.directory.graph.get(f"{PATH}/{segment(id)}", patient.signed_in[tenant])
            return _read(tenant, answer)
        except UpstreamError as error:
            if error.status != NOT_FOUND:
                return unseen(f"Graph does not tell: {error.entry.meaning}", error.entry.remedy, about=id)
    if patient.seen != set(patient.settings.api_tenants):
        return unseen("it is in none of the tenants that could be seen", about=id)
    remedy = entry_for("Teams", "NoSuchAccount").remedy
    return wrong(ABSENT, remedy, teams.create(), about=id, who=Who.TEAMS)


async def _linked(patient: Patient) -> tuple[list[Account], list[Finding]]:
    """All that are linked to our ACS resource, in every tenant that can be seen, and the tenants that have none."""
    found, findings, without = list[Account](), list[Finding](), list[str]()
    params = {"$filter": f"acsResourceId eq {quoted(patient.settings.acs_resource_id)}", "$top": str(MOST + 1)}
    for tenant in sorted(patient.seen):
        try:
            items, _ = await patient.directory.graph.page(PATH, patient.signed_in[tenant], params)
            found += [_read(tenant, each) for each in items]
        except UpstreamError as error:
            why = error.entry
            findings.append(unseen(f"Graph does not tell: {why.meaning}", why.remedy, about=tenant))
            continue
        without += [] if items else [tenant]
    nowhere = set(without) == set(patient.settings.api_tenants)
    return found, findings + [_without_lines(patient, each, nowhere=nowhere) for each in without]


def _without_lines(patient: Patient, tenant: str, *, nowhere: bool) -> Finding:
    """A tenant need not have lines, our own least of all, as long as another has: whether it should, can't be told."""
    command = teams.link("(Read-Host 'Object id of the resource account')", "", patient.settings.acs_resource_id)
    if nowhere or patient.is_customers:
        return wrong(NONE_LINKED, "Link one: without it no call comes here.", command, about=tenant, who=Who.TEAMS)
    return unseen(NONE_LINKED, "Link one, if it is to have lines.", command, about=tenant, who=Who.TEAMS)


def _read(tenant: str, told: dict[str, Any]) -> Account:
    """Its ids stand in URLs and in commands that are pasted: what is no id is not taken. Raises UpstreamError."""
    app = told.get("appId")
    try:
        id, app_id = guid(str(told.get("id")), "its id"), guid(str(app), "its app") if app else ""
    except UpstreamError:
        raise UpstreamError(UNEXPECTED_RESPONSE, detail="a resource account's ids are no GUIDs") from None
    return Account(tenant, id, app_id, str(told.get("acsResourceId") or "").lower(), bool(told.get("phoneNumber")))


async def _account(patient: Patient, account: Account) -> list[Finding]:
    looked = await asyncio.gather(_bounded(_assigned(patient, account)), _bounded(_licensed(patient, account)))
    return [
        *of("resource-accounts", [fine("it exists", account.id)]),
        *of(STEPS[0], [_linked_here(patient, account)]),
        *of(STEPS[1], [_about(looked[0], account)]),
        *of(STEPS[2], [_number(account)]),
        *of(STEPS[3], [_about(looked[1], account)]),
    ]


async def _bounded(look: Any) -> Finding:
    try:
        async with asyncio.timeout(ACCOUNT_SECONDS):
            found: Finding = await look
            return found
    except TimeoutError:
        return unseen(f"there was no answer within {ACCOUNT_SECONDS:.0f} seconds", "Run the doctor again.")
    except AzureError as error:
        return unseen(f"it could not be asked for: {type(error).__name__}", "Run the doctor again.")


def _about(finding: Finding, account: Account) -> Finding:
    return replace(finding, about=account.id)


def _linked_here(patient: Patient, account: Account) -> Finding:
    ours = patient.settings.acs_resource_id
    if account.acs_resource_id == ours.lower():
        return fine("it is linked to this ACS resource", account.id)
    why = entry_for("Teams", "LinkedElsewhere" if account.acs_resource_id else "NotLinked")
    command = teams.link(account.id, account.app_id, ours)
    return wrong(why.meaning, why.remedy, command, about=account.id, who=Who.TEAMS)


async def _assigned(patient: Patient, account: Account) -> Finding:
    try:
        await patient.directory.consent.get(account.tenant, account.id)
    except UpstreamError as error:
        why = error.entry
        if error.status == NOT_FOUND:
            why = entry_for("Teams", "NotConsented")
            return wrong(why.meaning, why.remedy, commands.assign(patient.settings, account.tenant, account.id))
        if error.status in (UNAUTHORIZED, FORBIDDEN):
            role = commands.give_role(acs.ROLE, commands.acs_scope(patient.settings))
            return wrong(f"the app may not look at it: {why.meaning}", why.remedy, role)
        return unseen(f"ACS does not tell: {why.meaning}", why.remedy)
    return fine("the ACS resource may act for it")


def _number(account: Account) -> Finding:
    if account.has_number:
        return fine("it has a number", account.id)
    why = entry_for("Teams", "NumberNotAssigned")
    return wrong(why.meaning, why.remedy, teams.number(account.id), about=account.id, who=Who.TEAMS)


async def _licensed(patient: Patient, account: Account) -> Finding:
    try:
        path = f"v1.0/users/{account.id}/licenseDetails"
        answer = await patient.directory.graph.get(path, patient.signed_in[account.tenant])
    except UpstreamError as error:
        remedy = "Look yourself, as an administrator of the tenant."
        what = f"Graph does not tell its licences: {error.entry.meaning}"
        return unseen(what, remedy, teams.see_licence(account.id), who=Who.TEAMS)
    details = [each for each in answer.get("value") or () if isinstance(each, dict)]
    has = {each.get("skuPartNumber") for each in details}
    has |= {plan.get("servicePlanName") for each in details for plan in each.get("servicePlans") or ()}
    if has & LICENCES:
        return fine("it has the licence that a number goes with")
    why = entry_for("Teams", "LicenceMissing")
    return wrong(why.meaning, why.remedy, teams.licence(account.id), who=Who.TEAMS)
