"""Sources of prompts and music: text, SSML or a file.

ACS takes texts of 4,000 characters (azure-docs, ``concepts/call-automation/recognize-action.md``). The limits here are
lower: a prompt of more than two minutes counts as lost, and the row has room for 200 commands.
"""

from __future__ import annotations

from typing import Annotated

from msgspec import UNSET, Meta, UnsetType

from shared.api.problems import Problem
from shared.api.route import RequestContext, Strict
from shared.platform.settings.urls import has_scheme

LONGEST_SOURCE = 1000  # characters
FORMATS = "the URL of a WAV file (mono, 16-bit PCM, 16 kHz) or an MP3 file (with an ID3v2 tag), which ACS fetches"

Text = Annotated[
    str,
    Meta(pattern=r"^\s*\S", max_length=LONGEST_SOURCE, description="spoken with the voice of the setting PROMPT_VOICE"),
]
Ssml = Annotated[
    str,
    Meta(pattern=r"^<speak[\s\S]*</speak>\s*$", max_length=LONGEST_SOURCE, description="a document of Azure AI Speech"),
]
File = Annotated[str, Meta(pattern="^https?://[!-~]+$", max_length=LONGEST_SOURCE, description=FORMATS)]


class OneSource(Strict, frozen=True):
    """The audio to play, named in one of these ways."""

    text: Text | UnsetType = UNSET
    ssml: Ssml | UnsetType = UNSET
    file: File | UnsetType = UNSET

    def __post_init__(self) -> None:
        if sum(bool(each) for each in (self.text, self.ssml, self.file)) != 1:
            raise ValueError("exactly one of text, ssml and file is needed")


Source = Annotated[
    OneSource,
    Meta(
        examples=[{"file": "https://contoso.blob.core.windows.net/audio/welcome.wav"}],
        extra_json_schema={"minProperties": 1, "maxProperties": 1},
    ),
]


def source_of(context: RequestContext, source: OneSource) -> str:
    """The source as ``Play`` takes it. Raises Problem."""
    if source.file:
        if not has_scheme(source.file, "https", "http"):
            raise Problem("BadBody", "A file must have an https:// URL (or, on this machine, http://).")
        return source.file
    require_speech(context, "spoken text")
    if source.ssml:
        return source.ssml
    text = (source.text or "").strip()
    if text.startswith(("http://", "https://", "<speak")):
        raise Problem("BadBody", "A URL or SSML is no text to speak: name it in file or ssml.")
    return text


def require_speech(context: RequestContext, what: str) -> None:
    """Raises Problem unless the app names an AI service when it answers."""
    if context.settings.cognitive_services_endpoint is None:
        raise Problem("SettingMissing", f"The app has no COGNITIVE_SERVICES_ENDPOINT, which {what} needs.")
