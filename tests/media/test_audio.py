"""Audio: real sockets, sinks, and the WAV files in Azurite."""

from __future__ import annotations

import asyncio
import io
import json
import wave
from array import array
from functools import partial
from typing import Any

import pytest
from azure.storage.blob.aio import ContainerClient

from emulator.server import Emulator
from media.audio.files import HEADER, name_of
from media.audio.sink import AudioStream, Item, Sink
from media.service import Service
from media.sinks import NoSink
from media.wire import DtmfData, Frame
from shared.calls.capabilities import Call
from tests.golden import START
from tests.media.conftest import MakePeer
from tests.media.peer import AGENT, CALLER, audio_metadata, eventually, frame, reported
from tests.support import content_of

LOUD = array("h", [0, 4000, 0, -4000] * 80).tobytes()  # a frame of 16 kHz

RECEIVED: dict[str, list[Item]] = {}  # by call
STREAMS: dict[str, AudioStream] = {}


class Memory(Sink):
    """Keeps what it gets."""

    pause = 0.01

    def __init__(self, stream: AudioStream) -> None:
        STREAMS[stream.call_id] = stream
        self.items = RECEIVED[stream.call_id] = []

    async def take(self, items: list[Item]) -> None:
        self.items += items


class Stuck(Sink):
    """Never returns."""

    pause = 0.0

    def __init__(self, _: AudioStream) -> None:
        pass

    async def take(self, items: list[Item]) -> None:  # noqa: ARG002
        await asyncio.sleep(3600)


class Faulty(Sink):
    pause = 0.0

    def __init__(self, _: AudioStream) -> None:
        pass

    async def take(self, items: list[Item]) -> None:  # noqa: ARG002
        raise RuntimeError("a bug")


def frames_of(call: Call) -> list[Frame]:
    return [each for each in RECEIVED[call.id] if isinstance(each, Frame)]


async def last_report(emulator: Emulator, call: Call) -> dict[str, Any]:
    found = await eventually(lambda: reported(emulator, call, "AudioReceived"))
    assert isinstance(found, list)
    last: dict[str, Any] = found[-1]
    return last


@pytest.mark.parametrize("rate", [16_000, 24_000])
async def test_frames_and_keys_reach_a_sink_as_plain_data(make_peer: MakePeer, call: Call, rate: int) -> None:
    peer = await make_peer(MEDIA_SINKS="tests.media.test_audio:Memory")
    pcm = bytes(range(256)) * (rate // 6400) + bytes(rate // 25 - 256 * (rate // 6400))
    async with peer.open("audio", call) as socket:
        await socket.send_str(audio_metadata(rate=rate))
        await socket.send_str(frame(1, pcm))
        await socket.send_str('{"kind":"DtmfData","dtmfData":{"data":"3"}}')
        await socket.send_bytes(frame(1.02, bytes(rate // 25), silent=True).encode())
        await eventually(lambda: len(RECEIVED.get(call.id, ())) == 3)
    mixed, key, silent = RECEIVED[call.id]
    at = START.timestamp()
    assert isinstance(mixed, Frame)
    assert (mixed.participant, mixed.at, bytes(mixed.pcm), mixed.silent) == ("", at + 1, pcm, False)
    assert key == DtmfData("3")
    assert isinstance(silent, Frame)
    assert (silent.silent, silent.missing, silent.late) == (True, 0.0, False)
    assert STREAMS[call.id].format.rate == rate


async def test_gaps_and_late_frames_are_known_by_their_time_stamps(
    make_peer: MakePeer, call: Call, emulator: Emulator
) -> None:
    peer = await make_peer(MEDIA_SINKS="tests.media.test_audio:Memory")
    async with peer.open("audio", call) as socket:
        await socket.send_str(audio_metadata())
        for at in (1.0, 1.02, 1.06, 1.04, 1.06, 1.08):
            await socket.send_str(frame(at, participant=CALLER))
        await socket.send_str(frame(1.5, participant=AGENT))
        await eventually(lambda: len(RECEIVED.get(call.id, ())) == 7)
    assert [round(each.missing, 3) for each in frames_of(call)] == [0, 0, 0.02, 0, 0, 0, 0]
    assert [each.late for each in frames_of(call)] == [False, False, False, True, True, False, False]
    report = await last_report(emulator, call)
    assert (report["frames"], report["missing"], report["late"]) == (7, 0.02, 2)


@pytest.mark.parametrize("sink", ["Stuck", "Faulty"])
async def test_a_slow_or_faulty_sink_loses_frames_and_its_neighbour_none(
    make_peer: MakePeer, call: Call, emulator: Emulator, sink: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("media.audio.pump.MOST_WAITING", 20)
    monkeypatch.setattr(Memory, "pause", 0.0)
    monkeypatch.setattr("media.audio.session.CLOSING_SECONDS", 0.1)
    sinks = f"tests.media.test_audio:{sink},tests.media.test_audio:Memory"
    peer = await make_peer(MEDIA_SINKS=sinks)
    async with peer.open("audio", call) as socket:
        await socket.send_str(audio_metadata())
        for n in range(100):
            await socket.send_str(frame(n / 50))
            await asyncio.sleep(0.001)
        await eventually(lambda: len(RECEIVED.get(call.id, ())) == 100)
    report = await last_report(emulator, call)
    assert report["frames"] == 100
    assert 60 <= report["dropped"] <= 100


async def test_tones_in_are_tones_in_blob_by_participant_while_the_call_lasts(
    make_peer: MakePeer, call: Call, emulator: Emulator, transcripts: ContainerClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("media.audio.files.AudioFiles.pause", 0.05)
    peer = await make_peer(MEDIA_SINKS="audio,talk")
    names = {who: name_of(call.id, who) for who in (CALLER, AGENT)}

    async def length(who: str) -> int:
        blob = transcripts.get_blob_client(names[who])
        return (await blob.get_blob_properties()).size if await blob.exists() else 0

    async with peer.open("audio", call) as socket:
        await socket.send_str(audio_metadata())
        for n in range(50):
            await socket.send_str(frame(n / 50, LOUD, CALLER))
        for n in (*range(50, 60), *range(70, 100)):  # 0.2 s are missing
            await socket.send_str(frame(n / 50, LOUD, CALLER))
            await socket.send_str(frame(n / 50, bytes(640), AGENT, silent=True))
        await eventually(lambda: _is(length(CALLER), HEADER + 100 * 640))
        await socket.send_str(frame(0.5, LOUD, CALLER))  # twice
    report = await last_report(emulator, call)
    caller, agent = await content_of(transcripts, names[CALLER]), await content_of(transcripts, names[AGENT])
    assert caller[HEADER:] == LOUD * 60 + bytes(640) * 10 + LOUD * 30
    assert agent[HEADER:] == bytes(640 * 50)
    assert {each["participant"]: (each["blob"], each["seconds"]) for each in report["files"]} == {
        CALLER: (names[CALLER], 2.0),
        AGENT: (names[AGENT], 1.0),
    }
    assert report["talkers"] == [{"participant": CALLER, "seconds": 2.0, "overlap": 0.0}]
    with wave.open(io.BytesIO(caller)) as opened:
        assert (opened.getframerate(), opened.getnchannels(), opened.getsampwidth()) == (16_000, 1, 2)
        assert opened.readframes(100_000) == caller[HEADER:]
    assert "+1" not in "".join(names.values())


async def _is(finding: Any, expected: object) -> bool:
    return bool(await finding == expected)


def _reports(emulator: Emulator, call: Call, count: int) -> bool:
    return len(reported(emulator, call, "AudioReceived")) == count


async def test_a_new_socket_continues_the_file(
    make_peer: MakePeer, call: Call, transcripts: ContainerClient, emulator: Emulator
) -> None:
    for start in (0, 5):
        peer = await make_peer(MEDIA_SINKS="audio")  # another process, after the first has died
        async with peer.open("audio", call) as socket:
            await socket.send_str(audio_metadata(f"a{start}"))
            for n in range(10):
                await socket.send_str(frame(start + n / 50, LOUD))
        await eventually(partial(_reports, emulator, call, 1 + start // 5))
    stored = await content_of(transcripts, name_of(call.id, ""))
    assert stored[HEADER:] == LOUD * 10 + bytes(640 * 240) + LOUD * 10


async def test_a_sink_answers_by_sound_and_stops(make_peer: MakePeer, call: Call) -> None:
    peer = await make_peer(MEDIA_SINKS="samples.echo:Echo")
    async with peer.open("audio", call) as socket:
        await socket.send_str(audio_metadata())
        for n in range(50):
            await socket.send_str(frame(n / 50, LOUD, CALLER))
        for n in range(50, 90):
            await socket.send_str(frame(n / 50, bytes(640), CALLER, silent=True))
        answer = json.loads(await socket.receive_str(timeout=10))
        assert answer["Kind"] == "AudioData"
        assert len(answer["AudioData"]["Data"]) > 50 * 640
        await socket.send_str(frame(1.8, LOUD, CALLER))
        assert json.loads(await socket.receive_str(timeout=10)) == {
            "Kind": "StopAudio",
            "AudioData": None,
            "StopAudio": {},
        }


async def test_a_sink_that_does_not_exist_is_named_at_the_start(environment: dict[str, str]) -> None:
    for wrong in ("tlak", "samples.echo:Ecco", "no.such:Sink"):
        with pytest.raises(NoSink, match=wrong):
            Service(environment | {"MEDIA_SINKS": wrong})
