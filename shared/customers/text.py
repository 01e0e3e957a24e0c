"""Numbers and names as they are written, in the form by which they are found."""

from __future__ import annotations

import re
import unicodedata

MOST_WORDS = 6  # of a name, by whose beginnings it is found
LONGEST_FOLDED = 200  # characters: a key has 512 (UTF-16), and decomposed a name can be longer than it was
_E164 = re.compile(r"\+[1-9][0-9]{4,14}")  # ITU-T E.164: 15 digits at most
_SEPARATORS = re.compile(r"[\s().\-/\u2010-\u2015\u2212\u200b-\u200f\u202a-\u202e]")


def read_number(text: str) -> str | None:
    """A number in E.164 without separators; None if it cannot be read, such as one without its country.

    Read are ``+49 30 1234``, ``+49 (0)30/1234``, ``0049-30-1234``, ``tel:+49-30-1234;ext=5`` (RFC 3966, without the
    extension) and the raw id ``4:+49301234``.
    """
    plain = unicodedata.normalize("NFKC", text).strip().lower().removeprefix("tel:").removeprefix("4:")
    digits = _SEPARATORS.sub("", plain.partition(";")[0].replace("(0)", ""))
    if digits.startswith("00"):
        digits = f"+{digits[2:]}"
    return digits if _E164.fullmatch(digits) else None


def fold(name: str) -> str:
    """A name for comparison: without case, accents and punctuation, with one space between words."""
    decomposed = unicodedata.normalize("NFKD", name.casefold())
    letters = (each for each in decomposed if not unicodedata.combining(each))
    return " ".join("".join(each if each.isalnum() else " " for each in letters).split())[:LONGEST_FOLDED].rstrip()


def beginnings(name: str) -> list[str]:
    """The texts by whose beginnings a name is found: ``Megan Bowen`` by ``megan bowen`` and ``bowen``."""
    words = fold(name).split()
    return [" ".join(words[first:]) for first in range(min(len(words), MOST_WORDS))]
