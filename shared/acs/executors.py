"""Effects made real: one function for each action, from the machine's words to the SDK's.

Whatever the platform answers becomes an event for the machine. Errors of our own (a bad setting, a bug) are raised.
While a call rings only a bad setting is: everything else counts as a refusal that can pass.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from azure.communication.callautomation import (
    AzureBlobContainerRecordingStorage,
    FileSource,
    MediaStreamingOptions,
    RecordingContent,
    RecordingFormat,
    TextSource,
    TranscriptionOptions,
)
from azure.core.exceptions import AzureError, HttpResponseError

from shared.calls.call import Call
from shared.calls.effects import ArchiveChunk, Effect, FindCall, HangUp, Play, StartRecording, effect_id
from shared.calls.events import Answered, EffectDone, EffectFailed, Event, Found, Refused
from shared.platform.clients import Clients
from shared.platform.settings import SettingError, Settings
from shared.storage import archive as recordings

if TYPE_CHECKING:
    from azure.core.pipeline import PipelineResponse

log = logging.getLogger(__name__)

ACCEPTED = range(200, 300)
LONGEST_WAIT = 30.0  # seconds that ACS can ask for between two tries
GONE = 404


class Performer:
    """``now`` is the app's clock; ``clients`` and ``settings`` its neighbours and policies."""

    def __init__(self, settings: Settings, clients: Clients, now: Callable[[], datetime]) -> None:
        self._settings = settings
        self._clients = clients
        self._now = now

    def callback_url(self, call_id: str) -> str:
        return f"{self._settings.callback_base_url}/api/callbacks/{call_id}"

    # -- Incoming calls: performed at once, before anything is recorded --

    async def answer(self, call_id: str, context: str, limit: float) -> Event:
        """Answer the call within ``limit`` seconds; ``Answered`` or ``AnswerRefused``."""
        settings = self._settings
        id = effect_id(call_id, "answer")
        sent_at = self._now()
        try:
            async with asyncio.timeout(limit):
                answered = await _accepted(
                    self._clients.call_automation.answer_call,
                    context,
                    self.callback_url(call_id),
                    operation_context=id,
                    cognitive_services_endpoint=settings.cognitive_services_endpoint,
                    media_streaming=_media_streaming(settings),
                    transcription=_transcription(settings),
                    headers={"Repeatability-Request-ID": id},
                    retry_on_methods=["POST"],  # the id makes it safe, and a lost connection would cost 10 s of ringing
                )
        except SettingError:
            raise
        except Exception as error:  # noqa: BLE001  # whatever the SDK makes of ACS's words, there was a call
            return self._refused(id, error)
        data = Answered(
            getattr(answered, "call_connection_id", None),
            getattr(answered, "server_call_id", None),
            getattr(answered, "correlation_id", None),
            sent_at,
            self._now(),
        )
        return Event(f"{id}/done", "Answered", self._now(), data)

    async def reject(self, call_id: str, context: str, reason: str, limit: float) -> Event:
        """Reject the call as ``busy`` or ``forbidden``; ``Rejected`` or ``AnswerRefused``."""
        id = effect_id(call_id, "reject")
        try:
            async with asyncio.timeout(limit):
                await _accepted(
                    self._clients.call_automation.reject_call,
                    context,
                    call_reject_reason=reason,
                    headers={"Repeatability-Request-ID": id},
                )
        except SettingError:
            raise
        except Exception as error:  # noqa: BLE001  # as above
            return self._refused(id, error)
        return Event(f"{id}/done", "Rejected", self._now(), None)

    def _refused(self, id: str, error: Exception) -> Event:
        if not isinstance(error, AzureError | TimeoutError):
            log.error("a response to a call failed: %s", type(error).__name__)
        return Event(f"{id}/refused", "AnswerRefused", self._now(), Refused(*_codes(error)))

    # -- Everything else: recorded first --

    async def perform(self, call: Call, effect: Effect, limit: float) -> Event:
        """Perform an effect of the call within ``limit`` seconds, and tell how it went."""
        action = effect.action
        try:
            async with asyncio.timeout(limit):
                return await _HOW[type(action)](self, call, effect)
        except recordings.NotReady as error:
            return self._failed(effect, 503, 0, str(error))
        except recordings.Elsewhere as error:
            log.error("call %s: %s; it is given up", call.id, error)  # noqa: TRY400  # the text says it all
            return self._failed(effect, GONE, 0, str(error))  # for us there is no such file, and never will be
        except TimeoutError:
            return self._failed(effect, 408, 0, f"not done within {limit:g} seconds")
        except AzureError as error:
            code, sub_code, message = _codes(error)
            if code == GONE and isinstance(action, HangUp | FindCall):
                return Event(f"{effect.id}/gone", "Found", self._now(), Found("gone"))
            return self._failed(effect, code, sub_code, message, _wait(error))

    def _done(self, effect: Effect, **facts: Any) -> Event:
        return Event(f"{effect.id}/done", "EffectDone", self._now(), EffectDone(effect.id, **facts))

    def _failed(self, effect: Effect, code: int, sub_code: int, message: str, wait: float = 0.0) -> Event:
        failed = EffectFailed(effect.id, type(effect.action).__name__, code, sub_code, message, wait=wait)
        return Event(f"{effect.id}/failed/{effect.tries}", "EffectFailed", self._now(), failed)

    async def _start_recording(self, call: Call, effect: Effect) -> Event:
        container = self._settings.recording_container_url
        accepted = await _accepted(
            self._clients.call_automation.start_recording,
            call_connection_id=call.call_connection_id or "",
            recording_state_callback_url=self.callback_url(call.id),
            recording_content_type=RecordingContent.AUDIO,
            recording_channel_type=call.plan.channels,
            recording_format_type=RecordingFormat.WAV,
            recording_storage=AzureBlobContainerRecordingStorage(container) if container else None,
            headers={"Repeatability-Request-ID": effect.id},
        )
        return self._done(effect, recording_id=getattr(accepted, "recording_id", None))

    async def _play(self, call: Call, effect: Effect) -> Event:
        play: Play = effect.action  # type: ignore[assignment]
        source: FileSource | TextSource = (
            FileSource(play.what)
            if play.what.startswith(("http://", "https://"))
            else TextSource(text=play.what, voice_name=self._settings.prompt_voice)
        )
        # ACS knows no repeatability here: a request that is retried by itself could be heard twice.
        connection = self._clients.call_automation_once.get_call_connection(call.call_connection_id or "")
        await connection.play_media(source, operation_context=effect.id)
        return self._done(effect)

    async def _hang_up(self, call: Call, effect: Effect) -> Event:
        await self._connection(call).hang_up(is_for_everyone=True, headers={"Repeatability-Request-ID": effect.id})
        return self._done(effect)

    async def _find_call(self, call: Call, effect: Effect) -> Event:
        properties = await _accepted(self._connection(call).get_call_properties)
        state = getattr(properties, "call_connection_state", None) or "unknown"
        state = str(getattr(state, "value", state))
        return Event(f"{effect.id}/found", "Found", self._now(), Found(state))

    async def _archive(self, call: Call, effect: Effect) -> Event:
        action: ArchiveChunk = effect.action  # type: ignore[assignment]
        chunk = call.recordings[action.recording_id].chunks[str(action.index)]
        ours = self._settings.recording_container_url
        if ours and chunk.content.startswith(f"{ours}/"):
            return await self._already_ours(effect, unquote(chunk.content.removeprefix(f"{ours}/")))
        path = recordings.path_of(call.id, action.recording_id, action.index)
        acs = self._clients.call_automation
        container = self._clients.container(self._settings.recordings_container)
        archived = await recordings.archive(acs, container, chunk, path, tries=effect.tries)
        if self._settings.delete_source:
            await recordings.delete_source(acs, chunk)
        return self._done(effect, archived=archived)

    async def _already_ours(self, effect: Effect, name: str) -> Event:
        """ACS wrote the file to our container itself: only make sure that it is there."""
        length = await recordings.length_of(self._clients.recording_container, name)
        if not length:
            raise recordings.NotReady(f"{name} is not there yet")
        return self._done(effect, archived=(f"{self._settings.recording_container_url}/{name}", length))

    def _connection(self, call: Call) -> Any:
        return self._clients.call_automation.get_call_connection(call.call_connection_id or "")


_HOW: dict[type, Callable[[Performer, Call, Effect], Awaitable[Event]]] = {
    StartRecording: Performer._start_recording,  # noqa: SLF001
    Play: Performer._play,  # noqa: SLF001
    HangUp: Performer._hang_up,  # noqa: SLF001
    FindCall: Performer._find_call,  # noqa: SLF001
    ArchiveChunk: Performer._archive,  # noqa: SLF001
}


async def _accepted(ask: Callable[..., Awaitable[Any]], *arguments: Any, **options: Any) -> Any:
    """What ACS says to a request; None where it accepts in words that the SDK can't read.

    StartRecording is accepted with 200, 202 or 204 and with or without a body; SDK 1.6.0 stumbles over a 204, over an
    empty body and over one that is no JSON. The events that follow tell the rest.
    """
    statuses: list[int] = []

    def note(response: PipelineResponse[Any, Any]) -> None:
        statuses.append(response.http_response.status_code)

    try:
        return await ask(*arguments, raw_response_hook=note, **options)
    except Exception as error:
        if not statuses or statuses[-1] not in ACCEPTED:
            raise
        log.warning(
            "ACS accepted a request with %d, in words that can't be read: %s", statuses[-1], type(error).__name__
        )
        return None


def _codes(error: Exception) -> tuple[int, int, str]:
    """Code, sub-code and message of an error. One that brought no answer counts as 408 or 503: it can pass."""
    if isinstance(error, TimeoutError):
        return 408, 0, "no answer in time"
    if isinstance(error, HttpResponseError) and error.status_code is not None:
        said = error.error
        sub_code = str(said.code) if said is not None and said.code else ""
        message = str(said.message) if said is not None and said.message else ""
        return error.status_code, int(sub_code) if sub_code.isdecimal() else 0, message
    return 503, 0, type(error).__name__


def _wait(error: AzureError) -> float:
    """The seconds that an answer asks to be left alone for; 0 where it does not, or gives a date."""
    response: Any = error.response if isinstance(error, HttpResponseError) else None
    text = str(response.headers.get("Retry-After", "")) if response is not None else ""
    return min(float(text), LONGEST_WAIT) if text.isascii() and text.isdecimal() else 0.0


def _media_streaming(settings: Settings) -> MediaStreamingOptions | None:
    if settings.media_streaming_url is None:
        return None
    return MediaStreamingOptions(
        transport_url=settings.media_streaming_url,
        transport_type="websocket",
        content_type="audio",
        audio_channel_type=settings.media_streaming_channels,
        start_media_streaming=True,
    )


def _transcription(settings: Settings) -> TranscriptionOptions | None:
    if settings.transcription_url is None:
        return None
    return TranscriptionOptions(
        transport_url=settings.transcription_url,
        transport_type="websocket",
        locale=settings.transcription_locale,
        start_transcription=True,
    )
