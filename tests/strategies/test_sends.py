"""What the strategies of sends make is taken by the platform, or refused exactly as they say."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, find, given, settings
from hypothesis import strategies as st

from localwaba_contracts import schema
from localwaba_contracts.validate import findings, is_valid, message_contract
from pytest_localwaba import strategies as wa
from pytest_localwaba.strategies.breaking import KEYWORDS, breakages
from pytest_localwaba.strategies.broken import CODES

quick = settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow], database=None)
unexplained = settings(quick, max_examples=200, phases=[Phase.generate, Phase.shrink])
unshrunk = settings(quick, max_examples=300, phases=[Phase.generate])
FLOW = "123456789012345"


@quick
@given(request=wa.sends())
def test_sends_are_taken(stage: Any, request: dict[str, Any]) -> None:
    """A send keeps its contract, and the platform takes it."""
    assert is_valid(message_contract(request), request)
    reply = stage.send(request)
    assert reply.status == 200, reply.why


@pytest.mark.parametrize("kind", [one for one in wa.SEND_TYPES if one != "template"])
def test_each_type(stage: Any, kind: str) -> None:
    """Every type can be asked for alone, and only that one comes."""

    @settings(quick, max_examples=5)
    @given(request=wa.sends([kind]))
    def holds(request: dict[str, Any]) -> None:
        assert request.get("type", "text") == kind
        assert stage.send(request).status == 200

    holds()


@pytest.mark.parametrize("kind", wa.INTERACTIVE)
def test_each_interactive_kind(stage: Any, kind: str) -> None:
    """Every kind of interactive message can be asked for alone; a flow keeps its contract, and is only unknown here."""

    @settings(quick, max_examples=6)
    @given(request=wa.sends(["interactive"], interactive=[kind], flow_ids=[FLOW]))
    def holds(request: dict[str, Any]) -> None:
        assert request["interactive"]["type"] == kind
        assert is_valid(message_contract(request), request)
        reply = stage.send(request)
        assert reply.status == 200 or (kind == "flow" and "Flow does not exist" in reply.error["error_data"]["details"])

    holds()


@settings(quick, max_examples=150)
@given(one=wa.broken_sends())
def test_broken_sends_are_refused_as_promised(stage: Any, one: wa.Broken) -> None:
    """The answer of the platform is the promised one: status, code, message, details."""
    reply = stage.send(one.request)
    assert wa.MetaError.of(reply.status, reply.body) == one.error, one.what


@settings(quick, max_examples=40)
@given(data=st.data())
def test_exactly_one_rule_is_broken(data: st.DataObject) -> None:
    """What is broken breaks one rule of the contract; the valid request breaks none."""
    one = data.draw(wa.broken_sends())
    found = findings(message_contract(one.request), one.request)
    beside = one.path in ("to", "recipient", "type") or one.request == {} or "attachment ID" in one.error.message
    assert len(found) == 1 or (len(found) == 0 and beside), one.what


@pytest.mark.parametrize("code", CODES)
def test_codes_can_be_asked_for(stage: Any, code: int) -> None:
    """Each code of the answers can be asked for alone; the platform gives it."""

    @settings(quick, max_examples=8)
    @given(one=wa.broken_sends(codes=code, types=["image", "interactive", "location"]))
    def holds(one: wa.Broken) -> None:
        reply = stage.send(one.request)
        assert wa.MetaError.of(reply.status, reply.body) == one.error, one.what
        assert one.error.code == code

    holds()


def test_broken_read_receipts(stage: Any) -> None:
    """A broken read receipt is refused as promised."""
    told = stage.platform.control("POST", "users/16505551234/messages", {"type": "text", "text": {"body": "hi"}})

    @settings(quick, max_examples=25)
    @given(one=wa.broken_read_receipts([told["message_id"]]))
    def holds(one: wa.Broken) -> None:
        reply = stage.send(one.request)
        assert wa.MetaError.of(reply.status, reply.body) == one.error, one.what

    holds()


def _annotated(contract: str, where: str) -> Any:
    return schema(contract)["properties"]["interactive"]["properties"]["action"]["properties"][where]


def test_promises_are_those_of_the_schema() -> None:
    """The code and the details are those that the schema's author wrote beside the rule."""
    rule = _annotated("requests/messages/interactive/button", "buttons")["x-refusal"]["maxItems"]
    strategy = wa.broken_sends(["interactive"], interactive=["button"])
    found = find(strategy, lambda one: "4 elements" in one.what, settings=unshrunk)
    assert (rule["code"], rule["details"]) == (found.error.code, found.error.details)
    assert found.error.status == 400


@pytest.mark.parametrize("keyword", KEYWORDS)
def test_every_keyword_is_broken_somewhere(keyword: str) -> None:
    """There is no kind of rule that these strategies cannot break."""
    types = {"minProperties": "contacts", "oneOf": "image"}.get(keyword, "interactive")

    def shows(request: dict[str, Any]) -> bool:
        return any(one.keyword == keyword for one in breakages(message_contract(request), request))

    assert find(wa.sends([types]), shows, settings=unshrunk)


@pytest.mark.parametrize(
    ("strategy", "wanted", "expected"),
    [
        (wa.sends(), lambda one: True, {"type": "text", "text": {"body": "hi"}}),
        (wa.sends(["image"]), lambda one: True, {"type": "image", "image": {"link": "https://example.com/a"}}),
        (
            wa.sends(["interactive"], interactive=["button"]),
            lambda one: True,
            {
                "type": "interactive",
                "interactive": {
                    "type": "button",
                    "action": {"buttons": [{"type": "reply", "reply": {"id": "0:0", "title": "A 0"}}]},
                    "body": {"text": "0"},
                },
            },
        ),
    ],
)
def test_sends_shrink(strategy: Any, wanted: Any, expected: Any) -> None:
    """The smallest example is one that a person would have written."""
    found = find(strategy, wanted, settings=unexplained)
    head = {"messaging_product": "whatsapp", "to": "16505551234"}
    assert found == head | expected


def test_broken_sends_shrink() -> None:
    """The smallest broken request is a plain text with one thing wrong."""
    found = find(wa.broken_sends(), lambda one: one.error.code == 100, settings=unexplained)
    assert found.request["text"].get("body", "hi") == "hi"
    assert set(found.request) <= {"messaging_product", "to", "type", "text", "surprise"}


@settings(quick, max_examples=10)
@given(request=wa.read_receipts(["wamid.HZsAAAAA"]))
def test_read_receipts(request: dict[str, Any]) -> None:
    """Read receipts keep their contract."""
    assert is_valid("requests/messages/read", request)


def test_slips() -> None:
    """What there is not is refused at once, with what there is and the nearest of it."""
    with pytest.raises(ValueError, match="no type of messages 'txt': did you mean 'text'\\? There are text, image"):
        wa.sends(["txt"])
    with pytest.raises(ValueError, match="no kind of interactive messages 'buttons': did you mean 'button'"):
        wa.sends(interactive="buttons")
    with pytest.raises(ValueError, match="the kind 'flow' needs flow_ids"):
        wa.sends(["interactive"], interactive=["flow"])
    with pytest.raises(ValueError, match="a template has to exist before it is sent: see templates_with_sends"):
        wa.sends("template")
    with pytest.raises(ValueError, match="no broken send is answered with 131047; there are 100, 131008"):
        wa.broken_sends(codes=131047)
