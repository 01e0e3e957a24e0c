"""Where a fact about the service comes from. The coverage page lists every fact with its source."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

# In the public documentation or REST specification; seen in recordings of the service in the SDKs' repositories; or
# neither, so that it is the emulator's own choice.
Source = Literal["documented", "recorded", "assumed"]


@dataclass(frozen=True)
class Timing:
    """A duration of the emulator, in seconds."""

    seconds: float
    source: Source
    what: str


RING = Timing(30.0, "documented", "a call rings before it counts as missed")
INITIAL_SILENCE = Timing(5.0, "documented", "default of initialSilenceTimeout")
INTER_TONE = Timing(2.0, "documented", "default of interToneTimeout")
END_SILENCE = Timing(0.5, "documented", "default of endSilenceTimeout, after which a phrase is recognized")
TOKEN_LIFE = Timing(300.0, "documented", "a callback's token is valid")
FILE_LIFE = Timing(24 * 3600.0, "documented", "a recording's file is kept")
REPEATABILITY_WINDOW = Timing(300.0, "assumed", "a request id is remembered; documented for Email and Rooms only")
RECORDING_START = Timing(0.05, "assumed", "from StartRecording to RecordingStateChanged or StartRecordingFailed")
CALLBACK_TIMEOUT = Timing(30.0, "assumed", "an application has to answer a callback")
FILE_PROMPT = Timing(1.0, "assumed", "a file source plays, whatever its length")
SPOKEN_CHARACTER = Timing(0.06, "assumed", "a character of a text, an SSML source or a phrase is spoken")
STREAM_TOKEN_LIFE = Timing(24 * 3600.0, "documented", "the token of a stream's web socket is valid")
STREAM_CONNECT = Timing(5.0, "assumed", "an application has to accept the web socket of a stream")
STREAM_LATE = Timing(1.0, "assumed", "an application may be slow to read frames before some are left out")
PLAYOUT = Timing(0.06, "assumed", "streamed sound waits before it is heard, so that it has no gaps")
TRANSCRIBED = Timing(0.3, "assumed", "from the end of a phrase to its final transcript")

TIMINGS = (
    *(RING, INITIAL_SILENCE, INTER_TONE, END_SILENCE, TOKEN_LIFE, FILE_LIFE, REPEATABILITY_WINDOW),
    *(RECORDING_START, CALLBACK_TIMEOUT, FILE_PROMPT, SPOKEN_CHARACTER),
    *(STREAM_TOKEN_LIFE, STREAM_CONNECT, STREAM_LATE, PLAYOUT, TRANSCRIBED),
)
