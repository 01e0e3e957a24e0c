"""A simulated deployment in virtual time: the platform, its faults, instances of the app, and callers.

``simulate`` runs a schedule to its end and returns a ``RunResult``.
"""

from __future__ import annotations

import asyncio
import hashlib
import itertools
import json
import logging
import random
import sys
from collections import Counter
from collections.abc import Coroutine
from contextlib import suppress
from contextvars import Context
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any
from unittest.mock import patch

from emulator.acs.calls import Call as AcsCall
from emulator.acs.calls import Script
from emulator.acs.identifiers import parse
from emulator.clock import stamp
from emulator.config import Config
from local.stack import LOCAL, SAMPLE
from shared.agents.models import Agent, Claim
from shared.agents.rows import AGENT as AGENT_ROW
from shared.agents.rows import content_of
from shared.calls import identities
from shared.calls.capabilities import Call
from shared.calls.effect import Effect
from shared.calls.event import Event
from shared.calls.operations import contexts_of
from shared.calls.plans.base import Visit
from shared.calls.tones import tones_of
from shared.directory import account_cache
from shared.directory.models import ResourceAccount
from shared.service.answering import call_id_of
from shared.service.container import Container
from shared.storage import calls as store
from shared.storage.keys import id_of as id_of_row
from tests.simulation import plans
from tests.simulation.agents import FIRST, Behaviour, Clients, Decider, decision_requests
from tests.simulation.bending import Bending, Bent
from tests.simulation.host import Host, Invocation
from tests.simulation.loop import VirtualLoop, pause, run
from tests.simulation.outbound import Outbound, Placement, Placements
from tests.simulation.patches import FOLDED_EVENTS, patched
from tests.simulation.platform import START, Platform, acs_operation
from tests.simulation.process import HERE, Process, Site, Steps, task_factory
from tests.simulation.storage import LISTS, Blobs, HttpRequest, Queues, Tables, plain
from tests.simulation.supervisors import AGENT as AGENTS
from tests.simulation.supervisors import RESOURCE, Command, Submission, Supervisors, staff
from tests.simulation.transport import Network, NetworkFault, Route, Sent, Transport
from tests.simulation.versions import FOR_GOOD, OtherVersions, as_before

ACCOUNT = "28:orgid:cc123456-5678-5678-1234-ccc123456789"
HORIZON = 4 * 24 * 3600.0  # seconds; a run that has not ended by then is a failure
MOST_INVOCATIONS = 1500  # of a call: ten times what any call needs, so a run beyond it loops
LOOKED_AT = 2.0  # seconds between checks whether anything is under way
TRANSPORT = Transport()
BENT = "field missing or mistyped"
OBSERVED = 4 * 3600.0  # seconds for which a row that stays unreadable is observed
SETTLED = 5.0  # seconds without anything under way

# The copy of the directory, as a refresh has left it: Graph itself has no part in a call.
LINE = ResourceAccount(
    id=ACCOUNT.rpartition(":")[2],
    tenant_id=SAMPLE["API_TENANTS"].split(",")[0],
    display_name="Support line",
    user_principal_name="support@contoso.com",
    app_id="aaaaaaaa-0000-4000-8000-00000000000b",
    acs_resource_id=SAMPLE["ACS_RESOURCE_ID"].lower(),
    phone_number="+18005550100",
)
COPY = [
    account_cache.row(LINE),
    *(
        {"PartitionKey": account_cache.TENANTS, "RowKey": tenant, "acs_resource_id": LINE.acs_resource_id}
        for tenant in SAMPLE["API_TENANTS"].split(",")
    ),
]

AGENT = identities.agent(RESOURCE, LINE.tenant_id, AGENTS.format(1))  # whose client calls on behalf of the account
NO_CALL = f"20261121-{0:032x}"
NUMBER = "+1206555{:04d}"
NAME = "Ada Lovelace {}"


@dataclass(frozen=True)
class Caller:
    """A caller: when they call, for how long, and the keys that they press. ``on_behalf_of``: the caller is an agent's
    client, which calls this number on behalf of the resource account.
    """

    at: float = 0.0
    hangs_up_after: float = 20.0
    presses: tuple[tuple[float, str], ...] = ()
    on_behalf_of: str = ""


@dataclass
class Schedule:
    """What a run simulates. ``rules`` are the emulator's (emulator/faults.py), ``network_faults`` the network's."""

    name: str = "calm"
    seed: int = 0
    kinds: tuple[str, ...] = ()
    callers: tuple[Caller, ...] = (Caller(),)
    commands: tuple[Command, ...] = ()
    outbound: tuple[Outbound, ...] = ()
    plan: str = ""  # the name of the routing plan (``plans.PLANS``) of the line; it has none without
    agents: tuple[Behaviour, ...] = ()  # those of the plan's group
    decider: Decider = ()
    settings: dict[str, str] = field(default_factory=dict)
    options: dict[str, Any] = field(default_factory=dict)
    instances: int = 2
    skews: tuple[float, ...] = ()
    rules: list[dict[str, Any]] = field(default_factory=list)
    network_faults: list[NetworkFault] = field(default_factory=list)
    kills: frozenset[int] = frozenset()
    freezes: dict[int, float] = field(default_factory=dict)
    deploys: tuple[float, ...] = ()
    changes: tuple[tuple[float, str, float], ...] = ()  # when another version writes the rows, how, for how long
    stops: tuple[float, ...] = ()  # when all instances are shut down in order and replaced
    unreadable_at: tuple[float, ...] = ()  # when unreadable events are sent
    rotations: tuple[tuple[float, bool], ...] = ()  # when the keys change, and whether the old ones are withdrawn
    mistyped: tuple[
        tuple[float, str, str, float], ...
    ] = ()  # when a setting is wrong, its name, the value, for how long
    bent: tuple[Bent, ...] = ()
    rules_from: float = 0.0  # when the emulator's rules begin to hold, and fields to be bent

    @property
    def most_invocations(self) -> int:
        return MOST_INVOCATIONS * (len(self.callers) + len(self.outbound))


@dataclass
class Folded:
    """An event that was folded into a call and saved with it."""

    call_id: str
    event: Event
    now: datetime


@dataclass
class RunResult:
    """The state and the history of a run that has ended."""

    schedule: Schedule
    seconds: float
    calls: dict[str, Call]
    unreadable: dict[str, Call]  # as a version reads them that can
    lost: list[str]  # of what other versions wrote
    entities: dict[str, dict[str, Any]]
    lists: dict[tuple[str, str], dict[str, Any]]  # the rows of lists, by their keys
    acs: list[AcsCall]
    journal: list[dict[str, Any]]
    sent: list[Sent]
    invocations: list[Invocation]
    poisoned: list[str]
    submissions: list[Submission]
    placements: list[Placement]  # of outbound calls
    unanswerable: set[str]  # ids of the IncomingCall events that lack what is needed to answer
    ended: dict[str, float]  # when a row first said that its call was over, in seconds
    late: list[str]  # actions of commands in rows that say that the call is over
    walks: dict[str, list[tuple[Visit, ...]]]  # the visits of each call, as its row held them one after another
    blobs: dict[str, dict[str, bytes]]
    files: dict[str, bytes]
    folded: list[Folded]
    recorded: dict[str, set[str]]
    unasked: list[str]
    dialled: list[tuple[str, float, float]]  # agents: raw id, when, and seconds since the presence expired
    agents: list[Agent]
    logged: list[str]  # log records and exceptions
    secrets: list[str]
    steps: int
    struck: Counter[str]
    sites: set[Site]
    unended: bool
    trace: str = ""

    @property
    def skewed(self) -> float:
        return max((abs(skew) for skew in self.schedule.skews), default=0.0)


class _Formatter(logging.Formatter):
    def formatException(self, ei: Any) -> str:  # noqa: N802  # logging's name
        return _text(ei[1])


class _LogRecorder(logging.Handler):
    """Keeps every log record as text, with its exception."""

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []
        self.setFormatter(_Formatter("%(name)s %(message)s"))

    def emit(self, record: logging.LogRecord) -> None:
        self.texts.append(self.format(record))


class World:
    def __init__(self, schedule: Schedule, loop: VirtualLoop, rng: random.Random, files: dict[str, bytes]) -> None:
        self.schedule, self.loop, self.rng, self.files = schedule, loop, rng, files
        storage = LOCAL["storage"]
        self.platform = Platform(Config(platform=LOCAL, seed=schedule.seed), self._post, loop)
        for name, value in schedule.options.items():
            setattr(self.platform.service.options, name, value)
        staff(self.platform.service, LINE.tenant_id, random.Random(f"agents {schedule.seed}"))  # noqa: S311
        clock = self.platform.clock
        self.tables = Tables(storage["tables"], clock.now)
        for row in COPY:
            self.tables.put("directory", row)
        if schedule.plan:
            self.tables.put("plans", plans.row(schedule.plan, LINE.tenant_id, LINE.id, stamp(START)))
        self.tables.written.append(self._written)
        self.others = OtherVersions(self.tables.rows["calls"])
        self.blobs = Blobs(storage["containers"], clock.now)
        self.queues = Queues(storage["queues"], clock.now)
        self.steps = Steps(schedule.kills, schedule.freezes)
        acs = Route("acs", acs_operation, self.platform.handle)
        self.network = Network(
            {
                "127.0.0.1:7080": acs,
                "emulator.asm.skype.com": acs,
                "127.0.0.1:10000": Route("blob", _blob_operation, self.blobs.handle),
                "127.0.0.1:10001": Route("queue", lambda _: "send", self.queues.handle),
                "127.0.0.1:10002": Route("table", _table_operation, self.tables.handle),
            },
            lambda: rng.uniform(0.001, 0.02),
            schedule.network_faults,
        )
        self.network.observers.append(self._watch)
        self.bending = Bending(schedule.bent)
        self.wrong_settings: dict[str, str] = {}
        self._numbers = itertools.count()
        self.host = Host(schedule.instances, self._instance, rng, self.queues, clock.now)
        self.supervisors = Supervisors(self.host, LINE.tenant_id, loop.time, self._call_of)
        self.placements = Placements(self.host, LINE.id, LINE.tenant_id, loop.time)
        self.clients = Clients(
            self.host, LINE.tenant_id, schedule.agents, schedule.decider, clock.now, self._claim_on, self._start
        )
        self.clients.attend(self.platform.service.callees)
        for row in self.clients.rows():
            self.tables.put("agents", row)
        self.acs_calls: list[AcsCall] = []
        self.recorded: dict[str, set[str]] = {}  # effect ids by call, once they were saved
        self.asked: dict[str, set[str]] = {}  # kinds of effects by call connection id, once they were saved
        self.folded: list[Folded] = []
        self.ended: dict[str, float] = {}
        self.late: list[str] = []
        self.walks: dict[str, list[tuple[Visit, ...]]] = {}
        self.unasked: list[str] = []
        self.dialled: list[tuple[str, float, float]] = []
        self._tasks: list[asyncio.Task[None]] = []
        self._row_changed = asyncio.Event()
        self._last_busy = 0.0

    def _instance(self, place: int) -> Process:
        skews = self.schedule.skews
        skew = timedelta(seconds=skews[place] if skews else 0.0)
        clock = self.platform.clock
        container = Container(
            SAMPLE | self.schedule.settings | self.wrong_settings, lambda: clock.now() + skew, TRANSPORT
        )
        return Process(next(self._numbers), container, self.network, self.steps, skew)

    async def _post(self, method: str, url: str, headers: dict[str, str], body: bytes) -> int | None:
        await pause(self.rng.uniform(0.001, 0.02))
        if self.loop.time() >= self.schedule.rules_from:
            body = self.bending.body(url, body)
        return await self.host.post(method, url, headers, body)

    # -- Observation --

    def _written(self, table: str, properties: dict[str, Any]) -> None:
        if table != "calls":
            return
        try:
            call = store.decode(plain(properties))
        except store.UnreadableRow:  # only next_check_at was moved
            self._row_changed.set()
            return
        self.recorded.setdefault(call.id, set()).update(effect.id for effect in call.effects)
        kinds = {type(effect.action).__name__ for effect in call.effects}
        self.asked.setdefault(call.call_connection_id or call.id, set()).update(kinds)
        if call.state.is_settled:
            self.ended.setdefault(call.id, self.loop.time())
            self.late += [f"call {call.id}: {each.action.name}" for each in _of_commands(call)]
        else:  # a call that was said to be missed turns out to be answered
            self.ended.pop(call.id, None)
        if call.routing.plan is not None:
            self._walked(call)
        self.folded += [Folded(call.id, event, now) for event, now in FOLDED_EVENTS.get()]
        self._row_changed.set()

    def _walked(self, call: Call) -> None:
        walks, visits = self.walks.setdefault(call.id, []), call.routing.visits
        if visits not in walks[-1:]:
            walks.append(visits)

    def _watch(self, sent: Sent) -> None:
        """Records a request to ACS for which no row, as the rows are at that moment, has an effect."""
        if sent.operation == "Publish":
            for event in decision_requests(sent.request.body):
                self._start(self.clients.decide(event))
        if sent.service != "acs" or sent.operation in _NOT_FROM_ROWS:
            return
        headers, body = sent.request.headers, sent.request.body
        if sent.operation == "AddParticipant":
            self._dialled(json.loads(body)["participantToAdd"]["rawId"], sent.at)
        match sent.operation:
            case "StartRecording" | "HangupCall" | "TerminateCall":
                asked = self._is_recorded(headers.get("repeatability-request-id"))
            case "GetCall" | "CancelAllMediaOperations":
                connection = sent.request.url.split("/")[5].partition("?")[0].partition(":")[0]
                wanted = "FetchCallState" if sent.operation == "GetCall" else "CancelMedia"
                asked = wanted in self.asked.get(connection, ())
            case "PauseRecording" | "ResumeRecording" | "StopRecording":  # named by the recording alone
                asked = any(sent.operation in kinds for kinds in self.asked.values())
            case "DownloadRecording" | "DeleteRecording":
                asked = any("ArchiveChunk" in kinds for kinds in self.asked.values())
            case _:
                asked = bool(body) and self._is_recorded(json.loads(body).get("operationContext"))
        if not asked:
            self.unasked.append(f"{sent.operation} at {sent.at:.3f} s, which no row asked for")

    def _dialled(self, raw_id: str, at: float) -> None:
        """Records an agent who is rung, and how long ago the presence has expired."""
        agent = self._agent(str(identities.user_of(raw_id)))
        if agent is not None and agent.expires_at is not None:
            self.dialled.append((raw_id, at, (self.platform.clock.now() - agent.expires_at).total_seconds()))

    def _is_recorded(self, effect: str | None) -> bool:
        return any(effect in ids for ids in self.recorded.values())

    # -- Commands and agents --

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        """In no instance: it goes on when the one that sent the event dies."""
        self._tasks.append(self.loop.create_task(work, context=Context()))

    def _agent(self, id: str) -> Agent | None:
        found = self.tables.rows["agents"].get((LINE.tenant_id, f"{AGENT_ROW}{id}"))
        return content_of(found.properties, Agent) if found else None

    def _claim_on(self, id: str) -> Claim | None:
        agent = self._agent(id)
        return agent.claim if agent else None

    def _call_of(self, number: int) -> tuple[str, Call]:
        """The id of a caller's call, and the call as its row is now; empty ones as long as there is no such call."""
        id = id_of(self.acs_calls[number]) if number < len(self.acs_calls) else NO_CALL
        for key, entity in self.tables.rows["calls"].items():
            if id_of_row(key[1]) == id:
                with suppress(store.UnreadableRow):
                    return id, store.decode(plain(entity.properties))
        return id, Call(id=id)

    # -- The run --

    async def simulate(self) -> bool:
        """Run until nothing more happens. False if the limit of time or of invocations is reached first."""
        platform, loop = self.platform.start(), self.loop
        tasks = [self.host.watch_queues(), self._sweeps(), *(self._call(caller) for caller in self.schedule.callers)]
        tasks += [self.supervisors.send(command) for command in self.schedule.commands]
        service, outbound = self.platform.service, self.schedule.outbound
        tasks += [self.placements.send(n, each, service) for n, each in enumerate(outbound)]
        tasks += [self.clients.renew(number) for number, _ in enumerate(self.schedule.agents, FIRST)]
        tasks += [self._deploy(at) for at in self.schedule.deploys]
        tasks += [self.others.write(*change) for change in self.schedule.changes]
        tasks += [self._stop(at) for at in self.schedule.stops]
        tasks += [self._send_unreadable(at) for at in self.schedule.unreadable_at]
        tasks += [self._rotate(at, forget) for at, forget in self.schedule.rotations]
        tasks += [self._set_wrong(*wrong) for wrong in self.schedule.mistyped]
        if self.schedule.rules_from:
            tasks.append(self._add_rules_at(self.schedule.rules_from))
        else:
            self._add_rules()
        self._tasks += [loop.create_task(task) for task in tasks]
        everyone: Any = (*self.schedule.callers, *self.schedule.commands, *outbound)
        begins = [each.at for each in everyone]
        await asyncio.sleep(max(begins) + 1)
        quiet_since = loop.time()
        while loop.time() < HORIZON and len(self.host.invocations) < self.schedule.most_invocations:
            if platform.busy or self.host.waiting or self._due() is not None:
                await asyncio.sleep(max(LOOKED_AT, min(loop.next_at(), HORIZON) - loop.time()))
                quiet_since = loop.time()
            elif loop.time() - quiet_since < SETTLED:
                await asyncio.sleep(SETTLED)
            else:
                break
        for task in self._tasks:
            if task.done() and not task.cancelled() and (error := task.exception()):
                raise error
        return loop.time() < HORIZON and len(self.host.invocations) < self.schedule.most_invocations

    def _due(self) -> float | None:
        """When the next sweep would find something, in seconds of the loop; None if none will."""
        rows, given_up = self.tables.rows["calls"], self.others.hidden if self._is_given_up() else ()
        found = [entity.properties.get("next_check_at") for key, entity in rows.items() if key not in given_up]
        moments = [moment for moment in found if moment]
        if not moments:
            return None
        first = (datetime.fromisoformat(min(moments)) - START).total_seconds()
        ahead = max((skew for skew in self.schedule.skews), default=0.0)
        return first - max(ahead, 0.0)

    def _is_given_up(self) -> bool:
        """Whether rows that stay unreadable have been observed for long enough."""
        since = [at for at, _, seconds in self.schedule.changes if seconds == FOR_GOOD]
        return bool(since) and self.loop.time() > max(since) + OBSERVED

    async def _sweeps(self) -> None:
        """The timer: every full minute. Sweeps that would find nothing are skipped."""
        while True:
            self._row_changed.clear()
            due = self._due()
            minute = None if due is None else max(int(self.loop.time() // 60) + 1, int(-(-due // 60))) * 60
            wait = None if minute is None else minute - self.loop.time()
            try:
                async with asyncio.timeout(wait):
                    await self._row_changed.wait()
            except TimeoutError:  # the instance that sweeps may be frozen; after a minute another one takes over
                await asyncio.wait([self.loop.create_task(self.host.sweep())], timeout=60)

    async def _call(self, caller: Caller) -> None:
        await asyncio.sleep(caller.at)
        service = self.platform.service
        n = len(self.acs_calls)
        keys = [(at, tones_of(key)[0]) for at, key in caller.presses]
        script = Script(hangs_up_after=caller.hangs_up_after, presses=keys)
        source = AGENT if caller.on_behalf_of else "4:" + NUMBER.format(1000 + n)
        call = service.ring(parse(source), parse(ACCOUNT), script=script)
        self.acs_calls.append(call)
        callee = parse(caller.on_behalf_of) if caller.on_behalf_of else None
        event = service.incoming_call_event(call, display_name=NAME.format(n), on_behalf_of=callee)
        await self.platform.grid.publish("acs", [event])

    def _add_rules(self) -> None:
        for rule in self.schedule.rules:
            self.platform.faults.add(rule)

    async def _add_rules_at(self, at: float) -> None:
        await asyncio.sleep(at)
        self._add_rules()

    async def _deploy(self, at: float) -> None:
        """Replaces the previous version by the current one. The previous one wrote all rows so far."""
        await asyncio.sleep(at)
        self.host.deploy()
        rows = self.tables.rows["calls"]
        for key, entity in rows.items():
            rows[key] = replace(entity, properties=as_before(entity.properties))

    async def _stop(self, at: float) -> None:
        await asyncio.sleep(at)
        await self.host.stop()

    async def _set_wrong(self, at: float, name: str, text: str, seconds: float) -> None:
        """A setting has a wrong value for some time. Azure restarts the app each time."""
        await asyncio.sleep(at)
        self.wrong_settings[name] = text
        self.host.deploy()
        await asyncio.sleep(seconds)
        del self.wrong_settings[name]
        self.host.deploy()

    async def _send_unreadable(self, at: float) -> None:
        """Unreadable events at every entry point, each for another reason."""
        await asyncio.sleep(at)
        service, grid = self.platform.service, self.platform.grid
        context = {"incomingCallContext": "no call"}
        await grid.publish("acs", [service.system_event("IncomingCall", "/caller/x/recipient/y", context)])
        await grid.publish("acs", [service.system_event("RecordingFileStatusUpdated", "/recording/none", _FILE)])
        await grid.publish("acs", [service.system_event("RecordingFileStatusUpdated", "/recording/none", {})])
        of_no_call = service.system_event("CallConnected", "calling", {"callConnectionId": "c"})
        await grid.publish("call-events", [of_no_call | {"callid": "none"}])
        no_data = service.system_event("PlayStarted", "calling", {})
        await grid.publish("call-events", [no_data | {"callid": NO_CALL}])
        self.queues.put("wakes", "no call")
        headers = {"Authorization": f"Bearer {self.platform._token()}", "Content-Type": "application/json"}
        for body in (b"no JSON", b'[{"id": "no CloudEvent"}]', json.dumps([of_no_call]).encode()):
            await self.host.post("POST", "http://127.0.0.1:7071/api/callbacks/none", headers, body)

    async def _rotate(self, at: float, forget: bool) -> None:
        await asyncio.sleep(at)
        self.platform.service.keys.rotate(forget=forget)


_FILE: dict[str, Any] = {"recordingStorageInfo": {"recordingChunks": []}}
_NOT_FROM_ROWS = {"AnswerCall", "RejectCall", "GetKeys", "Publish"}  # performed at once, or about no call


def _blob_operation(request: HttpRequest) -> str:
    return {"HEAD": "properties"}.get(request.method, "upload")


def _table_operation(request: HttpRequest) -> str:
    """A transaction has the name of the write of the call's row, which is its first part."""
    if request.path == "$batch":
        return "insert" if b"POST http" in request.body else "update"
    if request.method == "POST":
        return "insert"
    if request.method == "GET":
        return "get" if "RowKey=" in request.url else "query"
    return "update" if "if-match" in request.headers else "upsert"


def simulate(schedule: Schedule) -> RunResult:
    """Run a schedule to its end."""
    rng = random.Random(f"{schedule.name} {schedule.seed}")  # noqa: S311  # chance that can be repeated
    loop = VirtualLoop()
    loop.set_task_factory(task_factory)
    recorder = _LogRecorder()
    root = logging.getLogger()
    before = root.level, list(root.handlers), logging.getLogger("azure").level
    files: dict[str, bytes] = {}

    def now() -> datetime:
        here = HERE.get()
        return START + timedelta(seconds=loop.time()) + (here.skew if here else timedelta())

    async def everything() -> tuple[World, bool]:
        world = World(schedule, loop, rng, files)
        return world, await world.simulate()

    root.handlers[:] = [recorder]
    root.setLevel(logging.INFO)
    try:
        with patched(rng, now, files):
            world, ended = run(everything(), loop)
            result = _result(world, ended, recorder.texts)
            world.platform.close()
            _close_abandoned(world)
    finally:
        root.setLevel(before[0])
        root.handlers[:] = before[1]
    return result


def _close_abandoned(world: World) -> None:
    """Close the coroutines of dead instances without a warning."""
    for process in (*world.host.processes, *world.host.retired):
        for coroutine in process.buried:
            with suppress(RuntimeError, ValueError), patch.object(sys, "unraisablehook", lambda _: None):
                coroutine.close()
        process.buried.clear()


def _result(world: World, ended: bool, logged: list[str]) -> RunResult:
    others, rows = world.others, world.tables.rows["calls"]
    others.check()
    calls = {key: store.decode(plain(others.readable(key))) for key in rows}
    errors = [i for i in world.host.invocations if i.error is not None]
    texts = logged + [_text(i.error) for i in errors if i.error is not None]
    acs = world.acs_calls + [call for call in world.platform.service.calls if call.context is None]
    secrets = [text for call in acs for text in (call.far_end["rawId"][3:], call.context or "") if text]
    secrets += [NAME.format(n) for n in range(len(acs))] + world.platform.tokens + [str(LINE.phone_number)]
    result = RunResult(
        schedule=world.schedule,
        seconds=world.loop.time(),
        calls={id_of_row(key[1]): call for key, call in calls.items() if key not in others.hidden},
        unreadable={id_of_row(key[1]): call for key, call in calls.items() if key in others.hidden},
        lost=others.lost,
        entities={id_of_row(key[1]): entity.properties for key, entity in rows.items()},
        lists={key: entity.properties for key, entity in world.tables.rows[LISTS].items()},
        acs=acs,
        journal=world.platform.journal.entries(),
        sent=world.network.sent,
        invocations=world.host.invocations,
        poisoned=world.host.poisoned,
        submissions=world.supervisors.submissions,
        placements=world.placements.sent,
        unanswerable=world.bending.lost_calls(),
        ended=world.ended,
        late=world.late,
        walks=world.walks,
        blobs=world.blobs.blobs,
        files=world.files,
        folded=world.folded,
        recorded=world.recorded,
        unasked=world.unasked,
        dialled=world.dialled,
        agents=[content_of(e.properties, Agent) for k, e in world.tables.rows["agents"].items() if AGENT_ROW in k[1]],
        logged=texts,
        secrets=secrets,
        steps=world.steps.count,
        struck=_struck(world),
        sites=world.steps.sites,
        unended=not ended,
    )
    result.trace = _trace(result)
    return result


def _of_commands(call: Call) -> list[Effect]:
    """The effects of commands, and of their steps."""
    if not call.effects:
        return []
    requested = call.operations.requested.items()
    contexts = {each for id, command in requested for each in contexts_of(call.id, id, command.action)}
    return [effect for effect in call.effects if effect.id in contexts]


def _struck(world: World) -> Counter[str]:
    """How often each kind of fault happened."""
    schedule, struck = world.schedule, Counter[str]()
    for network_fault in schedule.network_faults:
        struck[network_fault.kind] += network_fault.struck
    for entry in world.platform.journal.entries("fault"):
        fault = entry.get("fault") or entry.get("rule") or {}
        struck[fault.get("label", "")] += 1
    struck["crash"] += sum(at <= world.steps.count for at in schedule.kills)
    struck["zombie"] += sum(at <= world.steps.count for at in schedule.freezes)
    struck["unreadable events"] += sum(at < world.loop.time() for at in schedule.unreadable_at)
    struck["deploy"] += sum(at < world.loop.time() for at in schedule.deploys)
    struck += world.others.struck
    struck["keys rotated"] += sum(at < world.loop.time() for at, _ in schedule.rotations)
    struck["clock skew"] += sum(skew != 0 for skew in schedule.skews)
    struck[BENT] += len(world.bending.bent)
    struck["setting wrong"] += sum(at < world.loop.time() for at, *_ in schedule.mistyped)
    del struck[""]
    return +struck


def _text(error: BaseException | None) -> str:
    """The messages of an exception and of its causes, without the lines of code."""
    texts = []
    while error is not None:
        texts.append(f"{type(error).__name__}: {error} {error.args}")
        error = error.__cause__ or error.__context__
    return "\n".join(texts)


def _trace(result: RunResult) -> str:
    """A hash of all requests, journal entries, invocations and rows, with their times."""
    digest = hashlib.sha256()
    for sent in result.sent:
        digest.update(f"{sent.at:.6f} {sent.instance} {sent.service} {sent.operation} {sent.status}\n".encode())
    for entry in result.journal:
        digest.update(f"{entry['at']} {entry['kind']} {entry.get('status')}\n".encode())
    for invocation in result.invocations:
        digest.update(f"{invocation.function} {invocation.instance} {invocation.seconds:.6f}\n".encode())
    for submission in result.submissions:
        digest.update(f"{submission.sent_at:.6f} {submission.status} {submission.answered_at:.6f}\n".encode())
    for placement in result.placements:
        digest.update(f"{placement.sent_at:.6f} {placement.status} {placement.call_id}\n".encode())
    for id, entity in sorted(result.entities.items()):
        digest.update(f"{id} {sorted(entity.items())}".encode())
    return digest.hexdigest()[:16]


def id_of(call: AcsCall) -> str:
    """The app's id of a call; that of an outbound call is in the URL of its callbacks."""
    if call.context is None:
        return call.callback_uri.rpartition("/")[2]
    assert call.ringing_at is not None
    return call_id_of(call.context, call.ringing_at)
