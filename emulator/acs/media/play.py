"""Prompts: azure-docs, ``articles/communication-services/concepts/call-automation/play-action.md``."""

from __future__ import annotations

from typing import Any

from emulator.acs.calls import Call
from emulator.acs.identifiers import canonical
from emulator.acs.media import sources
from emulator.acs.parties import Participant, Phrase
from emulator.acs.results import BAD_FILE, CANCELED, DONE, Result
from emulator.acs.service import Service


class Play:
    def __init__(self, service: Service, call: Call, body: dict[str, Any]) -> None:
        self._service, self._call, self._body = service, call, body
        self._sources: list[dict[str, Any]] = body["playSources"]
        self._loop = (body.get("playOptions") or {}).get("loop", False)
        only = frozenset(canonical(who)["rawId"] for who in body.get("playTo") or ())
        self._listeners = only or None

    async def run(self) -> None:
        bad = sources.first_missing(self._sources)
        if bad == 0:
            self._emit("PlayFailed", BAD_FILE, failedPlaySourceIndex=bad)
            return
        self._begin()
        try:
            await self._play(bad)
        finally:
            self._end()

    def cancel(self) -> None:
        self._emit("PlayCanceled", CANCELED)

    def hear(self, raw_id: str, heard: str | Phrase) -> None:
        """A prompt ignores keys and phrases."""

    async def _play(self, bad: int | None) -> None:
        """Play all sources, or those before the one that can't be played."""
        while True:
            for source in self._sources[:bad]:
                await sources.sound(self._service, self._call, source, self._listeners)
            if bad is not None:
                self._emit("PlayFailed", BAD_FILE, failedPlaySourceIndex=bad)
                return
            if not self._loop:
                break
        self._emit("PlayCompleted", DONE)

    def _begin(self) -> None:
        self._isolate(on=self._service.options.targeted_play_isolates)
        for target in self._targets():
            if held := self._call.hold_audio.get(target.raw_id):
                self._service.emit(self._call, "HoldAudioPaused", request=held, result=DONE)
        self._emit("PlayStarted", DONE)

    def _end(self) -> None:
        self._isolate(on=False)
        for target in self._targets():
            if (held := self._call.hold_audio.get(target.raw_id)) and self._call.connected:
                self._service.emit(self._call, "HoldAudioResumed", request=held, result=DONE)

    def _isolate(self, *, on: bool) -> None:
        """Take the participants to whom alone it is played out of the conversation, or bring them back."""
        changed = [target for target in self._targets() if target.is_isolated != on]
        for target in changed:
            target.is_isolated = on
            target.update(self._service.clock.wall())
        if changed and self._call.connected:
            self._service.participants_updated(self._call)

    def _targets(self) -> list[Participant]:
        """The only participants to whom it is played; none if it is played to all."""
        return [person for person in self._call.present() if person.raw_id in (self._listeners or ())]

    def _emit(self, type: str, result: Result, **data: Any) -> None:
        self._service.emit(self._call, type, data, request=self._body, result=result)
