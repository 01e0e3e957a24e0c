"""Which of the choices of a recognition was pressed or said."""

from __future__ import annotations

import re
from typing import Any

Choice = dict[str, Any]


def choice_of_key(choices: list[Choice], tone: str) -> Choice | None:
    return next((choice for choice in choices if choice.get("tone") == tone), None)


def choice_of_phrase(choices: list[Choice], speech: str) -> tuple[Choice | None, str | None]:
    """The choice with a phrase that was said, alone or in a sentence, and that phrase; the longest one wins."""
    said = f" {_words(speech)} "
    phrases = [(phrase, choice) for choice in choices for phrase in choice["phrases"] if _words(phrase)]
    matches = [(phrase, choice) for phrase, choice in phrases if f" {_words(phrase)} " in said]
    phrase, choice = max(matches, key=lambda match: len(match[0]), default=(None, None))
    return choice, phrase


def _words(text: str) -> str:
    """The words alone, in lower case."""
    return " ".join(re.findall(r"\w+", text.lower()))
