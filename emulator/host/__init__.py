"""A Functions host for Python apps on one machine.

It loads an app through azure-functions' own metadata and decodes with its own binding converters, as the
Python worker does (github.com/Azure/azure-functions-python-worker), and calls the functions with the semantics
of the real host's HTTP, Event Grid, storage-queue and timer triggers. ``python -m emulator.host --help``.
"""

from emulator.host.functions import BadApp, Function, load
from emulator.host.server import Host
from emulator.host.settings import BadSettings, HostSettings

__all__ = ["BadApp", "BadSettings", "Function", "Host", "HostSettings", "load"]
