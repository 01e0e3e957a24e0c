"""Answers and rejects incoming calls.

Only SettingError is raised. Every other error becomes a ``RequestRejected``, so that the row shows the call.
"""

from __future__ import annotations

import asyncio
import logging
from typing import Any

from azure.communication.callautomation import MediaStreamingOptions, TranscriptionOptions
from azure.core.exceptions import AzureError

from shared.acs.context import Context, repeatable
from shared.acs.errors import accepted, codes_of
from shared.calls.capabilities.lifecycle import CallAnswered, CallRejected, RequestRejected
from shared.calls.effect import effect_id
from shared.calls.emergency import MARK
from shared.calls.event import Event, own
from shared.platform.settings import SettingError

AUDIO_FORMATS = {"16000": "pcm16KMono", "24000": "pcm24KMono"}

log = logging.getLogger(__name__)


class IncomingCallResponder:
    def __init__(self, context: Context) -> None:
        self._context = context

    async def answer(self, call_id: str, incoming_call_context: str, limit: float, *, emergency: bool = False) -> Event:
        """Answer the call within ``limit`` seconds; ``CallAnswered`` or ``RequestRejected``. The audio of a call of an
        emergency service is neither streamed nor transcribed, and CallConnected returns what it is.
        """
        context, id = self._context, effect_id(call_id, "answer")
        sent_at = context.now()
        try:
            async with asyncio.timeout(limit):
                answered = await accepted(
                    context.clients.call_automation.answer_call,
                    incoming_call_context,
                    context.callback_url(call_id),
                    operation_context=f"{id}{MARK}" if emergency else id,
                    cognitive_services_endpoint=context.settings.cognitive_services_endpoint,
                    media_streaming=None if emergency else media_streaming(context, call_id),
                    transcription=None if emergency else transcription(context, call_id),
                    headers=repeatable(id),
                    retry_on_methods=["POST"],  # safe by the id; else a lost connection costs 10 s of ringing
                )
        except SettingError:
            raise
        except Exception as error:  # noqa: BLE001  # also errors of the SDK: the call must reach its row
            return self._rejected(id, error)
        return own(f"{id}/done", context.now(), self._answered(answered, sent_at))

    def _answered(self, properties: Any, sent_at: Any) -> CallAnswered:
        return CallAnswered(
            sent_at=sent_at,
            answered_at=self._context.now(),
            call_connection_id=getattr(properties, "call_connection_id", None),
            server_call_id=getattr(properties, "server_call_id", None),
            correlation_id=getattr(properties, "correlation_id", None),
        )

    async def reject(self, call_id: str, incoming_call_context: str, reason: str, limit: float) -> Event:
        """Reject the call as ``busy`` or ``forbidden``; ``CallRejected`` or ``RequestRejected``."""
        context, id = self._context, effect_id(call_id, "reject")
        try:
            async with asyncio.timeout(limit):
                await accepted(
                    context.clients.call_automation.reject_call,
                    incoming_call_context,
                    call_reject_reason=reason,
                    headers=repeatable(id),
                )
        except SettingError:
            raise
        except Exception as error:  # noqa: BLE001  # as above
            return self._rejected(id, error)
        return own(f"{id}/done", context.now(), CallRejected())

    def _rejected(self, id: str, error: Exception) -> Event:
        if not isinstance(error, AzureError | TimeoutError):
            log.error("a response to an incoming call failed: %s", type(error).__name__)
        return own(f"{id}/rejected", self._context.now(), RequestRejected(*codes_of(error)))


def media_streaming(context: Context, call_id: str) -> MediaStreamingOptions | None:
    settings = context.settings
    if settings.media_streaming_url is None:
        return None
    return MediaStreamingOptions(
        transport_url=context.stream_url(settings.media_streaming_url, call_id),
        transport_type="websocket",
        content_type="audio",
        audio_channel_type=settings.media_streaming_channels,
        audio_format=AUDIO_FORMATS[settings.media_streaming_sample_rate],
        enable_bidirectional=settings.media_streaming_bidirectional,
        enable_dtmf_tones=settings.media_streaming_keys,
        start_media_streaming=True,
    )


def transcription(context: Context, call_id: str) -> TranscriptionOptions | None:
    settings = context.settings
    if settings.transcription_url is None:
        return None
    return TranscriptionOptions(
        transport_url=context.stream_url(settings.transcription_url, call_id),
        transport_type="websocket",
        locale=settings.transcription_locale,
        start_transcription=True,
        enable_intermediate_results=True,
    )
