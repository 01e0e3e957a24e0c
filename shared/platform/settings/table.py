"""The table of all settings. A new setting is one entry here; ``make docs`` generates the rest."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any, Literal

from shared.calls.policy import CallPolicy
from shared.platform.settings.environment import process_environment
from shared.platform.settings.kinds import (
    ACCOUNTS,
    CONNECTION_STRING,
    CONTAINER_URL,
    EVENT_GRID_ID,
    GUID,
    GUIDS,
    HTTPS_URL,
    LINKED,
    LOOPBACK_URL,
    NUMBERS,
    SWITCH,
    TEXT,
    URL,
    WEBSOCKET_URL,
    at_most,
    between,
    microsofts,
    microsofts_or_loopback,
    one_of,
    optional,
    readable_accounts,
    some_of,
)
from shared.platform.settings.setting import (
    DEFAULT_HOLDS,
    Derived,
    Need,
    SetBy,
    Setting,
    SettingError,
    required,
)
from shared.platform.settings.urls import on_loopback

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
ROLES = ("Agent", "Supervisor", "Administrator")  # the app roles of the API's registration


def _key_of(endpoint: str) -> Need:
    """Keys only where there is no TLS, which is the emulator; elsewhere the app's identity is used."""
    return Need.UNWANTED if endpoint.startswith("https://") else Need.REQUIRED


def _of_the_emulator(authority: str) -> Need:
    return Need.REQUIRED if on_loopback(authority) else Need.UNWANTED


def _own_host(settings: Settings) -> str:
    host = settings.text("WEBSITE_HOSTNAME")
    return f"https://{host}" if host else ""


def _uses_api(settings: Settings) -> bool:
    """An app without the API has no registration, and so none of its settings."""
    linked = settings.text("RESOURCE_ACCOUNTS").lower() == LINKED
    return linked or bool(settings.text("API_CLIENT_ID") or settings.text("API_TENANTS"))


def _uses_identity_for_storage(settings: Settings) -> bool:
    return not settings.text("CALL_STORAGE")


READABLE_ENTRIES = Derived(
    "the entries that can be read hold; if none can, all accounts, as if it were empty",
    lambda settings: readable_accounts(settings.text("RESOURCE_ACCOUNTS")),
)


class Settings:
    """Typed access to the environment, or to the mapping given in its place."""

    def __init__(self, environment: Mapping[str, str] | None = None) -> None:
        self._environment = process_environment() if environment is None else environment

    def text(self, name: str) -> str:
        """The text in the environment, without surrounding white space; empty if there is none."""
        return self._environment.get(name, "").strip()

    def problems(self) -> list[SettingError]:
        """The errors of the settings that the app uses, one for each setting."""
        found: dict[str, SettingError] = {}
        for setting in TABLE.values():
            try:
                if setting.used(self):
                    setting.read(self)
            except SettingError as error:
                found.setdefault(error.name, error)
        return list(found.values())

    # -- Calls --

    resource_accounts = Setting(
        "RESOURCE_ACCOUNTS",
        ACCOUNTS,
        "The resource accounts whose calls this app answers. `linked`: those that are linked to the ACS resource, as "
        "Microsoft Graph reports them. Empty: all that the ACS resource gets calls for. Calls to other accounts are "
        "left to other applications.",
        example="cc123456-5678-5678-1234-ccc123456789",
        if_invalid=READABLE_ENTRIES,
    )
    incoming_calls: Setting[Literal["answer", "busy", "forbidden"]] = Setting(
        "INCOMING_CALLS",
        one_of("answer", "busy", "forbidden"),
        "Whether calls are answered, or rejected as busy or forbidden.",
        default="answer",
        if_invalid=DEFAULT_HOLDS,
    )
    recording = Setting(
        "RECORDING",
        SWITCH,
        "Whether calls are recorded.",
        default="on",
        if_invalid=DEFAULT_HOLDS,
    )
    recording_channels: Setting[Literal["unmixed", "mixed"]] = Setting(
        "RECORDING_CHANNELS",
        one_of("unmixed", "mixed"),
        "`unmixed`: a channel for each participant. `mixed`: one for all.",
        default="unmixed",
        if_invalid=DEFAULT_HOLDS,
    )
    recording_announcement = Setting(
        "RECORDING_ANNOUNCEMENT",
        TEXT,
        "Played to everyone in the call once the recording runs: text to be spoken, which needs "
        "`COGNITIVE_SERVICES_ENDPOINT`, or the URL of a WAV or MP3 file. Empty: nothing is played.",
        example="This call is recorded.",
    )
    recording_container_url = Setting(
        "RECORDING_CONTAINER_URL",
        optional(CONTAINER_URL),
        "A blob container that ACS writes recordings to; the ACS resource's identity must be allowed to. With "
        "`CALL_STORAGE`, a container of that name in that account. Empty: ACS's storage, which keeps them for a day.",
        example="https://contoso.blob.core.windows.net/calls",
        if_invalid=DEFAULT_HOLDS,
    )
    recording_retention_days = Setting(
        "RECORDING_RETENTION_DAYS",
        at_most(36_500),
        "After how many days the storage account deletes an archived recording, which the API shows. 0: never. The "
        "deployment sets the rule and this from `DELETE_AFTER_DAYS`.",
        default="0",
        set_by=SetBy.DEPLOYMENT,
        if_invalid=DEFAULT_HOLDS,
    )
    delete_source = Setting(
        "RECORDING_DELETE_SOURCE",
        SWITCH,
        "Whether the copy that ACS keeps of a recording is deleted once the archived one is verified.",
        default="off",
        if_invalid=DEFAULT_HOLDS,
    )
    unrecorded_calls: Setting[Literal["continue", "end"]] = Setting(
        "UNRECORDED_CALLS",
        one_of("continue", "end"),
        "Whether a call that cannot be recorded goes on, or is ended after `UNRECORDED_NOTICE`.",
        default="continue",
        if_invalid=DEFAULT_HOLDS,
    )
    unrecorded_notice = Setting(
        "UNRECORDED_NOTICE",
        TEXT,
        "Played before a call that cannot be recorded is ended; like `RECORDING_ANNOUNCEMENT`.",
        example="We cannot take this call right now. Please call again later.",
    )
    emergency_numbers = Setting(
        "EMERGENCY_NUMBERS",
        NUMBERS,
        "Further numbers of emergency services, beside 112, 911 and the like, which the app knows. It calls none of "
        "them, and connects their calls without recording, announcement and prompts.",
        example="10111,+4930112233",
        if_invalid=DEFAULT_HOLDS,
    )
    hold_music = Setting(
        "HOLD_MUSIC",
        optional(HTTPS_URL),
        "The URL of a WAV or MP3 file, which a participant hears in a loop while others consult. Empty: each consult "
        "names its own.",
        example="https://contoso.blob.core.windows.net/audio/hold.wav",
        if_invalid=DEFAULT_HOLDS,
    )
    ring_tone = Setting(
        "RING_TONE",
        optional(HTTPS_URL),
        "The URL of a WAV or MP3 file, which an agent who calls on behalf of a resource account hears in a loop while "
        "the callee rings. Empty: the agent hears nothing.",
        example="https://contoso.blob.core.windows.net/audio/ring.wav",
        if_invalid=DEFAULT_HOLDS,
    )
    prompt_voice = Setting(
        "PROMPT_VOICE", TEXT, "The voice of spoken text, by the name that Azure AI Speech gives it.",
        default="en-US-NancyNeural",
    )  # fmt: skip
    media_streaming_url = Setting(
        "MEDIA_STREAMING_URL",
        optional(WEBSOCKET_URL),
        "A WebSocket that gets the audio of calls from their start, with the call's id as the last part of the path. "
        "Empty: none.",
        example="wss://media.contoso.com/audio",
        if_invalid=DEFAULT_HOLDS,
    )
    media_streaming_channels: Setting[Literal["mixed", "unmixed"]] = Setting(
        "MEDIA_STREAMING_CHANNELS",
        one_of("mixed", "unmixed"),
        "Mixed audio, or a stream for each participant.",
        default="mixed",
        if_invalid=DEFAULT_HOLDS,
    )
    media_streaming_sample_rate: Setting[Literal["16000", "24000"]] = Setting(
        "MEDIA_STREAMING_SAMPLE_RATE",
        one_of("16000", "24000"),
        "The samples in a second of streamed audio, in both directions.",
        default="16000",
        if_invalid=DEFAULT_HOLDS,
    )
    media_streaming_bidirectional = Setting(
        "MEDIA_STREAMING_BIDIRECTIONAL",
        SWITCH,
        "Whether the audio that the WebSocket sends is played in the call.",
        default="off",
        if_invalid=DEFAULT_HOLDS,
    )
    media_streaming_keys = Setting(
        "MEDIA_STREAMING_KEYS",
        SWITCH,
        "Whether the WebSocket gets the keys that are pressed, those of secrets included.",
        default="off",
        if_invalid=DEFAULT_HOLDS,
    )
    transcription_url = Setting(
        "TRANSCRIPTION_URL",
        optional(WEBSOCKET_URL),
        "A WebSocket that gets the transcript of calls from their start, which needs `COGNITIVE_SERVICES_ENDPOINT`, "
        "with the call's id as the last part of the path. Empty: none.",
        example="wss://media.contoso.com/transcription",
        if_invalid=DEFAULT_HOLDS,
    )
    transcription_locale = Setting("TRANSCRIPTION_LOCALE", TEXT, "The language to be transcribed.", default="en-US")
    cognitive_services_endpoint = Setting(
        "COGNITIVE_SERVICES_ENDPOINT",
        optional(URL),
        "The Azure AI services resource that is connected to the ACS resource: it speaks text and transcribes.",
        example="https://contoso.cognitiveservices.azure.com",
        set_by=SetBy.DEPLOYMENT,
        if_invalid=DEFAULT_HOLDS,
    )

    # -- Azure Communication Services --

    acs_endpoint = Setting(
        "ACS_ENDPOINT",
        URL,
        "The endpoint of the ACS resource.",
        example="https://contoso.communication.azure.com",
        set_by=SetBy.DEPLOYMENT,
        need=required,
    )
    acs_access_key = Setting(
        "ACS_ACCESS_KEY",
        optional(TEXT),
        "The access key of the emulator. With an `https://` endpoint the app's identity is used, and no key.",
        set_by=SetBy.UNSET,
        need=lambda settings: _key_of(settings.acs_endpoint),
    )
    acs_resource_id = Setting(
        "ACS_RESOURCE_ID",
        TEXT,
        "The immutable id of the ACS resource (`az communication show --query immutableResourceId`): the audience of "
        "its callbacks' tokens.",
        example="12345678-1234-4321-8765-123456789012",
        set_by=SetBy.DEPLOYMENT,
        need=required,
    )
    recording_endpoint = Setting(
        "ACS_RECORDING_ENDPOINT",
        optional(LOOPBACK_URL),
        "Where recordings are fetched in place of `https://*.asm.skype.com`.",
        set_by=SetBy.UNSET,
        if_invalid=DEFAULT_HOLDS,
    )

    # -- Callbacks --

    website_hostname = Setting(
        "WEBSITE_HOSTNAME",
        TEXT,
        "The host name of the app.",
        example="contoso.azurewebsites.net",
        set_by=SetBy.PLATFORM,
    )
    callback_base_url = Setting(
        "CALLBACK_BASE_URL",
        URL,
        "Where ACS reaches this app, if not at its own host name: behind a front door, or with a custom domain.",
        default=Derived("`https://` and `WEBSITE_HOSTNAME`", _own_host),
        example="https://calls.contoso.com",
        need=required,
    )
    callback_issuer = Setting(
        "CALLBACK_TOKEN_ISSUER",
        microsofts_or_loopback(MICROSOFT_ISSUER),
        "The issuer of the tokens that callbacks carry.",
        default=MICROSOFT_ISSUER,
        set_by=SetBy.UNSET,
    )
    callback_keys_url = Setting(
        "CALLBACK_TOKEN_KEYS_URL",
        microsofts_or_loopback(MICROSOFT_KEYS),
        "The keys that these tokens are signed with.",
        default=MICROSOFT_KEYS,
        set_by=SetBy.UNSET,
    )

    # -- Event Grid --

    topic_endpoint = Setting(
        "EVENTS_TOPIC_ENDPOINT",
        URL,
        "The Event Grid custom topic that callbacks are published to.",
        example="https://contoso-calls.westeurope-1.eventgrid.azure.net/api/events",
        set_by=SetBy.DEPLOYMENT,
        need=required,
    )
    topic_key = Setting(
        "EVENTS_TOPIC_KEY",
        optional(TEXT),
        "The key of the emulated topic. With an `https://` endpoint the app's identity is used, and no key.",
        set_by=SetBy.UNSET,
        need=lambda settings: _key_of(settings.topic_endpoint),
    )
    events_topic_id = Setting(
        "EVENTS_TOPIC_ID",
        optional(EVENT_GRID_ID),
        "The resource id of the custom topic, by which the doctor reads its subscriptions.",
        set_by=SetBy.DEPLOYMENT,
    )
    acs_system_topic_id = Setting(
        "ACS_SYSTEM_TOPIC_ID",
        optional(EVENT_GRID_ID),
        "The same for the system topic of the ACS resource.",
        set_by=SetBy.DEPLOYMENT,
    )

    call_events: Setting[Literal["on", "off", "with-callers"]] = Setting(
        "CALL_EVENTS",
        one_of("on", "off", "with-callers"),
        "Whether calls publish events for other applications on this topic ([events.md](events.md)). `with-callers`: "
        "also with the caller's phone number and display name.",
        default="on",
        if_invalid=DEFAULT_HOLDS,
    )

    client_calls = Setting(
        "CLIENT_CALLS",
        SWITCH,
        "Whether Event Grid delivers the events of calls between ACS users and Teams users ([interop.md](interop.md)).",
        default="off",
        if_invalid=DEFAULT_HOLDS,
    )

    # -- Storage --

    storage_connection_string = Setting(
        "CALL_STORAGE",
        optional(CONNECTION_STRING),
        "The storage account of calls and recordings, for development. The queue trigger's connection has this name "
        "too.",
        set_by=SetBy.UNSET,
    )
    table_service_uri = Setting(
        "CALL_STORAGE__tableServiceUri",
        HTTPS_URL,
        "The account's tables, reached with the app's identity; not read if `CALL_STORAGE` is set.",
        example="https://contoso.table.core.windows.net",
        set_by=SetBy.DEPLOYMENT,
        need=required,
        used=_uses_identity_for_storage,
    )
    blob_service_uri = Setting(
        "CALL_STORAGE__blobServiceUri",
        HTTPS_URL,
        "The same for blobs.",
        example="https://contoso.blob.core.windows.net",
        set_by=SetBy.DEPLOYMENT,
        need=required,
        used=_uses_identity_for_storage,
    )
    queue_service_uri = Setting(
        "CALL_STORAGE__queueServiceUri",
        HTTPS_URL,
        "The same for queues; the queue trigger reads it as well.",
        example="https://contoso.queue.core.windows.net",
        set_by=SetBy.DEPLOYMENT,
        need=required,
        used=_uses_identity_for_storage,
    )
    calls_table = Setting("CALLS_TABLE", TEXT, "The table of calls.", default="calls", set_by=SetBy.DEPLOYMENT)
    calls_index_table = Setting(
        "CALLS_INDEX_TABLE",
        TEXT,
        "The table of the index: the calls by the ids of their recordings.",
        default="callsindex",
        set_by=SetBy.DEPLOYMENT,
    )
    directory_table = Setting(
        "DIRECTORY_TABLE",
        TEXT,
        "The table of the copied resource accounts, and of the chats that were opened.",
        default="directory",
        set_by=SetBy.DEPLOYMENT,
    )
    customers_table = Setting(
        "CUSTOMERS_TABLE",
        TEXT,
        "The table of customers.",
        default="customers",
        set_by=SetBy.DEPLOYMENT,
    )
    agents_table = Setting(
        "AGENTS_TABLE",
        TEXT,
        "The table of agents, their groups, and the callers that wait for them.",
        default="agents",
        set_by=SetBy.DEPLOYMENT,
    )
    plans_table = Setting("PLANS_TABLE", TEXT, "The table of routing plans.", default="plans", set_by=SetBy.DEPLOYMENT)
    recordings_container = Setting(
        "RECORDINGS_CONTAINER",
        TEXT,
        "The blob container that recordings are archived in.",
        default="recordings",
        set_by=SetBy.DEPLOYMENT,
    )
    transcripts_container = Setting(
        "TRANSCRIPTS_CONTAINER",
        TEXT,
        "The blob container of transcripts, and of the audio that the media service stores.",
        default="transcripts",
        set_by=SetBy.DEPLOYMENT,
    )
    quarantine_container = Setting(
        "QUARANTINE_CONTAINER",
        TEXT,
        "The blob container for events that cannot be read.",
        default="quarantine",
        set_by=SetBy.DEPLOYMENT,
    )
    deadletters_container = Setting(
        "DEADLETTERS_CONTAINER",
        TEXT,
        "The blob container of Event Grid's dead letters, which can be replayed.",
        default="deadletters",
        set_by=SetBy.DEPLOYMENT,
    )

    # -- The API and the directory --

    api_client_id = Setting(
        "API_CLIENT_ID",
        GUID,
        "The application (client) id of the API's app registration: the audience of its callers' tokens, and the "
        "client that asks Microsoft Graph. An app that only takes calls does without it.",
        example="12345678-1234-4321-8765-123456789012",
        need=required,
        used=_uses_api,
    )
    api_tenants = Setting(
        "API_TENANTS",
        GUIDS,
        "The Entra tenants whose people may call the API, by id, not by domain name; the app's own first. `infra/` "
        "sets it to the tenant of the deployment if you do not.",
        example="12345678-1234-4321-8765-123456789012",
        need=required,
        used=_uses_api,
    )
    authority = Setting(
        "AZURE_AUTHORITY_HOST",
        microsofts(*AUTHORITIES),
        "Microsoft Entra ID. azure-identity reads this setting as well.",
        default=AUTHORITIES[0],
        set_by=SetBy.UNSET,
    )
    api_client_secret = Setting(
        "API_CLIENT_SECRET",
        optional(TEXT),
        "The secret of the registration at the emulator. With Microsoft's authority the app's managed identity is "
        "used, by a federated credential, and no secret.",
        set_by=SetBy.UNSET,
        need=lambda settings: _of_the_emulator(settings.authority),
        used=_uses_api,
    )
    api_key_roles = Setting(
        "API_KEY_ROLES",
        some_of(*ROLES),
        "The roles in the API of a request with a key of the Functions app. Empty: keys open nothing.",
    )
    outbound_calls_per_account = Setting(
        "OUTBOUND_CALLS_PER_ACCOUNT",
        between(1, 100),
        "How many outbound calls a resource account has at a time. ACS allows two for each number by default.",
        default="2",
        if_invalid=DEFAULT_HOLDS,
    )
    api_requests_per_minute = Setting(
        "API_REQUESTS_PER_MINUTE",
        between(1, 100_000),
        "How many requests each caller of the API may send, for each instance of the app; a third of them at once.",
        default="120",
        if_invalid=DEFAULT_HOLDS,
    )
    acs_identities_per_tenant = Setting(
        "ACS_IDENTITIES_PER_TENANT",
        at_most(1_000_000),
        "How many ACS identities the callers of the API may have in each tenant. Calls with them are billed to the ACS "
        "resource. 0: the API creates none, and issues no tokens for them.",
        default="0",
    )
    graph_endpoint = Setting(
        "GRAPH_ENDPOINT",
        microsofts(*GRAPHS),
        "Microsoft Graph, of the same cloud.",
        default=GRAPHS[0],
        set_by=SetBy.UNSET,
    )
    resource_manager_endpoint = Setting(
        "RESOURCE_MANAGER_ENDPOINT",
        microsofts(*RESOURCE_MANAGERS),
        "Azure Resource Manager, where the doctor reads the subscriptions.",
        default=RESOURCE_MANAGERS[0],
        set_by=SetBy.UNSET,
    )

    # -- Derived from them --

    @cached_property
    def linked_accounts_only(self) -> bool:
        """Whether calls are answered for exactly the resource accounts that are linked to the ACS resource."""
        return self.resource_accounts == (LINKED,)

    @cached_property
    def call_policy(self) -> CallPolicy:
        """The policy of a new call. No invalid setting makes it fail."""
        return CallPolicy(
            accounts=() if self.linked_accounts_only else self.resource_accounts,
            incoming=self.incoming_calls,
            record=self.recording,
            channels=self.recording_channels,
            announcement=self.recording_announcement,
            on_recording_failure=self.unrecorded_calls,
            notice=self.unrecorded_notice,
            recording_container=self.recording_container_url,
            emergency_numbers=self.emergency_numbers,
            events=self.publishes_events,
        )

    @property
    def publishes_events(self) -> bool:
        """Whether calls publish events for other applications."""
        return self.call_events != "off"

    @property
    def wakes_queue(self) -> str:
        """A constant of the deployment: the queue trigger's binding names it too."""
        return "wakes"

    def storage_uri(self, service: Literal["table", "blob", "queue"]) -> str:
        match service:
            case "table":
                return self.table_service_uri
            case "blob":
                return self.blob_service_uri
            case "queue":
                return self.queue_service_uri


TABLE: dict[str, Setting[Any]] = {each.name: each for each in vars(Settings).values() if isinstance(each, Setting)}
