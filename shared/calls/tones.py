"""DTMF tones: the keys, and how Call Automation writes them (REST API 2026-03-12, ``DtmfTone``)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType

UNKNOWN = "?"

_TONES: Mapping[str, str] = MappingProxyType(
    {
        "0": "zero",
        "1": "one",
        "2": "two",
        "3": "three",
        "4": "four",
        "5": "five",
        "6": "six",
        "7": "seven",
        "8": "eight",
        "9": "nine",
        "*": "asterisk",
        "#": "pound",
        "A": "a",
        "B": "b",
        "C": "c",
        "D": "d",
    }
)
_KEYS = {tone: key for key, tone in _TONES.items()}


def tones_of(keys: str) -> list[str]:
    """The tones of keys (``12#``), in either case of letters. Raises KeyError."""
    return [_TONES[key] for key in keys.upper()]


def keys_of(tones: Iterable[str]) -> str:
    """The keys of tones; ``?`` for one that is not in the specification."""
    return "".join(_KEYS.get(tone.lower(), UNKNOWN) for tone in tones)
