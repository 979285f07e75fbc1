"""When a webhook counts as delivered, when it is tried again, and who is called again with it."""

from __future__ import annotations

from localwaba.domain.agenda import RetryDelivery
from localwaba.domain.clock import SECOND
from localwaba.domain.events import ContentDropped, DeliveryAttempted, Event, Scheduled
from localwaba.domain.fault_state import DeliveriesReleased
from localwaba.domain.policy import Policy
from localwaba.domain.traffic import Attempt, Delivery
from localwaba.domain.world import World


def is_success(status: int | None, policy: Policy) -> bool:
    """Meta documents only HTTP 200; any 2xx is a knob."""
    if policy.webhook_success == "2xx":
        return status is not None and 200 <= status < 300
    return status == 200


def attempted(world: World, delivery_id: str, attempt: Attempt, now: int) -> list[Event]:
    """What follows from an app's answer: done, or tried again with decreasing frequency for seven days."""
    delivery = world.deliveries.get(delivery_id)
    if delivery is None:
        return []
    policy = world.policy
    if is_success(attempt.status, policy):
        done = DeliveryAttempted(at=now, delivery_id=delivery_id, attempt=attempt, state="delivered")
        if delivery.app_id in world.ailing and policy.webhook_backlog == "burst":
            return [done, *_recovered(world, delivery, now)]
        return [done]
    due = _next_try(delivery, policy, now)
    if due is None:
        return _given_up(delivery, attempt, policy, now)
    return [
        DeliveryAttempted(at=now, delivery_id=delivery_id, attempt=attempt, state="pending", next_at=due),
        Scheduled(at=now, due=due, item=RetryDelivery(delivery_id)),
    ]


def _next_try(delivery: Delivery, policy: Policy, now: int) -> int | None:
    """When a webhook that was not taken is tried again; None: never."""
    retries = policy.webhook_retries
    if not retries:
        return None
    due = now + int(retries[min(len(delivery.attempts), len(retries) - 1)] * SECOND)
    end = delivery.created_at + int(policy.webhook_retry_window * SECOND)
    if delivery.retention and delivery.created_at + delivery.retention < end:
        end = delivery.created_at + delivery.retention
        due = max(now, min(due, end)) if now < end else due  # before it is thrown away it is tried once more
    return due if due <= end else None


def _given_up(delivery: Delivery, attempt: Attempt, policy: Policy, now: int) -> list[Event]:
    """The end of the tries. A webhook that was taken once, and came again for another app's sake, stays delivered."""
    was_taken = any(is_success(one.status, policy) for one in delivery.attempts)
    state = "delivered" if was_taken else "abandoned"
    events: list[Event] = [DeliveryAttempted(at=now, delivery_id=delivery.id, attempt=attempt, state=state)]
    if delivery.retention and not was_taken:
        events.append(
            ContentDropped(
                at=now,
                delivery_id=delivery.id,
                app_id=delivery.app_id,
                phone_number_id=delivery.phone_number_id,
                lane=delivery.lane,
            )
        )
    return events


def _recovered(world: World, delivery: Delivery, now: int) -> list[Event]:
    """The app takes webhooks again: all that waits for it comes at once, in the order in which it arose."""
    order = tuple(
        one.id
        for one in world.deliveries.values()
        if one.next_at > now and one.attempts and one.app_id == delivery.app_id and one.state == "pending"
    )
    sending = [Scheduled(at=now, due=now, item=RetryDelivery(delivery_id)) for delivery_id in order]
    return [DeliveriesReleased(at=now, window="", order=order), *sending]


def called_again(world: World, delivery: Delivery, due: int) -> list[str]:
    """The webhooks that go out when one is tried again: those of all apps that are told the same, in their order.

    Apps that have not taken theirs yet have tries of their own; if several of them are due, the first one of them
    brings those along that had (Meta: calling FAQ, "the whole dispatch is retried").
    """
    if delivery.id not in delivery.dispatch or world.policy.webhook_redelivery == "failed_app":
        return [delivery.id]  # also a copy, which is nobody's turn
    found: list[str] = []
    is_first = True
    for other_id in delivery.dispatch:
        other = world.deliveries.get(other_id)
        if other_id == delivery.id or (other is not None and other.state == "delivered"):
            found.append(other_id)
        elif delivery.id not in found and other is not None and other.state == "pending":
            is_first = is_first and other.next_at not in (0, due)
    return found if is_first else [delivery.id]
