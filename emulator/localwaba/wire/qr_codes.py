"""QR codes and short links as JSON."""

from __future__ import annotations

from typing import Any

from localwaba.domain.clock import SECOND
from localwaba.domain.errors import refuse
from localwaba.domain.model import QrCode
from localwaba.wire.fields import Field
from localwaba.wire.nodes import Kind, View

LINK = "https://wa.me/message/"
PICTURES = "/m1/v/t6/"
"""Where the pictures are, as on Meta's content network."""
FORMATS = ("SVG", "PNG")


def _image(view: View, code: QrCode, field: Field) -> str:
    return image_url(view, code, field.modifier("format") or FORMATS[0])


def image_url(view: View, code: QrCode, wanted: str) -> str:
    """Where the picture of a code is; refused if it is to be neither SVG nor PNG."""
    wanted = wanted.upper()
    if wanted not in FORMATS:
        raise refuse(
            100,
            message=f'Param format must be one of {{{", ".join(FORMATS)}}} - got "{wanted}".',
            rule="qr_codes.format",
            why=f"there are pictures in {' and '.join(FORMATS)}",
        )
    origin = view.url.rpartition("/")[0]
    return f"{origin}{PICTURES}{code.id}.{wanted.lower()}"


def with_image(view: View, code: QrCode, wanted: str) -> dict[str, Any]:
    """The member with the picture's address."""
    return {"qr_image_url": image_url(view, code, wanted)}


QR_CODE = Kind(
    node_type="WhatsAppBusinessQRCode",
    default=("code", "prefilled_message", "deep_link_url"),
    fields={
        "code": lambda view, code, field: code.id,
        "prefilled_message": lambda view, code, field: code.prefilled_message,
        "deep_link_url": lambda view, code, field: LINK + code.id,
        "creation_time": lambda view, code, field: code.created_at // SECOND,
        "qr_image_url": _image,
    },
    always_id=False,
)
