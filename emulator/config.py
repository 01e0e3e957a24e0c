"""The emulator's configuration, and the values that a client needs to reach it."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

HOST = "127.0.0.1"
PORT = 7080
ACCESS_KEY = "ZW11bGF0b3ItYWNjZXNzLWtleS1mb3ItbG9jYWwtdXNl"  # base64, as keys of the service are; known to all
RESOURCE_ID = "ac5e0000-0000-4000-8000-000000000001"  # the immutable id: what callbacks' tokens are meant for

# The shapes of an accepting answer of `POST /recordings` that are documented or recorded: the REST reference
# and recordings of the service say 202 with a body, the SDK takes 200 as well, the Teams Phone
# extensibility quickstart says 204, and a client must survive bare ones.
START_RECORDING_ANSWERS = ("by-version", "202", "200", "204", "202-empty", "202-bare")

# The shapes of RecordingFileStatusUpdated: the documented one, and that of 2021 (azure-docs: event schema of that year;
# Microsoft's tests of event models still use it): no server call id in the subject, no deleteLocation.
RECORDING_FILE_SHAPES = ("current", "2021")


@dataclass
class Config:
    host: str = HOST
    port: int = PORT
    platform: dict[str, Any] = field(default_factory=dict)  # topics and subscriptions: infra/local.json, parsed
    functions_url: str | None = None  # instead of the platform file's "functions"
    speed: float = 1.0
    repeatability: bool = True
    start_recording_answer: str = START_RECORDING_ANSWERS[0]
    access_key: str = ACCESS_KEY
    resource_id: str = RESOURCE_ID
    tls_port: int | None = None  # also listen here, with TLS; 0 for any free port
    tls_certificate: Path = Path(".local/emulator-tls.pem")  # made if there is none
    seed: int | None = None
    storage: str | None = None
    origins: tuple[str, ...] = ()  # whose pages may call, in a browser


@dataclass
class Options:
    """What may be changed while the emulator runs (`POST /_emulator/options`)."""

    repeatability: bool = True
    start_recording_answer: str = START_RECORDING_ANSWERS[0]
    recording_chunks: int = 1  # files a recording is split into
    zero_byte_downloads: int = 0  # how often a new file is served empty before it is there
    own_participant: bool = True  # whether the application's identity is among the participants
    leading_inactive: bool = False  # whether RecordingStateChanged says inactive before it says active
    invitations_ring: bool = False  # whether inviting an ACS identity raises IncomingCall on the same resource
    targeted_play_isolates: bool = True  # whether a prompt for one party takes them out of the conversation
    recording_file_delay: float = 0.5  # seconds from the end of a recording to the event that announces it
    recording_file_shape: str = RECORDING_FILE_SHAPES[0]
