"""Users of WhatsApp and the numbers that they can have."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from localwaba.domain.numbers import country_of, dialled_forms, public_number, wa_id_of
from localwaba.runtime.people import People
from pytest_localwaba.strategies.words import digits, texts

_PEOPLE = People(0)
_LATELY = "US GB BR MX AR IN DE ID".split()
"""Countries whose numbers have something about them, first."""


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody with WhatsApp, before any world has met them.

    `wa_id` is the account (`5541…` without the ninth digit, `521…` in Mexico), `number` what the telephone network
    has. `user_id` is the business-scoped id. `hides_number`: webhooks then carry the `user_id` only.
    """

    wa_id: str
    number: str
    name: str
    country: str
    user_id: str
    username: str | None = None
    hides_number: bool = False

    @property
    def contact(self) -> dict[str, Any]:
        """The person as in a webhook's `contacts`."""
        profile = {"name": self.name} | ({"username": self.username} if self.username else {})
        visible = {} if self.hides_number else {"wa_id": self.wa_id}
        return {"profile": profile, **visible, "user_id": self.user_id}


@cache
def _countries() -> tuple[str, ...]:
    import phonenumbers

    found = sorted(phonenumbers.SUPPORTED_REGIONS)
    theirs = [country for country in found if country_of(wa_id_of(_PEOPLE.new_number(country))) == country]
    return (*_LATELY, *(country for country in theirs if country not in _LATELY))


def countries() -> SearchStrategy[str]:
    """A country or territory with mobile numbers of its own, as two letters (ISO 3166); shrinks to US."""
    return st.deferred(lambda: st.sampled_from(_countries()))


def phone_numbers(country: str | None = None) -> SearchStrategy[str]:
    """A mobile number of a country, or of any: E.164 without `+`, such as "12025550147". Valid to `phonenumbers`."""
    if country is not None and country.upper() not in _countries():
        raise ValueError(f"no mobile numbers of {country!r} are known; a country is two letters such as BR")
    where = countries() if country is None else st.just(country.upper())
    return st.builds(_PEOPLE.new_number, where, st.integers(0, 9))


@st.composite
def dialled_numbers(draw: DrawFn, country: str | None = None) -> str:
    """A number as people and address books write it, such as "+55 (41) 99123-4567": all are good for `to`."""
    number = draw(st.sampled_from(dialled_forms(wa_id_of(draw(phone_numbers(country))))))
    if draw(st.booleans()):
        cut = draw(st.integers(1, len(number) - 4))
        gap = draw(st.sampled_from(["-", " ", "(", ") "]))
        number = f"{number[:cut]}{gap}{number[cut:]}"
    return draw(st.sampled_from(["", "+"])) + number


def user_ids(country: str | None = None) -> SearchStrategy[str]:
    """A business-scoped user id, such as "US.1234567890"."""
    where = countries() if country is None else st.just(country.upper())
    return st.builds("{}.{}".format, where, digits(10, 16))


def names() -> SearchStrategy[str]:
    """A profile name: up to 25 characters of any script, emoji too."""
    known = ["Ana", "Bea Müller", "João Conceição", "王小明", "محمد", "Αλέξανδρος", "ＭＡＸ", "🌻", "O'Brien \"Bob\""]
    return st.sampled_from(known) | texts(25)


@st.composite
def users(draw: DrawFn, country: str | None = None, *, hidden: bool = True) -> Person:
    """A Person of a country, or of any; with `hidden` also people with a username who hide their number."""
    number = draw(phone_numbers(country))
    wa_id = wa_id_of(number)
    where = country_of(wa_id)
    username = draw(st.none() | st.from_regex(r"[a-z][a-z0-9._]{2,20}", fullmatch=True)) if hidden else None
    return Person(
        wa_id=wa_id,
        number=public_number(wa_id),
        name=draw(names()),
        country=where,
        user_id=draw(user_ids(where)),
        username=username,
        hides_number=bool(username) and draw(st.booleans()),
    )
