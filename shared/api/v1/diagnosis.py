"""The doctor's report."""

from __future__ import annotations

from shared.api.route import ADMINISTRATORS, RequestContext, Route
from shared.doctor.report import Report


async def get_diagnosis(context: RequestContext) -> Report:
    from shared.doctor import diagnose  # noqa: PLC0415  # its imports are large, and rarely needed

    return await diagnose(context.settings, context.clients, context.directory, context.caller)


ROUTES = (
    Route(
        "GET",
        "diagnosis",
        "getDiagnosis",
        ADMINISTRATORS,
        "Check everything from Teams to this app: fine, wrong, or not visible from here",
        {200: Report},
        get_diagnosis,
    ),
)
