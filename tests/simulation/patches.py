"""The patches of a simulated run: clocks, randomness, and what would take too long. All are undone when it ends."""

from __future__ import annotations

import gc
import itertools
import random
import uuid
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime, tzinfo
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

import azure.communication.callautomation._shared.utils as signing
import azure.storage.blob._shared.policies_async as blob_policies
import azure.storage.queue._shared.policies_async as queue_policies
import jwt.api_jwt

import function_app
import shared.service.processor
import shared.service.sweeper
from emulator.acs import audio, signing_keys
from shared.calls.capabilities import Call, reduce
from shared.calls.effect import Effect
from shared.calls.event import Event
from shared.storage.calls import CallStore, Row
from shared.storage.keys import partition_ranges
from tests.simulation.clients import shared_clients
from tests.simulation.host import _ContainerOfThisInstance
from tests.simulation.platform import signing_key

# The events that made the call which is being written, in the order in which they were folded.
FOLDED_EVENTS: ContextVar[list[tuple[Event, datetime]]] = ContextVar("folded_events")

BYTES_PER_FRAME = 2  # of a recording: a fiftieth of a second


@contextmanager
def patched(rng: random.Random, now: Callable[[], datetime], files: dict[str, bytes]) -> Iterator[None]:
    """``now`` is the clock of the current instance, which may be wrong. ``files`` receives ACS's recordings."""

    def any_uuid() -> uuid.UUID:
        return uuid.UUID(int=rng.getrandbits(128), version=4)

    def numbered() -> uuid.UUID:
        """The ids of signing keys and tokens: those of every world are the same, and need be signed but once."""
        return uuid.UUID(int=next(named), version=4)

    made, named, skewed = itertools.count(), itertools.count(), _datetime_of(now)
    chance = SimpleNamespace(Random=lambda: rng)
    state = random.getstate()
    random.seed(rng.getrandbits(64))
    patches: list[Any] = [
        patch.object(uuid, "uuid4", any_uuid),
        patch.object(uuid, "uuid1", any_uuid),
        patch.object(jwt.api_jwt, "datetime", skewed),
        patch.object(signing, "datetime", skewed),
        patch.object(blob_policies, "random", chance),
        patch.object(queue_policies, "random", chance),
        patch.object(audio, "write", _writing_to(files)),
        patch.object(signing_keys, "uuid", SimpleNamespace(uuid4=numbered)),
        patch.object(signing_keys.SigningKeys, "generate", staticmethod(lambda: signing_key(next(made)))),
        patch.object(function_app, "container", _ContainerOfThisInstance()),
        patch.object(shared.service.processor, "reduce", _reduce),
        patch.object(shared.service.sweeper, "partition_ranges", _one_range),
        patch.object(CallStore, "write", _write_with_events),
        *shared_clients(),
    ]
    collecting = gc.isenabled()
    gc.disable()  # the moment of a collection must not depend on earlier runs
    _folded.clear()
    for each in patches:
        each.start()
    try:
        yield
    finally:
        for each in reversed(patches):
            each.stop()
        random.setstate(state)
        if collecting:
            gc.enable()


def _datetime_of(now: Callable[[], datetime]) -> type[datetime]:
    """``datetime``, with ``now`` by another clock."""

    class Kind(type):
        def __instancecheck__(cls, instance: object) -> bool:
            return isinstance(instance, datetime)

    class Now(datetime, metaclass=Kind):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> Any:
            moment = now()
            return moment.astimezone(tz) if tz else moment.replace(tzinfo=None)

    return Now


def _writing_to(files: dict[str, bytes]) -> Callable[..., int]:
    """Writes files of the recordings' length. Their contents do not matter."""

    def write(path: Path, runs: Iterable[audio.Run], *, mixed: bool) -> int:
        frames = sum(frames for frames, _ in runs)
        files[path.stem] = (b"MIXED" if mixed else b"APART") + bytes(BYTES_PER_FRAME * frames)
        path.write_bytes(files[path.stem])
        return frames

    return write


def _one_range(now: datetime, days: int) -> list[tuple[str, str]]:
    """All partitions that a sweep scans as one: two dozen scans of a table of a few rows are only slower."""
    pieces = partition_ranges(now, days)
    return [(pieces[0][0], pieces[-1][1])]


# -- Which events a row contains: collected by ``reduce``, handed to the write of the row --

_folded: dict[int, tuple[Call, list[tuple[Event, datetime]]]] = {}  # by the identity of the call they made


def _reduce(call: Call, event: Event, now: datetime) -> tuple[Call, tuple[Effect, ...]]:
    before = _folded.pop(id(call), (call, []))
    after, effects = reduce(call, event, now)
    _folded[id(after)] = after, [*(before[1] if before[0] is call else []), (event, now)]
    return after, effects


_write_row = CallStore.write


async def _write_with_events(self: CallStore, row: Row, call: Call) -> Row:
    FOLDED_EVENTS.set(_folded.pop(id(call), (call, []))[1])
    return await _write_row(self, row, call)
