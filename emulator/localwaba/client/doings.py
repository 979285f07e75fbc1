"""What users do besides the usual: they come from ads, order, pay, forward, edit, delete, move to another number."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from localwaba.client.chat import Bubble

if TYPE_CHECKING:
    from localwaba.client.waba import Waba

__tracebackhide__ = True  # failures of tests are shown where the test is

Quoted = str | Bubble


class Doing:
    """Somebody who does things; everything goes through `sends_message` and `does`."""

    _waba: Waba
    wa_id: str
    user_id: str

    def sends_message(self, message: Mapping[str, Any], *, reply_to: Quoted | None = None) -> str:
        """Sends a message as in Meta's webhook, without `id`, `from` and `timestamp`; its id."""
        content = dict(message)
        if reply_to is not None:
            content["context"] = {"id": id_of(reply_to)}
        return self._sent(self._waba.link.call("POST", f"users/{self.wa_id}/messages", content))

    def does(self, /, action: str, **options: Any) -> dict[str, Any]:
        """Any action of the control API; what came of it."""
        answer: dict[str, Any] = self._waba.link.call(
            "POST", f"users/{self.wa_id}/actions", {"action": action, **options}
        )
        self._waba.settle(self._waba.patience)
        return answer

    def _sent(self, answer: Mapping[str, Any]) -> str:
        self._waba.settle(self._waba.patience)
        return str(answer["message_id"])

    def sends_contact(self, name: str, phone: str | None = None, *, reply_to: Quoted | None = None) -> str:
        """Sends somebody's contact card."""
        card: dict[str, Any] = {"name": {"formatted_name": name, "first_name": name.partition(" ")[0]}}
        if phone is not None:
            digits = "".join(character for character in phone if character.isdigit())
            card["phones"] = [{"phone": phone, "wa_id": digits, "type": "CELL"}]
        return self.sends_message({"type": "contacts", "contacts": [card]}, reply_to=reply_to)

    def sends_order(
        self,
        *items: str | Mapping[str, Any],
        text: str = "",
        catalog_id: str | None = None,
        reply_to: Quoted | None = None,
    ) -> str:
        """Orders products of the catalogue: each by its retailer's id, or as in Meta's webhook.

        One of each for 1 USD, where an item does not say `quantity`, `item_price` and `currency`.
        """
        order = {"catalog_id": catalog_id or self._waba.catalog_id, "text": text}
        products = [_product(item) for item in items]
        return self.sends_message({"type": "order", "order": order | {"product_items": products}}, reply_to=reply_to)

    def asks_about(self, product: str, text: str = "Is this available?", catalog_id: str | None = None) -> str:
        """Asks about a product of the catalogue, named by its retailer's id."""
        about = {"catalog_id": catalog_id or self._waba.catalog_id, "product_retailer_id": product}
        return self.sends_message({"type": "text", "text": {"body": text}, "context": {"referred_product": about}})

    def comes_from_ad(self, /, text: str = "Hello! Can I get more info on this?", **referral: Any) -> str:
        """Clicks on an ad that leads to WhatsApp, and writes; `referral` says what is known of the ad.

        Such as `headline`, `source_id`, `source_type="post"`, `media_type="video"`, `ctwa_clid` (None: an ad in
        WhatsApp Status, which has none).
        """
        return self.sends_message({"type": "text", "text": {"body": text}, "referral": referral})

    def forwards(self, text: str, often: bool = False) -> str:
        """Forwards a text; `often`: it was forwarded more than five times."""
        how = {"frequently_forwarded": True} if often else {"forwarded": True}
        return self.sends_message({"type": "text", "text": {"body": text}, "context": how})

    def sends_unsupported(self, kind: str = "unknown", code: int = 131051) -> str:
        """Sends what Cloud API does not pass on, such as a `poll`; `code` is what the app is told."""
        errors = [{"code": code}]
        return self.sends_message({"type": "unsupported", "errors": errors, "unsupported": {"type": kind}})

    def edits(self, text: str, message: Quoted | None = None) -> str:
        """Gives the last own text or caption, or that of `message`, another wording; the id of what the app is told."""
        return str(self.does("edit", text=text, **_about(message))["message_id"])

    def deletes(self, message: Quoted | None = None) -> str | None:
        """Deletes the last own message or `message`; the id of what the app is told, None where it is told nothing."""
        told: str | None = self.does("delete", **_about(message))["message_id"]
        return told

    def plays(self, message: Quoted | None = None) -> None:
        """Listens to the last voice message of the business, or to `message`."""
        self.does("play", **_about(message))

    def pays(self, bill: Quoted | None = None, status: str = "captured", method: str = "upi") -> None:
        """Pays the last bill (`order_details`) or `bill`; `status` is captured, pending or failed."""
        self.does("pay", status=status, method=method, **_about(bill))

    def changes_number(self, to: str) -> None:
        """Moves to another number; the chats go along, and so does this user."""
        result = self.does("change_number", to=to)
        self.wa_id, self.user_id = str(result["wa_id"]), str(result["user_id"])

    def changes_identity(self) -> str:
        """Installs WhatsApp anew; the hash of the new identity key."""
        return str(self.does("change_identity")["identity_key_hash"])


def id_of(message: Quoted) -> str:
    """The id of a message that is given as a bubble or as its id."""
    return message.id if isinstance(message, Bubble) else message


def _about(message: Quoted | None) -> dict[str, str]:
    return {} if message is None else {"message_id": id_of(message)}


def _product(item: str | Mapping[str, Any]) -> dict[str, Any]:
    given = {"product_retailer_id": item} if isinstance(item, str) else dict(item)
    usual = {"product_retailer_id": "", "quantity": 1, "item_price": 1, "currency": "USD"}
    return usual | given
