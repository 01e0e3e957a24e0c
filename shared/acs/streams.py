"""Media streaming and transcription. ACS takes no ``Repeatability-Request-ID`` for them."""

from __future__ import annotations

from shared.acs.context import Context, Executors
from shared.calls.actions import (
    StartMediaStreaming,
    StartTranscription,
    StopMediaStreaming,
    StopTranscription,
    UpdateTranscription,
)
from shared.calls.capabilities import Call
from shared.calls.effect import Effect
from shared.calls.event import Event


async def start_streaming(context: Context, call: Call, effect: Effect, _: StartMediaStreaming) -> Event:
    await context.connection_once(call).start_media_streaming(operation_context=effect.id)
    return context.performed(effect)


async def stop_streaming(context: Context, call: Call, effect: Effect, _: StopMediaStreaming) -> Event:
    await context.connection_once(call).stop_media_streaming(operation_context=effect.id)
    return context.performed(effect)


async def start_transcription(context: Context, call: Call, effect: Effect, action: StartTranscription) -> Event:
    locale = action.language or None
    await context.connection_once(call).start_transcription(locale=locale, operation_context=effect.id)
    return context.performed(effect)


async def stop_transcription(context: Context, call: Call, effect: Effect, _: StopTranscription) -> Event:
    await context.connection_once(call).stop_transcription(operation_context=effect.id)
    return context.performed(effect)


async def update_transcription(context: Context, call: Call, effect: Effect, action: UpdateTranscription) -> Event:
    connection = context.connection_once(call)
    await connection.update_transcription(locale=action.language, operation_context=effect.id)
    return context.performed(effect)


EXECUTORS: Executors = {
    StartMediaStreaming: start_streaming,
    StopMediaStreaming: stop_streaming,
    StartTranscription: start_transcription,
    StopTranscription: stop_transcription,
    UpdateTranscription: update_transcription,
}
