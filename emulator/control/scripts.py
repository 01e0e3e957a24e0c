"""What parties do, as a control request says it: keys, phrases, hanging up, and how callees take a call."""

from __future__ import annotations

from typing import Any

from emulator.acs.callees import BEHAVIOURS, CalleeBehaviour
from emulator.acs.calls import Script
from emulator.acs.parties import Phrase
from emulator.acs.wire import ENUMS
from emulator.control.fields import ControlError, Fields

GREETING = "You have reached the voicemail. Please leave a message after the tone."


def script(fields: Fields) -> Script:
    """``presses``, ``says`` and ``hangs_up_after``."""
    return Script(
        hangs_up_after=fields.seconds("hangs_up_after") if "hangs_up_after" in fields else None,
        presses=[_press(each) for each in fields.objects("presses", "a press")],
        says=[_saying(each) for each in fields.objects("says", "a phrase to say")],
    )


def tone(fields: Fields) -> str:
    return fields.one_of("tone", ENUMS["DtmfTone"])


def phrase(fields: Fields) -> Phrase:
    """A phrase without words is not understood."""
    confidence = fields.number("confidence", Phrase("").confidence)
    if not 0 <= confidence <= 1:
        raise ControlError(f"'confidence' is a number from 0 to 1, not {confidence:g}")
    return Phrase(fields.text("phrase"), confidence)


def behaviour(value: Any, what: str) -> CalleeBehaviour:
    fields = Fields(value, what)
    does = fields.one_of("behaviour", BEHAVIOURS, "accept")
    found = CalleeBehaviour(
        does,
        fields.seconds("after", 1.0),
        declined_as_succeeded=fields.flag("declined_as_succeeded"),
        script=_with_greeting(script(fields), fields) if does == "voicemail" else script(fields),
    )
    fields.done()
    _check(found)
    return found


def describe(behaviour: CalleeBehaviour) -> dict[str, Any]:
    script = behaviour.script
    return {
        "behaviour": behaviour.does,
        "after": behaviour.after,
        "declined_as_succeeded": behaviour.declined_as_succeeded,
        "hangs_up_after": script.hangs_up_after,
        "presses": [{"after": after, "tone": tone} for after, tone in script.presses],
        "says": [{"after": after, "phrase": said.text, "confidence": said.confidence} for after, said in script.says],
    }


def _check(behaviour: CalleeBehaviour) -> None:
    """Raises ControlError for what would never happen."""
    if behaviour.declined_as_succeeded and behaviour.does != "decline":
        raise ControlError("'declined_as_succeeded' needs the behaviour 'decline'")
    if behaviour.script != Script(presses=[], says=[]) and behaviour.does not in ("accept", "voicemail"):
        raise ControlError(f"a callee of the behaviour {behaviour.does!r} never joins, and presses and says nothing")


def _with_greeting(script: Script, fields: Fields) -> Script:
    greeting = Phrase(fields.text("greeting", GREETING))
    return Script(script.hangs_up_after, script.presses, [(0.0, greeting), *script.says])


def _press(fields: Fields) -> tuple[float, str]:
    found = fields.seconds("after", 0.0), tone(fields)
    fields.done()
    return found


def _saying(fields: Fields) -> tuple[float, Phrase]:
    found = fields.seconds("after", 0.0), phrase(fields)
    fields.done()
    return found
