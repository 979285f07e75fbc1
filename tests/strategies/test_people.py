"""Users and numbers of all countries: valid on the telephone network, and somebody's account on WhatsApp."""

from __future__ import annotations

import re
from typing import Any

import phonenumbers
import pytest
from hypothesis import Phase, find, given, settings

from localwaba.domain.numbers import country_of, normalise, wa_id_of
from localwaba_contracts.validate import is_valid
from pytest_localwaba import strategies as wa
from pytest_localwaba.strategies.people import ANA, RANGES, _number

quick = settings(max_examples=60, database=None)
unexplained = settings(quick, max_examples=300, phases=[Phase.generate, Phase.shrink])
SHARED = ("BL", "MF")
"""Saint Barthélemy and Saint Martin have the numbers of Guadeloupe: nothing tells them from each other."""


@quick
@given(user=wa.users())
def test_users(user: wa.Person) -> None:
    """A user has a valid number of their country, an account and a user id that webhooks may carry."""
    number = phonenumbers.parse(f"+{user.number}")
    assert phonenumbers.is_valid_number_for_region(number, user.country) or user.country == "US"
    assert wa_id_of(user.number) == user.wa_id
    assert country_of(user.wa_id) == user.country or user.country in SHARED
    assert user.user_id.startswith(f"{user.country}.")
    assert 1 <= len(user.name) <= 25
    metadata = {"display_phone_number": "15550783881", "phone_number_id": "106540352242922"}
    message = {"from": "16505551234", "id": "wamid.A", "timestamp": "1", "type": "text", "text": {"body": "hi"}}
    value = {"messaging_product": "whatsapp", "metadata": metadata, "contacts": [user.contact], "messages": [message]}
    assert is_valid("webhooks/messages", value)


def test_numbers_of_all_countries() -> None:
    """There are numbers of all regions of the telephone network, valid ones of that region, in each of their forms."""
    assert set(RANGES) == set(phonenumbers.SUPPORTED_REGIONS)
    for country, forms in RANGES.items():
        for form in range(len(forms)):
            for n in (0, 5_555_555, 9_999_999):
                number = _number(country, n, form)
                assert phonenumbers.is_valid_number_for_region(phonenumbers.parse(f"+{number}"), country), number
                assert country_of(wa_id_of(number)) == country or country in SHARED
                assert normalise(number).valid


@pytest.mark.parametrize(
    ("country", "wanted"),
    [
        ("BR", lambda user: len(user.wa_id) == 12 and user.number[4] == "9"),  # the ninth digit, lost by the account
        ("BR", lambda user: len(user.wa_id) == 13 and user.wa_id == user.number),
        ("MX", lambda user: user.wa_id.startswith("521") and user.number == user.wa_id.replace("521", "52", 1)),
        ("AR", lambda user: user.wa_id.startswith("54911")),
        ("AR", lambda user: user.wa_id.startswith("549351")),  # an area of three digits
        ("AR", lambda user: user.wa_id.startswith("5492966")),  # and of four
        ("CI", lambda user: user.number.startswith("22505") and len(user.number) == 13),
        ("IT", lambda user: user.number.startswith("3902")),  # the zero that stays
        ("IT", lambda user: len(user.number) == 11 and user.number.startswith("393")),
        ("NU", lambda user: len(user.number) == 7),
        ("TA", lambda user: len(user.number) == 7),
        ("AT", lambda user: len(user.number) == 15),
        ("VA", lambda user: user.number.startswith("3906698")),
    ],
)
def test_oddities(country: str, wanted: Any) -> None:
    """What is special about the numbers of a country comes when that country is asked for."""
    assert find(wa.users(country), wanted, settings=unexplained).country == country


@settings(quick, max_examples=40)
@given(dialled=wa.dialled_numbers())
def test_dialled_numbers_reach_somebody(stage: Any, dialled: str) -> None:
    """However a number is written, the platform finds an account."""
    reply = stage.send(stage.platform.text(to=dialled))
    assert reply.status == 200, dialled
    assert reply.body["contacts"][0]["wa_id"].isdigit()


@settings(quick, max_examples=100)
@given(dialled=wa.dialled_numbers())
def test_dialled_numbers_are_written_as_people_write(dialled: str) -> None:
    """Brackets come in pairs, nothing begins or ends with a gap, and no gap stands beside another."""
    assert re.fullmatch(r"\+?\d+(?:[ -]\d+| \(\d+\) \d+(?:-\d+)?)*", dialled), dialled


def test_who_hides() -> None:
    """Users hide their numbers, or do not, as was asked for; the smallest user is Ana."""
    for hidden in (True, False):
        assert find(wa.users(hidden=hidden), lambda one: True, settings=unexplained).hides_number is hidden
    shy = find(wa.users("BR", hidden=True), lambda one: True, settings=unexplained)
    assert (set(shy.contact), shy.username) == ({"profile", "user_id"}, "a00")
    assert find(wa.users(), lambda one: True, settings=unexplained) == ANA
    assert find(wa.users("BR"), lambda one: True, settings=unexplained).name == "Ana"


def test_slips() -> None:
    """A country that there is not is refused at once, with those that were perhaps meant."""
    with pytest.raises(ValueError, match="no country is called 'Brazil'; a country is two letters"):
        wa.phone_numbers("Brazil")
    with pytest.raises(ValueError, match=r"no country is called 'UK': did you mean GB"):
        wa.users("UK")
    assert find(wa.phone_numbers("br"), lambda one: True, settings=unexplained).startswith("55")
