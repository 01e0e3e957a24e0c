"""Sign-in to Entra and access to Graph, in each tenant: as the app, or on behalf of the caller in their tenant only."""

from __future__ import annotations

import asyncio

from shared.directory.accounts import PATH
from shared.directory.error_entries import ErrorEntry
from shared.directory.errors import UpstreamError
from shared.doctor import commands
from shared.doctor.context import FORBIDDEN, NOT_FOUND, UNAUTHORIZED, DiagnosisContext
from shared.doctor.report import Finding, Owner, fine, unseen, wrong


async def sign_in(context: DiagnosisContext) -> list[Finding]:
    return list(await asyncio.gather(*(_sign_in(context, tenant) for tenant in context.tenants)))


async def _sign_in(context: DiagnosisContext, tenant: str) -> Finding:
    try:
        credential = context.credential(tenant)
        await credential.get_token(f"{context.settings.graph_endpoint}/.default")
    except UpstreamError as error:
        return _no_token(context, tenant, error.entry)
    context.signed_in[tenant] = credential
    return fine("Entra issues tokens for Graph", tenant)


def _no_token(context: DiagnosisContext, tenant: str, entry: ErrorEntry) -> Finding:
    what = f"Entra issues no token for Graph: {entry.meaning} ({entry.code})"
    match entry.code:
        case "AADSTS65001" | "AADSTS700016":
            return wrong(
                what, entry.remedy, commands.consent(context.settings, tenant), about=tenant, owner=Owner.TEAMS
            )
        case "AADSTS7000215":
            return wrong(what, entry.remedy, commands.set_setting("API_CLIENT_SECRET"), about=tenant)
        case "AADSTS70021" | "AADSTS700213":
            return wrong(what, entry.remedy, commands.federate(context.settings), about=tenant)
        case "AADSTS90002":
            return wrong(what, entry.remedy, commands.without_tenant(context.settings, tenant), about=tenant)
        case "Unreachable" | "TimedOut":
            remedy = "Check AZURE_AUTHORITY_HOST, and that the network lets the app reach it."
            return wrong(what, remedy, commands.remove_setting("AZURE_AUTHORITY_HOST"), about=tenant)
    return wrong(what, entry.remedy, about=tenant, owner=Owner.TEAMS)


async def graph(context: DiagnosisContext) -> list[Finding]:
    return list(await asyncio.gather(*(_graph(context, tenant) for tenant in context.tenants)))


async def _graph(context: DiagnosisContext, tenant: str) -> Finding:
    credential = context.signed_in.get(tenant)
    if credential is None:
        return unseen("it needs sign-in", about=tenant)
    try:
        await context.directory.graph.page(PATH, credential, {"$top": "1"})
    except UpstreamError as error:
        return _refused(context, tenant, error.entry, error.status)
    context.seen.add(tenant)
    return fine("it lists the tenant's resource accounts", tenant)


def _refused(context: DiagnosisContext, tenant: str, entry: ErrorEntry, status: int) -> Finding:
    what = f"Graph does not list the resource accounts: {entry.meaning} ({entry.code})"
    if status in (UNAUTHORIZED, FORBIDDEN):
        remedy = entry.remedy
        if context.on_behalf is None:
            remedy += " Or run the diagnosis as a signed-in Teams administrator: GET /api/v1/diagnosis."
        return wrong(what, remedy, commands.consent(context.settings, tenant), about=tenant, owner=Owner.TEAMS)
    if status in (0, NOT_FOUND):
        remedy = "Check GRAPH_ENDPOINT, and that the network lets the app reach it."
        return wrong(what, remedy, commands.remove_setting("GRAPH_ENDPOINT"), about=tenant)
    return wrong(what, entry.remedy, about=tenant, owner=Owner.TEAMS)
