"""Sends meet their templates: every refusal with its code and details, every value in its place."""

from __future__ import annotations

from typing import Any

import pytest

from localwaba.domain.errors import Refusal, Refused
from localwaba.domain.template_sending import compile_template, match
from localwaba.domain.template_values import Filled, MatchRules

BODY = {"type": "BODY", "text": "Order {{1}} ships on {{2}} to you."}
PLAIN = {"type": "BODY", "text": "Hello you."}
IMAGE = {"type": "HEADER", "format": "IMAGE", "example": {"header_handle": ["4::x"]}}
URL = {"type": "URL", "text": "Track", "url": "https://shop.test/t/{{1}}", "example": ["a"]}
STATIC = {"type": "URL", "text": "Help", "url": "https://shop.test/help"}
QUICK = {"type": "QUICK_REPLY", "text": "Thanks"}
CODE = {"type": "COPY_CODE", "example": ["250FF"]}
FLOW = {"type": "FLOW", "text": "Open", "flow_id": "77", "flow_action": "navigate"}
OLD = MatchRules(param_error_code=132012)


def text(value: Any, **more: Any) -> dict[str, Any]:
    return {"type": "text", "text": value} | more


def part(kind: str, *parameters: Any) -> dict[str, Any]:
    return {"type": kind, "parameters": list(parameters)}


def button(sub_type: str, index: Any, *parameters: Any) -> dict[str, Any]:
    return {"type": "button", "sub_type": sub_type, "index": index, "parameters": list(parameters)}


def buttons(*each: dict[str, Any]) -> dict[str, Any]:
    return {"type": "BUTTONS", "buttons": list(each)}


def send(
    template: list[Any],
    *components: Any,
    named: bool = False,
    category: str = "UTILITY",
    rules: MatchRules | None = None,
) -> Filled:
    compiled = compile_template(template, category, "NAMED" if named else "POSITIONAL")
    return match(compiled, list(components), rules or MatchRules())


def refused(template: list[Any], *components: Any, **more: Any) -> Refusal:
    with pytest.raises(Refused) as caught:
        send(template, *components, **more)
    return caught.value.refusal


def code_and_details(template: list[Any], *components: Any, **more: Any) -> tuple[int, str | None]:
    found = refused(template, *components, **more)
    return found.code, found.details


# ---- body and counts


def test_body() -> None:
    """Texts take the places of the variables; footer and buttons are as they were."""
    template = [BODY, {"type": "FOOTER", "text": "Bye"}, buttons(QUICK)]
    filled = send(template, part("body", text("A-1"), text("Friday")))
    assert (filled.body, filled.footer) == ("Order A-1 ships on Friday to you.", "Bye")
    assert filled.buttons == [{"type": "QUICK_REPLY", "text": "Thanks", "index": 0, "payload": "Thanks"}]


def test_repeated_and_swapped_variables() -> None:
    """A variable used twice is sent once; positions rule, not places."""
    template = [{"type": "BODY", "text": "100% of {{2}} and {{1}}, yes {{2}} indeed %s"}]
    assert send(template, part("body", text("a"), text("b"))).body == "100% of b and a, yes b indeed %s"


def test_no_components() -> None:
    """A template without variables is sent without components."""
    assert match(compile_template([PLAIN], "UTILITY", "POSITIONAL"), None).body == "Hello you."
    assert send([PLAIN]).body == "Hello you."


@pytest.mark.parametrize(
    ("template", "components", "details"),
    [
        (
            [BODY],
            [],
            "body: number of localizable_params (0) does not match the expected number of params (2)",
        ),
        (
            [BODY],
            [part("body", text("a"))],
            "body: number of localizable_params (1) does not match the expected number of params (2)",
        ),
        (
            [PLAIN],
            [part("body", text("a"))],
            "body: number of localizable_params (1) does not match the expected number of params (0)",
        ),
        (
            [{"type": "HEADER", "format": "TEXT", "text": "On {{1}} now"}, PLAIN],
            [],
            "header: number of localizable_params (0) does not match the expected number of params (1)",
        ),
        (
            [PLAIN],
            [part("header", text("a"))],
            "header: number of localizable_params (1) does not match the expected number of params (0)",
        ),
        (
            [PLAIN],
            [part("footer", text("a"))],
            "footer: number of localizable_params (1) does not match the expected number of params (0)",
        ),
        (
            [PLAIN, buttons(URL)],
            [button("url", 0, text("a"), text("b"))],
            "buttons: number of localizable_params (2) does not match the expected number of params (1)",
        ),
    ],
)
def test_counts(template: list[Any], components: list[Any], details: str) -> None:
    """A number of values that the template does not expect is 132000, with the component in front."""
    assert code_and_details(template, *components) == (132000, details)


def test_currency_and_date() -> None:
    """A currency and a date fill a variable with their fallback."""
    money = {"type": "currency", "currency": {"fallback_value": "$100.99", "code": "USD", "amount_1000": 100990}}
    date = {"type": "date_time", "date_time": {"fallback_value": "February 25, 1977", "month": 2}}
    assert send([BODY], part("body", money, date)).body == "Order $100.99 ships on February 25, 1977 to you."


def test_type_left_out() -> None:
    """A parameter with a text and no type is of type text."""
    assert send([BODY], part("BODY", {"text": "a"}, {"text": "b"})).body == "Order a ships on b to you."


def test_media_in_a_body() -> None:
    """A body takes no media."""
    template = [{"type": "BODY", "text": "See {{1}} there"}]
    image = {"type": "image", "image": {"id": "1"}}
    expected = (132012, "body: Format mismatch, expected TEXT, received IMAGE")
    assert code_and_details(template, part("body", text("a"), image)) == expected


# ---- names


NAMED = [{"type": "BODY", "text": "Hi {{name}}, order {{order_id}} shipped."}]


def test_named() -> None:
    """Named values come in any order."""
    values = part("body", text("A-1", parameter_name="order_id"), text("Ana", parameter_name="name"))
    assert send(NAMED, values, named=True).body == "Hi Ana, order A-1 shipped."


@pytest.mark.parametrize(
    ("values", "details"),
    [
        ([text("Ana"), text("A-1", parameter_name="order_id")], "Parameter name is missing or empty"),
        ([text("Ana", parameter_name=""), text("A-1", parameter_name="x")], "Parameter name is missing or empty"),
        (
            [text("Ana", parameter_name="name"), text("A-1", parameter_name="order")],
            "Parameter name is missing for the parameter '{{order_id}}'",
        ),
        (
            [text("Ana", parameter_name="order_id"), text("A-1", parameter_name="order_id")],
            "Parameter name is missing for the parameter '{{name}}'",
        ),
    ],
)
def test_names(values: list[Any], details: str) -> None:
    """A value without name, and a variable without value, are invalid parameters."""
    assert code_and_details(NAMED, part("body", *values), named=True) == (100, details)


def test_counts_before_names() -> None:
    """Of a wrong count and a missing name the count is told."""
    assert refused(NAMED, part("body", text("Ana")), named=True).code == 132000


def test_names_do_not_matter_to_positions() -> None:
    """A positional template ignores names."""
    values = part("body", text("a", parameter_name="x"), text("b", parameter_name="y"))
    assert send([BODY], values).body == "Order a ships on b to you."


# ---- values


@pytest.mark.parametrize("value", ["one\ntwo", "one\ttwo", "one     two", "one\r\ntwo"])
def test_untidy_text(value: str) -> None:
    """A new line, a tab or five spaces are refused, by version with two codes and wordings."""
    sentence = "cannot have new-line/tab characters or more than 4 consecutive spaces"
    values = part("body", text(value), text("b"))
    assert code_and_details([BODY], values) == (132018, f"Param text {sentence}")
    assert code_and_details([BODY], values, rules=OLD) == (132012, f"body: Param text: {value} {sentence}")


def test_four_spaces() -> None:
    """Four spaces in a row are fine."""
    assert send([BODY], part("body", text("a    b"), text("c"))).body.startswith("Order a    b ships")


@pytest.mark.parametrize(
    ("parameter", "code", "details"),
    [
        ({"type": "text"}, 100, "Parameter 'text' is mandatory for component parameter type 'text'"),
        (text(""), 131008, "Parameter of type text is missing text value"),
        ({"type": "currency"}, 100, "Parameter 'currency' is mandatory for component parameter type 'currency'"),
    ],
)
def test_missing_values(parameter: dict[str, Any], code: int, details: str) -> None:
    """A parameter without its value is refused before anything is counted, an empty text as missing."""
    values = [parameter] if code == 100 else [parameter, text("b")]
    assert code_and_details([BODY], part("body", *values)) == (code, details)


def test_fields_of_a_currency() -> None:
    """A currency names its missing fields as a violated schema, without details."""
    found = refused([BODY], part("body", {"type": "currency", "currency": {"code": "USD"}}, text("b")))
    path = "template.components.0.parameters.0.currency"
    sentence = (
        f"Your request has violated JSON schema constraint 'required' for the JSON field '{path}', please check the "
        f"JSON schema for the JSON field '{path}' and make sure your request is valid for missing : "
    )
    assert (found.code, found.details) == (100, None)
    assert found.message == f"{sentence}'fallback_value', {sentence}'amount_1000'"


@pytest.mark.parametrize(
    ("components", "message"),
    [
        ({}, "Param template['components'] must be an array."),
        (["body"], "Param template['components'][0] must be an object."),
        ([{"parameters": []}], "The parameter template['components'][0]['type'] is required."),
        ([part("body") | {"parameters": {}}], "Param template['components'][0]['parameters'] must be an array."),
        (
            [part("body", text(5), text("b"))],
            "Param template['components'][0]['parameters'][0]['text'] must be a string.",
        ),
        (
            [part("tail")],
            "Param template['components'][0]['type'] must be one of {BODY, BUTTON, CAROUSEL, FOOTER, HEADER, "
            'LIMITED_TIME_OFFER, ORDER_STATUS, TAP_TARGET_CONFIGURATION} - got "tail".',
        ),
        (
            [part("body"), button("phone_number", "0")],
            "Param template['components'][1]['sub_type'] must be one of {BOOKING_CONFIRMATION, CATALOG, COPY_CODE, "
            'FLOW, MPM, ORDER_DETAILS, QUICK_REPLY, REMINDER, URL, VOICE_CALL} - got "phone_number".',
        ),
        ([{"type": "button", "index": 0}], "The parameter template['components'][0]['sub_type'] is required."),
        ([{"type": "button", "sub_type": "url"}], "The parameter template['components'][0]['index'] is required."),
        ([button("url", "x")], "Param template['components'][0]['index'] must be an integer."),
    ],
)
def test_grammar(components: Any, message: str) -> None:
    """The shape of components is judged in Graph's words."""
    with pytest.raises(Refused) as caught:
        match(compile_template([BODY], "UTILITY", "POSITIONAL"), components)
    assert (caught.value.refusal.code, caught.value.refusal.message) == (100, message)


def test_unknown_parameter_type() -> None:
    """An unknown type of parameter is told with its path."""
    found = refused([BODY], part("body", {"type": "txt", "text": "x"}))
    assert found.message is not None
    assert found.message.startswith("Param template['components'][0]['parameters'][0]['type'] must be one of {ACTION, ")


# ---- headers


def test_text_header() -> None:
    """A text header is filled like a body."""
    template = [{"type": "HEADER", "format": "TEXT", "text": "Our {{1}} is on!"}, PLAIN]
    assert send(template, part("header", text("Sale"))).header == {"type": "TEXT", "text": "Our Sale is on!"}


@pytest.mark.parametrize("kind", ["image", "video", "document", "gif"])
@pytest.mark.parametrize("value", [{"id": "12"}, {"link": "https://x.y/z"}])
def test_media_header(kind: str, value: dict[str, str]) -> None:
    """A media header shows its media and hands the reference to the caller, with Graph's path."""
    template = [{"type": "HEADER", "format": kind.upper()}, PLAIN]
    filled = send(template, part("header", {"type": kind, kind: value}))
    assert filled.header == {"type": kind.upper(), kind: value}
    key = next(iter(value))
    path = f"template['components'][0]['parameters'][0]['{kind}']['{key}']"
    assert filled.media == [value | {"kind": kind, "path": path}]


@pytest.mark.parametrize(
    ("parameters", "code", "details"),
    [
        ([], 132012, "header: Format mismatch, expected IMAGE, received UNKNOWN"),
        ([text("x")], 132012, "header: Format mismatch, expected IMAGE, received TEXT"),
        (
            [{"type": "video", "video": {"id": "1"}}],
            132012,
            "header: Format mismatch, expected IMAGE, received VIDEO",
        ),
        ([{"type": "image"}], 100, "Parameter 'image' is mandatory for component parameter type 'image'"),
        ([{"type": "image", "image": {}}], 132018, "Either one of media ID or link must be present"),
    ],
)
def test_bad_media_header(parameters: list[Any], code: int, details: str) -> None:
    """A media header without its media, or with other media, is refused before counts."""
    components = [part("header", *parameters)] if parameters else []
    assert code_and_details([IMAGE, BODY], *components) == (code, details)


def test_media_reference_before_v23() -> None:
    """Before v23 a media object without reference has the older code."""
    assert refused([IMAGE, PLAIN], part("header", {"type": "image", "image": {}}), rules=OLD).code == 132012


@pytest.mark.parametrize(
    ("image", "message"),
    [
        (
            {"link": "x.jpg"},
            "Param template['components'][0]['parameters'][0]['image']['link'] is not a valid URI.",
        ),
        (
            {"id": "1", "filename": "a.jpg"},
            "Unexpected key \"filename\" on param \"template['components'][0]['parameters'][0]['image']\".",
        ),
    ],
)
def test_media_grammar(image: dict[str, str], message: str) -> None:
    """Links are addresses, and only documents have file names."""
    assert refused([IMAGE, PLAIN], part("header", {"type": "image", "image": image})).message == message


def test_document_name() -> None:
    """A document keeps its file name."""
    document = {"id": "1", "filename": "bill.pdf"}
    filled = send([IMAGE | {"format": "DOCUMENT"}, PLAIN], part("header", {"type": "document", "document": document}))
    assert filled.header == {"type": "DOCUMENT", "document": document}


def test_media_for_a_text_header() -> None:
    """A text header takes no media; without any header it depends on the version."""
    image = part("header", {"type": "image", "image": {"id": "1"}})
    header = {"type": "HEADER", "format": "TEXT", "text": "Hi"}
    assert code_and_details([header, PLAIN], image) == (
        132012,
        "header: Format mismatch, expected TEXT, received IMAGE",
    )
    assert (refused([PLAIN], image).code, refused([PLAIN], image, rules=OLD).code) == (132018, 132012)


LATITUDE = "template['components'][0]['parameters'][0]['location']['latitude']"
PLACE = {"latitude": "37.48", "longitude": -122.14, "name": "HQ", "address": "1 Way"}


def test_location_header() -> None:
    """A location header has coordinates, as numbers or digits, and an address."""
    template = [{"type": "HEADER", "format": "LOCATION"}, PLAIN]
    filled = send(template, part("header", {"type": "location", "location": PLACE}))
    assert filled.header == {"type": "LOCATION", "location": PLACE}


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"address": None}, "Parameter 'address' is mandatory for component parameter type 'location'"),
        ({"latitude": "north"}, f"Param {LATITUDE} must be a number."),
        ({"latitude": 91}, f"Param {LATITUDE} must be between -90 and 90."),
    ],
)
def test_bad_location(changes: dict[str, Any], expected: str) -> None:
    """A location without address, or off the globe, is refused."""
    template = [{"type": "HEADER", "format": "LOCATION"}, PLAIN]
    found = refused(template, part("header", {"type": "location", "location": PLACE | changes}))
    assert found.code == 100
    assert expected in (found.details, found.message)


def test_location_without_address() -> None:
    """The address is a knob, since another capture went without."""
    template = [{"type": "HEADER", "format": "LOCATION"}, PLAIN]
    bare = {"latitude": 1, "longitude": 2}
    rules = MatchRules(location_address=False)
    filled = send(template, part("header", {"type": "location", "location": bare}), rules=rules)
    assert filled.header == {"type": "LOCATION", "location": bare}


def test_product_header() -> None:
    """A product header names catalog and product."""
    product = {"product_retailer_id": "p1", "catalog_id": "c1"}
    template = [{"type": "HEADER", "format": "PRODUCT"}, PLAIN]
    filled = send(template, part("header", {"type": "product", "product": product}))
    assert filled.header == {"type": "PRODUCT", "product": product}


# ---- buttons


@pytest.mark.parametrize("index", ["0", 0])
def test_url_button(index: Any) -> None:
    """The suffix goes to the end of the address; the index may be a number or digits."""
    filled = send([PLAIN, buttons(URL)], button("url", index, text("A-1")))
    assert filled.buttons == [{"type": "URL", "text": "Track", "index": 0, "url": "https://shop.test/t/A-1"}]


@pytest.mark.parametrize("components", [[], [button("url", 1)]])
def test_url_button_without_value(components: list[Any]) -> None:
    """An address with a variable needs its value."""
    expected = (131008, "buttons: Button at index 1 of type Url requires a parameter")
    assert code_and_details([PLAIN, buttons(QUICK, URL)], *components) == expected


@pytest.mark.parametrize("parameter", [{"type": "text"}, text("")])
def test_empty_suffix(parameter: dict[str, Any]) -> None:
    """A suffix cannot be empty."""
    expected = "button: Parameter 'text' is mandatory for component parameter type 'text' and cannot be empty"
    assert code_and_details([PLAIN, buttons(URL)], button("url", 0, parameter)) == (100, expected)


def test_static_address() -> None:
    """An address without variable takes no value."""
    expected = (132018, "buttons: Button at index 0 of type Url does not require parameters")
    assert code_and_details([PLAIN, buttons(STATIC)], button("url", 0, text("x"))) == expected


@pytest.mark.parametrize(
    ("template", "sent", "name"),
    [
        (QUICK, button("flow", 0, {"type": "action", "action": {}}), "QuickReply"),
        (URL, button("copy_code", 0, {"type": "coupon_code", "coupon_code": "A"}), "Url"),
        (CODE, button("url", 0, text("A")), "copy_code"),
        ({"type": "PHONE_NUMBER", "text": "Call", "phone_number": "1"}, button("url", 0, text("A")), "PhoneNumber"),
    ],
)
def test_button_of_another_type(template: dict[str, Any], sent: dict[str, Any], name: str) -> None:
    """A value for another kind of button is told with the kind that the template has."""
    details = f"buttons: Button at index 0 must be of type {name}"
    assert code_and_details([PLAIN, buttons(template)], sent) == (132018, details)
    assert refused([PLAIN, buttons(template)], sent, rules=OLD).code == 132012


def test_button_that_is_not_there() -> None:
    """A value for a button beyond the last is refused."""
    assert (
        refused([PLAIN, buttons(QUICK)], button("quick_reply", 1, {"type": "payload", "payload": "x"})).code == 132018
    )


def test_counts_before_buttons() -> None:
    """Of a wrong count and a missing suffix the count is told."""
    assert refused([BODY, buttons(URL)]).code == 132000


def test_quick_reply() -> None:
    """A quick reply may have a payload; without one it is its text."""
    template = [PLAIN, buttons(QUICK, QUICK)]
    filled = send(template, button("quick_reply", "1", {"type": "payload", "payload": "P"}))
    assert [one["payload"] for one in filled.buttons] == ["Thanks", "P"]


def test_long_payload() -> None:
    """A payload has 256 characters at most."""
    found = refused([PLAIN, buttons(QUICK)], button("quick_reply", 0, {"type": "payload", "payload": "x" * 257}))
    path = "template['components'][0]['parameters'][0]['payload']"
    assert found.message == f"Param {path} must be at most 256 characters long."


def test_text_for_a_quick_reply() -> None:
    """A quick reply takes a payload, not a text."""
    assert refused([PLAIN, buttons(QUICK)], button("quick_reply", 0, text("x"))).code == 132018


def test_coupon() -> None:
    """A coupon button is filled with its code."""
    filled = send([PLAIN, buttons(CODE)], button("COPY_CODE", 0, {"type": "coupon_code", "coupon_code": "SAVE20"}))
    assert filled.buttons == [{"type": "COPY_CODE", "text": "Copy offer code", "index": 0, "code": "SAVE20"}]


@pytest.mark.parametrize("components", [[], [button("copy_code", 0, {"type": "coupon_code", "coupon_code": ""})]])
def test_coupon_without_code(components: list[Any]) -> None:
    """A coupon button needs its code."""
    expected = (131008, "buttons: Button at index 0 of type copy_code requires a non-empty parameter coupon_code")
    assert code_and_details([PLAIN, buttons(CODE)], *components) == expected


@pytest.mark.parametrize("code", ["A-1", "A" * 21])
def test_bad_coupon(code: str) -> None:
    """A code has letters and digits, twenty at most."""
    parameter = {"type": "coupon_code", "coupon_code": code}
    assert refused([PLAIN, buttons(CODE)], button("copy_code", 0, parameter)).code == 132018


def test_flow() -> None:
    """A flow button hands token and data to the caller."""
    action = {"flow_token": "t", "flow_action_data": {"a": 1}}
    filled = send([PLAIN, buttons(FLOW)], button("flow", "0", {"type": "action", "action": action}))
    assert filled.flows == filled.buttons
    assert (filled.flows[0]["flow_id"], filled.flows[0]["flow_token"]) == ("77", "t")
    assert filled.flows[0]["flow_action_data"] == {"a": 1}


def test_flow_without_values() -> None:
    """A flow button needs no component, and is told to the caller all the same."""
    assert [one["flow_id"] for one in send([PLAIN, buttons(FLOW)]).flows] == ["77"]


def test_catalog() -> None:
    """A catalog button may name a thumbnail, and may go without."""
    template = [PLAIN, buttons({"type": "CATALOG", "text": "View catalog"})]
    action = {"thumbnail_product_retailer_id": "p1"}
    assert send(template, button("CATALOG", 0, {"type": "action", "action": action})).buttons[0]["action"] == action
    assert "action" not in send(template).buttons[0]


MPM = [PLAIN, buttons({"type": "MPM", "text": "View items"})]


def sections(*sizes: int) -> dict[str, Any]:
    each = [{"title": "T", "product_items": [{"product_retailer_id": "p"}] * size} for size in sizes]
    return {"type": "action", "action": {"thumbnail_product_retailer_id": "p", "sections": each}}


def test_multi_product() -> None:
    """A multi-product button has up to ten sections with up to thirty products in all."""
    assert len(send(MPM, button("mpm", 0, sections(*[3] * 10))).buttons[0]["action"]["sections"]) == 10
    assert code_and_details(MPM) == (131008, "buttons: Button at index 0 of type Mpm requires a parameter")
    for bad in (sections(), sections(*[1] * 11), sections(31), sections(0)):
        assert refused(MPM, button("mpm", 0, bad)).code == 100


def test_voice_call() -> None:
    """A call button may have a time to live and a payload."""
    template = [PLAIN, buttons({"type": "VOICE_CALL", "text": "Call us"})]
    values = [{"type": "ttl_minutes", "ttl_minutes": 100}, {"type": "payload", "payload": "P"}]
    shown = send(template, button("voice_call", 0, *values)).buttons[0]
    assert (shown["ttl_minutes"], shown["payload"]) == (100, "P")
    assert refused(template, button("voice_call", 0, {"type": "ttl_minutes", "ttl_minutes": 43_201})).code == 100


# ---- authentication

AUTHENTICATION = [
    {"type": "BODY", "add_security_recommendation": True},
    {"type": "FOOTER", "code_expiration_minutes": 10},
    buttons({"type": "OTP", "otp_type": "COPY_CODE"}),
]


def test_one_time_password() -> None:
    """The code is given twice, in the body and as the suffix of the button."""
    filled = send(
        AUTHENTICATION, part("body", text("J$FpnYnP")), button("url", "0", text("J$FpnYnP")), category="AUTHENTICATION"
    )
    assert filled.body == "*J$FpnYnP* is your verification code. For your security, do not share this code."
    assert (filled.footer, filled.otp_code) == ("This code expires in 10 minutes.", "J$FpnYnP")
    assert filled.buttons[0]["text"] == "Copy code"


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        ([], (131008, "buttons: Button at index 0 of type Url requires a parameter")),
        (
            [button("copy_code", 0, {"type": "coupon_code", "coupon_code": "1"})],
            (132018, "buttons: Button at index 0 must be of type Url"),
        ),
    ],
)
def test_one_time_password_button(sent: list[Any], expected: tuple[int, str]) -> None:
    """The button of a one-time password is filled as an address."""
    found = code_and_details(AUTHENTICATION, part("body", text("1")), *sent, category="AUTHENTICATION")
    assert found == expected


def test_long_password() -> None:
    """A one-time password has fifteen characters at most."""
    found = code_and_details(
        AUTHENTICATION, part("body", text("1" * 16)), button("url", 0, text("1" * 16)), category="AUTHENTICATION"
    )
    details = "template parameter at index 0 exceeds the maximum length in the AUTHENTICATION category (15 characters)."
    assert found == (132018, details)


# ---- lengths


@pytest.mark.parametrize(
    ("template", "components"),
    [
        ([BODY, {"type": "FOOTER", "text": "x"}], [part("body", text("x" * 1020), text("y"))]),
        ([BODY], [part("body", text("x" * 32_768), text("y"))]),
        ([{"type": "HEADER", "format": "TEXT", "text": "On {{1}}"}, PLAIN], [part("header", text("x" * 58))]),
    ],
)
def test_too_long(template: list[Any], components: list[Any]) -> None:
    """A text that is too long with its values is 132005."""
    assert code_and_details(template, *components) == (132005, "Translated text is too long")


def test_body_only() -> None:
    """A template with nothing but a body takes values of 32,768 characters in all."""
    assert len(send([BODY], part("body", text("x" * 32_767), text("y"))).body) > 32_768


# ---- carousels and offers


CARD = {"components": [IMAGE, {"type": "BODY", "text": "Take {{1}} now."}, buttons(QUICK, URL)]}
CAROUSEL = [PLAIN, {"type": "CAROUSEL", "cards": [CARD, CARD]}]


def card(index: int, *left_out: str) -> dict[str, Any]:
    parts = {
        "header": part("header", {"type": "image", "image": {"id": f"m{index}"}}),
        "body": part("body", text(f"thing {index}")),
        "url": button("url", 1, text(f"s{index}")),
    }
    return {"card_index": index, "components": [value for key, value in parts.items() if key not in left_out]}


def carousel(*cards: Any) -> dict[str, Any]:
    return {"type": "carousel", "cards": list(cards)}


def test_carousel() -> None:
    """Each card is filled with its own values, in the order of their indices."""
    filled = send(CAROUSEL, carousel(card(1), card(0)))
    assert [one["body"] for one in filled.cards] == ["Take thing 0 now.", "Take thing 1 now."]
    assert [one["buttons"][1]["url"] for one in filled.cards] == ["https://shop.test/t/s0", "https://shop.test/t/s1"]
    path = "template['components'][0]['cards'][0]['components'][0]['parameters'][0]['image']['id']"
    assert filled.media[0] == {"id": "m1", "kind": "image", "path": path}


@pytest.mark.parametrize(
    ("cards", "code"),
    [
        ([card(0)], 132018),
        ([card(0), card(1), card(2)], 132018),
        ([card(0), card(0)], 100),
        ([card(0), card(7)], 100),
        ([card(0), card(1, "body")], 132000),
    ],
)
def test_bad_cards(cards: list[Any], code: int) -> None:
    """A send has exactly the cards of its template."""
    assert refused(CAROUSEL, carousel(*cards)).code == code


def test_no_cards() -> None:
    """A carousel needs its component; another template takes none."""
    assert refused(CAROUSEL).code == 132018
    assert refused([PLAIN], carousel(card(0), card(1))).code == 132018


@pytest.mark.parametrize(("left_out", "kind"), [("url", "URL"), ("header", "IMAGE")])
def test_missing_card_value(left_out: str, kind: str) -> None:
    """What a card lacks is told by its kind."""
    details = f"Parameter value for {kind} was expected but was not found"
    assert code_and_details(CAROUSEL, carousel(card(0), card(1, left_out))) == (100, details)


def test_product_cards() -> None:
    """A product carousel is made with two cards and sent with up to ten."""
    one = {"components": [{"type": "HEADER", "format": "PRODUCT"}, buttons({"type": "SPM", "text": "View"})]}
    product = {"type": "product", "product": {"product_retailer_id": "p", "catalog_id": "c"}}
    cards = [{"card_index": index, "components": [part("header", product)]} for index in range(10)]
    assert len(send([PLAIN, {"type": "CAROUSEL", "cards": [one, one]}], carousel(*cards)).cards) == 10


OFFER = [
    {"type": "LIMITED_TIME_OFFER", "limited_time_offer": {"text": "Soon over", "has_expiration": True}},
    PLAIN,
    buttons(CODE, STATIC),
]
COUPON = button("copy_code", 0, {"type": "coupon_code", "coupon_code": "A1"})


def expires(value: Any) -> dict[str, Any]:
    return part(
        "limited_time_offer", {"type": "limited_time_offer", "limited_time_offer": {"expiration_time_ms": value}}
    )


def test_offer() -> None:
    """An offer says when it expires."""
    filled = send(OFFER, expires(1_893_456_000_000), COUPON)
    assert filled.offer == {"text": "Soon over", "has_expiration": True, "expiration_time_ms": 1_893_456_000_000}


def test_bad_offers() -> None:
    """An offer without its time, a time without an offer, and a long code are refused."""
    assert refused(OFFER, COUPON).code == 131008
    assert refused(OFFER, expires("soon"), COUPON).code == 100
    assert refused([PLAIN], expires(1)).code == 132018
    long = button("copy_code", 0, {"type": "coupon_code", "coupon_code": "A" * 16})
    assert refused(OFFER, expires(1), long).code == 132018


def test_tap_target() -> None:
    """A tap target is handed on."""
    target = {"type": "tap_target_configuration", "tap_target_configuration": [{"url": "https://x.y", "title": "T"}]}
    assert send([PLAIN], part("tap_target_configuration", target)).tap_target == {"url": "https://x.y", "title": "T"}


def test_order_status() -> None:
    """An order status is handed on."""
    status = {"reference_id": "r", "order": {"status": "shipped"}}
    filled = send([PLAIN], part("order_status", {"type": "order_status", "order_status": status}))
    assert filled.order_status == status
