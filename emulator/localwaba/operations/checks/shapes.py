"""Every payload that an app may meet: types and variants of messages, statuses, envelopes, and all other fields."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, NamedTuple

from localwaba.domain.clock import SECOND
from localwaba.operations.checks.judging import reached, taken
from localwaba.operations.checks.model import Check, Json, Person, Scene, Seen, Severity, Step, Verdict
from localwaba.operations.checks.payloads import (
    OBJECT,
    change,
    deliver,
    envelope,
    head,
    message,
    messages_value,
    person,
    status,
    statuses_value,
    text,
    wamid,
)
from localwaba.operations.platform_samples import FIELDS

GROUP = "shapes"
FIELD_GROUP = "fields"
_MESSAGES = "Meta: webhooks/reference/messages"
_BSUID = "Meta: business-scoped-user-ids"
_OVERVIEW = "Meta: webhooks/overview"
_UNSUPPORTED = {
    "code": 131051,
    "title": "Message type unknown",
    "message": "Message type unknown",
    "error_data": {"details": "Message type is currently not supported."},
}
Build = Callable[[Scene, Person], Json]


class Shape(NamedTuple):
    """A payload, what is special about it, and whether it is a text that is to be answered like any other."""

    name: str
    text: str
    sources: tuple[str, ...]
    build: Build
    answered: bool = False
    severity: Severity = "must"


def _of(item: Callable[[Scene, Person], Json]) -> Build:
    """A payload with one message, and the contact of its author."""
    return lambda scene, who: envelope(scene, change(messages_value(scene, [who], [item(scene, who)])))


def _kind(kind: str, content: Any) -> Build:
    """A payload with one message of a type."""
    return _of(lambda scene, who: message(scene, who, kind, content))


def _media(kind: str, **more: Any) -> Build:
    """A payload with a medium that can be downloaded, where there is one."""

    def item(scene: Scene, who: Person) -> Json:
        made_up = {"mime_type": "image/jpeg", "sha256": "HCaHabZ6V4V/SPm3c=", "id": "27250000000000001"}
        return message(scene, who, kind, {**more, **scene.media.get(kind, made_up)})

    return _of(item)


def _ours(scene: Scene, who: Person) -> Json:
    """The context of a reply to a message of the business."""
    sent = scene.own[0] if scene.own else wamid(scene, who, "ours", outbound=True)
    return {"context": {"from": scene.digits, "id": sent}}


def _reply(kind: str, content: Any) -> Build:
    return _of(lambda scene, who: _ours(scene, who) | message(scene, who, kind, content))


def _told(change_it: Callable[[Scene, Person, Json], object]) -> Build:
    """A payload with a text, and something about its value changed."""

    def build(scene: Scene, who: Person) -> Json:
        value = messages_value(scene, [who], [text(scene, who)])
        change_it(scene, who, value)
        return envelope(scene, change(value))

    return build


def _status(name: str, change_it: Callable[[Json, Json], object] | None = None) -> Build:
    """A payload with one status, and something about its value or itself changed."""

    def build(scene: Scene, who: Person) -> Json:
        item = status(scene, who, name, wamid(scene, who, "sent", outbound=True))
        value = statuses_value(scene, who, [item])
        if change_it is not None:
            change_it(value, item)
        return envelope(scene, change(value))

    return build


def _drop(place: str) -> Callable[[Scene, Person, Json], object]:
    """Takes away a member of the value, or, as `contacts.profile`, of its first contact."""
    outer, _, inner = place.partition(".")
    return lambda scene, who, value: value.pop(outer) if not inner else value[outer][0].pop(inner)


def _hide_number(scene: Scene, who: Person, value: Json) -> None:
    del value["contacts"][0]["wa_id"], value["messages"][0]["from"]
    value["contacts"][0]["profile"]["username"] = who.name.lower()


def _add_members(scene: Scene, who: Person, value: Json) -> None:
    value["x_new"] = {"a": [1, None]}
    value["metadata"]["x_new"] = "b"
    value["contacts"][0]["x_new"] = True
    value["messages"][0]["x_new"] = 1.5


def _shuffled(scene: Scene, who: Person) -> Json:
    """Every object with its members in the opposite order, as in test payloads of the dashboard."""
    turned: Json = _turn(envelope(scene, change(messages_value(scene, [who], [text(scene, who)]))))
    return turned


def _turn(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _turn(value[key]) for key in reversed(value)}
    return [_turn(one) for one in value] if isinstance(value, list) else value


def _contextless_button(scene: Scene, who: Person) -> Json:
    return message(scene, who, "button", {"payload": "yes", "text": "Yes"})


def _unrendered(scene: Scene, who: Person) -> Json:
    error = {"code": 131000, "title": "Something went wrong", "message": "Something went wrong"}
    error = error | {"error_data": {"details": "Unsupported webhook payload"}}
    value = messages_value(scene, [who], [_ours(scene, who) | message(scene, who, "interactive", None)])
    return envelope(scene, change(value | {"errors": [error]}))


def _failed_alone(scene: Scene, who: Person) -> Json:
    error = {"code": 130429, "title": "Rate limit hit", "message": "Rate limit hit"}
    error = error | {"error_data": {"details": "Message failed to send because there were too many messages."}}
    return envelope(scene, change(head(scene) | {"errors": [error]}))


def _system(content: Json, **more: Any) -> Build:
    def build(scene: Scene, who: Person) -> Json:
        item = message(scene, who, "system", content) | more
        return envelope(scene, change(head(scene) | {"messages": [item]}))

    return build


def _unsupported(scene: Scene, who: Person, *, bare: bool) -> Json:
    item = message(scene, who, "unsupported", None) | {"errors": [_UNSUPPORTED]}
    return item if bare else item | {"unsupported": {"type": "poll"}}


def _referral(scene: Scene, who: Person) -> Json:
    referral = {
        "source_url": "https://fb.me/3cr4Wqqkv",
        "source_id": "120226305854810726",
        "source_type": "ad",
        "body": "Chat with us",
        "headline": "50% off",
        "media_type": "image",
        "image_url": "https://scontent.xx.fbcdn.net/v/t45.1",
        "ctwa_clid": "Aff-n8ZTODiE79d22KtAwQKj9e",
    }
    return {"referral": referral} | text(scene, who)


def _quoting(context: Json) -> Build:
    return _of(lambda scene, who: {"context": context} | text(scene, who))


def _clicks(scene: Scene, who: Person) -> Json:
    click = {
        "action_type": "marketing_messages_link_click",
        "timestamp": str(scene.now // SECOND),
        "marketing_messages_link_click_data": {"click_component": "cta"},
    }
    return envelope(scene, change(head(scene) | {"user_actions": [click]}))


def _payment(scene: Scene, who: Person) -> Json:
    item = {
        "id": wamid(scene, who, "sent", outbound=True),
        "recipient_id": who.wa_id,
        "type": "payment",
        "status": "captured",
        "payment": {"reference_id": "42", "amount": {"value": 100, "offset": 100}, "currency": "INR"},
        "timestamp": str(scene.now // SECOND),
    }
    return envelope(scene, change(head(scene) | {"statuses": [item]}))


def _group_status(scene: Scene, who: Person) -> Json:
    item = status(scene, who, "read", wamid(scene, who, "sent", outbound=True))
    item |= {"recipient_id": "Y2FwaV9ncm91cDoxNzA1NTU1MDEzOToxMjAzNjM0MDQ2OTQyMzM4MjAZD", "recipient_type": "group"}
    item |= {"recipient_participant_id": who.wa_id, "recipient_participant_user_id": item.pop("recipient_user_id")}
    return envelope(scene, change(statuses_value(scene, who, [item])))


def _empty(level: str) -> Build:
    def build(scene: Scene, who: Person) -> Json:
        if level == "entry":
            return {"object": OBJECT, "entry": []}
        if level == "changes":
            return envelope(scene)
        return envelope(scene, change(head(scene) | {level: []}))

    return build


def _conversation(value: Json, item: Json) -> None:
    item["conversation"] = {
        "id": "bed2de89093e953b76c68fc93131560b",
        "expiration_timestamp": item["timestamp"],
        "origin": {"type": "service"},
    }


def _two_errors(value: Json, item: Json) -> None:
    item["errors"].append({"code": 131049, "title": "Not delivered"})


def _flow(reply: Json, **more: str) -> Json:
    return {"type": "nfm_reply", "nfm_reply": {"response_json": json.dumps(reply), **more}}


_ADDRESS = {"values": {"name": "Ada", "in_pin_code": "400063", "building_name": "8", "city": "Mumbai"}}
_ORDER = {
    "catalog_id": "194836987003835",
    "text": "",
    "product_items": [{"product_retailer_id": "di9ozbzfi4", "quantity": 2, "item_price": 7.99, "currency": "USD"}],
}
_CARD = {"name": {"formatted_name": "Ben"}, "phones": [{"phone": "+1 212-555-0142", "type": "Cellulare"}]}
_MOVED = {"body": "User A changed from 1 to 2", "wa_id": "16465550101", "type": "user_changed_number"}
_ROTATED = {"body": "User A changed from US.1 to US.2", "user_id": "US.2", "type": "user_changed_user_id"}


def _lines(kind: str) -> tuple[str, ...]:
    return (f"{_MESSAGES}/{kind}",)


SHAPES = (
    Shape("text", "a text", _lines("text"), _of(text), answered=True),
    Shape(
        "text-with-emoji",
        "a text with emoji, which arrive as surrogate pairs",
        ("Meta: webhooks/create-webhook-endpoint",),
        _of(lambda scene, who: text(scene, who, scene.text + " 😮👩‍👩‍👧 \u4f60\u597d \u0645\u0631\u062d\u0628\u0627")),
        answered=True,
    ),
    Shape(
        "text-long",
        "a text of 4,096 characters",
        _lines("text"),
        _of(lambda scene, who: text(scene, who, (scene.text + " " + "word " * 1000)[:4096])),
    ),
    Shape(
        "text-quoting", "a reply to a message of the app", _lines("text"), _of(lambda s, p: _ours(s, p) | text(s, p))
    ),
    Shape("text-forwarded", "a forwarded text: a context without id", _lines("text"), _quoting({"forwarded": True})),
    Shape(
        "text-often-forwarded",
        "a text that was forwarded often",
        _lines("text"),
        _quoting({"frequently_forwarded": True}),
    ),
    Shape("text-from-ad", "the first text after a click on an ad", _lines("text"), _of(_referral)),
    Shape("image", "an image", _lines("image"), _media("image", caption="A picture")),
    Shape("video", "a video", _lines("video"), _media("video")),
    Shape("audio", "a voice note", _lines("audio"), _media("audio")),
    Shape("document", "a document", _lines("document"), _media("document")),
    Shape("sticker", "a sticker", _lines("sticker"), _media("sticker")),
    Shape(
        "image-without-url",
        "an image without `url`, as before November 2025",
        _lines("image"),
        _kind("image", {"mime_type": "image/jpeg", "sha256": "HCaHabZ6V4V/SPm3c=", "id": "27250000000000001"}),
    ),
    Shape(
        "location",
        "a place",
        _lines("location"),
        _kind("location", {"address": "Rua 1", "latitude": -23.5, "longitude": -46.6, "name": "Café"}),
    ),
    Shape(
        "location-pin",
        "a pin: a place without a name",
        _lines("location"),
        _kind("location", {"latitude": 0.0, "longitude": 0.0}),
    ),
    Shape("contacts", "a contact card", _lines("contacts"), _kind("contacts", [_CARD])),
    Shape(
        "contacts-bare",
        "a contact card without phones, and one without a name",
        ("pywa: tests/data/updates", f"{_MESSAGES}/contacts"),
        _kind("contacts", [{"name": {"formatted_name": "Ben"}}, {"phones": [{"phone": "+12125550142"}]}]),
    ),
    Shape(
        "reaction",
        "a reaction",
        _lines("reaction"),
        _of(lambda s, p: message(s, p, "reaction", {"message_id": _ours(s, p)["context"]["id"], "emoji": "👍"})),
    ),
    Shape(
        "reaction-removed",
        "a reaction taken back: without `emoji`",
        (*_lines("reaction"), "netflie/whatsapp-cloud-api#138"),
        _of(lambda s, p: message(s, p, "reaction", {"message_id": _ours(s, p)["context"]["id"]})),
    ),
    Shape(
        "reaction-emptied",
        "a reaction taken back: with an empty `emoji`",
        ("pywa: tests/data/updates",),
        _of(lambda s, p: message(s, p, "reaction", {"message_id": _ours(s, p)["context"]["id"], "emoji": ""})),
    ),
    Shape(
        "button",
        "a tap on a button of a template",
        _lines("button"),
        _reply("button", {"payload": "yes", "text": "Yes"}),
    ),
    Shape(
        "button-without-context",
        "a tap that does not say on which message",
        ("david-lev/pywa#216",),
        _of(_contextless_button),
    ),
    Shape(
        "button-reply",
        "a tap on a reply button",
        _lines("interactive"),
        _reply("interactive", {"type": "button_reply", "button_reply": {"id": "yes", "title": "Yes"}}),
    ),
    Shape(
        "list-reply",
        "a choice of a list",
        _lines("interactive"),
        _reply("interactive", {"type": "list_reply", "list_reply": {"id": "a", "title": "A", "description": "1/2"}}),
    ),
    Shape(
        "flow-reply",
        "the answers of a flow",
        ("Meta: flows/reference/webhooks", "chatwoot/chatwoot#13970"),
        _reply("interactive", _flow({"flow_token": "unused", "name": "Zoë"}, body="Sent", name="flow")),
    ),
    Shape(
        "flow-reply-without-token",
        "the answers of a flow without `flow_token`",
        ("Meta: flows/reference/webhooks",),
        _reply("interactive", _flow({"name": "Ada"}, body="Sent", name="flow")),
    ),
    Shape("address-reply", "an address", ("Meta: messages/address-messages",), _reply("interactive", _flow(_ADDRESS))),
    Shape(
        "call-permission-reply",
        "the permission to call",
        ("Meta: calling/user-call-permissions",),
        _reply(
            "interactive",
            {
                "type": "call_permission_reply",
                "call_permission_reply": {"response": "reject", "response_source": "user_action"},
            },
        ),
    ),
    Shape(
        "interactive-unrendered",
        "an interactive message without `interactive`, and an error beside it",
        ("pywa: tests/data/updates",),
        _unrendered,
    ),
    Shape("order", "an order", _lines("order"), _kind("order", _ORDER)),
    Shape(
        "request-welcome", "the opening of a chat", ("Secreto31126/whatsapp-api-js",), _kind("request_welcome", None)
    ),
    Shape("system-number", "a user who changed their number: without contacts", _lines("system"), _system(_MOVED)),
    Shape("system-user-id", "a user whose user id changed", (_BSUID,), _system(_ROTATED)),
    Shape(
        "unsupported",
        "a message that the API does not support",
        (*_lines("unsupported"), "shridarpatil/frappe_whatsapp#162"),
        _of(lambda s, p: _unsupported(s, p, bare=False)),
    ),
    Shape(
        "unsupported-bare",
        "an unsupported message without the object `unsupported`",
        ("restfb/restfb#1239",),
        _of(lambda s, p: _unsupported(s, p, bare=True)),
    ),
    Shape(
        "edit",
        "a user who edits a message",
        _lines("edit"),
        _of(
            lambda s, p: message(
                s,
                p,
                "edit",
                {
                    "original_message_id": wamid(s, p, "first"),
                    "message": {"context": {"id": "M0"}, "type": "text", "text": {"body": "edited"}},
                },
            )
        ),
    ),
    Shape(
        "revoke",
        "a user who deletes a message",
        _lines("revoke"),
        _of(lambda s, p: message(s, p, "revoke", {"original_message_id": wamid(s, p, "first")})),
    ),
    Shape(
        "unknown-type",
        "a message of a type that does not exist yet",
        (_MESSAGES, "restfb/restfb#1239"),
        _of(lambda s, p: message(s, p, "hologram", None)),
    ),
    Shape(
        "contact-without-profile",
        "a contact without `profile`",
        ("netflie/whatsapp-cloud-api#234", "david-lev/pywa#188", "david-lev/pywa#227"),
        _told(_drop("contacts.profile")),
        answered=True,
    ),
    Shape(
        "contact-without-name",
        "a profile without `name`",
        (_BSUID,),
        _told(lambda s, p, value: value["contacts"][0]["profile"].pop("name")),
        answered=True,
    ),
    Shape(
        "without-contacts", "a value without `contacts`", (_lines("system")), _told(_drop("contacts")), answered=True
    ),
    Shape(
        "user-without-phone",
        "a user who hides their number: no `from`, no `wa_id`, only a user id",
        (_BSUID, "ArnasDon/wacrm#519", "fazer-ai/chatwoot#440"),
        _told(_hide_number),
    ),
    Shape(
        "wa-id-differs",
        "a contact whose `wa_id` is not the `from` of the message",
        ("chatwoot/chatwoot#6222", "chatwoot/chatwoot#14657"),
        _told(lambda s, p, value: value["contacts"][0].update(wa_id="5531" + p.wa_id[-8:])),
    ),
    Shape(
        "members-turned",
        "all members in another order, as tests of the dashboard send them",
        (_OVERVIEW,),
        _shuffled,
        answered=True,
    ),
    Shape("unknown-members", "members that do not exist yet", (_OVERVIEW,), _told(_add_members), answered=True),
    Shape(
        "old-timestamp",
        "a message of three days ago, as after a downtime",
        ("NousResearch/hermes-agent#72870", "chatwoot/chatwoot#14739"),
        _of(lambda s, p: text(s, p, age=3 * 86_400)),
    ),
    Shape(
        "user-actions",
        "clicks on links of marketing messages",
        ("Meta: marketing-messages/track-click-events",),
        _clicks,
    ),
    Shape("errors-alone", "errors, and neither messages nor statuses", (_MESSAGES,), _failed_alone),
    Shape(
        "status-sent",
        "a message of the app was sent",
        ("Meta: webhooks/reference/messages/status",),
        _status("sent", _conversation),
    ),
    Shape(
        "status-delivered",
        "a message of the app was delivered",
        (_lines("status")),
        _status("delivered", _conversation),
    ),
    Shape("status-read", "a message of the app was read", (_lines("status")), _status("read", _conversation)),
    Shape("status-played", "a voice note of the app was played", (_lines("status")), _status("played")),
    Shape("status-failed", "a message of the app failed", (_lines("status")), _status("failed")),
    Shape(
        "status-with-two-errors",
        "a failure with two errors, one of them bare",
        (_lines("status")),
        _status("failed", _two_errors),
    ),
    Shape(
        "status-without-errors",
        "a failure without `errors`",
        ("chatwoot/chatwoot#13377",),
        _status("failed", lambda value, item: item.pop("errors")),
    ),
    Shape(
        "status-without-pricing",
        "a status without `pricing` and `conversation`",
        (*_lines("status"), "david-lev/pywa#124"),
        _status("delivered", lambda value, item: item.pop("pricing")),
    ),
    Shape(
        "status-without-contacts",
        "a status without `contacts`, as before April 2026",
        (_BSUID,),
        _status("read", lambda value, item: value.pop("contacts")),
    ),
    Shape(
        "status-without-phone",
        "a status without `recipient_id`: the user has only a user id",
        (_BSUID,),
        _status("read", lambda value, item: (item.pop("recipient_id"), value["contacts"][0].pop("wa_id"))),
    ),
    Shape(
        "status-unknown",
        "a status that does not exist yet",
        ("Meta: webhooks/reference/messages/status",),
        _status("read", lambda value, item: item.update(status="savoured")),
    ),
    Shape("status-of-group", "a status of a message to a group", ("Meta: groups/webhooks",), _group_status),
    Shape("status-of-payment", "what became of a payment", ("Meta: payments-in",), _payment),
    Shape("empty-entries", "no entry", (_OVERVIEW,), _empty("entry")),
    Shape("empty-changes", "an entry without changes", (_OVERVIEW,), _empty("changes")),
    Shape("empty-messages", "no message", (_OVERVIEW,), _empty("messages")),
    Shape("empty-statuses", "no status", (_OVERVIEW,), _empty("statuses")),
    Shape(
        "unknown-field",
        "a field that does not exist yet",
        (_OVERVIEW,),
        lambda s, p: envelope(s, change({"anything": [1, {"two": None}]}, "holograms")),
    ),
    Shape(
        "unknown-object",
        "an object that is no WhatsApp account",
        (_OVERVIEW,),
        lambda s, p: {"object": "page", "entry": [{"id": "0", "time": s.now // SECOND, "changed_fields": ["name"]}]},
        severity="should",
    ),
)


def _judge(answered: bool) -> Callable[[Seen], Verdict]:
    def judge(seen: Seen) -> Verdict:
        verdict = taken(seen)
        if verdict.outcome != "passed" or not answered or not seen.usual:
            return verdict
        return reached(seen, [0])

    return judge


def _check(shape: Shape) -> Check:
    def script(scene: Scene) -> tuple[Step, ...]:
        who = person(scene)
        user = who.wa_id if shape.answered else ""
        return (Step(requests=(deliver(scene, shape.build(scene, who), shape.text, user=user),)),)

    extra = ", and answered as any text" if shape.answered else ""
    return Check(
        name=f"shape-{shape.name}",
        group=GROUP,
        rule=f"Taken{extra}: {shape.text}.",
        sources=shape.sources,
        script=script,
        judge=_judge(shape.answered),
        severity=shape.severity,
    )


def _field_check(field: str) -> Check:
    def script(scene: Scene) -> tuple[Step, ...]:
        found = [(name, value) for name, of, value in scene.samples if of == field]
        timed = field.startswith(_TIMED) and field != "account_settings_update"
        return tuple(
            Step(requests=(deliver(scene, envelope(scene, change(value, field), time=timed), f"{field}: {name}"),))
            for name, value in found
        )

    return Check(
        name=f"field-{field}",
        group=FIELD_GROUP,
        rule=f"Taken, handled or not: a webhook of the field {field}.",
        sources=("Meta: webhooks/overview", "shridarpatil/frappe_whatsapp#231"),
        script=script,
        judge=taken,
    )


_TIMED = (
    "account_",
    "business_",
    "message_template_",
    "template_",
    "phone_number_",
    "security",
    "flows",
    "partner_",
    "payment_",
)
CHECKS = (*map(_check, SHAPES), *map(_field_check, sorted(FIELDS)))
