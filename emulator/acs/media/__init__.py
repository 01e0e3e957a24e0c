"""Media of a call: prompts, recognition, DTMF tones, media streaming and transcription."""
