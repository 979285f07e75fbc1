"""Analytics of an account, as fields and as edges; and what `localwaba cost` makes of the same counts."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from localwaba.cli import main
from localwaba.cli.rates import estimate, read_card
from localwaba.domain.clock import DAY
from localwaba.domain.errors import Refused
from localwaba.domain.world import snapshot
from localwaba.wire import analytics
from localwaba.wire.analytics_parameters import names_in
from localwaba.wire.charges import charges
from localwaba.wire.errors import envelope

MIDNIGHT = 1_767_225_600
NOON = 1_767_268_800
DAILY = {"start": str(MIDNIGHT), "end": str(MIDNIGHT + 86_400), "granularity": "DAILY"}


def ask(bill: Any, name: str, **given: Any) -> Any:
    """What analytics of a day answer."""
    world = bill.world
    read = getattr(analytics, f"{name}_analytics")
    return read(world, world.wabas[world.waba_id], DAILY | given, bill.now)


def points(bill: Any, name: str, **given: Any) -> Any:
    return ask(bill, name, **given)["data"][0]["data_points"]


def refusal(bill: Any, name: str, **given: Any) -> str:
    with pytest.raises(Refused) as caught:
        ask(bill, name, **given)
    return str(envelope(caught.value.refusal, "")["error"]["message"])


@pytest.fixture
def busy(make_bill: Any) -> Any:
    """A day with two templates and an answer to a user in the United States, and one template to Brazil."""
    bill = make_bill()
    brazilian = bill.meets("5511987654321", "BR")
    bill.sends("marketing")
    bill.sends("utility")
    bill.sends("utility", brazilian)
    bill.passes(3_600_000)
    bill.hears()
    bill.sends()
    bill.passes()
    return bill


def test_volume_and_cost_without_dimensions(busy: Any) -> None:
    """One point for the day: four messages, three of them charged."""
    expected = [{"start": MIDNIGHT, "end": MIDNIGHT + 86_400, "volume": 4, "cost": 0.03}]
    assert expected == points(busy, "pricing")


def test_dimensions_split_points(busy: Any) -> None:
    """By country and tier, in Meta's order of members; free messages have no tier."""
    found = points(busy, "pricing", dimensions="[TIER,COUNTRY,PRICING_TYPE,PRICING_CATEGORY,PHONE]")
    span = {"start": MIDNIGHT, "end": MIDNIGHT + 86_400, "phone_number": "15550783881"}
    assert {
        **span,
        "country": "BR",
        "tier": "0:25000000",
        "pricing_type": "REGULAR",
        "pricing_category": "UTILITY",
        "volume": 1,
        "cost": 0.01,
    } in found
    [free] = [one for one in found if one["pricing_type"] == "FREE_CUSTOMER_SERVICE"]
    free_shown = {"pricing_type": "FREE_CUSTOMER_SERVICE", "pricing_category": "SERVICE", "volume": 1, "cost": 0.0}
    assert {**span, "country": "US", **free_shown} == free
    assert (list(found[0])) == [
        "start",
        "end",
        "phone_number",
        "country",
        "tier",
        "pricing_type",
        "pricing_category",
        "volume",
        "cost",
    ]


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({"country_codes": "[US]"}, 3),
        ({"country_codes": "br"}, 1),
        ({"pricing_categories": '["MARKETING"]'}, 1),
        ({"pricing_categories": ["UTILITY", "SERVICE"]}, 3),
        ({"pricing_types": "regular"}, 3),
        ({"phone_numbers": "[]"}, 4),
        ({"phone_numbers": "+1 555-078-3881"}, 4),
        ({"phone_numbers": "15550000000"}, None),
        ({"end": str(NOON + 1800)}, 3),
        ({"start": str(NOON + 3600)}, 1),
        ({"start": str(NOON - 1800), "end": str(NOON)}, None),
    ],
)
def test_filters(busy: Any, filters: dict[str, Any], expected: int | None) -> None:
    """Countries, categories, types, numbers and the span narrow what is counted."""
    found = points(busy, "pricing", **filters)
    assert expected == (found[0]["volume"] if found else None)


def test_metrics_are_chosen(busy: Any) -> None:
    """Only what `metric_types` asks for."""
    assert list(points(busy, "pricing", metric_types="COST")[0]) == ["start", "end", "cost"]


def test_granularities_of_prices(busy: Any) -> None:
    """Half hours come latest first; months are those of the calendar."""
    half_hours = points(busy, "pricing", granularity="HALF_HOUR")
    assert [(one["start"], one["volume"]) for one in half_hours] == [(NOON + 3600, 1), (NOON, 3)]
    assert {1800} == {one["end"] - one["start"] for one in half_hours}
    [month] = points(busy, "pricing", granularity="MONTHLY")
    assert (month["start"], month["end"]) == (MIDNIGHT, MIDNIGHT + 31 * 86_400)


def test_december_ends_with_the_year() -> None:
    """The month after December is January."""
    assert analytics.bucket(MIDNIGHT - 1, "MONTHLY") == (MIDNIGHT - 31 * 86_400, MIDNIGHT)


def test_messages_sent_and_delivered(busy: Any) -> None:
    """All products together, also days without any message, but none that has not come yet."""
    found = ask(busy, "message", granularity="DAY", start=str(MIDNIGHT - 86_400), end=str(MIDNIGHT + 7 * 86_400))
    assert found == {
        "phone_numbers": ["15550783881"],
        "country_codes": ["BR", "US"],
        "granularity": "DAY",
        "data_points": [
            {"start": MIDNIGHT - 86_400, "end": MIDNIGHT, "sent": 0, "delivered": 0},
            {"start": MIDNIGHT, "end": MIDNIGHT + 86_400, "sent": 5, "delivered": 5},
        ],
    }


@pytest.mark.parametrize(("products", "expected"), [("[0]", 3), ("[2]", 1), ("[100]", 1), ("[0,2]", 4), ("[]", 5)])
def test_products(busy: Any, products: str, expected: int) -> None:
    """Templates, free-form messages, incoming ones."""
    [point] = ask(busy, "message", granularity="DAY", product_types=products)["data_points"]
    assert expected == point["sent"]


def test_sent_without_delivered(make_bill: Any) -> None:
    """A phone that is off: sent, not delivered."""
    bill = make_bill(delivered_after=None)
    bill.sends("marketing")
    bill.passes()
    [point] = ask(bill, "message", granularity="DAY")["data_points"]
    assert (point["sent"], point["delivered"]) == (1, 0)


def test_conversations(make_bill: Any) -> None:
    """Where conversations are charged, they are counted when they open, by type, direction and category."""
    bill = make_bill({"pricing_model": "conversations_2023"})
    bill.says("marketing")
    bill.says("marketing")
    bill.hears()
    bill.says("utility")
    found = points(bill, "conversation", dimensions="CONVERSATION_CATEGORY,CONVERSATION_TYPE,CONVERSATION_DIRECTION")
    shown = [(one["conversation_category"], one["conversation"], one["cost"]) for one in found]
    assert shown == [("MARKETING", 1, 0.01), ("UTILITY", 1, 0.01)]
    expected = {
        "start": MIDNIGHT,
        "end": MIDNIGHT + 86_400,
        "conversation": 1,
        "conversation_type": "REGULAR",
        "conversation_direction": "UNKNOWN",
        "conversation_category": "MARKETING",
        "cost": 0.01,
    }
    assert list(expected.items()) == list(found[0].items())
    assert points(bill, "pricing") == []
    assert points(bill, "conversation", conversation_types="FREE_TIER") == []


def test_no_conversations_where_messages_are_charged(busy: Any) -> None:
    """The answer keeps its shape."""
    assert ask(busy, "conversation") == {"data": [{"data_points": []}]}


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"start": None}, "(#100) The parameter start is required."),
        ({"end": ""}, "(#100) The parameter end is required."),
        ({"granularity": None}, "(#100) The parameter granularity is required."),
        ({"start": "yesterday"}, "(#100) Param start must be a UNIX timestamp."),
        ({"start": "2026-01-01"}, "(#100) Param start must be a UNIX timestamp."),
        ({"end": "9" * 30}, "(#100) Param end must be a UNIX timestamp."),
        ({"end": str(MIDNIGHT)}, "(#100) Param end must be later than param start."),
        ({"start": "1600000000"}, "(#100) Param start must be within the last year."),
        ({"granularity": "DAY"}, '(#100) Param granularity must be one of {HALF_HOUR, DAILY, MONTHLY} - got "DAY".'),
        ({"metric_types": "[VOLUME,FUN]"}, '(#100) Param metric_types[1] must be one of {COST, VOLUME} - got "FUN".'),
        (
            {"pricing_types": ["FREE"]},
            "(#100) Param pricing_types[0] must be one of {FREE_CUSTOMER_SERVICE, FREE_ENTRY_POINT, "
            'FREE_GROUP_CUSTOMER_SERVICE, REGULAR} - got "FREE".',
        ),
    ],
)
def test_wrong_parameters(busy: Any, given: dict[str, Any], expected: str) -> None:
    """100, naming the parameter."""
    assert expected == refusal(busy, "pricing", **given)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (None, ()),
        ("", ()),
        ("[]", ()),
        ("A, B", ("A", "B")),
        ('["A","B"]', ("A", "B")),
        ("['A', 'B']", ("A", "B")),
        ([1, "2"], ("1", "2")),
        (7, ("7",)),
    ],
)
def test_lists(given: Any, expected: tuple[str, ...]) -> None:
    """However a list is written, it is read."""
    assert expected == names_in(given)


def enable(bill: Any) -> None:
    waba = bill.world.wabas[bill.world.waba_id]
    bill.world.wabas[waba.id] = msgspec.structs.replace(waba, settings={"is_enabled_for_insights": True})


def template_of(bill: Any) -> str:
    return str(next(iter(bill.world.templates)))


def test_templates_need_insights(busy: Any) -> None:
    """200007 until they are confirmed."""
    text = "(#200007) Template Insights not enabled"
    assert text == refusal(busy, "template", template_ids=template_of(busy))


def test_figures_of_a_template(make_bill: Any) -> None:
    """Day by day: sent, delivered, read, tapped and what it cost; nothing from before insights were enabled."""
    bill = make_bill()
    template_id = template_of(bill)
    bill.sends("utility", template_id=template_id)
    bill.passes()
    enable(bill)
    sent = bill.sends("utility", template_id=template_id)
    bill.passes()
    tap = {"type": "button", "button": {"text": "Yes", "payload": "y"}, "context": {"id": sent.id}}
    bill.hears(tap)
    bill.hears(tap)
    bill.passes(DAY)
    found = ask(bill, "template", template_ids=template_id, end=str(MIDNIGHT + 2 * 86_400))
    first = {
        "template_id": template_id,
        "start": MIDNIGHT,
        "end": MIDNIGHT + 86_400,
        "sent": 1,
        "delivered": 1,
        "read": 1,
        "clicked": [{"type": "quick_reply_button", "button_content": "Yes", "count": 2}],
        "cost": [{"type": "amount_spent", "value": 0.01}, {"type": "cost_per_delivered", "value": 0.01}],
    }
    second = {
        "template_id": template_id,
        "start": MIDNIGHT + 86_400,
        "end": MIDNIGHT + 2 * 86_400,
        "sent": 0,
        "delivered": 0,
        "read": 0,
        "cost": [{"type": "amount_spent", "value": 0.0}],
    }
    assert [{"granularity": "DAILY", "product_type": "cloud_api", "data_points": [first, second]}] == found


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, "(#100) The parameter template_ids is required."),
        ({"template_ids": list("12345678901")}, "(#100) Param template_ids must have at most 10 elements."),
        ({"granularity": "MONTHLY"}, '(#100) Param granularity must be one of {DAILY} - got "MONTHLY".'),
        ({"start": str(MIDNIGHT - 100 * 86_400)}, "(#100) Param start must be within the last 91 days."),
        ({"start": "2026-02-30"}, "(#100) Param start must be a UNIX timestamp or a date as 2026-01-31."),
        ({"use_waba_timezone": True}, "(#100) Param use_waba_timezone is not supported."),
    ],
)
def test_wrong_parameters_of_templates(busy: Any, given: dict[str, Any], expected: str) -> None:
    """100, naming the parameter."""
    enable(busy)
    assert expected == refusal(busy, "template", **given)


def test_days_of_templates(busy: Any) -> None:
    """A moment within a day means the whole day; dates are read too."""
    enable(busy)
    asked = {"template_ids": template_of(busy), "metric_types": "sent"}
    one = ask(busy, "template", **asked, start=str(NOON), end=str(NOON + 60))
    other = ask(busy, "template", **asked, start="2026-01-01", end="2026-01-02")
    assert one == other
    assert list(one[0]["data_points"][0]) == ["template_id", "start", "end", "sent"]


def test_others_templates_are_left_out(busy: Any) -> None:
    """Only templates that the account has are answered for."""
    enable(busy)
    assert ask(busy, "template", template_ids="99")[0]["data_points"] == []


def test_another_product_has_figures_of_its_own(busy: Any) -> None:
    """What went by the Cloud API does not count for the Marketing Messages API."""
    enable(busy)
    given = {"template_ids": template_of(busy), "product_type": "MARKETING_MESSAGES_API_FOR_WHATSAPP"}
    [found] = ask(busy, "template", **given)
    assert {point["sent"] for point in found["data_points"]} == {0}


def test_edges_answer_as_fields_do(call: Any) -> None:
    """`/{waba}/pricing_analytics` has what the field has."""
    waba_id, start = call.world.waba_id, call.now // 1000 - 86_400
    given = {"start": start, "end": start + 86_400, "granularity": "DAILY"}
    fields = f'pricing_analytics.start({start}).end({start + 86_400}).granularity(DAILY).dimensions(["PHONE","TIER"])'
    found = call("GET", waba_id, "", {"fields": fields}).body
    assert {"pricing_analytics": call("GET", waba_id, "pricing_analytics", given).body, "id": waba_id} == found
    found = call("GET", waba_id, "conversation_analytics", given).body
    assert found == {"data": [{"data_points": []}]}


def test_template_analytics_are_a_page(call: Any) -> None:
    """Once insights are enabled; with cursors."""
    waba_id, day = call.world.waba_id, call.now // 1000 // 86_400 * 86_400
    template_id = next(iter(call.world.templates))
    call("POST", waba_id, "", {"is_enabled_for_insights": True})
    given = {"start": day, "end": day + 60, "granularity": "daily", "template_ids": [template_id]}
    found = call("GET", waba_id, "template_analytics", given).body
    assert (list(found), len(found["data"][0]["data_points"])) == (["data", "paging"], 1)
    fields = f"template_analytics.start({day}).end({day + 60}).granularity(DAILY).template_ids([{template_id}])"
    assert found == call("GET", waba_id, "", {"fields": fields}).body["template_analytics"]


def test_no_insights_in_the_european_union(call: Any) -> None:
    """200005 for accounts and numbers of the European Union and Japan."""
    number = call.world.numbers[call.world.phone_number_id]
    call.world.numbers[number.id] = msgspec.structs.replace(number, country="DE")
    error = call.error("POST", call.world.waba_id, "", {"is_enabled_for_insights": True})
    assert (error["code"], error["message"]) == (200005, "(#200005) Template insights unavailable")


# what it costs


CARD = """\
country,market,category,rate,currency,from,to
,North America,marketing,0.025,USD,,
US,,utility,0.004,USD,1,100000
US,,utility,0.003,USD,100001,MAX
*,,utility,0.01,USD,,
"""


@pytest.fixture
def card(tmp_path: Path) -> Path:
    path = tmp_path / "rates.csv"
    path.write_text(CARD)
    return path


@pytest.fixture
def stored(busy: Any, tmp_path: Path) -> Path:
    """The snapshot of a busy world."""
    path = tmp_path / "world.json"
    path.write_bytes(b'{"format":1,"world":' + snapshot(busy.world) + b',"now":0,"rate":0,"blobs":{}}')
    return path


def test_volumes_by_month(busy: Any) -> None:
    """By month, country and category, what was charged and what was free."""
    found = [
        (one["country"], one["market"], one["category"], one["charged"], one["free"]) for one in charges(busy.world)
    ]
    assert found == [
        ("BR", "Brazil", "utility", 1, 0),
        ("US", "North America", "marketing", 1, 0),
        ("US", "North America", "service", 0, 1),
        ("US", "North America", "utility", 1, 0),
    ]


def test_the_table(card: Path, stored: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A line for each month, country and category, and the total."""
    assert main(["cost", "--rates", str(card), "--snapshot", str(stored)]) == 0
    shown = capsys.readouterr()
    assert shown.out.splitlines() == [
        "month    to  category   unit     charged  free     USD",
        "2026-01  BR  utility    message        1     0  0.0100",
        "2026-01  US  marketing  message        1     0  0.0250",
        "2026-01  US  service    message        0     1  0.0000",
        "2026-01  US  utility    message        1     0  0.0040",
        "total                                  3     1  0.0390",
    ]
    assert shown.err == ""


def test_the_estimate_as_json(card: Path, stored: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With `--json`; what has no rate is said and left out of the total."""
    card.write_text(CARD.replace("*,,", "IN,,"))
    assert main(["cost", "--rates", str(card), "--snapshot", str(stored), "--json"]) == 0
    shown = capsys.readouterr()
    found = json.loads(shown.out)
    assert (found["currency"], found["total"], found["lines"][0]["cost"]) == ("USD", "0.029", None)
    assert "has no rate for BR utility: left out of the total" in shown.err


def test_tiers_count_the_messages_of_a_month(card: Path) -> None:
    """100,001 messages: one of them has the next tier's rate; the next month begins anew."""
    row = {"country": "US", "market": "North America", "category": "utility", "unit": "message", "free": 0}
    rows = [row | {"month": month, "charged": count} for month, count in (("2026-01", 100_001), ("2026-02", 1))]
    assert [str(line.cost) for line in estimate(read_card(card), rows)] == ["400.003", "0.004"]


@pytest.mark.parametrize(
    ("text", "line", "why"),
    [
        ("", 1, "the columns are"),
        ("country,rate\n", 1, "the columns are"),
        ("country,category,rate,currency,note\n", 1, "unknown or repeated column 'note'"),
        ("country,category,rate,currency\n", 1, "there are no rates"),
        ("country,category,rate,currency\nUS,utility,0.1\n", 2, "4 columns are named, 3 are here"),
        ("country,category,rate,currency\n\nUS,fun,0.1,USD\n", 3, "there is no category 'fun'"),
        ("country,category,rate,currency\nUS,utility,cheap,USD\n", 2, "the rate is a number such as 0.0158"),
        ("country,category,rate,currency\nUS,utility,-1,USD\n", 2, "the rate is a number from 0 on"),
        ("country,category,rate,currency\nUS,utility,NaN,USD\n", 2, "the rate is a number from 0 on"),
        ("country,category,rate,currency\n,utility,1,USD\n", 2, "neither country nor market"),
        ("country,category,rate,currency\nUS,utility,1,USD\nUS,marketing,1,EUR\n", 3, "a card has one"),
        ("country,category,rate,currency\nUS,utility,1,USD\nUS,utility,2,USD\n", 3, "in the same tier"),
        ("country,category,rate,currency,from,to\nUS,utility,1,USD,9,1\n", 2, "before it begins at 9"),
        ("country,category,rate,currency,from,to\nUS,utility,1,USD,few,\n", 2, "from is a whole number"),
        ('country,category,rate,currency\nUS,"utility"x,1,USD\n', 2, "expected after"),
    ],
)
def test_a_wrong_card_is_one_line(
    text: str, line: int, why: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """With the number of the line, on stderr, and status 2."""
    path = tmp_path / "rates.csv"
    path.write_text(text)
    assert main(["cost", "--rates", str(path)]) == 2
    shown = capsys.readouterr().err
    assert f"rates.csv, line {line}: " in shown
    assert why in shown
    assert shown.count("\n") == 1


@pytest.mark.parametrize(
    ("words", "why"),
    [
        ([], "the following arguments are required: --rates"),
        (["--rates", "away.csv"], "away.csv: No such file or directory"),
        (["--rates", "CARD", "--snapshot", "CARD"], "is no snapshot of a world"),
        (["--rates", "CARD", "--url", "http://127.0.0.1:9"], "no emulator answers at http://127.0.0.1:9"),
        (["--rates", "CARD", "--url", "nonsense"], "no emulator answers at nonsense"),
    ],
)
def test_other_mistakes_are_one_line(
    words: list[str], why: str, card: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """On stderr, with status 2."""
    assert main(["cost", *(str(card) if word == "CARD" else word for word in words)]) == 2
    shown = capsys.readouterr().err
    assert why in shown
    assert shown.count("\n") == 1
