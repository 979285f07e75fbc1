"""Recorded traffic is held against the contracts: what keeps them passes, what breaks one is named with its place."""

from __future__ import annotations

import copy
import json
from typing import Any

import msgspec
import pytest
from openapi_spec_validator import validate

from localwaba import Emulator
from localwaba.versions.table import ROWS
from localwaba_contracts import names, routes
from localwaba_contracts.differences import Difference, compare, differences
from localwaba_contracts.journals import Unreadable
from localwaba_contracts.openapi import document
from localwaba_contracts.paths import take_apart
from localwaba_contracts.traffic import Call, judge_call, judge_document, judge_value, judge_webhook

SEND = {"messaging_product": "whatsapp", "to": "16505551234", "type": "text", "text": {"body": "Hello"}}
SENT = {
    "messaging_product": "whatsapp",
    "contacts": [{"input": "16505551234", "wa_id": "16505551234"}],
    "messages": [{"id": "wamid.HBgLMTY1MDU1NTEyMzQVAgARGBI2QjgxQjE2RTkzNzI3M0ZDOTIA"}],
}
PATH = "/v26.0/106540352242922/messages"
REFUSED = {
    "error": {"message": "(#100) Invalid parameter", "type": "OAuthException", "code": 100, "fbtrace_id": "A" * 23}
}


def webhook(field: str, value: Any) -> dict[str, Any]:
    entry = {"id": "102290129340398", "changes": [{"value": value, "field": field}]}
    return {"object": "whatsapp_business_account", "entry": [entry]}


def har(*entries: dict[str, Any]) -> dict[str, Any]:
    return {"log": {"version": "1.2", "creator": {"name": "x", "version": "1"}, "entries": list(entries)}}


def entry(body: Any, answer: Any = SENT, *, url: str = f"https://graph.facebook.com{PATH}", status: int = 200) -> Any:
    posted = {"mimeType": "application/json", "text": json.dumps(body)}
    request = {"method": "POST", "url": url, "postData": posted}
    return {"request": request, "response": {"status": status, "content": {"text": json.dumps(answer)}}}


def problems(verdicts: list[Any]) -> list[tuple[str, str, str]]:
    """Where, which contract and which member, of what is broken."""
    return [(one.where, one.contract, one.problem.path) for one in verdicts if one.problem is not None]


@pytest.mark.parametrize("typing", [{}, {"typing_indicator": {"type": "text"}}])
def test_a_message_that_is_marked_as_read(typing: dict[str, Any]) -> None:
    """Marking a message as read is answered by a success, not by the id of a message, and nothing else will do."""
    read = {"messaging_product": "whatsapp", "status": "read", "message_id": SENT["messages"][0]["id"]} | typing
    for operation in ("", "send_message"):
        call = Call(where="", method="POST", path=PATH, request=read, answer={"success": True}, operation=operation)
        verdicts = judge_call(call)
        assert [(one.part, one.contract) for one in verdicts] == [
            ("request", "requests/messages/read"),
            ("answer", "answers/success"),
        ]
        assert problems(verdicts) == []
        assert problems(judge_call(msgspec.structs.replace(call, answer=SENT)))


def test_a_call_that_keeps_its_contracts() -> None:
    """A send and its answer are judged apart, each by a contract of its own, and both pass."""
    verdicts = judge_call(Call(where="", method="POST", path=PATH, request=SEND, answer=SENT))
    assert [(one.part, one.contract, one.problem) for one in verdicts] == [
        ("request", "requests/messages/text", None),
        ("answer", "answers/send_message", None),
    ]


def test_a_send_that_breaks_its_contract() -> None:
    """The member is named, with what was expected and the nearest fix."""
    call = Call(where="1: ", method="POST", path=PATH, request=SEND | {"text": {"bdy": "Hello"}})
    (found,) = judge_call(call)
    assert found.where == f"1: POST {PATH}"
    assert found.problem is not None
    assert (found.problem.code, found.problem.path, found.problem.fix) == (100, "text['body']", "rename bdy to body")


def test_an_answer_that_breaks_its_contract() -> None:
    """What a mock answers instead of Meta is found out, success and error alike."""
    wrong = judge_call(Call(where="", method="POST", path=PATH, request=SEND, answer={"ok": True}))
    assert [one.part for one in wrong if one.problem] == ["answer"]
    refused = Call(where="", method="POST", path=PATH, request=SEND, status=400, answer=REFUSED)
    assert problems(judge_call(refused)) == []
    broken = Call(where="", method="POST", path=PATH, request=SEND, status=400, answer={"error": "no"})
    assert problems(judge_call(broken)) == [(f"POST {PATH}", "answers/error", "error")]


def test_a_node_of_unknown_kind() -> None:
    """Where the path does not say what a node is, any contract of the edge will do."""
    edit = {"name": "x"}  # an update of a flow; a template or a number would be refused
    assert problems(judge_call(Call(where="", method="POST", path="/v26.0/123", request=edit))) == []


def test_a_node_of_known_kind() -> None:
    """Where somebody knows what the call was, only that operation's contracts do: a journal does, and so may a HAR."""
    wrong = {"id": "1", "quality_rating": "PURPLE"}
    call = Call(where="", method="GET", path="/v26.0/1", answer=wrong)
    assert problems(judge_call(call)) == []
    broken = [("GET /v26.0/1", "answers/phone_number", "quality_rating")]
    assert problems(judge_call(msgspec.structs.replace(call, operation="get_phone_number"))) == broken
    noted = {"n": 1, "kind": "call", "method": "GET", "path": "/v26.0/1", "status": 200, "answer": wrong}
    journal = [noted | {"operation": "get_phone_number"}]
    assert [one[1:] for one in problems(judge_document("x", journal))] == [one[1:] for one in broken]
    read = entry({}, wrong, url="https://graph.facebook.com/v26.0/1")
    read["request"] = {"method": "GET", "url": read["request"]["url"]}
    send = entry(SEND, url="https://graph.facebook.com/v26.0/1/messages")
    assert [one[1:] for one in problems(judge_document("x", har(read, send)))] == [one[1:] for one in broken]


def test_a_deeper_edge() -> None:
    """An edge with an id in it is known by its pattern."""
    known = judge_call(Call(where="", method="DELETE", path="/v26.0/1/message_qrdls/ABC", answer={}))
    assert "path" not in [one.part for one in known]
    (deeper,) = judge_call(Call(where="", method="DELETE", path="/v26.0/1/message_qrdls/ABC/D", answer={}))
    assert deeper.part == "path"


def test_a_path_that_nobody_knows() -> None:
    """It is said that no contract is known; nothing is refused for being new."""
    (found,) = judge_call(Call(where="", method="POST", path="/v26.0/1/telepathy", request={}))
    assert (found.part, found.contract, found.problem) == ("path", "", None)


PATHS = {
    "/v26.0/1/messages": ("v26.0", "1", "messages"),
    "/1/messages/": ("", "1", "messages"),
    "/v26.0/1": ("v26.0", "1", ""),
    "/v26.0/oauth/access_token": ("v26.0", "", "oauth/access_token"),
    "/debug_token?input_token=x": ("", "", "debug_token"),
    "https://graph.facebook.com/v21.0/1/media": ("v21.0", "1", "media"),
    "/": ("", "", ""),
}


@pytest.mark.parametrize("path", PATHS)
def test_paths(path: str) -> None:
    """A path or URL falls apart into version, node and edge."""
    assert take_apart(path) == PATHS[path]


def test_har() -> None:
    """Each entry of a HAR is judged, form posts and webhooks too, and the entry is named."""
    form = entry(SEND)
    pairs = [
        {"name": name, "value": json.dumps(value) if isinstance(value, dict) else value} for name, value in SEND.items()
    ]
    form["request"]["postData"] = {"mimeType": "application/x-www-form-urlencoded", "params": pairs}
    told = entry(webhook("messages", {}), answer="", url="http://localhost:8000/webhook")
    found = judge_document("x.har", har(entry(SEND), entry(SEND | {"to": 1}), form, told))
    assert problems(found) == [
        (f"entry 1: POST {PATH}", "requests/messages/text", "to"),
        (
            "entry 3: POST http://localhost:8000/webhook entry[0].changes[0] (messages)",
            "webhooks/messages",
            "",
        ),
    ]
    assert sum(one.problem is None for one in found) == 5


def test_webhooks() -> None:
    """The envelope is judged first, then each change by the contract of its field; unknown fields are left alone."""
    security = webhook("security", {"display_phone_number": "15550783881", "event": "PIN_CHANGED"})
    assert problems(judge_webhook("w", security)) == []
    assert problems(judge_webhook("w", {"object": "page", "entry": []}))[0][1] == "webhooks/envelope"
    (found,) = judge_webhook("w", webhook("field_of_tomorrow", {"x": 1}))
    assert (found.contract, found.problem) == ("", None)


def test_what_the_emulator_does_keeps_its_contracts() -> None:
    """The journal of a session, calls, answers and webhooks, passes as a whole; so does the list of webhooks."""
    with Emulator(clock_mode="frozen", clock_now="1767268800") as emulator:
        world = emulator.world
        ada = world.user("Ada")
        ada.sends("hi")
        world.link.graph("POST", f"/v26.0/{world.phone_number_id}/messages", SEND | {"to": ada.wa_id})
        world.link.graph("GET", f"/v26.0/{world.phone_number_id}/message_templates")
        world.link.graph("GET", f"/v26.0/{world.waba_id}/phone_numbers")
        world.advance(hours=25)
        world.link.graph("POST", f"/v26.0/{world.phone_number_id}/messages", SEND | {"to": ada.wa_id})
        world.settle()
        journal = world.link.call("GET", "journal")
    found = judge_document("journal", journal)
    assert problems(found) == []
    assert {one.part for one in found} == {"request", "answer"}
    assert {one.contract for one in found} >= {"requests/messages/text", "answers/send_message", "answers/error"}
    assert judge_document("journal", journal["entries"]) == found


def test_a_named_contract() -> None:
    """Any value can be held against any contract by its name."""
    assert judge_value("x", "answers/success", {"success": True}).problem is None
    assert judge_value("x", "answers/success", {"success": "yes"}).problem is not None
    with pytest.raises(KeyError):
        judge_value("x", "answers/nothing", {})


@pytest.mark.parametrize("value", [{}, [], "text", 1, None, [1], {"log": {}}, har({"request": {}})])
def test_unreadable(value: Any) -> None:
    """What is no traffic is one clear line."""
    with pytest.raises(Unreadable) as caught:
        judge_document("x.json", value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("version", [min(ROWS), max(ROWS)])
def test_openapi(version: str) -> None:
    """The export of the oldest and of the newest version is valid OpenAPI 3.1, and nothing is left out."""
    found = document(version)
    validate(found)
    operations = [one for path in found["paths"].values() for one in path.values()]
    assert len(operations) == len({(row.method, row.path.partition("?")[0].rstrip("/")) for row in routes()})
    assert set(found["components"]["schemas"]) == {name.replace("/", ".") for name in names()}
    assert {"messages", "security", "account_update"} <= set(found["webhooks"])
    assert references(found) <= targets(found)
    sent = found["paths"][f"/{version}/{{phone_number_id}}/messages"]["post"]["responses"]["200"]
    schema = sent["content"]["application/json"]["schema"]
    answers = [one["$ref"].rpartition("/")[2] for one in schema["anyOf"]]
    assert answers == ["answers.send_message", "answers.success"]


def references(value: Any) -> set[str]:
    if isinstance(value, dict):
        own = {value["$ref"]} if isinstance(value.get("$ref"), str) else set()
        return own.union(*(references(one) for one in value.values()))
    return set().union(*(references(one) for one in value)) if isinstance(value, list) else set()


def targets(value: Any, place: str = "#") -> set[str]:
    found = {place}
    if isinstance(value, dict):
        for key, one in value.items():
            found |= targets(one, f"{place}/{key}")
    return found


def test_differences_of_a_version_to_itself() -> None:
    """Nothing differs between a version and itself."""
    for version in ROWS:
        assert differences(version, version) == []


def test_differences() -> None:
    """What a version changes is told by contract, place and in words; error codes by when they came."""
    found = differences("v23.0", "v24.0")
    assert Difference(subject="errors", place="131059 (Invalid cursor)", what="new") in found
    told = {one.place: one.what for one in found if one.subject == "answers/phone_number"}
    assert told["messaging_limit_tier"].startswith("gone, it was one of TIER_50, TIER_250, ")
    assert told["whatsapp_business_manager_messaging_limit"].startswith("new, one of TIER_50, TIER_250, ")
    refusals = [one for one in differences("v22.0", "v23.0") if one.subject == "requests/messages/template_media"]
    assert [(one.place, one.what) for one in refusals] == [
        ("plain", "refused with 132018, before with 100"),
        ("named", "refused with 132018, before with 100"),
    ]
    (parts,) = {one.subject for one in differences("v20.0", "v21.0")}
    assert parts == "requests/template_parts"


def test_comparing_schemas() -> None:
    """Members, limits and values that came, went or changed are told apart; titles do not count."""
    before = {
        "title": "a",
        "required": ["x"],
        "properties": {"x": {"maxLength": 10}, "title": {"type": "string"}},
    }
    after = copy.deepcopy(before) | {"title": "b", "required": ["x", "y"]}
    after["properties"] = {"x": {"maxLength": 20}, "y": {"enum": ["A"]}}
    assert list(compare(before, after)) == [
        ("required", 'now also: "y"'),
        ("properties.x.maxLength", "10 becomes 20"),
        ("properties.title", "gone, it was a text"),
        ("properties.y", "new, one of A"),
    ]
