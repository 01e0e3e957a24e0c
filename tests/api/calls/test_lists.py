"""Lists of calls by the filters of the API. tests/storage/test_listing.py has every combination."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Any

from shared.api.parameters import ACCOUNT, TENANT, USER
from shared.calls.state import CallState
from shared.storage.keys import keys_of
from shared.storage.live import RECENT
from tests.api.calls.conftest import Line

OTHER_NUMBER = "+12065559876"


def ids(reply: Any) -> list[str]:
    assert reply.status == 200, reply.body
    return [call["id"] for call in reply.data["value"]]


def in_order(calls: list[str]) -> list[str]:
    """Newest first, to the second."""
    return sorted(calls, key=lambda id: keys_of(id)[1])


async def test_calls_are_listed_newest_first_by_state_day_and_account(line: Line) -> None:
    first, second = await line.recorded(), await line.recorded()
    await line.command(f"calls/{first}/hang-up", wait=10)
    await line.system.until(first, lambda call: call.state is CallState.ENDED)
    await line.system.idle()
    listed = ids(await line.get("calls"))
    assert [id for id in listed if id in {first, second}] == in_order([first, second])
    today = datetime.now(UTC).date().isoformat()
    connected = ids(await line.get(f"calls?state=connected&day={today}&account={ACCOUNT}"))
    assert second in connected
    assert first not in connected
    assert first in ids(await line.get(f"calls?state=ended&account={ACCOUNT.upper()}"))
    assert ids(await line.get("calls?day=2020-02-29")) == []
    assert ids(await line.get(f"calls?account={USER}&day={today}")) == []
    (shown,) = (each for each in (await line.get("calls")).data["value"] if each["id"] == second)
    whole = (await line.get(f"calls/{second}")).data
    assert shown == {name: whole[name] for name in shown}


async def test_calls_are_found_by_number_without_a_number_in_any_url(line: Line) -> None:
    calls = [await line.connected(**{"from": OTHER_NUMBER}) for _ in range(3)]
    newest_first = in_order(calls)
    search = {"number": OTHER_NUMBER, "pageSize": 2}
    page = await line.client.ask("POST", "calls/search", line.supervisor, search)
    assert ids(page) == newest_first[:2]
    following = search | {"continuation": page.data["continuation"]}
    rest = await line.client.ask("POST", "calls/search", line.supervisor, following)
    assert ids(rest)[0] == newest_first[2]
    none = {"number": OTHER_NUMBER, "state": "missed"}
    assert ids(await line.client.ask("POST", "calls/search", line.supervisor, none)) == []
    refused = await line.get("calls?number=%2B12065559876")
    assert (refused.status, refused.data["code"]) == (400, "BadParameter")


async def test_the_calls_of_a_customer_are_those_of_its_numbers(line: Line) -> None:
    call_id = await line.connected(**{"from": "+12065554321"})
    customer = {"name": "Megan Bowen", "numbers": ["+1 206 555 4321", "+49 30 1234567"]}
    kept = await line.client.ask("PUT", "customers/megan", line.supervisor, customer)
    assert kept.status in {200, 201}, kept.body
    assert ids(await line.get("calls?customer=megan")) == [call_id]
    keyed = await line.client.ask("GET", f"calls?customer=megan&tenant={TENANT}", keyed=True)
    assert ids(keyed) == [call_id]
    assert (await line.get("calls?customer=unknown")).status == 404
    stranger = await line.client.token(tenant="fabrikam", user="fred", roles=["Administrator"])
    assert (await line.get("calls?customer=megan", stranger)).status == 404
    assert (await line.get(f"calls?tenant={TENANT}", stranger)).status == 403


async def test_agents_list_their_own_calls_and_tenants_theirs(line: Line) -> None:
    theirs, other = await line.connected(), await line.connected()
    agent = await line.client.token(user="grace", roles=["Agent"])
    await line.join(theirs, USER)
    assert theirs in ids(await line.get("calls", agent))
    assert other not in ids(await line.get("calls", agent))
    assert theirs in ids(await line.get(f"calls?agent={USER}"))
    forbidden = await line.get(f"calls?agent={ACCOUNT}", agent)
    assert (forbidden.status, forbidden.data["code"]) == (403, "RoleMissing")
    stranger = await line.client.token(tenant="fabrikam", user="fred", roles=["Administrator"])
    assert ids(await line.get("calls", stranger)) == []
    search = {"number": "+12065551212"}
    assert ids(await line.client.ask("POST", "calls/search", stranger, search)) == []
    keyed = await line.client.ask("GET", "calls", keyed=True)
    assert {theirs, other} <= set(ids(keyed))


async def test_a_list_is_read_page_by_page(line: Line) -> None:
    calls = [await line.recorded() for _ in range(3)]
    await line.system.idle()
    path, found = f"calls?account={ACCOUNT}&pageSize=1", list[str]()
    while len(found) < len(calls):
        page = (await line.get(path)).data
        found += [call["id"] for call in page["value"]]
        path = page["nextLink"]
    assert found == in_order(calls)
    for continuation in ("elsewhere", "20260231", "20261121-"):
        wrong = await line.get(f"calls?continuation={continuation}")
        assert (wrong.status, wrong.data["code"]) == (400, "BadParameter"), continuation


async def test_live_calls_are_those_of_the_tenant_that_go_on(line: Line) -> None:
    call_id = await line.recorded()
    await asyncio.sleep(RECENT.total_seconds())  # a read of other tests is shared
    live = await line.get("calls/live")
    (shown,) = (each for each in live.data["calls"] if each["id"] == call_id)
    whole = (await line.get(f"calls/{call_id}")).data
    assert shown == {name: whole[name] for name in shown}
    assert live.data["totals"]["answered"] >= 1
    again = await line.get("calls/live", etag=live.headers["ETag"])
    assert again.status == 304
    stranger = await line.client.token(tenant="fabrikam", user="fred", roles=["Supervisor"])
    theirs = await line.get("calls/live", stranger)
    assert (theirs.data["calls"], theirs.data["totals"]["calls"]) == ([], 0)
    agent = await line.client.token(user="grace", roles=["Agent"])
    assert (await line.get("calls/live", agent)).status == 403
