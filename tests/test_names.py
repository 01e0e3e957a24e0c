"""The words of the code and its documents: names that were given up do not come back."""

from __future__ import annotations

import io
import re
import subprocess
import tokenize
from collections import Counter
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
TEXT = {".bicep", ".in", ".js", ".json", ".kql", ".md", ".ps1", ".py", ".sh", ".toml", ".txt", ".yaml", ".yml", ""}
NOT_SEARCHED = {
    "tests/test_names.py": "lists the words",
    "CHANGELOG.md": "its history names what was renamed",
}

# Names that are no English words: they stand in no file. The value is the name that replaced it.
GONE = {
    "Rang": "IncomingCallReceived",
    "Woken": "TimerFired",
    "Crowd": "CallLock",
    "QUIET": "IDLE_TIMEOUTS",
    "PROVES": "IMPLIED_STATE",
    "_grown": "backoff",
    "_bury": "move_to_poison",
    "_HOW": "EXECUTORS",
    "sign_in.py": "token_validation.py",
    "AsWhom": "PerRequestBearerPolicy",
    "Mishaps": "FaultInjector",
    "keep_aside": "quarantine",
    "kept.py": "replay.py",
    "legible": "replace_surrogates",
    "next_look": "next_check_at",
    "wake_at": "next_check_at",
    "next_wake": "next_timer_at",
    "told_by": "source_event",
    "heard_at": "last_event_at",
    "took_part": "all_participants",
    "unrecorded": "on_recording_failure",
    "kept aside": "quarantined",
}

# Names that are English words too: no class, function, variable or argument of the Python code has them.
NO_NAMES = {
    "Desk": "CallLock",
    "Performer": "EffectExecutor",
    "PATIENCE": "OUTCOME_TIMEOUTS",
    "Kept": "StoredEvent",
    "stretches": "partition_ranges",
    "Ask": "RequestContext",
    "Made": "Result",
    "Gate": "Authorizer",
    "Limits": "RateLimiter",
    "Patient": "DiagnosisContext",
    "People": "CalleeBehaviour",
    "Asked": "GraphRequest or HttpRequest",
    "Refusal": "ErrorEntry",
    "Refused": "RequestRejected or UpstreamError",
    "Found": "CallStateFetched",
    "Mishap": "NetworkFault",
    "Verdict": "Disposition or CheckStatus",
    "plainly": "map_sdk_errors",
    "Life": "CallDriver or RunResult",
    "ground": "a fixture",
    "rig": "a client",
    "nature": "patches",
    "told": "logged, or what it holds",
    "tell": "emit",
    "tells": "emit",
    "ours": "what it holds",
    "nobody": "what it stands for",
    "somebody": "what it stands for",
}

EXCEPTIONS = {  # by file and word
    ("docs/decisions/0018-functions-share-nothing-but-storage.md", "Crowd"): "why it was removed",
    ("docs/operations.md", "unrecorded"): "the English word, of calls",
    ("shared/directory/people.py", "People"): "the part of the directory for users; Graph's docs call them people too",
    ("shared/directory/directory.py", "People"): "the same",
    ("emulator/eventgrid/attempts.py", "PATIENCE"): "a time limit of HTTP requests, not of operations",
}

# Words of prose that a technical text seldom needs. The numbers may only fall.
MOST = {"told": 9, "tells": 3, "tell": 2, "nobody": 5, "somebody": 1, "whoever": 4, "ours": 15, "what is": 50}


@cache
def texts() -> dict[str, str]:
    """The tracked text files."""
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True)  # noqa: S607
    paths = [path for path in listed.stdout.splitlines() if Path(path).suffix in TEXT and path not in NOT_SEARCHED]
    return {path: (ROOT / path).read_text(encoding="utf-8") for path in paths if (ROOT / path).is_file()}


@cache
def prose() -> dict[str, Counter[str]]:
    """How often each word of ``MOST`` stands in each file, in any case."""
    words = re.compile(rf"\b(?:{'|'.join(MOST)})\b(?!-)")  # not the names of scenarios, such as nobody-answers
    return {path: Counter(words.findall(text.lower())) for path, text in texts().items()}


def files_with(word: str) -> set[str]:
    """The files in which it stands as a whole word, with case, except where that is allowed."""
    whole = re.compile(rf"\b{re.escape(word)}\b")
    found = {path for path, text in texts().items() if word in text and whole.search(text)}
    return {path for path in found if (path, word) not in EXCEPTIONS}


@cache
def names_in(path: str) -> frozenset[str]:
    return names_of(texts()[path])


def names_of(code: str) -> frozenset[str]:
    """The names in Python code, without the words of strings and comments."""
    tokens = tokenize.generate_tokens(io.StringIO(code).readline)
    return frozenset(token.string for token in tokens if token.type == tokenize.NAME)


@pytest.mark.parametrize("word", GONE)
def test_a_name_that_was_given_up_stands_in_no_file(word: str) -> None:
    assert files_with(word) == set(), f"{word} is called {GONE[word]} now"


@pytest.mark.parametrize("word", NO_NAMES)
def test_a_word_of_prose_names_nothing(word: str) -> None:
    found = {path for path in files_with(word) if path.endswith(".py") and word in names_in(path)}
    assert found == set(), f"{word} is called {NO_NAMES[word]} now"


@pytest.mark.parametrize("word", MOST)
def test_prose_uses_standard_terms(word: str) -> None:
    counts = Counter({path: counted[word] for path, counted in prose().items()})
    assert counts.total() <= MOST[word], f"{word}: {+counts}"


@pytest.mark.parametrize(("path", "word"), EXCEPTIONS)
def test_every_exception_is_needed(path: str, word: str) -> None:
    assert word in (names_in(path) if word in NO_NAMES else texts()[path])


def test_the_search_distinguishes_names_from_prose() -> None:
    assert names_of("told = Kept('tells')  # ours") == {"told", "Kept"}
    assert "shared/calls/event.py" in files_with("TimerFired")
