"""Every known shape of the field `messages` can be made to happen, and the app is told exactly that shape."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from localwaba.domain.policy import Policy, patch
from localwaba.wire.shapes import OF_MESSAGES
from localwaba_contracts.validate import violation
from localwaba_contracts.webhooks import variants

SAMPLES = variants("messages")
USER = "16505551234"
CALLBACK = "http://127.0.0.1:9/webhook"
# Members whose value belongs to the shape; of all others it is enough that they are there, in this order.
TELLING = {
    "action_type", "animated", "billable", "body", "category", "click_component", "code", "details", "emoji",
    "forwarded", "frequently_forwarded", "is_permanent", "media_type", "name", "origin",
    "pricing_model", "recipient_type", "response", "response_source", "source_type", "status", "title", "type", "voice",
}  # fmt: skip


class Theatre:
    """A world whose app is subscribed, with one user, and short words for what happens in it."""

    def __init__(self, platform: Any) -> None:
        self.platform = platform
        platform.control("PUT", "webhook", {"url": CALLBACK})
        self.user(name="Ada Lovelace")

    def user(self, **changes: Any) -> None:
        self.platform.control("PUT", f"users/{USER}", changes)

    def knobs(self, **changes: Any) -> None:
        self.platform.control("PATCH", "policy", changes)

    def says(self, message: dict[str, Any]) -> str:
        found: str = self.platform.control("POST", f"users/{USER}/messages", message)["message_id"]
        return found

    def does(self, action: str, **options: Any) -> dict[str, Any]:
        found: dict[str, Any] = self.platform.control("POST", f"users/{USER}/actions", {"action": action, **options})
        return found

    def sends(self, kind: str, content: Any, to: str = USER, **beside: Any) -> str:
        message = {"messaging_product": "whatsapp", "to": to, "type": kind, kind: content} | beside
        reply = self.platform.send(message)
        assert reply.status == 200, reply.raw
        found: str = reply.body["messages"][0]["id"]
        self.platform.settle()
        return found

    def asks(self, kind: str, action: dict[str, Any]) -> str:
        """The business asks something that can be tapped."""
        if kind == "call_permission_request":
            self.knobs(call_messaging_limit=False)
            self.platform.graph("POST", f"/{self.platform.number}/settings", {"calling": {"status": "ENABLED"}})
        self.says({"type": "text", "text": {"body": "hi"}})
        return self.sends("interactive", {"type": kind, "body": {"text": "Well?"}, "action": action})

    def template(self, category: str, buttons: list[dict[str, Any]], **body: Any) -> str:
        """The business sends a template of its own."""
        waba, world = self.platform.world.waba_id, self.platform
        text = {"type": "BODY", "text": "Our autumn sale has begun, come in and find out."}
        made = {"name": "sale", "language": "en_US", "category": category, "components": [text]}
        if buttons:
            made["components"].append({"type": "BUTTONS", "buttons": buttons})
        reply = world.graph("POST", f"/{waba}/message_templates", made)
        assert reply.status == 200, reply.raw
        self.passes(60)
        return self.sends("template", {"name": "sale", "language": {"code": "en_US"}} | body)

    def passes(self, seconds: float) -> None:
        self.platform.control("POST", "clock/advance", {"seconds": seconds})

    def meta(self, **changes: Any) -> None:
        """Meta changes the number."""
        self.platform.control("PATCH", f"phone_numbers/{self.platform.number}", changes)

    def coexists(self) -> None:
        self.meta(coexistence=True)

    def subscribes(self, version: str) -> None:
        """The app chooses a Graph version for its webhooks."""
        app = self.platform.world.apps[self.platform.world.app_id]
        webhook = type(app.webhook)
        changed = {name: getattr(app.webhook, name) for name in webhook.__struct_fields__} | {"version": version}
        fields = {name: getattr(app, name) for name in type(app).__struct_fields__}
        self.platform.world.apps[app.id] = type(app)(**fields | {"webhook": webhook(**changed)})

    def told(self) -> list[dict[str, Any]]:
        self.platform.settle()
        deliveries = self.platform.control("GET", "webhooks?field=messages")["webhooks"]
        return [one["body"]["entry"][0]["changes"][0]["value"] for one in deliveries]


@pytest.fixture
def theatre(platform: Any) -> Theatre:
    return Theatre(platform)


def shape(value: Any, name: str = "") -> Any:
    """Which members there are, in which order, of which kind; and the values that make the shape."""
    if isinstance(value, dict):
        return {key: shape(member, key) for key, member in value.items()}
    if isinstance(value, list):
        return [shape(member, name) for member in value]
    if name in TELLING and not (name in ("body", "name", "title") and isinstance(value, str) and " " in value):
        return value
    return "number" if isinstance(value, (int, float)) and not isinstance(value, bool) else type(value).__name__


def spelled(value: Any) -> str:
    return json.dumps(shape(value), ensure_ascii=False, indent=1)


# a user writes: the message of the sample, as if it was pasted


def paste(theatre: Theatre, name: str) -> None:
    message = SAMPLES[name].filled()["messages"][0]
    theatre.says({key: value for key, value in message.items() if key not in ("id", "from", "timestamp")})


KNOBS: dict[str, dict[str, Any]] = {
    "text_parent_ids": {"parent_user_ids": True},
    "text_without_user_ids": {"business_scoped_ids": False},
    "image_without_url": {"inbound_media_url": False},
    "unsupported_bare": {"unsupported_object": False},
    "customer_changed_number": {},
}
PEOPLE: dict[str, dict[str, Any]] = {
    "text_username": {"username": "ada"},
    "text_hidden_number": {"username": "ada", "behaviour": {"phone_visible": False}},
    "text_identity_hash": {"behaviour": {"identity_key_hash": "DF2lS5v2W6x="}},
    "text_without_profile": {"behaviour": {"has_profile": False}},
}

# what follows from what the business and the user do


def send_and_wait(theatre: Theatre, **beside: Any) -> str:
    theatre.says({"type": "text", "text": {"body": "hi"}})
    found = theatre.sends("text", {"body": "hello"}, **beside)
    theatre.passes(10)
    return found


def utility(theatre: Theatre, **beside: Any) -> str:
    found = theatre.template("UTILITY", [])
    theatre.passes(10)
    return found


def tapping(kind: str, action: dict[str, Any], **tap: Any) -> Callable[[Theatre], None]:
    def play(theatre: Theatre) -> None:
        if kind == "call_permission_request":
            theatre.meta(messaging_limit="TIER_2K")
            calling = {"calling": {"status": "ENABLED"}}
            assert theatre.platform.graph("POST", f"/{theatre.platform.number}/settings", calling).status == 200
        theatre.asks(kind, action)
        theatre.does("tap", **tap)

    return play


def reply_buttons() -> dict[str, Any]:
    return {"buttons": [{"type": "reply", "reply": {"id": "yes", "title": "Yes"}}]}


def rows() -> dict[str, Any]:
    found = [{"id": "fw", "title": "Flat white", "description": "with milk"}, {"id": "f", "title": "Filter"}]
    return {"button": "Choose", "sections": [{"title": "Coffees", "rows": found}]}


def knobbed(play: Callable[[Theatre], Any], **knobs: Any) -> Callable[[Theatre], None]:
    def played(theatre: Theatre) -> None:
        theatre.knobs(**knobs)
        play(theatre)

    return played


def versioned(play: Callable[[Theatre], Any], version: str) -> Callable[[Theatre], None]:
    def played(theatre: Theatre) -> None:
        theatre.subscribes(version)
        play(theatre)

    return played


def hidden(theatre: Theatre, text: bool = True) -> None:
    theatre.user(username="ada", behaviour={"phone_visible": False})
    theatre.says({"type": "text", "text": {"body": "hi"}})
    user_id = theatre.platform.world.users[USER].user_id
    theatre.platform.graph("POST", f"/{theatre.platform.world.waba_id}/message_templates", {
        "name": "sale", "language": "en_US", "category": "UTILITY",
        "components": [{"type": "BODY", "text": "Your order is ready, come in and take it."}],
    })  # fmt: skip
    theatre.passes(90_000)
    message = {"messaging_product": "whatsapp", "recipient": user_id, "type": "template"}
    reply = theatre.platform.send(message | {"template": {"name": "sale", "language": {"code": "en_US"}}})
    assert reply.status == 200, reply.raw
    theatre.passes(10)


def hidden_and_failing(theatre: Theatre) -> None:
    theatre.knobs(error_href="none")
    theatre.user(username="ada", behaviour={"phone_visible": False, "fails_with": 131026})
    theatre.says({"type": "text", "text": {"body": "hi"}})
    user_id = theatre.platform.world.users[USER].user_id
    message = {"messaging_product": "whatsapp", "recipient": user_id, "type": "text", "text": {"body": "hello"}}
    assert theatre.platform.send(message).status == 200


def failing(code: int = 131026, **knobs: Any) -> Callable[[Theatre], None]:
    def play(theatre: Theatre) -> None:
        theatre.knobs(**{"error_href": "none"} | knobs)
        theatre.user(behaviour={"fails_with": code})
        send_and_wait(theatre)

    return play


def from_ad(theatre: Theatre) -> None:
    theatre.says({"type": "text", "text": {"body": "hi"}, "referral": {}})
    theatre.sends("text", {"body": "hello"})
    theatre.sends("text", {"body": "what may it be?"})
    theatre.passes(10)


def identity(theatre: Theatre) -> None:
    theatre.user(behaviour={"identity_key_hash": "DF2lS5v2W6x="})
    theatre.says({"type": "text", "text": {"body": "hi"}})
    theatre.sends("text", {"body": "hello"}, recipient_identity_key_hash="DF2lS5v2W6x=")


def quick_reply(theatre: Theatre) -> None:
    components = [{"type": "button", "sub_type": "quick_reply", "index": "0", "parameters": [
        {"type": "payload", "payload": "TRACK-77"}]}]  # fmt: skip
    theatre.template("UTILITY", [{"type": "QUICK_REPLY", "text": "Where is it?"}], components=components)
    theatre.does("tap", title="Where is it?")


def click(theatre: Theatre) -> None:
    theatre.knobs(click_webhooks=True)
    theatre.template("MARKETING", [{"type": "URL", "text": "Open", "url": "https://shop.example/sale"}])
    theatre.does("tap", title="Open")


def edit(theatre: Theatre, message: dict[str, Any], *, coexists: bool = True) -> None:
    if coexists:
        theatre.coexists()
    theatre.says(message)
    theatre.does("edit", text="Hello again")


def edit_reply(theatre: Theatre) -> None:
    sent = send_and_wait(theatre)
    edit(theatre, {"type": "text", "text": {"body": "x"}, "context": {"id": sent}})


def revoke(theatre: Theatre) -> None:
    theatre.coexists()
    theatre.says({"type": "text", "text": {"body": "x"}})
    theatre.does("delete")


def bill(theatre: Theatre) -> None:
    item = {"retailer_id": "a", "name": "Coffee", "amount": {"value": 50000, "offset": 100}, "quantity": 1}
    theatre.asks("order_details", {"name": "review_and_pay", "parameters": {
        "reference_id": "order-77", "type": "digital-goods", "currency": "INR",
        "payment_settings": [{"type": "payment_gateway", "payment_gateway": {
            "type": "razorpay", "configuration_name": "shop"}}],
        "total_amount": {"value": 50000, "offset": 100},
        "order": {"status": "pending", "items": [item], "subtotal": {"value": 50000, "offset": 100}},
    }})  # fmt: skip


def paying(**options: Any) -> Callable[[Theatre], None]:
    def play(theatre: Theatre) -> None:
        bill(theatre)
        theatre.does("pay", **options)

    return play


def played(theatre: Theatre) -> None:
    theatre.says({"type": "text", "text": {"body": "hi"}})
    theatre.sends("audio", {"link": "https://sounds.example/a.ogg", "voice": True})
    theatre.does("play")


def moving(**knobs: Any) -> Callable[[Theatre], None]:
    def play(theatre: Theatre) -> None:
        theatre.knobs(**knobs)
        theatre.says({"type": "text", "text": {"body": "hi"}})
        theatre.does("change_number", to="16505559999")

    return play


def abroad(theatre: Theatre) -> None:
    theatre.knobs(authentication_international=["IN"])
    theatre.platform.graph("POST", f"/{theatre.platform.world.waba_id}/message_templates", {
        "name": "code", "language": "en_US", "category": "AUTHENTICATION",
        "components": [{"type": "BODY"}, {"type": "BUTTONS", "buttons": [{"type": "OTP", "otp_type": "COPY_CODE"}]}],
    })  # fmt: skip
    theatre.passes(60)
    parameters = [{"type": "text", "text": "1234"}]
    theatre.sends("template", {"name": "code", "language": {"code": "en_US"}, "components": [
        {"type": "body", "parameters": parameters},
        {"type": "button", "sub_type": "url", "index": "0", "parameters": parameters},
    ]}, to="919876543210")  # fmt: skip


def identity_changes(theatre: Theatre) -> None:
    theatre.knobs(identity_change="system")
    theatre.says({"type": "text", "text": {"body": "hi"}})
    theatre.does("change_identity")


SCREEN = {
    "id": "SEATS",
    "terminal": True,
    "layout": {
        "type": "SingleColumnLayout",
        "children": [{"type": "Footer", "label": "Done", "on-click-action": {"name": "complete", "payload": {}}}],
    },
}
FLOW = json.dumps({"version": "7.3", "screens": [SCREEN]})


def flow(theatre: Theatre, token: str | None = "token-77") -> None:
    made = theatre.platform.graph("POST", f"/{theatre.platform.world.waba_id}/flows", {
        "name": "seats", "categories": ["OTHER"], "flow_json": FLOW})  # fmt: skip
    parameters = {"flow_message_version": "3", "flow_id": made.body["id"], "flow_cta": "Book", "mode": "draft",
                  "flow_action": "data_exchange"}  # fmt: skip
    theatre.asks("flow", {"name": "flow", "parameters": parameters | ({"flow_token": token} if token else {})})
    theatre.does("tap", title="Book", response={"seats": "2", "when": "2026-02-01"} if token else {"seats": "2"})


def grouped(*others: str, **knobs: Any) -> Callable[[Theatre], str]:
    """A group in which the user and others are."""

    def play(theatre: Theatre) -> str:
        theatre.knobs(**knobs)
        made = {"messaging_product": "whatsapp", "subject": "Readers"}
        theatre.platform.graph("POST", f"/{theatre.platform.number}/groups", made)
        theatre.platform.settle()
        (group,) = theatre.platform.world.groups
        for one in (USER, *others):
            path = f"users/{one}/actions"
            theatre.platform.control("POST", path, {"action": "join_group", "group_id": group})
        return str(group)

    return play


def in_group(message: dict[str, Any]) -> Callable[[Theatre], None]:
    return lambda it: it.says(message | {"group_id": grouped()(it)}) and None


def to_group(*others: str, opened: bool = True, **knobs: Any) -> Callable[[Theatre], None]:
    def play(theatre: Theatre) -> None:
        group = grouped(*others, **knobs)(theatre)
        if opened:
            theatre.says({"type": "text", "text": {"body": "hi"}, "group_id": group})
        theatre.sends("text", {"body": "hello all"}, to=group, recipient_type="group")
        theatre.passes(10)

    return play


GRACE = "16505551111"
CALLS = {"name": "call_permission_request"}
ADDRESS = {"in_pin_code": "400063", "name": "Ada", "address": "1 Mill Lane", "city": "Mumbai"}
BEFORE_APRIL = {"status_contacts": "none", "business_scoped_ids": False}
SCRIPTS: dict[str, Callable[[Theatre], Any]] = {
    "text_from_status_ad": lambda it: it.says(
        {"type": "text", "text": {"body": "Hello"}, "referral": {"ctwa_clid": None}}
    ),
    "reaction_removed_without_emoji": knobbed(
        lambda it: it.says({"type": "reaction", "reaction": {"message_id": "wamid.A", "emoji": ""}}),
        removed_reaction="omitted",
    ),
    "location_reply": tapping("location_request_message", {"name": "send_location"}, title="Send location"),
    "contacts_shared": tapping("request_contact_info", {"name": "request_contact_info"}, title="Share contact info"),
    "button": quick_reply,
    "button_reply": tapping("button", reply_buttons(), title="Yes"),
    "list_reply": tapping("list", rows(), title="Flat white"),
    "list_reply_without_description": tapping("list", rows(), title="Filter"),
    "flow_reply": flow,
    "flow_reply_unused_token": lambda it: flow(it, None),
    "address_reply": tapping(
        "address_message",
        {"name": "address_message", "parameters": {"country": "IN"}},
        title="Provide address",
        response={"saved_address_id": "address1"} | ADDRESS,
    ),
    "call_permission_accepted": tapping("call_permission_request", CALLS, title="accept"),
    "call_permission_rejected": tapping("call_permission_request", CALLS, title="reject"),
    "call_permission_documented": knobbed(
        tapping("call_permission_request", CALLS, title="accept"), permission_time="text"
    ),
    "interactive_not_rendered": lambda it: it.says({"type": "interactive", "context": {"id": send_and_wait(it)}}),
    "user_changed_number": moving(),
    "user_changed_number_2022": moving(number_change="2022", business_scoped_ids=False),
    "user_changed_user_id": moving(),
    "user_changed_user_id_parents": moving(parent_user_ids=True),
    "user_changed_user_id_april": moving(user_id_change="april"),
    "customer_changed_number": lambda it: paste(it, "customer_changed_number"),
    "customer_identity_changed": identity_changes,
    "unsupported_edit": lambda it: edit(it, {"type": "text", "text": {"body": "x"}}, coexists=False),
    "edit": lambda it: edit(it, {"type": "text", "text": {"body": "x"}}),
    "edit_reply": edit_reply,
    "edit_caption": lambda it: edit(it, {"type": "image", "image": {"caption": "x"}}),
    "revoke": revoke,
    "link_click": click,
    "sent": send_and_wait,
    "sent_with_conversation": versioned(utility, "v23.0"),
    "sent_in_entry_window": from_ad,
    "sent_2025": knobbed(utility, **BEFORE_APRIL, pricing_model="conversations_2024_11"),
    "sent_2022": knobbed(send_and_wait, **BEFORE_APRIL, pricing_model="conversations_2022"),
    "sent_international": versioned(abroad, "v23.0"),
    "sent_documented": knobbed(send_and_wait, status_contacts="documented"),
    "sent_without_contacts": versioned(knobbed(utility, **BEFORE_APRIL), "v23.0"),
    "sent_hidden_number": hidden,
    "sent_parent_ids": knobbed(send_and_wait, parent_user_ids=True),
    "sent_parent_ids_april": knobbed(
        send_and_wait, parent_user_ids=True, parent_recipient_member="parent_recipient_user_id"
    ),
    "sent_identity_hash": identity,
    "delivered": send_and_wait,
    "delivered_with_data": lambda it: (
        it.knobs(pricing_model="per_message_2026_10"),
        it.template("UTILITY", []),
        it.sends("template", {"name": "sale", "language": {"code": "en_US"}}, biz_opaque_callback_data="77"),
        it.passes(10),
    ),
    "delivered_with_conversation": versioned(utility, "v23.0"),
    "delivered_documented": lambda it: (
        it.user(username="ada"), it.knobs(status_contacts="documented"), send_and_wait(it)
    ),
    "read": send_and_wait,
    "read_without_pricing": knobbed(send_and_wait, status_pricing="sent-and-one"),
    "read_with_conversation": versioned(utility, "v23.0"),
    "played": played,
    "failed": failing(),
    "failed_with_link": failing(error_href="url"),
    "failed_documented": failing(error_href="path", status_contacts="documented"),
    "failed_by_user_id": hidden_and_failing,
    "failed_2022": failing(failed_status="2022", status_contacts="none", business_scoped_ids=False),
    "failed_on_a_device": failing(131036),
    "failed_on_premises": failing(failed_status="on_premises"),
    "text_in_group": in_group({"type": "text", "text": {"body": "Hello"}}),
    "unsupported_in_group": in_group({"type": "unsupported"}),
    "group_sent": to_group(),
    "group_delivered": to_group(GRACE),
    "group_delivered_documented": to_group(GRACE, status_contacts="documented"),
    "group_delivered_one": to_group(group_participant="participant_recipient_id"),
    "group_read": to_group(GRACE, group_pricing="inside"),
    "group_failed": to_group(opened=False, error_href="none"),
    "payment_captured": paying(),
    "payment_pending": paying(status="pending"),
    "payment_failed": paying(status="failed"),
}  # fmt: skip
HAPPENING = [name for name, sample in SAMPLES.items() if sample.how]


@pytest.mark.parametrize("name", HAPPENING)
def test_shape_happens(theatre: Theatre, name: str) -> None:
    """What a user, an app and the rules do is told in the shape that is known, member by member, in its order."""
    sample = SAMPLES[name]
    theatre.knobs(**KNOBS.get(name, {}))
    theatre.user(**PEOPLE.get(name, {"name": "Ada Lovelace"}))
    SCRIPTS.get(name, lambda it: paste(it, name))(theatre)
    told, wanted = theatre.told(), spelled(sample.filled())
    assert [value for value in told if violation("webhooks/messages", value) is not None] == []
    same = [value for value in told if spelled(value) == wanted]
    assert same or spelled(_nearest(told, sample.filled())).splitlines() == wanted.splitlines()


def _nearest(told: list[dict[str, Any]], wanted: dict[str, Any]) -> dict[str, Any]:
    """What came closest, to show what differs."""
    (what,) = {"messages", "statuses", "user_actions"} & wanted.keys()
    kinds = [value for value in told if what in value]
    word = "status" if what == "statuses" else "type"
    same = [value for value in kinds if value[what][0].get(word) == wanted[what][0].get(word)]
    return (same or kinds or told or [{}])[-1]


@pytest.mark.parametrize("name", SAMPLES)
def test_shape_is_fired_by_name(theatre: Theatre, name: str) -> None:
    """Every shape can be fired by its name, about the people of this world, and arrives as it is."""
    fired = theatre.platform.control("POST", "platform-events", {"field": "messages", "variant": name})
    assert theatre.told()[-1] == fired["value"]
    assert violation("webhooks/messages", fired["value"]) is None
    assert spelled(fired["value"]) == spelled(SAMPLES[name].filled())
    assert fired["value"]["metadata"]["phone_number_id"] == theatre.platform.number


@pytest.mark.parametrize(("knob", "setting"), OF_MESSAGES)
def test_knobs_of_shapes_are_known(knob: str, setting: Any) -> None:
    """Every other setting that the table lists is one that its knob can have, and not the usual one."""
    assert getattr(Policy(), knob) != setting
    assert getattr(patch(Policy(), {knob: setting}), knob) == setting
