"""What the parties of a call do: press keys, speak, and hang up, by their scripts or the control API."""

from __future__ import annotations

from emulator.acs.callees import Outcome
from emulator.acs.calls import Call, Script
from emulator.acs.identifiers import Identifier
from emulator.acs.parties import Participant, Phrase
from emulator.acs.provenance import SPOKEN_CHARACTER
from emulator.acs.service import Service
from emulator.acs.wire import KEYS

UNINTELLIGIBLE = "(not understood)"  # the name of the sound of a phrase without words


def perform(service: Service, call: Call, raw_id: str, script: Script) -> None:
    """A party joins the call or a conversation after a transfer: their script begins."""
    after = service.background.after
    for seconds, tone in script.presses:
        call.timers.append(after(seconds, lambda tone=tone: press(service, call, tone, raw_id)))  # type: ignore[misc]
    for seconds, phrase in script.says:
        call.timers.append(after(seconds, lambda phrase=phrase: say(service, call, phrase, raw_id)))  # type: ignore[misc]
    if script.hangs_up_after is not None:
        call.participants[raw_id].hangs_up_at = service.clock.elapsed() + script.hangs_up_after
        call.timers.append(after(script.hangs_up_after, lambda: hang_up(service, call, raw_id)))


def press(service: Service, call: Call, tone: str, raw_id: str | None = None) -> None:
    """A participant presses a key: the caller unless another is named."""
    person = call.find(raw_id or call.far_end["rawId"])
    if person is None or not call.connected:
        return
    note(service, call, person.raw_id, "presses", tone)
    if request := call.continuous_dtmf.get(person.raw_id):
        call.tones_heard += 1
        data = {"tone": tone, "sequenceId": call.tones_heard}
        service.emit(call, "ContinuousDtmfRecognitionToneReceived", data, request=request)
    if call.media_streaming.stream:
        call.media_streaming.stream.press(KEYS[tone])
    if call.playlist:
        call.playlist.hear(person.raw_id, tone)


def say(service: Service, call: Call, phrase: Phrase, raw_id: str | None = None) -> None:
    """A participant says something: the caller unless another is named."""
    person = call.find(raw_id or call.far_end["rawId"])
    if person is None or not call.connected:
        return
    note(service, call, person.raw_id, "says", phrase.text or UNINTELLIGIBLE)
    if call.transcription.stream:
        call.transcription.stream.say(person.raw_id, phrase)
    if call.playlist:
        call.playlist.hear(person.raw_id, phrase)
    call.timers.append(service.background.start(_speak(service, call, phrase, person.raw_id), busy=False))


async def _speak(service: Service, call: Call, phrase: Phrase, raw_id: str) -> None:
    with call.sounds.lasting(phrase.text or UNINTELLIGIBLE, service.clock, speaker=raw_id):
        await service.clock.sleep(duration(phrase))


def duration(phrase: Phrase) -> float:
    """Seconds."""
    return len(phrase.text or UNINTELLIGIBLE) * SPOKEN_CHARACTER.seconds


def hold(service: Service, call: Call, person: Participant, *, on: bool) -> None:
    """An agent's client holds or resumes, which Call Automation can't do in a Teams Phone call."""
    note(service, call, person.raw_id, "is held" if on else "is resumed")
    person.is_on_hold = on
    _changed(service, call, person)


def mute(service: Service, call: Call, person: Participant, *, on: bool) -> None:
    """An agent's client mutes or unmutes a participant."""
    note(service, call, person.raw_id, "is muted" if on else "is unmuted")
    person.is_muted = on
    _changed(service, call, person)


def _changed(service: Service, call: Call, person: Participant) -> None:
    person.update(service.clock.wall())
    if call.connected:
        service.participants_updated(call)


def hang_up(service: Service, call: Call, raw_id: str | None = None) -> None:
    """A party hangs up: the caller unless another is named."""
    who = raw_id or call.far_end["rawId"]
    if call.state == "ringing":
        service.stop_ringing(call)
    elif call.find(who):
        note(service, call, who, "hangs up")
        service.leave(call, who)
    elif call.end_elsewhere(who, service.clock.wall()):
        note(service, call, who, "hangs up")


def note(service: Service, call: Call, raw_id: str, does: str, what: str = "") -> None:
    """Keep in the journal what a party does."""
    service.journal.add("party", call=call.id, who=raw_id, does=does, what=what)


def take(service: Service, call: Call, raw_id: str, outcome: Outcome) -> None:
    """The ringing of a callee ends."""
    refused = "does not answer" if outcome.rang_out else "declines"
    note(service, call, raw_id, "accepts" if outcome.accepted else refused)


def talk_elsewhere(service: Service, call: Call, *people: Identifier) -> None:
    """After a transfer these parties talk without the application, until one of them hangs up."""
    call.move_elsewhere(people, service.clock.wall())
    for person in (call.party(each) for each in people):
        if person.hangs_up_at is not None:
            left = max(0.0, person.hangs_up_at - service.clock.elapsed())
            service.background.after(left, lambda raw_id=person.raw_id: hang_up(service, call, raw_id))  # type: ignore[misc]
