"""The app's settings: environment variables, read when first needed and checked once.

Importing the app needs none of them. A setting that is missing or wrong is an error of the first call that
needs it, naming the setting and what to put there. The README's table lists them all;
``tests/test_settings.py`` holds the two together.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import cached_property
from ipaddress import ip_address
from typing import Literal, cast
from urllib.parse import urlsplit

from shared.calls.plans import Plan

MICROSOFT_ISSUER = "https://acscallautomation.communication.azure.com"
MICROSOFT_KEYS = f"{MICROSOFT_ISSUER}/calling/keys"
STORAGE = "CALL_STORAGE"  # also the name of the queue trigger's connection
STORAGE_SERVICES = {"table": "tableServiceUri", "blob": "blobServiceUri", "queue": "queueServiceUri"}


class SettingError(Exception):
    """A setting is missing or wrong. The text names it and says what to put there."""


def on_loopback(url: str) -> bool:
    """Whether the URL's host is this machine: ``localhost``, 127.0.0.0/8 or ::1."""
    host = _host(url)
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _host(url: str) -> str:
    """The URL's host; empty if it names none."""
    try:
        return urlsplit(url).hostname or ""
    except ValueError:  # such as http://[::1
        return ""


def _is_safe(url: str) -> bool:
    """Whether it is a URL with TLS, or of this machine."""
    return bool(_host(url)) and (url.startswith("https://") or (url.startswith("http://") and on_loopback(url)))


def _check_connection_string(value: str) -> None:
    parts = {name.lower(): what for name, _, what in (part.partition("=") for part in value.split(";") if part)}
    endpoints = [url for name, url in parts.items() if name.endswith("endpoint")]
    if not all(parts.values()) or not (endpoints or "accountname" in parts):
        raise SettingError(f"{STORAGE} is no connection string: copy it whole from the storage account.")
    plain = parts.get("defaultendpointsprotocol", "https") != "https" and not endpoints
    if plain or not all(_is_safe(url) for url in endpoints):
        raise SettingError(f"{STORAGE} must name https:// endpoints, except on this machine.")


class Settings:
    """Typed access to the environment, or to the mapping given in its place."""

    def __init__(self, environment: Mapping[str, str] | None = None) -> None:
        self._environment = os.environ if environment is None else environment

    # -- Azure Communication Services --

    @cached_property
    def acs_endpoint(self) -> str:
        """Without a trailing slash, which would break the signature of requests."""
        return self._url("ACS_ENDPOINT", "the ACS resource's endpoint, such as https://NAME.communication.azure.com")

    @cached_property
    def acs_access_key(self) -> str | None:
        """The key for a plain-HTTP endpoint, which is the emulator's; None where the app's identity is used."""
        return self._key_for(self.acs_endpoint, "ACS_ENDPOINT", "ACS_ACCESS_KEY")

    @cached_property
    def acs_resource_id(self) -> str:
        """The immutable id of the ACS resource: the audience of the callbacks' tokens."""
        return self._required(
            "ACS_RESOURCE_ID", "the ACS resource's immutable id (az communication show --query immutableResourceId)"
        )

    @cached_property
    def recording_endpoint(self) -> str | None:
        """Where recording files are fetched in place of ``https://*.asm.skype.com``; only over loopback."""
        url = self._optional("ACS_RECORDING_ENDPOINT").rstrip("/")
        if url and not (on_loopback(url) and _is_safe(url)):
            raise SettingError("ACS_RECORDING_ENDPOINT is for the emulator on this machine; remove it elsewhere.")
        return url or None

    # -- Callbacks --

    @cached_property
    def callback_base_url(self) -> str:
        """Where ACS reaches this app. In Azure the host name that the platform tells is the default."""
        host = self._optional("WEBSITE_HOSTNAME")
        url = self._optional("CALLBACK_BASE_URL") or (f"https://{host}" if host else "")
        if not url:
            raise SettingError("CALLBACK_BASE_URL is missing: set it to the URL at which ACS reaches this app.")
        if not _is_safe(url):
            raise SettingError("CALLBACK_BASE_URL must be an https:// URL: callbacks carry tokens and numbers.")
        return url.rstrip("/")

    @cached_property
    def callback_issuer(self) -> str:
        return self._microsofts_or_loopback("CALLBACK_TOKEN_ISSUER", MICROSOFT_ISSUER)

    @cached_property
    def callback_keys_url(self) -> str:
        return self._microsofts_or_loopback("CALLBACK_TOKEN_KEYS_URL", MICROSOFT_KEYS)

    # -- Event Grid --

    @cached_property
    def topic_endpoint(self) -> str:
        """The custom topic that callbacks are published to."""
        return self._url("EVENTS_TOPIC_ENDPOINT", "the endpoint of the Event Grid custom topic for call events")

    @cached_property
    def topic_key(self) -> str | None:
        return self._key_for(self.topic_endpoint, "EVENTS_TOPIC_ENDPOINT", "EVENTS_TOPIC_KEY")

    # -- Storage --

    def storage_connection_string(self) -> str | None:
        """For development. None where the app's identity is used with the service's URI."""
        value = self._optional(STORAGE)
        if value and value != "UseDevelopmentStorage=true":
            _check_connection_string(value)
        return value or None

    def storage_uri(self, service: Literal["table", "blob", "queue"]) -> str:
        name = f"{STORAGE}__{STORAGE_SERVICES[service]}"
        url = self._url(name, f"the storage account's {service} endpoint, or set {STORAGE} for development")
        if not url.startswith("https://"):
            raise SettingError(f"{name} must begin with https://: the app's identity is proved by a token.")
        return url

    @property
    def calls_table(self) -> str:
        return self._optional("CALLS_TABLE") or "calls"

    @property
    def wakes_queue(self) -> str:
        """A constant of the deployment: the queue trigger's binding names it too."""
        return "wakes"

    @property
    def recordings_container(self) -> str:
        return self._optional("RECORDINGS_CONTAINER") or "recordings"

    @property
    def quarantine_container(self) -> str:
        return self._optional("QUARANTINE_CONTAINER") or "quarantine"

    @property
    def deadletters_container(self) -> str:
        """Where the Event Grid subscriptions leave what they could not deliver."""
        return self._optional("DEADLETTERS_CONTAINER") or "deadletters"

    # -- What to do with calls --

    @cached_property
    def plan(self) -> Plan:
        """The policies that a new call gets."""
        return Plan(
            accounts=tuple(a.strip() for a in self._optional("RESOURCE_ACCOUNTS").split(",") if a.strip()),
            incoming=cast(
                "Literal['answer', 'busy', 'forbidden']",
                self._choice("INCOMING_CALLS", "answer", "busy", "forbidden"),
            ),
            record=self._switch("RECORDING", default=True),
            channels=cast("Literal['mixed', 'unmixed']", self._choice("RECORDING_CHANNELS", "unmixed", "mixed")),
            announcement=self._optional("RECORDING_ANNOUNCEMENT"),
            unrecorded=cast("Literal['continue', 'end']", self._choice("UNRECORDED_CALLS", "continue", "end")),
            notice=self._optional("UNRECORDED_NOTICE"),
        )

    @cached_property
    def recording_container_url(self) -> str | None:
        """A container of our own that ACS writes recordings to; None for the storage of ACS."""
        url = self._safe_url("RECORDING_CONTAINER_URL")
        if url and not urlsplit(url).path:
            raise SettingError("RECORDING_CONTAINER_URL names no container: it is the account's URL, / and its name.")
        return url

    @cached_property
    def delete_source(self) -> bool:
        """Whether ACS's copy of a recording is deleted once ours is verified."""
        return self._switch("RECORDING_DELETE_SOURCE", default=False)

    @cached_property
    def prompt_voice(self) -> str:
        return self._optional("PROMPT_VOICE") or "en-US-NancyNeural"

    @cached_property
    def cognitive_services_endpoint(self) -> str | None:
        return self._safe_url("COGNITIVE_SERVICES_ENDPOINT")

    @cached_property
    def media_streaming_url(self) -> str | None:
        return self._websocket("MEDIA_STREAMING_URL")

    @cached_property
    def media_streaming_channels(self) -> str:
        return self._choice("MEDIA_STREAMING_CHANNELS", "mixed", "unmixed")

    @cached_property
    def transcription_url(self) -> str | None:
        return self._websocket("TRANSCRIPTION_URL")

    @cached_property
    def transcription_locale(self) -> str:
        return self._optional("TRANSCRIPTION_LOCALE") or "en-US"

    # -- Reading and checking --

    def _optional(self, name: str) -> str:
        return self._environment.get(name, "").strip()

    def _required(self, name: str, what: str) -> str:
        value = self._optional(name)
        if not value:
            raise SettingError(f"{name} is missing: set it to {what}.")
        return value

    def _url(self, name: str, what: str) -> str:
        value = self._required(name, what).rstrip("/")
        if not value.startswith(("http://", "https://")) or not _host(value):
            raise SettingError(f"{name} is not a URL: set it to {what}.")
        return value

    def _safe_url(self, name: str) -> str | None:
        value = self._optional(name).rstrip("/")
        if value and not _is_safe(value):
            raise SettingError(f"{name} must be an https:// URL.")
        return value or None

    def _key_for(self, endpoint: str, endpoint_name: str, key_name: str) -> str | None:
        """Keys only where there is no TLS, and no TLS only on this machine."""
        key = self._optional(key_name)
        if endpoint.startswith("https://"):
            if key:
                raise SettingError(
                    f"{key_name} is set, but {endpoint_name} is https, which takes the app's identity: remove the key."
                )
            return None
        if not on_loopback(endpoint):
            raise SettingError(f"{endpoint_name} must begin with https://, except on this machine.")
        if not key:
            raise SettingError(f"{key_name} is missing: set it to the key of the emulator at {endpoint}.")
        return key

    def _microsofts_or_loopback(self, name: str, microsofts: str) -> str:
        value = self._optional(name).rstrip("/") or microsofts
        if value != microsofts and not (on_loopback(value) and _is_safe(value)):
            raise SettingError(f"{name} must be {microsofts} (the default), except with an emulator on this machine.")
        return value

    def _choice(self, name: str, default: str, *others: str) -> str:
        value = self._optional(name).lower() or default
        if value not in (default, *others):
            raise SettingError(f"{name} must be one of {', '.join((default, *others))}.")
        return value

    def _switch(self, name: str, *, default: bool) -> bool:
        return self._choice(name, "on" if default else "off", "off" if default else "on") == "on"

    def _websocket(self, name: str) -> str | None:
        value = self._optional(name)
        safe = value.startswith("wss://") or (value.startswith("ws://") and on_loopback(value))
        if value and not (safe and _host(value)):
            raise SettingError(f"{name} must be a wss:// URL.")
        return value or None
