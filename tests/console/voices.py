"""Browsers whose microphone hears a tone, and pages that show which tones their speaker plays."""

from __future__ import annotations

import math
import struct
import wave
from pathlib import Path
from typing import Any

from playwright.async_api import Browser, Page, Playwright

RATE = 48_000  # hertz: Chromium's own

# What goes to a loudspeaker is copied to an analyser; ``loudest`` is the frequency of its highest peak, 0 in silence.
EARS = """
const connect = AudioNode.prototype.connect;
AudioNode.prototype.connect = function (target, ...rest) {
  if (target instanceof AudioDestinationNode && this.context.sampleRate === 16000) {
    const ear = new AnalyserNode(this.context, { fftSize: 4096, smoothingTimeConstant: 0 });
    connect.call(this, ear);
    window.loudest = () => {
      const decibels = new Float32Array(ear.frequencyBinCount);
      ear.getFloatFrequencyData(decibels);
      const peak = decibels.indexOf(Math.max(...decibels));
      return decibels[peak] < -60 ? 0 : peak * 16000 / 4096;
    };
  }
  return connect.call(this, target, ...rest);
};
"""


async def browser_with_voice(
    playwright: Playwright, path: Path, hertz: int, *, asks: bool = False, **options: Any
) -> Browser:
    """A browser whose microphone hears a tone that lasts. The file is made at ``path``. With ``asks`` pages need the
    permission to use it.
    """
    _write_tone(path, hertz)
    flags = ["--use-fake-device-for-media-stream", "--no-sandbox"]
    flags += [] if asks else ["--use-fake-ui-for-media-stream"]
    file = f"--use-file-for-fake-audio-capture={path}"
    return await playwright.chromium.launch(args=[*flags, file], **options)


async def hears(page: Page, hertz: int) -> None:
    """Wait until a tone is the loudest that the page plays; 0 for silence."""
    await page.wait_for_function(f"() => window.loudest && Math.abs(window.loudest() - {hertz}) < 20", timeout=15_000)


def _write_tone(path: Path, hertz: int) -> None:
    samples = (round(16_000 * math.sin(2 * math.pi * hertz * n / RATE)) for n in range(2 * RATE))
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(b"".join(struct.pack("<h", sample) for sample in samples))
