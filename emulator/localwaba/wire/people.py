"""How webhooks name a user: by number, by business-scoped id, by the id of linked portfolios."""

from __future__ import annotations

from typing import Any

from localwaba.domain.ids import derive_number
from localwaba.domain.model import User
from localwaba.domain.world import World


def shows_number(world: World, user: User) -> bool:
    """Whether webhooks say the user's number; without business-scoped ids there is nothing else to say."""
    return user.behaviour.phone_visible or not world.policy.business_scoped_ids


def parent_id(world: World, user: User) -> str:
    """The user's id for linked portfolios; empty where there are none."""
    if not world.policy.parent_user_ids or not world.policy.business_scoped_ids:
        return ""
    number = derive_number(world.seed, f"parent of {user.user_id}", 16)
    return user.parent_user_id or f"{user.user_id[:2]}.ENT.{number}"


def ids(world: World, user: User) -> dict[str, str]:
    """The ids of a contact: the number if it is shown, then the others that there are."""
    found = {"wa_id": user.wa_id} if shows_number(world, user) else {}
    if world.policy.business_scoped_ids:
        found["user_id"] = user.user_id
    parent = parent_id(world, user)
    return found | ({"parent_user_id": parent} if parent else {})


def contact(world: World, user: User) -> dict[str, Any]:
    """A user as in `contacts` of what users send."""
    found: dict[str, Any] = {}
    if user.behaviour.has_profile:
        found["profile"] = {"name": user.name} | ({"username": user.username} if user.username else {})
    found |= ids(world, user)
    if user.behaviour.identity_key_hash and world.policy.identity_change == "contacts":
        found["identity_key_hash"] = user.behaviour.identity_key_hash
    return found


def sender(world: World, user: User, *, numbered: bool = True) -> dict[str, str]:
    """A user as the sender of a message; `numbered`: with the number, if it is shown at all."""
    found = {"from": user.wa_id} if numbered and shows_number(world, user) else {}
    if world.policy.business_scoped_ids:
        found["from_user_id"] = user.user_id
    parent = parent_id(world, user)
    return found | ({"from_parent_user_id": parent} if parent else {})
