"""The doctor: walks the chain that a call depends on and says, link by link, what is fine and how to mend what isn't.

Run it as ``python -m shared.doctor`` or by the API's ``diagnosis``. Nothing that stays is changed.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from shared.directory.caller import Caller
    from shared.directory.directory import Directory
    from shared.doctor.report import Finding, Report
    from shared.platform.clients import Clients
    from shared.platform.settings import Settings


async def diagnose(
    settings: Settings,
    clients: Clients,
    directory: Directory,
    caller: Caller | None = None,
    progress: Callable[[list[Finding]], None] | None = None,
) -> Report:
    """Look at every link, in at most 20 seconds. A signed-in ``caller`` is who asks Graph, and sees one tenant.

    ``progress`` is told what was found of a link as soon as it is known.
    """
    # They import every SDK, which answering a call must not wait for.
    from shared.doctor.patient import Patient  # noqa: PLC0415
    from shared.doctor.walk import walk  # noqa: PLC0415

    return await walk(Patient(settings, clients, directory, caller), progress)
