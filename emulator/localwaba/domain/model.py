"""What a world consists of. Values only: nothing here changes but in `applying`.

Times are milliseconds since the epoch. JSON that the world only keeps and hands out again is kept as bytes: the
garbage collector then never walks through it.
"""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from localwaba.domain.errors import Refusal


class Entity(msgspec.Struct, frozen=True, kw_only=True, tag=True, tag_field="entity", omit_defaults=True):
    """A thing with an id that is replaced as a whole when it changes."""


class Override(msgspec.Struct, frozen=True, kw_only=True):
    """An alternative callback of a business account or a number."""

    url: str
    verify_token: str


class Subscription(msgspec.Struct, frozen=True, kw_only=True):
    """An app's webhook: where to, and which fields."""

    url: str
    verify_token: str
    fields: tuple[str, ...]
    version: str = ""
    active: bool = True


class App(Entity, frozen=True):
    id: str
    name: str
    secret: str
    business_id: str
    webhook: Subscription | None = None
    in_development: bool = False


class Business(Entity, frozen=True):
    id: str
    name: str
    timezone_id: int = 1
    verification_status: str = "verified"
    messaging_limit: str = "TIER_250"


class Waba(Entity, frozen=True):
    """A WhatsApp Business Account. `subscribed` maps the ids of subscribed apps to their override, if any."""

    id: str
    business_id: str
    name: str
    namespace: str
    timezone_id: str = "1"
    currency: str = "USD"
    country: str = "US"
    status: str = "ACTIVE"
    review_status: str = "APPROVED"
    subscribed: dict[str, Override | None] = {}
    settings: dict[str, Any] = {}


class Profile(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What users see of a business."""

    about: str = ""
    address: str = ""
    description: str = ""
    email: str = ""
    profile_picture_url: str = ""
    websites: tuple[str, ...] = ()
    vertical: str = "UNDEFINED"


class PhoneNumber(Entity, frozen=True):
    """A business phone number. `digits` is its canonical number, `display` how GET prints it.

    `messaging_limit` holds only where numbers have one (knob `messaging_limit_model`). While `upgrading_until` lies
    ahead, throughput is being upgraded and nothing can be sent. `overrides` are callbacks of its own, by app.
    """

    id: str
    waba_id: str
    digits: str
    display: str
    verified_name: str
    country: str = "US"
    status: str = "CONNECTED"
    registered: bool = True
    pin: str = ""
    code_verification_status: str = "VERIFIED"
    name_status: str = "APPROVED"
    new_name: str = ""
    new_name_status: str = "NONE"
    quality_rating: str = "GREEN"
    throughput_level: str = "STANDARD"
    account_mode: str = "LIVE"
    platform_type: str = "CLOUD_API"
    is_test_number: bool = False
    allowed_recipients: tuple[str, ...] = ()
    coexistence: bool = False
    messaging_limit: str = "TIER_250"
    upgrading_until: int = 0
    onboarded_at: int = 0
    verification_code: str = ""
    verification_sent_at: int = 0
    pin_failures: int = 0
    pin_locked_until: int = 0
    pin_failed_at: int = 0
    name_requests: tuple[int, ...] = ()
    name_changed_at: int = 0
    half_deregistered: bool = False
    deleted_at: int = 0
    profile: Profile = Profile()
    overrides: dict[str, Override] = {}
    settings: dict[str, Any] = {}


class PreverifiedNumber(Entity, frozen=True):
    """A number that a business keeps ready for its clients, in no account yet; `partners` are other businesses."""

    id: str
    business_id: str
    digits: str
    display: str
    country: str = ""
    status: str = "PENDING"
    code_sent_at: int = 0
    partners: tuple[str, ...] = ()
    created_at: int = 0
    changed_at: int = 0


class Token(Entity, frozen=True):
    """An access token. `kind` is one of SYSTEM_USER, USER, APP; times 0 mean never."""

    id: str
    app_id: str
    user_id: str
    kind: str = "SYSTEM_USER"
    scopes: tuple[str, ...] = ()
    issued_at: int = 0
    expires_at: int = 0
    revoked_subcode: int | None = None


class Template(Entity, frozen=True):
    """A message template in one language; `components` is their JSON as stored, before read-back."""

    id: str
    waba_id: str
    name: str
    language: str
    category: str
    status: str
    components: bytes
    parameter_format: str = "POSITIONAL"
    previous_category: str = ""
    correct_category: str = ""
    sub_category: str = ""
    rejected_reason: str = "NONE"
    rejection_info: dict[str, str] = {}
    quality_score: str = "UNKNOWN"
    quality_at: int = 0
    ttl_seconds: int | None = None
    extra: dict[str, Any] = {}
    created_at: int = 0
    updated_at: int = 0
    deleted_at: int = 0
    was_approved: bool = False
    edits: tuple[int, ...] = ()
    pauses: int = 0
    paused_for: str = ""
    paused_at: int = 0
    archived_from: str = ""
    is_sample: bool = False
    verdict: Refusal | None = None


class Flow(Entity, frozen=True):
    """A WhatsApp Flow; `json` is its asset as it was uploaded, `errors` what is wrong with it, as JSON.

    `preview` is the token of its preview, good until `preview_until`.
    """

    id: str
    waba_id: str
    name: str
    categories: tuple[str, ...]
    status: str = "DRAFT"
    json: bytes = b""
    errors: bytes = b"[]"
    json_version: str = ""
    data_api_version: str = ""
    endpoint_uri: str = ""
    app_id: str = ""
    preview: str = ""
    preview_until: int = 0
    created_at: int = 0
    updated_at: int = 0


class Media(Entity, frozen=True):
    """An uploaded or received file; `blob` names its bytes in the store of blobs (sha256, hexadecimal)."""

    id: str
    phone_number_id: str
    mime_type: str
    sha256: str
    size: int
    blob: str
    filename: str = ""
    source: Literal["upload", "webhook"] = "upload"
    created_at: int = 0
    expires_at: int = 0
    fault: Refusal | None = None


class UploadSession(Entity, frozen=True):
    """A resumable upload; `handle` is given once all bytes are there."""

    id: str
    app_id: str
    file_name: str
    file_length: int
    file_type: str
    received: int = 0
    blob: str = ""
    handle: str = ""
    created_at: int = 0


class Behaviour(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """What a synthetic user does with messages. Times are seconds; None as a time means never.

    `delivered_after` counts from `sent`, `read_after` from `delivered`. `skips_delivered`: only `read` arrives.
    `fails_with`: every message to this user fails with that code, at once or, with `fails_after_delivery`, late.
    `answers`: a text the user sends back, `answers_after` seconds after reading (`{text}` is what they got).
    `has_profile`: without one, webhooks name no name.
    `apps` are on the phone and take codes of authentication templates from WhatsApp: package names, with a space and
    the signature hash behind one where another build of it is there. `zero_tap`: without a tap where it may be.
    `takes_calls_after`: seconds of ringing until the user takes a call of the business; None: they let it ring.
    """

    on_whatsapp: bool = True
    delivered_after: float | msgspec.UnsetType | None = msgspec.UNSET
    read_after: float | msgspec.UnsetType | None = msgspec.UNSET
    skips_delivered: bool = False
    fails_with: int | None = None
    fails_after_delivery: bool = False
    answers: str | None = None
    answers_after: float = 1.0
    identity_key_hash: str | None = None
    phone_visible: bool = True
    has_profile: bool = True
    takes_calls_after: float | None = None
    apps: tuple[str, ...] = ()
    zero_tap: bool = True


class User(Entity, frozen=True):
    """A synthetic WhatsApp user. `user_id` is the business-scoped id (BSUID)."""

    wa_id: str
    user_id: str
    country: str = ""
    name: str = ""
    username: str = ""
    parent_user_id: str = ""
    behaviour: Behaviour = Behaviour()
    known_as: str = ""


class JoinRequest(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody who would like to be in a group."""

    id: str
    wa_id: str
    at: int


class Group(Entity, frozen=True):
    """A group of a business number and users. `number` is WhatsApp's own name of it, `link` the end of its address.

    `picture` is the hash of its picture, `pins` are the messages that are pinned, the oldest first.
    """

    id: str
    phone_number_id: str
    number: str
    subject: str
    description: str = ""
    join_approval_mode: str = "auto_approve"
    link: str = ""
    participants: tuple[str, ...] = ()
    requests: tuple[JoinRequest, ...] = ()
    suspended: bool = False
    picture: str = ""
    pins: tuple[str, ...] = ()
    created_at: int = 0


class CallPermission(Entity, frozen=True):
    """What a user has allowed a number; `id` is `number:wa_id`. Moments are those of the last days.

    `requests`: when the user was asked. `connected`: when a call of the business was taken. `unanswered`: how many in a
    row nobody took.
    """

    id: str
    status: str = "no_permission"
    expires_at: int = 0
    requests: tuple[int, ...] = ()
    connected: tuple[int, ...] = ()
    unanswered: int = 0


class PhoneCall(Entity, frozen=True):
    """A call between a number and a user; `state` is ringing, pre_accepted, connected or ended."""

    id: str
    phone_number_id: str
    wa_id: str
    direction: str
    state: str = "ringing"
    at: int = 0
    connected_at: int = 0
    ended_at: int = 0
    ended_by: str = ""
    callback_data: str | None = None
    deeplink_payload: str = ""
    cta_payload: str = ""


class QrCode(Entity, frozen=True):
    """A QR code and short link; `id` is its code."""

    id: str
    phone_number_id: str
    prefilled_message: str
    created_at: int = 0


class Solution(Entity, frozen=True):
    """A multi-partner solution that an app offers with another, which may belong to somebody else.

    `pending` is what the other side has not answered yet: PENDING_ACTIVATION, PENDING_DEACTIVATION or NONE.
    """

    id: str
    app_id: str
    name: str
    partner_app_id: str
    owner_permissions: tuple[str, ...] = ()
    partner_permissions: tuple[str, ...] = ()
    status: str = "INITIATED"
    pending: str = "PENDING_ACTIVATION"
    created_at: int = 0


Stored = (
    App
    | Business
    | Waba
    | PhoneNumber
    | PreverifiedNumber
    | Token
    | Template
    | Flow
    | Media
    | UploadSession
    | User
    | Group
    | CallPermission
    | PhoneCall
    | QrCode
    | Solution
)
