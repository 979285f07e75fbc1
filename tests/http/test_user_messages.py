"""What users do with messages besides sending them: late arrivals, edits, deletions, payments; and what is refused."""

from __future__ import annotations

from typing import Any

import pytest

USER = "16505551234"
CALLBACK = "http://127.0.0.1:9/webhook"
HELLO = {"type": "text", "text": {"body": "hi"}}


def says(control: Any, message: dict[str, Any] = HELLO) -> str:
    found: str = control.ok("POST", f"users/{USER}/messages", message)["message_id"]
    return found


def does(control: Any, action: str, **options: Any) -> Any:
    return control.ok("POST", f"users/{USER}/actions", {"action": action, **options})


def coexists(control: Any) -> None:
    control.ok("PATCH", f"phone_numbers/{control.host.world.phone_number_id}", {"coexistence": True})


def messages(control: Any) -> list[Any]:
    return [value["messages"][0] for value in control.told("messages") if "messages" in value]


def phone(control: Any) -> list[Any]:
    found: list[Any] = control.ok("GET", f"users/{USER}/inbox")["messages"]
    return found


def test_a_message_that_is_not_available_yet(control: Any) -> None:
    """First comes `unsupported` with 131060, then, with the same id, the message; both are one on the phone."""
    control.subscribe()
    sent = says(control, HELLO | {"unavailable_for": 0.2, "referral": {}})
    (first,) = messages(control)
    assert (first["id"], first["type"], first["errors"][0]["code"]) == (sent, "unsupported", 131060)
    control.ok("POST", "clock/advance", {"seconds": 1})
    _, second = messages(control)
    assert (second["id"], second["text"], second["referral"]["source_type"]) == (sent, {"body": "hi"}, "ad")
    assert [(one["id"], one["text"]) for one in phone(control)] == [(sent, "hi")]


def test_a_file_that_is_not_available_yet(control: Any) -> None:
    """The file of a late message is there when the message is."""
    control.subscribe()
    says(control, {"type": "image", "unavailable_for": 5})
    control.ok("POST", "clock/advance", {"seconds": 5})
    first, second = messages(control)
    assert "image" not in first
    assert second["image"]["id"] in control.host.world.media


def test_an_edit(control: Any) -> None:
    """An edit has an id of its own, names the message, and the phone shows the new text in its place."""
    coexists(control)
    control.subscribe()
    sent = says(control)
    result = does(control, "edit", text="hello")
    edit = messages(control)[-1]
    assert (edit["id"], edit["type"]) == (result["message_id"], "edit")
    assert edit["edit"] == {"original_message_id": sent, "message": {"type": "text", "text": {"body": "hello"}}}
    assert [(one["id"], one["text"]) for one in phone(control)] == [(sent, "hello")]


def test_an_edit_that_the_app_cannot_see(control: Any) -> None:
    """A number of the Cloud API alone gets `unsupported` of the type edit; the phone shows the new text."""
    control.subscribe()
    sent = says(control)
    does(control, "edit", text="hello", message_id=sent)
    told = messages(control)[-1]
    assert (told["type"], told["unsupported"], told["errors"][0]["code"]) == ("unsupported", {"type": "edit"}, 131051)
    assert [(one["id"], one["text"]) for one in phone(control)] == [(sent, "hello")]


def test_a_deletion(control: Any) -> None:
    """A deleted message is gone from the phone, and `revoke` names it."""
    coexists(control)
    control.subscribe()
    sent = says(control)
    does(control, "delete")
    assert messages(control)[-1]["revoke"] == {"original_message_id": sent}
    assert phone(control) == []


def test_a_deletion_that_the_app_is_not_told(control: Any) -> None:
    """A number of the Cloud API alone hears nothing of a deletion."""
    control.subscribe()
    sent = says(control)
    assert does(control, "delete") == {"message_id": None, "original_message_id": sent, "told": False}
    assert [message["id"] for message in messages(control)] == [sent]
    assert phone(control) == []


def test_edits_do_not_open_the_window(control: Any) -> None:
    """The window counts from what was written, not from what was changed later."""
    coexists(control)
    says(control)
    before = control.ok("GET", f"users/{USER}")["chats"][0]["window_until"]
    control.ok("POST", "clock/advance", {"seconds": 600})
    does(control, "edit", text="hello")
    does(control, "delete")
    assert control.ok("GET", f"users/{USER}")["chats"][0]["window_until"] == before


@pytest.mark.parametrize(("action", "seconds", "said"), [("edit", 901, "15 minutes"), ("delete", 172_801, "two days")])
def test_too_late_to_change(control: Any, action: str, seconds: int, said: str) -> None:
    """Edits are possible for 15 minutes, deletions for two days."""
    coexists(control)
    says(control)
    options = {"action": action} | ({"text": "x"} if action == "edit" else {})
    control.ok("POST", "clock/advance", {"seconds": seconds})
    assert said in control.error("POST", f"users/{USER}/actions", options)


def test_a_number_that_is_hidden_does_not_change(control: Any) -> None:
    """Who hides the number is told of by the business-scoped id alone."""
    control.ok("PUT", f"users/{USER}", {"username": "ada", "behaviour": {"phone_visible": False}})
    control.subscribe()
    does(control, "change_number", to="16505559999")
    assert [message["system"]["type"] for message in messages(control)] == ["user_changed_user_id"]
    assert not any(USER in str(message["system"]) for message in messages(control))


def test_another_identity(control: Any) -> None:
    """A new identity key is in the contact of the next message, and what named the former one fails."""
    control.subscribe()
    fresh = does(control, "change_identity")["identity_key_hash"]
    assert control.told("messages") == []
    says(control)
    assert control.told("messages")[0]["contacts"][0]["identity_key_hash"] == fresh
    assert does(control, "change_identity")["identity_key_hash"] != fresh


def test_errors_by_their_code(control: Any) -> None:
    """Of an error the code is enough: title, message and details are the catalogue's."""
    control.subscribe()
    says(control, {"type": "unsupported", "errors": [{"code": 131052}]})
    assert messages(control)[0]["errors"] == [
        {
            "code": 131052,
            "title": "Media download error",
            "message": "Media download error",
            "error_data": {"details": "Unable to download the media sent by the user."},
        }
    ]


def test_an_ad_is_filled_in(control: Any) -> None:
    """What is not said of an ad is made up, differently for each user; null leaves a member out."""
    control.subscribe()
    says(control, HELLO | {"referral": {"headline": "Coffee", "media_type": "video"}})
    says(control, HELLO | {"referral": {"ctwa_clid": None}})
    first, second = (message["referral"] for message in messages(control))
    assert (first["headline"], first["source_type"], first["ctwa_clid"][0]) == ("Coffee", "ad", "A")
    assert {"video_url", "thumbnail_url"} <= first.keys()
    assert "image_url" not in first
    assert "ctwa_clid" not in second


def test_answers_about_calls_are_filled_in(control: Any) -> None:
    """An accepted call permission lasts seven days unless something else is said; a rejected one has no end."""
    control.subscribe()
    for reply in ({"response": "accept"}, {"response": "reject"}, {"response": "accept", "is_permanent": True}):
        says(control, {"type": "interactive", "interactive": {
            "type": "call_permission_reply", "call_permission_reply": reply}})  # fmt: skip
    week, never, always = (message["interactive"]["call_permission_reply"] for message in messages(control))
    assert week["expiration_timestamp"] == 1_767_268_800 + 7 * 86_400
    assert (never, always) == (
        {"response": "reject", "response_source": "user_action"},
        {"response": "accept", "is_permanent": True, "response_source": "user_action"},
    )


@pytest.mark.parametrize(
    ("message", "said"),
    [
        ({"type": "text", "text": {"boddy": "x"}}, "rename boddy to body"),
        ({"type": "text", "text": {"body": "x", "preview": 1}}, "leave preview out; there is body"),
        ({"type": "contact"}, "did you mean contacts"),
        ({"type": "order", "order": {"catalog_id": "1"}}, "order.product_items"),
        ({"type": "order", "order": {"catalog_id": "1", "product_items": [{}]}}, "order.product_items[0]"),
        ({"type": "interactive", "interactive": {"type": "button_repli"}}, "did you mean button_reply?"),
        ({"type": "interactive", "interactive": {"type": "list_reply"}}, "interactive.list_reply"),
        ({"type": "location", "location": {"latitude": "1", "longitude": 2}}, "location.latitude"),
        ({"type": "edit", "edit": {"original_message_id": "1"}}, "edit.message"),
        (
            {"type": "system", "system": {"body": "x", "type": "user_change_number"}},
            "did you mean user_changed_number?",
        ),
        (HELLO | {"context": {}}, "context is not valid: it is to be"),
        (HELLO | {"referral": {"source_type": "add"}}, "did you mean ad?"),
        (HELLO | {"unavailable_for": "soon"}, "unavailable_for"),
        (HELLO | {"unavailable_for": -1}, "unavailable_for"),
        (HELLO | {"errors": [{"code": "131051"}]}, "errors[0]"),
        ({"type": "reaction", "reaction": {"message_id": "wamid.A", "emojy": "x"}}, "rename emojy to emoji"),
    ],
)
def test_refusals_name_the_field(control: Any, message: dict[str, Any], said: str) -> None:
    """A message that cannot be is refused in one line that names the member, and the word that was probably meant."""
    line = control.error("POST", f"users/{USER}/messages", message)
    assert said in line
    assert "['" not in line


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"action": "edit"}, "new text"),
        ({"action": "edit", "text": "x"}, "none"),
        ({"action": "edit", "text": "x", "message_id": "wamid.X"}, "wamid.X"),
        ({"action": "delete"}, "nothing that could be deleted"),
        ({"action": "pay"}, "nothing to pay"),
        ({"action": "pay", "status": "captured", "amount": 1}, "amount"),
    ],
)
def test_actions_that_need_something(control: Any, options: dict[str, Any], said: str) -> None:
    """Nothing is changed or paid that is not there."""
    assert said in control.error("POST", f"users/{USER}/actions", options)


def bill(control: Any, currency: str = "INR") -> str:
    parameters = {"reference_id": "order-77", "currency": currency, "total_amount": {"value": 500, "offset": 100}}
    action = {"name": "review_and_pay", "parameters": parameters}
    interactive = {"type": "order_details", "body": {"text": "Yours"}, "action": action}
    says(control)
    found: str = control.send(USER, {"type": "interactive", "interactive": interactive})
    return found


def test_a_payment_that_fails_may_succeed(control: Any) -> None:
    """A failed attempt is pending with an error of its transaction; the next attempt is captured."""
    message_id = bill(control)
    control.subscribe()
    does(control, "pay", status="failed", method="card")
    does(control, "pay")
    failed, paid = (value["statuses"][0] for value in control.told("messages"))
    assert (failed["status"], failed["payment"]["transaction"]["error"]["reason"]) == ("pending", "payment_failed")
    assert (failed["payment"]["transaction"]["method"], paid["status"]) == ({"type": "card"}, "captured")
    assert {one["id"] for one in (failed, paid)} == {message_id}


def test_payments_in_other_currencies(control: Any) -> None:
    """What is told of payments is told in rupees."""
    bill(control, "USD")
    assert "INR" in control.error("POST", f"users/{USER}/actions", {"action": "pay"})
    bill(control)
    assert "did you mean upi?" in control.error("POST", f"users/{USER}/actions", {"action": "pay", "method": "ump"})


def fire(control: Any, **event: Any) -> Any:
    return control.ok("POST", "platform-events", {"field": "messages", **event})


def test_a_fired_message_is_true(control: Any) -> None:
    """A user's message that only a platform event told is among the messages, and has opened the window."""
    value = fire(control, variant="texts_of_two_users")["value"]
    ids = [message["id"] for message in value["messages"]]
    assert [one["id"] for one in control.ok("GET", "messages")["messages"]] == ids
    users = control.ok("GET", "users")["users"]
    assert [(user["name"], user["chats"][0]["window_open"]) for user in users] == [
        ("Ada Lovelace", True),
        ("Grace Hopper", True),
    ]


def test_a_fired_status_is_true(control: Any) -> None:
    """A status that a platform event told is the message's; one that goes back changes nothing."""
    says(control)
    sent = control.send(USER, HELLO)
    control.ok("POST", "clock/advance", {"seconds": 10})
    fire(control, variant="delivered")
    status = [one["status"] for one in control.ok("GET", "messages")["messages"] if one["id"] == sent]
    assert status == ["read"]
    fire(control, variant="failed")
    (shown,) = [one for one in control.ok("GET", "messages")["messages"] if one["id"] == sent]
    assert (shown["status"], shown["error"]["code"]) == ("failed", 131026)


def test_variants_of_messages(control: Any) -> None:
    """Without a name or a value there is nothing to fire; a name that is none is answered with the nearest."""
    assert "name a variant" in control.error("POST", "platform-events", {"field": "messages"})
    line = control.error("POST", "platform-events", {"field": "messages", "variant": "unsuported_poll"})
    assert "did you mean unsupported_poll" in line


def test_files_that_are_too_big(control: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a file that the platform does not fetch, the app is told 131052 and no id."""
    monkeypatch.setattr("localwaba.operations.users.LARGEST_FILE", 10)
    control.subscribe()
    says(control, {"type": "image", "image": {"caption": "c"}})
    (message,) = messages(control)
    assert (message["type"], message["errors"][0]["code"], "image" in message) == ("unsupported", 131052, False)


def test_clicks_are_told_where_they_are(control: Any) -> None:
    """A tap on a link tells nobody, unless the account has click webhooks and the message is marketing."""
    control.subscribe()
    shown = {"body": "Sale", "buttons": [{"type": "URL", "text": "Open", "index": 0, "url": "https://a.example"}]}
    control.send(USER, {"type": "template", "template": {"name": "sale", "language": {"code": "en"}}}, shown)
    control.ok("PATCH", "policy", {"click_webhooks": True})
    does(control, "tap", title="Open")
    assert [value for value in control.told("messages") if "user_actions" in value] == []
