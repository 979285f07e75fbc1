"""What the rule book of templates takes and gives: small frozen values beside plain JSON."""

from __future__ import annotations

from typing import Any

import msgspec

DAY_SECONDS = 86_400


class ExistingTemplate(msgspec.Struct, frozen=True, kw_only=True):
    """What the rules of names need to know of a template of the same account; `deleted_at` 0: not deleted."""

    name: str
    language: str
    category: str
    status: str = "APPROVED"
    deleted_at: int = 0  # milliseconds since the epoch
    was_approved: bool = False
    id: str = ""


class CurrentTemplate(msgspec.Struct, frozen=True, kw_only=True):
    """The template that an edit meets, as it is stored."""

    name: str
    language: str
    category: str
    status: str
    components: list[Any]
    parameter_format: str = "POSITIONAL"
    ttl_seconds: int | None = None
    other: dict[str, Any] = {}


class TemplatePolicy(msgspec.Struct, frozen=True, kw_only=True):
    """The knobs of creation and edit; the comment behind each says what it decides."""

    variable_ratio: bool = True  # refuse too many variables for the words around them (2388293)
    strict_trailing_variable: bool = True  # punctuation after the last variable does not make it an inner one
    header_variable_edges: bool = False  # hold text headers to 2388299 too; samples of Meta end in a variable
    header_format_subcode: int = 2388047  # or 2388072, as one capture has it
    body_limit: int = 1024  # characters of a body; one provider reports 550
    emoji_limit: int = 10  # emojis of a body
    button_text_limit: int = 25  # characters of a button's label
    copy_code_limit: int = 20  # characters of a coupon code; 15 before December 2025
    unknown_keys: bool = True  # refuse unknown keys inside components, as Graph does
    flat_supported_apps: bool = False  # package_name and signature_hash beside otp_type (Graph before v21)
    authentication_allowed: bool = True  # whether this account may make AUTHENTICATION templates (10/2388185)
    template_limit: int = 250  # templates of one account; 6000 for a verified business
    creates_per_hour: int = 100  # of one account; then 80008
    template_name_lock: float = 30.0 * DAY_SECONDS  # seconds until a deleted approved name is free again
    unapproved_name_lock: float = 60.0  # the same for a name that never was approved
    sample_names: tuple[str, ...] = ("hello_world",)  # names of sample templates (2388155)
    edits_per_day: int | None = 1  # of an APPROVED template; null: no limit
    edits_per_month: int | None = 10  # of an APPROVED template in 30 days; null: no limit
    edit_disabled: bool = False  # whether a DISABLED template may be edited; Meta's pages disagree


class TemplateDraft(msgspec.Struct, frozen=True, kw_only=True):
    """A template that passed the rules of creation, ready to be stored and reviewed.

    `rejected_reason` is what the review will find, or None; `rejection_info` goes with it into the webhook.
    `other` holds accepted top-level fields that a read gives back as they were.
    """

    name: str
    language: str
    category: str
    parameter_format: str
    components: list[Any]
    ttl_seconds: int | None = None
    rejected_reason: str | None = None
    rejection_info: dict[str, str] | None = None
    other: dict[str, Any] = {}


class MatchRules(msgspec.Struct, frozen=True, kw_only=True):
    """What differs between Graph versions and worlds when a send meets its template."""

    param_error_code: int = 132018  # 132012 before v23
    header_limit: int = 60  # characters of a header with its values
    body_only_limit: int = 32_768  # characters of all text values where a template has nothing but a body
    code_limit: int = 15  # characters of a one-time password
    coupon_limit: int = 20  # characters of a coupon code; 15 in a limited-time offer
    payload_limit: int = 256  # characters of a quick reply's payload
    location_address: bool = True  # a location needs its address, as captured in August 2026


class Filled(msgspec.Struct, frozen=True, kw_only=True):
    """A template with its values: what the user's phone shows, and what the caller still has to look up.

    `header` is None or `{"type": "TEXT", "text"}`, `{"type": "IMAGE", "image": {...}}` and so on; `buttons` are
    `{"type", "text", "index", ...}` with `payload`, `url`, `code`, `phone_number`, `flow_*` or `action` where the
    kind has them; `media` are `{"id" | "link", "kind", "path"}`, the path being Graph's name of the value;
    `flows` are the buttons of type FLOW again, for the caller's checks.
    """

    body: str
    header: dict[str, Any] | None = None
    footer: str | None = None
    buttons: list[dict[str, Any]] = []
    media: list[dict[str, str]] = []
    flows: list[dict[str, Any]] = []
    cards: list[dict[str, Any]] = []
    otp_code: str | None = None
    offer: dict[str, Any] | None = None
    order_status: dict[str, Any] | None = None
    tap_target: dict[str, Any] | None = None
