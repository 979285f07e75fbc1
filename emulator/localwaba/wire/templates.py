"""A message template as a node (Meta: template management; client library pywa 4.4)."""

from __future__ import annotations

from typing import Any

import msgspec

from localwaba.domain.clock import SECOND
from localwaba.domain.ids import derive
from localwaba.domain.model import Template
from localwaba.domain.template_reading import read_back
from localwaba.wire.fields import Field
from localwaba.wire.health import health_status
from localwaba.wire.nodes import ABSENT, Kind, Reader, View


def _plain(name: str) -> Reader:
    return lambda view, template, field: getattr(template, name) or ABSENT


def _extra(name: str) -> Reader:
    return lambda view, template, field: template.extra.get(name, ABSENT)


def _components(view: View, template: Template, field: Field) -> list[dict[str, Any]]:
    """The components as a read shows them; a sample file is shown by an address, not by its handle."""
    return read_back(
        msgspec.json.decode(template.components),
        template.category,
        template.language,
        lambda handle: f"https://scontent.whatsapp.net/v/t61/{derive(template.id, handle).hex()}",
    )


def _quality(view: View, template: Template, field: Field) -> dict[str, Any]:
    """The score with the date of its last change (pywa reads a date beside UNKNOWN too)."""
    return {"score": template.quality_score, "date": (template.quality_at or template.created_at) // SECOND}


def _health(view: View, template: Template, field: Field) -> dict[str, Any]:
    world = view.world
    return health_status(world, view.app_id, world.wabas[template.waba_id], now=view.now, template=template)


TEMPLATE = Kind(
    node_type="WhatsAppMessageTemplate",
    default=(
        "name",
        "parameter_format",
        "components",
        "language",
        "status",
        "category",
        "sub_category",
        "previous_category",
        "message_send_ttl_seconds",
        "id",
    ),
    fields={
        "id": _plain("id"),
        "name": _plain("name"),
        "parameter_format": _plain("parameter_format"),
        "components": _components,
        "language": _plain("language"),
        "status": _plain("status"),
        "category": _plain("category"),
        "sub_category": _plain("sub_category"),
        "previous_category": _plain("previous_category"),
        "correct_category": _plain("correct_category"),
        "message_send_ttl_seconds": _plain("ttl_seconds"),
        "rejected_reason": lambda view, template, field: (
            template.rejected_reason if template.status == "REJECTED" else "NONE"
        ),
        "quality_score": _quality,
        "health_status": _health,
        "last_updated_time": lambda view, template, field: view.date(template.updated_at),
        "library_template_name": _extra("library_template_name"),
        "cta_url_link_tracking_opted_out": _extra("cta_url_link_tracking_opted_out"),
        "display_format": _extra("display_format"),
        "is_primary_device_delivery_only": _extra("is_primary_device_delivery_only"),
        "degrees_of_freedom_spec": _extra("degrees_of_freedom_spec"),
        "bid_spec": _extra("bid_spec"),
        "source": lambda view, template, field: "AUTO_GENERATED" if template.is_sample else "MANUAL",
    },
    known=frozenset({"ad_account_id", "ad_adset_id", "ad_campaign_id", "ad_id", "is_sms_fallback_enabled"}),
)
