"""The transcript of a call, which grows while people talk: what was said, by whom, and the gaps.

The media service writes it, to the container of transcripts; it is kept as long as recordings are.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct

from shared.api.problems import Problem
from shared.api.route import AGENTS, RequestContext, Route, Strict
from shared.api.v1.calls.access import visible_call
from shared.api.v1.calls.media_view import StreamView, transcription_of
from shared.api.v1.calls.parameters import OF_CALL
from shared.calls.capabilities import Call
from shared.calls.emergency import is_emergency
from shared.calls.state import CallState
from shared.storage import transcripts
from shared.storage.links import Link, link_to
from shared.storage.transcripts import Part

STILL_WRITTEN = timedelta(minutes=5)  # after the end of a call, unless its captions are there

Offset = Annotated[int, Meta(ge=0, le=2**40, description="`nextOffset` of the answer before; 0 for the beginning")]


class TranscriptQuery(Strict, frozen=True):
    offset: Offset = 0


class TranscriptWord(Struct, frozen=True, rename="camel"):
    """``offset`` is from the beginning of the line; in seconds."""

    text: str
    offset: float = 0.0
    duration: float = 0.0


class TranscriptLine(Struct, frozen=True, rename="camel"):
    """Lines with the same ``id`` are the same line; ``at`` is in UTC. Fields that a kind does not have are null.

    ``said``: ``speaker``, a raw id, said ``text``, for ``duration`` seconds. If it is not ``final``, which no other
    kind can be, it counts until a final line of the same speaker ends after its ``at``.
    ``leftOut``: something was said while the plan collected a secret. ``gap``: nothing was received until ``until``.
    ``opened``, ``closed``: the connection of ACS to the media service began, or ended for this ``reason``.
    """

    id: str
    at: datetime
    kind: Literal["said", "leftOut", "gap", "opened", "closed"]
    speaker: str | None = None
    text: str | None = None
    duration: float | None = None
    final: bool = True
    locale: str | None = None
    confidence: float | None = None
    words: tuple[TranscriptWord, ...] = ()
    until: datetime | None = None
    reason: str | None = None


class TranscriptView(Struct, frozen=True, rename="camel"):
    """``lines`` are in the order in which they were received: sort them by ``at``. Those that follow are read with
    ``nextOffset`` as ``offset``. ``isComplete``: none will follow. ``captions``: whether there is a WebVTT file.
    """

    lines: tuple[TranscriptLine, ...]
    next_offset: int
    is_complete: bool
    captions: bool
    transcription: StreamView
    retained_until: datetime | None = None


_decoder = msgspec.json.Decoder(TranscriptLine)


async def get_transcript(context: RequestContext) -> TranscriptView:
    call, offset = await visible_call(context), context.query.offset
    container = context.clients.container(context.settings.transcripts_container)
    part = await transcripts.read(container, _blob(call), offset) or _nothing(context, call, offset)
    days = context.settings.recording_retention_days
    return TranscriptView(
        lines=_lines(part),
        next_offset=part.next_offset,
        is_complete=part.is_last and _is_written(call, context.container.now()),
        captions=_captions(call) is not None,
        transcription=transcription_of(context.settings, call),
        retained_until=call.ended_at + timedelta(days=days) if days and call.ended_at else None,
    )


async def get_captions(context: RequestContext) -> Link:
    call = await visible_call(context)
    captions = _captions(call)
    if captions is None:
        raise Problem("NotFound", "The transcript has no captions: they are written when the transcription ends.")
    client = context.clients.container(context.settings.transcripts_container).get_blob_client(captions)
    return await link_to(client, context.clients.blob_service(), context.container.now())


def _blob(call: Call) -> str:
    """The row can lack the name while the transcript has begun already."""
    return call.media.transcript.blob if call.media.transcript else f"{call.id}.jsonl"


def _captions(call: Call) -> str | None:
    return call.media.transcript.captions if call.media.transcript else None


def _is_written(call: Call, now: datetime) -> bool:
    if call.ended_at is None:
        return False
    return _captions(call) is not None or now > call.ended_at + STILL_WRITTEN


def _nothing(context: RequestContext, call: Call, offset: int) -> Part:
    """The part of a transcript that has still to begin. Raises Problem if it will not."""
    if is_emergency(call):
        raise Problem("NotFound", "The call is one of an emergency service, and those are not transcribed.")
    if call.media.transcript is not None:
        days = context.settings.recording_retention_days
        why = f"transcripts are kept for {days} days" if days else "it is no longer in the container"
        raise Problem("NotFound", f"The transcript of the call was deleted: {why}.")
    state = transcription_of(context.settings, call)
    if state.state == "disabled":
        raise Problem("NotFound", "The call is not transcribed: it was answered without TRANSCRIPTION_URL.")
    if call.state is CallState.ENDED:
        failed = f": the transcription failed ({state.details})" if state.state == "failed" else ""
        raise Problem("NotFound", f"The call has ended, and nothing of it was transcribed{failed}.")
    return Part((), offset, is_last=True)


def _lines(part: Part) -> tuple[TranscriptLine, ...]:
    """Those that can be read: a later version of the media service may write others, too."""
    found = []
    for text in part.lines:
        try:
            found.append(_decoder.decode(text))
        except msgspec.DecodeError:
            continue
    return tuple(found)


ROUTES = (
    Route(
        "GET",
        "calls/{callId}/transcript",
        "getTranscript",
        AGENTS,
        "Get the transcript of a call, as far as it is written, from any offset",
        {200: TranscriptView},
        get_transcript,
        parameters=OF_CALL,
        query=TranscriptQuery,
    ),
    Route(
        "GET",
        "calls/{callId}/transcript/captions",
        "getCaptions",
        AGENTS,
        "Get a link to the transcript as WebVTT, which lasts five minutes",
        {200: Link},
        get_captions,
        parameters=OF_CALL,
        secret=True,
    ),
)
