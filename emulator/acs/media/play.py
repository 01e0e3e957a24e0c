"""Prompts: azure-docs, ``articles/communication-services/concepts/call-automation/play-action.md``."""

from __future__ import annotations

from typing import Any

from emulator.acs.calls import Call
from emulator.acs.events import ResultInformation
from emulator.acs.media import sources
from emulator.acs.service import Service

BAD_FILE: ResultInformation = (400, 8535, "Action failed, file format is invalid or the file could not be fetched.")
CANCELED: ResultInformation = (400, 8508, "Action failed, the operation was canceled.")


class Play:
    def __init__(self, service: Service, call: Call, body: dict[str, Any]) -> None:
        self._service, self._call, self._body = service, call, body
        self._loop = (body.get("playOptions") or {}).get("loop", False)

    async def run(self) -> None:
        played = self._body["playSources"]
        if (bad := sources.first_missing(played)) is not None:
            data = {"failedPlaySourceIndex": bad}
            self._service.emit(self._call, "PlayFailed", data, request=self._body, result=BAD_FILE)
            return
        self._service.emit(self._call, "PlayStarted", request=self._body)
        while True:
            for source in played:
                await self._service.clock.sleep(sources.duration(source))
            if not self._loop:
                break
        self._service.emit(self._call, "PlayCompleted", request=self._body)

    def cancel(self) -> None:
        self._service.emit(self._call, "PlayCanceled", request=self._body, result=CANCELED)

    def hear(self, raw_id: str, tone: str) -> None:
        """A prompt ignores tones."""
