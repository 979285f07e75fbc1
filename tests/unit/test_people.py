"""People: the same seed gives the same people, whose numbers and names are plausible."""

from __future__ import annotations

import subprocess
import sys
import unicodedata

import phonenumbers
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from localwaba.domain.numbers import country_of, dialled_forms, normalise, wa_id_of
from localwaba.runtime.people import LONGEST_NAME, People, Person, locale_of

COUNTRIES = [
    *("US", "BR", "MX", "AR", "IN", "DE", "ES", "GB", "FR", "IT"),
    *("ID", "NG", "ZA", "KE", "AE", "SA", "TR", "JP", "KR"),
]
MOBILE = {phonenumbers.PhoneNumberType.MOBILE, phonenumbers.PhoneNumberType.FIXED_LINE_OR_MOBILE}


@pytest.mark.parametrize("country", [*COUNTRIES, "CA", "CN", "EG", "NO", "IS", "JE"])
def test_numbers_are_valid_mobiles_of_their_country(country: str) -> None:
    """The reference library takes every number for a mobile of that country, and so do our own rules."""
    people = People(7)
    for n in (0, 1, 2, 3, 99, 2500):
        number = people.new_number(country, n)
        parsed = phonenumbers.parse(f"+{number}")
        assert phonenumbers.is_valid_number(parsed)
        assert phonenumbers.number_type(parsed) in MOBILE
        assert country == phonenumbers.region_code_for_number(parsed)
        assert country == country_of(wa_id_of(number))
        assert normalise(number).valid


@pytest.mark.parametrize("country", [*COUNTRIES, "CA"])
def test_numbers_of_a_country_are_distinct(country: str) -> None:
    """Five hundred people have five hundred accounts, whatever the seed."""
    for seed in range(6):
        people = People(seed)
        assert len({wa_id_of(people.new_number(country, n)) for n in range(500)}) == 500


def test_american_numbers_belong_to_nobody() -> None:
    """The first US and Canadian numbers lie in the range that is kept for fiction."""
    people = People(0)
    numbers = [people.new_number(country, n) for country in ("US", "CA") for n in range(1999)]
    assert {"55501"} == {number[4:9] for number in numbers}


def test_there_are_more_americans_than_fictional_numbers() -> None:
    """Behind the fictional numbers come others, still distinct and valid."""
    people = People(0)
    numbers = [people.new_number("US", n) for n in range(4990, 5010)]
    assert len(set(numbers)) == 20
    assert all(phonenumbers.is_valid_number(phonenumbers.parse(f"+{number}")) for number in numbers)


@pytest.mark.parametrize("seed", [0, 1, -5, 2**70])
def test_people_depend_on_nothing_but_the_seed(seed: int) -> None:
    """Two worlds of one seed have the same people, in whatever order they are asked for."""
    one, other = People(seed), People(seed)
    asked = [one.person(country, n) for country in COUNTRIES for n in range(3)]
    backwards = [other.person(country, n) for country in reversed(COUNTRIES) for n in reversed(range(3))]
    assert asked == backwards[::-1]


def test_seeds_make_different_people() -> None:
    """Another seed has other numbers and other names for the same number."""
    one, other = People(1), People(2)
    assert [one.new_number("DE", n) for n in range(5)] != [other.new_number("DE", n) for n in range(5)]
    wa_ids = [one.new_number("DE", n) for n in range(5)]
    assert [one.name_for(wa_id) for wa_id in wa_ids] != [other.name_for(wa_id) for wa_id in wa_ids]


@pytest.mark.parametrize("country", ["BR", "MX", "AR"])
def test_an_account_has_one_name_however_it_is_dialled(country: str) -> None:
    """All dialled forms of an account have the account's name."""
    person = People(5).person(country, 1)
    assert {person.name} == {People(5).name_for(form) for form in dialled_forms(person.wa_id)}


def test_mexicans_argentines_and_some_brazilians_are_not_called_by_their_number() -> None:
    """Worlds contain people whose wa_id differs from the number on the telephone network."""
    people = People(11)
    brazilians = [people.person("BR", n) for n in range(4)]
    assert [person.wa_id == person.number for person in brazilians] == [True, False, True, False]
    mexican = people.person("MX")
    assert f"521{mexican.number[2:]}" == mexican.wa_id


@pytest.mark.parametrize(
    ("country", "script"),
    [
        *(("IN", "DEVANAGARI"), ("AE", "ARABIC"), ("SA", "ARABIC"), ("EG", "ARABIC"), ("KR", "HANGUL")),
        *(("JP", "CJK"), ("CN", "CJK"), ("RU", "CYRILLIC"), ("GR", "GREEK"), ("TH", "THAI"), ("US", "LATIN")),
    ],
)
def test_names_are_in_the_script_of_the_country(country: str, script: str) -> None:
    """A name's letters are those that people of that country write."""
    people = People(2)
    for n in range(5):
        letters = [c for c in people.person(country, n).first_name if c.isalpha()]
        assert letters
        assert {True} == {unicodedata.name(c).startswith((script, "HIRAGANA", "KATAKANA")) for c in letters}


@given(st.integers(), st.sampled_from(COUNTRIES), st.integers(0, 1999))
@settings(max_examples=100, deadline=None)
def test_everybody_has_a_name_that_fits(seed: int, country: str, n: int) -> None:
    """A profile name is not empty, not padded and no longer than WhatsApp allows."""
    person = People(seed).person(country, n)
    assert 0 < len(person.name) <= LONGEST_NAME
    assert person.name == person.name.strip()
    assert person.country == country


def test_family_names_come_first_where_they_do() -> None:
    """Japanese names are written family name first."""
    person = People(1).person("JP")
    assert f"{person.last_name} {person.first_name}" == person.name


def test_a_person_has_a_number_and_a_language() -> None:
    """The parts of a person agree with each other."""
    people = People(7)
    number = people.new_number("BR", 1)
    person = people.person("BR", 1)
    assert (number, wa_id_of(number), "BR", "pt_BR") == (person.number, person.wa_id, person.country, person.locale)
    assert person.name == people.name_for(number)


def test_an_account_chosen_elsewhere_becomes_a_person() -> None:
    """A number from a test's own code gets a name and keeps its digits."""
    person = People(7).person_of("16505551234")
    assert isinstance(person, Person)
    assert (person.wa_id, person.country) == ("16505551234", "US")


@pytest.mark.parametrize("wa_id", ["999123456", "883510012345", "abc", ""])
def test_even_nobodys_number_has_a_name(wa_id: str) -> None:
    """A number of no country gets an American name rather than an error."""
    assert People(7).name_for(wa_id)


@pytest.mark.parametrize("country", ["XX", "AQ", "", "us"])
def test_a_country_without_numbers_borrows_american_ones(country: str) -> None:
    """Where there is no numbering plan, the US number of that n stands in."""
    people = People(7)
    assert people.new_number("US", 4) == people.new_number(country, 4)


def test_small_islands_have_few_people() -> None:
    """A country whose plan is exhausted says so, instead of giving somebody's number twice."""
    with pytest.raises(ValueError, match="no more than"):
        People(7).new_number("TK", 100)
    with pytest.raises(ValueError, match="from 0"):
        People(7).new_number("US", -1)


@pytest.mark.parametrize(("country", "locale"), [("PE", "es_MX"), ("QA", "ar_AA"), ("FI", "fi_FI"), ("ZW", "en_US")])
def test_a_country_without_names_borrows_its_neighbours(country: str, locale: str) -> None:
    """Where Faker has no names for a country, those of its language are taken, at last American ones."""
    assert locale == locale_of(country)


def test_starting_does_not_load_the_libraries() -> None:
    """A server that has nobody in it yet has imported neither Faker nor phonenumbers."""
    program = (
        "import sys; from localwaba.runtime.people import People; People(1);"
        "sys.exit(bool({'faker', 'phonenumbers'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
