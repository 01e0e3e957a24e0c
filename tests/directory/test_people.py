from __future__ import annotations

import pytest
from msgspec.structs import replace

from shared.directory.directory import Directory
from shared.directory.models import Person
from tests.directory.fixtures import ADA, ALAN, API, FELIX, GRACE, SignedIn, upstream_error
from tests.emulator.client import Control

HOPPER = Person(GRACE, "Grace Hopper", "grace@contoso.com", "grace@contoso.com", "Agent")
BASIC = replace(HOPPER, job_title=None)  # as much of her as her colleagues may see


async def named(control: Control, *names: str) -> None:
    """Add people with these names to contoso."""
    users = {
        f"new{n}": {
            "id": f"0000dead-0000-4000-8000-{n:012d}",
            "displayName": name,
            "userPrincipalName": f"new{n}@contoso.com",
        }
        for n, name in enumerate(names)
    }
    await control("PATCH", "directory", {"tenants": {"contoso": {"users": users}}})


@pytest.mark.parametrize("who", ["me", GRACE, GRACE.upper()])
async def test_a_person_is_found_by_id_and_as_me(directory: Directory, signed_in: SignedIn, who: str) -> None:
    assert await directory.people.get(await signed_in("grace"), who) == HOPPER


async def test_people_are_found_by_the_beginning_of_their_address_too(
    directory: Directory, signed_in: SignedIn, control: Control
) -> None:
    guest = {"userPrincipalName": "o'neil+b_fabrikam.com#EXT#@contoso.com", "mail": "bridget@fabrikam.com"}
    await control("PATCH", "directory", {"tenants": {"contoso": {"users": {"norma": guest}}}})
    for text in ("O'Neil+b_fabrikam.com#EXT#@", "bridget@fab", "norma"):
        (found,) = (await directory.people.search(await signed_in("ada"), text)).value
        assert found.user_principal_name == guest["userPrincipalName"], text
    assert (await directory.people.search(await signed_in("ada"), "fabrikam")).value == ()


async def test_people_of_another_tenant_are_not_found(directory: Directory, signed_in: SignedIn) -> None:
    caller = await signed_in("ada")
    assert (await upstream_error(directory.people.get(caller, FELIX))).entry.status == 404
    everybody = await directory.people.search(caller)
    assert {ADA, GRACE, ALAN} <= {person.id for person in everybody.value}
    assert FELIX not in {person.id for person in everybody.value}


async def test_people_are_found_by_the_beginning_of_a_name(directory: Directory, signed_in: SignedIn) -> None:
    caller = await signed_in("ada")
    assert (await directory.people.search(caller, "hop")).value == (BASIC,)
    assert (await directory.people.search(caller, "  Grace \t Hopper ")).value == (BASIC,)
    assert (await directory.people.search(caller, "opper")).value == ()


@pytest.mark.parametrize(
    "name", ['Ann "the Voice" Other', "Back\\slash", "O'Neil", "R&D #1 + 100%", "Žižek \U0001f600"]
)
async def test_special_characters_of_a_name_are_escaped(
    directory: Directory, signed_in: SignedIn, control: Control, name: str
) -> None:
    await named(control, name)
    (found,) = (await directory.people.search(await signed_in("ada"), name)).value
    assert found.display_name == name


@pytest.mark.parametrize(
    "text", ['" OR "displayName:Grace', 'x" OR "mail:grace@contoso.com', '\\" OR "displayName:Grace']
)
async def test_a_text_cannot_change_the_search_expression(directory: Directory, signed_in: SignedIn, text: str) -> None:
    assert (await directory.people.search(await signed_in("ada"), text)).value == ()


@pytest.mark.parametrize("text", ["x" * 101, "a\0b", "a\u202eb"])
async def test_an_invalid_text_is_refused(directory: Directory, signed_in: SignedIn, text: str) -> None:
    assert (await upstream_error(directory.people.search(await signed_in("ada"), text))).code == "NotValid"


@pytest.mark.parametrize("size", [0, 1000, -1])
async def test_a_page_has_from_1_to_999_people(directory: Directory, signed_in: SignedIn, size: int) -> None:
    assert (await upstream_error(directory.people.search(await signed_in("ada"), page_size=size))).code == "NotValid"


async def test_results_of_a_search_come_in_pages(directory: Directory, signed_in: SignedIn, control: Control) -> None:
    await named(control, *(f"Twin {n}" for n in range(7)))
    caller, seen, continuation = await signed_in("ada"), [], None
    while True:
        page = await directory.people.search(caller, "Twin", page_size=3, continuation=continuation)
        assert len(page.value) <= 3
        seen += [person.display_name for person in page.value]
        if (continuation := page.continuation) is None:
            break
    assert sorted(seen) == [f"Twin {n}" for n in range(7)]


async def test_a_next_page_on_another_host_is_not_requested(
    directory: Directory, signed_in: SignedIn, control: Control
) -> None:
    await control.fault(
        where="graph", match={"operation": "ListUsers"}, do="next_link", host="https://evil.example", times=1
    )
    error = await upstream_error(directory.people.search(await signed_in("ada"), page_size=1))
    assert error.code == "ForeignLink"


async def test_an_app_without_a_user_may_not_search_people(directory: Directory, signed_in: SignedIn) -> None:
    assert (await upstream_error(directory.people.search(await signed_in(app=API)))).code == "NeedsUser"
