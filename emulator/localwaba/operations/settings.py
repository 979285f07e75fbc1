"""What is set for a number: calling, identity checks, encryption, storage; cart and catalogue; the key of flows."""

from __future__ import annotations

from hashlib import sha256
from typing import Any

from msgspec.structs import replace

from localwaba.domain import calling, media, routing, tiers
from localwaba.domain.errors import invalid_parameter, refuse
from localwaba.domain.events import Event, Put
from localwaba.domain.ids import derive
from localwaba.domain.model import PhoneNumber
from localwaba.operations.announcements import announced
from localwaba.operations.call import SUCCESS, Answer, Call, missing
from localwaba.wire import phone_webhooks

FEATURES = ("calling", "user_identity_change", "payload_encryption", "storage_configuration")
_DAYS = ("MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY", "SATURDAY", "SUNDAY")
_ENOUGH = 2_000
_TOLD = ("status", "call_icon_visibility", "callback_permission_status", "srtp_key_exchange_protocol")
"""Calling settings whose change is told (Meta: account_settings_update), beside the status of SIP."""


def get_settings(call: Call) -> Answer:
    """`GET /{phone}/settings`: everything, set or not; the passwords of SIP servers only if they are asked for."""
    number = call.world.numbers[call.node]
    settings = number.settings
    defaults = {"status": "DISABLED", "call_icon_visibility": "DEFAULT", "callback_permission_status": "DISABLED"}
    shown: dict[str, Any] = {**defaults, **calling.settings_of(number)}
    if isinstance(shown.get("sip"), dict):
        with_password = str(call.params.get("include_sip_credentials", "")).lower() in ("true", "1")
        shown["sip"] = _sip(number, shown["sip"], with_password=with_password)
    body: dict[str, Any] = {
        "calling": shown,
        "payload_encryption": _encryption(settings.get("payload_encryption") or {"status": "DISABLED"}),
        "storage_configuration": settings.get("storage_configuration") or {"status": "DEFAULT"},
        "user_identity_change": settings.get("user_identity_change") or {"enable_identity_key_check": False},
    }
    return Answer(body=body)


def _sip(number: PhoneNumber, sip: dict[str, Any], *, with_password: bool) -> dict[str, Any]:
    servers = [dict(server) for server in sip.get("servers", ())]
    for server in servers:
        if with_password:
            server["sip_user_password"] = derive(f"{number.id}:{server['app_id']}", "sip password", 20).hex()
    return {**sip, "servers": servers} if "servers" in sip else sip


def _encryption(found: dict[str, Any]) -> dict[str, Any]:
    """The key itself is not shown, only its fingerprint."""
    key = found.get("client_encryption_key")
    shown = {name: value for name, value in found.items() if name != "client_encryption_key"}
    if key:
        shown["client_encryption_key_fingerprint"] = "SHA256:" + sha256(str(key).encode()).hexdigest()
    return shown


def update_settings(call: Call) -> Answer:
    """`POST /{phone}/settings`: one feature in each call."""
    named = [name for name in FEATURES if name in call.params]
    if not named:
        raise missing("calling")
    if len(named) > 1:
        raise refuse(
            100,
            "Only one feature can be configured in a request",
            message="Invalid parameter",
            rule="settings.one",
            why=f"{' and '.join(named)} are in one request",
            fix="send a request for each",
        )
    number = call.world.numbers[call.node]
    given: dict[str, Any] = call.params[named[0]]
    if named[0] == "calling":
        return _update_calling(call, number, given)
    if named[0] == "storage_configuration":
        return _done(call, _stored(number, given))
    return _done(call, _set(number, named[0], given))


def _set(number: PhoneNumber, name: str, value: dict[str, Any]) -> PhoneNumber:
    return replace(number, settings=number.settings | {name: value})


def _done(call: Call, number: PhoneNumber, *more: Event) -> Answer:
    return Answer(body=SUCCESS, events=[Put(at=call.now, thing=number), *more])


def _stored(number: PhoneNumber, given: dict[str, Any]) -> PhoneNumber:
    status = given["status"]
    if status == "DEFAULT":
        rest = {name: value for name, value in number.settings.items() if name != "storage_configuration"}
        return replace(number, settings=rest)
    if status == "IN_COUNTRY_STORAGE_ENABLED" and not given.get("data_localization_region"):
        raise missing("storage_configuration['data_localization_region']")
    if status == "NO_STORAGE_ENABLED":
        given = {"retention_minutes": media.UNSTORED_MINUTES} | given
    return _set(number, "storage_configuration", dict(given))


def _update_calling(call: Call, number: PhoneNumber, given: dict[str, Any]) -> Answer:
    """Members that are not named stay, but `call_hours` and `sip` are replaced as a whole."""
    before = calling.settings_of(number)
    wanted = before | {name: _clean(call, name, value) for name, value in given.items()}
    if wanted.get("status") == "ENABLED" and before.get("status") != "ENABLED":
        _check_able(call, number)
    changed = _set(number, "calling", wanted)
    told = {name: wanted[name] for name in _TOLD if wanted.get(name) != before.get(name)}
    sip = (wanted.get("sip") or {}).get("status")
    if sip != (before.get("sip") or {}).get("status"):
        told["sip"] = {"status": sip}
    return _done(call, changed, *([_told(call, number, told)] if told else ()))


def _told(call: Call, number: PhoneNumber, settings: dict[str, Any]) -> Event:
    value = phone_webhooks.calling_settings(number, settings, call.now)
    return announced(call.world, call.now, "account_settings_update", value, number)


def _check_able(call: Call, number: PhoneNumber) -> None:
    """Refuses to enable calling for numbers that reach few users (138015), or where nobody listens (138018)."""
    limit = tiers.limit_of(call.world, number)
    reach = tiers.LIMITS.get(limit, -1)
    if call.world.policy.call_messaging_limit and 0 <= reach < _ENOUGH:
        raise refuse(
            138015,
            rule="calling.limit",
            why=f"{number.display} has the messaging limit {limit}; calling needs {_ENOUGH} users",
            fix=f'PATCH /_localwaba/phone_numbers/{number.id} {{"messaging_limit":"TIER_2K"}}',
        )
    if not routing.subscribers(call.world, number.waba_id, "calls"):
        raise refuse(
            138018,
            rule="calling.webhook",
            why="no app is subscribed to the webhook field calls",
            fix="tick the field calls: POST /{app}/subscriptions, or PUT /_localwaba/webhook",
        )


def _clean(call: Call, name: str, value: Any) -> Any:
    if name == "call_hours":
        return _hours(value)
    if name == "sip" and isinstance(value.get("servers"), list):
        app_id = call.app.id
        return value | {"servers": [{"app_id": int(app_id), "port": 5061} | server for server in value["servers"]]}
    return value


def _hours(given: dict[str, Any]) -> dict[str, Any]:
    """Opening hours as `HHMM`; at most two a day, which do not overlap (Meta: call settings)."""
    rows = [
        row | {"open_time": _time(row["open_time"]), "close_time": _time(row["close_time"])}
        for row in given.get("weekly_operating_hours", ())
    ]
    for day in _DAYS:
        spans = sorted((row["open_time"], row["close_time"]) for row in rows if row["day_of_week"] == day)
        if len(spans) > 2:
            raise _bad_hours(f"{day} has {len(spans)} entries", "at most two entries a day")
        if any(start >= end for start, end in spans):
            raise _bad_hours(f"on {day} it closes before it opens", "open_time comes before close_time")
        if len(spans) == 2 and spans[1][0] < spans[0][1]:
            raise _bad_hours(f"the entries of {day} overlap", "entries that do not overlap")
    holidays = [
        row | {"start_time": _time(row["start_time"]), "end_time": _time(row["end_time"])}
        for row in given.get("holiday_schedule") or ()
    ]
    return given | {"weekly_operating_hours": rows, "holiday_schedule": holidays}


def _time(given: str) -> str:
    return given.replace(":", "")


def _bad_hours(why: str, fix: str) -> Exception:
    return invalid_parameter(rule="calling.hours", why=why, fix=fix)


def get_commerce_settings(call: Call) -> Answer:
    """`GET /{phone}/whatsapp_commerce_settings`: the cart is on and the catalogue hidden, unless set otherwise."""
    number = call.world.numbers[call.node]
    found = {"is_cart_enabled": True, "is_catalog_visible": False} | number.settings.get("commerce", {})
    return Answer(body={"data": [found | {"id": call.world.catalog_id}]})


def update_commerce_settings(call: Call) -> Answer:
    """`POST /{phone}/whatsapp_commerce_settings`."""
    number = call.world.numbers[call.node]
    given = {name: call.params[name] for name in ("is_cart_enabled", "is_catalog_visible") if name in call.params}
    return _done(call, _set(number, "commerce", number.settings.get("commerce", {}) | given))


def get_business_encryption(call: Call) -> Answer:
    """`GET /{phone}/whatsapp_business_encryption`: nothing where no key was ever set."""
    key = call.world.numbers[call.node].settings.get("business_public_key")
    shown = [{"business_public_key": key, "business_public_key_signature_status": "VALID"}] if key else []
    return Answer(body={"data": shown})


def set_business_encryption(call: Call) -> Answer:
    """`POST /{phone}/whatsapp_business_encryption`: an RSA key of 2048 bits in PEM; `\\n` may stand for its lines."""
    number = call.world.numbers[call.node]
    key = call.text("business_public_key").replace("\\n", "\n")
    if not _is_public_key(key):
        raise invalid_parameter(
            rule="encryption.key",
            why="business_public_key is no RSA public key of 2048 bits in PEM",
            fix="openssl rsa -in private.pem -pubout, and send what it prints",
        )
    return _done(call, replace(number, settings=number.settings | {"business_public_key": key}))


def _is_public_key(text: str) -> bool:
    """Whether a text is an RSA key of 2048 bits: its PEM lines, and the head of its ASN.1 (RFC 5280)."""
    from base64 import b64decode
    from binascii import Error

    head, foot = "-----BEGIN PUBLIC KEY-----", "-----END PUBLIC KEY-----"
    text = text.strip()
    if not (text.startswith(head) and text.endswith(foot)):
        return False
    try:
        raw = b64decode("".join(text[len(head) : -len(foot)].split()), validate=True)
    except (Error, ValueError):
        return False
    return len(raw) == _KEY_BYTES and raw.startswith(_KEY_HEAD)


_KEY_HEAD = bytes.fromhex("30820122300d06092a864886f70d01010105000382010f003082010a02820101")
_KEY_BYTES = 294
