"""Recognition of keys, speech and choices. ACS takes no ``Repeatability-Request-ID`` for it."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from azure.communication.callautomation import RecognitionChoice, RecognizeInputType

from shared.acs.context import Context, Executors
from shared.acs.identifiers import identifier
from shared.acs.prompts import play_source
from shared.calls.actions import Choice, Recognize
from shared.calls.capabilities import Call
from shared.calls.effect import Effect
from shared.calls.event import Event
from shared.calls.tones import tones_of

INPUT_TYPES: Mapping[str, RecognizeInputType] = MappingProxyType(
    {
        "keys": RecognizeInputType.DTMF,
        "speech": RecognizeInputType.SPEECH,
        "keysOrSpeech": RecognizeInputType.SPEECH_OR_DTMF,
        "choices": RecognizeInputType.CHOICES,
    }
)


async def recognize(context: Context, call: Call, effect: Effect, action: Recognize) -> Event:
    await context.connection_once(call).start_recognizing_media(
        INPUT_TYPES[action.kind],
        identifier(action.target),
        initial_silence_timeout=action.initial_silence_seconds,
        interrupt_prompt=action.interruptible,
        operation_context=effect.id,
        **_prompt(context, action),
        **_options(action),
    )
    return context.performed(effect)


def _prompt(context: Context, action: Recognize) -> dict[str, Any]:
    return {"play_prompt": play_source(context, action.source)} if action.source else {}


def _options(action: Recognize) -> dict[str, Any]:
    """Those of the kind of input; ACS and the SDK ignore the others."""
    language = {"speech_language": action.language} if action.language else {}
    return language | {
        "dtmf_max_tones_to_collect": action.max_keys,
        "dtmf_inter_tone_timeout": action.inter_key_seconds,
        "dtmf_stop_tones": tones_of(action.stop_keys),
        "end_silence_timeout": action.end_silence_seconds,
        "choices": [_choice(each) for each in action.choices],
    }


def _choice(choice: Choice) -> RecognitionChoice:
    tone = tones_of(choice.key)[0] if choice.key else None
    return RecognitionChoice(label=choice.label, phrases=list(choice.phrases), tone=tone)


EXECUTORS: Executors = {Recognize: recognize}
