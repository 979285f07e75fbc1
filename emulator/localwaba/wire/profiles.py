"""A business profile as a node: flat, without what is empty (captures; client library pywa 4.4)."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from localwaba.domain.model import PhoneNumber
from localwaba.domain.profiles import profile_id
from localwaba.domain.urls import media_url
from localwaba.wire.fields import Field
from localwaba.wire.nodes import ABSENT, Kind, Reader, View


def _text(name: str) -> Reader:
    return lambda view, number, field: getattr(number.profile, name) or ABSENT


def _picture(view: View, number: PhoneNumber, field: Field) -> Any:
    """Where the picture can be fetched; a profile keeps the picture's media id, addresses are short-lived."""
    kept = number.profile.profile_picture_url
    if not kept or "/" in kept:
        return kept or ABSENT
    return media_url(view.world, kept, view.now, base_url=view.url.rpartition("/")[0])


PROFILE = Kind(
    node_type="WhatsAppBusinessProfile",
    default=("messaging_product", "id"),
    fields={
        "about": _text("about"),
        "address": _text("address"),
        "description": _text("description"),
        "email": _text("email"),
        "profile_picture_url": _picture,
        "websites": lambda view, number, field: list(number.profile.websites) or ABSENT,
        "vertical": _text("vertical"),
        "messaging_product": lambda view, number, field: "whatsapp",
        "id": lambda view, number, field: profile_id(number.id),
    },
    always_id=False,
)

PROFILE_NODE = replace(
    PROFILE,
    default=("about", "address", "description", "email", "vertical", "websites", "profile_picture_url", "id"),
    fields={**PROFILE.fields, "account_name": lambda view, number, field: number.verified_name},
    always_id=True,
)
"""The same by its own id (Meta's OpenAPI file): it shows all that it has."""
