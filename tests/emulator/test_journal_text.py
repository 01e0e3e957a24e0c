"""The journal as a person reads it: operations, callbacks and parties in a few words, whatever the wire brought."""

from __future__ import annotations

from typing import Any

import pytest

from emulator import journal_words as words
from emulator.journal_text import PLAIN, lines

NUMBER = {"phoneNumber": {"value": "+12065551212"}}
AGENT = {"teamsExtensionUser": {"userId": "22222222-1111", "tenantId": "t", "resourceId": "r"}}
PROMPT = {"kind": "text", "text": {"text": "Welcome to Contoso.\n How can we help you today, please?"}}
MUSIC = {"kind": "file", "file": {"uri": "https://files.example/music.wav?v=2"}}


@pytest.mark.parametrize(
    ("raw_id", "expected"),
    [
        ("4:+12065551212", "+12065551212"),
        ("8:acs:resource_tenant_22222222-1111", "agent 22222222"),
        ("8:acs:resource_33333333-1111", "ACS user 33333333"),
        ("8:orgid:44444444-1111", "Teams user 44444444"),
        ("28:orgid:55555555-1111", "Teams app 55555555"),
        ("something else", "something else"),
    ],
)
def test_a_party_is_named_by_its_kind(raw_id: str, expected: str) -> None:
    assert words.party(raw_id) == expected


@pytest.mark.parametrize(
    ("operation", "body", "expected"),
    [
        ("AddParticipant", {"participantToAdd": AGENT}, "agent 22222222"),
        ("Play", {"playSources": [PROMPT]}, "“Welcome to Contoso. How can we help you…”"),
        (
            "Play",
            {"playSources": [MUSIC], "playTo": [NUMBER, AGENT], "playOptions": {"loop": True}},
            "music.wav in a loop to +12065551212, agent 22222222",
        ),
        (
            "Recognize",
            {
                "recognizeInputType": "speechOrDtmf",
                "recognizeOptions": {"targetParticipant": NUMBER},
                "playPrompts": [MUSIC],
            },
            "keys or speech of +12065551212 after music.wav",
        ),
        ("SendDtmfTones", {"tones": ["one", "pound"], "targetParticipant": NUMBER}, "1 # to +12065551212"),
        ("TransferToParticipant", {"targetParticipant": AGENT}, "to agent 22222222"),
        (
            "TransferToParticipant",
            {"targetParticipant": AGENT, "transferee": NUMBER},
            "+12065551212 to agent 22222222",
        ),
        ("Mute", {"targetParticipants": [AGENT]}, "agent 22222222"),
        ("AnswerCall", {"incomingCallContext": "x"}, ""),
    ],
)
def test_a_request_in_words(operation: str, body: Any, expected: str) -> None:
    assert words.request(operation, body) == expected


@pytest.mark.parametrize(
    ("type", "data", "expected"),
    [
        (
            "ParticipantsUpdated",
            {"participants": [{"isOnHold": True}, {}, {"isMuted": True}]},
            "3 present, 1 on hold, 1 muted",
        ),
        ("RecognizeCompleted", {"dtmfResult": {"tones": ["one", "two"]}}, "keys 1 2"),
        ("RecognizeCompleted", {"speechResult": {"speech": "help"}}, "“help”"),
        ("RecognizeCompleted", {"choiceResult": {"label": "sales"}}, "sales"),
        (
            "AddParticipantFailed",
            {"participant": AGENT, "resultInformation": {"code": 603, "subCode": 560603}},
            "agent 22222222, 603/560603",
        ),
        ("CallTransferAccepted", {"transferee": NUMBER, "transferTarget": AGENT}, "+12065551212 to agent 22222222"),
        ("PlayCompleted", {"resultInformation": {"code": 200}}, ""),
    ],
)
def test_a_callback_in_words(type: str, data: Any, expected: str) -> None:
    assert words.callback(type, data) == expected


@pytest.mark.parametrize("wrong", [None, [], "x", 7, {}, {"participantToAdd": 7}, {"playSources": [{}], "tones": [1]}])
def test_what_cannot_be_described_is_left_out(wrong: Any) -> None:
    for operation in ("AddParticipant", "Play", "Recognize", "SendDtmfTones", "TransferToParticipant", "Mute", "Hold"):
        assert words.request(operation, wrong) == ""
    for type in ("ParticipantsUpdated", "RecognizeCompleted", "CallTransferAccepted", "AddParticipantSucceeded"):
        assert words.callback(type, wrong) == ""


def test_a_line_for_each_entry() -> None:
    at = {"at": "2026-11-21T10:00:00.000000Z"}
    entries: list[dict[str, Any]] = [
        {
            "kind": "acs.request",
            "operation": "AddParticipant",
            "body": {"participantToAdd": AGENT},
            "status": 202,
            "error": None,
            "ignored": ["sipHeaders"],
        },
        {"kind": "party", "who": "4:+12065551212", "does": "presses", "what": "pound"},
        {"kind": "party", "who": "4:+12065551212", "does": "says", "what": "Hello"},
        {"kind": "party", "who": "4:+12065551212", "does": "hangs up", "what": ""},
    ]
    text = [line.split("s  ", 1)[1].split("→ ")[1] for line in lines([at | entry for entry in entries], PLAIN)]
    assert text == [
        "ACS                      AddParticipant agent 22222222  202, ignored: sipHeaders",
        "call                     +12065551212 presses #",
        "call                     +12065551212 says “Hello”",
        "call                     +12065551212 hangs up",
    ]
