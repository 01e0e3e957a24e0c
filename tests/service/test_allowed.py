"""What the platform does not allow is refused with its reason, before ACS is asked."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from shared.calls.actions import (
    AddParticipant,
    CancelInvitation,
    CustomContext,
    HoldParticipant,
    MuteParticipant,
    RemoveParticipant,
    TransferCall,
    UnholdParticipant,
)
from shared.calls.capabilities import Call
from shared.calls.capabilities.lifecycle import Lifecycle
from shared.calls.event import OperationRequested, own
from shared.calls.policy import CallPolicy
from shared.service.allowed import refusal
from tests.calls.driver import CallDriver, at, connected
from tests.golden import event

CALLER, NUMBER, OWN = "4:+12065551212", "4:+12065550199", "28:orgid:11111111-1111-4111-8111-111111111111"
TENANT, RESOURCE = "c0000000-0000-4000-8000-000000000001", "ac5e0000-0000-4000-8000-000000000001"
ADA, GRACE = (f"8:acs:{RESOURCE}_{TENANT}_0000c0de-0000-4000-8000-0000000000a{n}" for n in (1, 2))
APP = f"8:acs:{RESOURCE}_0000000f-0000-4000-8000-000000000001"  # the app's own identity in a call
TEAMS_USER, QUEUE = "8:orgid:0000c0de-0000-4000-8000-0000000000a2", "28:orgid:22222222-2222-4222-8222-222222222222"
ID = "7a0c53a0-0000-5000-8000-000000000001"


def line(*present: str, callee: str = OWN, requested: Any = None) -> Call:
    driver: CallDriver = connected(CallPolicy(record=False))
    people = [{"identifier": {"rawId": each}} for each in present]
    if present:
        driver.receive(event("participants_updated", 2, participants=people))
    if requested is not None:
        driver.receive(own(ID, at(3), OperationRequested(requested, "user supervisor")))
    return replace(driver.call, lifecycle=Lifecycle(callee=callee))


@pytest.mark.parametrize("action", [MuteParticipant(ADA), HoldParticipant(ADA), UnholdParticipant(ADA)])
def test_only_clients_mute_and_hold_in_a_teams_phone_call(action: Any) -> None:
    assert "In a Teams Phone call only" in (refusal(line(CALLER, ADA), action) or "")
    assert refusal(line(CALLER, ADA, callee=APP), action) is None


def test_a_number_is_dialled_into_a_teams_phone_call_once() -> None:
    driver = CallDriver(CallPolicy(record=False))
    for number, people in ((1, (CALLER, NUMBER)), (2, (APP,))):
        present = [{"identifier": {"rawId": each}} for each in people]
        driver.receive(event("participants_updated", number, sequenceNumber=number, participants=present))
    inbound = replace(driver.call, lifecycle=Lifecycle(callee=OWN, caller=CALLER))
    assert "dials a number into a call once" in (refusal(inbound, AddParticipant(NUMBER)) or "")
    assert refusal(inbound, AddParticipant(CALLER)) is None
    outbound = replace(driver.call, lifecycle=Lifecycle(callee=OWN, caller=CALLER, is_outbound=True))
    assert refusal(outbound, AddParticipant(CALLER)) is not None
    assert refusal(replace(inbound, lifecycle=Lifecycle(callee=APP)), AddParticipant(NUMBER)) is None


ALLOWED = [
    (line(CALLER, APP), AddParticipant(ADA)),
    (line(CALLER, APP), AddParticipant(NUMBER)),
    (line(CALLER, APP), AddParticipant(TEAMS_USER)),
    (line(CALLER, ADA), RemoveParticipant(ADA.upper().replace("8:ACS", "8:acs"))),
    (line(), RemoveParticipant(ADA)),  # before the participants are known
    (line(), TransferCall(ADA)),
    (line(CALLER, APP), TransferCall(ADA)),
    (line(CALLER, APP, OWN), TransferCall(QUEUE)),
    (line(CALLER, ADA, APP), TransferCall(GRACE, CALLER)),
    (line(CALLER), TransferCall(NUMBER, None, CustomContext(sip_headers={"X-Case": "1"}))),
    (line(CALLER), TransferCall(ADA, None, CustomContext(voip_headers={"X-Case": "1"}, topic="Invoice"))),
]
REFUSED = [
    (line(CALLER, ADA), AddParticipant(ADA), "in the call already"),
    (line(CALLER), AddParticipant(CALLER), "a number can be in a call once"),
    (line(CALLER, requested=AddParticipant(ADA)), AddParticipant(ADA), f"invited already, by operation {ID}"),
    (line(CALLER), AddParticipant(OWN), "cannot be added to itself"),
    (line(CALLER), RemoveParticipant(ADA), "is not in the call"),
    (line(CALLER, requested=AddParticipant(ADA)), RemoveParticipant(ADA), "cancel that operation instead"),
    (line(CALLER, callee=APP), MuteParticipant(ADA), "is not in the call"),
    (line(CALLER), TransferCall(GRACE, ADA), "is not in the call"),
    (line(CALLER, ADA), TransferCall(ADA, ADA), "are the same"),
    (line(CALLER, ADA, APP), TransferCall(GRACE), "The call has 2 participants besides the app: name the transferee"),
    (line(APP), TransferCall(GRACE), "no participant to transfer"),
    (line(CALLER, requested=TransferCall(GRACE)), TransferCall(ADA), f"under way: operation {ID}"),
    (line(CALLER), TransferCall(ADA, None, CustomContext(sip_headers={"X-Case": "1"})), "only phone numbers take SIP"),
    (line(CALLER), TransferCall(NUMBER, None, CustomContext(topic="Invoice")), "SIP headers alone"),
    (line(CALLER), TransferCall(ADA, None, CustomContext(details={"Contract": "gold"})), "caller of this call is not"),
]


def test_an_operation_that_is_over_is_not_cancelled() -> None:
    driver = connected(CallPolicy(record=False))
    driver.receive(own(ID, at(3), OperationRequested(AddParticipant(ADA), "user supervisor")))
    assert refusal(driver.call, CancelInvitation(ID)) is None
    driver.receive(event("add_participant_failed", 4, operationContext=ID))
    assert refusal(driver.call, CancelInvitation(ID)) == "The operation has failed already."


@pytest.mark.parametrize(("call", "action"), ALLOWED)
def test_the_rest_is_allowed(call: Call, action: Any) -> None:
    assert refusal(call, action) is None


@pytest.mark.parametrize(("call", "action", "reason"), REFUSED)
def test_a_refusal_says_why(call: Call, action: Any, reason: str) -> None:
    refused = refusal(call, action) or ""
    assert reason in refused
    assert "+1206" not in refused
