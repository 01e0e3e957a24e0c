"""What each party hears is sound: voices, prompts and music are tones in the parties' ears and in recordings."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from azure.communication.callautomation import (
    DtmfTone,
    FileSource,
    PhoneNumberIdentifier,
    TeamsExtensionUserIdentifier,
    TextSource,
)
from azure.communication.callautomation.aio import CallAutomationClient

from emulator.listening import Passage, heard, passages
from tests.emulator.client import CALLER, Answered, Application, Control, until

AGENT = TeamsExtensionUserIdentifier(user_id="user", tenant_id="tenant", resource_id="resource")
SECOND = TeamsExtensionUserIdentifier(user_id="second", tenant_id="tenant", resource_id="resource")
CALLING = PhoneNumberIdentifier(CALLER)
MUSIC = FileSource("https://files.example/sounds/music.wav?version=2")
CALLER_ID, AGENT_ID, SECOND_ID = f"4:{CALLER}", "8:acs:resource_tenant_user", "8:acs:resource_tenant_second"


async def _ear(control: Control, call: Answered, raw_id: str) -> list[frozenset[str]]:
    """What a party heard, one after the other; moments of less than three frames, while things change, are left out."""
    return [each.names for each in await _passages(control, call, raw_id) if each.end - each.start > 0.05]


async def _passages(control: Control, call: Answered, raw_id: str) -> list[Passage]:
    sounds = (await control("GET", f"calls/{call.id}/sounds"))["sounds"]
    return passages(await _wav(control, call, raw_id), sounds)


async def _wav(control: Control, call: Answered, raw_id: str) -> bytes:
    async with control.session.get(f"{control.url}/_emulator/calls/{call.id}/heard/{raw_id}") as answer:
        assert answer.content_type == "audio/wav"
        return await answer.read()


async def _add(call: Answered, app: Application, *agents: TeamsExtensionUserIdentifier) -> None:
    present = len(app.of("AddParticipantSucceeded"))
    for agent in agents:
        await call.connection.add_participant(agent)
    await until(lambda: len(app.of("AddParticipantSucceeded")) == present + len(agents))


@pytest.fixture
async def conference(answered: Any, app: Application) -> Answered:
    """A caller and two agents."""
    call: Answered = await answered()
    await _add(call, app, AGENT, SECOND)
    return call


async def test_parties_hear_each_other_and_not_themselves(conference: Answered, control: Control) -> None:
    await asyncio.sleep(0.1)
    assert (await _ear(control, conference, CALLER_ID))[-1] == {AGENT_ID, SECOND_ID}
    assert (await _ear(control, conference, AGENT_ID))[-1] == {CALLER_ID, SECOND_ID}
    caller, second = [await _passages(control, conference, raw_id) for raw_id in (CALLER_ID, SECOND_ID)]
    assert caller[0].names == second[0].names == frozenset()
    assert caller[-1].end == pytest.approx(second[-1].end, abs=0.2), "both begin when the call was connected"


async def test_a_prompt_for_all_is_heard_by_all_between_the_voices(
    conference: Answered, app: Application, control: Control
) -> None:
    await conference.connection.play_media(TextSource(text="Welcome! " * 5, voice_name="a"))
    await app.event("PlayCompleted")
    await asyncio.sleep(0.06)
    for raw_id, others in ((CALLER_ID, {AGENT_ID, SECOND_ID}), (AGENT_ID, {CALLER_ID, SECOND_ID})):
        during, after = (await _ear(control, conference, raw_id))[-2:]
        assert [during, after] == [others | {("Welcome! " * 5).strip()}, others]


async def test_music_for_one_party_takes_them_out_of_the_conversation(
    conference: Answered, app: Application, control: Control
) -> None:
    await conference.connection.play_media(MUSIC, play_to=[CALLING], loop=True)
    await app.event("PlayStarted")
    await asyncio.sleep(0.12)
    assert (await _ear(control, conference, CALLER_ID))[-1] == {"music.wav"}
    assert (await _ear(control, conference, AGENT_ID))[-1] == {SECOND_ID}
    assert (await _ear(control, conference, SECOND_ID))[-1] == {AGENT_ID}
    await conference.connection.cancel_all_media_operations()
    await app.event("PlayCanceled")
    await asyncio.sleep(0.06)
    assert (await _ear(control, conference, CALLER_ID))[-1] == {AGENT_ID, SECOND_ID}
    assert (await _ear(control, conference, AGENT_ID))[-1] == {CALLER_ID, SECOND_ID}


async def test_music_for_one_party_can_be_heard_between_the_voices(
    conference: Answered, app: Application, control: Control
) -> None:
    await control("POST", "options", {"targeted_play_isolates": False})
    await conference.connection.play_media(MUSIC, play_to=[CALLING], loop=True)
    await app.event("PlayStarted")
    await asyncio.sleep(0.1)
    assert (await _ear(control, conference, CALLER_ID))[-1] == {AGENT_ID, SECOND_ID, "music.wav"}
    assert (await _ear(control, conference, AGENT_ID))[-1] == {CALLER_ID, SECOND_ID}
    assert not any(person["isOnHold"] for data in app.of("ParticipantsUpdated") for person in data["participants"])


async def test_participants_updated_shows_who_is_on_hold_while_it_plays(conference: Answered, app: Application) -> None:
    def on_hold() -> list[set[str]]:
        updates = sorted(app.of("ParticipantsUpdated"), key=lambda data: data["sequenceNumber"])
        return [{p["identifier"]["rawId"] for p in data["participants"] if p["isOnHold"]} for data in updates]

    await until(lambda: len(on_hold()) == 3)
    await conference.connection.play_media(MUSIC, play_to=[CALLING])
    await app.event("PlayCompleted")
    await until(lambda: len(on_hold()) == 5)
    assert on_hold()[-3:] == [set(), {CALLER_ID}, set()]


async def test_a_muted_party_hears_and_is_not_heard(answered: Any, app: Application, control: Control) -> None:
    call = await answered(kind="acs", to="8:acs:res_app")
    await _add(call, app, AGENT)
    await call.connection.mute_participant(CALLING)
    await asyncio.sleep(0.1)
    assert (await _ear(control, call, CALLER_ID))[-1] == {AGENT_ID}
    assert (await _ear(control, call, AGENT_ID))[-1] == frozenset()


async def test_the_prompt_of_a_recognition_is_heard_by_its_target_until_a_key_interrupts_it(
    conference: Answered, app: Application, control: Control
) -> None:
    prompt = TextSource(text="x" * 2000, voice_name="a")
    await conference.connection.start_recognizing_media(
        "dtmf", CALLING, play_prompt=prompt, dtmf_max_tones_to_collect=1, interrupt_prompt=True
    )
    await asyncio.sleep(0.1)
    await control("POST", f"calls/{conference.id}/press", {"tone": DtmfTone.ONE})
    await app.event("RecognizeCompleted")
    await asyncio.sleep(0.06)
    during, after = (await _ear(control, conference, CALLER_ID))[-2:]
    assert [during, after] == [{AGENT_ID, SECOND_ID, "x" * 2000}, {AGENT_ID, SECOND_ID}]
    assert (await _ear(control, conference, AGENT_ID))[-1] == {CALLER_ID, SECOND_ID}


async def test_after_a_transfer_the_two_talk_without_the_application(
    answered: Any, app: Application, control: Control
) -> None:
    call = await answered()
    await call.connection.transfer_call_to_participant(AGENT)
    await app.event("CallDisconnected")
    await asyncio.sleep(0.1)
    state = await control("GET", f"calls/{call.id}")
    assert (state["state"], state["transferred"]) == ("ended", [CALLER_ID, AGENT_ID])
    assert (await _ear(control, call, CALLER_ID))[-1] == {AGENT_ID}
    assert (await _ear(control, call, AGENT_ID))[-1] == {CALLER_ID}
    ended = await control("POST", f"calls/{call.id}/hangup", {"who": AGENT_ID})
    assert ended["transferred"] == []
    before = await _wav(control, call, CALLER_ID)
    await asyncio.sleep(0.05)
    assert await _wav(control, call, CALLER_ID) == before, "an ear ends when the conversation does"


async def test_in_a_group_the_transferee_leaves_and_the_others_talk_on(
    conference: Answered, app: Application, control: Control
) -> None:
    await conference.connection.transfer_call_to_participant(PhoneNumberIdentifier("+4915112345"), transferee=CALLING)
    await app.event("CallTransferAccepted")
    await asyncio.sleep(0.1)
    assert (await _ear(control, conference, AGENT_ID))[-1] == {SECOND_ID}
    assert (await _ear(control, conference, CALLER_ID))[-1] == {"4:+4915112345"}
    assert app.of("CallDisconnected") == []


async def test_a_caller_hangs_up_after_a_transfer_as_their_script_says(
    answered: Any, app: Application, control: Control
) -> None:
    call = await answered(hangs_up_after=12)
    await call.connection.transfer_call_to_participant(AGENT)
    await app.event("CallTransferAccepted")
    assert (await control("GET", f"calls/{call.id}"))["transferred"] != []
    async with asyncio.timeout(20):
        while (await control("GET", f"calls/{call.id}"))["transferred"]:  # noqa: ASYNC110 - it is asked over HTTP
            await asyncio.sleep(0.05)


async def test_a_recording_holds_what_was_in_the_call(
    conference: Answered, app: Application, control: Control, client: CallAutomationClient
) -> None:
    recording = await client.start_recording(
        call_connection_id=conference.connection_id,
        recording_content_type="audio",
        recording_channel_type="mixed",
        recording_format_type="wav",
    )
    await asyncio.sleep(0.1)
    await conference.connection.play_media(TextSource(text="This call is recorded.", voice_name="a"))
    await app.event("PlayCompleted")
    await conference.connection.play_media(MUSIC, play_to=[CALLING], loop=True)
    await until(lambda: len(app.of("PlayStarted")) == 2)
    await asyncio.sleep(0.1)
    sounds = (await control("GET", f"calls/{conference.id}/sounds"))["sounds"]
    await client.stop_recording(str(recording.recording_id))
    await control.idle()
    (event,) = await control.events("RecordingFileStatusUpdated")
    location = event["data"]["recordingStorageInfo"]["recordingChunks"][0]["contentLocation"]
    stream: Any = await client.download_recording(location)
    wav = b"".join([part async for part in stream.iter_bytes()])
    everyone = {CALLER_ID, AGENT_ID, SECOND_ID}
    assert passages(wav, sounds)[0].names == everyone
    said = [each.names for each in passages(wav, sounds) if each.names != everyone]
    assert said == [everyone | {"This call is recorded."}, {AGENT_ID, SECOND_ID}]
    assert heard(wav, sounds) == everyone | {"This call is recorded."}
    assert heard(wav, sounds, 0, 0.05) == everyone


async def test_an_ear_can_be_read(answered: Any, app: Application, control: Control) -> None:
    call = await answered()
    await _add(call, app, AGENT)
    await asyncio.sleep(0.05)
    await call.connection.play_media(MUSIC, play_to=[CALLING], loop=True)
    await app.event("PlayStarted")
    await asyncio.sleep(0.1)
    async with control.session.get(f"{control.url}/_emulator/calls/{call.id}/heard/{CALLER_ID}?format=text") as answer:
        lines = (await answer.text()).splitlines()
    words = [line.split("s  ")[1] for line in lines]
    assert words[0] == "silence"
    assert [what for what in words if what != "silence"] == ["agent user", "“music.wav”"]
    assert lines[0].startswith("    0.00 s to ")
    for query, why in (("format=mp3", "wav or text"), ("from=3", "an ear has no 'from'")):
        status, refused = await control.status("GET", f"calls/{call.id}/heard/{CALLER_ID}?{query}")
        assert (status, why in refused["error"]) == (400, True)


async def test_every_sound_of_a_call_has_a_pitch_of_its_own(answered: Any, app: Application, control: Control) -> None:
    call = await answered()
    names = [f"{n}.wav" for n in range(12)]
    await call.connection.play_media([FileSource(f"https://files.example/{name}") for name in names])
    await app.event("PlayCompleted")
    sounds = (await control("GET", f"calls/{call.id}/sounds"))["sounds"]
    assert set(sounds) == {CALLER_ID, *names}
    assert len(set(sounds.values())) == 13


@pytest.mark.parametrize(
    ("raw_id", "why"), [(AGENT_ID, "the call has no '8:acs:resource_tenant_user'"), ("nonsense", "not 'nonsense'")]
)
async def test_only_a_party_has_an_ear(answered: Any, control: Control, *, raw_id: str, why: str) -> None:
    call = await answered()
    status, answer = await control.status("GET", f"calls/{call.id}/heard/{raw_id}")
    assert (status, why in answer["error"]) == (400, True), answer
    ringing = await control.dial()
    status, answer = await control.status("GET", f"calls/{ringing['id']}/heard/{CALLER_ID}")
    assert (status, "never connected" in answer["error"]) == (400, True)
    assert (await control.status("GET", "calls/none/sounds"))[0] == 404
