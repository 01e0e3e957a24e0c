"""Voices, prompts and phrases as tones, in WAV files of the standard library's making.

A tone's frequency is a multiple of 50 Hz, so that each 20 ms frame of it is the same as the next: a
recording of hours costs no more than a few frames, repeated.
"""

from __future__ import annotations

import itertools
import math
import sys
import wave
from array import array
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import BinaryIO

SAMPLE_RATE = 16_000
FRAMES_PER_SECOND = 50
FRAME_SAMPLES = SAMPLE_RATE // FRAMES_PER_SECOND
AMPLITUDE = 6_000
_CHUNK = 500  # frames written at once: ten seconds

Frame = tuple[int, ...]
Tones = tuple[int, ...]  # the frequencies that sound together
Run = tuple[int, list[Tones]]  # how many frames, and what sounds on each channel

# Those of prompts and phrases: none is a voice's, and none would be lost at 16 kHz.
PITCHES = tuple(hertz for hertz in range(350, 6_300, 50) if hertz % 150)


def frequency(voice: int) -> int:
    """Hertz of the n-th voice: 300, 450, 600…"""
    return 300 + 150 * (voice % 40)


@cache
def tone(frequency: int) -> Frame:
    """One frame of a tone."""
    step = 2 * math.pi * frequency / SAMPLE_RATE
    return tuple(round(AMPLITUDE * math.sin(step * n)) for n in range(FRAME_SAMPLES))


def write(path: Path | BinaryIO, runs: Iterable[Run], *, mixed: bool) -> int:
    """Write a WAV file with the channels of the runs, or with all of them on one. Returns the frames written."""
    written = 0
    with wave.open(str(path) if isinstance(path, Path) else path, "wb") as file:
        file.setsampwidth(2)
        file.setframerate(SAMPLE_RATE)
        file.setnchannels(1)
        for frames, channels in runs:
            if not mixed and not written:
                file.setnchannels(max(1, len(channels)))
            _write_run(file, frames, _interleave([tuple(itertools.chain(*channels))] if mixed else channels or [()]))
            written += frames
    return written


def _write_run(file: wave.Wave_write, frames: int, data: bytes) -> None:
    for start in range(0, frames, _CHUNK):
        file.writeframesraw(data * min(_CHUNK, frames - start))


def _interleave(channels: list[Tones]) -> bytes:
    samples = array("h", bytes(2 * FRAME_SAMPLES * len(channels)))
    for channel, tones in enumerate(channels):
        samples[channel :: len(channels)] = array("h", _mix(tones))
    return _bytes(samples)


def _mix(tones: Tones) -> Frame:
    """One frame of tones together, cut off where it would be too loud."""
    sums = (sum(at) for at in zip(*map(tone, tones), strict=True)) if tones else itertools.repeat(0, FRAME_SAMPLES)
    return tuple(max(-32_768, min(32_767, value)) for value in sums)


def _bytes(samples: array[int]) -> bytes:
    if sys.byteorder == "big":
        samples.byteswap()
    return samples.tobytes()
