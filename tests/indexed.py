"""The app's functions, as a host reads them."""

from __future__ import annotations

from functools import cache

import function_app
from emulator.host.functions import Function, read
from local.stack import ROOT


@cache
def functions() -> dict[str, Function]:
    """By name. Once for all tests of a process: azure-functions refuses to index an app a second time."""
    found = [read(function, str(ROOT)) for function in function_app.app.get_functions()]
    return {function.name: function for function in found}
