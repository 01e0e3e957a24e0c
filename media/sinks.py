"""The sinks that ``MEDIA_SINKS`` names."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module

from azure.storage.blob.aio import ContainerClient

from media.audio.files import AudioFiles
from media.audio.sink import AudioStream, MakeSink, Sink
from media.audio.talk import Talk
from media.secrecy import Secrecy

# A sink of a call, of the stream, the container and the secrecy of that call.
Make = Callable[[AudioStream, ContainerClient, Secrecy], Sink]

BUILT_IN: dict[str, Make] = {
    "talk": lambda *_: Talk(),
    "audio": AudioFiles,
}


class NoSink(ValueError):
    """``MEDIA_SINKS`` names something that is no sink. The text says which."""


def named(name: str) -> Make:
    """The sink ``talk``, ``audio`` or ``package.module:name``. Raises NoSink."""
    if name in BUILT_IN:
        return BUILT_IN[name]
    module, _, attribute = name.partition(":")
    try:
        make: MakeSink = getattr(import_module(module), attribute)
    except (ImportError, AttributeError, ValueError) as error:
        known = ", ".join(BUILT_IN)
        raise NoSink(f"MEDIA_SINKS names {name}, which is neither {known} nor package.module:name: {error}") from None
    return lambda stream, *_: make(stream)
