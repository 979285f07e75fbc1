"""Every known shape of the field `messages` through pywa's own parser, as the exact and signed bytes of a webhook.

What pywa has no class for, or cannot read, stands in a table with the reason; it has to take the webhook all the same.
"""

from __future__ import annotations

import hashlib
import hmac
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from starlette.applications import Starlette

from localwaba.wire.encoding import encode
from localwaba.wire.webhooks import envelope
from localwaba_contracts.webhooks import NAMES, variants

pywa = pytest.importorskip("pywa")

from pywa import WhatsApp  # noqa: E402

pytestmark = pytest.mark.consumer

SAMPLES = variants("messages")
SECRET = b"an app's secret"
NO_CONTACTS = "pywa 4.4 reads `contacts` of every status, which were not there then or are not there at all"
NO_CLASS = "pywa 4.4 has no class for it"
UNREAD = {
    "address_reply": "pywa 4.4 knows replies of the name `flow` only",
    "address_reply_bare": "pywa 4.4 reads `name`, which is optional here",
    "deleted": NO_CONTACTS,
    "ephemeral": NO_CLASS,
    "error_not_stored": "pywa 4.4 has no class for errors of a value without messages",
    "error_rate_limit": "pywa 4.4 has no class for errors of a value without messages",
    "failed_2022": NO_CONTACTS,
    "failed_documented": NO_CONTACTS,
    "failed_on_premises": NO_CONTACTS,
    "group_failed": NO_CONTACTS,
    "group_failed_member": NO_CONTACTS,
    "group_sent": NO_CONTACTS,
    "link_click": NO_CLASS,
    "link_click_product": NO_CLASS,
    "payment_captured": NO_CLASS,
    "payment_failed": NO_CLASS,
    "payment_pending": NO_CLASS,
    "payment_refunded": NO_CLASS,
    "sent_2022": NO_CONTACTS,
    "sent_2025": NO_CONTACTS,
    "sent_without_contacts": NO_CONTACTS,
    "text_without_user_ids": "pywa 4.4 reads `user_id`, which was not there before April 2026",
    "unknown_2022": "pywa 4.4 reads `message` of every error, which was not there in 2022",
    "image_not_fetched": "pywa 4.4 reads `message` of every error, which older ones do not have",
    "user_changed_user_id": "pywa 4.4 reads `from`, which is not there since August 2026",
    "user_changed_user_id_parents": "pywa 4.4 reads `from`, which is not there since August 2026",
    "warning": NO_CONTACTS,
}
CLASSES = {
    "button": "CallbackButton",
    "edit": "EditedMessage",
    "revoke": "DeletedMessage",
    "button_reply": "CallbackButton",
    "list_reply": "CallbackSelection",
    "nfm_reply": "FlowCompletion",
    "call_permission_reply": "CallPermissionUpdate",
    "user_changed_number": "PhoneNumberChange",
    "user_changed_user_id": "PhoneNumberChange",
    "customer_changed_number": "PhoneNumberChange",
    "customer_identity_changed": "IdentityChange",
}
"""pywa's class for a type of message, or for the type of its object; all others are a Message."""


class Reader:
    """A bot on pywa without a server; `read` gives what it made of a webhook."""

    def __init__(self) -> None:
        self.wa = WhatsApp(
            phone_id=NAMES["phone_number_id"],
            token="token",
            server=Starlette(),
            webhook_endpoint="/webhook",
            verify_token="verify",
            app_secret=SECRET.decode(),
            validate_updates=True,
        )
        self.told: list[Any] = []
        for name in (
            "message", "message_status", "callback_button", "callback_selection", "flow_completion",
            "call_permission_update", "phone_number_change", "identity_change", "edited_message", "deleted_message",
            "group_message_statuses", "raw_update",
        ):  # fmt: skip
            getattr(self.wa, f"on_{name}")(lambda wa, update: self.told.append(update))

    def read(self, value: dict[str, Any]) -> list[Any]:
        """What pywa's handlers were called with; the signature is checked before, over these very bytes."""
        self.told.clear()
        body = encode(envelope("102290129340398", "messages", value))
        signature = f"sha256={hmac.new(SECRET, body, hashlib.sha256).hexdigest()}"
        assert self.wa.webhook_update_validator(body, signature) is None
        assert self.wa.webhook_update_handler(body) == ("ok", 200)
        assert type(self.told[-1]).__name__ == "RawUpdate"
        return self.told[:-1]


@pytest.fixture(scope="module")
def reader() -> Iterator[Reader]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # pywa warns of words that it does not know
        yield Reader()


@pytest.mark.parametrize("name", SAMPLES)
@pytest.mark.filterwarnings("ignore")
def test_pywa_understands(reader: Reader, name: str) -> None:
    """pywa takes the webhook, makes the right object of it, and that has the members that were sent."""
    value = SAMPLES[name].filled()
    found = reader.read(value)
    if name in UNREAD:
        assert found == []
        return
    [update] = found
    if "statuses" in value:
        hold_status(update, value)
    else:
        hold_message(update, value)


def test_what_is_unread_is_known() -> None:
    """No name in the table is one that no shape has."""
    assert set(UNREAD) <= set(SAMPLES)


def hold_status(update: Any, value: dict[str, Any]) -> None:
    first = value["statuses"][0]
    if first.get("recipient_type") == "group":
        assert (type(update).__name__, update.group_id) == ("GroupMessageStatuses", first["recipient_id"])
        assert [one.status.value for one in update.statuses] == [one["status"] for one in value["statuses"]]
        return
    assert (type(update).__name__, update.id, update.status.value) == ("MessageStatus", first["id"], first["status"])
    assert update.from_user.wa_id == value["contacts"][0].get("wa_id")
    assert update.tracker == first.get("biz_opaque_callback_data")
    assert (update.pricing is not None) == ("pricing" in first)
    assert (update.conversation is not None) == ("conversation" in first)
    if "pricing" in first:
        assert update.pricing.billable is first["pricing"]["billable"]
        assert update.pricing.model.value == first["pricing"]["pricing_model"]
    if "errors" in first:
        assert (update.error.code, update.error.details) == (
            first["errors"][0]["code"],
            first["errors"][0]["error_data"]["details"],
        )


def hold_message(update: Any, value: dict[str, Any]) -> None:
    sent = value["messages"][0]
    content = sent.get(sent["type"])
    inner = content.get("type", "") if isinstance(content, dict) and sent["type"] in ("interactive", "system") else ""
    assert type(update).__name__ == CLASSES.get(inner or sent["type"], "Message")
    assert update.timestamp.timestamp() == int(sent["timestamp"])
    if "contacts" in value and sent["type"] != "system":
        assert update.from_user.wa_id == value["contacts"][0].get("wa_id")
        assert update.from_user.bsuid == value["contacts"][0].get("user_id")
        assert update.from_user.name == value["contacts"][0].get("profile", {}).get("name")
    assert update.id == sent["id"] or "edit" in sent or "revoke" in sent
    HOLD.get(inner or sent["type"], lambda update, sent, content: None)(update, sent, content)
    if type(update).__name__ == "Message":
        hold_plain(update, sent)


def hold_plain(update: Any, sent: dict[str, Any]) -> None:
    context, referral = sent.get("context", {}), sent.get("referral")
    assert update.type.value == sent["type"]
    assert update.forwarded == bool(context.get("forwarded") or context.get("frequently_forwarded"))
    assert update.forwarded_many_times == bool(context.get("frequently_forwarded"))
    assert (update.reply_to_message.id if update.reply_to_message else None) == context.get("id")
    assert (update.referral is not None) == (referral is not None)
    if referral:
        assert (update.referral.source_id, update.referral.ctwa_clid) == (
            referral["source_id"],
            referral.get("ctwa_clid"),
        )
    if "referred_product" in context:
        product = update.reply_to_message.referred_product
        assert product.sku == context["referred_product"]["product_retailer_id"]
    if "group_id" in sent:
        assert update.chat.id == sent["group_id"]
    if "errors" in sent:
        assert update.error.code == sent["errors"][0]["code"]


def hold_media(update: Any, sent: dict[str, Any], content: Any) -> None:
    medium = getattr(update, sent["type"])
    assert (medium.id, medium.mime_type, medium.sha256) == (content["id"], content["mime_type"], content["sha256"])
    assert update.caption == content.get("caption")
    if sent["type"] == "audio":
        assert (update.voice is not None) == content["voice"]
    if sent["type"] == "sticker":
        assert medium.animated == content.get("animated", medium.animated)


def hold_order(update: Any, sent: dict[str, Any], content: Any) -> None:
    assert (update.order.catalog_id, update.order.text or "") == (content["catalog_id"], content["text"])
    assert [(one.sku, one.quantity, one.price) for one in update.order.products] == [
        (one["product_retailer_id"], one["quantity"], one["item_price"]) for one in content["product_items"]
    ]


def hold_location(update: Any, sent: dict[str, Any], content: Any) -> None:
    there = update.location
    assert (there.latitude, there.longitude) == (content["latitude"], content["longitude"])
    assert (there.name, there.address) == (content.get("name"), content.get("address"))


def hold_contacts(update: Any, sent: dict[str, Any], content: Any) -> None:
    assert len(list(update.contacts)) == len(content)


def hold_reaction(update: Any, sent: dict[str, Any], content: Any) -> None:
    assert update.reaction.message_id == content["message_id"]
    assert (update.reaction.emoji or "") == content.get("emoji", "")


def hold_permission(update: Any, sent: dict[str, Any], content: Any) -> None:
    reply = content["call_permission_reply"]
    assert (update.response.value, update.response_source.value) == (reply["response"], reply["response_source"])
    expires = update.expiration_timestamp.timestamp() if update.expiration_timestamp else None
    assert expires == (int(reply["expiration_timestamp"]) if "expiration_timestamp" in reply else None)


def hold_new_number(update: Any, sent: dict[str, Any], content: Any) -> None:
    assert update.old_wa_id == sent["from"]
    assert update.new_wa_id == content.get("wa_id", content.get("new_wa_id"))
    assert update.body == content["body"]


HOLD: dict[str, Callable[[Any, dict[str, Any], Any], None]] = {
    **dict.fromkeys(("image", "video", "audio", "document", "sticker"), hold_media),
    "text": lambda update, sent, content: _same(update.text, content["body"]),
    "order": hold_order,
    "location": hold_location,
    "contacts": hold_contacts,
    "reaction": hold_reaction,
    "button": lambda update, sent, content: _same(
        (update.data, update.title, update.reply_to_message and update.reply_to_message.id),
        (content["payload"], content["text"], sent["context"]["id"] if "context" in sent else None),
    ),
    "button_reply": lambda update, sent, content: _same(
        {"id": update.data, "title": update.title}, content["button_reply"]
    ),
    "list_reply": lambda update, sent, content: _same(
        (update.data, update.title, update.description),
        (content["list_reply"]["id"], content["list_reply"]["title"], content["list_reply"].get("description")),
    ),
    "nfm_reply": lambda update, sent, content: _same(update.response["seats"], "2"),
    "call_permission_reply": hold_permission,
    "user_changed_number": hold_new_number,
    "customer_changed_number": hold_new_number,
    "customer_identity_changed": lambda update, sent, content: _same(update.identity.hash, sent["identity"]["hash"]),
    "unsupported": lambda update, sent, content: _same(
        update.unsupported.type if update.unsupported else None, content["type"] if content else None
    ),
    "edit": lambda update, sent, content: _same(update.original_message_id, content["original_message_id"]),
    "revoke": lambda update, sent, content: _same(update.original_message_id, content["original_message_id"]),
}


def _same(found: Any, expected: Any) -> None:
    assert found == expected
