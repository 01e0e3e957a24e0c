"""Playing prompts."""

from __future__ import annotations

from azure.communication.callautomation import FileSource, TextSource

from shared.acs.context import Context, Executors
from shared.calls.actions import Play
from shared.calls.capabilities import Call
from shared.calls.effect import Effect
from shared.calls.event import Event


async def play(context: Context, call: Call, effect: Effect, action: Play) -> Event:
    """ACS takes no ``Repeatability-Request-ID`` here: a repeated request could play the prompt twice."""
    source = play_source(context, action.source)
    await context.connection_once(call).play_media(source, operation_context=effect.id)
    return context.performed(effect)


def play_source(context: Context, source: str) -> FileSource | TextSource:
    if source.startswith(("http://", "https://")):
        return FileSource(source)
    return TextSource(text=source, voice_name=context.settings.prompt_voice)


EXECUTORS: Executors = {Play: play}
