"""An entry of the catalogue, and the remedies that several entries have in common."""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct


class Disposition(StrEnum):
    TRANSIENT = "transient"  # the same request can succeed later
    FINAL = "final"  # it will not, however often it is sent
    ALREADY = "already"  # the requested state exists already


class ResultCode(Struct, frozen=True):
    code: int
    sub_code: int
    disposition: Disposition
    meaning: str
    remedy: str


class SubCode(Struct, frozen=True):
    """A sub-code that comes with several codes. Without a disposition it is judged by its code."""

    sub_code: int
    disposition: Disposition | None
    meaning: str
    remedy: str


def final(code: int, sub_code: int, meaning: str, remedy: str) -> ResultCode:
    return ResultCode(code, sub_code, Disposition.FINAL, meaning, remedy)


def transient(
    code: int, sub_code: int, meaning: str, remedy: str = "Nothing: the app tries again by itself."
) -> ResultCode:
    return ResultCode(code, sub_code, Disposition.TRANSIENT, meaning, remedy)


def already(code: int, sub_code: int, meaning: str, remedy: str) -> ResultCode:
    return ResultCode(code, sub_code, Disposition.ALREADY, meaning, remedy)


NOT_THE_APP = "Nothing in the app: this is how the call went."
AGENT_ONLINE = "Check that the agent's client is signed in with a Teams Phone extensibility identity, and online."
CHECK_NUMBER = "Check that the number is complete, in E.164 form, and belongs to the resource that calls it or from it."
CHECK_SBC = "Check the routing of the number, and the session border controller for Direct Routing."
CHECK_NETWORK = "Look at the network of the participant: firewall, VPN, media ports."
CHECK_PROMPT_FILE = "Check that the file is a reachable WAV (mono, 16-bit PCM, 8 or 16 kHz) or MP3."
CHECK_SPEECH = "Check COGNITIVE_SERVICES_ENDPOINT, and that the ACS resource's identity has its role on the AI service."
CHECK_STREAM_URL = "Check MEDIA_STREAMING_URL and TRANSCRIPTION_URL: a wss:// URL that ACS reaches."
CHECK_ROLE = "Give the app's identity its role on the ACS resource; the doctor checks it."
CHECK_RESOURCE = "Check that ACS_ENDPOINT is the resource that the resource account is linked to."
ONE_AT_A_TIME = "Let the media operation that is under way end, or cancel it, then send the command again."
SEE_TIMELINE = "Look at the timeline of the call for what came before."
ASK_MICROSOFT = "If it lasts, open a support request for the ACS resource with the correlation id of the call."
