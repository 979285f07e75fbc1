"""Numbers: what may be dialled, whose account it is, how it is printed."""

from __future__ import annotations

import subprocess
import sys

import phonenumbers
import pytest

from localwaba.domain.errors import Refused
from localwaba.domain.numbers import (
    CALLING_CODES,
    Recipient,
    country_of,
    display,
    is_us_number,
    normalise,
    wa_id_of,
)

MOBILE = phonenumbers.PhoneNumberType.MOBILE
E164 = phonenumbers.PhoneNumberFormat.E164
# Regions whose mobiles share ranges with a neighbour's, so that no prefix decides.
UNDECIDED = {"AX", "BL", "MF", "EH", "SJ", "CC", "CX", "VA", "TA", "KZ", "BQ", "CW"}


def test_digits_alone_are_taken_as_they_stand() -> None:
    """An E.164 number without plus is the recipient itself, not a national number of the business."""
    assert Recipient(input="917503370409", wa_id="917503370409", valid=True) == normalise("917503370409")


def test_input_is_echoed_and_punctuation_dropped() -> None:
    """Plus, hyphens, parentheses and spaces are allowed; the answer echoes them and the wa_id has none."""
    assert Recipient("+1 (650) 555-1234", "16505551234", True) == normalise("+1 (650) 555-1234")


@pytest.mark.parametrize(
    "to",
    [
        *("0033612345678", "+0033612345678", "0612345678", "", "+", "-", "not-a-number", "12345", "1" * 16),
        *("650.555.1234", "16505551234;ext=1", "1650+5551234", "++16505551234", "16505551234\n", "²²²²²²²²"),
        *("210123456789", "999123456789", "1650\u00a05551234", "١٦٥٠٥٥٥١٢٣٤"),
    ],
)
def test_what_is_no_number_is_refused(to: str) -> None:
    """A 00 prefix, other characters, too few or too many digits and unassigned codes are Meta's error 100."""
    with pytest.raises(Refused) as caught:
        normalise(to)
    refusal = caught.value.refusal
    assert (refusal.code, refusal.message, refusal.details) == (100, "Invalid parameter", "Parameter Invalid")
    assert refusal.why
    assert refusal.fix


@pytest.mark.parametrize("to", ["0033612345678", "0612345678"])
def test_the_why_of_a_leading_zero_is_the_zero(to: str) -> None:
    """Whoever dials 00 or a trunk 0 is told so, rather than that no country has that code."""
    with pytest.raises(Refused, match="never with 0"):
        normalise(to)


def test_a_refusal_is_not_forgotten() -> None:
    """The cache keeps answers, not refusals: the same garbage is refused the second time too."""
    for _ in range(2):
        with pytest.raises(Refused):
            normalise("garbage")


def test_the_why_names_the_character() -> None:
    """Whoever writes dots is told that it is the dot."""
    with pytest.raises(Refused, match=r"'\.' is not allowed"):
        normalise("650.555.1234")


@pytest.mark.parametrize(("to", "valid"), [("1234567890", False), ("16505551234", True), ("915", None)])
def test_an_impossible_length_is_not_valid(to: str, valid: bool | None) -> None:
    """A number with a country but with a length that country does not have is accepted and marked."""
    if valid is None:
        with pytest.raises(Refused):
            normalise(to)
    else:
        assert valid == normalise(to).valid


@pytest.mark.parametrize(
    ("to", "country", "wa_id"),
    [
        ("4155551234", "US", "14155551234"),
        ("(415) 555-1234", "us", "14155551234"),
        ("4165551234", "CA", "14165551234"),
        ("21987654321", "BR", "5521987654321"),
        ("5512345678", "MX", "5215512345678"),
        ("7797712345", "JE", "447797712345"),
    ],
)
def test_a_business_country_completes_a_national_number(to: str, country: str, wa_id: str) -> None:
    """What can be no international number, but a national one of the business's country, is taken for that."""
    assert normalise(to, country) == Recipient(to, wa_id, True)


@pytest.mark.parametrize("to", ["5511987654321", "917503370409", "525512345678", "16505551234", "6505551234"])
@pytest.mark.parametrize("country", ["US", "BR", "DE", "SG"])
def test_a_business_country_leaves_international_numbers_alone(to: str, country: str) -> None:
    """Digits that can be E.164 are, wherever the business is."""
    assert normalise(to, country) == normalise(to)


def test_a_plus_forbids_completion() -> None:
    """A number with a plus is international even when that makes it impossible."""
    assert normalise("+4155551234", "US") == Recipient("+4155551234", "4155551234", False)


@pytest.mark.parametrize(
    ("dialled_digits", "wa_id"),
    [
        ("5541987654321", "554187654321"),  # Curitiba: dropped
        ("554187654321", "554187654321"),
        ("5511987654321", "5511987654321"),  # São Paulo: kept
        ("551187654321", "5511987654321"),
        ("5528987654321", "5528987654321"),
        ("5531987654321", "553187654321"),
        ("551133334444", "551133334444"),  # a landline has no ninth digit anywhere
        ("554133334444", "554133334444"),
        ("525512345678", "5215512345678"),
        ("5215512345678", "5215512345678"),
        ("541123456789", "5491123456789"),
        ("5491123456789", "5491123456789"),
        ("54111523456789", "5491123456789"),
        ("54221155456789", "5492215456789"),
        ("54290115123456", "5492901123456"),
        ("16505551234", "16505551234"),
    ],
)
def test_accounts_are_named_as_whatsapp_names_them(dialled_digits: str, wa_id: str) -> None:
    """Brazil's ninth digit, Mexico's 1 and Argentina's 9 follow the account, not the dialled number."""
    assert wa_id == wa_id_of(dialled_digits)
    assert wa_id == normalise(dialled_digits).wa_id


def test_the_plan_is_the_librarys() -> None:
    """Our table of calling codes holds the codes and the countries that the reference library knows."""
    ours = {int(code): row.country for code, row in CALLING_CODES.items()}
    theirs = {
        code: "" if regions[0] == "001" else regions[0]
        for code, regions in phonenumbers.COUNTRY_CODE_TO_REGION_CODE.items()
    }
    shared = ours.keys() & theirs.keys()
    assert {code: theirs[code] for code in shared} == {code: ours[code] for code in shared}
    assert len(shared) > 200


def test_example_numbers_belong_to_their_country_and_are_valid() -> None:
    """The reference library's example of each country's mobile is of that country and of a possible length here."""
    wrong = {}
    for region in sorted(phonenumbers.SUPPORTED_REGIONS - UNDECIDED):
        if example := phonenumbers.example_number_for_type(region, MOBILE):
            recipient = normalise(phonenumbers.format_number(example, E164))
            if (region, True) != (country_of(recipient.wa_id), recipient.valid):
                wrong[region] = recipient
    assert wrong == {}


def test_north_american_area_codes_are_the_librarys() -> None:
    """Each area code of calling code 1 lies in the country where the reference library has it."""
    wrong = {}
    for area in range(200, 1000):
        number = f"1{area}2345678"
        region = phonenumbers.region_code_for_number(phonenumbers.parse(f"+{number}"))
        if region is not None and region != country_of(number):
            wrong[area] = region
    assert wrong == {}


@pytest.mark.parametrize(
    ("number", "country"),
    [
        *(("18005551234", "US"), ("14165551234", "CA"), ("18765551234", "JM"), ("77011234567", "KZ")),
        *(("79161234567", "RU"), ("441481960194", "GG"), ("999123", ""), ("883510012345", "")),
    ],
)
def test_shared_calling_codes_are_told_apart(number: str, country: str) -> None:
    """Canada, the Caribbean, Kazakhstan and the Channel Islands are countries of their own."""
    assert country == country_of(number)


def test_only_the_united_states_are_the_us() -> None:
    """Calling code 1 alone does not make a number a US number."""
    assert [is_us_number(n) for n in ("16505551234", "14165551234", "447400123456")] == [True, False, False]


@pytest.mark.parametrize(
    ("number", "printed"),
    [
        ("15550783881", "+1 555-078-3881"),
        ("917503370409", "+91 75033 70409"),
        ("5511987654321", "+55 11 98765-4321"),
        ("554187654321", "+55 41 8765-4321"),
        ("5215512345678", "+52 1 55 1234 5678"),
        ("5491123456789", "+54 9 11 2345-6789"),
        ("999123456", "+999123456"),
    ],
)
def test_numbers_are_printed_internationally(number: str, printed: str) -> None:
    """The API prints a number in its country's international format, and loses no digit."""
    assert printed == display(number)


def test_sending_never_loads_the_number_library() -> None:
    """Naming, validity and country of numbers work without importing phonenumbers."""
    program = (
        "import sys; from localwaba.domain.numbers import normalise, country_of, display;"
        "normalise('5541987654321'); country_of('14165551234'); display('15550783881');"
        "sys.exit('phonenumbers' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
