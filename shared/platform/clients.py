"""The SDK clients, built in one place: credentials, time-outs and retries that fit into a ring window.

The app's identity by default; keys only for plain-HTTP endpoints, which are the emulator's. All SDKs but Call
Automation are imported on first use, since the function that answers calls must start fast.
"""

from __future__ import annotations

from contextlib import AsyncExitStack
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal, TypeVar
from urllib.parse import urlsplit, urlunsplit

from azure.communication.callautomation.aio import CallAutomationClient
from azure.core.credentials import AzureKeyCredential
from azure.core.pipeline.transport import AioHttpTransport

from shared.platform.retries import BoundedRetryPolicy, BriefRetryPolicy
from shared.platform.settings import Settings

if TYPE_CHECKING:
    from azure.communication.identity.aio import CommunicationIdentityClient
    from azure.core import AsyncPipelineClient
    from azure.core.credentials_async import AsyncTokenCredential
    from azure.core.pipeline.transport import AsyncHttpTransport
    from azure.core.rest import AsyncHttpResponse, HttpRequest
    from azure.data.tables.aio import TableClient
    from azure.eventgrid.aio import EventGridPublisherClient
    from azure.storage.blob.aio import BlobServiceClient, ContainerClient
    from azure.storage.queue.aio import QueueClient

Client = TypeVar("Client")

RECORDING_HOST = ".asm.skype.com"  # the domain of the URLs of recordings

# By default each request looks for proxies in the environment, and reads ~/.netrc for credentials.
NO_DETOUR = {"use_env_settings": False}

# azure-core's defaults wait for minutes (300 s time-outs, 10 retries, 120 s back-off). A call rings for 30 s, and an
# invocation ends after 9: two quick retries, then the error is raised.
HTTP_OPTIONS: dict[str, Any] = {
    "connection_timeout": 2,
    "read_timeout": 5,
    "retry_total": 2,
    "retry_backoff_factor": 0.2,
    "retry_backoff_max": 1,
    **NO_DETOUR,
}

# The blob and queue SDKs have other names and defaults (15 s before the first retry).
STORAGE_HTTP_OPTIONS: dict[str, Any] = {
    "connection_timeout": 2,
    "read_timeout": 20,
    "retry_total": 2,
    "initial_backoff": 0.2,
    "increment_base": 1,
    "random_jitter_range": 0.1,
    **NO_DETOUR,
}


class RecordingTransport(AioHttpTransport):  # type: ignore[misc]  # azure-core loads it lazily, hence Any
    """Fetches recordings from the emulator, in place of the host of their URLs.

    The SDK sends credentials only to Microsoft's recording hosts. That check stays in force: requests that pass it are
    redirected here.
    """

    def __init__(self, recordings: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._recordings = urlsplit(recordings)

    async def send(self, request: HttpRequest, **kwargs: Any) -> AsyncHttpResponse:
        url = urlsplit(request.url)
        if (url.hostname or "").endswith(RECORDING_HOST):
            request.url = urlunsplit(url._replace(scheme=self._recordings.scheme, netloc=self._recordings.netloc))
        response: AsyncHttpResponse = await super().send(request, **kwargs)
        return response


class Clients:
    """The app's clients, each built on first use and kept until ``close``.

    ``transport`` replaces the transport of every client, for simulations.
    """

    def __init__(self, settings: Settings, transport: AsyncHttpTransport[Any, Any] | None = None) -> None:
        self._settings = settings
        instead: dict[str, Any] = {} if transport is None else {"transport": transport}
        self._options = HTTP_OPTIONS | instead
        self._storage_options = STORAGE_HTTP_OPTIONS | instead
        self._open: list[Any] = []
        self._recording_containers: dict[str, ContainerClient] = {}

    @cached_property
    def credential(self) -> AsyncTokenCredential:
        """The app's identity. AZURE_CLIENT_ID names a user-assigned one; AZURE_TOKEN_CREDENTIALS narrows the search."""
        from azure.identity.aio import DefaultAzureCredential

        return self._keep(DefaultAzureCredential())

    @cached_property
    def call_automation(self) -> CallAutomationClient:
        return self._call_automation()

    @cached_property
    def call_automation_once(self) -> CallAutomationClient:
        """Without retries, for requests that ACS cannot repeat safely. A client of its own, since ``play_media`` of SDK
        1.6.0 passes no option on to the request.
        """
        return self._call_automation(retry_total=0)

    def _call_automation(self, **changed: Any) -> CallAutomationClient:
        settings, options = self._settings, self._options | changed
        if settings.recording_endpoint and "transport" not in options:
            options = options | {"transport": RecordingTransport(settings.recording_endpoint, **HTTP_OPTIONS)}
        key = settings.acs_access_key
        credential = AzureKeyCredential(key) if key else self.credential
        options = options | {"retry_policy": BriefRetryPolicy(**options)}
        return self._keep(CallAutomationClient(settings.acs_endpoint, credential, **options))

    @cached_property
    def identities(self) -> CommunicationIdentityClient:
        from azure.communication.identity.aio import CommunicationIdentityClient

        key = self._settings.acs_access_key
        credential = AzureKeyCredential(key) if key else self.credential
        options = self._options | {"retry_policy": self._bounded_retries()}
        return self._keep(CommunicationIdentityClient(self._settings.acs_endpoint, credential, **options))

    @cached_property
    def acs(self) -> AsyncPipelineClient[HttpRequest, AsyncHttpResponse]:
        """For operations of ACS that no SDK has. Requests are signed as those of the SDKs are."""
        from azure.communication.identity._shared.auth_policy_utils import get_authentication_policy
        from azure.core import AsyncPipelineClient
        from azure.core.pipeline.policies import RequestIdPolicy

        key, endpoint = self._settings.acs_access_key, self._settings.acs_endpoint
        credential = AzureKeyCredential(key) if key else self.credential
        signing = get_authentication_policy(endpoint, credential, decode_url=True, is_async=True)
        policies = [RequestIdPolicy(), self._bounded_retries(), signing]
        return self._keep(AsyncPipelineClient(endpoint, policies=policies, **self._options))

    def _bounded_retries(self) -> BoundedRetryPolicy:
        return BoundedRetryPolicy(**self._options)

    @cached_property
    def topic(self) -> EventGridPublisherClient:
        from azure.eventgrid.aio import EventGridPublisherClient

        key = self._settings.topic_key
        credential = AzureKeyCredential(key) if key else self.credential
        return self._keep(EventGridPublisherClient(self._settings.topic_endpoint, credential, **self._options))

    @cached_property
    def calls(self) -> TableClient:
        from azure.data.tables.aio import TableClient

        return self._storage(TableClient, "table", self._settings.calls_table, **self._options)

    @cached_property
    def calls_index(self) -> TableClient:
        from azure.data.tables.aio import TableClient

        return self._storage(TableClient, "table", self._settings.calls_index_table, **self._options)

    @cached_property
    def directory(self) -> TableClient:
        from azure.data.tables.aio import TableClient

        return self._storage(TableClient, "table", self._settings.directory_table, **self._options)

    @cached_property
    def customers(self) -> TableClient:
        from azure.data.tables.aio import TableClient

        return self._storage(TableClient, "table", self._settings.customers_table, **self._options)

    @cached_property
    def agents(self) -> TableClient:
        from azure.data.tables.aio import TableClient

        return self._storage(TableClient, "table", self._settings.agents_table, **self._options)

    @cached_property
    def plans(self) -> TableClient:
        from azure.data.tables.aio import TableClient

        return self._storage(TableClient, "table", self._settings.plans_table, **self._options)

    @cached_property
    def wakes(self) -> QueueClient:
        from azure.storage.queue import TextBase64EncodePolicy
        from azure.storage.queue.aio import QueueClient

        # The Functions host decodes Base64 by default (host.json, extensions.queues.messageEncoding).
        encode = TextBase64EncodePolicy()
        queue = self._settings.wakes_queue
        return self._storage(QueueClient, "queue", queue, message_encode_policy=encode, **self._storage_options)

    def container(self, name: str) -> ContainerClient:
        return self._blobs.get_container_client(name)

    def blob_service(self, container_url: str | None = None) -> BlobServiceClient:
        """The blob service of the app's storage account, or of the account that a container is in."""
        from azure.storage.blob.aio import BlobServiceClient

        if container_url is None or self._settings.storage_connection_string:
            return self._blobs
        account = container_url.rpartition("/")[0]
        return self._keep(BlobServiceClient(account, self.credential, **self._storage_options))

    def recording_container(self, url: str) -> ContainerClient:
        """The container at the URL, which ACS writes recordings to. It can be in another account."""
        if url not in self._recording_containers:
            self._recording_containers[url] = self._recording_container(url)
        return self._recording_containers[url]

    def _recording_container(self, url: str) -> ContainerClient:
        from azure.storage.blob.aio import ContainerClient

        if self._settings.storage_connection_string:
            return self.container(url.rpartition("/")[2])
        options = self._storage_options
        return self._keep(ContainerClient.from_container_url(url, credential=self.credential, **options))

    @cached_property
    def _blobs(self) -> BlobServiceClient:
        from azure.storage.blob.aio import BlobServiceClient

        # Blocks of 4 MiB: a recording is copied through memory that does not grow with its size.
        sizes = {"max_block_size": 4 * 1024 * 1024, "max_single_put_size": 4 * 1024 * 1024}
        return self._storage(BlobServiceClient, "blob", **sizes, **self._storage_options)

    def _storage(
        self, kind: type[Client], service: Literal["table", "blob", "queue"], *names: str, **options: Any
    ) -> Client:
        """A client of one of the storage services, by connection string or by identity."""
        build: Any = kind
        connection = self._settings.storage_connection_string
        if connection:
            client: Client = build.from_connection_string(connection, *names, **options)
        else:
            client = build(self._settings.storage_uri(service), *names, credential=self.credential, **options)
        return self._keep(client)

    def _keep(self, client: Client) -> Client:
        self._open.append(client)
        return client

    async def close(self) -> None:
        """Close everything that was opened, in reverse order, even if closing a client fails."""
        async with AsyncExitStack() as closing:
            while self._open:
                closing.push_async_callback(self._open.pop(0).close)
