"""Voices, prompts and phrases as tones, and sound that was streamed, in frames of 20 ms and in WAV files.

A tone's frequency is a multiple of 50 Hz, so that each 20 ms frame of it is the same as the next: a
recording of hours costs no more than a few frames, repeated. Samples are little-endian, 16 bits each.
"""

from __future__ import annotations

import itertools
import math
import sys
import wave
from array import array
from collections.abc import Iterable, Sequence
from functools import cache, lru_cache
from pathlib import Path
from typing import BinaryIO

SAMPLE_RATE = 16_000
FRAMES_PER_SECOND = 50
FRAME_SAMPLES = SAMPLE_RATE // FRAMES_PER_SECOND
AMPLITUDE = 6_000
_CHUNK = 500  # frames written at once: ten seconds

Frame = tuple[int, ...]
Tones = tuple[int | bytes, ...]  # what sounds together: frequencies, and frames of streamed sound at 16 kHz
Run = tuple[int, list[Tones]]  # how many frames, and what sounds on each channel

# Those of prompts and phrases: none is a voice's, and none would be lost at 16 kHz.
PITCHES = tuple(hertz for hertz in range(350, 6_300, 50) if hertz % 150)


def frequency(voice: int) -> int:
    """Hertz of the n-th voice: 300, 450, 600…"""
    return 300 + 150 * (voice % 40)


@cache
def tone(frequency: int, rate: int = SAMPLE_RATE) -> Frame:
    """One frame of a tone."""
    step = 2 * math.pi * frequency / rate
    return tuple(round(AMPLITUDE * math.sin(step * n)) for n in range(rate // FRAMES_PER_SECOND))


@lru_cache(maxsize=4096)
def mixed(tones: Tones, rate: int = SAMPLE_RATE) -> bytes:
    """One frame of what sounds together, cut off where it would be too loud."""
    return _bytes(array("h", _mix(tones, rate)))


def frames(pcm: bytes, rate: int) -> list[bytes]:
    """Sound of any length as frames at 16 kHz; silence fills the last one. An odd byte at the end is dropped."""
    whole = resampled(pcm[: len(pcm) // 2 * 2], rate, SAMPLE_RATE)
    size = 2 * FRAME_SAMPLES
    return [whole[at : at + size].ljust(size, b"\0") for at in range(0, len(whole), size)]


@lru_cache(maxsize=4096)
def resampled(pcm: bytes, rate: int, wanted: int) -> bytes:
    """The same sound at another rate, by linear interpolation."""
    if rate == wanted:
        return pcm
    samples = _samples(pcm)
    last, step = len(samples) - 1, rate / wanted
    moments = (n * step for n in range(len(samples) * wanted // rate))
    return _bytes(array("h", (_between(samples, at, last) for at in moments)))


def _between(samples: Sequence[int], at: float, last: int) -> int:
    first = min(int(at), last)
    return round(samples[first] + (samples[min(first + 1, last)] - samples[first]) * (at - first))


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


def _mix(tones: Tones, rate: int = SAMPLE_RATE) -> Frame:
    count = rate // FRAMES_PER_SECOND
    sums = (sum(at) for at in zip(*(_frame(one, rate) for one in tones), strict=True)) if tones else (0,) * count
    return tuple(max(-32_768, min(32_767, value)) for value in sums)


def _frame(sound: int | bytes, rate: int) -> Sequence[int]:
    return tone(sound, rate) if isinstance(sound, int) else _samples(resampled(sound, SAMPLE_RATE, rate))


def _samples(pcm: bytes) -> array[int]:
    samples = array("h", pcm)
    if sys.byteorder == "big":
        samples.byteswap()
    return samples


def _bytes(samples: array[int]) -> bytes:
    if sys.byteorder == "big":
        samples.byteswap()
    return samples.tobytes()
