"""Media over the API: prompts, music, recognition, tones, streams."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from shared.api.router import Api
from shared.api.v1 import ROUTES
from shared.api.v1.calls.command import state_of
from shared.service.container import Container
from tests.api.calls.conftest import Line
from tests.api.conftest import Reply
from tests.api.test_conventions import ask

CALLER = {"number": "+12065551212"}
FILE = {"file": "https://contoso.com/hold.wav"}


async def played(line: Line) -> list[Any]:
    """What ACS was asked to play, and the cancellations, in order."""
    found = []
    for entry in await line.system.journal("acs.request"):
        if entry["operation"] == "Play":
            (source,) = entry["body"]["playSources"]
            found.append(source[source["kind"]].get("text") or source[source["kind"]].get("uri"))
        elif entry["operation"] == "CancelAllMediaOperations":
            found.append("cancel")
    return found


async def operation(line: Line, reply: Reply, status: str) -> Any:
    """The operation of a reply, once it has the status. The row is looked at, since the API limits the requests."""
    id = reply.data["id"]
    call_id = reply.headers["Location"].split("/calls/")[1].split("/")[0]
    await line.system.until(call_id, lambda call: state_of(call, id).status == status)
    found = (await line.get(reply.headers["Location"])).data
    assert found["status"] == status
    return found


async def test_a_prompt_interrupts_music_and_the_music_comes_back(line: Line) -> None:
    call_id = await line.connected()
    await line.system.until(call_id, lambda call: not call.effects)  # the announcement is over
    before = len(await played(line))
    music = await line.command(f"calls/{call_id}/media/play", {"source": FILE, "loop": True}, wait=0)
    await operation(line, music, "accepted")
    prompt = await line.command(f"calls/{call_id}/media/play", {"source": {"text": "Hi."}, "to": [CALLER]})
    assert (prompt.status, prompt.data["status"]) == (200, "succeeded"), prompt.body
    await line.system.until(call_id, lambda call: any(e.action.name == "Play" and e.performed for e in call.effects))
    assert (await played(line))[before:] == [FILE["file"], "cancel", "Hi.", FILE["file"]]
    media = (await line.get(f"calls/{call_id}/media")).data
    assert (media["playing"]["name"], media["playing"]["operationId"]) == ("Play", music.data["id"])
    assert media["waiting"] == []

    canceled = await line.command(f"calls/{call_id}/operations/{music.data['id']}/cancel")
    assert canceled.data["status"] == "succeeded", canceled.body
    await line.system.until(call_id, lambda call: not call.effects)
    assert (await operation(line, music, "canceled"))["failure"] is None
    assert (await played(line))[before + 4 :] == ["cancel"]


async def test_a_prompt_that_is_cancelled_in_the_queue_is_never_played(line: Line) -> None:
    call_id = await line.connected()
    first = await line.command(f"calls/{call_id}/media/play", {"source": {"text": "a" * 60}}, wait=0)
    second = await line.command(f"calls/{call_id}/media/play", {"source": {"text": "Never."}}, wait=0)
    waiting = [each["operationId"] for each in (await line.get(f"calls/{call_id}/media")).data["waiting"]]
    assert waiting[-1] == second.data["id"]
    canceled = await line.command(f"calls/{call_id}/operations/{second.data['id']}/cancel")
    assert canceled.data["status"] == "succeeded", canceled.body
    assert (await operation(line, second, "canceled"))["endedAt"]
    await operation(line, first, "succeeded")
    assert not {"Never.", "cancel"} & {*await played(line)}


async def test_two_supervisors_play_one_after_the_other(line: Line) -> None:
    call_id = await line.connected()
    other = await line.client.token(user="ada", roles=["Supervisor"])
    replies = await asyncio.gather(
        line.command(f"calls/{call_id}/media/play", {"source": {"text": "Hi."}}, wait=10),
        line.command(f"calls/{call_id}/media/play", {"source": {"text": "Hi."}}, wait=10, token=other),
    )
    assert [reply.data["status"] for reply in replies] == ["succeeded"] * 2, [reply.body for reply in replies]
    assert len({reply.data["id"] for reply in replies}) == 2
    events = [e["body"] for e in await line.system.journal("acs.callback")]
    types = [e["type"].rpartition(".")[2] for events in events for e in events]
    order = [name for name in types if name in {"PlayStarted", "PlayCompleted"}]
    assert order == ["PlayStarted", "PlayCompleted"] * (len(order) // 2)


async def test_recognition_returns_the_keys_that_the_caller_pressed(line: Line) -> None:
    call_id = await line.connected()
    body = {"target": CALLER, "prompt": {"text": "Key?"}, "maxKeys": 4, "stopKeys": "#"}
    reply = await line.command(f"calls/{call_id}/media/recognize", body, wait=0)
    await operation(line, reply, "accepted")
    (call,) = (await line.system.control("GET", "calls"))["calls"]
    for tone in ("four", "two", "pound"):
        await line.system.control("POST", f"calls/{call['id']}/press", {"tone": tone})
    found = await operation(line, reply, "succeeded")
    assert found["result"] == {"keys": "42"}
    row = await line.call(call_id)
    assert "42" not in " ".join(entry.text for entry in row.timeline if entry.type.startswith("Recognize"))


async def test_recognition_returns_the_choice_that_the_caller_said(line: Line) -> None:
    call_id = await line.connected()
    choices = [{"label": "Confirm", "phrases": ["yes"], "key": "1"}, {"label": "Cancel", "phrases": ["no"]}]
    body = {"target": CALLER, "kind": "choices", "choices": choices, "endSilenceSeconds": 1}
    reply = await line.command(f"calls/{call_id}/media/recognize", body, wait=0)
    await operation(line, reply, "accepted")
    (call,) = (await line.system.control("GET", "calls"))["calls"]
    await line.system.control("POST", f"calls/{call['id']}/say", {"phrase": "yes", "confidence": 0.9})
    found = await operation(line, reply, "succeeded")
    assert found["result"] == {"choice": "Confirm", "phrase": "yes", "confidence": 0.9}
    row = await line.call(call_id)
    assert "yes" not in " ".join(entry.text for entry in row.timeline)


async def test_music_whose_file_cannot_be_played_has_failed_and_is_over(line: Line) -> None:
    call_id = await line.connected()
    body = {"source": {"file": "https://contoso.com/missing.wav"}, "loop": True}
    reply = await line.command(f"calls/{call_id}/media/play", body, wait=10)
    assert (reply.status, reply.data["status"]) == (200, "failed"), reply.body
    assert reply.data["failure"]["subCode"] == 8535
    canceled = await line.command(f"calls/{call_id}/operations/{reply.data['id']}/cancel")
    assert (canceled.status, canceled.data["code"]) == (409, "NotAllowed"), canceled.body
    assert "failed already" in canceled.data["detail"]
    assert (await line.get(reply.headers["Location"])).data["status"] == "failed"
    again = await line.command(f"calls/{call_id}/media/play", body, wait=10)
    assert again.data["id"] != reply.data["id"]


async def test_silence_is_a_failure_with_its_meaning(line: Line) -> None:
    call_id = await line.connected()
    body = {"target": CALLER, "initialSilenceSeconds": 0}
    reply = await line.command(f"calls/{call_id}/media/recognize", body, wait=10)
    assert (reply.data["status"], reply.data["failure"]["subCode"]) == ("failed", 8510), reply.body
    assert reply.data["result"] is None


async def test_keys_are_reported_while_the_app_listens(line: Line) -> None:
    call_id = await line.connected()
    started = await line.command(f"calls/{call_id}/media/dtmf-recognition/start", {"target": CALLER})
    assert started.data["status"] == "succeeded", started.body
    (call,) = (await line.system.control("GET", "calls"))["calls"]
    for tone in ("one", "asterisk"):
        await line.system.control("POST", f"calls/{call['id']}/press", {"tone": tone})
    await line.system.until(call_id, lambda call: len(call.dtmf.received) == 2)
    media = (await line.get(f"calls/{call_id}/media")).data
    assert media["listening"] == ["4:+12065551212"]
    assert [(tone["key"], tone["participant"]) for tone in media["tones"]] == [
        ("1", "4:+12065551212"),
        ("*", "4:+12065551212"),
    ]
    stopped = await line.command(f"calls/{call_id}/media/dtmf-recognition/stop", {"target": CALLER})
    assert stopped.data["status"] == "succeeded", stopped.body
    assert (await line.get(f"calls/{call_id}/media")).data["listening"] == []


async def test_tones_are_sent_to_a_participant(line: Line) -> None:
    call_id = await line.connected()
    sent = await line.command(f"calls/{call_id}/media/dtmf", {"target": CALLER, "tones": "1#"})
    assert sent.data["status"] == "succeeded", sent.body
    absent = {"target": {"number": "+15550000000"}, "tones": "1"}
    await line.system.until(call_id, lambda call: len(call.participants.present) > 0)
    refused = await line.command(f"calls/{call_id}/media/dtmf", absent)
    assert (refused.status, refused.data["code"]) == (409, "NotAllowed"), refused.body


async def test_the_call_ends_in_the_middle_of_a_prompt(line: Line) -> None:
    call_id = await line.connected()
    reply = await line.command(f"calls/{call_id}/media/play", {"source": {"text": "a" * 100}}, wait=0)
    await line.command(f"calls/{call_id}/hang-up", wait=10)
    found = await operation(line, reply, "failed")
    assert found["failure"]["subCode"] == 8522
    assert (await line.get(f"calls/{call_id}/media")).data["playing"] is None


REFUSED: tuple[tuple[str, Any, str], ...] = (
    ("play", {}, "source"),
    ("play", {"source": {}}, "source"),
    ("play", {"source": {"text": "Hi.", "file": "https://contoso.com/a.wav"}}, "source"),
    ("play", {"source": {"text": " \n"}}, "source.text"),
    ("play", {"source": {"text": "a" * 1001}}, "source.text"),
    ("play", {"source": {"text": "https://contoso.com/a.wav"}}, "file"),
    ("play", {"source": {"ssml": "<voice>Hi.</voice>"}}, "source.ssml"),
    ("play", {"source": {"file": "http://contoso.com/a.wav"}}, "file"),
    ("play", {"source": {"file": "ftp://contoso.com/a.wav"}}, "source.file"),
    ("play", {"source": FILE, "to": []}, "to"),
    ("recognize", {"target": CALLER, "kind": "choices"}, "choices"),
    ("recognize", {"target": CALLER, "choices": [{"label": "a", "phrases": ["b"]}]}, "choices"),
    ("recognize", {"target": CALLER, "stopKeys": "x"}, "stopKeys"),
    ("recognize", {"target": CALLER, "maxKeys": 0}, "maxKeys"),
    ("dtmf", {"target": CALLER, "tones": "12E"}, "tones"),
    ("transcription/update", {}, "language"),
    ("transcription/update", {"language": "German"}, "language"),
)
STREAMS: tuple[tuple[str, Any, str], ...] = (
    ("streaming/start", None, "MEDIA_STREAMING_URL"),
    ("streaming/stop", None, "MEDIA_STREAMING_URL"),
    ("transcription/start", {}, "TRANSCRIPTION_URL"),
    ("transcription/stop", None, "TRANSCRIPTION_URL"),
)


async def test_refusals_name_the_field_or_the_setting(line: Line) -> None:
    call_id = await line.connected()
    token = await line.client.token(user=await line.client.newcomer(), roles=["Supervisor"])
    for path, body, field in REFUSED:
        refused = await line.command(f"calls/{call_id}/media/{path}", body, token=token)
        assert (refused.status, refused.data["code"]) == (400, "BadBody"), (path, body, refused.body)
        assert field in refused.data["detail"]
    for path, body, setting in STREAMS:
        refused = await line.command(f"calls/{call_id}/media/{path}", body, token=token)
        assert (refused.status, refused.data["code"]) == (409, "SettingMissing"), (path, refused.body)
        assert setting in refused.data["detail"]


SPOKEN: tuple[tuple[str, Any], ...] = (
    ("play", {"source": {"text": "Hi."}}),
    ("play", {"source": {"ssml": "<speak>Hi.</speak>"}}),
    ("recognize", {"target": CALLER, "kind": "speech"}),
    ("recognize", {"target": CALLER, "prompt": {"text": "Hi."}}),
)


async def test_an_app_without_an_ai_service_plays_files_alone(line: Line) -> None:
    call_id = await line.connected()
    changed = {"COGNITIVE_SERVICES_ENDPOINT": "", "MEDIA_STREAMING_URL": "wss://media.example/calls"}
    container = Container(line.system.stack.ports.settings() | changed)
    api = Api(container, routes=ROUTES)
    for path, body in SPOKEN:
        answer = await ask(api, "POST", f"calls/{call_id}/media/{path}", body)
        assert (answer.status, json.loads(answer.body)["code"]) == (409, "SettingMissing"), answer.body
        assert "COGNITIVE_SERVICES_ENDPOINT" in json.loads(answer.body)["detail"]
    file = await ask(api, "POST", f"calls/{call_id}/media/play", {"source": FILE}, Prefer="wait=5")
    assert json.loads(file.body)["status"] == "succeeded", file.body
    # The setting was made after the call was answered.
    late = await ask(api, "POST", f"calls/{call_id}/media/streaming/start", Prefer="wait=5")
    assert json.loads(late.body)["failure"]["subCode"] == 8500, late.body
    await container.close()
