"""Results of prompts, recognition, tones, recording, media streaming and transcription."""

from __future__ import annotations

from shared.calls.result_codes.model import (
    ASK_MICROSOFT,
    CHECK_PROMPT_FILE,
    CHECK_SPEECH,
    CHECK_STREAM_URL,
    NOT_THE_APP,
    ONE_AT_A_TIME,
    ResultCode,
    already,
    final,
    transient,
)

SPEECH_QUOTA = "Raise the quota of the AI service, or its pricing tier."

MEDIA: tuple[ResultCode, ...] = (
    final(200, 8514, "the stop tone was pressed", NOT_THE_APP),
    final(200, 8531, "all keys were pressed", NOT_THE_APP),
    final(200, 8533, "a choice was made with a key", NOT_THE_APP),
    final(200, 8545, "a choice was spoken", NOT_THE_APP),
    final(200, 8569, "speech was recognized", NOT_THE_APP),
    final(
        400,
        8500,
        "the call or the participant is in another media operation, or its media mode is not valid",
        ONE_AT_A_TIME,
    ),
    final(400, 8508, "the operation was cancelled", NOT_THE_APP),
    final(400, 8510, "nothing was pressed or said in time", NOT_THE_APP),
    final(400, 8532, "the next key was not pressed in time", NOT_THE_APP),
    final(400, 8534, "another key than those of the choices was pressed", NOT_THE_APP),
    final(400, 8535, "the audio file of a prompt could not be used", CHECK_PROMPT_FILE),
    transient(400, 8536, "the audio file of a prompt could not be downloaded", CHECK_PROMPT_FILE),
    final(400, 8547, "what was said is none of the choices", NOT_THE_APP),
    already(400, 8553, "the call is being recorded already", "Nothing: the recording that runs is kept."),
    already(400, 8559, "the call is being recorded already", "Nothing: the recording that runs is kept."),
    final(400, 8563, "what was said could not be recognized", "Repeat the question, or ask for keys."),
    final(400, 8565, "the AI service failed", CHECK_SPEECH),
    final(400, 8567, "the ACS resource has no identity for the AI service", CHECK_SPEECH),
    transient(400, 8581, "the URL of the stream is not valid, or its server could not be reached", CHECK_STREAM_URL),
    final(
        400,
        8582,
        "the text of the prompt is empty",
        "Send a text; for the app's own prompts, check RECORDING_ANNOUNCEMENT and UNRECORDED_NOTICE.",
    ),
    final(401, 8565, "the AI service refused the identity of the ACS resource", CHECK_SPEECH),
    final(
        403, 8565, "the AI service refused the request, or its free quota is used up", f"{CHECK_SPEECH} {SPEECH_QUOTA}"
    ),
    transient(408, 8565, "the AI service did not respond in time"),
    final(408, 8570, "the recognition of speech timed out", "Repeat the question, or ask for keys."),
    transient(409, 8571, "another operation on the recording is under way"),
    transient(429, 8565, "the AI service has too many requests", SPEECH_QUOTA),
    final(
        500,
        8511,
        "the prompt could not be played",
        "Check the prompt and, for spoken text, COGNITIVE_SERVICES_ENDPOINT and the ACS resource's access to it.",
    ),
    final(500, 8534, "another key than those of the choices was pressed", NOT_THE_APP),
    transient(500, 8572, "the service that plays prompts is shutting down"),
    transient(500, 9999, "ACS failed", ASK_MICROSOFT),
)
