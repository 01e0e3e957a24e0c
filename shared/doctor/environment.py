"""The settings, and the identity that the app authenticates with."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress

from azure.core.exceptions import AzureError

from shared.doctor import commands
from shared.doctor.context import DiagnosisContext, code_of
from shared.doctor.report import Finding, fine, wrong
from shared.platform.settings import SettingError, Settings
from shared.platform.settings.setting import Fault, Need
from shared.platform.settings.table import TABLE

TOKEN_SECONDS = 4.0

_LISTS = {"API_TENANTS", "RESOURCE_ACCOUNTS"}  # a command would overwrite the entries that are right


async def settings(context: DiagnosisContext) -> list[Finding]:
    problems = context.settings.problems()
    return [_finding(context.settings, each) for each in problems] or [fine("all of them can be read")]


def _finding(settings: Settings, error: SettingError) -> Finding:
    remedy = error.advice[0].upper() + error.advice[1:]
    if error.fault is Fault.INVALID and (instead := TABLE[error.name].if_invalid):
        remedy += f" Until then {instead.words}."
    return wrong(f"{error.name} is {error.fault}", remedy, _command(settings, error), about=error.name)


def _command(settings: Settings, error: SettingError) -> str:
    if error.fault is Fault.INVALID and error.name in _LISTS:
        return ""
    if error.fault is Fault.UNWANTED or (error.fault is Fault.INVALID and _has_default(settings, error.name)):
        return commands.remove_setting(error.name)
    if error.name == "ACS_RESOURCE_ID":
        with suppress(SettingError):
            return commands.resource_id_of_acs(settings)
    return commands.set_setting(error.name)


def _has_default(settings: Settings, name: str) -> bool:
    return name not in commands.SOURCES and TABLE[name].need(settings) is Need.OPTIONAL


# -- Identity ------------------------------------------------------------------------------------------------


def needs_identity(settings: Settings) -> bool:
    """Whether any request is authenticated with the app's identity, as far as the settings can be read."""

    def readable_and(holds: Callable[[], bool]) -> bool:
        try:
            return holds()
        except SettingError:
            return False

    return any(
        readable_and(each)
        for each in (
            lambda: settings.acs_endpoint.startswith("https://"),
            lambda: settings.topic_endpoint.startswith("https://"),
            lambda: not settings.storage_connection_string and bool(settings.storage_uri("table")),
        )
    )


async def identity(context: DiagnosisContext) -> list[Finding]:
    if not needs_identity(context.settings):
        return [fine("none is needed: everything is the emulator's, which takes keys")]
    try:
        async with asyncio.timeout(TOKEN_SECONDS):
            await context.clients.credential.get_token(f"{context.settings.resource_manager_endpoint}/.default")
    except (AzureError, TimeoutError) as error:
        return [
            wrong(
                f"Entra issues no token for the app's identity: {code_of(error)}",
                "In Azure, give the Function App its user-assigned identity and set AZURE_CLIENT_ID to that identity's "
                "client id. On your own machine, log in first.",
                commands.get_identity(),
            )
        ]
    return [fine("Entra issues tokens for it")]
