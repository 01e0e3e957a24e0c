"""The faults of a run: chosen by its seed, alone or in pairs, from all kinds of faults."""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from emulator.config import START_RECORDING_ANSWERS
from local.stack import SAMPLE
from shared.platform.settings import Settings
from shared.platform.settings.table import TABLE
from tests.simulation import agents, outbound
from tests.simulation.bending import Bent
from tests.simulation.outbound import Outbound
from tests.simulation.plans import PLANS, presses
from tests.simulation.storage import Reply, blob_error, table_error
from tests.simulation.supervisors import ACTIONS, Command
from tests.simulation.transport import NetworkFault
from tests.simulation.versions import EXTENDED, FOR_GOOD, NEWER, UNDECODABLE
from tests.simulation.world import BENT, Caller, Schedule

PREFIX = "Microsoft.Communication."
TYPES = (
    "IncomingCall", "CallConnected", "ParticipantsUpdated", "RecordingStateChanged", "PlayStarted", "PlayCompleted",
    "CallDisconnected", "RecordingFileStatusUpdated",
)  # fmt: skip
CALLBACKS = TYPES[1:-1]
PLANNED_TYPES = (  # of calls with a routing plan
    "RecognizeCompleted", "RecognizeFailed", "PlayCompleted", "CallTransferAccepted", "CallTransferFailed",
    "AddParticipantSucceeded", "AddParticipantFailed", "ParticipantsUpdated",
)  # fmt: skip
DAY = 24 * 3600.0
FOREIGN = "99999999-0000-4000-8000-000000000000"  # a resource account without calls
STEPS = 160  # about as many as a call has; faults chosen beyond its end do not happen

COMMANDED = 0.4  # of the seeds have commands
OUTBOUND = 0.15  # of the seeds have outbound calls by the server
ON_BEHALF = 0.05  # of the seeds have a call of an agent's client on behalf of the resource account
RINGS_HERE = 0.3  # of the seeds have a platform that raises IncomingCall for agents whom the app invites
PLANNED = 0.4  # of the seeds have a routing plan

Apply = Callable[[Schedule, random.Random], None]


def _event_rule(schedule: Schedule, rng: random.Random, do: str, **how: Any) -> dict[str, Any]:
    where = rng.choice(("eventgrid", "callbacks"))
    type = rng.choice(TYPES if where == "eventgrid" else CALLBACKS)
    if schedule.plan and rng.random() < 0.5:
        type = rng.choice(PLANNED_TYPES)
    match = {} if do != "drop" and rng.random() < 0.2 else {"type": PREFIX + type}
    return {"where": where, "match": match, "do": do, "times": rng.choice((1, 1, 2, 5)), **how}


def _duplicated(schedule: Schedule, rng: random.Random) -> None:
    schedule.rules.append(_event_rule(schedule, rng, "duplicate", count=rng.randint(2, 5)))


def _reordered(schedule: Schedule, rng: random.Random) -> None:
    count = rng.randint(2, 6)
    where = rng.choice(("eventgrid", "callbacks"))
    seconds = rng.choice((1.0, 5.0, 30.0))
    schedule.rules.append(
        {"where": where, "match": {}, "do": "reorder", "count": count, "seconds": seconds, "times": count}
    )


def _delayed(schedule: Schedule, rng: random.Random) -> None:
    seconds = rng.choice((0.5, 5.0, 35.0, 120.0, 3600.0, 6 * 3600.0, DAY - 60))
    schedule.rules.append(_event_rule(schedule, rng, "delay", seconds=seconds * rng.uniform(0.5, 1)))


def _never_delivered(schedule: Schedule, rng: random.Random) -> None:
    schedule.rules.append(_event_rule(schedule, rng, "drop"))


def _acknowledgement_lost(schedule: Schedule, rng: random.Random) -> None:
    schedule.rules.append(_event_rule(schedule, rng, "lose_ack"))


def _crash(schedule: Schedule, rng: random.Random) -> None:
    schedule.kills |= {rng.randint(1, STEPS)}


def _zombie(schedule: Schedule, rng: random.Random) -> None:
    schedule.freezes = schedule.freezes | {rng.randint(1, STEPS): rng.choice((12.0, 45.0, 200.0, 700.0))}


_STORED = (("table", "insert"), ("table", "update"), ("table", "get"), ("table", "upsert"), ("table", "query"),
           ("queue", "send"), ("blob", "upload"))  # fmt: skip


def _storage(do: str, status: int = 0, code: str = "", only: tuple[str, ...] = ()) -> Apply:
    def apply(schedule: Schedule, rng: random.Random) -> None:
        stored = [s for s in _STORED if not only or s[1] in only]
        service, operation = rng.choice(stored)
        error = table_error if service == "table" else blob_error
        reply = error(status, code) if status else None
        nth = rng.randint(1, 4) if operation in {"get", "update"} else 1
        times = rng.choice((1, 1, 2, 3, 8))
        schedule.network_faults.append(NetworkFault(service, operation, do, nth, times, reply))

    return apply


_OFTEN = ("AnswerCall", "StartRecording", "Play", "DownloadRecording")
_ASKED = ("AnswerCall", "StartRecording", "Play", "GetCall", "DownloadRecording", "TerminateCall")
_COMMANDED = (
    "Play", "Recognize", "CancelAllMediaOperations", "SendDtmfTones", "TerminateCall", "AddParticipant",
    "RemoveParticipant", "TransferToParticipant", "CancelAddParticipant",
)  # fmt: skip


def _acs(do: str, *statuses: int) -> Apply:
    def apply(schedule: Schedule, rng: random.Random) -> None:
        reply = None
        if statuses:
            status = rng.choice(statuses)
            wait = {"Retry-After": rng.choice(("1", "3", "30", "60"))} if status == 429 else {}
            code = {429: "8516"}.get(status, "8500")
            body = f'{{"error":{{"code":"{code}","message":"A fault was asked for."}}}}'.encode()
            reply = Reply(status, body, {"Content-Type": "application/json", **wait})
        nth, times, seconds = 1, rng.choice((1, 1, 2, 3, 6)), rng.choice((0.5, 2.0, 4.0))
        if schedule.outbound and rng.random() < 0.5:
            operation = "CreateCall"
        elif schedule.commands and rng.random() < 0.5:
            operation, nth = rng.choice(_COMMANDED), rng.choice((1, 1, 2))
        else:
            operation = rng.choice(_OFTEN if rng.random() < 0.75 else _ASKED)
        schedule.network_faults.append(NetworkFault("acs", operation, do, nth, times, reply, seconds=seconds))

    return apply


def _repeatability_ignored(schedule: Schedule, rng: random.Random) -> None:
    schedule.options["repeatability"] = False
    _acs("answer lost")(schedule, rng)
    schedule.rules.append(_event_rule(schedule, rng, "duplicate", count=rng.randint(2, 5)))


def _keys_rotated(schedule: Schedule, rng: random.Random) -> None:
    after = 60.0 if schedule.rotations else 0.0
    schedule.rotations += ((after + rng.uniform(0, 20), rng.random() < 0.5),)


def _keys_unreachable(schedule: Schedule, rng: random.Random) -> None:
    do = rng.choice(("reset", "unanswered", "status"))
    schedule.network_faults.append(NetworkFault("acs", "GetKeys", do, 1, rng.choice((1, 3, 8, 40))))


def _topic_unreachable(schedule: Schedule, rng: random.Random) -> None:
    do = rng.choice(("reset", "unanswered", "status", "committed", "answer lost"))
    schedule.network_faults.append(NetworkFault("acs", "Publish", do, rng.randint(1, 6), rng.choice((1, 3, 8, 40))))


def _clock_skew(schedule: Schedule, rng: random.Random) -> None:
    schedule.skews = tuple(rng.choice((-600.0, -45.0, 0.0, 45.0, 600.0)) for _ in range(schedule.instances))


def _deploy(schedule: Schedule, rng: random.Random) -> None:
    schedule.deploys += (rng.uniform(0, schedule.callers[0].hangs_up_after + 1),)


def _unreadable(schedule: Schedule, rng: random.Random) -> None:
    schedule.unreadable_at += (rng.uniform(0, 10),)


def _recording_fails(schedule: Schedule, rng: random.Random) -> None:
    code, sub_code = rng.choice(((500, 0), (500, 0), (403, 0), (400, 8501)))
    rule = {"where": "recording", "do": "fail", "code": code, "subCode": sub_code, "message": ""}
    schedule.rules.append(rule | {"times": rng.choice((1, 2, 5))})


def _rows_changed(change: str) -> Apply:
    def apply(schedule: Schedule, rng: random.Random) -> None:
        at = rng.uniform(0, schedule.callers[0].hangs_up_after + 1)
        lasting = (5.0, 60.0, 600.0, 7200.0, FOR_GOOD if change != EXTENDED else 4 * 3600.0)
        schedule.changes += ((at, change, rng.choice(lasting)),)

    return apply


def _field_bent(schedule: Schedule, rng: random.Random) -> None:
    schedule.bent += (Bent(rng.choice(TYPES), rng.choice((1, 1, 2, 5)), rng.getrandbits(32)),)


def _setting_wrong(schedule: Schedule, rng: random.Random) -> None:
    at = rng.uniform(0, min(schedule.callers[0].hangs_up_after, 60.0) + 1)
    schedule.mistyped += ((at, *rng.choice(WRONG_SETTINGS), rng.choice((5.0, 60.0, 600.0))),)


# Each setting with a value that is missing or that no setting can have, where that is noticed.
WRONG_SETTINGS = [
    (name, text)
    for name in TABLE
    for text in ("", "wrong://")
    if name in {problem.name for problem in Settings(SAMPLE | {name: text}).problems()}
]

KINDS: dict[str, Apply] = {
    "event duplicated": _duplicated,
    "events reordered": _reordered,
    "event delayed": _delayed,
    "event never delivered": _never_delivered,
    "acknowledgement lost": _acknowledgement_lost,
    "crash": _crash,
    "zombie": _zombie,
    "storage 409": _storage("status", 409, "EntityAlreadyExists", ("insert",)),
    "storage 412": _storage("status", 412, "UpdateConditionNotSatisfied", ("update",)),
    "storage 503": _storage("status", 503, "ServerBusy"),
    "storage time-out": _storage("unanswered"),
    "storage committed, not said": _storage("committed"),
    "ACS 429": _acs("status", 429),
    "ACS 5xx": _acs("status", 500, 503, 504),
    "ACS reset": _acs("reset"),
    "ACS answer lost": _acs("answer lost"),
    "callback first": _acs("slow"),
    "repeatability ignored": _repeatability_ignored,
    "keys rotated": _keys_rotated,
    "keys unreachable": _keys_unreachable,
    "topic unreachable": _topic_unreachable,
    "clock skew": _clock_skew,
    "deploy": _deploy,
    "recording fails": _recording_fails,
    "unreadable events": _unreadable,
    NEWER: _rows_changed(NEWER),
    UNDECODABLE: _rows_changed(UNDECODABLE),
    EXTENDED: _rows_changed(EXTENDED),
    BENT: _field_bent,
    "setting wrong": _setting_wrong,
}

# Alone first, then every pair, a kind with itself among them.
COMBINATIONS = [(kind,) for kind in KINDS] + list(itertools.combinations_with_replacement(KINDS, 2))


def schedule_of(seed: int) -> Schedule:
    """The run of a seed. Successive seeds go through all combinations; everything else is random."""
    rng = random.Random(f"plan {seed}")  # noqa: S311  # chance that can be repeated
    kinds = COMBINATIONS[seed % len(COMBINATIONS)]
    schedule = Schedule("seed", seed, kinds, **_circumstances(rng))
    _add_plan(schedule, random.Random(f"routing {seed}"))  # noqa: S311
    _add_outbound(schedule, random.Random(f"outbound {seed}"))  # noqa: S311
    for kind in kinds:
        before = len(schedule.network_faults), len(schedule.rules)
        KINDS[kind](schedule, rng)
        for network_fault in schedule.network_faults[before[0] :]:
            network_fault.kind = kind
        for rule in schedule.rules[before[1] :]:
            rule["label"] = kind
    return schedule


def _circumstances(rng: random.Random) -> dict[str, Any]:
    """The callers, the app's settings and the platform's options."""
    settings: dict[str, str] = {}
    options: dict[str, Any] = {"recording_chunks": rng.choice((1, 1, 2))}
    if rng.random() < 0.15:
        settings["UNRECORDED_CALLS"] = "end"
    if rng.random() < 0.4:
        settings["RECORDING_ANNOUNCEMENT"] = ""
    if rng.random() < 0.08:
        settings["RECORDING"] = "off"
    if rng.random() < 0.15:
        settings["RECORDING_DELETE_SOURCE"] = "on"
    if rng.random() < 0.04:
        settings["INCOMING_CALLS"] = rng.choice(("busy", "forbidden"))
    if (accounts := rng.random()) < 0.06:
        settings["RESOURCE_ACCOUNTS"] = FOREIGN if accounts < 0.03 else "linked"
    if rng.random() < 0.2:
        options["start_recording_answer"] = rng.choice(START_RECORDING_ANSWERS)
    if rng.random() < 0.1:
        options["zero_byte_downloads"] = rng.choice((1, 3))
    short = rng.random() < 0.97
    lasts = rng.choice((3.0, 10.0, 20.0, 45.0, 300.0)) if short else rng.choice((1500.0, 20_000.0))
    callers = [Caller(0.0, lasts * rng.uniform(0.5, 1))]
    if rng.random() < 0.06:
        callers.append(Caller(rng.uniform(0, 10), 10.0))
    instances = rng.choice((2, 2, 3))
    commands = tuple(_commands(rng, callers)) if rng.random() < COMMANDED else ()
    return {
        "callers": tuple(callers),
        "commands": commands,
        "settings": settings,
        "options": options,
        "instances": instances,
    }


def _add_plan(schedule: Schedule, rng: random.Random) -> None:
    """Some lines have a routing plan. Their callers press keys, and stay longer."""
    if rng.random() >= PLANNED:
        return
    schedule.plan, schedule.agents = rng.choice(tuple(PLANS)), agents.some(rng)
    schedule.decider = rng.choice(agents.DECIDERS)
    lasts = rng.choice((8.0, 25.0, 60.0, 120.0, 4000.0))
    schedule.callers = tuple(
        replace(caller, hangs_up_after=lasts, presses=presses(rng, lasts)) for caller in schedule.callers
    )


def _add_outbound(schedule: Schedule, rng: random.Random) -> None:
    """Some seeds have up to three outbound calls beside the caller, and in some the caller is an agent's client."""
    if rng.random() < OUTBOUND:
        schedule.outbound = tuple(_outbound(schedule, rng, n) for n in range(rng.choice((1, 1, 2, 3))))
        schedule.options["repeatability"] = rng.random() < 0.5
    if not schedule.plan and rng.random() < ON_BEHALF:
        schedule.callers = tuple(replace(caller, on_behalf_of="4:+12065550199") for caller in schedule.callers)
        schedule.settings["RING_TONE"] = rng.choice(("", "https://example.com/ring.wav"))
    schedule.options["invitations_ring"] = rng.random() < RINGS_HERE


def _outbound(schedule: Schedule, rng: random.Random, n: int) -> Outbound:
    return Outbound(
        at=rng.uniform(0, 15),
        key="" if rng.random() < 0.1 else f"out{n}",
        clicks=rng.choice(((0.0,), (0.0, 0.0), (0.0, 0.3, 5.0))),
        callee=rng.choice(outbound.CALLEES),
        greeting=rng.choice(("", "Good morning.")),
        step=next(iter(PLANS[schedule.plan])) if schedule.plan and rng.random() < 0.5 else "",
    )


def _commands(rng: random.Random, callers: list[Caller]) -> Iterator[Command]:
    """Up to four commands at any moment, often two at once: a double click, with and without a key, or one each of two
    supervisors.
    """
    call = rng.randrange(len(callers))
    for n in range(rng.choice((1, 1, 2, 3, 4))):
        at = callers[call].at + rng.uniform(0, min(callers[call].hangs_up_after, 60.0) + 1)
        do, wait = rng.choice(tuple(ACTIONS)), rng.choice((0, 0, 5, 15))
        clicks = rng.choice(((0.0,), (0.0,), (0.0, 0.0), (0.0, 0.2), (0.0, 0.0, 5.0)))
        key = "" if rng.random() < 0.15 else f"k{n}"
        yield Command(at, do, "grace", key, clicks, wait, call)
        if rng.random() < 0.25:
            yield Command(
                at + rng.choice((0.0, 0.1, 2.0)), rng.choice((do, *ACTIONS)), "linus", key, (0.0,), wait, call
            )


# -- Crash points --

# A recording that fails once and comes in two files: every handler and every effect but HangUp runs.
RECORDED: dict[str, Any] = {
    "callers": (Caller(0.0, 15.0, ((3.0, "1"),)),),
    "options": {"recording_chunks": 2},
    "rules": ({"where": "recording", "do": "fail", "code": 500, "subCode": 0, "message": "", "times": 1},),
    "settings": {"RECORDING_DELETE_SOURCE": "on"},
}
# A call that cannot be recorded, and is ended for that reason after a notice.
ENDED: dict[str, Any] = {
    "callers": (Caller(0.0, 60.0),),
    "rules": ({"where": "recording", "do": "fail", "code": 403, "subCode": 0, "message": ""},),
    "settings": {"UNRECORDED_CALLS": "end"},
}
# A call without callbacks: its state is known from the sweep's requests to ACS.
SILENT: dict[str, Any] = {
    "callers": (Caller(0.0, 100.0),),
    "rules": ({"where": "callbacks", "match": {}, "do": "drop"},),
}
# A call that is not taken, for a line that is looked for in the directory, among unreadable events.
REFUSED: dict[str, Any] = {
    "callers": (Caller(5.0, 10.0),),
    "settings": {"INCOMING_CALLS": "busy", "RESOURCE_ACCOUNTS": "linked"},
    "unreadable_at": (0.5,),
}
# A call whose recording id is in no answer and in no callback, only in the event of the file.
UNNAMED: dict[str, Any] = {
    "callers": (Caller(0.0, 10.0),),
    "options": {"start_recording_answer": "202-bare"},
    "rules": ({"where": "callbacks", "match": {"type": PREFIX + "RecordingStateChanged"}, "do": "drop"},),
}
# Calls whose rejection takes ACS a second, while all instances are shut down in order.
STOPPED: dict[str, Any] = {
    "callers": tuple(Caller(0.0, 10.0) for _ in range(9)),
    "settings": {"INCOMING_CALLS": "busy"},
    "network_faults": (("acs", "RejectCall", "slow", 1, 9, None, 1.0),),
    "unreadable_at": (0.3,),
    "instances": 1,
    "stops": (3.0,),
}
# A call that is acted on by two supervisors, with double clicks, until its caller is transferred.
CONTROLLED: dict[str, Any] = {
    "callers": (Caller(0.0, 30.0),),
    "settings": {"RECORDING": "off"},
    "commands": (
        Command(1.0, "add agent", clicks=(0.0, 0.0)),
        Command(3.0, "play music", "linus", key="music"),
        Command(4.0, "play", key="prompt"),
        Command(7.0, "transfer", key="transfer", clicks=(0.0, 0.1), wait=5),
        Command(7.0, "remove agent", "linus", key="remove"),
    ),
}
# A call with a plan: a prompt whose end is reported after it has counted as failed, a menu that is asked twice, and a
# transfer that fails.
ROUTED: dict[str, Any] = {
    "callers": (Caller(0.0, 400.0, ((184.0, "9"), (190.0, "1"))),),
    "plan": "menu",
    "settings": {"RECORDING": "off"},
    "rules": (
        {
            "where": "callbacks",
            "match": {"type": PREFIX + "PlayCompleted"},
            "do": "delay",
            "seconds": 185.0,
            "times": 1,
        },
    ),
}
# A call with a plan: an application decides, the first agent declines, which no event reports, and the second takes it.
RUNG: dict[str, Any] = {
    "callers": (Caller(0.0, 90.0),),
    "plan": "decided",
    "agents": (agents.Behaviour(talks=4.0), agents.DECLINES_AT_THE_PHONE),
    "decider": ((1.0, "sales"),),
    "settings": {"RECORDING": "off"},
    "rules": ({"where": "callbacks", "match": {"type": PREFIX + "AddParticipantFailed"}, "do": "drop", "times": 1},),
}
# Two agents accept within a second; the presence of a third has expired.
BOTH: dict[str, Any] = {
    "callers": (Caller(0.0, 60.0),),
    "plan": "all",
    "agents": (replace(agents.SILENT, talks=25.0), replace(agents.QUICK, talks=25.0), agents.GONE),
    "settings": {"RECORDING": "off"},
}
# Two outbound calls, where ACS recognizes no repeated request: one is requested twice at once, and is declined; the
# response to the other one is lost.
PLACED: dict[str, Any] = {
    "callers": (),
    "outbound": (Outbound(clicks=(0.0, 0.0), callee=outbound.CALLEES[2]), Outbound(1.0, "other", greeting="")),
    "network_faults": (("acs", "CreateCall", "answer lost", 2),),
    "settings": {"RECORDING": "off"},
    "options": {"repeatability": False},
}
SCENARIOS: dict[str, dict[str, Any]] = {
    "recorded": RECORDED,
    "ended": ENDED,
    "silent": SILENT,
    "refused": REFUSED,
    "unnamed": UNNAMED,
    "stopped": STOPPED,
    "controlled": CONTROLLED,
    "routed": ROUTED,
    "rung": RUNG,
    "both": BOTH,
    "placed": PLACED,
}


def crashing(scenario: str, *points: int) -> Schedule:
    """One of the scenarios, with a crash of an instance at each of these suspensions."""
    how = SCENARIOS[scenario]
    return Schedule(
        scenario,
        kinds=("crash",) * len(points),
        callers=how["callers"],
        commands=how.get("commands", ()),
        outbound=how.get("outbound", ()),
        plan=how.get("plan", ""),
        agents=how.get("agents", ()),
        decider=how.get("decider", ()),
        settings=dict(how.get("settings", {})),
        options=dict(how.get("options", {})),
        instances=how.get("instances", 2),
        rules=list(how.get("rules", ())),
        network_faults=[NetworkFault(*network_fault) for network_fault in how.get("network_faults", ())],
        stops=how.get("stops", ()),
        unreadable_at=how.get("unreadable_at", ()),
        kills=frozenset(points),
    )


# -- A day with a crowd in it --

NOON = DAY / 2
CROWD = 100  # calls
PARTS = 4  # so many days have all kinds of faults in them
OFTEN = 20  # times as often as for a single call
CROWD_STEPS = CROWD * STEPS // 2


def day_of(seed: int) -> Schedule:
    """A call that lasts a whole day, and a crowd of calls within a second at noon, when a quarter of all kinds of
    faults happen, many times.
    """
    rng = random.Random(f"day {seed}")  # noqa: S311  # chance that can be repeated
    kinds = tuple(KINDS)[seed % PARTS :: PARTS]
    crowd = tuple(Caller(NOON + rng.uniform(0, 1), rng.choice((3.0, 20.0, 60.0, 300.0))) for _ in range(CROWD))
    schedule = Schedule("day", seed, kinds, callers=(Caller(0.0, DAY - 60), *crowd), instances=rng.choice((1, 2)))
    for kind in kinds:
        _at_noon(schedule, kind, rng)
    schedule.rules_from = NOON
    return schedule


def _at_noon(schedule: Schedule, kind: str, rng: random.Random) -> None:
    one = Schedule(callers=(Caller(0.0, 20.0),), instances=schedule.instances)
    KINDS[kind](one, rng)
    for network_fault in one.network_faults:
        network_fault.kind, network_fault.since, network_fault.times = kind, NOON, OFTEN * network_fault.times
    schedule.network_faults += one.network_faults
    schedule.rules += [rule | {"label": kind, "times": OFTEN * rule["times"]} for rule in one.rules]
    schedule.kills |= {rng.randint(1, CROWD_STEPS) for _ in one.kills for _ in range(OFTEN // 4)}
    schedule.freezes |= {rng.randint(1, CROWD_STEPS): s for s in one.freezes.values() for _ in range(OFTEN // 4)}
    schedule.options |= one.options
    schedule.skews = tuple(-abs(skew) for skew in one.skews) or schedule.skews  # clocks ahead would miss the long call
    schedule.deploys += tuple(NOON + at for at in one.deploys)
    schedule.changes += tuple((NOON + at, change, seconds) for at, change, seconds in one.changes)
    schedule.mistyped += tuple((NOON + at, name, text, seconds) for at, name, text, seconds in one.mistyped)
    schedule.bent += tuple(replace(each, times=OFTEN * each.times) for each in one.bent)
    schedule.unreadable_at += tuple(NOON + at for at in one.unreadable_at)
    schedule.rotations += tuple((NOON + at, forget) for at, forget in one.rotations)
