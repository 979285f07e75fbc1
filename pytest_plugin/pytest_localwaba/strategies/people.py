"""Users of WhatsApp and the numbers that they can have."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from localwaba.domain.numbers import country_of, dialled_forms, public_number, wa_id_of
from pytest_localwaba.strategies.brevity import Brief
from pytest_localwaba.strategies.words import digits, identifiers, texts

_AREAS = {
    "US": ("202", "212", "415", "702"),
    "BR": (
        "11", "41", "21", "71", "12", "13", "14", "15", "16", "17", "18", "19", "22", "24", "27", "28", "31", "32",
        "33", "34", "35", "37", "38", "42", "43", "44", "45", "46", "47", "48", "49", "51", "53", "54", "55", "61",
        "62", "63", "64", "65", "66", "67", "68", "69", "73", "74", "75", "77", "79", "81", "82", "83", "84", "85",
        "86", "87", "88", "89", "91", "92", "93", "94", "95", "96", "97", "98", "99",
    ),
}  # fmt: skip
"""Americans have numbers kept free for fiction; Brazilians live where accounts have the ninth digit, and elsewhere."""
_MOBILE = """
US12015:6 GB44740:7 BR551196:7 MX52222:7 AR549112:7 IN91812:7 DE491512:7 ID62812:6 AC24740:3 AD37631:4 AE97150:7
AF93701:6 AG1268464:4 AI1264235:4 AL355672:6 AM37477:6 AO24492:7 AS1684733:4 AT43664:6 AU61412:6 AW29756:5
AZ99440:7 BA38761:6 BB124625:5 BD880181:7 BE32450:6 BF22670:6 BG359430:5 BH97336:6 BI25779:6 BJ229019:7
BM14413:6 BN67371:5 BO59171:6 BQ5993181:3 BS1242359:4 BT97517:6 BW26771:6 BY375294:6 BZ50162:5 CA15062:6
CD24399:7 CF23670:6 CG24206:7 CH41781:6 CI225012:7 CK68271:3 CL56221:6 CM23767:7 CN861312:7 CO57321:7 CR50683:6
CU53512:5 CV23899:5 CW599951:5 CY35796:6 CZ420601:6 DJ25377:6 DK45344:5 DM1767225:4 DO18092:6 DZ21355:7
EC59399:7 EE37251:6 EG20100:7 ER29171:5 ES34612:6 ET25191:7 FI35841:7 FJ67970:5 FK50051:3 FM6913501:3 FO29821:4
FR33612:6 GA24106:6 GD1473403:4 GE995555:6 GF5946942:5 GG447781:6 GH23323:7 GI35057:6 GL29922:4 GM22030:5
GN22460:7 GP590690:6 GQ240222:6 GR30691:7 GT50251:6 GU1671300:4 GW24595:7 GY59260:5 HK852512:5 HN50491:6
HR38592:7 HT50934:6 HU36201:6 IE35385:7 IL972502:6 IM44792412345:1 IO24638:5 IQ964791:7 IR98912:7 IS354611:4
IT39312:7 JE447797:6 JM187621:5 JO96279:7 JP81901:7 KE25471:7 KG99670:7 KH85591:6 KI686720:5 KM26932:5
KN1869765:4 KP850192:7 KR82102:7 KW96550:6 KY1345323:4 KZ77710:6 LA856202:7 LB96171:6 LC1758284:4 LI423660:6
LK94712:6 LR23177:7 LS26650:6 LT37061:6 LU352628:6 LV37121:6 LY21891:7 MA21265:7 MC37761:7 MD37362:6 ME38260:6
MG26132:7 MH692235:4 MK38972:6 ML22365:6 MM95921:5 MN97688:6 MO853661:5 MP1670234:4 MQ596696:6 MR22222:6
MS1664492:4 MT3569696:4 MU230525:5 MV96077:5 MW26599:7 MY60123:6 MZ25882:7 NA26481:7 NC68775:4 NE22793:6
NF67238:4 NG234802:7 NI50581:6 NL31612:6 NO47406:5 NP977984:7 NR674555:4 NU6838884:3 NZ64211:6 OM96892:6
PA50761:6 PE51912:6 PF68987:6 PG67570:6 PH63905:7 PK92301:7 PL48512:6 PM50855:4 PR17872:6 PS97059:7 PT35191:7
PW680620:4 PY595961:6 QA97433:6 RE262692:6 RO40712:6 RS38160:7 RU79123:6 RW25072:7 SA96651:7 SB67774:5 SC24825:5
SD24991:7 SE46701:6 SG65812:5 SH29051:3 SI38631:6 SK421912:6 SL23225:6 SM37866:6 SN22170:7 SO25271:6 SR59774:5
SS21197:7 ST23998:5 SV50370:6 SX172152:5 SY96394:7 SZ26876:6 TC1649231:4 TD23563:6 TG22890:6 TH66812:6 TJ99291:7
TK69072:2 TL67077:6 TM99366:6 TN21620:6 TO67677:5 TR90501:7 TT186829:5 TV68890:4 TW88691:7 TZ25562:7 UA38050:7
UG25671:7 UY59894:6 UZ99891:7 VC1784430:4 VE58412:7 VG1284300:4 VI1340642:4 VN84912:6 VU67859:5 WF68182:4
WS68572:5 XK38343:6 YE96771:7 YT26263901:4 ZA27711:6 ZM26095:7 ZW26371:7
"""
_OTHER = """
AT4368:5 AT43674:7 AT436822:7 AT43694422:7 BA38767:7 BG35989:7 CD24388:5 DE49173:7 EE37252:5 FI35842:4 FI35846:5
FI35845:6 FI358461:7 GA24148:5 GM2208994:5 HR38598:6 ID62861:7 ID628243:7 ID6288231:7 IS354388:6 IT3935:7 KH85597:7
KR8210:7 LA85630:7 LB96133:5 LI42377:5 LR23146:5 MC37746:6 MM95171:4 MM95961:6 MM95934:7 MY60111:7 NL3197052:6
NU68351:2 NZ6421:6 NZ64224:7 PA507161:4 RS38160:6 RS381673:7 SB67748:3 SO25228:5 SO25288:7 TK69072:4 TK69074:5
TV68870:5 WS685891:7 ZA2784:3 ZA2781:4 ZA2784:5 ZA2784:6
AR5493514:6 AR54929664:5 CI225050:7 CI225010:7 MX52555:7 MX52998:7 GB447400:6
IT3902:7 IT3902:6 SM3780549886:3 VA3906698:5 SJ4779:6 AX3581820:4 CC6189162:4 CX6189164:4 EH2125288:5 TA2908:3
BL590690:6 MF590690:6
"""
"""Numbers of the same countries with more digits or fewer; with areas of another size (Argentina), with the other new
prefixes (Ivory Coast), in the capital and beside it (Mexico). Then telephones on a wire, which can be of WhatsApp
Business: Italy's begin with 0, and some territories are told by nothing else. Two share the numbers of Guadeloupe."""


def _read() -> dict[str, tuple[tuple[str, int], ...]]:
    found: dict[str, tuple[tuple[str, int], ...]] = {}
    for entry in (*_MOBILE.split(), *_OTHER.split()):
        digits, _, free = entry[2:].partition(":")
        found[entry[:2]] = (*found.get(entry[:2], ()), (digits, int(free)))
    return found


RANGES = _read()
"""Each country, the digits that its numbers begin with, and how many may follow, the usual ones first."""
COUNTRIES = tuple(RANGES)
"""All countries and territories of the telephone network; first those whose numbers have something about them."""


@dataclass(frozen=True, slots=True)
class Person(Brief):
    """Somebody with WhatsApp, before any world has met them.

    `wa_id` is the account (`5541…` without the ninth digit, `521…` in Mexico), `number` what the telephone network
    has. `user_id` is the business-scoped id. `hides_number`: webhooks then carry the `user_id` only. Portfolios that
    are linked have a `parent_user_id`; where identities are checked, webhooks have an `identity_key_hash`.
    """

    wa_id: str
    number: str
    name: str
    country: str
    user_id: str
    username: str | None = None
    hides_number: bool = False
    parent_user_id: str | None = None
    identity_key_hash: str | None = None

    @property
    def contact(self) -> dict[str, Any]:
        """The person as in a webhook's `contacts`."""
        profile = {"name": self.name} | ({"username": self.username} if self.username else {})
        visible = {} if self.hides_number else {"wa_id": self.wa_id}
        found = {"profile": profile, **visible, "user_id": self.user_id}
        for name in ("parent_user_id", "identity_key_hash"):
            if getattr(self, name):
                found[name] = getattr(self, name)
        return found


ANA = Person("16505551234", "16505551234", "Ana", "US", "US.1000000000")
"""Whom all examples with a person in them shrink to."""


def countries() -> SearchStrategy[str]:
    """A country or territory of the telephone network, as two letters (ISO 3166); shrinks to US."""
    return st.sampled_from(COUNTRIES)


def known_country(country: str | None) -> str | None:
    """Two letters in capitals; ValueError if no country is called so."""
    if country is None or country.upper() in RANGES:
        return None if country is None else country.upper()
    near = ["GB"] if country.upper() == "UK" else get_close_matches(country.upper(), COUNTRIES, 3, 0.6)
    meant = f": did you mean {' or '.join(near)}?" if near else "; a country is two letters (ISO 3166) such as BR"
    raise ValueError(f"no country is called {country!r}{meant}")


def phone_numbers(country: str | None = None) -> SearchStrategy[str]:
    """A number of a country, or of any: E.164 without `+`, such as "16505551234". Valid to `phonenumbers`.

    Mobile numbers, of every length that the country has; and a telephone on a wire here and there. ValueError for a
    country that there is not.
    """
    return _numbers(known_country(country))


@cache
def _numbers(country: str | None) -> SearchStrategy[str]:
    where = countries() if country is None else st.just(country)
    found = st.builds(_number, where, st.integers(0, 9_999_999), st.integers(0, 9))
    return st.just(ANA.number) | found if country in (None, "US") else found


def _number(country: str, n: int, form: int = 0) -> str:
    ranges = RANGES[country]
    prefix, free = ranges[form % len(ranges)]
    number = f"{prefix}{n % 10**free:0{free}}"
    areas = _AREAS.get(country, ())
    if country == "US":
        return f"1{areas[n % 4]}55501{n // 4 % 100:02}"
    return f"55{areas[n % len(areas)]}{number[4:]}" if country == "BR" else number


def dialled_numbers(country: str | None = None) -> SearchStrategy[str]:
    """A number as people and address books write it, such as "+55 (41) 99123-4567": all are good for `to`."""
    return _dialled(known_country(country))


@st.composite
def _dialled(draw: DrawFn, country: str | None) -> str:
    number = draw(st.sampled_from(dialled_forms(wa_id_of(draw(_numbers(country))))))
    if draw(st.booleans()):
        code = draw(st.integers(1, 3))
        area = code + draw(st.integers(2, 3))
        line = max(area, len(number) - 4)
        opening, closing, hyphen = draw(st.sampled_from([(" ", " ", " "), ("-", "-", "-"), (" (", ") ", "-")]))
        rest = number[area:line] + hyphen * (line > area) + number[line:]
        number = f"{number[:code]}{opening}{number[code:area]}{closing}{rest}"
    return draw(st.sampled_from(["", "+"])) + number


def user_ids(country: str | None = None) -> SearchStrategy[str]:
    """A business-scoped user id, such as "US.1234567890"."""
    return _user_ids(known_country(country))


@cache
def _user_ids(country: str | None) -> SearchStrategy[str]:
    where = countries() if country is None else st.just(country)
    return st.builds("{}.{}".format, where, digits(10, 16))


@cache
def names() -> SearchStrategy[str]:
    """A profile name: up to 25 characters of any script, emoji too."""
    known = ["Ana", "Bea Müller", "João Conceição", "王小明", "محمد", "Αλέξανδρος", "ＭＡＸ", "🌻", 'O\'Brien "Bob"']
    return st.sampled_from(known) | texts(25)


def users(country: str | None = None, *, hidden: bool | None = None) -> SearchStrategy[Person]:
    """A Person of a country, or of any. `hidden`: who hides their number behind a username (True), who does not
    (False), or both (None).

    Shrinks to ANA, who has the number 16505551234. ValueError for a country that there is not.
    """
    return _users(known_country(country), hidden)


@cache
def _users(country: str | None, hidden: bool | None) -> SearchStrategy[Person]:
    found = _anybody(country, hidden)
    return st.just(ANA) | found if country in (None, "US") and not hidden else found


@st.composite
def _anybody(draw: DrawFn, country: str | None, hidden: bool | None) -> Person:
    wa_id = wa_id_of(draw(_numbers(country)))
    where = country or country_of(wa_id)
    name = draw(names())
    user_id = draw(_user_ids(where))
    username = draw(_USERNAMES if hidden else st.none() | _USERNAMES)
    hides = draw(st.booleans()) if username and hidden is None else bool(hidden)
    linked, checked = draw(st.sampled_from(_RARE))
    parent = f"{where}.ENT.{user_id[3:]}" if linked else None
    secret = "DF2lS5v2W6x=" if checked else None
    return Person(wa_id, public_number(wa_id), name, where, user_id, username, hides, parent, secret)


_RARE = (*[(False, False)] * 8, (True, False), (False, True))
"""Whether portfolios are linked, whether identities are checked."""
_USERNAMES = identifiers(20, "._", least=3)
