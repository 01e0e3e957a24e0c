"""The way back: ACS reaches the app at the callback URL, which takes signed callbacks only, and can check them."""

from __future__ import annotations

from typing import Any

from azure.core.exceptions import AzureError

from shared.doctor import commands
from shared.doctor.patient import UNAUTHORIZED, Patient, code_of
from shared.doctor.report import Finding, fine, wrong
from shared.service.health import MISCONFIGURED, OK

NO_CALL = "19700101-00000000000000000000000000000000"  # a call's id, of no call


async def url(patient: Patient) -> list[Finding]:
    base = patient.settings.callback_base_url
    remedy = "Set CALLBACK_BASE_URL to where ACS reaches this app, and see that the app runs and is not closed off."
    command = commands.set_setting("CALLBACK_BASE_URL")
    try:
        status, answer = await patient.ask("GET", f"{base}/api/health")
        if status != OK and not _is_misconfigured(answer):
            return [wrong(f"there is no healthy app at CALLBACK_BASE_URL: {status}", remedy, command)]
        status, _ = await patient.ask("POST", f"{base}/api/callbacks/{NO_CALL}", body=[])
    except AzureError as error:
        return [wrong(f"nobody answers at CALLBACK_BASE_URL: {code_of(error)}", remedy, command)]
    if status == UNAUTHORIZED:
        return [fine("the app answers there, and takes no unsigned callbacks")]
    if status < 400:  # noqa: PLR2004
        remedy = (
            "Something there takes callbacks that nobody signed: it is not this app, or something before it answers. "
            "Set CALLBACK_BASE_URL to this app."
        )
        return [wrong(f"an unsigned callback was taken: {status}", remedy, command)]
    return [wrong(f"an unsigned callback was answered {status}, not 401", remedy, command)]


def _is_misconfigured(answer: Any) -> bool:
    """Whether it is this app, with a wrong setting: the check of the settings reports that."""
    return isinstance(answer, dict) and answer.get("status") == MISCONFIGURED


async def keys(patient: Patient) -> list[Finding]:
    settings = patient.settings
    remedy = (
        "See whether the network lets the app reach it. Until then callbacks are answered 503, and ACS sends them "
        "again for a short while only."
    )
    command = commands.remove_setting("CALLBACK_TOKEN_KEYS_URL")
    try:
        status, answer = await patient.ask("GET", settings.callback_keys_url)
    except AzureError as error:
        return [wrong(f"the signing keys can't be fetched: {code_of(error)}", remedy, command)]
    published = answer.get("keys") if isinstance(answer, dict) else None
    signing = [each for each in published or () if isinstance(each, dict) and each.get("kty") == "RSA"]
    if status != OK or not signing:
        return [wrong(f"there are no signing keys at CALLBACK_TOKEN_KEYS_URL: {status}", remedy, command)]
    return [fine("the keys that callbacks are signed with can be fetched")]
