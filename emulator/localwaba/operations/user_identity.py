"""A user is not who they were: another number, another business-scoped id, another identity key."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from localwaba.domain import inbound
from localwaba.domain.clock import SECOND
from localwaba.domain.events import Event, PairChanged, Put
from localwaba.domain.ids import derive
from localwaba.domain.model import Behaviour, User
from localwaba.domain.numbers import country_of
from localwaba.domain.traffic import Pair
from localwaba.operations import group_actions, ringing
from localwaba.operations.announcements import announced
from localwaba.operations.deeds import Deed, Scene
from localwaba.operations.mistakes import Mistake, text_of
from localwaba.operations.users import wa_id_in
from localwaba.wire import user_webhooks
from localwaba.wire.people import parent_id, shows_number


def change_number(scene: Scene) -> Deed:
    """The user moves to another number: chats and name go along, the business-scoped id does not."""
    world, user, now = scene.world, scene.user, scene.now
    given = text_of(scene.options, "to")
    if not given:
        raise Mistake('change_number needs the new number: {"action":"change_number","to":"16505550123"}')
    wa_id = wa_id_in(world, given)
    if wa_id == user.wa_id or wa_id in world.users or any(one.digits == wa_id for one in world.numbers.values()):
        raise Mistake(f"{wa_id} is taken: a user can only move to a number that nobody has")
    fresh = inbound.new_user(world.seed, wa_id, country_of(wa_id), user.name)
    moved = replace(fresh, username=user.username, behaviour=user.behaviour)
    numbers: list[Event] = []
    ids: list[Event] = []
    told: list[str] = []
    for number_id in _chats(scene):
        pair = world.pair(number_id, user.wa_id)
        if not pair.blocked_by_user and not pair.blocked_by_business:
            for who, notice, events in ((user, _new_number(user, moved), numbers), (moved, _new_id(scene, moved), ids)):
                if notice and (who is moved or shows_number(world, user)):
                    told.append(_tell(scene, who, number_id, notice, events))
        numbers.append(PairChanged(at=now, key=f"{number_id}:{wa_id}", pair=pair))
        numbers.append(PairChanged(at=now, key=f"{number_id}:{user.wa_id}", pair=Pair()))
        if world.policy.user_id_update and world.policy.business_scoped_ids:
            value = user_webhooks.id_update(world.numbers[number_id], user, moved, now)
            numbers.append(announced(world, now, "user_id_update", value, world.numbers[number_id]))
    left = replace(user, username="", behaviour=Behaviour(on_whatsapp=False))
    groups = group_actions.move(world, now, user.wa_id, wa_id) + ringing.changed_hands(world, now, user.wa_id, wa_id)
    events = [*numbers, Put(at=now, thing=moved), *groups, Put(at=now, thing=left), *ids]
    return Deed({"wa_id": wa_id, "user_id": moved.user_id, "message_ids": told}, events)


def _chats(scene: Scene) -> list[str]:
    """The numbers that the user has to do with; the named one, or the world's own, if there are none."""
    ending = f":{scene.user.wa_id}"
    return [key.partition(":")[0] for key in scene.world.pairs if key.endswith(ending)] or [scene.number.id]


def _tell(scene: Scene, who: User, number_id: str, notice: dict[str, Any], events: list[Event]) -> str:
    """A system message to one number; what it would change of the pair is not wanted."""
    message_id, happened = inbound.receive(scene.world, scene.ids, scene.now, who, number_id, notice)
    events += [event for event in happened if not isinstance(event, PairChanged)]
    return message_id


def _new_number(user: User, moved: User) -> dict[str, Any]:
    text = f"User {user.name} changed from {user.wa_id} to {moved.wa_id}"
    return {"type": "system", "system": {"body": text, "wa_id": moved.wa_id, "type": "user_changed_number"}}


def _new_id(scene: Scene, moved: User) -> dict[str, Any]:
    """That the business-scoped id is another one; empty where nobody is told (Meta: business-scoped user ids)."""
    world, user, policy = scene.world, scene.user, scene.world.policy
    if not policy.business_scoped_ids or policy.user_id_change == "none" or moved.user_id == user.user_id:
        return {}
    text = f"User {user.name} changed from {user.user_id} to {moved.user_id}"
    system = {"body": text, "user_id": moved.user_id}
    parent = parent_id(world, moved)
    system |= {"parent_user_id": parent} if parent else {}
    if policy.user_id_change == "previous":
        system["previous_user_id"] = user.user_id
        system |= {"previous_parent_user_id": parent_id(world, user)} if parent else {}
    elif shows_number(world, moved):
        system["wa_id"] = moved.wa_id
    return {"type": "system", "system": system | {"type": "user_changed_user_id"}}


def change_identity(scene: Scene) -> Deed:
    """The user installs WhatsApp anew: the identity key is another one, and so is its hash."""
    world, user, now = scene.world, scene.user, scene.now
    fresh = derive(world.seed, f"identity {user.wa_id} {now} {user.behaviour.identity_key_hash}", 8).hex()
    changed = replace(user, behaviour=replace(user.behaviour, identity_key_hash=fresh))
    events: list[Event] = [Put(at=now, thing=changed)]
    told: list[str] = []
    if world.policy.identity_change == "system":
        identity = {"acknowledged": True, "created_timestamp": str(now // SECOND), "hash": fresh}
        system = {"body": f"The security code of {user.name} changed", "type": "customer_identity_changed"}
        for number_id in _chats(scene):
            notice = {"type": "system", "identity": identity, "system": system}
            told.append(_tell(scene, changed, number_id, notice, events))
    return Deed({"identity_key_hash": fresh, "message_ids": told}, events)
