"""Which tones come from a party of a call, and which reach them: the frames of a recording or of their ear."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator

from emulator.acs.audio import FRAMES_PER_SECOND, Run, Tones, frequency
from emulator.acs.calls import Call
from emulator.acs.parties import CALL, Participant


def pitches(call: Call) -> dict[str, int]:
    """Hertz by name: voices by raw id, prompts by their text or file name, phrases by their words."""
    people = call.participants.values()
    voices = {person.raw_id: frequency(person.voice) for person in people if person.captured is None}
    return voices | call.sounds.pitches


def changes(call: Call) -> set[float]:
    """The moments at which something may begin or cease to be heard."""
    moments = {moment for person in call.participants.values() for moment in person.presence.moments}
    edges = {edge for sound in call.sounds.log for edge in (sound.start, sound.end) if edge is not None}
    captured = (person.captured for person in call.participants.values() if person.captured)
    tracks = (track.moments for track in (call.sounds.streamed, *captured))
    return moments.union(edges, *tracks)


def said_by(call: Call, person: Participant, moment: float) -> Tones:
    """A party's voice and what they say, as others in the same place hear it."""
    if not person.presence.at(moment).audible:
        return ()
    spoken = (each for each in call.sounds.log if each.speaker == person.raw_id and each.lasts(moment))
    return *voice(person, moment), *(each.frequency for each in spoken)


def voice(person: Participant, moment: float) -> Tones:
    """Their microphone, or the tone of a scripted party, who never pauses."""
    return (frequency(person.voice),) if person.captured is None else person.captured.at(moment)


def said_in_call(call: Call, person: Participant, moment: float) -> Tones:
    """The same, as a recording has it: nothing of a party who is on hold, apart or elsewhere."""
    return said_by(call, person, moment) if person.presence.at(moment).place == CALL else ()


def played_in_call(call: Call, moment: float) -> Tones:
    """The prompts to all, and what the application streams."""
    played = (each for each in call.sounds.log if each.speaker is None and each.listeners is None)
    return *(each.frequency for each in played if each.lasts(moment)), *call.sounds.streamed.at(moment)


def heard_by(call: Call, person: Participant, moment: float) -> Tones:
    """The others in the same place, and the prompts there or to this party."""
    presence = person.presence.at(moment)
    if not presence.place:
        return ()
    others = (each for each in call.participants.values() if each is not person)
    near = (each for each in others if each.presence.at(moment).place == presence.place)
    voices = itertools.chain.from_iterable(said_by(call, each, moment) for each in near)
    played = (each for each in call.sounds.log if each.speaker is None and each.reaches(person.raw_id, presence))
    streamed = call.sounds.streamed.at(moment) if presence.place == CALL else ()
    return *voices, *(each.frequency for each in played if each.lasts(moment)), *streamed


def runs(
    moments: Iterable[float], frame_at: Callable[[float], int], sounding: Callable[[float], list[Tones]]
) -> Iterator[Run]:
    """Frames, cut at the moments at which something changes."""
    for start, end in itertools.pairwise(sorted(set(moments))):
        if frames := frame_at(end) - frame_at(start):
            yield frames, sounding(start)


def ear(call: Call, person: Participant, now: float) -> list[Run]:
    """What a party heard since the call was connected, until it and every conversation after it ended."""
    began = call.began or now
    end = now if any(each.place for each in call.participants.values()) else max(changes(call), default=now)
    moments = {began, end, *(moment for moment in changes(call) if began < moment < end)}
    return list(
        runs(moments, lambda at: round((at - began) * FRAMES_PER_SECOND), lambda at: [heard_by(call, person, at)])
    )
