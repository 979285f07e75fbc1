"""What differs between Graph versions, as named traits; no rule ever compares version numbers."""

from __future__ import annotations

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


MEANINGS: dict[str, str] = {
    "template_parameter_code": "the code of a send whose parameters do not fit its template",
    "marketing_only_code": "the code of a template that is no marketing one, sent by the Marketing Messages API",
    "status_conversation": "every status says which conversation it belongs to",
    "messaging_limit_tier": "a number has the field messaging_limit_tier",
    "bad_cursor_code": "the code of a page that is asked for by a wrong cursor",
    "flat_supported_apps": "package_name and signature_hash may stand beside supported_apps",
    "paused_template_codes": "a paused template is refused with 132015, a disabled one with 132016",
}
"""What each trait means for an app, for people who compare versions."""
