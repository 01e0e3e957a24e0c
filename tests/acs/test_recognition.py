"""Recognition: the requests to ACS."""

from __future__ import annotations

from typing import Any

import pytest

from emulator.server import Emulator
from shared.acs.executor import EffectExecutor
from shared.calls.actions import Choice, Recognize
from shared.calls.capabilities import Call
from shared.calls.event import ActionPerformed
from tests.support import an_effect, asked

CALLER = "4:+12065551212"
CHOICE = Choice("Confirm", ("yes", "ok"), "1")


@pytest.mark.parametrize(
    ("action", "input_type", "options"),
    [
        (
            Recognize(CALLER, "keys", max_keys=4, inter_key_seconds=3, stop_keys="#*"),
            "dtmf",
            {
                "dtmfOptions": {
                    "interToneTimeoutInSeconds": 3,
                    "maxTonesToCollect": 4,
                    "stopTones": ["pound", "asterisk"],
                }
            },
        ),
        (
            Recognize(CALLER, "speech", end_silence_seconds=2, language="de-DE"),
            "speech",
            {"speechOptions": {"endSilenceTimeoutInMs": 2000}, "speechLanguage": "de-DE"},
        ),
        (
            Recognize(CALLER, "keysOrSpeech"),
            "speechOrDtmf",
            {
                "dtmfOptions": {"interToneTimeoutInSeconds": 2, "maxTonesToCollect": 1, "stopTones": []},
                "speechOptions": {"endSilenceTimeoutInMs": 1000},
            },
        ),
        (
            Recognize(CALLER, "choices", choices=(CHOICE, Choice("Cancel", ("no",)))),
            "choices",
            {
                "choices": [
                    {"label": "Confirm", "phrases": ["yes", "ok"], "tone": "one"},
                    {"label": "Cancel", "phrases": ["no"]},
                ]
            },
        ),
    ],
    ids=["keys", "speech", "keys or speech", "choices"],
)
async def test_each_kind_of_input_has_its_own_options(
    executor: EffectExecutor,
    answered_call: Call,
    emulator: Emulator,
    *,
    action: Recognize,
    input_type: str,
    options: dict[str, Any],
) -> None:
    effect = an_effect(action)
    outcome = (await executor.perform(answered_call, effect, 8)).data
    assert isinstance(outcome, ActionPerformed), outcome
    body = asked(emulator, "Recognize")[0]["body"]
    assert (body["recognizeInputType"], body["operationContext"]) == (input_type, effect.id)
    sent = body["recognizeOptions"]
    assert sent.pop("targetParticipant")["rawId"] == CALLER
    assert sent == {"interruptPrompt": True, "initialSilenceTimeoutInSeconds": 5} | options
    assert "playPrompt" not in body


async def test_a_prompt_is_played_first(executor: EffectExecutor, answered_call: Call, emulator: Emulator) -> None:
    action = Recognize(CALLER, "keys", source="Press a key.", interruptible=False)
    await executor.perform(answered_call, an_effect(action), 8)
    body = asked(emulator, "Recognize")[0]["body"]
    assert body["playPrompt"]["text"]["text"] == "Press a key."
    assert body["recognizeOptions"]["interruptPrompt"] is False
