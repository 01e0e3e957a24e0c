"""Time limits of invocations and their parts. Event Grid waits for 30 seconds."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar, cast

INVOCATION_SECONDS = 9.0
LONG_INVOCATION_SECONDS = 570.0  # of the functions that Event Grid does not trigger; host.json allows them 600
COPY_SECONDS = 540.0  # of an effect in the queue-triggered function, which copies recordings

Handler = TypeVar("Handler", bound=Callable[..., Any])


def within(seconds: float) -> Callable[[Handler], Handler]:
    """Decorate a coroutine function with a time limit. On TimeoutError the trigger delivers again."""

    def decorate(handler: Handler) -> Handler:
        @wraps(handler)
        async def bounded(*args: Any, **kwargs: Any) -> Any:
            async with asyncio.timeout(seconds):
                return await handler(*args, **kwargs)

        return cast("Handler", bounded)

    return decorate
