"""Numbers and names as people write them."""

from __future__ import annotations

import pytest

from shared.customers.text import beginnings, fold, read_number


@pytest.mark.parametrize(
    "text",
    [
        "+49301234567",
        "+49 30 1234567",
        "+49 (0)30 / 12 34 567",
        "+49 (0) 30 1234567",
        "0049-30-1234567",
        "tel:+49-30-1234567;ext=12",
        "TEL:+49.30.1234567",
        "4:+49301234567",
        "\uff0b\uff14\uff19 30\u00a01234\u2011567",  # full-width digits, a space and a hyphen that do not break
        "\u202d+49 30 1234567\u202c",  # as copied from a list of contacts
    ],
)
def test_a_number_is_read_in_every_usual_form(text: str) -> None:
    assert read_number(text) == "+49301234567"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "030 1234567",
        "+",
        "+49",
        "+0301234567",
        "+49 30 12345A",
        "+1234567890123456",
        "tel:863-1234;phone-context=+1",
        "8:acs:x",
        "anonymous",
        "+49 30 1234567\n+49 30 7654321",
    ],
)
def test_a_number_without_its_country_or_with_anything_else_is_none(text: str) -> None:
    assert read_number(text) is None


def test_names_are_compared_without_case_accents_and_punctuation() -> None:
    assert fold("  Éléonore  O'Neill-Müller ") == "eleonore o neill muller"
    assert fold("STRASSE") == fold("straße")
    assert fold("!?/#\\") == ""


def test_a_name_is_found_by_the_beginning_of_each_of_its_first_words() -> None:
    assert beginnings("Megan Bowen") == ["megan bowen", "bowen"]
    assert beginnings("") == []
    assert len(beginnings("a b c d e f g h")) == 6
