"""Emergency numbers, and calls of emergency services.

Emergency calls are placed by an agent's own client, whose location the platform knows: Call Automation has no emergency
calling, and adding, removing, transferring and recording are not available during an emergency call (azure-docs,
``communication-services/concepts/interop/tpe/teams-phone-extensibility-capabilities.md`` and
``communication-services/concepts/telephony/emergency-calling-concept.md``).
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from shared.calls.call import BaseCall

PREFIX = "4:"  # of the raw ids of phone numbers
MARK = "/emergency"  # at the end of the operation context of an answer: every event that returns it says what it is
REASON = "a call of an emergency service"
REFUSAL = (
    "The number is an emergency number. The server places no emergency calls: an agent places them with their own "
    "client, whose location the platform knows, and never on behalf of another account."
)

# As they are dialled. 112 and 911 are emergency numbers in every mobile network, 000, 08, 110, 118, 119 and 999 in many
# (3GPP TS 22.101, 10.1.1); the others are those of one or several countries (ITU-T E.129, national numbering plans).
# Numbers of four and more digits (10111) are for EMERGENCY_NUMBERS: with a country code before it, one could be that of
# a subscriber.
_CODES = (
    "000 08 061 062 080 091 092 100 101 102 103 104 105 106 107 108 110 111 112 113 114 115 116 117 118 119 120 122 "
    "123 128 131 132 133 140 144 150 155 156 158 159 166 177 180 190 191 192 193 194 195 196 197 198 199 "
    "911 990 991 992 993 994 995 996 997 998 999 14 15 16 17 18 19"
)
CODES = frozenset(_CODES.split())
# Those that the documents above name. The others can be extensions of a telephone system, as they are dialled.
COMMON_CODES = frozenset({"112", "911", "999", "000"})

# The country codes of one and of two digits; all others have three (ITU-T E.164, list of assigned country codes).
_ONE_DIGIT = "1 7"
_TWO_DIGITS = (
    "20 27 30 31 32 33 34 36 39 40 41 43 44 45 46 47 48 49 51 52 53 54 55 56 57 58 60 61 62 63 64 65 66 81 82 84 86 "
    "90 91 92 93 94 95 98"
)
_LENGTHS = {code: len(code) for code in f"{_ONE_DIGIT} {_TWO_DIGITS}".split()}


def is_emergency_number(raw_id: str | None, added: Collection[str] = ()) -> bool:
    """Whether a raw id (``4:112``, ``4:+112``, ``4:+49112``) is that of an emergency number. ``added``: further ones,
    as they are dialled (``10111``) or in E.164.

    With a country code a number is one only if nothing but the emergency number follows: a subscriber's number has
    at least four digits after the country code.
    """
    if not raw_id or not raw_id.startswith(PREFIX):
        return False
    number = raw_id.removeprefix(PREFIX)
    digits = number.removeprefix("+")
    forms = {digits, _national(digits)} if number.startswith("+") else {digits}
    return not forms.isdisjoint(CODES) or any(each.removeprefix("+") in forms for each in added)


def is_emergency_service(raw_id: str | None, added: Collection[str] = ()) -> bool:
    """Whether a participant with this raw id is an emergency service. ``4:101`` is an extension, and ``4:+101`` is
    not: telephone systems send extensions as they are dialled.
    """
    number = (raw_id or "").removeprefix(PREFIX)
    is_clear = number.startswith("+") or number in COMMON_CODES or number in added
    return is_clear and is_emergency_number(raw_id, added)


def _national(digits: str) -> str:
    """What follows the country code."""
    return digits[_LENGTHS.get(digits[:1]) or _LENGTHS.get(digits[:2]) or 3 :]


def refusal(call: BaseCall, raw_id: str) -> str | None:
    """Why a participant of this call is not called; None if it can be."""
    return REFUSAL if is_emergency_number(raw_id, call.policy.emergency_numbers) else None


def is_emergency(call: BaseCall) -> bool:
    """Whether an emergency service takes part in the call, as the caller, as the one whom it is for, or since."""
    lifecycle: Any = call.lifecycle  # type: ignore[attr-defined]  # of its capability, as the next
    joined = call.participants.joined_at  # type: ignore[attr-defined]
    callees = call.on_behalf_of.callees  # type: ignore[attr-defined]
    people = (lifecycle.caller, *callees, *joined)
    added = call.policy.emergency_numbers
    return lifecycle.is_emergency or any(is_emergency_service(each, added) for each in people)


def is_recorded(call: BaseCall) -> bool:
    """Whether the call is to be recorded by the policy."""
    return call.policy.record and not is_emergency(call)
