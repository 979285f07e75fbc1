"""What users do through the control API, and what the app and their phones see of it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from localwaba.operations.inbound_contents import TYPES
from localwaba_contracts.validate import violation

USER = "16505551234"
HELLO = {"type": "text", "text": {"body": "hi"}}
BUTTONS = {
    "type": "interactive",
    "interactive": {
        "type": "button",
        "header": {"type": "text", "text": "Head"},
        "body": {"text": "Coffee?"},
        "footer": {"text": "Foot"},
        "action": {
            "buttons": [{"type": "reply", "reply": {"id": f"id-{title}", "title": title}} for title in ("Yes", "No")]
        },
    },
}
LIST = {
    "type": "interactive",
    "interactive": {
        "type": "list",
        "body": {"text": "Which?"},
        "action": {
            "button": "Choose",
            "sections": [
                {"rows": [{"id": "1", "title": "Cortado", "description": "small"}, {"id": "2", "title": "Latte"}]}
            ],
        },
    },
}
TEMPLATE = {"type": "template", "template": {"name": "order", "language": {"code": "en"}}}
SHOWN = {
    "body": "Your order is ready",
    "footer": "Cafe",
    "buttons": [
        {"type": "QUICK_REPLY", "text": "Thanks", "index": 0, "payload": "P1"},
        {"type": "URL", "text": "Track", "index": 1, "url": "https://example.com/1"},
    ],
    "cards": [{"body": "Card", "buttons": [{"type": "QUICK_REPLY", "text": "This one", "index": 0, "payload": "P2"}]}],
}


def test_user_writes(control: Any) -> None:
    """A user's message reaches the app as Meta's webhook, with the id that the call answered."""
    control.subscribe()
    found = control.ok("POST", f"users/{USER}/messages", HELLO)
    value = control.told("messages")[0]
    assert [found["message_id"]] == [message["id"] for message in value["messages"]]
    assert (value["messages"][0]["text"]["body"], value["messages"][0]["from"]) == ("hi", USER)
    assert None is violation("webhooks/messages", value)


def test_first_use_makes_a_user(control: Any) -> None:
    """A user is made on first use, with a name and the country of the number."""
    control.ok("POST", "users/5541987654321/messages", HELLO)
    (user,) = control.ok("GET", "users")["users"]
    assert (user["wa_id"], user["country"]) == ("554187654321", "BR")
    assert user["name"]
    assert user["user_id"].startswith("BR.")


@pytest.mark.parametrize("dialled", ["+1 650-555-1234", "1(650)555-1234", USER])
def test_numbers_in_any_form(control: Any, dialled: str) -> None:
    """All forms of a number mean the same user."""
    control.ok("PUT", f"users/{USER}", {"name": "Ann"})
    assert control.ok("GET", f"users/{dialled}")["name"] == "Ann"


def test_user_by_user_id(control: Any) -> None:
    """A business-scoped user id means its user too."""
    made = control.ok("PUT", f"users/{USER}", {"name": "Ann"})
    assert control.ok("GET", f"users/{made['user_id']}")["name"] == "Ann"


def test_describe_a_user(control: Any) -> None:
    """What is said of a user is kept, what is not said stays."""
    control.ok("PUT", f"users/{USER}", {"name": "Ann", "behaviour": {"read_after": None}})
    found = control.ok("PUT", f"users/{USER}", {"username": "@ann"})
    assert (found["name"], found["username"], found["behaviour"]) == ("Ann", "ann", {"read_after": None})


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"nam": "x"}, "name"),
        ({"name": 5}, "name"),
        ({"behaviour": {"read_aftr": 1}}, "read_after"),
        ({"behaviour": {"read_after": "soon"}}, "read_after"),
        ({"behaviour": {"read_after": 1e300}}, "read_after"),
        ({"behaviour": {"answers_after": -1}}, "answers_after"),
        ({"behaviour": []}, "behaviour"),
    ],
)
def test_describe_refuses(control: Any, body: dict[str, Any], said: str) -> None:
    """A user who cannot be is refused, and nobody is made."""
    assert said in control.error("PUT", f"users/{USER}", body)
    assert control.ok("GET", "users")["users"] == []


def test_strangers(control: Any) -> None:
    """A user who was never met is not found, and their phone is empty."""
    control.error("GET", f"users/{USER}", status=404)
    assert control.ok("GET", f"users/{USER}/inbox")["messages"] == []
    assert "no phone number" in control.error("GET", "users/nobody")


@pytest.mark.parametrize("kind", ["image", "audio", "video", "document", "sticker"])
def test_media_without_a_file(control: Any, kind: str) -> None:
    """A medium without a file is a valid sample of its kind, and its bytes are kept."""
    control.subscribe()
    control.ok("POST", f"users/{USER}/messages", {"type": kind})
    value = control.told("messages")[0]
    media = control.host.world.media[value["messages"][0][kind]["id"]]
    assert media.size == control.host.blobs.size(media.blob)
    assert None is violation("webhooks/messages", value)


def test_media_with_a_file(control: Any) -> None:
    """A file that comes with a message is what the app gets, with the caption of the message."""
    control.subscribe()
    files = {
        "message": (None, json.dumps({"type": "document", "document": {"caption": "c"}})),
        "file": ("bill.pdf", b"%PDF-1.4 bytes", "application/pdf"),
    }
    control.ok("POST", f"users/{USER}/messages", files=files)
    document = control.told("messages")[0]["messages"][0]["document"]
    media = control.host.world.media[document["id"]]
    assert (document["caption"], document["filename"], document["mime_type"]) == ("c", "bill.pdf", "application/pdf")
    assert control.host.blobs.read(media.blob, 0, 100) == b"%PDF-1.4 bytes"


def test_file_alone(control: Any) -> None:
    """A file without a message is of the kind that its type belongs to."""
    control.ok("POST", f"users/{USER}/messages", files={"file": ("a.jpg", b"\xff\xd8\xff", "image/jpeg")})
    assert [message["type"] for message in control.ok("GET", "messages")["messages"]] == ["image"]


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({}, "type"),
        ({"type": 5}, "type"),
        ({"type": "txt"}, "text"),
        ({"type": "text"}, "text"),
        ({"type": "text", "text": "hi"}, "text must be a JSON object"),
        ({"type": "text", "text": {"body": 5}}, "text.body"),
        ({"type": "text", "text": {"body": "x"}, "contxt": {}}, "context"),
        ({"type": "text", "text": {"body": "x"}, "context": {"message_id": "wamid.A"}}, "context.id"),
        ({"type": "reaction", "reaction": {"message_id": "1"}}, "reaction.message_id"),
        ({"type": "image", "image": []}, "image"),
        ({"type": "text", "text": {"body": "x"}, "phone_number_id": "1"}, "phone_number_id"),
    ],
)
def test_write_refuses(control: Any, body: dict[str, Any], said: str) -> None:
    """A message that no user can send is refused with a clear line, and nothing happens."""
    assert said in control.error("POST", f"users/{USER}/messages", body)
    assert control.ok("GET", "messages")["messages"] == []


def test_parts_of_a_form(control: Any) -> None:
    """A form with other parts, without a message, or with a file for a text is refused."""
    path = f"users/{USER}/messages"
    assert "message" in control.error("POST", path, files={"massage": (None, "{}")})
    assert "not JSON" in control.error("POST", path, files={"message": (None, "{"), "file": ("a", b"x", "image/png")})
    files = {"message": (None, json.dumps(HELLO)), "file": ("a", b"x", "image/png")}
    assert "no file" in control.error("POST", path, files=files)


def test_unsupported(control: Any) -> None:
    """A message that Cloud API cannot show comes with Meta's error, which nobody has to write."""
    control.subscribe()
    control.ok("POST", f"users/{USER}/messages", {"type": "unsupported"})
    value = control.told("messages")[0]
    assert [error["code"] for error in value["messages"][0]["errors"]] == [131051]
    assert None is violation("webhooks/messages", value)


@pytest.mark.parametrize(
    ("sent", "shown", "named", "member", "reply"),
    [
        (BUTTONS, None, {"title": "Yes"}, "interactive", {"id": "id-Yes", "title": "Yes"}),
        (BUTTONS, None, {"id": "id-No"}, "interactive", {"id": "id-No", "title": "No"}),
        (LIST, None, {"title": "Cortado"}, "interactive", {"id": "1", "title": "Cortado", "description": "small"}),
        (LIST, None, {"title": "Latte"}, "interactive", {"id": "2", "title": "Latte"}),
        (TEMPLATE, SHOWN, {"title": "Thanks"}, "button", {"payload": "P1", "text": "Thanks"}),
        (TEMPLATE, SHOWN, {"payload": "P2"}, "button", {"payload": "P2", "text": "This one"}),
    ],
)
def test_tap(
    control: Any, sent: dict[str, Any], shown: Any, named: dict[str, str], member: str, reply: dict[str, str]
) -> None:
    """A tap sends what Meta sends for it, quoting the message that has the button."""
    control.ok("POST", f"users/{USER}/messages", HELLO)
    message_id = control.send(USER, sent, shown)
    control.subscribe()
    control.ok("POST", f"users/{USER}/actions", {"action": "tap"} | named)
    value = control.told("messages")[0]
    message = value["messages"][0]
    found = message[member] if member == "button" else message[member][message[member]["type"]]
    assert reply == found
    assert {"from": control.ok("GET", "world")["display_phone_number"], "id": message_id} == message["context"]
    assert None is violation("webhooks/messages", value)


def test_tap_a_named_message(control: Any) -> None:
    """The last message with buttons is meant, unless another is named."""
    control.ok("POST", f"users/{USER}/messages", HELLO)
    first = control.send(USER, BUTTONS)
    control.send(USER, LIST)
    assert "Cortado" in control.error("POST", f"users/{USER}/actions", {"action": "tap", "title": "Yes"})
    control.ok("POST", f"users/{USER}/actions", {"action": "tap", "title": "Yes", "message_id": first})


def test_tap_what_is_not_there(control: Any) -> None:
    """A button that is not there is answered with the nearest ones."""
    control.ok("POST", f"users/{USER}/messages", HELLO)
    control.send(USER, LIST)
    assert "did you mean 'Cortado'" in control.error(
        "POST", f"users/{USER}/actions", {"action": "tap", "title": "cortada"}
    )
    assert "title, id or payload" in control.error("POST", f"users/{USER}/actions", {"action": "tap"})


def test_tap_a_link(control: Any) -> None:
    """A link button opens a page, and the business hears nothing of it."""
    control.send(USER, TEMPLATE, SHOWN)
    found = control.ok("POST", f"users/{USER}/actions", {"action": "tap", "title": "Track"})
    assert found == {"message_id": None, "tapped": "Track", "opens": "https://example.com/1"}


def test_read(control: Any) -> None:
    """A user who opens the chat reads all that was sent."""
    control.ok("POST", f"users/{USER}/messages", HELLO)
    sent = [control.send(USER, {"type": "text", "text": {"body": text}}) for text in "ab"]
    assert sent[:1] == control.ok("POST", f"users/{USER}/actions", {"action": "read", "message_id": sent[0]})["read"]
    assert sent[1:] == control.ok("POST", f"users/{USER}/actions", {"action": "read"})["read"]


def test_play(control: Any) -> None:
    """A voice message that is played is read and then played; other audio tells nothing."""
    control.ok("POST", f"users/{USER}/messages", HELLO)
    control.send(USER, {"type": "audio", "audio": {"link": "http://127.0.0.1:9/a"}})
    assert "voice" in control.error("POST", f"users/{USER}/actions", {"action": "play"})
    voice = control.send(USER, {"type": "audio", "audio": {"link": "http://127.0.0.1:9/a", "voice": True}})
    control.ok("POST", f"users/{USER}/actions", {"action": "play"})
    (shown,) = [message for message in control.ok("GET", "messages")["messages"] if message["id"] == voice]
    assert [step["status"] for step in shown["history"]] == ["sent", "read", "played"]


def test_blocked_by_a_user(control: Any) -> None:
    """What is sent to a user who has blocked the business stays at `sent`, until they unblock it."""
    control.ok("POST", f"users/{USER}/messages", HELLO)
    control.ok("POST", f"users/{USER}/actions", {"action": "block"})
    control.send(USER, {"type": "text", "text": {"body": "?"}})
    control.ok("POST", "clock/advance", {"by": "PT1H"})
    assert control.ok("GET", "messages")["messages"][-1]["status"] == "sent"
    assert "unblock" in control.error("POST", f"users/{USER}/messages", HELLO)
    control.ok("POST", f"users/{USER}/actions", {"action": "unblock"})
    control.ok("POST", f"users/{USER}/messages", HELLO)


def test_stop_marketing(control: Any) -> None:
    """A user who stops marketing messages is announced, once, and so is the change of mind."""
    control.subscribe()
    actions = ("stop_marketing", "stop_marketing", "resume_marketing")
    changed = [control.ok("POST", f"users/{USER}/actions", {"action": action})["changed"] for action in actions]
    told = control.told("user_preferences")
    assert changed == [True, False, True]
    assert [value["user_preferences"][0]["value"] for value in told] == ["stop", "resume"]
    assert [preference["wa_id"] for preference in told[0]["user_preferences"]] == [USER]


def test_change_number(control: Any) -> None:
    """A user who changes the number is announced from the old one, and chats on from the new one."""
    control.ok("PUT", f"users/{USER}", {"name": "Ann"})
    control.ok("POST", f"users/{USER}/messages", HELLO)
    control.subscribe()
    found = control.ok("POST", f"users/{USER}/actions", {"action": "change_number", "to": "+1 650 555 9999"})
    message = control.told("messages")[0]["messages"][0]
    assert (
        message["from"],
        message["system"]["wa_id"],
        message["system"]["type"],
    ) == (USER, "16505559999", "user_changed_number")
    moved = control.ok("GET", f"users/{found['wa_id']}")
    assert (moved["name"], moved["chats"][0]["window_open"]) == ("Ann", True)
    assert control.ok("GET", f"users/{USER}")["behaviour"] == {"on_whatsapp": False}


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({}, "action"),
        ({"action": "tapp"}, "tap"),
        ({"action": "report", "reason": "SPAMM"}, "SPAM"),
        ({"action": "call"}, "takes no calls"),
        ({"action": "join_group", "group_id": "1"}, "has no group"),
        ({"action": "tap", "titel": "x"}, "title"),
        ({"action": "read", "message_id": "wamid.X"}, "wamid.X"),
        ({"action": "change_number"}, "new number"),
        ({"action": "change_number", "to": USER}, "taken"),
        ({"action": "block", "phone_number_id": "7"}, "phone_number_id"),
    ],
)
def test_actions_refuse(control: Any, body: dict[str, Any], said: str) -> None:
    """An action that cannot be done is refused with a clear line."""
    assert said in control.error("POST", f"users/{USER}/actions", body)


def test_inbox(control: Any) -> None:
    """A phone shows both directions in order, with buttons, ticks, filled templates, and reactions at their target."""
    first = control.ok("POST", f"users/{USER}/messages", HELLO)["message_id"]
    buttons = control.send(USER, BUTTONS)
    control.send(USER, {"type": "reaction", "reaction": {"message_id": first, "emoji": "👍"}})
    control.send(USER, TEMPLATE, SHOWN)
    reaction = {"type": "reaction", "reaction": {"message_id": buttons, "emoji": "☕"}}
    control.ok("POST", f"users/{USER}/messages", reaction)
    shown = control.ok("GET", f"users/{USER}/inbox")["messages"]
    assert [(message["from"], message["text"]) for message in shown] == [
        ("user", "hi"),
        ("business", "Coffee?"),
        ("business", "Your order is ready"),
    ]
    assert [message.get("reactions") for message in shown] == [
        [{"from": "business", "emoji": "👍"}],
        [{"from": "user", "emoji": "☕"}],
        None,
    ]
    assert [button["title"] for button in shown[1]["buttons"]] == ["Yes", "No"]
    assert [button["title"] for button in shown[2]["buttons"]] == ["Thanks", "Track", "This one"]
    assert (shown[1]["footer"], shown[2]["footer"], shown[2]["ticks"]) == ("Foot", "Cafe", "sent")


def test_a_reaction_is_taken_back(control: Any) -> None:
    """A reaction without an emoji takes the former one away."""
    first = control.ok("POST", f"users/{USER}/messages", HELLO)["message_id"]
    for emoji in ("👍", ""):
        control.send(USER, {"type": "reaction", "reaction": {"message_id": first, "emoji": emoji}})
    assert [message["reactions"] for message in control.ok("GET", f"users/{USER}/inbox")["messages"]] == [[]]


def test_what_failed_is_on_no_phone(control: Any) -> None:
    """A message that failed is not on the phone, but among the messages, with the reason."""
    control.send(USER, {"type": "text", "text": {"body": "too early"}})
    (message,) = control.ok("GET", "messages")["messages"]
    assert control.ok("GET", f"users/{USER}/inbox")["messages"] == []
    assert (message["status"], message["error"]["code"]) == ("failed", 131047)
    assert "24-hour" in message["why"]


_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=9),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["id", "body", "type", "text", "from", "message_id", "caption"]), inner, max_size=3
        )
    ),
    max_leaves=6,
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(kind=st.sampled_from(TYPES), content=_VALUES, context=_VALUES, referral=_VALUES)
def test_no_message_breaks_it(control: Any, kind: str, content: Any, context: Any, referral: Any) -> None:
    """A message with any content is taken or refused; what was taken is shown, and its webhook keeps the contract."""
    control.subscribe()
    body = {"type": kind, kind: content, "context": context, "referral": referral}
    given_members = {name: value for name, value in body.items() if value is not None}
    status, _ = control.call("POST", f"users/{USER}/messages", given_members)
    assert status in (200, 400)
    control.ok("GET", f"users/{USER}/inbox")
    control.ok("GET", "messages")
    assert [value for value in control.told("messages") if violation("webhooks/messages", value)] == []
    control.ok("POST", "reset")
