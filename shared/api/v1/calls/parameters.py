"""Parameters of the paths and bodies of calls."""

from __future__ import annotations

from msgspec import Meta

from shared.platform.guids import GUID

CALL = Meta(pattern="^[0-9]{8}-[0-9a-f]{32}$", description="the id of a call")
OF_CALL = {"callId": CALL}
OF_OPERATION = {"operationId": Meta(pattern=f"^{GUID}$", description="the id of an operation of the call (a GUID)")}
OF_STEP = {
    "visit": Meta(
        pattern=r"^[A-Za-z][A-Za-z0-9_-]{0,39}\.[0-9]{1,3}$",
        description="a stay of the call at a step of its plan: the step and a number",
        examples=["lookup.1"],
    )
}
OF_RECORDING = {
    "recordingId": Meta(
        pattern="^[0-9a-f]{8}$", description="the id of a recording of the call, as in its files' names"
    )
}
OF_FILE = {"index": Meta(pattern="^[0-9]{1,3}$", description="the index of a file of the recording")}
