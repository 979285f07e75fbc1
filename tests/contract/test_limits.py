"""Every limit of a send at its edge: the most that passes, and the one more that is refused with its text."""

from __future__ import annotations

import copy

import pytest

from localwaba_contracts.validate import message_contract, violation

SEND = {"messaging_product": "whatsapp", "to": "15550001111"}


def inside(kind, action, **parts):
    body = {"body": {"text": "b"}} | parts
    return SEND | {"type": "interactive", "interactive": {"type": kind, **body, "action": action}}


def reply(place, title=None):
    return {"type": "reply", "reply": {"id": f"id{place}", "title": title or f"title {place}"}}


def row(place):
    return {"id": f"row{place}", "title": f"row {place}", "description": "d"}


def product(place):
    return {"product_retailer_id": f"sku{place}"}


def card(place, **parts):
    header = {"type": "image", "image": {"link": "https://x.yz/a.jpg"}}
    action = {"name": "cta_url", "parameters": {"display_text": "go", "url": "https://x.yz"}}
    return {"card_index": place, "type": "cta_url", "header": header, "action": action, **parts}


def quick_card(place, count=1):
    buttons = [
        {"type": "quick_reply", "quick_reply": {"id": f"{place}-{n}", "title": f"t{place}-{n}"}} for n in range(count)
    ]
    return card(place, action={"buttons": buttons})


BUTTONS = inside("button", {"buttons": [reply(0)]}, header={"type": "text", "text": "h"}, footer={"text": "f"})
LIST = inside("list", {"button": "open", "sections": [{"title": "s", "rows": [row(0)]}]})
LINK = inside("cta_url", {"name": "cta_url", "parameters": {"display_text": "go", "url": "https://x.yz"}})
PRODUCTS = inside(
    "product_list",
    {"catalog_id": "1", "sections": [{"title": "s", "product_items": [product(0)]}]},
    header={"type": "text", "text": "h"},
)
FLOW = inside(
    "flow",
    {"name": "flow", "parameters": {"flow_message_version": "3", "flow_id": "1", "flow_cta": "go"}},
)
CAROUSEL = inside("carousel", {"cards": [card(0), card(1)]})
QUICK = inside("carousel", {"cards": [quick_card(0), quick_card(1)]})
CALL = inside("voice_call", {"name": "voice_call", "parameters": {"display_text": "call", "payload": "p"}})
MONEY = {"value": 100, "offset": 100}
BILL = inside(
    "order_details",
    {
        "name": "review_and_pay",
        "parameters": {
            "reference_id": "r1",
            "type": "digital-goods",
            "currency": "INR",
            "payment_configuration": "p",
            "total_amount": dict(MONEY),
            "order": {
                "status": "pending",
                "items": [{"name": "bread", "amount": MONEY, "quantity": 1}],
                "subtotal": MONEY,
                "tax": {"value": 0, "offset": 100, "description": "t"},
            },
        },
    },
)
STATUS = inside(
    "order_status",
    {
        "name": "review_order",
        "parameters": {"reference_id": "r1", "order": {"status": "shipped", "description": "d"}},
    },
)
TEXT = SEND | {"text": {"body": "hi"}, "biz_opaque_callback_data": "x", "context": {"message_id": "wamid.HB"}}
TEMPLATE = SEND | {
    "type": "template",
    "template": {
        "name": "sale",
        "language": {"code": "en"},
        "components": [
            {"type": "body", "parameters": [{"type": "text", "text": "x"}]},
            {
                "type": "button",
                "sub_type": "copy_code",
                "index": "0",
                "parameters": [{"type": "coupon_code", "coupon_code": "x"}],
            },
            {
                "type": "button",
                "sub_type": "quick_reply",
                "index": 1,
                "parameters": [{"type": "payload", "payload": "x"}],
            },
        ],
    },
}


def media(kind, **parts):
    return SEND | {"type": kind, kind: {"link": f"https://x.yz/{kind}", **parts}}


CARD = {"name": {"formatted_name": "John Smith", "first_name": "John"}}
CONTACTS = SEND | {"type": "contacts", "contacts": [CARD]}
PIN = SEND | {"type": "pin", "pin": {"type": "pin", "message_id": "wamid.x", "expiration_days": 1}}

# message, path of a text, longest, code, the whole message of the grammar or the details of 131009
TEXTS = [
    (TEXT, "text.body", 4096, 100, "Param text['body'] must be at most 4096 characters long."),
    (TEXT, "biz_opaque_callback_data", 512, 100, "Param biz_opaque_callback_data must be at most 512 characters long."),
    *(
        (
            media(kind, caption="c"),
            f"{kind}.caption",
            1024,
            100,
            f"Param {kind}['caption'] must be at most 1024 characters long.",
        )
        for kind in ("image", "video", "document")
    ),
    (
        media("document", filename="f"),
        "document.filename",
        240,
        100,
        "Param document['filename'] must be at most 240 characters long.",
    ),
    (BUTTONS, "interactive.header.text", 60, 131009, "Header text length invalid. Min length: 1, Max length: 60"),
    (BUTTONS, "interactive.body.text", 1024, 131009, "Body text length invalid. Min length: 1, Max length: 1024"),
    (BUTTONS, "interactive.footer.text", 60, 131009, "Footer text length invalid. Min length: 0, Max length: 60"),
    (
        BUTTONS,
        "interactive.action.buttons.0.reply.title",
        20,
        131009,
        "Button title length invalid. Min length: 1, Max length: 20",
    ),
    (
        BUTTONS,
        "interactive.action.buttons.0.reply.id",
        256,
        131009,
        "Button id length invalid. Min length: 1, Max length: 256",
    ),
    (LIST, "interactive.body.text", 4096, 131009, "Body text length invalid. Min length: 1, Max length: 4096"),
    (LIST, "interactive.action.button", 20, 131009, "Button text is too long. Max length is 20"),
    (LIST, "interactive.action.sections.0.title", 24, 131009, "Section title is too long. Max length is 24"),
    (LIST, "interactive.action.sections.0.rows.0.id", 200, 131009, "Row id is too long. Max length is 200"),
    (LIST, "interactive.action.sections.0.rows.0.title", 24, 131009, "Row title is too long. Max length is 24"),
    (
        LIST,
        "interactive.action.sections.0.rows.0.description",
        72,
        131009,
        "Row description is too long. Max length is 72",
    ),
    (
        LINK,
        "interactive.action.parameters.display_text",
        20,
        131009,
        "Display text length invalid. Min length: 1, Max length: 20",
    ),
    (PRODUCTS, "interactive.action.sections.0.title", 24, 131009, "Section title is too long. Max length is 24"),
    (
        FLOW,
        "interactive.action.parameters.flow_cta",
        30,
        131009,
        "Flow CTA length invalid. Min length: 1, Max length: 30",
    ),
    (
        inside("carousel", {"cards": [card(0, body={"text": "b"}), card(1)]}),
        "interactive.action.cards.0.body.text",
        160,
        131009,
        "Card body text length invalid. Min length: 1, Max length: 160",
    ),
    (
        QUICK,
        "interactive.action.cards.1.action.buttons.0.quick_reply.title",
        20,
        131009,
        "Button title length invalid. Min length: 1, Max length: 20",
    ),
    (
        QUICK,
        "interactive.action.cards.1.action.buttons.0.quick_reply.id",
        20,
        131009,
        "Button id length invalid. Min length: 1, Max length: 20",
    ),
    (
        CALL,
        "interactive.action.parameters.display_text",
        20,
        131009,
        "Display text length invalid. Min length: 1, Max length: 20",
    ),
    (
        CALL,
        "interactive.action.parameters.payload",
        512,
        100,
        "Param interactive['action']['parameters']['payload'] must be at most 512 characters long.",
    ),
    (
        BILL,
        "interactive.action.parameters.reference_id",
        35,
        131009,
        "Reference id length invalid. Min length: 1, Max length: 35",
    ),
    (
        BILL,
        "interactive.action.parameters.payment_configuration",
        60,
        100,
        "Param interactive['action']['parameters']['payment_configuration'] must be at most 60 characters long.",
    ),
    (
        BILL,
        "interactive.action.parameters.order.items.0.name",
        60,
        131009,
        "Item name length invalid. Min length: 1, Max length: 60",
    ),
    (
        BILL,
        "interactive.action.parameters.order.tax.description",
        60,
        100,
        "Param interactive['action']['parameters']['order']['tax']['description'] must be at most 60 characters long.",
    ),
    (
        STATUS,
        "interactive.action.parameters.order.description",
        120,
        100,
        "Param interactive['action']['parameters']['order']['description'] must be at most 120 characters long.",
    ),
    (TEMPLATE, "template.name", 512, 100, "Param template['name'] must be at most 512 characters long."),
    (
        TEMPLATE,
        "template.components.1.parameters.0.coupon_code",
        20,
        131009,
        "Coupon code length invalid. Min length: 1, Max length: 20",
    ),
    (
        TEMPLATE,
        "template.components.2.parameters.0.payload",
        256,
        100,
        "Param template['components'][2]['parameters'][0]['payload'] must be at most 256 characters long.",
    ),
]


def put(message, path, value):
    """A copy of a message with another value at a path."""
    changed = copy.deepcopy(message)
    *parents, last = [int(step) if step.isdigit() else step for step in path.split(".")]
    place = changed
    for step in parents:
        place = place[step]
    place[last] = value
    return changed


def judged(message):
    found = violation(message_contract(message), message)
    return None if found is None else (found.code, found.message, found.details)


@pytest.mark.parametrize(("message", "path", "longest", "code", "text"), TEXTS, ids=[f"{t[1]} {t[2]}" for t in TEXTS])
def test_text_has_a_longest(message, path, longest, code, text):
    """A text of the greatest length passes; one character more gives the stated code and text."""
    said = (text, None) if code == 100 else (None, text)
    assert judged(put(message, path, "x" * longest)) is None
    assert judged(put(message, path, "x" * (longest + 1))) == (code, *said)


def test_length_counts_characters_not_bytes():
    """An emoji is one character of a text."""
    assert judged(put(TEXT, "text.body", "😀" * 4096)) is None
    assert judged(put(TEXT, "text.body", "😀" * 4097)) is not None


def sections(counts, make, member):
    numbers = iter(range(999))
    return [{"title": f"s{n}", member: [make(next(numbers)) for _ in range(count)]} for n, count in enumerate(counts)]


BUTTON_COUNT = "Invalid buttons count. Min allowed buttons: 1, Max allowed buttons: 3"
SECTION_COUNT = "Invalid sections count. Min allowed sections: 1, Max allowed sections: 10"
CARD_COUNT = "Invalid cards count. Min allowed cards: 2, Max allowed cards: 10"
CONTACT_COUNT = "Invalid contacts count. Min allowed contacts: 1, Max allowed contacts: 257"
QUICK_COUNT = "Invalid buttons count. Min allowed buttons: 1, Max allowed buttons: 2"
# message, path, a value with the most, a value with too many, the details
COUNTS = [
    (BUTTONS, "interactive.action.buttons", [reply(n) for n in range(3)], [reply(n) for n in range(4)], BUTTON_COUNT),
    (BUTTONS, "interactive.action.buttons", [reply(0)], [], BUTTON_COUNT),
    (
        LIST,
        "interactive.action.sections",
        sections([1] * 10, row, "rows"),
        sections([1] * 11, row, "rows"),
        SECTION_COUNT,
    ),
    (LIST, "interactive.action.sections", sections([1], row, "rows"), [], SECTION_COUNT),
    (
        LIST,
        "interactive.action.sections",
        sections([4, 6], row, "rows"),
        sections([5, 6], row, "rows"),
        "Total row count exceed max allowed count: 10",
    ),
    (
        LIST,
        "interactive.action.sections.0.rows",
        [row(0)],
        [],
        "Invalid rows count. Min allowed rows: 1, Max allowed rows: 10",
    ),
    (
        PRODUCTS,
        "interactive.action.sections",
        sections([15, 15], product, "product_items"),
        sections([15, 16], product, "product_items"),
        "Total product count exceed max allowed count: 30",
    ),
    (
        PRODUCTS,
        "interactive.action.sections",
        sections([1] * 10, product, "product_items"),
        sections([1] * 11, product, "product_items"),
        SECTION_COUNT,
    ),
    (
        CAROUSEL,
        "interactive.action.cards",
        [card(n) for n in range(10)],
        [card(n % 10) for n in range(11)],
        CARD_COUNT,
    ),
    (CAROUSEL, "interactive.action.cards", [card(0), card(1)], [card(0)], CARD_COUNT),
    (
        QUICK,
        "interactive.action.cards",
        [quick_card(0, 2), quick_card(1, 2)],
        [quick_card(0, 3), quick_card(1, 3)],
        QUICK_COUNT,
    ),
    (CONTACTS, "contacts", [CARD] * 257, [CARD] * 258, CONTACT_COUNT),
    (
        CALL,
        "interactive.action.parameters.ttl_minutes",
        43200,
        43201,
        "Parameter 'ttl_minutes' must be between 1 and 43200",
    ),
    (CALL, "interactive.action.parameters.ttl_minutes", 1, 0, "Parameter 'ttl_minutes' must be between 1 and 43200"),
]


@pytest.mark.parametrize(
    ("message", "path", "fits", "breaks", "details"), COUNTS, ids=[f"{n} {c[1]}" for n, c in enumerate(COUNTS)]
)
def test_count_has_an_edge(message, path, fits, breaks, details):
    """What is just allowed passes; one more, or one less, gives 131009 with the stated details."""
    assert judged(put(message, path, fits)) is None
    assert judged(put(message, path, breaks)) == (131009, None, details)


@pytest.mark.parametrize(("days", "text"), [(31, "less than or equal to 30"), (0, "greater than or equal to 1")])
def test_pin_lasts_one_to_thirty_days(days, text):
    """A pin of 30 days passes; longer and shorter ones are refused."""
    assert judged(put(PIN, "pin.expiration_days", 30)) is None
    assert judged(put(PIN, "pin.expiration_days", days)) == (100, f"Param pin['expiration_days'] must be {text}.", None)


def without(message, path):
    changed = copy.deepcopy(message)
    *parents, last = path.split(".")
    place = changed
    for step in parents:
        place = place[int(step) if step.isdigit() else step]
    del place[last]
    return changed


NOTHING = SEND | {"type": "image", "image": {}}
BOTH = media("image", id="1")
# what is wrong, message, code, message text, details
RULES = [
    (
        "two titles alike",
        put(BUTTONS, "interactive.action.buttons", [reply(0, "a"), reply(1, "a")]),
        "Button titles must be unique",
    ),
    (
        "two ids alike",
        put(BUTTONS, "interactive.action.buttons", [reply(0, "a"), reply(0, "b")]),
        "Button ids must be unique",
    ),
    ("two rows alike", put(LIST, "interactive.action.sections.0.rows", [row(0), row(0)]), "Row ids must be unique"),
    (
        "a section without title",
        put(LIST, "interactive.action.sections", [{"title": "s", "rows": [row(0)]}, {"rows": [row(1)]}]),
        "Section title is required when there is more than one section",
    ),
    ("neither id nor link", NOTHING, "Either one of media ID or link must be present"),
    ("both id and link", BOTH, "Either one of media ID or link must be present"),
    (
        "both flow id and name",
        put(FLOW, "interactive.action.parameters.flow_name", "n"),
        "Either one of flow_id or flow_name must be present",
    ),
    (
        "neither flow id nor name",
        without(FLOW, "interactive.action.parameters.flow_id"),
        "Either one of flow_id or flow_name must be present",
    ),
    (
        "an old flow message version",
        put(FLOW, "interactive.action.parameters.flow_message_version", "2"),
        "Invalid flow message version. Supported versions: 3",
    ),
    (
        "an image header of a list",
        put(LIST, "interactive.header", {"type": "image", "image": {"id": "1"}}),
        "Invalid header type. Supported types: text",
    ),
    (
        "a header of a product",
        inside("product", {"catalog_id": "1", "product_retailer_id": "2"}, header={"type": "text", "text": "h"}),
        "Header is not allowed for interactive type product",
    ),
    (
        "cards out of order",
        put(CAROUSEL, "interactive.action.cards", [card(0), card(2)]),
        "Card index must be sequential and start from 0",
    ),
    (
        "cards that differ",
        put(CAROUSEL, "interactive.action.cards", [card(0), quick_card(1)]),
        "All cards must have the same type and the same buttons",
    ),
    (
        "a sum that is wrong",
        put(BILL, "interactive.action.parameters.total_amount.value", 101),
        "Total amount must be equal to subtotal + tax + shipping - discount",
    ),
    (
        "a card text of four lines",
        put(CAROUSEL, "interactive.action.cards", [card(0, body={"text": "a\nb\nc\nd"}), card(1)]),
        "Card body text has more than 2 line breaks",
    ),
    (
        "a name without a part",
        put(CONTACTS, "contacts", [{"name": {"formatted_name": "John"}}]),
        "At least one other name field must be present beside formatted_name",
    ),
    ("a context that is no wamid", put(TEXT, "context.message_id", "abc"), "Parameter Invalid"),
]


@pytest.mark.parametrize(("message", "details"), [rule[1:] for rule in RULES], ids=[rule[0] for rule in RULES])
def test_rule_over_members(message, details):
    """What goes against a rule over several members gives 131009 with the stated details."""
    assert judged(message) == (131009, None, details)


VALID = {
    "text": TEXT,
    "buttons": BUTTONS,
    "list": LIST,
    "link": LINK,
    "products": PRODUCTS,
    "flow": FLOW,
    "carousel": CAROUSEL,
    "quick replies": QUICK,
    "call": CALL,
    "bill": BILL,
    "order": STATUS,
    "template": TEMPLATE,
    "contacts": CONTACTS,
    "pin": PIN,
    "single section without title": put(LIST, "interactive.action.sections", [{"rows": [row(0)]}]),
    "product": inside("product", {"catalog_id": "1", "product_retailer_id": "2"}),
    "product without body": without(
        inside("product", {"catalog_id": "1", "product_retailer_id": "2"}), "interactive.body"
    ),
    "catalogue": inside("catalog_message", {"name": "catalog_message"}),
    "location request": inside("location_request_message", {"name": "send_location"}),
    "address": inside("address_message", {"name": "address_message", "parameters": {"country": "IN"}}),
    "call permission": inside("call_permission_request", {"name": "call_permission_request"}),
    "contact info": inside("request_contact_info", {"name": "request_contact_info"}),
    "location": SEND | {"type": "location", "location": {"latitude": "37.44", "longitude": -122.16}},
    "reaction taken back": SEND | {"type": "reaction", "reaction": {"message_id": "wamid.x", "emoji": ""}},
    "unpin": SEND | {"type": "pin", "pin": {"type": "unpin", "message_id": "wamid.x"}},
    "to a business-scoped id": without(TEXT, "to") | {"recipient": "US.13491208655302741918"},
    "an unknown member at the top": TEXT | {"priority": "high"},
    "upper-case type": SEND | {"messaging_product": "WHATSAPP", "type": "TEXT", "text": {"body": "hi"}},
    "read": {"messaging_product": "whatsapp", "status": "read", "message_id": "wamid.x"},
    "typing": {
        "messaging_product": "whatsapp",
        "status": "read",
        "message_id": "wamid.x",
        "typing_indicator": {"type": "text"},
    },
    "limited-time carousel template": SEND
    | {
        "type": "template",
        "template": {
            "name": "sale",
            "language": {"code": "en", "policy": "deterministic"},
            "components": [
                {
                    "type": "limited_time_offer",
                    "parameters": [{"type": "limited_time_offer", "limited_time_offer": {"expiration_time_ms": 1}}],
                },
                {
                    "type": "CAROUSEL",
                    "cards": [
                        {
                            "card_index": 0,
                            "components": [
                                {
                                    "type": "header",
                                    "parameters": [
                                        {
                                            "type": "product",
                                            "product": {"product_retailer_id": "1", "catalog_id": "2"},
                                        }
                                    ],
                                },
                                {
                                    "type": "button",
                                    "sub_type": "URL",
                                    "index": 0,
                                    "parameters": [{"type": "text", "text": "x"}],
                                },
                            ],
                        }
                    ],
                },
            ],
        },
    },
}


@pytest.mark.parametrize("message", VALID.values(), ids=VALID)
def test_right_message_passes(message):
    """What Meta takes is taken."""
    assert judged(message) is None


@pytest.mark.parametrize("kind", ["gif", "link_preview"])
def test_unsendable_type_is_131051(kind):
    """Types that the enum knows and nobody can send are unsupported."""
    assert judged(SEND | {"type": kind, kind: {}}) == (131051, None, None)


def test_unknown_interactive_type_lists_the_known_ones():
    """An interactive type that does not exist is answered with those that do."""
    found = violation("requests/messages/interactive", inside("buttons", {}))
    assert found is not None
    assert found.message is not None
    assert found.message.startswith("Param interactive['type'] must be one of {button, list, cta_url, ")
    assert found.fix == "did you mean button?"


def test_media_of_a_template_was_worded_otherwise_before_v23():
    """Up to v22.0 a template's medium without id and link is code 100, since v23.0 it is 132018."""
    message = put(TEMPLATE, "template.components.0.parameters", [{"type": "image", "image": {}}])
    found = [violation("requests/messages/template", message, version) for version in ("v22.0", "v23.0", "")]
    assert [one and one.code for one in found] == [100, 132018, 132018]
