"""Supervisors who send commands to calls: through the API's own handler, in an instance of the HTTP functions.

The requests are authorised already, and their bodies are read: an action takes the place of both. Like any client, a
supervisor sends a request again, with the same key, where the response is lost or says that it can be tried again.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import msgspec

from emulator.acs.callees import CalleeBehaviour
from emulator.acs.calls import Script
from emulator.acs.service import Service
from shared.api.http import Request
from shared.api.problems import problem_of
from shared.api.route import RequestContext
from shared.api.router import SECONDS
from shared.api.v1.calls.command import submitted
from shared.api.v1.calls.models import OperationState
from shared.calls import commands, identities
from shared.calls.actions import (
    AddParticipant,
    AnyAction,
    CancelInvitation,
    CancelMedia,
    Consult,
    EndConsult,
    HangUp,
    Music,
    PauseRecording,
    Play,
    Recognize,
    RemoveParticipant,
    RequestRecording,
    ResumeRecording,
    SendDtmf,
    StartContinuousDtmf,
    StartMediaStreaming,
    StartTranscription,
    StopRecording,
    TransferCall,
)
from shared.calls.capabilities import Call
from shared.calls.effect import effect_id
from shared.directory.caller import Caller
from tests.simulation.host import Host
from tests.simulation.process import Crashed, here

FUNCTION = "api"
TRIES = 4
PAUSE = 1.0  # seconds until a request is sent again
TRY_AGAIN = range(500, 600)

RESOURCE = "ac5e0000-0000-4000-8000-000000000001"
SUPERVISORS = {
    "grace": "0000c0de-0000-4000-8000-0000000000a1",
    "linus": "0000c0de-0000-4000-8000-0000000000a2",
}
AGENT = "0000c0de-0000-4000-8000-0000000000b{}"
NO_TENANT = "c0000000-0000-4000-8000-000000000001"
ROLES = frozenset({"Supervisor"})


@dataclass(frozen=True)
class Command:
    """``do`` is one of ``ACTIONS``. ``clicks`` are the moments, in seconds after ``at``, at which it is sent; all with
    the same key, or all without one. ``call`` is the caller's number among those of the schedule.
    """

    at: float
    do: str
    by: str = "grace"
    key: str = "k"
    clicks: tuple[float, ...] = (0.0,)
    wait: int = 0
    call: int = 0


@dataclass
class Submission:
    """A request for a command, and the response. ``status`` is 0 where there is none."""

    command: Command
    call_id: str
    action: AnyAction
    sent_at: float
    status: int = 0
    answered_at: float = 0.0
    problem: str = ""
    state: OperationState | None = None

    @property
    def is_accepted(self) -> bool:
        return self.status in {200, 202}

    @property
    def requested_by(self) -> str:
        return f"user {SUPERVISORS[self.command.by]}"

    @property
    def context(self) -> str | None:
        """The operation context; None for a request without a key, where the app chooses it."""
        key = self.command.key
        return effect_id(self.call_id, f"command {self.requested_by} {key}") if key else None


# What agents do when they are rung; who accepts stays for some seconds. The second agent does any of them.
CALLEES = (
    CalleeBehaviour("accept", 1.0, script=Script(hangs_up_after=40.0)),
    CalleeBehaviour("accept", 3.0, script=Script(hangs_up_after=5.0)),
    CalleeBehaviour("decline", 2.0),
    CalleeBehaviour("decline", 2.0, declined_as_succeeded=True),
    CalleeBehaviour("no_answer"),
)


def staff(service: Service, tenant: str, rng: random.Random) -> None:
    """Agents with a behaviour each."""
    for number in (1, 2, 3):
        raw_id = identities.agent(RESOURCE, tenant, AGENT.format(number))
        service.callees.set(raw_id, rng.choice(CALLEES) if number == 2 else CALLEES[0])


Build = Callable[[Call], AnyAction]


def _caller(call: Call) -> str:
    return call.lifecycle.caller or "4:+12065551000"


def _first_command(call: Call, *kinds: type) -> str:
    """The operation context of the first command of these kinds; one that does not exist without one."""
    known = (id for id, each in commands.in_order(call) if isinstance(each.action, kinds))
    return next(known, effect_id(call.id, "none"))


def _recording(call: Call) -> str:
    return next(iter(call.recording.recordings), "none")


def _agent(call: Call, number: int) -> str:
    return identities.agent(
        RESOURCE, call.lifecycle.tenant or NO_TENANT, f"0000c0de-0000-4000-8000-0000000000b{number}"
    )


ACTIONS: dict[str, Build] = {
    "hang up": lambda _: HangUp(),
    "play": lambda _: Play("command", "One moment, please."),
    "play music": lambda _: Music("https://example.com/music.wav"),
    "play in a loop": lambda _: Play("command", "https://example.com/loop.wav", loop=True),
    "recognize": lambda call: Recognize(_caller(call), "keys", "Please press a key.", max_keys=2),
    "cancel media": lambda call: CancelMedia(_first_command(call, Play, Music, Recognize)),
    "send tones": lambda call: SendDtmf(_caller(call), "12#"),
    "report tones": lambda call: StartContinuousDtmf(_caller(call)),
    "add agent": lambda call: AddParticipant(_agent(call, 1)),
    "add another agent": lambda call: AddParticipant(_agent(call, 2), ring_seconds=20),
    "cancel invitation": lambda call: CancelInvitation(_first_command(call, AddParticipant)),
    "remove agent": lambda call: RemoveParticipant(_agent(call, 1)),
    "remove caller": lambda call: RemoveParticipant(_caller(call)),
    "transfer": lambda call: TransferCall(_agent(call, 3), _caller(call)),
    "start streaming": lambda _: StartMediaStreaming(),
    "start transcription": lambda _: StartTranscription(),
    "start recording": lambda _: RequestRecording(),
    "pause recording": lambda call: PauseRecording(_recording(call)),
    "resume recording": lambda call: ResumeRecording(_recording(call)),
    "stop recording": lambda call: StopRecording(_recording(call)),
    "consult": lambda call: Consult(_agent(call, 2), _caller(call), "https://example.com/music.wav"),
    "join": lambda call: EndConsult(_first_command(call, Consult), "join"),
    "drop": lambda call: EndConsult(_first_command(call, Consult), "drop"),
}


@dataclass
class Supervisors:
    """``find`` returns the id of a schedule's call, and what its row says of it now."""

    host: Host
    tenant: str
    time: Callable[[], float]
    find: Callable[[int], tuple[str, Call]]
    submissions: list[Submission] = field(default_factory=list)

    async def send(self, command: Command) -> None:
        await asyncio.sleep(command.at)
        call_id, call = self.find(command.call)
        action = ACTIONS[command.do](call)
        await asyncio.gather(*(self._click(command, call_id, action, after) for after in command.clicks))

    async def _click(self, command: Command, call_id: str, action: AnyAction, after: float) -> None:
        await asyncio.sleep(after)
        for n in range(TRIES if command.key else 1):
            submission = Submission(command, call_id, action, self.time())
            self.submissions.append(submission)
            await self._submit(submission)
            if submission.status and submission.status not in TRY_AGAIN:
                return
            await asyncio.sleep(PAUSE * 2**n)

    async def _submit(self, submission: Submission) -> None:
        try:
            answer = await self.host.run(FUNCTION, lambda: _respond(submission, self.tenant))
        except Crashed:
            return
        finally:
            submission.answered_at = self.time()
        submission.status, body = answer
        if submission.is_accepted:
            submission.state = body
        else:
            submission.problem = body


async def _respond(submission: Submission, tenant: str) -> tuple[int, Any]:
    """The status, and the operation or the code of the problem."""
    command = submission.command
    headers = {"prefer": f"wait={command.wait}"} | ({"idempotency-key": command.key} if command.key else {})
    request = Request("POST", f"calls/{submission.call_id}/commands", headers=headers)
    context = RequestContext(
        container=here().container,
        caller=Caller("user", tenant, SUPERVISORS[command.by], ROLES),
        request=request,
        path={"callId": submission.call_id},
        query=None,
        body=None,
        openapi=lambda: problem_of(NotImplementedError(), request, ""),
    )
    try:
        async with asyncio.timeout(SECONDS):
            result = await submitted(context, submission.action)
    except Exception as error:  # noqa: BLE001  # as the router does
        response = problem_of(error, request, "api command")
        return response.status, msgspec.json.decode(response.body)["code"]
    return result.status, result.data
