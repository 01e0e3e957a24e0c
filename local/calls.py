"""Calls in words, through the API of a running app: ``python -m local.calls list`` and ``… watch``.

The app is that of ``make serve``, or another one: ``--api https://HOST/api/keyed/v1``, with a key of the Functions app
in FUNCTIONS_KEY.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import aiohttp

from local.processes import as_command
from local.show import BOLD, DIM, PLAIN, RED
from shared.calls.state import CallState

API = "http://127.0.0.1:7071/api/keyed/v1"
PAUSE = 1.0  # seconds between two looks; one that finds nothing new costs a 304
UNSETTLED = {"starting", "active", "stopped"}  # statuses of recordings that another one follows
MOST = 50  # calls of a list


class Unavailable(Exception):
    """The API cannot be used. The text says why, and what to do."""


class Calls:
    """The calls of an app."""

    def __init__(self, http: aiohttp.ClientSession, api: str) -> None:
        self._http, self._api = http, api.rstrip("/")
        self._etags: dict[str, str] = {}

    async def changed(self, path: str) -> Any:
        """The resource; None if it is as it was at the last look."""
        return await self.get(path, headers={"If-None-Match": self._etags.get(path, "")})

    async def get(
        self, path: str, parameters: dict[str, str] | None = None, headers: dict[str, str] | None = None
    ) -> Any:
        headers = {"x-functions-key": os.environ.get("FUNCTIONS_KEY", "none")} | (headers or {})
        try:
            async with self._http.get(f"{self._api}/{path}", params=parameters, headers=headers) as answer:
                if answer.status == 304:  # noqa: PLR2004
                    return None
                body = await answer.json()
                if not answer.ok:
                    raise Unavailable(f"{body['title']}. {body.get('detail', '')} {body['remedy']}")
                self._etags[path] = answer.headers.get("ETag", "")
                return body
        except aiohttp.ClientConnectionError:
            hint = "run make serve first, or name the app with API=…"
            raise Unavailable(f"nothing answers at {self._api}: {hint}") from None


def listed(calls: list[dict[str, Any]]) -> Iterator[str]:
    """A line for each call, and a heading."""
    yield f"{BOLD}{'called':<20}{'state':<11}{'from':<24}{'to':<22}{'recording':<14}id{PLAIN}"
    for call in calls:
        account, caller = call["account"] or {}, call["caller"] or {}
        cells = (
            f"{_moment(call['calledAt']):<20}",
            f"{call['state']:<11}",
            f"{_short(caller.get('name') or caller.get('number') or caller.get('id') or '-', 22):<24}",
            f"{_short(account.get('name') or account.get('number') or account.get('id') or '-', 20):<22}",
            f"{call['recording']['status']:<14}",
        )
        yield f"{''.join(cells)}{DIM}{call['id']}{PLAIN}"


def timeline_line(entry: dict[str, Any], began: datetime) -> str:
    """A line of the timeline, with the seconds since the call began."""
    seconds = (datetime.fromisoformat(entry["at"]) - began).total_seconds()
    return f"{DIM}{seconds:8.1f} s{PLAIN}  {entry['type']:<30}{entry['text']}".rstrip()


async def show(calls: Calls, given: argparse.Namespace) -> None:
    filters = {name: value for name in ("day", "state", "account") if (value := getattr(given, name))}
    page = await calls.get("calls", filters | {"pageSize": str(MOST)})
    for line in listed(page["value"]):
        print(line)
    if not page["value"]:
        print("No call matches.")


async def watch(calls: Calls, call_id: str | None) -> None:
    """Print the timeline as it grows, until the call has ended and its recording is settled."""
    call_id = call_id or await _newest(calls)
    shown, state = 0, ""
    while True:
        call = await calls.changed(f"calls/{call_id}")
        if call is not None:
            entries = await _timeline(calls, call_id)
            for entry in entries[shown:]:
                print(timeline_line(entry, datetime.fromisoformat(entries[0]["at"])), flush=True)
            shown = len(entries)
            text = f"{call['state']}, recording {call['recording']['status']}, {len(call['participants'])} in the call"
            if text != state:
                state = text
                print(f"{'':12}{BOLD}{state}{PLAIN}", flush=True)
            if CallState(call["state"]).is_settled and call["recording"]["status"] not in {
                "starting",
                "active",
                "stopped",
            }:
                return
        await asyncio.sleep(PAUSE)


async def _timeline(calls: Calls, call_id: str) -> list[dict[str, Any]]:
    entries: list[dict[str, Any]] = []
    parameters = {"pageSize": "999"}
    while True:
        page = await calls.get(f"calls/{call_id}/timeline", parameters)
        entries += page["value"]
        if "nextLink" not in page:
            return entries
        parameters["continuation"] = page["nextLink"].rpartition("continuation=")[2]


async def _newest(calls: Calls) -> str:
    page = await calls.get("calls", {"pageSize": "1"})
    if not page["value"]:
        raise Unavailable("there is no call yet: dial one, as make serve shows")
    return str(page["value"][0]["id"])


def _moment(text: str | None) -> str:
    return f"{datetime.fromisoformat(text):%Y-%m-%d %H:%M:%S}" if text else "-"


def _short(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"


def parser() -> argparse.ArgumentParser:
    parse = argparse.ArgumentParser(prog="python -m local.calls", description=__doc__)
    parse.add_argument("--api", default=API, help="the API of a running app")
    commands = parse.add_subparsers(dest="command", required=True)
    listing = commands.add_parser("list", help="list calls, newest first")
    listing.add_argument("--day", default="", help="of this UTC day, such as 2026-11-21")
    listing.add_argument("--state", default="", help="in this state, such as connected")
    listing.add_argument("--account", default="", help="of this resource account, by its object id")
    watching = commands.add_parser("watch", help="print what happens in a call, while it happens")
    watching.add_argument("call", nargs="?", default="", help="the call's id; the newest call by default")
    return parse


async def main(given: argparse.Namespace) -> int:
    async with aiohttp.ClientSession() as http:
        calls = Calls(http, given.api or API)
        try:
            await (show(calls, given) if given.command == "list" else watch(calls, given.call or None))
        except Unavailable as error:
            print(f"{RED}{error}{PLAIN}", file=sys.stderr)
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(as_command(main(parser().parse_args())))
