"""The history of messages as nodes of Graph: what became of each, and of the webhooks that told of it."""

from __future__ import annotations

from typing import Any

from localwaba.domain import routing
from localwaba.domain.clock import SECOND
from localwaba.domain.history import TOLD, Occurrence, history_id, occurrences
from localwaba.domain.traffic import Attempt, Delivery, Message
from localwaba.wire.errors import webhook_error
from localwaba.wire.fields import Field
from localwaba.wire.nodes import ABSENT, Kind, View, render
from localwaba.wire.paging import page

_STATES = {"delivered": "DELIVERED", "abandoned": "FAILED", "unroutable": "FAILED", "carried": "DELIVERED"}


def update_state(delivery: Delivery) -> str:
    """How far a webhook has come, in the history's words."""
    return _STATES.get(delivery.state) or ("RETRYING" if delivery.attempts else "PENDING")


def _error(attempt: Attempt) -> str:
    return f"Webhook endpoint returned HTTP {attempt.status}" if attempt.status else attempt.error


def _error_description(view: View, one: Occurrence, field: Field) -> Any:
    """Why the webhook has not arrived, or else why the message failed."""
    delivery = one.delivery
    if delivery is not None and delivery.attempts and delivery.state != "delivered":
        return _error(delivery.attempts[-1])
    return _failure(view, one, field)


def _failure(view: View, one: Occurrence, field: Field) -> Any:
    refusal = one.message.refusal
    if one.status != "failed" or refusal is None:
        return ABSENT
    return webhook_error(refusal)["error_data"]["details"]


def _application(view: View, one: Occurrence, field: Field) -> Any:
    return {"id": one.delivery.app_id} if one.delivery else ABSENT


def _named_application(view: View, one: Occurrence, field: Field) -> Any:
    app = view.world.apps.get(one.delivery.app_id) if one.delivery else None
    return {"id": app.id, "name": app.name} if app else ABSENT


def _uri(view: View, one: Occurrence, field: Field) -> Any:
    delivery = one.delivery
    if delivery is None:
        return ABSENT
    if delivery.attempts and delivery.attempts[-1].url:
        return delivery.attempts[-1].url
    where = (delivery.app_id, delivery.waba_id, delivery.phone_number_id, delivery.field)
    return routing.target(view.world, *where) or ABSENT


EVENT = Kind(
    node_type="WhatsAppMessageDeliveryStatusEvent",
    default=("id", "delivery_status", "timestamp", "webhook_update_state", "application", "webhook_uri"),
    fields={
        "id": lambda view, one, field: one.id,
        "delivery_status": lambda view, one, field: TOLD[one.status],
        "timestamp": lambda view, one, field: one.at // SECOND,
        "webhook_update_state": lambda view, one, field: update_state(one.delivery) if one.delivery else ABSENT,
        "application": _application,
        "webhook_uri": _uri,
        "error_description": _error_description,
    },
)

OCCURRENCE = Kind(
    node_type="WhatsAppMessageDeliveryStatusOccurrence",
    default=("id", "delivery_status", "occurrence_timestamp"),
    fields={
        "id": lambda view, one, field: one.id,
        "delivery_status": lambda view, one, field: TOLD[one.status],
        "occurrence_timestamp": lambda view, one, field: one.at // SECOND,
        "status_timestamp": lambda view, one, field: one.at // SECOND,
        "application": _named_application,
        "error_description": _failure,
    },
)


def _events(view: View, message: Message, field: Field) -> Any:
    node = history_id(view.world.seed, message.id)
    return page(
        occurrences(view.world, [message])[message.id],
        dict(field.modifiers),
        f"{view.url}/{node}/events",
        view.traits,
        render=lambda one: render(EVENT, view, one, field.selection),
        access_token=view.access_token,
    )


HISTORY = Kind(
    node_type="WhatsAppMessageHistory",
    default=("id", "message_id"),
    fields={
        "id": lambda view, message, field: history_id(view.world.seed, message.id),
        "message_id": lambda view, message, field: message.id,
    },
    edges={"events": _events},
)
