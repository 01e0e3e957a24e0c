"""Why a client's call ended: ``callEndReason`` of the calling SDK.

Documented: azure-docs, ``articles/communication-services/resources/troubleshooting/voice-video-calling/includes/codes/
call-end.md``. Assumed: the codes of meetings that do not admit, and those that are marked so.
"""

from __future__ import annotations

from typing import NamedTuple

from emulator.acs.results import Result


class EndReason(NamedTuple):
    code: int
    sub_code: int = 0

    def describe(self) -> dict[str, int]:
        return {"code": self.code, "subCode": self.sub_code}


ENDED = EndReason(0)
LEFT_ABRUPTLY = EndReason(0, 4521)
REMOVED = EndReason(0, 5300)
NOT_ADMITTED = EndReason(0, 5854)  # assumed
ENDED_BY_APPLICATION = EndReason(0, 7000)
ENDED_BY_NUMBER = EndReason(0, 560000)
FORBIDDEN = EndReason(403)  # assumed
NOT_FOUND = EndReason(404)
LOBBY_TIMEOUT = EndReason(408)  # assumed
OBO_NOT_ALLOWED = EndReason(422)
UNREACHABLE = EndReason(480, 10037)
CANCELED = EndReason(487)
ELSEWHERE = EndReason(487, 10003)
RING_TIMEOUT = EndReason(487, 10004)
DECLINED = EndReason(603)


def of(result: Result) -> EndReason:
    return EndReason(result.code, result.sub_code)
