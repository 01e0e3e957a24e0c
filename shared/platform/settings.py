"""The app's settings: environment variables, read when first needed and checked once.

Importing the app needs none of them. A setting that is missing or wrong is an error of the first call that
needs it, naming the setting and what to put there. The README's table lists them all;
``tests/test_settings.py`` holds the two together.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from functools import cached_property
from ipaddress import ip_address
from typing import Literal, cast
from urllib.parse import urlsplit

from shared.calls.policy import Plan

MICROSOFT_ISSUER = "https://acscallautomation.communication.azure.com"
MICROSOFT_KEYS = f"{MICROSOFT_ISSUER}/calling/keys"
# One for each cloud, the public one first (azure-identity's AzureAuthorityHosts; Graph and Azure, "national clouds").
AUTHORITIES = (
    "https://login.microsoftonline.com",
    "https://login.microsoftonline.us",
    "https://login.chinacloudapi.cn",
)
GRAPHS = (
    "https://graph.microsoft.com",
    "https://graph.microsoft.us",
    "https://dod-graph.microsoft.us",
    "https://microsoftgraph.chinacloudapi.cn",
)
RESOURCE_MANAGERS = (
    "https://management.azure.com",
    "https://management.usgovcloudapi.net",
    "https://management.chinacloudapi.cn",
)
ROLES = ("Agent", "Supervisor", "Administrator")  # the app roles of our API's registration
LINKED = "linked"  # RESOURCE_ACCOUNTS: those that are linked to the ACS resource
STORAGE = "CALL_STORAGE"  # also the name of the queue trigger's connection
STORAGE_SERVICES = {"table": "tableServiceUri", "blob": "blobServiceUri", "queue": "queueServiceUri"}


_GUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
# An object id, or a raw id: 28:orgid:{object id}, 8:acs:…, 4:+…
_ACCOUNT = re.compile(rf"(28:orgid:)?({_GUID.pattern})|\d+:(?!orgid:)\S+")
_RESOURCE_ID = re.compile(r"(?i)/subscriptions/[\w-]+/resourceGroups/[\w.()-]+/providers/Microsoft\.EventGrid/[\w/.-]+")


class SettingError(Exception):
    """A setting is missing or wrong. The text names it and says what to put there."""


def told_by_azure(name: Literal["WEBSITE_SITE_NAME", "WEBSITE_RESOURCE_GROUP", "AZURE_CLIENT_ID"]) -> str:
    """What Azure tells an app of itself; empty elsewhere."""
    return os.environ.get(name, "")


def join_environment(values: Mapping[str, str]) -> None:
    """Let settings of a file join those of the process, whose own prevail."""
    os.environ |= {**values, **os.environ}


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

    @property
    def directory_table(self) -> str:
        """The copy of the resource accounts, and the chats that were opened."""
        return self._optional("DIRECTORY_TABLE") or "directory"

    # -- The directory and the API --

    @cached_property
    def api_client_id(self) -> str:
        """The app registration of our API: the audience of its callers' tokens, and the client of the exchange."""
        return self._guid("API_CLIENT_ID", "the application (client) id of the API's app registration")

    @cached_property
    def api_tenants(self) -> tuple[str, ...]:
        """The Entra tenants whose people may call the API; the first is our own."""
        tenants = self._listed("API_TENANTS")
        if not tenants:
            raise SettingError("API_TENANTS is missing: set it to the ids of the Entra tenants that may sign in.")
        if not all(_GUID.fullmatch(tenant) for tenant in tenants):
            raise SettingError("API_TENANTS must be tenant ids (not domain names), separated by commas.")
        return tuple(tenant.lower() for tenant in tenants)

    @cached_property
    def api_client_secret(self) -> str | None:
        """How the API proves itself to the emulator; None in Azure, where the app's managed identity does."""
        secret = self._optional("API_CLIENT_SECRET")
        if not on_loopback(self.authority):
            if secret:
                raise SettingError(
                    "API_CLIENT_SECRET is for the emulator on this machine: remove it, and let the app's managed "
                    "identity prove itself by a federated credential of the app registration."
                )
            return None
        if not secret:
            raise SettingError(f"API_CLIENT_SECRET is missing: set it to the secret that {self.authority} knows.")
        return secret

    @cached_property
    def api_key_roles(self) -> frozenset[str]:
        """The app roles that whoever holds a key of the Functions app has; none means that keys open nothing."""
        roles = self._listed("API_KEY_ROLES")
        if not set(roles) <= set(ROLES):
            raise SettingError(f"API_KEY_ROLES must be some of {', '.join(ROLES)}, separated by commas.")
        return frozenset(roles)

    @cached_property
    def authority(self) -> str:
        """Entra. The setting is azure-identity's own, which takes a bare host name too."""
        return self._microsofts("AZURE_AUTHORITY_HOST", AUTHORITIES)

    @cached_property
    def graph_endpoint(self) -> str:
        """Microsoft Graph, without a version."""
        return self._microsofts("GRAPH_ENDPOINT", GRAPHS)

    @cached_property
    def resource_manager_endpoint(self) -> str:
        return self._microsofts("RESOURCE_MANAGER_ENDPOINT", RESOURCE_MANAGERS)

    @cached_property
    def events_topic_id(self) -> str | None:
        """The custom topic's id in Azure Resource Manager, by which the doctor reads its subscriptions."""
        return self._resource_id("EVENTS_TOPIC_ID")

    @cached_property
    def acs_system_topic_id(self) -> str | None:
        """The same for the system topic of the ACS resource."""
        return self._resource_id("ACS_SYSTEM_TOPIC_ID")

    # -- What to do with calls --

    @cached_property
    def linked_accounts_only(self) -> bool:
        """Whether calls are taken for exactly the resource accounts that are linked to the ACS resource."""
        return self._optional("RESOURCE_ACCOUNTS").lower() == LINKED

    @cached_property
    def plan(self) -> Plan:
        """The policies that a new call gets."""
        return Plan(
            accounts=self._accounts,
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

    @property
    def _accounts(self) -> tuple[str, ...]:
        """The resource accounts that are ours, in lower case; none where all are, or those that are linked."""
        accounts = () if self.linked_accounts_only else self._listed("RESOURCE_ACCOUNTS")
        lowered = tuple(each.lower() for each in accounts)
        if not all(_ACCOUNT.fullmatch(each) for each in lowered):
            raise SettingError(
                "RESOURCE_ACCOUNTS must be object ids or raw ids (28:orgid:…), separated by commas, or only linked."
            )
        return lowered

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

    def _listed(self, name: str) -> tuple[str, ...]:
        return tuple(each.strip() for each in self._optional(name).split(",") if each.strip())

    def _guid(self, name: str, what: str) -> str:
        value = self._required(name, what)
        if not _GUID.fullmatch(value):
            raise SettingError(f"{name} is no GUID: set it to {what}.")
        return value.lower()

    def _resource_id(self, name: str) -> str | None:
        value = self._optional(name).rstrip("/")
        if value and not _RESOURCE_ID.fullmatch(value):
            raise SettingError(f"{name} must be a resource id: /subscriptions/…/providers/Microsoft.EventGrid/….")
        return value or None

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

    def _microsofts(self, name: str, microsofts: tuple[str, ...]) -> str:
        """An endpoint of Microsoft's that tokens are sent to or taken from, always with TLS."""
        value = self._optional(name).rstrip("/") or microsofts[0]
        url = value if "://" in value else f"https://{value}"
        if url not in microsofts and not (on_loopback(url) and url.startswith("https://")):
            raise SettingError(f"{name} must be one of {', '.join(microsofts)}, or https:// of this machine.")
        return url

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
