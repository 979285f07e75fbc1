"""What users wish and who they are, as the `value` of a webhook of its own field."""

from __future__ import annotations

from typing import Any

from localwaba.domain.clock import SECOND
from localwaba.domain.model import PhoneNumber, User
from localwaba.domain.world import World


def preferences(world: World, number: PhoneNumber, user: User, wish: str, detail: str, now: int) -> dict[str, Any]:
    """The value of `user_preferences`: a user stops marketing messages, or takes them again."""
    who = {"wa_id": user.wa_id} if user.behaviour.phone_visible else {}
    if world.policy.business_scoped_ids:
        who["user_id"] = user.user_id
    preference = who | {
        "detail": detail,
        "category": "marketing_messages",
        "value": wish,
        "timestamp": now // SECOND,
    }
    return _head(number) | {
        "contacts": [{"profile": {"name": user.name}} | who],
        "user_preferences": [preference],
    }


def id_update(number: PhoneNumber, before: User, after: User, now: int) -> dict[str, Any]:
    """The value of `user_id_update`, which Meta has withdrawn: a user's business-scoped id is another one."""
    phone = {"wa_id": after.wa_id} if after.behaviour.phone_visible else {}
    change: dict[str, Any] = phone | {
        "detail": f"User id for {after.name} has been updated.",
        "user_id": {"previous": before.user_id, "current": after.user_id},
    }
    if before.parent_user_id and after.parent_user_id:
        change["parent_user_id"] = {"previous": before.parent_user_id, "current": after.parent_user_id}
    change["timestamp"] = str(now // SECOND)
    return _head(number) | {"contacts": [{"profile": {"name": after.name}} | phone], "user_id_update": [change]}


def _head(number: PhoneNumber) -> dict[str, Any]:
    metadata = {"display_phone_number": number.digits, "phone_number_id": number.id}
    return {"messaging_product": "whatsapp", "metadata": metadata}
