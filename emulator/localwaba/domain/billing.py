"""What each message costs when it is sent, and what is charged once it is delivered."""

from __future__ import annotations

from typing import NamedTuple

import msgspec

from localwaba.domain import billing_state, conversations, pricing
from localwaba.domain.billing_state import count_month, in_month, month_of
from localwaba.domain.events import Event, StatusReached
from localwaba.domain.ids import Ids
from localwaba.domain.markets import market_of
from localwaba.domain.told import TierReached
from localwaba.domain.traffic import Message, Pair, Pricing
from localwaba.domain.world import World

ARRIVED = frozenset({"delivered", "read", "played"})
TEMPLATE, FREE_FORM, INCOMING = "0", "2", "100"
"""Products, as messaging analytics calls them."""


class Decision(NamedTuple):
    """What a message costs, and the conversation that it belongs to if conversations are charged."""

    pricing: Pricing
    conversation: str = ""
    until: int = 0


def decide(world: World, message: Message, pair: Pair, now: int, *, in_entry_window: bool) -> Decision:
    """What a message will cost once it is delivered, as its status `sent` tells; times are milliseconds."""
    model = pricing.MODELS[world.policy.pricing_model]
    if model.conversations != "none":
        found = conversations.belongs_to(world, message, pair, now, in_entry_window=in_entry_window)
        return Decision(pricing.by_conversation(found.category), found.id, found.until)
    category = pricing.category_of(message)
    if world.policy.ai_provider_countries or world.policy.authentication_international:
        category = _elsewhere(world, message, category)
        if category == "general_purpose_ai" and not in_entry_window:
            return Decision(pricing.per_message(True, category, "regular"))
    within = model.free is None or in_month(world.billing, f"free|{message.phone_number_id}", now) < model.free
    return Decision(
        pricing.price(
            category,
            is_template=bool(message.template_id),
            in_window=message.in_window,
            in_entry_window=in_entry_window,
            in_group=bool(message.group_id),
            utility_in_window=model.utility_in_window,
            within_free_tier=within,
        )
    )


def _elsewhere(world: World, message: Message, category: str) -> str:
    """The category where it depends on the user's country."""
    if message.group_id:
        return category
    country = world.users[message.wa_id].country
    if category == "authentication" and country in world.policy.authentication_international:
        home = world.wabas[world.numbers[message.phone_number_id].waba_id].country
        return pricing.INTERNATIONAL if home != country else category
    is_charged = not message.template_id and country in world.policy.ai_provider_countries
    return "general_purpose_ai" if is_charged else category


def note_status(world: World, message: Message, event: StatusReached) -> None:
    """Counts a message that has come to a status, once for each; only for `applying`."""
    status = event.status
    before = {one for one, _ in message.history[:-1]}
    if status == "sent":
        if "sent" not in before:
            _count_sent(world, message, event)
    elif status in ARRIVED:
        if before.isdisjoint(ARRIVED):
            _count_delivered(world, message, event.at)
        is_read = status != "delivered" and before.isdisjoint(("read", "played"))
        if is_read and message.template_id and _has_insights(world, message):
            billing_state.figures(world.billing, _figured(message), event.at).read += 1


def _count_sent(world: World, message: Message, event: StatusReached) -> None:
    billing_state.count_traffic(world.billing, _traffic(world, message), event.at, sent=1, delivered=0)
    if message.template_id and _has_insights(world, message):
        billing_state.figures(world.billing, _figured(message), event.at).sent += 1
    if event.conversation:
        conversations.note_sent(world, message, event.conversation, event.conversation_until, event.at)


def _count_delivered(world: World, message: Message, at: int) -> None:
    billing = world.billing
    billing_state.count_traffic(billing, _traffic(world, message), at, sent=0, delivered=1)
    is_charged = _charge(world, message, at)
    if message.template_id and _has_insights(world, message):
        found = billing_state.figures(billing, _figured(message), at)
        found.delivered += 1
        found.charged += is_charged


def _figured(message: Message) -> str:
    """Under what the figures of a message's template are kept: each product has its own."""
    return f"{message.template_id}|{pricing.LITE}" if message.lite else message.template_id


def _has_insights(world: World, message: Message) -> bool:
    """Figures of templates are captured once insights are enabled, not before (Meta: analytics)."""
    waba = world.wabas[world.numbers[message.phone_number_id].waba_id]
    return bool(waba.settings.get("is_enabled_for_insights"))


def _traffic(world: World, message: Message) -> str:
    product = TEMPLATE if message.template_id else FREE_FORM
    return f"{message.phone_number_id}|{world.users[message.wa_id].country}|{product}"


def _charge(world: World, message: Message, at: int) -> bool:
    """Counts a delivered message or its conversation; whether it is charged."""
    found = message.pricing
    if found is None:
        return False
    country = world.users[message.wa_id].country
    if message.conversation:
        return conversations.note_delivered(world, message, country, at)
    tier = ""
    if found.billable:
        tier = "0:MAX"
        if found.category in pricing.TIERED:
            counted = count_month(world.billing, _tier_key(world, message), at)
            tier = pricing.tier_at(counted, world.policy.volume_tiers)
    if found.category == "service" and not found.type.endswith("entry_point"):
        count_month(world.billing, f"free|{message.phone_number_id}", at)
    key = f"{message.phone_number_id}|{country}|{found.category}|{found.type}|{tier}"
    billing_state.count(world.billing.volumes, key, at)
    return found.billable


def _tier_key(world: World, message: Message) -> str:
    business_id = world.wabas[world.numbers[message.phone_number_id].waba_id].business_id
    category = message.pricing.category if message.pricing else ""
    return f"tier|{business_id}|{market_of(world.users[message.wa_id].country)}|{category}"


def note_received(world: World, message: Message) -> None:
    """Counts what a user sent, and the tap on a template's quick reply; only for `applying`."""
    user = world.users.get(message.wa_id)
    key = f"{message.phone_number_id}|{user.country if user else ''}|{INCOMING}"
    billing_state.count_traffic(world.billing, key, message.at, sent=1, delivered=1)
    if message.type == "button" and message.context_id:
        asked = world.messages.get(message.context_id)
        if asked is not None and asked.template_id and _has_insights(world, asked):
            button = msgspec.json.decode(message.body).get("button") or {}
            clicked = billing_state.figures(world.billing, _figured(asked), message.at)
            text = str(button.get("text", ""))
            clicked.clicked = {**clicked.clicked, text: clicked.clicked.get(text, 0) + 1}


def watch_tier(world: World, event: StatusReached, ids: Ids) -> list[Event]:
    """Tells that a delivered message was the first one of a volume tier (Meta: account_update)."""
    if event.status not in ARRIVED:
        return []
    message = world.messages.get(event.message_id)
    found = message.pricing if message is not None else None
    if message is None or found is None or not found.billable or found.category not in pricing.TIERED:
        return []
    if message.conversation or any(status in ARRIVED for status, _ in message.history[:-1]):
        return []
    counted = in_month(world.billing, _tier_key(world, message), event.at)
    if counted - 1 not in world.policy.volume_tiers:
        return []
    return [
        TierReached(
            at=event.at,
            waba_id=world.numbers[message.phone_number_id].waba_id,
            category=found.category,
            tier=pricing.tier_at(counted, world.policy.volume_tiers),
            month=month_of(event.at),
            region=market_of(world.users[message.wa_id].country),
        )
    ]
