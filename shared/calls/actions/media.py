"""Prompts, music, recognition, tones, media streaming and transcription."""

from __future__ import annotations

from datetime import timedelta
from typing import ClassVar, Literal

from msgspec import Struct

from shared.calls.actions.base import Operation
from shared.calls.result_codes import Disposition, look_up

MEDIA = "media"  # ACS has one queue of media for each call
STEPS_OF_MUSIC = tuple(f"play {n}" for n in range(1, 31))


class Play(Operation, frozen=True, tag="Play"):
    """Play to the targets, or to every participant. ``source`` is text to speak, SSML that begins with ``<speak``, or
    the URL of an audio file. ``loop``: until it is cancelled. ``isolates``: nothing interrupts it, since ACS keeps the
    targets apart from the others while it plays. ``seconds``: for how long its end is awaited.
    """

    purpose: str  # the step, such as "announcement"
    source: str
    targets: tuple[str, ...] = ()
    loop: bool = False
    isolates: bool = False
    seconds: int = 120

    queue: ClassVar[str] = MEDIA

    @property
    def is_background(self) -> bool:
        return self.loop and not self.isolates

    @property
    def outcome_timeout(self) -> timedelta:
        return timedelta(days=2) if self.loop else timedelta(seconds=self.seconds)


class Music(Operation, frozen=True, tag="Music"):
    """Play in a loop to the targets, or to every participant, until it is cancelled. A prompt interrupts it, and it
    begins again after the prompt: up to 30 times.
    """

    source: str
    targets: tuple[str, ...] = ()

    steps: ClassVar[tuple[str, ...]] = STEPS_OF_MUSIC


class Choice(Struct, frozen=True, omit_defaults=True):
    """``phrases`` are what can be said for it, ``key`` what can be pressed."""

    label: str
    phrases: tuple[str, ...] = ()
    key: str = ""


class Recognize(Operation, frozen=True, tag="Recognize"):
    """Collect keys, speech or one of the choices from one participant, after a prompt (``source`` as in ``Play``)."""

    target: str
    kind: Literal["keys", "speech", "keysOrSpeech", "choices"]
    source: str = ""
    interruptible: bool = True  # whether a key or speech ends the prompt
    initial_silence_seconds: int = 5
    max_keys: int = 1
    inter_key_seconds: int = 2
    stop_keys: str = ""
    end_silence_seconds: int = 1
    choices: tuple[Choice, ...] = ()
    language: str = ""

    queue: ClassVar[str] = MEDIA
    longest_outcome: ClassVar[timedelta] = timedelta(minutes=4)  # for the prompt and the speech

    @property
    def outcome_timeout(self) -> timedelta:
        return self.longest_outcome + timedelta(
            seconds=self.initial_silence_seconds + self.max_keys * self.inter_key_seconds
        )


class CancelMedia(Operation, frozen=True, tag="CancelMedia"):
    """Cancel the prompt, the music or the recognition with this operation context."""

    operation: str

    queue: ClassVar[str] = MEDIA
    longest_outcome: ClassVar[timedelta] = timedelta(seconds=5)

    @property
    def cancels(self) -> str:
        return self.operation

    def is_final(self, code: int, sub_code: int, tries: int) -> bool:  # noqa: ARG002  # music goes on until it is cancelled
        return look_up(code, sub_code).disposition is not Disposition.TRANSIENT


class SendDtmf(Operation, frozen=True, tag="SendDtmf"):
    """Send tones (``0``-``9``, ``*``, ``#``, ``A``-``D``) to one participant."""

    target: str
    tones: str


class StartContinuousDtmf(Operation, frozen=True, tag="StartContinuousDtmf"):
    """Report each tone that a participant presses."""

    target: str

    is_done_when_accepted: ClassVar[bool] = True


class StopContinuousDtmf(Operation, frozen=True, tag="StopContinuousDtmf"):
    target: str

    is_done_when_accepted: ClassVar[bool] = True


class StartMediaStreaming(Operation, frozen=True, tag="StartMediaStreaming"):
    pass


class StopMediaStreaming(Operation, frozen=True, tag="StopMediaStreaming"):
    pass


class StartTranscription(Operation, frozen=True, tag="StartTranscription"):
    language: str = ""


class StopTranscription(Operation, frozen=True, tag="StopTranscription"):
    pass


class UpdateTranscription(Operation, frozen=True, tag="UpdateTranscription"):
    language: str
