"""A call's subscription to media streaming or transcription: whether it was set up, and whether it runs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, Protocol

from emulator.acs.parties import Phrase


class OpenStream(Protocol):
    """The stream of a subscription: ``emulator.acs.media.streams``."""

    ended: bool

    def start(self) -> None: ...
    def start_again(self, body: dict[str, Any]) -> None: ...
    def close(self) -> None: ...
    def press(self, key: str) -> None: ...
    def say(self, raw_id: str, phrase: Phrase) -> None: ...


@dataclass
class Subscription:
    """``options`` are those that the call was set up with; without them the subscription is disabled."""

    contents: tuple[str, list[str]]  # the field for the contents that are sent, and its values
    options: dict[str, Any] | None = None
    active: bool = False
    id: str = ""
    stream: OpenStream | None = None

    def close(self) -> None:
        if self.stream:
            self.stream.close()

    @property
    def state(self) -> Literal["disabled", "inactive", "active"]:
        if self.options is None:
            return "disabled"
        return "active" if self.active else "inactive"

    def describe(self) -> dict[str, Any]:
        if self.options is None:
            return {"state": "disabled"}
        name, values = self.contents
        locale = {"locale": self.options["locale"]} if "locale" in self.options else {}
        more = ["intermediate"] if self.options.get("enableIntermediateResults") else []
        return {"id": self.id, "state": self.state, name: values + more, **locale}


def media_streaming() -> Subscription:
    return Subscription(("subscribedContentTypes", ["audio"]))


def transcription() -> Subscription:
    return Subscription(("subscribedResultStates", ["final"]))
