"""Scenarios in which the media service receives calls: their transcript, their audio, and answers by sound."""

from __future__ import annotations

import asyncio
import time
from statistics import median
from typing import Any

from emulator.acs.provenance import SPOKEN_CHARACTER
from emulator.listening import as_wav, heard
from local.control_scenarios import FIRST, GRACE, THE_CALLER, hears, words
from local.scenarios import Scenario
from local.supervisor import SECONDS, Supervisor
from shared.calls.capabilities import Call
from shared.calls.state import CallState
from shared.service.container import Container

HEADER = 44  # bytes before the samples of a WAV file
ASKED = "I have lost my card, and my number is 4711."
ANSWERED = "I am sorry to hear that."
AFTERWARDS = "Are you still there?"
LATEST = 4.0  # seconds, within which a phrase must be readable on a loaded machine; on an idle one it is less than one

Lines = list[dict[str, Any]]


async def _begin(supervisor: Supervisor) -> None:
    """Wait until the caller has heard that the call is recorded, and all streams run."""
    await supervisor.until("timeline", _announced, "the announcement is over")
    await supervisor.until("media", _streams, "the call is streamed and transcribed")


def _announced(timeline: Any) -> bool:
    return any(entry["type"] == "PlayCompleted" for entry in timeline["value"])


def _streams(media: Any) -> bool:
    return bool(media["mediaStreaming"]["state"] == media["transcription"]["state"] == "active")


# -- Transcript --------------------------------------------------------------------------------------------------


async def _transcript(supervisor: Supervisor) -> list[str]:
    await _begin(supervisor)
    await supervisor.command("participants", {"targets": [{"agent": GRACE}]})
    await supervisor.until("", lambda call: FIRST in {each["id"] for each in call["participants"]}, "Grace is there")
    late = [await _until_readable(supervisor, THE_CALLER, ASKED), await _until_readable(supervisor, FIRST, ANSWERED)]
    await _replace_receiver(supervisor)
    late.append(await _until_readable(supervisor, THE_CALLER, AFTERWARDS))
    wrong = [] if median(late) < LATEST else [f"what was said was readable after {median(late):.2f} s"]
    await supervisor.command("hang-up")
    lines: Lines = (await supervisor.until("transcript", lambda t: t["isComplete"], "it is complete"))["lines"]
    return wrong + _compared(lines) + await _tones(supervisor)


async def _until_readable(supervisor: Supervisor, raw_id: str, phrase: str) -> float:
    """Have a party say something, and read it over the API; return how many seconds after its end that was."""
    ends = time.monotonic() + len(phrase) * SPOKEN_CHARACTER.seconds
    await supervisor.control("POST", f"calls/{supervisor.dialled['id']}/say", {"who": raw_id, "phrase": phrase})
    await supervisor.until("transcript", lambda found: phrase in _said(found["lines"]), f"{phrase!r} is readable")
    late = time.monotonic() - ends
    print(f"{'':12}“{phrase}” is readable {late:.2f} s after it was said")
    return late


async def _replace_receiver(supervisor: Supervisor) -> None:
    """The media service stops, as in a deployment, and another one starts: the app has the streams started again."""
    await supervisor.stack.stop_beside("media")
    await supervisor.until("media", lambda media: not _streams(media), "ACS reports that the streams failed")
    print(f"{'':12}The media service is stopped, and starts again")
    await supervisor.stack.start_media()
    await supervisor.until("media", _streams, "the streams run again")


def _said(lines: Lines) -> list[str]:
    """The final lines in the order of their time, each once."""
    found = {line["id"]: line for line in lines if line["kind"] == "said" and line["final"]}
    return [line["text"] for line in sorted(found.values(), key=lambda line: line["at"])]


def _compared(lines: Lines) -> list[str]:
    wrong = [] if _said(lines) == [ASKED, ANSWERED, AFTERWARDS] else [f"the transcript says {_said(lines)}"]
    speakers = [line["speaker"] for line in lines if line["kind"] == "said" and line["final"]]
    if speakers != [THE_CALLER, FIRST, THE_CALLER]:
        wrong.append(f"the speakers are {speakers}")
    gaps = [line for line in lines if line["kind"] == "gap"]
    for gap in gaps:
        print(f"{'':12}Nothing was received from {gap['at']} until {gap['until']}")
    return wrong if len(gaps) == 1 else [*wrong, f"the transcript has {len(gaps)} gaps, not one"]


async def _tones(supervisor: Supervisor) -> list[str]:
    """The faults of the stored audio: each file must have the voice and the phrases of its participant alone."""
    app = Container(supervisor.stack.ports.settings() | supervisor.stack.settings)
    try:
        files = await _stored(app, supervisor.call_id)
        found = {raw_id: await _sounding(supervisor, app, name) for raw_id, name in files.items()}
    finally:
        await app.close()
    for raw_id, sounds in found.items():
        print(f"{'':12}The stored audio of {words({raw_id})} has {words(sounds)}")
    expected = {THE_CALLER: {THE_CALLER, ASKED, AFTERWARDS}, FIRST: {FIRST, ANSWERED}}
    return [] if found == expected else [f"the stored audio has other sounds: {found}"]


async def _sounding(supervisor: Supervisor, app: Container, name: str) -> set[str]:
    blobs = app.clients.container(app.settings.transcripts_container)
    file = await (await blobs.download_blob(name)).readall()
    return heard(as_wav(file[HEADER:]), await supervisor.sounds())


async def _stored(app: Container, call_id: str) -> dict[str, str]:
    """The blobs of the call's audio, by participant, once both are in the row."""
    files: dict[str, str] = {}
    deadline = time.monotonic() + SECONDS
    while len(files) < 2 and time.monotonic() < deadline:  # noqa: PLR2004  # the caller and the agent
        call = (await app.store.read(call_id)).call
        audio = call.media.audio.values() if call else ()
        files = {file.participant: file.blob for each in audio for file in each.files}
        await asyncio.sleep(0.2)
    return files


def _written(call: Call, _: list[dict[str, Any]]) -> list[str]:
    wrong = [] if call.state is CallState.ENDED else [f"the call is {call.state}, not ended"]
    transcript = call.media.transcript
    if transcript is None or (transcript.lines, transcript.gaps) != (3, 1):
        wrong.append(f"the row has another transcript: {transcript}")
    return wrong


# -- Echo --------------------------------------------------------------------------------------------------------


async def _echo(supervisor: Supervisor) -> list[str]:
    await _begin(supervisor)
    wrong = await hears(supervisor, "the caller", THE_CALLER, set())
    await _mute(supervisor, on=True)
    await asyncio.sleep(1)
    wrong += await hears(supervisor, "the caller, silent now,", THE_CALLER, {THE_CALLER})
    await _mute(supervisor, on=False)
    await asyncio.sleep(0.5)
    wrong += await hears(supervisor, "the caller, who interrupts,", THE_CALLER, set())
    await supervisor.command("hang-up")
    return wrong


async def _mute(supervisor: Supervisor, *, on: bool) -> None:
    await supervisor.control("POST", f"calls/{supervisor.dialled['id']}/client", {"who": THE_CALLER, "muted": on})


def _echoed(call: Call, journal: list[dict[str, Any]]) -> list[str]:
    wrong = [] if call.state is CallState.ENDED else [f"the call is {call.state}, not ended"]
    stops = [entry for entry in journal if entry["kind"] == "stream" and entry["does"] == "hears StopAudio"]
    return wrong if stops else [*wrong, "the echo was not stopped when the caller spoke again"]


_RESULTS = {"where": "streams", "match": {"kind": "TranscriptionData"}}
_LATE = _RESULTS | {"do": "delay", "seconds": 0.5, "times": 5}
_TWICE = _RESULTS | {"do": "duplicate", "count": 2}

MEDIA = {
    each.name: each
    for each in (
        Scenario(
            "transcript",
            "Caller and agent speak, and are read a moment later; the media service is replaced meanwhile. Messages of "
            "the transcription come twice and late.",
            {},
            _written,
            faults=(_LATE, _TWICE),
            seconds=90,
            act=_transcript,
            media={},
        ),
        Scenario(
            "echo",
            "A sample repeats to the caller what the caller has said, and stops when it is interrupted.",
            {},
            _echoed,
            settings={"MEDIA_STREAMING_BIDIRECTIONAL": "on"},
            seconds=60,
            act=_echo,
            media={"MEDIA_SINKS": "samples.echo:Echo"},
        ),
    )
}
