"""Whether a frame has speech: a matter of its loudness, since ACS marks only digital silence as silent."""

from __future__ import annotations

from media.wire import Frame

LOUD = 600  # of 32,768: about -35 dB of full scale, above the noise of a telephone line and below speech
STEP = 7  # samples: enough to show the loudness of speech, and in step with no tone of a telephone


def is_loud(frame: Frame) -> bool:
    if frame.silent or not frame.pcm:
        return False
    samples = frame.pcm.cast("h")[::STEP]
    return max(samples) >= LOUD or min(samples) <= -LOUD
