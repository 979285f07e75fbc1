"""A business phone number as a node (Meta: phone number fields; client library pywa 4.4)."""

from __future__ import annotations

from base64 import b64encode
from typing import Any

from localwaba.domain.ids import derive
from localwaba.domain.model import App, PhoneNumber, Waba
from localwaba.domain.numbers import calling_code
from localwaba.domain.registration import USABLE_NAMES
from localwaba.domain.tiers import limit_of
from localwaba.domain.traits import Traits
from localwaba.domain.world import World
from localwaba.wire.encoding import encode
from localwaba.wire.fields import Field
from localwaba.wire.health import health_status
from localwaba.wire.nodes import ABSENT, Kind, Reader, View, render
from localwaba.wire.official_account import official_account

_CERTIFICATE_BYTES = 162


def _level(number: PhoneNumber) -> str:
    return number.throughput_level if number.registered else "NOT_APPLICABLE"


def _platform(number: PhoneNumber) -> str:
    return number.platform_type if number.registered else "NOT_APPLICABLE"


def _onboarded(view: View, number: PhoneNumber, field: Field) -> Any:
    return view.date(number.onboarded_at) if number.onboarded_at else ABSENT


def _webhooks(view: View, number: PhoneNumber, field: Field) -> Any:
    """The callbacks that compete for this number's webhooks, as far as they are set."""
    app: App | None = view.world.apps.get(view.app_id)
    waba: Waba = view.world.wabas[number.waba_id]
    override, own = waba.subscribed.get(view.app_id), number.overrides.get(view.app_id)
    found = {
        "phone_number": own.url if own else "",
        "whatsapp_business_account": override.url if override else "",
        "application": app.webhook.url if app and app.webhook else "",
    }
    return {name: url for name, url in found.items() if url} or ABSENT


def _certificate(number: PhoneNumber, name: str) -> str:
    parts = (derive(number.id, f"certificate {name} {part}", 54) for part in range(_CERTIFICATE_BYTES // 54))
    return b64encode(b"\x0a" + b"".join(parts)).decode()


def _current_certificate(view: View, number: PhoneNumber, field: Field) -> Any:
    return _certificate(number, number.verified_name) if number.name_status in USABLE_NAMES else ABSENT


def _new_certificate(view: View, number: PhoneNumber, field: Field) -> Any:
    usable = number.new_name and number.new_name_status in USABLE_NAMES
    return _certificate(number, number.new_name) if usable else ABSENT


def _health(view: View, number: PhoneNumber, field: Field) -> Any:
    return health_status(view.world, view.app_id, view.world.wabas[number.waba_id], now=view.now, number=number)


def _limit(view: View, number: PhoneNumber, field: Field) -> Any:
    return limit_of(view.world, number)


def _account(view: View, number: PhoneNumber, field: Field) -> Any:
    from localwaba.wire.accounts import ACCOUNT  # two nodes that lead to each other

    return render(ACCOUNT, view, view.world.wabas[number.waba_id], field.selection)


def _dial_code(view: View, number: PhoneNumber, field: Field) -> Any:
    row = calling_code(number.digits)
    return row.digits if row else ABSENT


def _setting(name: str, default: Any = ABSENT) -> Reader:
    return lambda view, number, field: number.settings.get(name, default)


_FIELDS: dict[str, Reader] = {
    "id": lambda view, number, field: number.id,
    "verified_name": lambda view, number, field: number.verified_name,
    "display_phone_number": lambda view, number, field: number.display,
    "code_verification_status": lambda view, number, field: number.code_verification_status,
    "quality_rating": lambda view, number, field: number.quality_rating,
    "quality_score": lambda view, number, field: {"score": number.quality_rating},
    "status": lambda view, number, field: number.status,
    "name_status": lambda view, number, field: number.name_status,
    "new_name_status": lambda view, number, field: number.new_name_status,
    "new_display_name": lambda view, number, field: number.new_name or ABSENT,
    "platform_type": lambda view, number, field: _platform(number),
    "host_platform": lambda view, number, field: _platform(number),
    "throughput": lambda view, number, field: {"level": _level(number)},
    "account_mode": lambda view, number, field: number.account_mode,
    "is_official_business_account": _setting("is_official_business_account", False),
    "official_business_account": lambda view, number, field: official_account(number),
    "is_on_biz_app": lambda view, number, field: number.coexistence,
    "is_pin_enabled": lambda view, number, field: bool(number.pin),
    "is_preverified_number": _setting("is_preverified_number", False),
    "certificate": _current_certificate,
    "new_certificate": _new_certificate,
    "last_onboarded_time": _onboarded,
    "search_visibility": _setting("search_visibility", "VISIBLE"),
    "eligibility_for_api_business_global_search": _setting(
        "eligibility_for_api_business_global_search", "NON_ELIGIBLE_UNDEFINED_COUNTRY"
    ),
    "conversational_automation": _setting("conversational_automation"),
    "webhook_configuration": _webhooks,
    "health_status": _health,
    "country_code": lambda view, number, field: number.country,
    "country_dial_code": _dial_code,
    "username": _setting("username"),
    "messaging_limit_tier": _limit,
    "whatsapp_business_manager_messaging_limit": _limit,
}

PHONE_NUMBER = Kind(
    node_type="WhatsAppBusinessPhoneNumber",
    default=(
        "verified_name",
        "code_verification_status",
        "display_phone_number",
        "quality_rating",
        "platform_type",
        "throughput",
        "last_onboarded_time",
        "id",
    ),
    fields=_FIELDS,
    edges={"whatsapp_business_account": _account},
    gates={
        "messaging_limit_tier": lambda traits: traits.messaging_limit_tier,
        "whatsapp_business_manager_messaging_limit": lambda traits: not traits.messaging_limit_tier,
    },
    known=frozenset({"unified_cert_status", "last_verified_time", "current_limit", "business_profile"}),
    gaps=frozenset({"settings", "message_history"}),
)

# The default fields are the number's own: they look the same to everybody.
_NOBODY = View(world=World(name="", seed=0, created_at=0), traits=Traits(version=""), app_id="", url="")
_SHOWN: dict[int, tuple[PhoneNumber, bytes]] = {}
_KEPT = 4096


def shown(number: PhoneNumber) -> bytes:
    """The default fields of a number as encoded JSON; a number never changes, so its bytes are kept with it.

    The number is kept too: as long as it is, no other one can have its identity.
    """
    found = _SHOWN.get(id(number))
    if found is not None:
        return found[1]
    if len(_SHOWN) >= _KEPT:
        _SHOWN.clear()
    body = encode(render(PHONE_NUMBER, _NOBODY, number))
    _SHOWN[id(number)] = (number, body)
    return body
