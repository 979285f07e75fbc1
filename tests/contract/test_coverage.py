"""Contract coverage: what journals exercised, counted against the catalogues."""

from __future__ import annotations

from typing import Any

import pytest

from localwaba.runtime.coverage import html, shortfall, table
from localwaba_contracts import registry, webhooks
from localwaba_contracts.coverage import (
    PARTS,
    Coverage,
    chosen,
    count,
    is_meant,
    measure,
    percent,
    shape_of,
    units,
    words,
)
from localwaba_contracts.messages import message_contracts


def call(
    n: int = 1, *, status: int = 200, request: Any = None, answer: Any = None, operation: str = "send_message"
) -> dict[str, Any]:
    """A call of the app, as the journal has it."""
    found = {"n": n, "at": 0, "kind": "call", "method": "POST", "path": "/v26.0/1/messages", "status": status}
    return found | {"operation": operation, "request": request, "answer": answer}


def delivery(*changes: tuple[str, Any], state: str = "delivered", n: int = 1) -> list[dict[str, Any]]:
    """A webhook that was queued and what became of it, as the journal has them."""
    body = {"entry": [{"id": "1", "changes": [{"field": field, "value": value} for field, value in changes]}]}
    queued = {"delivery": {"id": "d1", "body": body}}
    tried = {"delivery_id": "d1", "state": state, "attempt": {}}
    return [
        {"n": n, "at": 0, "kind": "event", "event": "DeliveryQueued", "data": queued},
        {"n": n + 1, "at": 0, "kind": "event", "event": "DeliveryAttempted", "data": tried},
    ]


@pytest.mark.parametrize(
    ("request_", "name"),
    [
        ({"type": "text"}, "text"),
        ({"text": {"body": "hi"}}, "text"),
        ({"type": "interactive", "interactive": {"type": "list"}}, "interactive/list"),
        ({"status": "read", "message_id": "x"}, "read"),
        ("messaging_product=whatsapp&type=image&image=%7B%22id%22%3A%221%22%7D", "image"),
        ('type=interactive&interactive={"type":"button"}', "interactive/button"),
    ],
)
def test_send(request_: Any, name: str) -> None:
    """A send that was accepted exercises its type and its operation, as JSON and as a form."""
    assert count([call(request=request_)]) == {f"messages:{name}": 1, "operations:send_message": 1}


def test_refused_send() -> None:
    """A refused send exercises its error code, and neither its type nor its operation."""
    answer = {"error": {"code": 131009, "message": "…"}}
    assert count([call(status=400, request={"type": "text"}, answer=answer)]) == {"errors:131009": 1}
    assert count([call(status=502, request={"type": "text"}, answer="<html>")]) == {}


def test_other_calls() -> None:
    """A call that is no send exercises its operation; one that is no operation nothing."""
    assert count([call(operation="get_media"), call(2, operation="")]) == {"operations:get_media": 1}


def test_messages_of_users() -> None:
    """A webhook with messages exercises their types, with the type within, and the members that only some have."""
    value = webhooks.variants()["button_reply"].filled()
    assert count(delivery(("messages", value))) == {
        "webhooks:messages/interactive/button_reply": 1,
        "webhooks:messages/with/context": 1,
    }


def test_statuses() -> None:
    """A webhook with statuses exercises them and the codes that they carry."""
    value = webhooks.variants()["failed"].filled()
    code = value["statuses"][0]["errors"][0]["code"]
    assert count(delivery(("messages", value))) == {"statuses:failed": 1, f"errors:{code}": 1}
    assert count(delivery(("messages", webhooks.variants()["payment_captured"].filled()))) == {
        "statuses:payment/captured": 1
    }


def test_batch() -> None:
    """Every change of a webhook counts."""
    sent, read = webhooks.variants()["sent"].filled(), webhooks.variants()["read"].filled()
    assert count(delivery(("messages", sent), ("messages", read))) == {"statuses:sent": 1, "statuses:read": 1}


@pytest.mark.parametrize("state", ["pending", "abandoned"])
def test_webhook_that_was_not_taken(state: str) -> None:
    """A webhook that the app has not answered with 200 exercises nothing."""
    assert count(delivery(("messages", webhooks.variants()["text"].filled()), state=state)) == {}


def test_webhook_without_sense() -> None:
    """What a fault has made of a webhook is no reason to stop counting."""
    entries = delivery(("messages", {"messages": ["x", {"type": None, "context": "y"}], "statuses": 3}))
    assert count(entries) == {"webhooks:messages/None": 1, "webhooks:messages/with/context": 1}
    entries[0]["data"]["delivery"]["body"] = "{truncated"
    assert count(entries) == {}


def test_dropped() -> None:
    """Entries that the journal no longer had are counted as such."""
    assert count([call(8, operation="get_media")])["dropped"] == 7
    assert "dropped" not in count([call(8)], after=7)
    assert measure(count([call(8)])).dropped == 7


def test_universe() -> None:
    """The units are those of the catalogues, each once, and every sample of a webhook is one of them."""
    keys = [unit.key for unit in units()]
    assert len(keys) == len(set(keys))
    assert {unit.part for unit in units()} == set(PARTS)
    names = {part: {unit.name for unit in units() if unit.part == part} for part in PARTS}
    assert names["errors"] == {str(row.code) for row in registry.errors() if not row.retired}
    assert {"text", "template", "interactive/button", "read"} < names["messages"]
    assert {f"requests/messages/{name}" for name in names["messages"]} < set(message_contracts())
    rows = {row.operation for row in registry.routes() if row.status == "imitated"}
    assert names["operations"] == rows - {"receive_webhook"}
    for sample in webhooks.samples():
        assert shape_of(sample.field, sample.value) in names["webhooks"], (sample.field, sample.variant)
    for sample in webhooks.variants().values():
        for key in count(delivery(("messages", sample.filled()))):
            part, _, name = key.partition(":")
            assert name in names[part] or part == "errors", sample.name  # an older one has a code of its own


def test_variants_are_told_apart() -> None:
    """The samples of nearly all variants of the fields are taken for what they are."""
    found = webhooks.samples()
    wrong = [one.variant for one in found if shape_of(one.field, one.value) != f"{one.field}/{one.variant}"]
    assert wrong == ["unlimited", "tier", "time as a number"]  # these differ by a number only
    other = shape_of("account_update", {"event": "NEW_EVENT", "something": {"else": 1}})
    assert other == "account_update"


def test_common() -> None:
    """Unless asked, only what typical apps meet counts."""
    parts = {part.name: {one.unit.name for one in part.units} for part in measure({}).parts}
    assert parts["statuses"] == {"sent", "delivered", "read", "failed"}
    assert {"messages/text", "messages/button", "messages/unsupported"} < parts["webhooks"]
    assert {name.partition("/")[0] for name in parts["webhooks"]} == {"messages"}
    assert not any("with/" in name for name in parts["webhooks"])
    assert {"131047", "190", "132001"} < parts["errors"]
    assert parts["errors"] == {str(row.code) for row in registry.errors() if row.common}
    assert "operations" not in parts


def test_wide() -> None:
    """`all-` makes a part wide, and the wider of two words wins; a word that is none is refused."""
    assert chosen(["errors", "all-errors"]) == chosen(["all-errors", "errors"]) == {"errors": True}
    assert chosen(["all"]) == dict.fromkeys(PARTS, True)
    assert list(chosen(["statuses", "messages"])) == ["messages", "statuses"]
    assert all(chosen([word]) for word in words())
    assert measure({}, ["all"]).total == len(units())
    with pytest.raises(KeyError):
        chosen(["all-messages"])


def test_measure() -> None:
    """A unit counts once however often it was met; what is not asked for stands beyond, strangers too."""
    counts = {"statuses:sent": 5, "statuses:read": 1, "statuses:played": 2, "statuses:odd": 1, "errors:131047": 1}
    found = measure(counts, ["statuses"])
    (part,) = found.parts
    assert (part.covered, part.missing) == (2, ("delivered", "failed"))
    assert {one.unit.name: one.count for one in part.beyond} == {"played": 2, "odd": 1}
    assert (found.covered, found.total) == (2, 4)
    wide = measure(counts, ["all-statuses"]).parts[0]
    assert (wide.covered, [one.unit.name for one in wide.beyond]) == (3, ["odd"])


def test_ignore() -> None:
    """Patterns take units out of a part, by name or with their part before it."""
    (part,) = measure({"statuses:read": 1}, ["statuses"], ["statuses:re*", "failed"]).parts
    assert [one.unit.name for one in part.units] == ["sent", "delivered"]
    assert [one.unit.name for one in part.beyond] == ["read"]
    assert not is_meant("errors:sent", part.units[0].unit)


def test_percent_is_never_rounded_up() -> None:
    """100 % is all, nothing less."""
    assert (percent(9999, 10000), percent(3, 3), percent(0, 7), percent(2, 3)) == (99.9, 100.0, 0.0, 66.6)


def statuses(*names: str) -> Coverage:
    return measure({f"statuses:{name}": 1 for name in names}, ["statuses"])


def test_shortfall() -> None:
    """What is required is held against the exact share, and told in one line."""
    assert shortfall(statuses("sent", "read", "failed"), 75) == ""
    text = "contract coverage is 75.0% (3 of 4), less than the required 75.5%"
    assert shortfall(statuses("sent", "read", "failed"), 75.5) == text


def test_table() -> None:
    """A line for each part and for all of it, then what is missing, in lines that fit."""
    lines = table(statuses("sent"), with_missing=True, width=24)
    assert lines == [
        "statuses     1 of 4     25.0%  statuses that the app was told",
        "total        1 of 4     25.0%",
        "missing statuses:",
        "  delivered, read,",
        "  failed",
    ]


def test_page() -> None:
    """The page tells what is required if there is less, and escapes what came over the wire."""
    found = measure({"statuses:<script>": 1, "statuses:sent": 1}, ["statuses"])
    page = html(found, 50)
    assert '<header class="failed"><h1>25.0% of the contracts</h1>' in page
    assert "1 of 4 were exercised, 50% are required" in page
    assert "<script>" not in page
    assert "&lt;script&gt;" in page
    assert '<header class="passed">' in html(found, 25)
