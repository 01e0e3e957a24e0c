"""Playing prompts: what is sent to ACS."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from aiohttp import web

from emulator.server import Emulator
from shared.acs.executor import EffectExecutor
from shared.calls.actions import Play
from shared.calls.capabilities import Call
from tests.support import Servers, a_call, an_effect, asked, perform


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


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504])
async def test_a_prompt_is_sent_once(
    make_executor: Callable[..., EffectExecutor], servers: Servers, status: int
) -> None:
    """Play has no repeatability headers: a request that is sent twice can be heard twice."""

    async def answer(_: web.Request) -> web.Response:
        return web.Response(status=status, headers={"Retry-After": "0"})

    executor = make_executor(ACS_ENDPOINT=await servers.start(answer))
    failed = await perform(executor, a_call(), Play("announcement", "Hello."))
    assert failed.code == status
    assert len(servers.requests) == 1
