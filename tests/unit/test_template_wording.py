"""Headers, bodies and footers at creation: fields, formats, variables, media samples."""

from __future__ import annotations

from typing import Any

import pytest

from localwaba.domain.errors import Refusal, Refused
from localwaba.domain.template_creation import check_creation
from localwaba.domain.template_values import TemplateDraft, TemplatePolicy

GOOD = {"type": "BODY", "text": "Your order is on its way."}
HANDLE = "4::aW1hZ2UvanBlZw==:ARZsample:e:1681000441:634974688087057:100089620928913:ARbB4l0"


def create(*components: Any, policy: TemplatePolicy | None = None, **more: Any) -> TemplateDraft:
    top: dict[str, Any] = {"name": "n", "language": "en_US", "category": "MARKETING", "components": list(components)}
    handle_ok = more.pop("handle_ok", None)
    return check_creation(top | more, [], 0, policy or TemplatePolicy(), handle_ok=handle_ok)


def refusal(*components: Any, **more: Any) -> Refusal:
    with pytest.raises(Refused) as caught:
        create(*components, **more)
    return caught.value.refusal


def body(text: str, *examples: str) -> dict[str, Any]:
    return {"type": "BODY", "text": text} | ({"example": {"body_text": [list(examples)]}} if examples else {})


def header(**fields: Any) -> dict[str, Any]:
    return {"type": "HEADER"} | fields


# ---- the body's text


@pytest.mark.parametrize(
    ("text", "count", "subcode"),
    [
        ("One\n\n\ntwo", 0, 2388072),
        ("{{1}}", 1, 2388072),
        ("{{1}} {{2}}", 2, 2388072),
        ("Look " + "🎉" * 11, 0, 2388072),
        ("Hello {{2}}, we are happy to see you.", 1, 2388072),
        ("Hello {{0}}, we are happy to see you.", 1, 2388072),
        ("Hello {{name}}, we are happy to see you.", 1, 2388072),
        ("Hello {{1}, we are happy to see you.", 0, 2388072),
        ("Hello {{1}}}}, we are happy to see you.", 1, 2388072),
        ("Update about your {{1}} shift: {{2}}", 2, 2388293),
        ("Reminder: your {{1}} shift at {{2}} is on {{3}} at {{4}}.", 4, 2388293),
        ("{{1}}, we are very happy to see you today.", 1, 2388299),
        ("We are very happy to see you, {{1}}", 1, 2388299),
        ("We are very happy to see you, {{1}}.", 1, 2388299),
        ("*{{1}}* is waiting for you at our counter.", 1, 2388299),
        ("x" * 1025, 0, 2388040),
    ],
)
def test_bad_body(text: str, count: int, subcode: int) -> None:
    """A body that breaks one rule of its text gets the subcode of that rule."""
    found = refusal(body(text, *["sample"] * count))
    assert (found.code, found.subcode) == (100, subcode)


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("One\n\ntwo", 0),
        ("Look " + "🎉" * 10, 0),
        ("Families 👨‍👩‍👧👨‍👩‍👧👨‍👩‍👧👨‍👩‍👧 and flags 🇩🇪🇫🇷🇪🇸🇮🇹 count once", 0),
        ("x" * 1024, 0),
        ("Shop now through {{1}} and use code {{2}} to get {{3}} off of all merchandise.", 3),
        ("Dear {{1}}, thank you so much, dear {{1}}, for this.", 1),
        ("您好{{1}},您的订单{{2}}已经发货", 2),
    ],
)
def test_good_body(text: str, count: int) -> None:
    """A body within the rules passes, and no review will reject it."""
    draft = create(body(text, *["sample"] * count))
    assert (draft.components[0]["text"], draft.rejected_reason) == (text, None)


def test_body_limit() -> None:
    """The limit of bodies is a knob, told with its number."""
    found = refusal(body("x" * 551), policy=TemplatePolicy(body_limit=550))
    assert (found.subcode, found.values) == (2388040, {"field": "body", "limit": "550"})


def test_ratio_can_be_off() -> None:
    """Without the ratio rule, a body of few words passes."""
    draft = create(body("Hi {{1}} {{2}} you", "a", "b"), policy=TemplatePolicy(variable_ratio=False))
    assert draft.category == "MARKETING"


def test_punctuation_can_count() -> None:
    """With the lenient reading a full stop after the last variable is enough."""
    policy = TemplatePolicy(strict_trailing_variable=False)
    assert create(body("We are very happy to see you, {{1}}.", "Ana"), policy=policy).rejected_reason is None
    assert refusal(body("We are very happy to see you, {{1}}", "Ana"), policy=policy).subcode == 2388299


def test_named_body() -> None:
    """Named variables take their examples by name, in any order."""
    text = "Hi {{name}}, your order {{order_id}} is on its way to you."
    named = [{"param_name": "order_id", "example": "A-1"}, {"param_name": "name", "example": "Ana"}]
    component = {"type": "BODY", "text": text, "example": {"body_text_named_params": named}}
    assert create(component, parameter_format="named").parameter_format == "NAMED"


@pytest.mark.parametrize("text", ["Hi {{Name}}, how are you", "Hi {{1}}, how are you", "A {{n}} b c d e f g {{n}} h"])
def test_bad_names(text: str) -> None:
    """Names are lower-case letters and underscores, each used once."""
    name = text.split("{{")[1].split("}}")[0]
    example = {"body_text_named_params": [{"param_name": name, "example": "x"}]}
    component = {"type": "BODY", "text": text, "example": example}
    assert refusal(component, parameter_format="NAMED").subcode == 2388072


def test_unknown_parameter_format() -> None:
    """A parameter format outside the enum is refused."""
    found = refusal(GOOD, parameter_format="MIXED")
    assert found.message == 'Param parameter_format must be one of {NAMED, POSITIONAL} - got "MIXED".'


# ---- examples and fields


@pytest.mark.parametrize(
    ("component", "kind", "fields"),
    [
        ({"type": "BODY", "text": "Hello {{1}}, nice to see you"}, "BODY", "example"),
        (body("Hello {{1}}, nice to see you", "a", "b"), "BODY", "example"),
        (body("Hello {{1}}, nice {{2}} to see you", "a"), "BODY", "example"),
        (body("Hello you", "a"), "BODY", "example"),
        ({"type": "BODY"}, "BODY", "text"),
        (header(format="TEXT"), "HEADER", "text"),
        (header(text="Hi"), "HEADER", "format"),
        (header(format="TEXT", text="Hi {{1}} there"), "HEADER", "example"),
        (header(format="TEXT", text="Hi", example={"header_text": ["x"]}), "HEADER", "example"),
        ({"type": "FOOTER"}, "FOOTER", "text"),
        ({"type": "BUTTONS", "buttons": []}, "BUTTONS", "buttons"),
    ],
)
def test_missing_fields(component: dict[str, Any], kind: str, fields: str) -> None:
    """A component without what it needs, or with examples that do not fit, is 2388043 and named."""
    found = refusal(*([component] if component["type"] == "BODY" else [component, GOOD]))
    assert (found.code, found.subcode) == (100, 2388043)
    assert found.values == {"component": kind, "fields": fields}


def test_no_body() -> None:
    """A template without a body lacks the body's text."""
    found = refusal(header(format="TEXT", text="Hi"))
    assert (found.subcode, found.values) == (2388043, {"component": "BODY", "fields": "text"})


@pytest.mark.parametrize(
    ("component", "fields"),
    [
        (GOOD | {"add_security_recommendation": True}, "add_security_recommendation"),
        ({"type": "FOOTER", "text": "x", "code_expiration_minutes": 5}, "code_expiration_minutes"),
        (header(format="IMAGE", text="x", example={"header_handle": [HANDLE]}), "text"),
    ],
)
def test_unexpected_fields(component: dict[str, Any], fields: str) -> None:
    """A component with a field of another kind is 2388042 and named."""
    found = refusal(*([component] if component["type"] == "BODY" else [component, GOOD]))
    assert (found.subcode, found.values["fields"]) == (2388042, fields)


def test_flat_examples() -> None:
    """Examples of a body may come flat; they are stored nested, as they are read back."""
    component = {"type": "body", "text": "Hello {{1}}, nice to see you", "example": {"body_text": ["Ana"]}}
    assert create(component).components == [
        {"type": "BODY", "text": "Hello {{1}}, nice to see you", "example": {"body_text": [["Ana"]]}}
    ]


def test_fields_before_format() -> None:
    """A missing example is told before a bad format, the format before the ratio, the ratio before the edge."""
    assert refusal({"type": "BODY", "text": "{{1}}"}).subcode == 2388043
    assert refusal(body("{{1}}", "a")).subcode == 2388072
    assert refusal(body("Hi {{1}}", "a")).subcode == 2388293


# ---- Graph's grammar


@pytest.mark.parametrize(
    ("components", "message"),
    [
        ("BODY", "Param components must be an array."),
        (["BODY"], "Param components[0] must be an object."),
        ([{"text": "x"}], "The parameter components[0]['type'] is required."),
        ([GOOD | {"text": 5}], "Param components[0]['text'] must be a string."),
        ([GOOD | {"tekst": 5}], 'Unexpected key "tekst" on param "components[0]".'),
        ([{"type": "BUTTONS", "buttons": {}}], "Param components[0]['buttons'] must be an array."),
        (
            [{"type": "TAIL"}],
            "Param components[0]['type'] must be one of {BODY, BUTTONS, CALL_PERMISSION_REQUEST, CAROUSEL, FOOTER, "
            'HEADER, LIMITED_TIME_OFFER} - got "TAIL".',
        ),
        (
            [{"type": "HEADER", "format": "AUDIO"}],
            "Param components[0]['format'] must be one of {DOCUMENT, GIF, IMAGE, LOCATION, PRODUCT, TEXT, VIDEO} - got "
            '"AUDIO".',
        ),
    ],
)
def test_grammar(components: Any, message: str) -> None:
    """The shape of components is judged in Graph's words, with the path of what is wrong."""
    with pytest.raises(Refused) as caught:
        create(components=components)
    assert (caught.value.refusal.code, caught.value.refusal.message) == (100, message)


def test_twice_the_same() -> None:
    """Two components of one type are a plain invalid parameter."""
    found = refusal(GOOD, GOOD)
    assert (found.code, found.subcode, found.message) == (100, None, None)


def test_unknown_keys_can_pass() -> None:
    """Unknown keys inside components pass where the policy says so."""
    draft = create(GOOD | {"novelty": 1}, policy=TemplatePolicy(unknown_keys=False))
    assert draft.components[0]["novelty"] == 1


# ---- header and footer


@pytest.mark.parametrize(
    ("text", "examples", "subcode"),
    [
        ("x" * 61, [], 2388040),
        ("Two\nlines", [], 2388047),
        ("A *bold* one", [], 2388047),
        ("Sale 🎉", [], 2388047),
        ("From {{2}} on", ["x"], 2388047),
    ],
)
def test_bad_header(text: str, examples: list[str], subcode: int) -> None:
    """A text header is short and plain."""
    example = {"example": {"header_text": examples}} if examples else {}
    assert refusal(header(format="TEXT", text=text, **example), GOOD).subcode == subcode


def test_header_with_two_variables() -> None:
    """A text header has one variable at most."""
    component = header(format="TEXT", text="From {{1}} to {{2}} now", example={"header_text": ["a", "b"]})
    assert refusal(component, GOOD).subcode == 2388047


def test_header_subcode_is_a_knob() -> None:
    """The subcode of header formats is either of the two that were seen."""
    policy = TemplatePolicy(header_format_subcode=2388072)
    assert refusal(header(format="TEXT", text="A *bold* one"), GOOD, policy=policy).subcode == 2388072


@pytest.mark.parametrize("text", ["Our {{1}} is on!", "Forget something {{1}}?", "Hi {{1}}"])
def test_header_variable_at_the_edge(text: str) -> None:
    """Headers may begin and end with a variable, as Meta's own samples do, unless the policy forbids it."""
    component = header(format="TEXT", text=text, example={"header_text": ["Summer Sale"]})
    assert create(component, GOOD).components[0]["text"] == text
    if not text.endswith("on!"):
        assert refusal(component, GOOD, policy=TemplatePolicy(header_variable_edges=True)).subcode == 2388299


def test_named_header() -> None:
    """A named header variable keeps its underscores."""
    example = {"header_text_named_params": [{"param_name": "sale_name", "example": "Summer"}]}
    component = header(format="TEXT", text="Our {{sale_name}} is on!", example=example)
    assert create(component, GOOD, parameter_format="NAMED").components[0]["text"] == "Our {{sale_name}} is on!"


@pytest.mark.parametrize(
    ("text", "subcode"), [("x" * 61, 2388040), ("Two\nlines", 2388073), ("Bye 👋", 2388073), ("Bye {{1}} now", 2388073)]
)
def test_bad_footer(text: str, subcode: int) -> None:
    """A footer is short, without variables, new lines and emojis."""
    assert refusal(GOOD, {"type": "FOOTER", "text": text}).subcode == subcode


@pytest.mark.parametrize("kind", ["IMAGE", "VIDEO", "DOCUMENT", "GIF"])
def test_media_header(kind: str) -> None:
    """A media header has an uploaded sample."""
    component = header(format=kind.lower(), example={"header_handle": [HANDLE]})
    assert create(component, GOOD).components[0]["format"] == kind


@pytest.mark.parametrize(
    "example",
    [None, {}, {"header_handle": []}, {"header_handle": ["https://x.y/z.jpg"]}, {"header_url": ["https://x.y/z.jpg"]}],
)
def test_media_header_without_sample(example: Any) -> None:
    """A media header without a handle, or with an address instead, is 2388273 and says the format."""
    found = refusal(header(format="IMAGE", example=example), GOOD)
    assert (found.code, found.subcode, found.values["component"]) == (100, 2388273, "IMAGE")


def test_malformed_handle() -> None:
    """What is no handle, a media id for example, is 131009 with subcode 2494102."""
    found = refusal(header(format="IMAGE", example={"header_handle": ["1013859600285441"]}), GOOD)
    assert (found.code, found.subcode) == (131009, 2494102)


def test_handle_of_nobody() -> None:
    """A handle that the caller does not know is refused like a malformed one."""
    component = header(format="IMAGE", example={"header_handle": [HANDLE]})
    assert refusal(component, GOOD, handle_ok=lambda handle, kind: False).subcode == 2494102
    assert create(component, GOOD, handle_ok=lambda handle, kind: kind == "IMAGE").components[0]["format"] == "IMAGE"


# ---- what only the review finds


def test_adjacent_variables() -> None:
    """Variables beside each other are accepted, and rejected by the review with reason and recommendation."""
    draft = create(body("Hello our dear friend {{1}}{{2}} welcome to us all.", "a", "b"))
    assert draft.rejected_reason == "INVALID_FORMAT"
    assert draft.rejection_info is not None
    assert draft.rejection_info["reason"].startswith("Your template has parameters placed next to each other")
    assert draft.rejection_info["recommendation"].startswith("Separate parameters with descriptive text")


@pytest.mark.parametrize("variable", ["{{#1}}", "{{$name}}", "{{50%}}"])
def test_special_characters_in_variables(variable: str) -> None:
    """Special characters inside a variable are accepted, and rejected by the review."""
    draft = create(body(f"Hello our dear friend {variable} welcome to us all.", "a"))
    assert draft.rejected_reason == "INVALID_FORMAT"
