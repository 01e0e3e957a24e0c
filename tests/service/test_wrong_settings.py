"""A wrong setting: a call that can be answered is answered and has its row; health and the log name the setting."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from emulator.acs.identifiers import parse
from emulator.server import Emulator
from local.stack import SAMPLE
from shared.calls.state import CallState
from shared.platform.settings import SettingError, Settings
from shared.service.answering import call_id_of
from shared.service.container import Container
from shared.service.health import check_health
from tests.service.test_triggers import Wire
from tests.support import asked

ACCOUNT = "cc123456-5678-5678-1234-ccc123456789"
TYPOS = {
    "INCOMING_CALLS": "anwser",
    "RECORDING": "yes",
    "RECORDING_CHANNELS": "stereo",
    "RECORDING_CONTAINER_URL": "recordings",
    "RECORDING_DELETE_SOURCE": "1",
    "UNRECORDED_CALLS": "hangup",
    "RESOURCE_ACCOUNTS": "support@contoso.com",
    "MEDIA_STREAMING_URL": "https://media.contoso.com",
    "MEDIA_STREAMING_CHANNELS": "2",
    "TRANSCRIPTION_URL": "media.contoso.com",
    "COGNITIVE_SERVICES_ENDPOINT": "speech",
    "ACS_RECORDING_ENDPOINT": "https://x.asm.skype.com",
    "API_CLIENT_ID": "my-api",
    "API_TENANTS": "contoso.com",
    "API_KEY_ROLES": "Owner",
    "AZURE_AUTHORITY_HOST": "contoso.com",
    "GRAPH_ENDPOINT": "contoso.com",
    "RESOURCE_MANAGER_ENDPOINT": "contoso.com",
    "EVENTS_TOPIC_ENDPOINT": "call-events",
    "EVENTS_TOPIC_ID": "call-events",
    "ACS_SYSTEM_TOPIC_ID": "acs",
    "CALLBACK_TOKEN_ISSUER": "contoso.com",
    "CALLBACK_TOKEN_KEYS_URL": "contoso.com",
}
NEEDED = {"ACS_ENDPOINT": "acs", "ACS_ACCESS_KEY": "", "CALLBACK_BASE_URL": "http://contoso.com"}


def ring(emulator: Emulator, account: str = ACCOUNT) -> Wire:
    """Place a new call at the emulator; its event."""
    emulator.service.rng.seed()
    call = emulator.service.ring(parse("+12065551212"), parse(account), kind="tpe", ringing_for=0)
    return Wire(emulator.service.incoming_call_event(call, display_name="Ada Lovelace"))


async def state_of(container: Container, wire: Wire) -> CallState | None:
    call = (await container.store.read(call_id_of(wire.get_json()["incomingCallContext"], wire.time))).call
    return call.state if call else None


@pytest.mark.parametrize("name", TYPOS)
async def test_a_typo_in_a_setting_that_no_answer_needs_loses_no_call(
    make_container: Callable[..., Container], emulator: Emulator, name: str
) -> None:
    container, wire = make_container(**{name: TYPOS[name]}), ring(emulator)
    await container.answering.incoming_call(wire)
    assert len(asked(emulator, "AnswerCall")) == 1
    assert await state_of(container, wire) is CallState.ANSWERED


@pytest.mark.parametrize("name", NEEDED)
async def test_a_wrong_setting_that_an_answer_needs_is_named_and_the_call_has_its_row(
    make_container: Callable[..., Container], emulator: Emulator, name: str
) -> None:
    container, wire = make_container(**{name: NEEDED[name]}), ring(emulator)
    with pytest.raises(SettingError, match=name):
        await container.answering.incoming_call(wire)
    assert await state_of(container, wire) is CallState.RINGING


async def test_the_readable_entries_of_a_list_of_accounts_are_used(
    make_container: Callable[..., Container], emulator: Emulator
) -> None:
    """The list still prevents this app from answering calls of another one that shares the ACS resource."""
    container = make_container(RESOURCE_ACCOUNTS=f"{ACCOUNT},support@contoso.com")
    listed, other = ring(emulator), ring(emulator, "11111111-2222-3333-4444-555555555555")
    await container.answering.incoming_call(listed)
    await container.answering.incoming_call(other)
    assert await state_of(container, listed) is CallState.ANSWERED
    assert await state_of(container, other) is CallState.NOT_OURS


@pytest.mark.parametrize(("name", "text"), (TYPOS | NEEDED).items())
def test_health_names_the_setting_and_shows_no_value(name: str, text: str) -> None:
    status, body = check_health(Settings(SAMPLE | {name: text}))
    assert (status, json.loads(body)) == (503, {"status": "misconfigured", "settings": [name]})


def test_health_is_ok_where_every_setting_can_be_read() -> None:
    status, body = check_health(Settings(SAMPLE))
    assert (status, json.loads(body)) == (200, {"status": "ok"})
