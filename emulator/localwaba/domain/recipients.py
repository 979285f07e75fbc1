"""Why an accepted message fails for its recipient's sake: HTTP 200 first, `failed` later, never charged.

Whoever has blocked the business is no such reason: messages to them stay at `sent`.
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from localwaba.domain import windows
from localwaba.domain.clock import DAY
from localwaba.domain.errors import Refusal
from localwaba.domain.ids import derive
from localwaba.domain.media import fault_of
from localwaba.domain.model import User
from localwaba.domain.traffic import Message, Pair
from localwaba.domain.world import World

CAP_SPAN = DAY
_EEA = "AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IS IT LI LT LU LV MT NL NO PL PT RO SE SI SK"
UNCAPPED_COUNTRIES = frozenset({*_EEA.split(), "GB", "JP", "KR"})
"""Countries of senders and users where Meta does not cap marketing (page of February 2026)."""

_REACTABLE_FOR = 30 * DAY


def refusal_of(world: World, message: Message, user: User, pair: Pair, now: int) -> Refusal | None:
    """The first reason, in Meta's order, why a message cannot reach this user."""
    for rule in MARKETING_ORDER if message.category == "marketing" else ORDER:
        found = rule(world, message, user, pair, now)
        if found is not None:
            return found
    return None


def _not_on_whatsapp(world: World, message: Message, user: User, pair: Pair, now: int) -> Refusal | None:
    if user.behaviour.on_whatsapp:
        return None
    return Refusal(code=131026, rule="recipient", why=f"{user.wa_id} is not on WhatsApp")


def _behaviour(world: World, message: Message, user: User, pair: Pair, now: int) -> Refusal | None:
    behaviour = user.behaviour
    if behaviour.fails_with is None or behaviour.fails_after_delivery:
        return None
    return Refusal(
        code=behaviour.fails_with,
        rule="behaviour",
        why=f"every message to {user.wa_id} fails with {behaviour.fails_with}, as their behaviour says",
    )


def _blocked_by_business(world: World, message: Message, user: User, pair: Pair, now: int) -> Refusal | None:
    if not pair.blocked_by_business:
        return None
    fix = f"DELETE /{message.phone_number_id}/block_users with this user"
    return Refusal(code=130403, rule="blocked", why=f"this business has blocked {user.wa_id}", fix=fix)


def _window_closed(world: World, message: Message, user: User, pair: Pair, now: int) -> Refusal | None:
    if message.template_id or message.in_window:
        return None
    return Refusal(
        code=131047,
        rule="24-hour window",
        why=windows.closed_since(pair, message.at, world.policy),
        fix="send an approved template, or wait until the user writes",
    )


def _opted_out(world: World, message: Message, user: User, pair: Pair, now: int) -> Refusal | None:
    """Inside the window too: the user's wish goes before."""
    if not pair.marketing_stopped:
        return None
    return Refusal(
        code=131050,
        rule="opt-out",
        why=f"{user.wa_id} has stopped marketing messages of this business",
        fix="send no marketing templates to this user until user_preferences says resume",
    )


def _us_marketing(world: World, message: Message, user: User, pair: Pair, now: int) -> Refusal | None:
    if world.policy.us_marketing == "allow" or user.country != "US":
        return None
    return Refusal(
        code=131049,
        rule="marketing to the US",
        why=f"{user.wa_id} is a number of the United States, where Meta delivers no marketing since 1 April 2025",
        fix="send a utility template, or turn the knob us_marketing to allow",
    )


def _experiment(world: World, message: Message, user: User, pair: Pair, now: int) -> Refusal | None:
    policy = world.policy
    if message.in_window or windows.in_entry_window(pair, message.at) or not in_experiment(world, user.wa_id):
        return None
    return Refusal(
        code=130472,
        rule="experiment",
        why=f"{user.wa_id} is part of Meta's experiment (knobs experiment_users, experiment_share "
        f"{policy.experiment_share:g}) and no window is open",
        fix="do not try again; once the user writes, messages go through",
    )


def in_experiment(world: World, wa_id: str) -> bool:
    """Whether a user gets no marketing because Meta compares: as listed, or by a lot that depends on the seed."""
    policy = world.policy
    if wa_id in policy.experiment_users:
        return True
    if not policy.experiment_share:
        return False
    return int.from_bytes(derive(world.seed, f"experiment {wa_id}", 7), "big") / 2**56 < policy.experiment_share


def _capped(world: World, message: Message, user: User, pair: Pair, now: int) -> Refusal | None:
    """So many marketing messages of all businesses a day; what is on its way counts as delivered."""
    cap = world.policy.marketing_cap
    if cap is None or message.in_window:
        return None
    sender = world.numbers[message.phone_number_id].country
    if user.country in UNCAPPED_COUNTRIES or sender in UNCAPPED_COUNTRIES:
        return None
    recent = [at for at in world.quality.marketing.get(user.wa_id, ()) if now - at < CAP_SPAN]
    if len(recent) < cap:
        return None
    left = windows.duration(recent[-cap] + CAP_SPAN - now) if cap else "ever"
    return Refusal(
        code=131049,
        rule="marketing cap",
        why=f"{user.wa_id} has got {len(recent)} of {cap} marketing messages within 24 hours, from all businesses",
        fix=f"wait for {left}, or until the user writes",
    )


def _other_identity(world: World, message: Message, user: User, pair: Pair, now: int) -> Refusal | None:
    if not message.identity_key_hash or message.identity_key_hash == user.behaviour.identity_key_hash:
        return None
    return Refusal(code=137000, rule="identity", why="the identity key hash is not the user's current one")


def _reaction(world: World, message: Message, user: User, pair: Pair, now: int) -> Refusal | None:
    if message.type != "reaction":
        return None
    target = world.messages.get(message.context_id)
    why = ""
    if target is None:
        why = f"there is no message {message.context_id}"
    elif target.type == "reaction":
        why = "a reaction cannot be reacted to"
    elif now - target.at > _REACTABLE_FOR:
        why = "the message is older than 30 days"
    return Refusal(code=131009, rule="reaction", why=why) if why else None


def _bad_media(world: World, message: Message, user: User, pair: Pair, now: int) -> Refusal | None:
    media = world.media.get(message.media_id) if message.media_id else None
    return fault_of(media, message.type, voice=_is_voice(message)) if media else None


def _is_voice(message: Message) -> bool:
    if message.type != "audio":
        return False
    body = msgspec.json.decode(message.body)
    return bool(isinstance(body, dict) and body.get("audio", {}).get("voice"))


Rule = Callable[[World, Message, User, Pair, int], Refusal | None]

_FIRST: tuple[Rule, ...] = (
    _not_on_whatsapp,  # 131026
    _behaviour,  # any
    _blocked_by_business,  # 130403
    _window_closed,  # 131047
)
_MARKETING: tuple[Rule, ...] = (
    _opted_out,  # 131050
    _us_marketing,  # 131049
    _experiment,  # 130472
    _capped,  # 131049
)
_LAST: tuple[Rule, ...] = (
    _other_identity,  # 137000
    _reaction,  # 131009
    _bad_media,  # 131052, 131053
)
MARKETING_ORDER = _FIRST + _MARKETING + _LAST
"""All reasons, in the order in which Meta looks at them (the order among them is our reading, not documented)."""

ORDER = _FIRST + _LAST
"""The reasons for what is no marketing template."""
