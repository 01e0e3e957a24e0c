"""Callbacks: the callback URL leads to this app, which refuses unsigned callbacks and can fetch the signing keys."""

from __future__ import annotations

from typing import Any

from azure.core.exceptions import AzureError

from shared.doctor import commands
from shared.doctor.context import UNAUTHORIZED, DiagnosisContext, code_of
from shared.doctor.report import Finding, fine, wrong
from shared.service.health import MISCONFIGURED, OK

NO_CALL = "19700101-00000000000000000000000000000000"  # the id of a call that does not exist


async def url(context: DiagnosisContext) -> list[Finding]:
    base = context.settings.callback_base_url
    remedy = (
        "Set CALLBACK_BASE_URL to the URL at which ACS reaches this app, and check that the app runs and is reachable."
    )
    command = commands.set_setting("CALLBACK_BASE_URL")
    try:
        status, body = await context.request("GET", f"{base}/api/health")
        if status != OK and not _is_misconfigured(body):
            return [wrong(f"there is no healthy app at CALLBACK_BASE_URL: {status}", remedy, command)]
        status, _ = await context.request("POST", f"{base}/api/callbacks/{NO_CALL}", body=[])
    except AzureError as error:
        return [wrong(f"there is no response at CALLBACK_BASE_URL: {code_of(error)}", remedy, command)]
    if status == UNAUTHORIZED:
        return [fine("the app responds there, and refuses unsigned callbacks")]
    if status < 400:  # noqa: PLR2004
        remedy = (
            "An unsigned callback was accepted: it is not this app, or a proxy in front of it responds. "
            "Set CALLBACK_BASE_URL to this app."
        )
        return [wrong(f"an unsigned callback was accepted: {status}", remedy, command)]
    return [wrong(f"an unsigned callback returned {status}, not 401", remedy, command)]


def _is_misconfigured(body: Any) -> bool:
    """Whether it is this app with a wrong setting, which the check of the settings reports."""
    return isinstance(body, dict) and body.get("status") == MISCONFIGURED


async def keys(context: DiagnosisContext) -> list[Finding]:
    settings = context.settings
    remedy = (
        "Check that the network lets the app reach the URL. Until then callbacks return 503, and ACS retries them "
        "for a short time only."
    )
    command = commands.remove_setting("CALLBACK_TOKEN_KEYS_URL")
    try:
        status, body = await context.request("GET", settings.callback_keys_url)
    except AzureError as error:
        return [wrong(f"the signing keys cannot be fetched: {code_of(error)}", remedy, command)]
    published = body.get("keys") if isinstance(body, dict) else None
    signing = [each for each in published or () if isinstance(each, dict) and each.get("kty") == "RSA"]
    if status != OK or not signing:
        return [wrong(f"there are no signing keys at CALLBACK_TOKEN_KEYS_URL: {status}", remedy, command)]
    return [fine("the signing keys of callbacks can be fetched")]
