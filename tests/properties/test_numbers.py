"""Numbers of countries with rules of their own: all forms of an account lead to it."""

from __future__ import annotations

import phonenumbers
from hypothesis import given, settings
from hypothesis import strategies as st

from localwaba.domain.errors import Refused
from localwaba.domain.numbers import (
    dialled_forms,
    display,
    normalise,
    public_number,
    wa_id_of,
)


def digits(low: int, high: int) -> st.SearchStrategy[str]:
    return st.text("0123456789", min_size=low, max_size=high)


brazilians = st.builds(
    lambda area, nine, first, rest: f"55{area}{nine}{first}{rest}",
    st.sampled_from([*range(11, 20), 21, 22, 24, 27, 28, *range(31, 100)]),
    st.sampled_from(["", "9"]),
    st.sampled_from("6789"),
    digits(7, 7),
)


mexicans = st.builds(
    lambda one, first, rest: f"52{one}{first}{rest}",
    st.sampled_from(["", "1"]),
    st.sampled_from("23456789"),
    digits(9, 9),
)


argentine_areas = st.sampled_from(
    ["11", "221", "261", "299", "341", "351", "381", "388", "220", "2202", "2901", "3751"]
)


@st.composite
def argentines(draw: st.DrawFn) -> str:
    area = draw(argentine_areas)
    subscriber = draw(digits(10 - len(area), 10 - len(area)))
    return draw(st.sampled_from([f"549{area}{subscriber}", f"54{area}{subscriber}", f"54{area}15{subscriber}"]))


dialled = st.one_of(brazilians, mexicans, argentines(), digits(7, 15))


@given(dialled)
@settings(max_examples=300)
def test_naming_settles_at_once(number: str) -> None:
    """The name of a name is the name."""
    assert wa_id_of(number) == wa_id_of(wa_id_of(number))


@given(dialled)
@settings(max_examples=300)
def test_every_form_of_an_account_leads_back_to_it(number: str) -> None:
    """All dialled forms of an account have that account's wa_id, the account comes first, none is twice."""
    wa_id = wa_id_of(number)
    forms = dialled_forms(wa_id)
    assert wa_id == forms[0]
    assert len(set(forms)) == len(forms)
    assert {wa_id} == {wa_id_of(form) for form in forms}


@given(st.one_of(brazilians, mexicans, argentines()))
@settings(max_examples=200)
def test_the_dialled_number_is_among_the_forms(number: str) -> None:
    """Whatever a sender dialled is found again among the forms of the account, and so is the public number."""
    forms = dialled_forms(wa_id_of(number))
    assert number in forms
    assert public_number(wa_id_of(number)) in forms


@given(argentines())
@settings(max_examples=200)
def test_argentine_numbers_are_read_as_the_library_reads_them(number: str) -> None:
    """What the reference library makes of an Argentine number, 15 and all, is a form of the account we name."""
    parsed = phonenumbers.parse(f"+{number}")
    theirs = f"{parsed.country_code}{parsed.national_number}"
    assert theirs in dialled_forms(wa_id_of(number))


@given(
    dialled.filter(lambda number: number[0] != "0"),
    st.lists(st.tuples(st.integers(0, 15), st.sampled_from(" -()")), max_size=6),
    st.booleans(),
)
@settings(max_examples=200)
def test_punctuation_never_changes_who_is_meant(number: str, marks: list[tuple[int, str]], plus: bool) -> None:
    """The same digits with any allowed punctuation are the same recipient, or refused alike."""
    dressed = number
    for place, mark in marks:
        dressed = dressed[:place] + mark + dressed[place:]
    dressed = "+" + dressed if plus else dressed

    def outcome(to: str) -> tuple[str, bool] | int:
        try:
            recipient = normalise(to)
        except Refused as refused:
            return refused.refusal.code
        return recipient.wa_id, recipient.valid

    assert outcome(number) == outcome(dressed)


@given(dialled.filter(lambda number: number[0] != "0"))
@settings(max_examples=100)
def test_printing_keeps_the_digits(number: str) -> None:
    """What is printed, read again, is the account that was printed."""
    wa_id = wa_id_of(number)
    assert wa_id == "".join(c for c in display(wa_id) if c.isdigit())
