"""Templates that the strategies make are approved and sent, or refused exactly as they say."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, find, given, settings
from hypothesis import strategies as st

from localwaba_contracts.validate import is_valid
from pytest_localwaba import strategies as wa
from pytest_localwaba.strategies.broken_template_definitions import _SLIPS
from pytest_localwaba.strategies.broken_template_messages import _SEND_SLIPS

quick = settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow], database=None)
unexplained = settings(quick, max_examples=200, phases=[Phase.generate, Phase.shrink])
unshrunk = settings(quick, max_examples=300, phases=[Phase.generate])


def shown(text: str, parameters: list[dict[str, Any]]) -> str:
    """A text with its variables filled in, the plain way."""
    for place, one in enumerate(parameters, 1):
        value = one["text"] if one["type"] == "text" else one[one["type"]]["fallback_value"]
        text = text.replace(f"{{{{{one.get('parameter_name', place)}}}}}", value, 1)
    return text


def body_of(components: list[dict[str, Any]]) -> dict[str, Any]:
    """The body of a definition, of a card, or of their sends."""
    return next((one for one in components if one["type"].upper() == "BODY"), {})


@pytest.mark.parametrize("kind", wa.TEMPLATE_KINDS)
def test_each_kind(stage: Any, kind: str) -> None:
    """Every kind can be asked for alone, is created and sent; the user reads the texts with the values of the send."""

    @settings(quick, max_examples=5)
    @given(pair=wa.templates_with_sends(kind, handles=stage.handles, to="16505551234"))
    def holds(pair: Any) -> None:
        definition, request = pair
        assert is_valid("requests/create_template", definition)
        assert is_valid("requests/messages/template", request)
        assert stage.create(definition).status == 200
        assert stage.send(request).status == 200
        (message,) = stage.platform.control("GET", "users/16505551234/inbox")["messages"]
        sent = request["template"].get("components", [])
        parameters = body_of(sent).get("parameters", [])
        if kind == "code":
            assert parameters[0]["text"] in message["text"]
        else:
            assert message["text"] == shown(body_of(definition["components"])["text"], parameters)
        carousel: list[Any] = next((one["cards"] for one in sent if one["type"] == "carousel"), [])
        cards: list[Any] = next((one["cards"] for one in definition["components"] if one["type"] == "CAROUSEL"), [])
        assert len(message.get("cards", [])) == len(carousel)
        for card, filled, told in zip(cards, carousel, message.get("cards", []), strict=False):
            text = body_of(card["components"]).get("text")
            assert told["body"] == (text and shown(text, body_of(filled["components"]).get("parameters", [])))

    holds()


def test_pins_of_templates() -> None:
    """A name, a language and a category can be pinned; only kinds of that category are made."""

    @settings(quick, max_examples=30)
    @given(found=wa.templates(name="hello", language="de", category="utility"))
    def holds(found: dict[str, Any]) -> None:
        assert (found["name"], found["language"], found["category"]) == ("hello", "de", "UTILITY")
        assert not {one["type"] for one in found["components"]} & {"CAROUSEL", "LIMITED_TIME_OFFER"}

    holds()
    flow = find(wa.templates("flow", flow_ids=["77"]), lambda one: True, settings=unexplained)
    assert flow["components"][-1]["buttons"][0]["flow_id"] == "77"


SEND_SLIPS = {
    "_count": "text", "_absent": "text", "_other_language": "text", "_format": "media", "_misnamed": "named",
    "_pressless": "offer", "_line_break": "text", "_long_header": "text", "_picture_in_body": "text",
    "_nameless": "named", "_addressless": "location", "_endless_offer": "offer", "_other_sub_type": "products",
    "_no_such_button": "buttons", "_long_code": "offer", "_card_lost": "carousel", "_cardless_header": "carousel",
    "_two_values": "offer",
}  # fmt: skip
DEFINITION_SLIPS = {
    "_bad_name": "text", "_bodiless": "text", "_unexplained": "text", "_edge": "text", "_ratio": "text",
    "_gap": "text", "_long_footer": "text", "_long_label": "buttons", "_no_code": "code", "_whatsapp_link": "offer",
    "_sample_name": "text", "_tongue": "text", "_no_sample": "media", "_foreign_sample": "media",
    "_long_heading": "catalog", "_loud_heading": "text", "_variable_footer": "text", "_happy_label": "flow",
    "_labelless": "products", "_many_buttons": "catalog", "_no_phone": "buttons", "_utility_offer": "carousel",
    "_lonely_card": "carousel", "_secret_terms": "code", "_own_words": "code",
    "_two_bodies": "text", "_unknown_key": "text", "_other_example": "text", "_nameless": "text", "_short_life": "text",
}  # fmt: skip


def test_all_slips_are_known() -> None:
    """Each slip that the strategies make is held against the platform below."""
    assert set(SEND_SLIPS) == {slip.__name__ for slip in _SEND_SLIPS}
    assert set(DEFINITION_SLIPS) == {slip.__name__ for slip in _SLIPS}


@pytest.mark.parametrize("slip", _SEND_SLIPS, ids=lambda one: one.__name__)
def test_each_slip_of_a_send(stage: Any, slip: Any) -> None:
    """Each mistake in a send of a template is possible, and is answered as promised."""
    answers: list[tuple[Any, Any]] = []

    def happens(data: st.DataObject) -> bool:
        kind = SEND_SLIPS[slip.__name__]
        definition, request = data.draw(wa.templates_with_sends(kind, handles=stage.handles))
        found = slip(definition, request["template"], data.draw)
        if found is None:
            return False
        assert stage.create(definition).status == 200
        reply = stage.send(request)
        answers.append((wa.MetaError.of(reply.status, reply.body), found[1]))
        return True

    find(st.data(), happens, settings=unshrunk)
    assert answers[0][0] == answers[0][1]


@pytest.mark.parametrize("slip", _SLIPS, ids=lambda one: one.__name__)
def test_each_slip_of_a_definition(stage: Any, slip: Any) -> None:
    """Each mistake in a definition is possible, and is answered as promised."""
    answers: list[tuple[Any, Any]] = []

    def happens(data: st.DataObject) -> bool:
        definition = data.draw(wa.templates(DEFINITION_SLIPS[slip.__name__], handles=stage.handles))
        found = slip(definition, data.draw)
        if found is None:
            return False
        reply = stage.create(definition)
        answers.append((wa.MetaError.of(reply.status, reply.body), found[1]))
        return True

    find(st.data(), happens, settings=unshrunk)
    assert answers[0][0] == answers[0][1]


@settings(quick, max_examples=60)
@given(data=st.data())
def test_broken_sends_of_templates(stage: Any, data: st.DataObject) -> None:
    """Once its template is there, a broken send is refused as promised."""
    one = data.draw(wa.broken_template_sends(handles=stage.handles))
    for definition in one.needs:
        assert stage.create(definition).status == 200
    reply = stage.send(one.request)
    assert wa.MetaError.of(reply.status, reply.body) == one.error, one.what


@pytest.mark.parametrize(
    ("code", "kind"), [(132000, "text"), (132001, "text"), (132012, "media"), (131008, "buttons"), (100, "named")]
)
def test_codes_of_templates(code: int, kind: str) -> None:
    """Each of the errors that are typical of templates is among the promised ones."""
    assert find(wa.broken_template_sends([kind]), lambda one: one.error.code == code, settings=unshrunk)


@settings(quick, max_examples=60)
@given(data=st.data())
def test_broken_templates(stage: Any, data: st.DataObject) -> None:
    """A broken definition is refused as promised, with Meta's subcode and its texts for people."""
    one = data.draw(wa.broken_templates(handles=stage.handles))
    reply = stage.create(one.request)
    assert wa.MetaError.of(reply.status, reply.body) == one.error, one.what


def test_templates_shrink() -> None:
    """The smallest template and its send are the plainest."""
    definition, request = find(wa.templates_with_sends(), lambda one: True, settings=unexplained)
    body = {"type": "BODY", "text": "Hello"}
    assert definition == {"name": "a", "language": "en_US", "category": "UTILITY", "components": [body]}
    assert request["template"] == {"name": "a", "language": {"code": "en_US"}}
    found = find(wa.broken_template_sends(), lambda one: one.error.code == 132000, settings=unexplained)
    assert found.what == "the body gets 1 values and has 0 variables"


def test_slips() -> None:
    """A kind that there is not is an error that names those that there are."""
    with pytest.raises(ValueError, match="no kind of templates 'carrousel': did you mean 'carousel'"):
        wa.templates(["carrousel"])
    with pytest.raises(ValueError, match="no category of templates 'UTILITIES': did you mean 'UTILITY'"):
        wa.templates(category="utilities")
    with pytest.raises(ValueError, match="no template of the kinds 'code' is of category MARKETING"):
        wa.templates("code", category="MARKETING")
    with pytest.raises(ValueError, match="a template's definition has a 'language'; this one has name"):
        wa.template_sends({"name": "hello"})
