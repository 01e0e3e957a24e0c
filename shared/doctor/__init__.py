"""The doctor: walks the chain that a call depends on and says, link by link, what is fine and how to mend what isn't.

``await diagnose(app)``, ``python -m shared.doctor``, or the API's ``diagnosis``. Nothing that stays is changed.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from shared.directory.sign_in import Caller
    from shared.doctor.report import Finding, Report
    from shared.service.app import App


async def diagnose(
    app: App, caller: Caller | None = None, progress: Callable[[list[Finding]], None] | None = None
) -> Report:
    """Look at every link, in at most 20 seconds. A signed-in ``caller`` is who asks Graph, and sees one tenant.

    ``progress`` is told what was found of a link as soon as it is known.
    """
    from shared.doctor.walk import walk  # noqa: PLC0415  # every SDK the app has; nobody needs it to take a call

    return await walk(app, caller, progress)
