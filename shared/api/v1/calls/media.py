"""Media of a call: prompts and music, recognition, tones, media streaming and transcription.

Prompts, music and recognitions are carried out one after the other. The generic cancellation of operations cancels one.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from shared.api.problems import Problem
from shared.api.route import AGENTS, RequestContext, Result, Route, Strict
from shared.api.v1.calls.access import visible_call
from shared.api.v1.calls.command import submitted
from shared.api.v1.calls.media_view import MediaView, media_of
from shared.api.v1.calls.models import OperationState
from shared.api.v1.calls.parameters import OF_CALL
from shared.api.v1.calls.sources import Source, require_speech, source_of
from shared.api.v1.calls.targets import Target, raw_id_of
from shared.calls.actions import (
    AnyAction,
    Choice,
    Music,
    Play,
    Recognize,
    SendDtmf,
    StartContinuousDtmf,
    StartMediaStreaming,
    StartTranscription,
    StopContinuousDtmf,
    StopMediaStreaming,
    StopTranscription,
    UpdateTranscription,
)

KEY = "[0-9*#A-Da-d]"
Targets = Annotated[
    tuple[Target, ...], Meta(min_length=1, max_length=10, description="who hears it; without it, all participants")
]
Language = Annotated[
    str, Meta(pattern="^[a-z]{2,3}(-[A-Za-z0-9]{2,8}){1,3}$", description="a locale of Azure AI Speech such as de-DE")
]
Tones = Annotated[str, Meta(pattern=f"^{KEY}{{1,50}}$", examples=["12#"])]
Label = Annotated[str, Meta(min_length=1, max_length=100)]


class NewPlay(Strict, frozen=True):
    """``loop``: it is played until it is cancelled. It gives way to prompts and recognitions, and comes back."""

    source: Source
    to: Targets | UnsetType = UNSET
    loop: bool = False


class NewChoice(Strict, frozen=True):
    """``phrases`` are what can be said for the choice, ``key`` what can be pressed."""

    label: Label
    phrases: Annotated[tuple[Label, ...], Meta(min_length=1, max_length=10)]
    key: Annotated[str, Meta(pattern=f"^{KEY}$")] | UnsetType = UNSET


class NewRecognition(Strict, frozen=True):
    """What a participant presses or says after the prompt. ``interruptible``: it ends the prompt.

    Recognition ends after ``maxKeys``, a key of ``stopKeys``, or the silence of ``interKeySeconds`` after a key or
    ``endSilenceSeconds`` after speech; it fails after ``initialSilenceSeconds``.
    """

    target: Target
    kind: Literal["keys", "speech", "keysOrSpeech", "choices"] = "keys"
    prompt: Source | UnsetType = UNSET
    interruptible: bool = True
    initial_silence_seconds: Annotated[int, Meta(ge=0, le=300)] = 5
    max_keys: Annotated[int, Meta(ge=1, le=50)] = 1
    inter_key_seconds: Annotated[int, Meta(ge=1, le=60)] = 2
    stop_keys: Annotated[str, Meta(pattern=f"^{KEY}{{0,16}}$")] = ""
    end_silence_seconds: Annotated[int, Meta(ge=1, le=30)] = 1
    choices: Annotated[tuple[NewChoice, ...], Meta(max_length=20)] = ()
    language: Language | UnsetType = UNSET

    def __post_init__(self) -> None:
        if bool(self.choices) != (self.kind == "choices"):
            raise ValueError("choices are needed for kind choices, and for no other")


class NewTones(Strict, frozen=True):
    """``tones`` are some of 0-9, *, # and A-D."""

    target: Target
    tones: Tones


class OneListener(Strict, frozen=True):
    target: Target


class NewTranscription(Strict, frozen=True):
    """``language``: the setting TRANSCRIPTION_LOCALE by default."""

    language: Language | UnsetType = UNSET


class NewLanguage(Strict, frozen=True):
    language: Language


# -- Handlers ----------------------------------------------------------------------------------------------------


async def get_media(context: RequestContext) -> MediaView:
    return media_of(context.settings, await visible_call(context))


async def play(context: RequestContext) -> Result:
    call, body = await visible_call(context), context.body
    source = source_of(context, body.source)
    targets = tuple(raw_id_of(context, call, each) for each in body.to or ())
    return await submitted(context, Music(source, targets) if body.loop else Play("command", source, targets))


async def recognize(context: RequestContext) -> Result:
    call, body = await visible_call(context), context.body
    if body.kind != "keys":
        require_speech(context, "recognition of speech")
    action = Recognize(
        raw_id_of(context, call, body.target),
        body.kind,
        source=source_of(context, body.prompt) if body.prompt else "",
        interruptible=body.interruptible,
        initial_silence_seconds=body.initial_silence_seconds,
        max_keys=body.max_keys,
        inter_key_seconds=body.inter_key_seconds,
        stop_keys=body.stop_keys,
        end_silence_seconds=body.end_silence_seconds,
        choices=tuple(Choice(each.label, each.phrases, each.key or "") for each in body.choices),
        language=body.language or "",
    )
    return await submitted(context, action)


async def send_dtmf(context: RequestContext) -> Result:
    target = raw_id_of(context, await visible_call(context), context.body.target)
    return await submitted(context, SendDtmf(target, context.body.tones))


async def start_dtmf_recognition(context: RequestContext) -> Result:
    target = raw_id_of(context, await visible_call(context), context.body.target)
    return await submitted(context, StartContinuousDtmf(target))


async def stop_dtmf_recognition(context: RequestContext) -> Result:
    target = raw_id_of(context, await visible_call(context), context.body.target)
    return await submitted(context, StopContinuousDtmf(target))


async def start_streaming(context: RequestContext) -> Result:
    return await _on_stream(context, "MEDIA_STREAMING_URL", StartMediaStreaming())


async def stop_streaming(context: RequestContext) -> Result:
    return await _on_stream(context, "MEDIA_STREAMING_URL", StopMediaStreaming())


async def start_transcription(context: RequestContext) -> Result:
    return await _on_stream(context, "TRANSCRIPTION_URL", StartTranscription(context.body.language or ""))


async def stop_transcription(context: RequestContext) -> Result:
    return await _on_stream(context, "TRANSCRIPTION_URL", StopTranscription())


async def update_transcription(context: RequestContext) -> Result:
    return await _on_stream(context, "TRANSCRIPTION_URL", UpdateTranscription(context.body.language))


async def _on_stream(context: RequestContext, setting: str, action: AnyAction) -> Result:
    """ACS streams calls that were answered with the options that the setting leads to, and no others."""
    await visible_call(context)
    if getattr(context.settings, setting.lower()) is None:
        raise Problem("SettingMissing", f"The app has no {setting}: its calls are answered without this stream.")
    return await submitted(context, action)


# -- Routes ------------------------------------------------------------------------------------------------------


def _command(path: str, operation: str, summary: str, handler: Any, body: type[Struct] | None = None) -> Route:
    path, responses = f"calls/{{callId}}/media/{path}", {200: OperationState, 202: OperationState}
    return Route(
        "POST", path, operation, AGENTS, summary, responses, handler, parameters=OF_CALL, body=body, command=True
    )


ROUTES = (
    Route(
        "GET",
        "calls/{callId}/media",
        "getMedia",
        AGENTS,
        "Get the operation that plays, those that wait, the state of the streams, and the keys that were pressed",
        {200: MediaView},
        get_media,
        parameters=OF_CALL,
    ),
    _command("play", "play", "Play a prompt, or music in a loop", play, NewPlay),
    _command("recognize", "recognize", "Collect what a participant presses or says", recognize, NewRecognition),
    _command("dtmf", "sendDtmf", "Send tones to a participant", send_dtmf, NewTones),
    _command(
        "dtmf-recognition/start",
        "startDtmfRecognition",
        "Report each key that a participant presses",
        start_dtmf_recognition,
        OneListener,
    ),
    _command(
        "dtmf-recognition/stop",
        "stopDtmfRecognition",
        "Stop reporting the keys of a participant",
        stop_dtmf_recognition,
        OneListener,
    ),
    _command("streaming/start", "startMediaStreaming", "Start media streaming", start_streaming),
    _command("streaming/stop", "stopMediaStreaming", "Stop media streaming", stop_streaming),
    _command("transcription/start", "startTranscription", "Start transcription", start_transcription, NewTranscription),
    _command("transcription/stop", "stopTranscription", "Stop transcription", stop_transcription),
    _command(
        "transcription/update",
        "updateTranscription",
        "Change the language of the transcription",
        update_transcription,
        NewLanguage,
    ),
)
