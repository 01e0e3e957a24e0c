"""The app's functions, as a Functions host indexes them."""

from __future__ import annotations

from functools import cache

import function_app
from emulator.host.functions import Function, read
from local.stack import ROOT


@cache
def functions() -> dict[str, Function]:
    """The functions by name. Indexed once for each process: azure-functions refuses a second time."""
    found = [read(function, str(ROOT)) for function in function_app.app.get_functions()]
    return {function.name: function for function in found}
