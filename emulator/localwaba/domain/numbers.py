"""Telephone numbers: what a sender may write, what WhatsApp makes of it, whose country it is.

Two forms of one number matter. The *public* number is what the telephone network dials (E.164 without the plus
sign). The *wa_id* is the name of the account on WhatsApp; in Brazil, Mexico and Argentina the two differ, because
accounts were named before the numbering plan changed or because the plan has an international mobile prefix.
"""

from __future__ import annotations

import re
from functools import lru_cache

import msgspec

from localwaba.domain.errors import Refused, invalid_parameter

SHORTEST = 7  # Niue: 683 and four digits; nothing on the network is shorter
LONGEST = 15  # E.164


class Recipient(msgspec.Struct, frozen=True, gc=False):
    """A dialled number understood: the input verbatim, the account's `wa_id`, and whether it can exist.

    `valid` is false when no number of that country has this many digits. Meta accepts such a send and reports
    131026 later (http-api §3.1: the answer carries a `wa_id` even for numbers without an account).
    """

    input: str
    wa_id: str
    valid: bool


# Country, calling code, and how many digits may follow it (fixed and mobile lines; ITU-T E.164 assignments).
# `__` marks codes that belong to no country. The first country of a shared code stands for the rest of it.
_PLAN = """
US1:10 EG20:8-10 SS211:9 MA212:9 DZ213:8-9 TN216:8 LY218:9 GM220:7-9 SN221:9 MR222:8 ML223:8 GN224:8-9
CI225:10 BF226:8 NE227:8 TG228:8 BJ229:10 MU230:7-8 LR231:7-9 SL232:8 GH233:9 NG234:10 TD235:8 CF236:8
CM237:9 CV238:7 ST239:7 GQ240:9 GA241:7-8 CG242:9 CD243:7-10 AO244:9 GW245:9 IO246:7 AC247:5 SC248:7
SD249:9 RW250:8-9 ET251:9 SO252:6-9 DJ253:8 KE254:7-9 TZ255:9 UG256:9 BI257:8 MZ258:8-9 ZM260:9 MG261:9
RE262:9 ZW263:9 NA264:8-9 MW265:7-9 LS266:8 BW267:7-8 SZ268:8 KM269:7 ZA27:5-9 SH290:4-5 ER291:7 AW297:7
FO298:6 GL299:6 GR30:10 NL31:9-11 BE32:8-9 FR33:9 ES34:9 GI350:8 PT351:9 LU352:4-11 IE353:7-10 IS354:7-9
AL355:8-9 MT356:8 CY357:8 FI358:5-10 BG359:6-9 HU36:8-9 LT370:8 LV371:8 EE372:7-8 MD373:8 AM374:8
BY375:9 AD376:6-9 MC377:8-9 SM378:8-10 UA380:9 RS381:7-12 ME382:8 XK383:8-12 HR385:8-9 SI386:8 BA387:8-9
MK389:8 IT39:6-12 RO40:6-9 CH41:9 CZ420:9 SK421:6-9 LI423:7-9 AT43:4-13 GB44:9-10 DK45:8 SE46:7-9 NO47:8
PL48:7-9 DE49:5-15 FK500:5 BZ501:7 GT502:8 SV503:8 HN504:8 NI505:8 CR506:8 PA507:7-8 PM508:6-9 HT509:8
PE51:8-9 MX52:10 CU53:6-10 AR54:10-11 BR55:10-11 CL56:9 CO57:8-10 VE58:10 GP590:9 BO591:8 GY592:7
EC593:8-9 GF594:9 PY595:7-9 MQ596:9 SR597:6-7 UY598:8 CW599:7-8 MY60:8-10 AU61:9 ID62:7-12 PH63:6-10
NZ64:8-10 SG65:8 TH66:8-9 TL670:7-8 NF672:6 BN673:7 NR674:7 PG675:7-8 TO676:5-7 SB677:5-7 VU678:5-7
FJ679:7 PW680:7 WF681:6 CK682:5 NU683:4-7 WS685:5-10 KI686:5-8 NC687:6 TV688:5-7 PF689:8 TK690:4-7
FM691:7 MH692:7 RU7:10 __800:8 __808:8 JP81:9-10 KR82:5-10 VN84:9-10 KP850:8-10 HK852:8 MO853:8
KH855:8-9 LA856:8-10 CN86:7-11 __870:9-12 __878:12 BD880:6-10 __881:9-10 __882:7-12 __883:8-12 TW886:8-9
__888:11 TR90:10 IN91:10 PK92:9-10 AF93:9 LK94:9 MM95:6-10 MV960:7 LB961:7-8 JO962:8-9 SY963:8-9
IQ964:8-10 KW965:8 SA966:9 YE967:7-9 OM968:8 PS970:8-9 AE971:8-9 IL972:8-12 BH973:8 QA974:8 BT975:7-8
MN976:8-10 NP977:8-10 __979:9 IR98:6-10 TJ992:9 TM993:8 AZ994:9 GE995:9 KG996:9 UZ998:9
"""

# Area codes of calling code 1 outside the United States (NANPA assignments, non-geographic Canadian ones included).
_NORTH_AMERICA = """
CA:204,226,236,249,250,257,263,273,289,306,343,354,365,367,368,382,403,416,418,428,431,437,438,450,468
CA:474,506,514,519,548,579,581,584,587,600,604,613,622,633,639,647,672,683,705,709,742,753,778,780,782
CA:807,819,825,867,873,879,902,905,942
AG:268 AI:264 AS:684 BB:246 BM:441 BS:242 DM:767 DO:809,829,849 GD:473 GU:671 JM:658,876 KN:869 KY:345
LC:758 MP:670 MS:664 PR:787,939 SX:721 TC:649 TT:868 VC:784 VG:284 VI:340
"""

# Parts of other shared calling codes, as far as a prefix decides it.
_PARTS = {
    "7": {"6": "KZ", "7": "KZ"},
    "39": {"06698": "VA"},
    "44": {
        "1481": "GG", "7781": "GG", "7839": "GG", "7911": "GG",
        "1534": "JE", "7509": "JE", "7797": "JE", "7829": "JE", "7937": "JE",
        "1624": "IM", "7524": "IM", "7624": "IM", "7924": "IM",
    },
    "47": {"79": "SJ"},
    "61": {"89162": "CC", "89164": "CX"},
    "212": {"5288": "EH", "5289": "EH"},
    "262": {"269": "YT", "639": "YT"},
    "290": {"8": "TA"},
    "358": {"18": "AX"},
    "599": {"3": "BQ", "4": "BQ", "7": "BQ"},
}  # fmt: skip


class CallingCode(msgspec.Struct, frozen=True):
    """One row of the numbering plan; `country` is empty for codes that belong to no country."""

    digits: str
    country: str
    shortest: int
    longest: int


def _read_plan() -> dict[str, CallingCode]:
    rows: dict[str, CallingCode] = {}
    for entry in _PLAN.split():
        head, _, lengths = entry.partition(":")
        shortest, _, longest = lengths.partition("-")
        country = "" if head.startswith("__") else head[:2]
        rows[head[2:]] = CallingCode(head[2:], country, int(shortest), int(longest or shortest))
    return rows


CALLING_CODES = _read_plan()
_CODE_OF_COUNTRY = {row.country: row.digits for row in CALLING_CODES.values() if row.country}
_AREA_COUNTRY = {
    area: entry[:2] for entry in _NORTH_AMERICA.split() for area in entry[3:].split(",")
}  # calling code 1 only


Template = tuple[str | int, ...]  # literal digits and numbers of groups


class Form(msgspec.Struct, frozen=True):
    """Another way to write an account's number: which digits it fits, and the templates to and from the wa_id.

    Patterns are texts, compiled for the first number that needs them, and not while the emulator starts.
    """

    dialled: str
    to_wa_id: Template
    from_wa_id: Template


class NamingRule(msgspec.Struct, frozen=True):
    """Where the wa_id of a country differs from the public number; `public` is the template of the latter."""

    wa_id: str
    public: Template
    forms: tuple[Form, ...]


def _form(dialled: str, to_wa_id: Template, from_wa_id: Template) -> Form:
    return Form(dialled, to_wa_id, from_wa_id)


def _fill(template: Template, match: re.Match[str]) -> str:
    return "".join([part if isinstance(part, str) else match[part] for part in template])


# Areas of Argentina have two digits (11, Buenos Aires), three (these) or four; with the subscriber always ten.
_AR_THREE = "2(?:2[013]|3[067]|49|6[01346]|80|9[14789])|3(?:36|4[12358]|5[138]|6[24]|7[069]|8[013578])"

NAMING_RULES: dict[str, tuple[NamingRule, ...]] = {
    # Brazil. Mobile numbers got a leading 9 between 2012 and 2016. Where it came first (São Paulo 11-19, Rio de
    # Janeiro 21 22 24, Espírito Santo 27 28) accounts carry it; elsewhere accounts kept the eight digits.
    # Sources: the number guides of Gupshup, whapi.cloud and green-api name exactly these area codes; captured
    # webhooks have 12-digit accounts of area 41. Confidence: good for which area codes; in truth accounts opened
    # lately elsewhere may carry the 9, which nobody can tell from the number.
    # Eight digits beginning with 6-9 were mobile, those with 2-5 are landlines and never change.
    "55": (
        NamingRule(
            wa_id=r"55(1[1-9]|2[12478])9([6-9]\d{7})",
            public=("55", 1, "9", 2),
            forms=(_form(r"55(1[1-9]|2[12478])([6-9]\d{7})", ("55", 1, "9", 2), ("55", 1, 2)),),
        ),
        NamingRule(
            wa_id=r"55([3-9]\d)([6-9]\d{7})",
            public=("55", 1, "9", 2),
            forms=(_form(r"55([3-9]\d)9([6-9]\d{7})", ("55", 1, 2), ("55", 1, "9", 2)),),
        ),
    ),
    # Mexico. The mobile prefix 1 was abolished in 2019; accounts still carry it. Sources: captured webhooks,
    # pywa#155 (real numbers), the notes of Zoko and Gupshup. Confidence: good; some newer accounts may lack it.
    "52": (
        NamingRule(
            wa_id=r"521([2-9]\d{9})",
            public=("52", 1),
            forms=(_form(r"52([2-9]\d{9})", ("521", 1), ("52", 1)),),
        ),
    ),
    # Argentina. From abroad a mobile is 54 9 area subscriber, at home 0 area 15 subscriber, and the form without
    # either is common. Accounts are 549…. Sources: chatwoot#11053 and #13932, vocero-crm#35 (measured live: the
    # allow list holds 54… and refuses 549…). Confidence: good for mobiles; a landline account (no 9) cannot be
    # told apart by its digits and is named like a mobile here.
    "54": (
        NamingRule(
            wa_id=r"54911(\d{8})",
            public=("54911", 1),
            forms=(
                _form(r"5411(\d{8})", ("54911", 1), ("5411", 1)),
                _form(r"541115(\d{8})", ("54911", 1), ("541115", 1)),
            ),
        ),
        NamingRule(
            wa_id=rf"549({_AR_THREE})(\d)(\d{{6}})",
            public=("549", 1, 2, 3),
            forms=(
                _form(rf"54({_AR_THREE})(\d)(\d{{6}})", ("549", 1, 2, 3), ("54", 1, 2, 3)),
                _form(rf"54({_AR_THREE})15(\d)(\d{{6}})", ("549", 1, 2, 3), ("54", 1, "15", 2, 3)),
                # 220 is an area and so is 2202: only a look at the dialled 15 tells which is meant.
                _form(rf"54({_AR_THREE})(\d)15(\d{{6}})", ("549", 1, 2, 3), ("54", 1, 2, "15", 3)),
            ),
        ),
        NamingRule(
            wa_id=rf"549(?!{_AR_THREE})([23]\d{{3}})(\d{{6}})",
            public=("549", 1, 2),
            forms=(
                _form(rf"54(?!{_AR_THREE})([23]\d{{3}})(\d{{6}})", ("549", 1, 2), ("54", 1, 2)),
                _form(rf"54(?!{_AR_THREE})([23]\d{{3}})15(\d{{6}})", ("549", 1, 2), ("54", 1, "15", 2)),
            ),
        ),
    ),
}


@lru_cache(maxsize=65536)
def normalise(to: str, business_country: str = "") -> Recipient:
    """The recipient that a `to` means.

    Digits that can be E.164 are E.164 as they stand, with `+` or without: real traffic shows that, against Meta's
    page, by which the business's calling code goes before every number without `+` (http-api A2). So
    `business_country` (ISO-2) completes only what can be no international number but can be a national one of that
    country. Raises `Refused` (100, `Parameter Invalid`) for characters other than digits `+ - ( )` and space, a
    leading zero (`00…`), fewer digits than 7 or more than 15, and unassigned calling codes.
    """
    digits = to if to.isdigit() and to.isascii() else _strip(to)
    if digits[:1] == "0":
        raise _invalid(to, "an international number begins with its calling code, never with 0 or 00")
    row = calling_code(digits)
    valid = row is not None and _possible(digits, row)
    if not valid and business_country and "+" not in to:
        code = _code_of(business_country)
        if not digits.startswith(code) and _possible(code + digits, CALLING_CODES[code]):
            digits, row, valid = code + digits, CALLING_CODES[code], True
    if not SHORTEST <= len(digits) <= LONGEST:
        raise _invalid(to, f"{len(digits)} digits; a number has {SHORTEST} to {LONGEST} with its calling code")
    if row is None:
        raise _invalid(to, f"no country has a calling code that {digits[:3]}… begins with")
    return Recipient(to, wa_id_of(digits), valid)


def _possible(digits: str, row: CallingCode) -> bool:
    if row.digits in NAMING_RULES:
        digits = public_number(wa_id_of(digits))
    return row.shortest <= len(digits) - len(row.digits) <= row.longest and len(digits) <= LONGEST


def _strip(to: str) -> str:
    digits = to.translate(_PUNCTUATION)
    if digits[:1] == "+":
        digits = digits[1:]
    if not (digits.isdigit() and digits.isascii()):
        strange = next((c for c in to if c not in _ALLOWED), "+" if "+" in to[1:] else "")
        why = f"{strange!r} is not allowed in a number" if strange else "there are no digits"
        raise _invalid(to, why)
    return digits


_ALLOWED = frozenset("0123456789+-() ")
_PUNCTUATION = str.maketrans("", "", "-() ")


def _invalid(to: str, why: str) -> Refused:
    return invalid_parameter(
        rule="recipient.number",
        why=f"to {to!r}: {why}",
        fix="send the number as calling code and national number, digits only, as in 16505551234",
    )


def wa_id_of(dialled: str) -> str:
    """WhatsApp's name for the account behind the dialled digits; the digits themselves outside BR, MX and AR."""
    for rule in NAMING_RULES.get(dialled[:2], ()):
        if re.fullmatch(rule.wa_id, dialled):
            return dialled
        for form in rule.forms:
            if match := re.fullmatch(form.dialled, dialled):
                return _fill(form.to_wa_id, match)
    return dialled


def public_number(wa_id: str) -> str:
    """The number that the telephone network has for an account: E.164, digits only."""
    for rule in NAMING_RULES.get(wa_id[:2], ()):
        if match := re.fullmatch(rule.wa_id, wa_id):
            return _fill(rule.public, match)
    return wa_id


def dialled_forms(wa_id: str) -> tuple[str, ...]:
    """All digits by which senders write this account, its wa_id first; what allow lists and look-ups compare."""
    for rule in NAMING_RULES.get(wa_id[:2], ()):
        if match := re.fullmatch(rule.wa_id, wa_id):
            return (wa_id, *(_fill(form.from_wa_id, match) for form in rule.forms))
    return (wa_id,)


def calling_code(digits: str) -> CallingCode | None:
    """The row of the numbering plan that the digits begin with; None when the code is not assigned."""
    return CALLING_CODES.get(digits[:1]) or CALLING_CODES.get(digits[:2]) or CALLING_CODES.get(digits[:3])


@lru_cache(maxsize=65536)
def country_of(wa_id: str) -> str:
    """The ISO 3166 two-letter country of a number; empty for unassigned codes and those of no country."""
    row = calling_code(wa_id)
    if row is None:
        return ""
    if row.digits == "1":
        return _AREA_COUNTRY.get(wa_id[1:4], "US")
    national = wa_id[len(row.digits) :]
    for prefix, country in _PARTS.get(row.digits, {}).items():
        if national.startswith(prefix):
            return country
    return row.country


def is_us_number(wa_id: str) -> bool:
    """Whether the number has calling code 1 and an area code of the United States."""
    return country_of(wa_id) == "US"


@lru_cache(maxsize=65536)
def display(digits: str) -> str:
    """A number as Meta prints it, in the international format of its country: `+1 555-078-3881`."""
    if digits[:1] == "1" and len(digits) == 11:
        return f"+1 {digits[1:4]}-{digits[4:7]}-{digits[7:]}"
    public = public_number(digits)
    # Only here: reading the formats of one country costs 20 ms the first time, and no send needs them.
    import phonenumbers

    try:
        number = phonenumbers.parse(f"+{public}")
    except phonenumbers.NumberParseException:
        return f"+{digits}"
    text = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.INTERNATIONAL)
    if digits[:3] == "521":
        text = text.replace("+52 ", "+52 1 ", 1)
    elif public != digits:
        text = re.sub(r"^(\+55 \d\d) 9", r"\1 ", text)
    # The library drops digits that it takes for a trunk prefix, and runs unknown areas together.
    return text if re.sub(r"\D", "", text) == digits else f"+{digits}"


def _code_of(country: str) -> str:
    country = country.upper()
    if country in _CODE_OF_COUNTRY:
        return _CODE_OF_COUNTRY[country]
    return next((code for code, parts in _PARTS.items() if country in parts.values()), "1")
