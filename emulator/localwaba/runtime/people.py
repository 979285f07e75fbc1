"""Synthetic people: names in the script of their country and numbers that could be theirs, from the world's seed.

Faker and phonenumbers are imported when the first person is wanted, never at start. Names depend on the installed
version of Faker; numbers and everything else only on the seed.
"""

from __future__ import annotations

import hashlib
from functools import cache
from importlib.util import find_spec
from math import gcd
from typing import TYPE_CHECKING

import msgspec

from localwaba.domain.numbers import country_of, public_number, wa_id_of

if TYPE_CHECKING:
    from faker import Generator

LONGEST_NAME = 25  # characters, as WhatsApp's profile allows
DEFAULT_LOCALE = "en_US"

# Where Faker has several locales for a country, or none with names.
_LOCALE = {
    "AE": "ar_AA", "BE": "nl_BE", "CA": "fr_CA", "CH": "de_CH", "DZ": "ar_AA", "GB": "en_GB", "IN": "hi_IN",
    "KE": "en_KE", "NG": "yo_NG", "PH": "fil_PH", "SA": "ar_SA", "TH": "th_TH", "US": "en_US", "ZA": "zu_ZA",
}  # fmt: skip
_LOCALE_OF_LANGUAGE = {
    "ar_AA": "BH EG IQ JO KW LB LY MA MR OM PS QA SD SY TN YE",
    "es_MX": "BO CL CO CR CU DO EC GT HN NI PA PE PR PY SV UY VE",
    "fr_FR": "BF BJ CD CF CG CI CM GA GF GN GP HT LU MC MG ML MQ NC NE PF PM RE SN TD TG YT",
    "pt_PT": "AO CV GW MZ ST TL",
    "en_GB": "AU IE JE GG IM NZ",
    "sw": "TZ UG",
    "zh_TW": "HK MO",
    "ru_RU": "BY KG KZ TJ TM UZ",
    "de_DE": "AT LI",
}
# Family name first, and what stands between it and the given name.
_FAMILY_FIRST = {"ja_JP": " ", "hu_HU": " ", "vi_VN": " ", "ko_KR": "", "zh_CN": "", "zh_TW": ""}

# Exchange 555, lines 0100-0199 are kept free for fiction in each of these areas: nobody owns such a number.
_FICTION = {
    "US": "202 206 212 213 214 215 216 301 303 305 310 312 313 314 323 347 404 408 412 413 414 415 419 424 503 504"
    " 505 510 512 513 518 602 605 607 608 612 615 617 619 646 702 704 713 718 773 786 801 808 907 917",
    "CA": "204 250 289 306 403 416 418 438 506 514 519 581 604 613 647 705 778 819 902 905",
}
# Brazilians live in turn where the account carries the ninth digit and where it does not.
_BRAZILIAN_AREAS = ("11", "41", "21", "71")
_PROBES = 64


class Person(msgspec.Struct, frozen=True):
    """Somebody who has WhatsApp: the account, the number on the telephone network, and who it is."""

    wa_id: str
    number: str
    name: str
    first_name: str
    last_name: str
    country: str
    locale: str


class People:
    """The people of one world: the same seed gives the same people, in whatever order they are asked for."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self._names: dict[str, tuple[str, str, str]] = {}

    def name_for(self, wa_id: str) -> str:
        """The profile name of an account, in the language of its number's country; at most 25 characters.

        Any dialled form of the account gives the same name.
        """
        return self._name(wa_id_of(wa_id))[0]

    def new_number(self, country: str, n: int = 0) -> str:
        """The n-th mobile number of a country (ISO-2), E.164 digits as people dial it; distinct for distinct n.

        US and Canadian numbers come from the range kept for fiction while it lasts (5,000 and 2,000 numbers).
        Countries without mobile numbers of their own get the US one of that n. Raises `ValueError` for a negative n,
        and when a country's numbers are exhausted (after a million or more, except on small islands).
        """
        if n < 0:
            raise ValueError("n counts from 0")
        country = country.upper()
        areas = _FICTION.get(country, "").split()
        fictional = 100 * len(areas)
        if n < fictional:
            area, line = divmod(self._place(n, fictional, country), 100)
            return f"1{areas[area]}55501{line:02}"
        prefix, free = _mobile_range(country)
        if not prefix:
            return self.new_number("US", n)
        size = 10**free
        if n - fictional >= size:
            raise ValueError(f"{country} has no more than {size + fictional} numbers here")
        number = f"{prefix}{self._place(n - fictional, size, country):0{free}}"
        return f"55{_BRAZILIAN_AREAS[n % 4]}{number[4:]}" if country == "BR" else number

    def person(self, country: str = "US", n: int = 0) -> Person:
        """The n-th person of a country, with a number and a name."""
        number = self.new_number(country, n)
        return self.person_of(wa_id_of(number))

    def person_of(self, wa_id: str) -> Person:
        """The person behind an account that somebody else has chosen the number of."""
        wa_id = wa_id_of(wa_id)
        country = country_of(wa_id)
        name, first, last = self._name(wa_id)
        return Person(wa_id, public_number(wa_id), name, first, last, country, locale_of(country))

    def _name(self, wa_id: str) -> tuple[str, str, str]:
        known = self._names.get(wa_id)
        if known is None:
            known = self._names[wa_id] = _draw_name(locale_of(country_of(wa_id)), self._draw("name", wa_id))
        return known

    def _draw(self, *what: str) -> int:
        text = ":".join((str(self.seed), *what))
        return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "big")

    def _place(self, n: int, size: int, country: str) -> int:
        """A walk through 0..size-1 that meets each place once: its start and its stride come from the seed."""
        stride = self._draw("stride", country) % size
        while gcd(stride, size) != 1:
            stride += 1
        return (self._draw("start", country) + n * stride) % size


@cache
def locale_of(country: str) -> str:
    """Faker's locale for the names of a country; American names where there is nothing better."""
    if country in _LOCALE:
        return _LOCALE[country]
    from faker.config import AVAILABLE_LOCALES

    own = [found for found in sorted(AVAILABLE_LOCALES) if found.endswith(f"_{country}")]
    shared = [locale for locale, countries in _LOCALE_OF_LANGUAGE.items() if country in countries.split()]
    for locale in own + shared:
        # Some locales have addresses only; Faker would then quietly take American names.
        if find_spec(f"faker.providers.person.{locale}") is not None:
            return locale
    return DEFAULT_LOCALE


@cache
def _generator(locale: str) -> Generator:
    from faker import Factory

    return Factory.create(locale, providers=["faker.providers.person"])


def _draw_name(locale: str, seed: int) -> tuple[str, str, str]:
    """Full, given and family name; both parts of one gender, since some languages inflect family names."""
    fake = _generator(locale)
    fake.seed_instance(seed)
    gender = "female" if seed & 1 else "male"
    first = str(fake.format(f"first_name_{gender}"))
    last = str(fake.format(f"last_name_{gender}"))
    if locale in _FAMILY_FIRST:
        name = f"{last}{_FAMILY_FIRST[locale]}{first}"
    else:
        name = f"{first} {last}"
    return (name if len(name) <= LONGEST_NAME else first[:LONGEST_NAME].rstrip()), first, last


@cache
def _mobile_range(country: str) -> tuple[str, int]:
    """The leading digits of a country's mobiles and how many free digits follow; empty when there are none.

    Starts from the library's example and frees as many of its last digits (7 at most) as leave it a valid mobile of
    that country, tried with evenly spread endings.
    """
    import phonenumbers

    kinds = (phonenumbers.PhoneNumberType.MOBILE, phonenumbers.PhoneNumberType.FIXED_LINE_OR_MOBILE)
    example = phonenumbers.example_number_for_type(country, kinds[0])
    if example is None:
        return "", 0
    digits = phonenumbers.format_number(example, phonenumbers.PhoneNumberFormat.E164)[1:]

    def is_mobile(candidate: str) -> bool:
        number = phonenumbers.parse(f"+{candidate}")
        return (
            phonenumbers.is_valid_number(number)
            and phonenumbers.number_type(number) in kinds
            and phonenumbers.region_code_for_number(number) == country
        )

    for free in range(min(7, len(digits) - 5), 0, -1):
        prefix, size = digits[:-free], 10**free
        endings = {index * (size - 1) // (_PROBES - 1) for index in range(_PROBES)}
        if all(is_mobile(f"{prefix}{ending:0{free}}") for ending in endings):
            return prefix, free
    return digits[:-1], 1
