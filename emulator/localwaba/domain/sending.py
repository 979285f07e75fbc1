"""What happens when a business sends: who gets it, and what Graph refuses at once for the sender's sake."""

from __future__ import annotations

from msgspec.structs import replace

from localwaba.domain import magic, tiers, windows
from localwaba.domain.agenda import DispatchMessage
from localwaba.domain.clock import SECOND
from localwaba.domain.errors import Refused, invalid_parameter, refuse
from localwaba.domain.events import Event, MessageAccepted, PairChanged, Put, Scheduled
from localwaba.domain.inbound import new_user
from localwaba.domain.model import PhoneNumber, User
from localwaba.domain.numbers import country_of, normalise, wa_id_of
from localwaba.domain.traffic import Message
from localwaba.domain.world import World


def find_recipient(world: World, number: PhoneNumber, to: str) -> tuple[User, bool]:
    """The user whom a phone number in `to` reaches, and whether they are new to this world."""
    recipient = normalise(to, number.country)
    wa_id = recipient.wa_id
    if wa_id == wa_id_of(number.digits):
        raise refuse(131021, rule="recipient", why="the recipient is the sending number itself")
    user = world.users.get(wa_id)
    if user is not None:
        return user, False
    code = magic.refused_at_once(wa_id)
    if code is not None:
        raise refuse(code, rule="magic number", why=f"{wa_id} stands for: {magic.REFUSED_AT_ONCE[code]}")
    user = new_user(world.seed, wa_id, country_of(wa_id))
    if not recipient.valid:  # no number of that country is that long: nobody can have WhatsApp there
        user = replace(user, behaviour=replace(user.behaviour, on_whatsapp=False))
    return user, True


def find_by_user_id(world: World, user_id: str) -> User:
    """The user of a business-scoped id, or of a parent one."""
    wa_id = world.user_ids.get(user_id)
    if wa_id is not None:
        return world.users[wa_id]
    for user in world.users.values():
        if user.parent_user_id and user.parent_user_id == user_id:
            return user
    raise _unknown_user_id(user_id)


def _unknown_user_id(user_id: str) -> Refused:
    return invalid_parameter(
        rule="recipient",
        why=f"no user of this world has the business-scoped id {user_id}",
        fix="take user_id from a webhook, or from GET /_localwaba/users",
    )


def accept(
    world: World, message: Message, user: User, now: int, *, is_new: bool, free_form: bool, held: bool = False
) -> list[Event]:
    """The events of a send that Graph takes: the message, its way out unless held, what an answer to an ad opens."""
    key = f"{message.phone_number_id}:{user.wa_id}"
    pair = world.pairs.get(key)
    policy = world.policy
    if pair is not None:
        message.in_window = windows.is_open(pair, now, policy)
    if free_form and not message.in_window and policy.window_answer == "sync":
        raise refuse(
            131047,
            rule="24-hour window",
            why=windows.closed_since(world.pair(message.phone_number_id, user.wa_id), now, policy),
            fix="send an approved template, or wait until the user writes",
        )
    if not message.in_window and policy.messaging_limit_answer == "sync":
        refusal = tiers.check(world, world.numbers[message.phone_number_id], user.wa_id, now)
        if refusal is not None:
            raise Refused(refusal)
    due = now + int(policy.sent_after * SECOND)
    events: list[Event] = [MessageAccepted(at=now, message=message)]
    if not held:
        events.append(Scheduled(at=now, due=due, item=DispatchMessage(message.id)))
    if is_new:
        events.insert(0, Put(at=now, thing=user))
    if pair is not None and (pair.entry_at or pair.typing_until):
        changed = (windows.answered(pair, now, policy) if pair.entry_at else None) or pair
        if changed.typing_until:
            changed = replace(changed, typing_until=0)
        if changed is not pair:
            events.append(PairChanged(at=now, key=key, pair=changed))
    return events
