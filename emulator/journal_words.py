"""Requests, callbacks and parties in a few words, for the journal's text.

The journal keeps what came over the wire, be it well formed or not: whatever can't be described is left out.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from emulator.acs.identifiers import canonical, parse
from emulator.acs.media import sources
from emulator.acs.wire import KEYS

LONGEST = 40  # characters of a text
KINDS = {
    "teamsExtensionUser": "agent",
    "microsoftTeamsUser": "Teams user",
    "microsoftTeamsApp": "Teams app",
    "communicationUser": "ACS user",
}

Json = dict[str, Any]


def request(operation: str, body: Any) -> str:
    """What an operation is asked to do; nothing for one that needs no words."""
    describe = _REQUESTS.get(operation)
    return _safely(describe, body) if describe else ""


def callback(type: str, data: Any) -> str:
    """What a callback says besides its type."""
    about = _safely(_CALLBACKS[type], data) if type in _CALLBACKS else ""
    return ", ".join(filter(None, (about, _safely(_result, data))))


def party(raw_id: str) -> str:
    """A phone number; or the kind of an identity and the beginning of its id."""
    who = parse(raw_id)
    if who["kind"] not in KINDS:
        return str(who["rawId"]).removeprefix("4:")
    id = str(who["rawId"]).rpartition("_" if "_" in who["rawId"] else ":")[2]
    return f"{KINDS[who['kind']]} {id.partition('-')[0]}"


def quoted(text: str) -> str:
    """A text in quotation marks, cut off where it is long."""
    short = " ".join(text.split())
    return f"“{short[: LONGEST - 1]}…”" if len(short) > LONGEST else f"“{short}”"


def keys(tones: list[str]) -> str:
    return " ".join(KEYS[tone] for tone in tones)


def _safely(describe: Callable[[Json], str], value: Any) -> str:
    try:
        return describe(value)
    except (AttributeError, KeyError, TypeError, ValueError):
        return ""


def _model(identifier: Any) -> str:
    return party(str(canonical(identifier)["rawId"])) if identifier else ""


def _source(source: Json) -> str:
    name = sources.name(source)
    return name if source["kind"] == "file" else quoted(name)


def _play(body: Json) -> str:
    what = ", ".join(map(_source, body["playSources"]))
    loop = " in a loop" if (body.get("playOptions") or {}).get("loop") else ""
    to = ", ".join(map(_model, body.get("playTo") or ()))
    return f"{what}{loop}{f' to {to}' if to else ''}"


def _recognize(body: Json) -> str:
    prompts = body.get("playPrompts") or [one for one in (body.get("playPrompt"),) if one]
    after = ", ".join(map(_source, prompts))
    kind = {"dtmf": "keys", "speechOrDtmf": "keys or speech"}.get(
        body["recognizeInputType"], body["recognizeInputType"]
    )
    return f"{kind} of {_model(body['recognizeOptions']['targetParticipant'])}{f' after {after}' if after else ''}"


def _transfer(body: Json) -> str:
    who = _model(body.get("transferee"))
    return f"{who}{' ' if who else ''}to {_model(body['targetParticipant'])}"


def _all(body: Json) -> str:
    return ", ".join(map(_model, body["targetParticipants"]))


def _target(body: Json) -> str:
    return _model(body["targetParticipant"])


_REQUESTS: dict[str, Callable[[Json], str]] = {
    "AddParticipant": lambda body: _model(body["participantToAdd"]),
    "RemoveParticipant": lambda body: _model(body["participantToRemove"]),
    "TransferToParticipant": _transfer,
    "Play": _play,
    "Recognize": _recognize,
    "SendDtmfTones": lambda body: f"{keys(body['tones'])} to {_target(body)}",
    "CreateCall": lambda body: "to " + ", ".join(map(_model, body["targets"])),
    **dict.fromkeys(("Mute", "MoveParticipants"), _all),
    **dict.fromkeys(
        ("Hold", "Unhold", "StartContinuousDtmfRecognition", "StopContinuousDtmfRecognition"),
        _target,
    ),
}


def _participants(data: Json) -> str:
    on_hold = sum(bool(one.get("isOnHold")) for one in data["participants"])
    muted = sum(bool(one.get("isMuted")) for one in data["participants"])
    counts = ((len(data["participants"]), "present"), (on_hold, "on hold"), (muted, "muted"))
    return ", ".join(f"{count} {what}" for count, what in counts if count or what == "present")


def _recognized(data: Json) -> str:
    if dtmf := data.get("dtmfResult"):
        return f"keys {keys(dtmf['tones'])}".rstrip()
    if speech := data.get("speechResult"):
        return quoted(speech["speech"])
    return str(data["choiceResult"]["label"])


_CALLBACKS: dict[str, Callable[[Json], str]] = {
    "ParticipantsUpdated": _participants,
    "CallTransferAccepted": lambda data: f"{_model(data['transferee'])} to {_model(data['transferTarget'])}",
    "RecognizeCompleted": _recognized,
    "ContinuousDtmfRecognitionToneReceived": lambda data: KEYS[data["tone"]],
    "RecordingStateChanged": lambda data: str(data["state"]),
    **dict.fromkeys(
        (
            *("AddParticipantSucceeded", "AddParticipantFailed", "RemoveParticipantSucceeded"),
            *("RemoveParticipantFailed", "MoveParticipantSucceeded", "MoveParticipantFailed"),
        ),
        lambda data: _model(data["participant"]),
    ),
}


def _result(data: Json) -> str:
    """The codes of a failure."""
    result = data.get("resultInformation") or {}
    failed = result.get("code", 200) != 200  # noqa: PLR2004
    return f"{result['code']}/{result.get('subCode', 0)}" if failed else ""
