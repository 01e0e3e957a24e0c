"""The catalogue of result codes of calls: what each code means, whether a retry can succeed, and what to do.

ACS reports results in two places with one vocabulary: ``resultInformation{code, subCode}`` of a callback, and
the HTTP status with ``error.code`` of a refused request. Both are read here as ``code/sub_code``.
Source: Microsoft Learn, Azure Communication Services, "Troubleshooting response codes" (Call Automation, PSTN, call
end), the event codes of "Play action" and "Recognize action", and the troubleshooting page and FAQ of Teams Phone
extensibility; and recordings of the service.
"""

from __future__ import annotations

from shared.calls.result_codes.endings import ENDINGS
from shared.calls.result_codes.media import MEDIA
from shared.calls.result_codes.model import NOT_THE_APP, Disposition, ResultCode
from shared.calls.result_codes.requests import REQUESTS
from shared.calls.result_codes.sub_codes import SUB_CODES

__all__ = [
    "CATALOGUE",
    "ENDINGS",
    "MEDIA",
    "NOT_THE_APP",
    "REQUESTS",
    "SUB_CODES",
    "Disposition",
    "ResultCode",
    "look_up",
]

CATALOGUE: tuple[ResultCode, ...] = (*REQUESTS, *ENDINGS, *MEDIA)

_BY_CODES = {(each.code, each.sub_code): each for each in CATALOGUE}
_BY_SUB_CODE = {each.sub_code: each for each in SUB_CODES}

# HTTP's own reading of a status that the catalogue does not know: RFC 9110 section 15 and RFC 6585.
_RETRYABLE_STATUS = frozenset({408, 425, 429})
_SERVER_ERRORS = range(500, 600)
_FIRST_FAILURE = 300


def look_up(code: int, sub_code: int) -> ResultCode:
    """What ``code/sub_code`` means. An unknown pair is judged by its sub-code, then by its code alone: 408, 425, 429
    and 5xx can pass, everything else is final.
    """
    known = _BY_CODES.get((code, sub_code)) or _of_sub_code(code, sub_code) or _BY_CODES.get((code, 0))
    if known is not None:
        return known
    if code < _FIRST_FAILURE:
        return ResultCode(code, sub_code, Disposition.FINAL, "it ended without an error", NOT_THE_APP)
    disposition = _disposition(code)
    failed = disposition is Disposition.TRANSIENT
    meaning = "the platform failed" if failed else "the platform refused, for a reason the catalogue does not name"
    return ResultCode(
        code, sub_code, disposition, meaning, "Look the code up in Microsoft's list of ACS response codes."
    )


def _of_sub_code(code: int, sub_code: int) -> ResultCode | None:
    known = _BY_SUB_CODE.get(sub_code)
    if known is None:
        return None
    return ResultCode(code, sub_code, known.disposition or _disposition(code), known.meaning, known.remedy)


def _disposition(code: int) -> Disposition:
    return Disposition.TRANSIENT if code in _RETRYABLE_STATUS or code in _SERVER_ERRORS else Disposition.FINAL
