"""Markets of Meta's rate cards: countries with rates of their own, and the regions of all others."""

from __future__ import annotations

_OWN = """
AR:Argentina BR:Brazil CL:Chile CO:Colombia EG:Egypt FR:France DE:Germany IN:India ID:Indonesia IL:Israel IT:Italy
MY:Malaysia MX:Mexico NL:Netherlands NG:Nigeria PK:Pakistan PE:Peru RU:Russia SA:Saudi_Arabia ZA:South_Africa ES:Spain
TR:Turkey AE:United_Arab_Emirates GB:United_Kingdom
"""
_REGIONS = {
    "North America": "CA US",
    "Rest of Africa": (
        "DZ AO BJ BW BF BI CM TD CG ER ET GA GM GH GW CI KE LS LR LY MG MW ML MR MA MZ NA NE RW SN SL SO SS SD SZ TZ "
        "TG TN UG ZM"
    ),
    "Rest of Asia Pacific": "AF AU BD KH CN HK JP LA MN NP NZ PG PH SG LK TW TJ TH TM UZ VN",
    "Rest of Central & Eastern Europe": "AL AM AZ BY BG HR CZ GE GR HU LV LT MK MD PL RO RS SK SI UA",
    "Rest of Latin America": "BO CR DO EC SV GT HT HN JM NI PA PY PR UY VE",
    "Rest of Middle East": "BH IQ JO KW LB OM QA YE",
    "Rest of Western Europe": "AT BE DK FI IE NO PT SE CH",
}
OTHER = "Other"
MARKETS: dict[str, str] = {
    **{pair[:2]: pair[3:].replace("_", " ") for pair in _OWN.split()},
    **{country: region for region, countries in _REGIONS.items() for country in countries.split()},
}
"""Country codes and the market that each belongs to (Meta: pricing, countries and regions)."""
_NO_INSIGHTS = "AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK JP"
NO_INSIGHTS = frozenset(_NO_INSIGHTS.split(" "))
"""Countries (European Union, Japan) whose accounts and numbers get no figures of templates (Meta: analytics)."""


def market_of(country: str) -> str:
    """The market in which messages to a country are charged."""
    return MARKETS.get(country, OTHER)
