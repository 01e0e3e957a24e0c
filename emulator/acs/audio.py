"""Voices and their recording: tones in a WAV file of the standard library's making.

A tone's frequency is a multiple of 50 Hz, so that each 20 ms frame of it is the same as the next: a
recording of hours costs no more than a few frames, repeated.
"""

from __future__ import annotations

import math
import sys
import wave
from array import array
from collections.abc import Iterable
from functools import cache
from pathlib import Path

SAMPLE_RATE = 16_000
FRAMES_PER_SECOND = 50
FRAME_SAMPLES = SAMPLE_RATE // FRAMES_PER_SECOND
AMPLITUDE = 6_000
_CHUNK = 500  # frames written at once: ten seconds

Frame = tuple[int, ...]
Run = tuple[int, list[int | None]]  # how many frames, and which voice is on each channel


def frequency(voice: int) -> int:
    """Hertz of the n-th voice: 300, 450, 600…"""
    return 300 + 150 * (voice % 40)


@cache
def tone(voice: int | None) -> Frame:
    """One frame of a voice, or of silence."""
    if voice is None:
        return (0,) * FRAME_SAMPLES
    step = 2 * math.pi * frequency(voice) / SAMPLE_RATE
    return tuple(round(AMPLITUDE * math.sin(step * n)) for n in range(FRAME_SAMPLES))


def write(path: Path, runs: Iterable[Run], *, mixed: bool) -> int:
    """Write a WAV file with a channel per voice, or with all of them on one. Returns the frames written."""
    written = 0
    with wave.open(str(path), "wb") as file:
        file.setsampwidth(2)
        file.setframerate(SAMPLE_RATE)
        file.setnchannels(1)
        for frames, voices in runs:
            if not mixed and not written:
                file.setnchannels(max(1, len(voices)))
            _write_run(file, frames, _mix(voices) if mixed else _interleave(voices or [None]))
            written += frames
    return written


def _write_run(file: wave.Wave_write, frames: int, data: bytes) -> None:
    for start in range(0, frames, _CHUNK):
        file.writeframesraw(data * min(_CHUNK, frames - start))


def _interleave(voices: list[int | None]) -> bytes:
    samples = array("h", bytes(2 * FRAME_SAMPLES * len(voices)))
    for channel, voice in enumerate(voices):
        samples[channel :: len(voices)] = array("h", tone(voice))
    return _bytes(samples)


def _mix(voices: list[int | None]) -> bytes:
    tones = [tone(voice) for voice in voices if voice is not None] or [tone(None)]
    sums = (sum(at) for at in zip(*tones, strict=True))
    return _bytes(array("h", (max(-32_768, min(32_767, value)) for value in sums)))


def _bytes(samples: array[int]) -> bytes:
    if sys.byteorder == "big":
        samples.byteswap()
    return samples.tobytes()
