"""The interface of sinks, and what they can say in the call."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Protocol

from msgspec import Struct

from media.audio.frames import Format
from media.wire import DtmfData, Frame

Item = Frame | DtmfData


class AudioStream(Struct, frozen=True):
    """The stream that a sink is for. ``say`` plays PCM of its format in the call, after the sound before it;
    ``hush`` ends that. Both need a call that is answered with bidirectional streaming.
    """

    call_id: str
    format: Format
    say: Callable[[bytes], Awaitable[None]]
    hush: Callable[[], Awaitable[None]]


class Sink(Protocol):
    """Receives the audio of one socket. Made by a function that takes the ``AudioStream``.

    ``pause``: the seconds for which items are gathered. A sink that is slower than the call loses items, counted.
    """

    pause: float = 0.5

    async def take(self, items: list[Item]) -> None:
        """Items in the order of their arrival; it is not called again before it returns."""

    async def close(self) -> None:
        """After the last items."""

    def results(self) -> dict[str, Any]:
        """Fields of ``AudioReceived`` that the sink knows, such as ``talkers``."""
        return {}


MakeSink = Callable[[AudioStream], Sink]
