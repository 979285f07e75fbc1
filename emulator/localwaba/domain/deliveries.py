"""When a webhook counts as delivered, and when it is tried again."""

from __future__ import annotations

from localwaba.domain.agenda import RetryDelivery
from localwaba.domain.clock import SECOND
from localwaba.domain.events import DeliveryAttempted, Event, Scheduled
from localwaba.domain.model import Attempt
from localwaba.domain.policy import Policy
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
        return [DeliveryAttempted(at=now, delivery_id=delivery_id, attempt=attempt, state="delivered")]
    retries = policy.webhook_retries
    tries = len(delivery.attempts)
    if not retries:
        return [DeliveryAttempted(at=now, delivery_id=delivery_id, attempt=attempt, state="abandoned")]
    pause = retries[min(tries, len(retries) - 1)]
    due = now + int(pause * SECOND)
    if due > delivery.created_at + policy.webhook_retry_window * SECOND:
        return [DeliveryAttempted(at=now, delivery_id=delivery_id, attempt=attempt, state="abandoned")]
    return [
        DeliveryAttempted(at=now, delivery_id=delivery_id, attempt=attempt, state="pending", next_at=due),
        Scheduled(at=now, due=due, item=RetryDelivery(delivery_id)),
    ]
