"""Talk statistics: who talks how long, over whom, and dead air."""

from __future__ import annotations

import random
from array import array
from datetime import UTC, datetime, timedelta

import pytest

from media.audio.talk import Talk
from media.wire import Frame

START = datetime(2026, 11, 21, 9, tzinfo=UTC)
CALLER, AGENT = "4:+12065551212", "8:acs:agent"
SPEECH = array("h", [0, 4000, 0, -4000] * 80).tobytes()
NOISE = array("h", [0, 100, 0, -100] * 80).tobytes()
SILENT = bytes(640)


def frames(participant: str, start: float, end: float, pcm: bytes) -> list[Frame]:
    times = [n / 50 for n in range(round(start * 50), round(end * 50))]
    return [Frame(pcm, START + timedelta(seconds=at), participant, silent=pcm is SILENT) for at in times]


CONVERSATION = [
    *frames(CALLER, 0, 4, SPEECH),
    *frames(CALLER, 4, 10, NOISE),
    *frames(AGENT, 0, 3, SILENT),
    *frames(AGENT, 3, 6, SPEECH),
    *frames(AGENT, 6, 10, SILENT),
]


async def measured(*batches: list[Frame]) -> dict[str, object]:
    talk = Talk()
    for batch in batches:
        await talk.take([*batch])
    await talk.close()
    found = talk.results()
    return found | {"talkers": {each.participant: (each.seconds, each.overlap) for each in found["talkers"]}}


EXPECTED = {"talkers": {CALLER: (4.0, 1.0), AGENT: (3.0, 1.0)}, "silence": 4.0, "longest_silence": 4.0}


async def test_talk_overlap_and_dead_air_are_measured() -> None:
    assert await measured(CONVERSATION) == EXPECTED


async def test_the_result_is_the_same_for_every_batch_and_order_of_participants() -> None:
    by_time = sorted(CONVERSATION, key=lambda each: each.at)
    assert await measured(*([each] for each in by_time)) == EXPECTED
    dice = random.Random(1)  # noqa: S311
    shaken = sorted(by_time, key=lambda each: each.at + dice.uniform(0, 0.5))
    assert await measured(*(shaken[n : n + 40] for n in range(0, len(shaken), 40))) == EXPECTED


async def test_a_frame_that_comes_twice_counts_once() -> None:
    assert await measured(CONVERSATION + CONVERSATION) == EXPECTED


async def test_a_pause_between_words_belongs_to_the_talk_and_is_no_dead_air() -> None:
    words = [*frames(CALLER, 0, 1, SPEECH), *frames(CALLER, 1, 1.3, SILENT), *frames(CALLER, 1.3, 2, SPEECH)]
    assert await measured(words) == {"talkers": {CALLER: (2.0, 0.0)}, "silence": 0.0, "longest_silence": 0.0}


async def test_audio_that_never_came_is_no_dead_air() -> None:
    found = await measured([*frames(CALLER, 0, 1, SPEECH), *frames(CALLER, 60, 61, SPEECH)])
    assert found == {"talkers": {CALLER: (2.0, 0.0)}, "silence": 0.0, "longest_silence": 0.0}


@pytest.mark.parametrize("pcm", [b"", SILENT, NOISE])
async def test_noise_is_no_talk(pcm: bytes) -> None:
    assert (await measured(frames("", 0, 2, pcm)))["talkers"] == {}
