"""Playing prompts and music, and cancelling media.

ACS takes no ``Repeatability-Request-ID`` for these: a repeated request could play a prompt twice, or cancel the next.
"""

from __future__ import annotations

from azure.communication.callautomation import FileSource, SsmlSource, TextSource

from shared.acs.context import Context, Executors
from shared.acs.identifiers import identifier
from shared.calls.actions import CancelMedia, Play
from shared.calls.capabilities import Call
from shared.calls.effect import Effect
from shared.calls.event import Event


async def play(context: Context, call: Call, effect: Effect, action: Play) -> Event:
    targets = [identifier(target) for target in action.targets]
    await context.connection_once(call).play_media(
        play_source(context, action.source), targets or "all", loop=action.loop, operation_context=effect.id
    )
    return context.performed(effect)


async def cancel(context: Context, call: Call, effect: Effect, _: CancelMedia) -> Event:
    """ACS cancels all media of the call. The engine sends one operation at a time: it is the one to cancel."""
    await context.connection_once(call).cancel_all_media_operations()
    return context.performed(effect)


def play_source(context: Context, source: str) -> FileSource | SsmlSource | TextSource:
    """A source as in ``Play``."""
    if source.startswith(("http://", "https://")):
        return FileSource(source)
    if source.startswith("<speak"):
        return SsmlSource(ssml_text=source)
    return TextSource(text=source, voice_name=context.settings.prompt_voice)


EXECUTORS: Executors = {Play: play, CancelMedia: cancel}
