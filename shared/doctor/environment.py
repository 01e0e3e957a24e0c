"""The first links: the settings, each of them, and the identity that the app proves itself by."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import cached_property, partial

from azure.core.exceptions import AzureError

from shared.doctor import commands
from shared.doctor.patient import Patient, code_of
from shared.doctor.report import Finding, fine, wrong
from shared.platform.settings import SettingError, Settings

TOKEN_SECONDS = 4.0

_DIRECTORY = {"API_CLIENT_ID", "API_TENANTS", "API_CLIENT_SECRET"}
_REMOVED = ("remove", "is for the emulator")  # words of an error whose remedy is to take the setting away


def name_in(error: SettingError) -> str:
    """The setting that the error is about: it is named first."""
    return str(error).split(maxsplit=1)[0]


async def settings(patient: Patient) -> list[Finding]:
    faults = {name_in(error): str(error) for error in _errors(patient.settings)}
    if not _uses_directory(patient.settings, faults):
        faults = {name: text for name, text in faults.items() if name not in _DIRECTORY}
    if not faults:
        return [fine("all of them can be read")]
    return [_fault(patient.settings, name, text) for name, text in faults.items()]


def _fault(settings: Settings, name: str, text: str) -> Finding:
    what, _, how = text.partition(": ")
    how = f"{name}: {how}" if how else text
    if "missing" in what:
        return wrong(what, how, _set(settings, name), about=name)
    if any(word in text for word in _REMOVED) or " must be one of " in text or " must be some of " in text:
        return wrong(what, f"{how} Without it, the default holds.", commands.remove_setting(name), about=name)
    command = "" if name == "API_TENANTS" else _set(settings, name)  # customers in a list are not to be overwritten
    return wrong(what, how, command, about=name)


def _set(settings: Settings, name: str) -> str:
    if name == "ACS_RESOURCE_ID":
        with suppress(SettingError):
            return commands.resource_id_of_acs(settings)
    return commands.set_setting(name)


def _errors(settings: Settings) -> Iterator[SettingError]:
    """What is wrong with the settings, each asked for as the app would."""
    names = [name for name, what in vars(Settings).items() if isinstance(what, property | cached_property)]
    asked: list[Callable[[], object]] = [partial(getattr, settings, name) for name in names]
    for ask in [*asked, *_storage(settings)]:
        try:
            ask()
        except SettingError as error:
            yield error


def _storage(settings: Settings) -> list[Callable[[], object]]:
    try:
        if settings.storage_connection_string():
            return []
    except SettingError:
        return [settings.storage_connection_string]
    return [
        partial(settings.storage_uri, "table"),
        partial(settings.storage_uri, "blob"),
        partial(settings.storage_uri, "queue"),
    ]


def _uses_directory(settings: Settings, faults: dict[str, str]) -> bool:
    """An app that only takes calls needs no registration: its settings are missing together, on purpose."""
    absent = all("missing" in faults.get(name, "") for name in ("API_CLIENT_ID", "API_TENANTS"))
    return settings.linked_accounts_only or not absent


# -- Identity ------------------------------------------------------------------------------------------------


def needs_identity(settings: Settings) -> bool:
    """Whether anything is to be proved by the app's identity, as far as the settings can be read."""

    def tell(holds: Callable[[], bool]) -> bool:
        try:
            return holds()
        except SettingError:
            return False

    return any(
        tell(each)
        for each in (
            lambda: settings.acs_endpoint.startswith("https://"),
            lambda: settings.topic_endpoint.startswith("https://"),
            lambda: not settings.storage_connection_string() and bool(settings.storage_uri("table")),
        )
    )


async def identity(patient: Patient) -> list[Finding]:
    if not needs_identity(patient.settings):
        return [fine("none is needed: everything is the emulator's and takes a key")]
    try:
        async with asyncio.timeout(TOKEN_SECONDS):
            await patient.clients.credential.get_token(f"{patient.settings.resource_manager_endpoint}/.default")
    except (AzureError, TimeoutError) as error:
        return [
            wrong(
                f"the app can't prove itself to Entra: {code_of(error)}",
                "In Azure, give the Function App its user-assigned identity and set AZURE_CLIENT_ID to that identity's "
                "client id. On your own machine, log in first.",
                commands.get_identity(),
            )
        ]
    return [fine("Entra gives it tokens")]
