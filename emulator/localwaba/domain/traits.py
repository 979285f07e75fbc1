"""What differs between Graph versions, as named traits; no rule ever compares version numbers."""

from __future__ import annotations

from typing import NamedTuple

import msgspec


class Traits(msgspec.Struct, frozen=True, kw_only=True):
    """The behaviour of one Graph version; a later row states only what it changes (source behind each)."""

    version: str
    template_parameter_code: int = 132018  # 132012 before v23
    marketing_only_code: int = 134100  # 131055 before v23
    status_conversation: bool = False  # `conversation` on every status before v24
    messaging_limit_tier: bool = False  # field `messaging_limit_tier` before v24
    bad_cursor_code: int = 131059  # 100 before v24
    flat_supported_apps: bool = False  # package_name beside supported_apps until v20
    paused_template_codes: bool = True  # 132015 and 132016 since v17


class Meaning(NamedTuple):
    """What a trait means for an app that moves to a version with another value of it.

    `subject` is where it shows. `text` may hold {now} and {was}; a trait that is on or off has `off`, too, for a
    version that turns it off.
    """

    subject: str
    text: str
    off: str = ""


MEANINGS: dict[str, Meaning] = {
    "template_parameter_code": Meaning(
        "errors", "a send whose parameters do not fit its template is refused with {now}, before with {was}"
    ),
    "marketing_only_code": Meaning(
        "errors",
        "a template that is no marketing one is refused by the Marketing Messages API with {now}, before with {was}",
    ),
    "status_conversation": Meaning(
        "webhooks",
        "every status has `conversation`; before, only one inside a free entry point window had it",
        "a status has `conversation` only inside a free entry point window; before, every status had it",
    ),
    "bad_cursor_code": Meaning(
        "errors", "a page that is asked for by a wrong cursor is refused with {now}, before with {was}"
    ),
    "flat_supported_apps": Meaning(
        "templates",
        "package_name and signature_hash may stand beside supported_apps",
        "package_name and signature_hash stand in supported_apps alone",
    ),
    "paused_template_codes": Meaning(
        "errors",
        "a paused template is refused with 132015, a disabled one with 132016",
        "paused and disabled templates have no codes of their own",
    ),
}
"""For people who compare versions. What contracts tell by themselves (`messaging_limit_tier`) is left out."""
