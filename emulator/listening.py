"""What sounds in a WAV file of the emulator's, and when: for tests and demonstrations.

The sounds of a call are pure tones. Their names and frequencies come from ``GET /_emulator/calls/{id}/sounds``; the
files are recordings, and what a party heard: ``GET /_emulator/calls/{id}/heard/{rawId}``.
"""

from __future__ import annotations

import io
import itertools
import math
import sys
import wave
from array import array
from collections.abc import Iterator, Mapping
from functools import cache, lru_cache
from typing import NamedTuple

from emulator.acs.audio import AMPLITUDE, FRAME_SAMPLES, FRAMES_PER_SECOND, SAMPLE_RATE
from emulator.journal_words import party, quoted

_VOICES = ("4:", "8:", "28:")  # they are named by raw ids

Sounds = Mapping[str, int]  # frequencies in hertz, by name


class Passage(NamedTuple):
    """A part of a file in which the same sounds are heard, in seconds from its beginning."""

    start: float
    end: float
    names: frozenset[str]


def heard(
    wav: bytes, sounds: Sounds, start: float = 0.0, end: float | None = None, *, channel: int | None = None
) -> set[str]:
    """The sounds that are heard at any moment from ``start`` to ``end``, on one channel or on any."""
    found = (each.names for each in passages(wav, sounds, channel=channel) if _overlaps(each, start, end))
    return {name for names in found for name in names}


def passages(wav: bytes, sounds: Sounds, *, channel: int | None = None) -> list[Passage]:
    """The file from beginning to end, cut where a sound begins or ends."""
    names = [
        frozenset(name for name, hertz in sounds.items() if hertz in tones) for tones in _tones(wav, sounds, channel)
    ]
    cut, at = [], 0
    for same, frames in itertools.groupby(names):
        first, at = at, at + len(list(frames))
        cut.append(Passage(first / FRAMES_PER_SECOND, at / FRAMES_PER_SECOND, same))
    return cut


def lines(wav: bytes, sounds: Sounds) -> Iterator[str]:
    """The file in words: a line for each passage."""
    for start, end, names in passages(wav, sounds):
        heard = ", ".join(party(name) if name.startswith(_VOICES) else quoted(name) for name in sorted(names))
        yield f"{start:8.2f} s to {end:8.2f} s  {heard or 'silence'}"


def as_wav(pcm: bytes) -> bytes:
    """A WAV file of one channel, of samples at 16 kHz such as those of a stream."""
    file = io.BytesIO()
    with wave.open(file, "wb") as wav:
        wav.setnchannels(1)
        wav.setsampwidth(2)
        wav.setframerate(SAMPLE_RATE)
        wav.writeframes(pcm)
    return file.getvalue()


def _overlaps(passage: Passage, start: float, end: float | None) -> bool:
    return passage.end > start and (end is None or passage.start < end)


def _tones(wav: bytes, sounds: Sounds, channel: int | None) -> Iterator[frozenset[int]]:
    """The frequencies in each frame of 20 ms."""
    wanted = tuple(sorted(set(sounds.values())))
    with wave.open(io.BytesIO(wav)) as file:
        channels = range(file.getnchannels()) if channel is None else [channel]
        for _ in range(file.getnframes() // FRAME_SAMPLES):
            samples = array("h", file.readframes(FRAME_SAMPLES))
            if sys.byteorder == "big":
                samples.byteswap()
            each = (samples[number :: file.getnchannels()].tobytes() for number in channels)
            yield frozenset(itertools.chain.from_iterable(_frequencies(one, wanted) for one in each))


@lru_cache(maxsize=4096)
def _frequencies(frame: bytes, wanted: tuple[int, ...]) -> frozenset[int]:
    samples = array("h", frame)
    return frozenset(hertz for hertz in wanted if _amplitude(samples, hertz) > AMPLITUDE / 2)


def _amplitude(samples: array[int], hertz: int) -> float:
    """How loud a frequency is: one term of the Fourier transform."""
    cosines, sines = _waves(hertz)
    real = sum(sample * value for sample, value in zip(samples, cosines, strict=True))
    imaginary = sum(sample * value for sample, value in zip(samples, sines, strict=True))
    return 2 * math.hypot(real, imaginary) / FRAME_SAMPLES


@cache
def _waves(hertz: int) -> tuple[tuple[float, ...], tuple[float, ...]]:
    angles = [2 * math.pi * hertz * n / SAMPLE_RATE for n in range(FRAME_SAMPLES)]
    return tuple(map(math.cos, angles)), tuple(map(math.sin, angles))
