"""Playing prompts and music: the requests to ACS."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from aiohttp import web

from emulator.server import Emulator
from shared.acs.executor import EffectExecutor
from shared.calls.actions import AnyAction, CancelMedia, Play, Recognize, StartMediaStreaming, StartTranscription
from shared.calls.capabilities import Call
from shared.calls.event import ActionPerformed
from tests.support import Servers, a_call, an_effect, asked, perform

CALLER = "4:+12065551212"


async def test_text_is_spoken_with_the_voice_of_the_settings(
    make_executor: Callable[..., EffectExecutor], answered_call: Call, emulator: Emulator
) -> None:
    effect = an_effect(Play("announcement", "Grüße"))
    await make_executor(PROMPT_VOICE="de-DE-KatjaNeural").perform(answered_call, effect, 8)
    body = asked(emulator, "Play")[0]["body"]
    (source,) = body["playSources"]
    assert (source["kind"], source["text"]["text"]) == ("text", "Grüße")
    assert source["text"]["voiceName"] == "de-DE-KatjaNeural"
    assert body["operationContext"] == effect.id
    assert not body.get("playTo")


async def test_a_url_is_played_as_a_file(executor: EffectExecutor, answered_call: Call, emulator: Emulator) -> None:
    await perform(executor, answered_call, Play("announcement", "https://prompts.example/recorded.wav"))
    (source,) = asked(emulator, "Play")[0]["body"]["playSources"]
    assert (source["kind"], source["file"]["uri"]) == ("file", "https://prompts.example/recorded.wav")


async def test_ssml_is_sent_as_it_is(executor: EffectExecutor, answered_call: Call, emulator: Emulator) -> None:
    ssml = '<speak version="1.0" xml:lang="de-DE"><voice name="de-DE-KatjaNeural">Hallo</voice></speak>'
    await perform(executor, answered_call, Play("command", ssml))
    (source,) = asked(emulator, "Play")[0]["body"]["playSources"]
    assert (source["kind"], source["ssml"]["ssmlText"]) == ("ssml", ssml)


async def test_music_is_played_in_a_loop_to_its_targets_until_it_is_cancelled(
    executor: EffectExecutor, answered_call: Call, emulator: Emulator
) -> None:
    music = Play("play 1", "https://prompts.example/hold.wav", (CALLER,), loop=True)
    assert isinstance(await perform(executor, answered_call, music), ActionPerformed)
    body = asked(emulator, "Play")[0]["body"]
    assert [target["rawId"] for target in body["playTo"]] == [CALLER]
    assert body["playOptions"] == {"loop": True}
    assert isinstance(await perform(executor, answered_call, CancelMedia("music")), ActionPerformed)
    assert len(asked(emulator, "CancelAllMediaOperations")) == 1


ONCE: list[AnyAction] = [
    Play("announcement", "Hello."),
    CancelMedia("music"),
    Recognize(CALLER, "keys"),
    StartMediaStreaming(),
    StartTranscription(),
]


@pytest.mark.parametrize("action", ONCE, ids=lambda action: action.name)
@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504])
async def test_a_request_without_repeatability_headers_is_sent_once(
    make_executor: Callable[..., EffectExecutor], servers: Servers, status: int, action: AnyAction
) -> None:
    """A prompt that is sent twice can be heard twice; a cancellation that is sent twice can end the next prompt."""

    async def answer(_: web.Request) -> web.Response:
        return web.Response(status=status, headers={"Retry-After": "0"})

    executor = make_executor(ACS_ENDPOINT=await servers.start(answer))
    failed = await perform(executor, a_call(), action)
    assert failed.code == status
    assert len(servers.requests) == 1
