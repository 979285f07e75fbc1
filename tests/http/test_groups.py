"""Groups over HTTP: made, joined, written to, left, and what the app is told of it."""

from __future__ import annotations

from typing import Any

import pytest

from localwaba_contracts.registry import routes
from localwaba_contracts.validate import violation

from .conftest import CALLBACK, Platform, Reply

ANN, BOB, CYD = "16505551234", "16505554321", "16505550001"
FIELDS = (
    "messages",
    "group_lifecycle_update",
    "group_participants_update",
    "group_settings_update",
    "group_status_update",
)
ANSWERS = {(row.method, row.node, row.edge): row.answer for row in routes()}
WHATSAPP = {"messaging_product": "whatsapp"}
JPEG = b"\xff\xd8\xff\xc0\x00\x11\x08%b%b\x03\x01\x11\x00\x02\x11\x01\x03\x11\x01\xff\xd9"


class App:
    """An app that works with groups; everything that it is answered is held against the contract."""

    def __init__(self, platform: Platform) -> None:
        self.platform = platform
        self.number = platform.number
        platform.control("PUT", "webhook", {"url": CALLBACK, "fields": list(FIELDS)})

    def call(self, method: str, path: str, body: Any = None, **options: Any) -> Reply:
        found = self.platform.graph(method, f"/v26.0/{path}", body, **options)
        node, _, edge = path.partition("?")[0].partition("/")
        contract = ANSWERS[method, "phone_number" if node == self.number else "group", edge]
        if found.status < 300:
            assert violation(str(contract), found.body) is None
        return found

    def make(self, subject: str = "Readers", **more: Any) -> str:
        """A new group; its id."""
        made = self.call("POST", f"{self.number}/groups", WHATSAPP | {"subject": subject} | more)
        [told] = [
            one for one in self.told("group_lifecycle_update") if one.get("request_id") == made.body["request_id"]
        ]
        return str(told["group_id"])

    def send(self, group: str, message: Any = None) -> Reply:
        message = message or {"type": "text", "text": {"body": "hello all"}}
        return self.call(
            "POST", f"{self.number}/messages", WHATSAPP | {"recipient_type": "group", "to": group} | message
        )

    def does(self, user: str, action: str, **options: Any) -> Any:
        return self.platform.control("POST", f"users/{user}/actions", {"action": action, **options})

    def says(self, user: str, group: str, **message: Any) -> Any:
        message = message or {"type": "text", "text": {"body": "hi all"}}
        return self.platform.control("POST", f"users/{user}/messages", {"group_id": group, **message})

    def values(self, field: str) -> list[Any]:
        self.platform.settle()
        found = [one["body"]["entry"][0]["changes"][0] for one in self.platform.control("GET", "webhooks")["webhooks"]]
        return [change["value"] for change in found if change["field"] == field]

    def told(self, field: str) -> list[Any]:
        """The items of a field about groups."""
        found = self.values(field)
        digits = self.platform.world.numbers[self.number].digits
        assert all(one["metadata"]["display_phone_number"] == digits for one in found)
        return [item for value in found for item in value["groups"]]

    def advance(self, seconds: float) -> None:
        self.platform.control("POST", "clock/advance", {"seconds": seconds})


@pytest.fixture
def app(platform: Platform) -> App:
    """An app of the default world, whose clock stands at noon."""
    return App(platform)


def user_id(app: App, wa_id: str) -> str:
    return str(app.platform.world.users[wa_id].user_id)


def test_create(app: App) -> None:
    """A group is answered with a request; its id, its link and the trimmed subject come by webhook."""
    made = app.call("POST", f"{app.number}/groups", WHATSAPP | {"subject": " Readers ", "description": "Books"})
    [told] = app.told("group_lifecycle_update")
    assert {name: told[name] for name in ("type", "request_id", "subject", "description", "join_approval_mode")} == {
        "type": "group_create",
        "request_id": made.body["request_id"],
        "subject": "Readers",
        "description": "Books",
        "join_approval_mode": "auto_approve",
    }
    assert told["timestamp"] == "1767268800"
    assert (told["group_id"][:16], told["group_id"][-2:]) == ("Y2FwaV9ncm91cDox", "ZD")
    assert told["invite_link"].startswith("https://chat.whatsapp.com/")


def test_read(app: App) -> None:
    """Unasked a group shows its id; the fields show the rest, and the list of the number has it."""
    group = app.make(description="Books")
    app.does(ANN, "join_group", group_id=group)
    assert app.call("GET", group).body == WHATSAPP | {"id": group}
    fields = "subject,description,participants,join_approval_mode,suspended,creation_timestamp,total_participant_count"
    assert app.call("GET", f"{group}?fields={fields}").body == WHATSAPP | {
        "subject": "Readers",
        "description": "Books",
        "participants": [{"wa_id": ANN, "user_id": user_id(app, ANN)}],
        "join_approval_mode": "auto_approve",
        "suspended": False,
        "creation_timestamp": 1767268800,
        "total_participant_count": 1,
        "id": group,
    }
    [listed] = app.call("GET", f"{app.number}/groups").body["data"]["groups"]
    assert listed == {"id": group, "subject": "Readers", "created_at": "1767268800"}


def test_pages(app: App) -> None:
    """The list of groups comes in pages."""
    first, second = app.make("One"), app.make("Two")
    page = app.call("GET", f"{app.number}/groups?limit=1").body
    assert [one["id"] for one in page["data"]["groups"]] == [first]
    page = app.call("GET", f"{app.number}/groups?limit=1&after={page['paging']['cursors']['after']}").body
    assert [one["id"] for one in page["data"]["groups"]] == [second]


def test_update(app: App) -> None:
    """Subject and description change, and the app is told what became of each."""
    group = app.make()
    changed = app.call("POST", group, WHATSAPP | {"subject": "Writers", "description": "Ink"})
    [told] = app.told("group_settings_update")
    assert told == {
        "timestamp": "1767268800",
        "group_id": group,
        "type": "group_settings_update",
        "request_id": changed.body["request_id"],
        "group_subject": {"text": "Writers", "update_successful": True},
        "group_description": {"text": "Ink", "update_successful": True},
    }
    assert app.call("GET", f"{group}?fields=subject,description").body["subject"] == "Writers"


def picture(app: App, group: str, width: int, height: int, name: str = "profile_picture_file") -> Reply:
    content = JPEG % (height.to_bytes(2), width.to_bytes(2))
    lines = b'--x\r\nContent-Disposition: form-data; name="messaging_product"\r\n\r\nwhatsapp\r\n--x\r\n'
    lines += b'Content-Disposition: form-data; name="%b"; filename="a.jpg"\r\n' % name.encode()
    body = lines + b"Content-Type: image/jpeg\r\n\r\n" + content + b"\r\n--x--\r\n"
    return app.call("POST", group, body, headers={"content-type": "multipart/form-data; boundary=x"})


def test_picture(app: App) -> None:
    """A square JPEG becomes the picture, under either name of Meta's pages."""
    group = app.make()
    assert picture(app, group, 192, 192).status == 200
    assert picture(app, group, 640, 640, "file").status == 200
    told = [one["profile_picture"] for one in app.told("group_settings_update")]
    assert [(one["mime_type"], one["update_successful"]) for one in told] == [("image/jpeg", True)] * 2
    assert app.platform.control("GET", f"groups/{group}")["picture"] == told[1]["sha256"]


@pytest.mark.parametrize(("width", "height", "code"), [(640, 480, 131209), (191, 191, 131210), (0, 0, 131210)])
def test_bad_picture(app: App, width: int, height: int, code: int) -> None:
    """A picture that is not square, or too small, is refused."""
    group = app.make()
    assert picture(app, group, width, height).error["code"] == code
    assert app.told("group_settings_update") == []


def test_delete(app: App) -> None:
    """A deleted group is nobody's: the app is told, and the id leads nowhere."""
    group = app.make()
    gone = app.call("DELETE", group)
    assert app.told("group_lifecycle_update")[-1] == {
        "timestamp": "1767268800",
        "group_id": group,
        "type": "group_delete",
        "request_id": gone.body["request_id"],
    }
    assert app.call("GET", group).error["error_subcode"] == 33
    assert app.send(group).error["code"] == 131041


def test_join_by_link(app: App) -> None:
    """Whoever has the invite link comes in; after a reset the old link leads nowhere."""
    group = app.make()
    link = app.call("GET", f"{group}/invite_link").body["invite_link"]
    assert app.does(ANN, "join_group", link=link) == {"group_id": group, "joined": True, "changed": True}
    assert app.told("group_participants_update") == [
        {
            "timestamp": "1767268800",
            "group_id": group,
            "type": "group_participants_add",
            "reason": "invite_link",
            "added_participants": [{"wa_id": ANN, "user_id": user_id(app, ANN)}],
        }
    ]
    other = app.call("POST", f"{group}/invite_link", WHATSAPP).body["invite_link"]
    assert other != link
    refused = app.platform.ask("POST", f"/_localwaba/users/{BOB}/actions", {"action": "join_group", "link": link})
    assert (refused.status, "leads to no group" in refused.body["error"]) == (400, True)
    assert app.does(BOB, "join_group", link=other)["joined"] is True


def test_leave(app: App) -> None:
    """Whoever leaves is gone, and the app is told that it was their own will."""
    group = app.make()
    app.does(ANN, "join_group", group_id=group)
    app.does(ANN, "leave_group", group_id=group)
    told = app.told("group_participants_update")[-1]
    assert (told["type"], told["initiated_by"]) == ("group_participants_remove", "participant")
    assert told["removed_participants"] == [{"wa_id": ANN, "user_id": user_id(app, ANN)}]
    assert app.platform.control("GET", f"groups/{group}")["participants"] == []


def test_remove(app: App) -> None:
    """The business removes people by number or by id; whoever was not there is told apart."""
    group = app.make()
    for user in (ANN, BOB):
        app.does(user, "join_group", group_id=group)
    named = [{"user": f"+{ANN}"}, {"user_id": user_id(app, BOB)}, {"user": CYD}]
    done = app.call("DELETE", f"{group}/participants", WHATSAPP | {"participants": named})
    told = app.told("group_participants_update")[-1]
    assert (told["initiated_by"], told["request_id"]) == ("business", done.body["request_id"])
    assert told["removed_participants"] == [{"input": f"+{ANN}"}, {"input": user_id(app, BOB)}]
    [failed] = told["failed_participants"]
    assert (failed["input"], [error["code"] for error in failed["errors"]]) == (CYD, [131212])
    assert app.platform.control("GET", f"groups/{group}")["participants"] == []


@pytest.mark.parametrize(("named", "code"), [([BOB], 131212), ([ANN, f"+{ANN}"], 131202)])
def test_cannot_remove(app: App, named: list[str], code: int) -> None:
    """Nobody is removed if none of them is in the group, or somebody is named twice."""
    group = app.make()
    app.does(ANN, "join_group", group_id=group)
    body = WHATSAPP | {"participants": [{"user": one} for one in named]}
    assert app.call("DELETE", f"{group}/participants", body).error["code"] == code
    assert app.platform.control("GET", f"groups/{group}")["participants"] == [ANN]


def ask_to_join(app: App, group: str, *users: str) -> list[str]:
    return [app.does(user, "join_group", group_id=group)["join_request_id"] for user in users]


def test_requests(app: App) -> None:
    """Where approval is required, people ask, are listed, and are in once they are approved."""
    group = app.make(join_approval_mode="approval_required")
    ann, bob = ask_to_join(app, group, ANN, BOB)
    told = app.told("group_participants_update")
    assert [(one["type"], one["join_request_id"], one["wa_id"]) for one in told] == [
        ("group_join_request_created", ann, ANN),
        ("group_join_request_created", bob, BOB),
    ]
    listed = app.call("GET", f"{group}/join_requests").body["data"]
    assert [(one["join_request_id"], one["wa_id"], one["creation_timestamp"]) for one in listed] == [
        (ann, ANN, 1767268800),
        (bob, BOB, 1767268800),
    ]
    approved = app.call("POST", f"{group}/join_requests", WHATSAPP | {"join_requests": [ann]})
    assert approved.body == WHATSAPP | {"approved_join_requests": [ann]}
    rejected = app.call("DELETE", f"{group}/join_requests", WHATSAPP | {"join_requests": [bob]})
    assert rejected.body == WHATSAPP | {"rejected_join_requests": [bob]}
    assert app.platform.control("GET", f"groups/{group}")["participants"] == [ANN]
    assert app.call("GET", f"{group}/join_requests").body == {"data": []}
    assert app.told("group_participants_update")[-1]["type"] == "group_participants_add"


def test_request_taken_back(app: App) -> None:
    """Whoever takes the request back is no longer listed, and the app is told."""
    group = app.make(join_approval_mode="approval_required")
    [request] = ask_to_join(app, group, ANN)
    app.does(ANN, "leave_group", group_id=group)
    told = app.told("group_participants_update")[-1]
    assert (told["type"], told["join_request_id"]) == ("group_join_request_revoked", request)
    assert app.call("GET", f"{group}/join_requests").body == {"data": []}


def test_partly_approved(app: App) -> None:
    """If some requests are none, the answer is 206 with both lists and 131201; if all are, it is their error."""
    group = app.make(join_approval_mode="approval_required")
    [request] = ask_to_join(app, group, ANN)
    found = app.call("POST", f"{group}/join_requests", WHATSAPP | {"join_requests": [request, "nobody"]})
    assert (found.status, found.body["approved_join_requests"]) == (206, [request])
    [failed] = found.body["failed_join_requests"]
    assert (failed["join_request_id"], failed["errors"][0]["code"]) == ("nobody", 131213)
    assert [error["code"] for error in found.body["errors"]] == [131201]
    none = app.call("POST", f"{group}/join_requests", WHATSAPP | {"join_requests": ["nobody"]})
    assert (none.status, none.error["code"]) == (400, 131213)


def test_full(app: App) -> None:
    """Eight users are in a group at most: a ninth cannot be approved (131204) nor come in by the link."""
    users = [f"1650555{number:04}" for number in range(9)]
    group = app.make(join_approval_mode="approval_required")
    asked = ask_to_join(app, group, *users)
    found = app.call("POST", f"{group}/join_requests", WHATSAPP | {"join_requests": asked})
    assert (found.status, found.body["approved_join_requests"]) == (206, asked[:8])
    assert found.body["failed_join_requests"][0]["errors"][0]["code"] == 131204
    open_group = app.make()
    for user in users[:8]:
        app.does(user, "join_group", group_id=open_group)
    body = {"action": "join_group", "group_id": open_group}
    assert "is full" in app.platform.ask("POST", f"/_localwaba/users/{users[8]}/actions", body).body["error"]


def test_limit_of_groups(app: App) -> None:
    """A number has so many groups and no more (131211)."""
    app.platform.control("PATCH", "policy", {"groups_per_number": 1})
    app.make()
    assert app.call("POST", f"{app.number}/groups", WHATSAPP | {"subject": "Two"}).error["code"] == 131211


def test_message(app: App) -> None:
    """A message leaves once, and gets to those who are in: one webhook for all to whom it happens at once."""
    group = app.make()
    for user in (ANN, BOB):
        app.does(user, "join_group", group_id=group)
    app.says(ANN, group)
    sent = app.send(group)
    [message] = sent.body["messages"]
    assert sent.body["contacts"] == [{"input": group, "wa_id": group}]
    assert message["group_id"] == group
    app.advance(10)
    told = [value for value in app.values("messages") if "statuses" in value]
    assert [[one["status"] for one in value["statuses"]] for value in told] == [
        ["sent"],
        ["delivered"] * 2,
        ["read"] * 2,
    ]
    assert told[0]["statuses"] == [
        {
            "id": message["id"],
            "status": "sent",
            "timestamp": "1767268800",
            "recipient_id": group,
            "recipient_type": "group",
        }
    ]
    assert "contacts" not in told[0]
    assert told[1]["contacts"] == [{"wa_id": user, "user_id": user_id(app, user)} for user in (ANN, BOB)]
    assert told[1]["statuses"][1] == {
        "id": message["id"],
        "status": "delivered",
        "timestamp": "1767268800",
        "recipient_id": group,
        "recipient_type": "group",
        "recipient_participant_id": BOB,
        "recipient_participant_user_id": user_id(app, BOB),
        "pricing": {
            "billable": False,
            "pricing_model": "PMP",
            "category": "group_service",
            "type": "free_group_customer_service",
        },
    }


def test_each_at_their_own_time(app: App) -> None:
    """Participants get a message when they get it: who is slow is told of later, who is off never."""
    group = app.make()
    app.platform.control("PUT", f"users/{BOB}", {"behaviour": {"delivered_after": 60}})
    app.platform.control("PUT", f"users/{CYD}", {"behaviour": {"delivered_after": None}})
    for user in (ANN, BOB, CYD):
        app.does(user, "join_group", group_id=group)
    app.says(ANN, group)
    message_id = app.send(group).body["messages"][0]["id"]
    app.advance(10)
    shown = next(one for one in app.platform.control("GET", "messages")["messages"] if one["id"] == message_id)
    assert (shown["status"], shown["receipts"]) == ("sent", {ANN: "read", BOB: "sent", CYD: "sent"})
    app.advance(60)
    shown = next(one for one in app.platform.control("GET", "messages")["messages"] if one["id"] == message_id)
    assert (shown["status"], shown["receipts"]) == ("sent", {ANN: "read", BOB: "read", CYD: "sent"})


def test_window_is_the_group_s(app: App) -> None:
    """Nobody has written: a text fails with 131047. One participant writes: the group's window is open, no other."""
    group = app.make()
    for user in (ANN, BOB):
        app.does(user, "join_group", group_id=group)
    app.send(group)
    [failed] = [value["statuses"][0] for value in app.values("messages")]
    assert (failed["status"], failed["errors"][0]["code"], failed["recipient_id"]) == ("failed", 131047, group)
    app.says(BOB, group)
    app.send(group)
    assert app.values("messages")[-1]["statuses"][0]["status"] == "sent"
    app.platform.send(app.platform.text(BOB))
    assert app.values("messages")[-1]["statuses"][0]["errors"][0]["code"] == 131047


def test_a_participant_writes(app: App) -> None:
    """What is written in a group has its id, and the participant as sender."""
    group = app.make()
    app.does(ANN, "join_group", group_id=group)
    sent = app.says(ANN, group)
    [value] = app.values("messages")
    assert violation("webhooks/messages", value) is None
    [message] = value["messages"]
    assert (message["id"], message["group_id"], message["from"]) == (sent["message_id"], group, ANN)
    assert value["contacts"][0]["wa_id"] == ANN


def test_what_groups_do_not_support(app: App) -> None:
    """A location arrives as unsupported, with 130501 and no object."""
    group = app.make()
    app.does(ANN, "join_group", group_id=group)
    app.says(ANN, group, type="location", location={"latitude": 1, "longitude": 2})
    [message] = app.values("messages")[-1]["messages"]
    assert (message["type"], message["errors"][0]["code"], "unsupported" in message) == ("unsupported", 130501, False)


def test_strangers_cannot_write(app: App) -> None:
    """Whoever is not in a group cannot write there; a group that is not there has nobody."""
    group = app.make()
    for where, word in ((group, "is not in that group"), ("Y2Fw", "has no group")):
        body = {"group_id": where, "type": "text", "text": {"body": "hi"}}
        assert word in app.platform.ask("POST", f"/_localwaba/users/{ANN}/messages", body).body["error"]


def test_inbox(app: App) -> None:
    """Every participant sees what is said in the group; others see nothing."""
    group = app.make()
    for user in (ANN, BOB):
        app.does(user, "join_group", group_id=group)
    app.says(ANN, group)
    app.send(group)
    app.advance(10)
    shown = {user: app.platform.control("GET", f"users/{user}/inbox")["messages"] for user in (ANN, BOB, CYD)}
    assert [(one["from"], one["text"], one["group"]) for one in shown[ANN]] == [
        ("user", "hi all", "Readers"),
        ("business", "hello all", "Readers"),
    ]
    assert [(one["from"], one.get("author"), one["ticks"]) for one in shown[BOB]] == [
        ("participant", ANN, "received"),
        ("business", None, "read"),
    ]
    assert shown[CYD] == []


def test_read_by_hand(app: App) -> None:
    """A participant opens the group: what got there is read, and only by them."""
    group = app.make()
    app.platform.control("PATCH", "policy", {"read_after": None})
    for user in (ANN, BOB):
        app.does(user, "join_group", group_id=group)
    app.says(ANN, group)
    message_id = app.send(group).body["messages"][0]["id"]
    app.advance(5)
    assert app.does(BOB, "read", group_id=group) == {"read": [message_id]}
    [status] = app.values("messages")[-1]["statuses"]
    assert (status["status"], status["recipient_participant_id"]) == ("read", BOB)


def test_read_before_delivered(app: App) -> None:
    """Whoever has read a message is not told of as having got it later."""
    group = app.make()
    for user in (ANN, BOB):
        app.does(user, "join_group", group_id=group)
    app.says(ANN, group)
    app.send(group)
    app.platform.settle()
    app.does(BOB, "read", group_id=group)
    app.advance(10)
    told = [one for value in app.values("messages") for one in value.get("statuses", ())]
    assert [(one["status"], one.get("recipient_participant_id")) for one in told] == [
        ("sent", None),
        ("read", BOB),
        ("delivered", ANN),
        ("read", ANN),
    ]


def test_answers(app: App) -> None:
    """A participant whose behaviour says so answers in the group."""
    group = app.make()
    app.platform.control("PUT", f"users/{ANN}", {"behaviour": {"answers": "You said {text}"}})
    app.does(ANN, "join_group", group_id=group)
    app.says(ANN, group)
    app.send(group)
    app.advance(10)
    message = app.values("messages")[-1]["messages"][0]
    assert (message["text"]["body"], message["group_id"]) == ("You said hello all", group)


@pytest.mark.parametrize(
    ("message", "code"),
    [
        ({"type": "location", "location": {"latitude": 1, "longitude": 2}}, 131051),
        ({"type": "image", "image": {"id": "1"}}, 100),
        ({"type": "pin", "pin": {"type": "pin", "message_id": "wamid.A", "expiration_days": 1}}, 131009),
    ],
)
def test_refused_messages(app: App, message: Any, code: int) -> None:
    """Types that groups do not have, foreign media, and pins of other messages are refused."""
    group = app.make()
    app.does(ANN, "join_group", group_id=group)
    assert app.send(group, message).error["code"] == code


def test_empty_group(app: App) -> None:
    """Nobody is there to read: 131020."""
    assert app.send(app.make()).error["code"] == 131020


def test_a_phone_number_is_no_group(app: App) -> None:
    """A phone number with recipient_type group, and a group without it, are refused at once."""
    assert app.send(ANN).error["code"] == 131041
    assert app.platform.send(app.platform.text(app.make())).status == 400


def test_templates(app: App) -> None:
    """A template goes to a group outside its window, at the price of groups; authentication does not."""
    group = app.make()
    app.does(ANN, "join_group", group_id=group)
    template = {"type": "template", "template": {"name": "hello_world", "language": {"code": "en_US"}}}
    sent = app.send(group, template).body["messages"][0]
    assert sent["message_status"] == "accepted"
    app.advance(5)
    pricing = app.values("messages")[-1]["statuses"][0]["pricing"]
    assert (pricing["category"], pricing["billable"], pricing["type"]) == ("group_utility", True, "regular")


def test_pin(app: App) -> None:
    """Three messages are pinned at most: one more takes the place of the oldest."""
    group = app.make()
    app.does(ANN, "join_group", group_id=group)
    said = [app.says(ANN, group)["message_id"] for _ in range(4)]
    for message_id in said:
        pin = {"type": "pin", "message_id": message_id, "expiration_days": 7}
        assert app.send(group, {"type": "pin", "pin": pin}).status == 200
    assert app.platform.control("GET", f"groups/{group}")["pins"] == said[1:]
    app.send(group, {"type": "pin", "pin": {"type": "unpin", "message_id": said[2]}})
    assert app.platform.control("GET", f"groups/{group}")["pins"] == [said[1], said[3]]


def test_suspended(app: App) -> None:
    """A suspended group can be read and deleted, nothing else: 131207 with HTTP 403."""
    group = app.make()
    app.does(ANN, "join_group", group_id=group)
    app.platform.control("PATCH", f"groups/{group}", {"suspended": True})
    refused = [
        app.send(group),
        app.call("POST", group, WHATSAPP | {"subject": "New"}),
        app.call("GET", f"{group}/invite_link"),
        app.call("DELETE", f"{group}/participants", WHATSAPP | {"participants": [{"user": ANN}]}),
    ]
    assert [(one.status, one.error["code"]) for one in refused] == [(403, 131207)] * 4
    assert app.call("GET", f"{group}?fields=suspended").body["suspended"] is True
    app.platform.control("PATCH", f"groups/{group}", {"suspended": False})
    assert app.call("GET", f"{group}/invite_link").status == 200
    assert [one["type"] for one in app.told("group_status_update")] == ["group_suspend", "group_suspend_cleared"]


def test_platform_event_suspends(app: App) -> None:
    """What Meta tells of a group's status is made true."""
    group = app.make()
    app.platform.control("POST", "platform-events", {"field": "group_status_update", "variant": "suspended"})
    assert app.platform.control("GET", f"groups/{group}")["suspended"] is True


def test_snapshot(app: App) -> None:
    """Groups and what is on its way to them outlive a snapshot."""
    group = app.make()
    app.does(ANN, "join_group", group_id=group)
    app.says(ANN, group)
    app.send(group)
    kept = app.platform.ask("GET", "/_localwaba/snapshot").raw
    app.call("DELETE", group)
    assert app.platform.ask("PUT", "/_localwaba/snapshot", kept).status == 200
    app.advance(10)
    assert app.platform.control("GET", "messages")["messages"][-1]["receipts"] == {ANN: "read"}


def test_a_new_number_stays_in(app: App) -> None:
    """Whoever changes the number stays in the group."""
    group = app.make()
    app.does(ANN, "join_group", group_id=group)
    app.does(ANN, "change_number", to=CYD)
    assert app.platform.control("GET", f"groups/{group}")["participants"] == [CYD]
