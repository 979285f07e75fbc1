"""Conversations, which were charged before July 2025 (Meta: conversation-based pricing).

A conversation opens when its first message is delivered, but its id and end are told with `sent`: until then it is
only kept in mind. It lasts 24 hours, one of a free entry point 72, which ends all others and lets none begin.
"""

from __future__ import annotations

from localwaba.domain import billing_state
from localwaba.domain.billing_state import Conversation
from localwaba.domain.clock import MINUTE
from localwaba.domain.ids import derive
from localwaba.domain.pricing import CONVERSATION, MODELS, REFERRAL, PricingModel
from localwaba.domain.pricing import category_of as charged_as
from localwaba.domain.traffic import Message, Pair
from localwaba.domain.world import World


def belongs_to(world: World, message: Message, pair: Pair, now: int, *, in_entry_window: bool) -> Conversation:
    """The conversation of a message that is about to be sent: an open one, or a new one that it will open."""
    key = f"{message.phone_number_id}:{message.wa_id}"
    if in_entry_window:
        scope = f"{key}:{pair.entry_until}"
        return Conversation(id=_id(world, scope), category=REFERRAL, until=pair.entry_until)
    going_on = [one for one in world.billing.open.get(key, ()) if now < one.until]
    model = MODELS[world.policy.pricing_model]
    category = category_of(message, model)
    found = [one for one in going_on if one.category == category]
    if not found and (model.conversations == "by_initiator" or not message.template_id):
        found = going_on  # there is one of them at most, or the message is free-form and joins the latest
    if found:
        return found[-1]
    return Conversation(id=_id(world, message.id), category=category, until=ends_at(now))


def category_of(message: Message, model: PricingModel) -> str:
    """The category of the conversation that a message opens."""
    if model.conversations == "by_initiator":
        return "user_initiated" if message.in_window else "business_initiated"
    return charged_as(message)


def ends_at(now: int) -> int:
    """When a conversation that begins now ends: after 24 hours, rounded up to a minute (captured webhook)."""
    return -(-(now + CONVERSATION) // MINUTE) * MINUTE


def _id(world: World, scope: str) -> str:
    return derive(world.seed, f"conversation {scope}").hex()


def note_sent(world: World, message: Message, conversation_id: str, until: int, at: int) -> None:
    """A message was sent: those that follow join its conversation; only for `applying`."""
    key = f"{message.phone_number_id}:{message.wa_id}"
    pricing = message.pricing
    if pricing is None or any(one.id == conversation_id for one in world.billing.open.get(key, ())):
        return
    conversation = Conversation(id=conversation_id, category=pricing.category, until=until)
    billing_state.keep_conversation(world.billing, key, conversation, at)


def note_delivered(world: World, message: Message, country: str, at: int) -> bool:
    """A message was delivered: its conversation opens, unless it is open. Whether that is charged; for `applying`."""
    key = f"{message.phone_number_id}:{message.wa_id}"
    billing = world.billing
    found = next((one for one in billing.open.get(key, ()) if one.id == message.conversation), None)
    if found is None or found.opened_at:
        return False
    found.opened_at = at
    if found.category == REFERRAL:
        billing.open[key] = [found]
    kind = kind_of(world, message, found.category, at)
    direction = found.category.removesuffix("_initiated").upper() + "_INITIATED"
    if not found.category.endswith("_initiated"):
        direction = "UNKNOWN"
    number = message.phone_number_id
    billing_state.count(billing.conversations, f"{number}|{country}|{found.category}|{kind}|{direction}", at)
    return kind == "REGULAR"


def kind_of(world: World, message: Message, category: str, at: int) -> str:
    """FREE_ENTRY_POINT, FREE_TIER or REGULAR, of a conversation that opens now."""
    if category == REFERRAL:
        return "FREE_ENTRY_POINT"
    model = MODELS[world.policy.pricing_model]
    if category not in model.free_categories:
        return "REGULAR"
    waba_id = world.numbers[message.phone_number_id].waba_id
    used = billing_state.count_month(world.billing, f"free|{waba_id}", at)
    return "FREE_TIER" if model.free is None or used <= model.free else "REGULAR"
