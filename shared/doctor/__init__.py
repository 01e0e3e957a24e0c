"""The doctor: checks everything that a call depends on, and names the remedy for what is wrong.

Run it as ``python -m shared.doctor`` or by the API's ``diagnosis``. It changes nothing permanently.
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
    """Run all checks, in at most 20 seconds. Graph is asked on behalf of a signed-in ``caller``, who sees one tenant.

    ``progress`` receives the findings of each check as soon as it is done.
    """
    # These import every SDK, which answering a call must not wait for.
    from shared.doctor.checks import run_checks  # noqa: PLC0415
    from shared.doctor.context import DiagnosisContext  # noqa: PLC0415

    return await run_checks(DiagnosisContext(settings, clients, directory, caller), progress)
