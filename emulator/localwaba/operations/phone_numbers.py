"""Numbers of an account: read, list, add, change."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec.structs import replace

from localwaba.domain import names
from localwaba.domain import numbers as telephone
from localwaba.domain.account_state import ADDING_NUMBERS
from localwaba.domain.enforcement import check_management
from localwaba.domain.errors import Refused, invalid_parameter, refuse
from localwaba.domain.events import Event, Put
from localwaba.domain.model import Override, PhoneNumber, Waba
from localwaba.domain.registration import set_pin
from localwaba.domain.seeding import VERIFICATION_CODE
from localwaba.domain.world import World
from localwaba.operations.call import SUCCESS, Answer, Call, Handshake, missing
from localwaba.operations.subscriptions import check_overridable
from localwaba.operations.viewing import show, show_page
from localwaba.wire.accounts import numbers_of
from localwaba.wire.phone_numbers import PHONE_NUMBER, shown

_FEW = 2
_FEW_LIMITS = frozenset({"TIER_50", "TIER_250"})
_PER_BUSINESS = 20
_PER_ACCOUNT = 25
_SORTS = (
    "creation_time_ascending",
    "creation_time_descending",
    "last_onboarded_time_ascending",
    "last_onboarded_time_descending",
)


def get_phone_number(call: Call) -> Answer:
    """`GET /{phone}`: with `fields`, what they ask for; else the default fields."""
    number = call.world.numbers[call.node]
    if not call.params:
        return Answer(body=shown(number))
    return show(call, PHONE_NUMBER, number)


def list_phone_numbers(call: Call) -> Answer:
    """`GET /{waba}/phone_numbers`: `filtering` and `sort` as Meta's phone numbers page has them."""
    found = numbers_of(call.world, call.node)
    for name, operator, wanted in _filters(call.params.get("filtering")):
        found = [number for number in found if _matches(getattr(number, name), operator, wanted)]
    order = _sort(call.params.get("sort"))
    if order.startswith("creation_time"):  # a world keeps numbers in the order in which they came
        found = [number for number in call.world.numbers.values() if number in found]
        found = found[::-1] if order.endswith("descending") else found
    elif order.endswith("ascending") and not order.endswith("descending"):
        found = found[::-1]
    return show_page(call, PHONE_NUMBER, found)


def create_phone_number(call: Call) -> Answer:
    """`POST /{waba}/phone_numbers`: a number that is neither verified nor registered yet."""
    params = call.params
    waba = call.world.wabas[call.node]
    digits = _digits(str(params.get("cc") or params.get("country_code") or ""), call.text("phone_number"))
    check_management(call.world, waba.id, call.now, ADDING_NUMBERS)
    if any(number.digits == digits and number.status != "DELETED" for number in call.world.numbers.values()):
        raise refuse(
            100,
            subcode=2388012,
            rule="phone_numbers.unique",
            why=f"{telephone.display(digits)} is on the platform already",
            fix="add another number",
        )
    _check_room(call.world, waba)
    preverified = bool(params.get("preverified_id"))
    name = params.get("verified_name")
    if not name and not preverified and not params.get("migrate_phone_number"):
        raise missing("verified_name")
    number = PhoneNumber(
        id=call.ids.number(15),
        waba_id=waba.id,
        digits=digits,
        display=telephone.display(digits),
        verified_name=str(name or waba.name),
        country=telephone.country_of(digits),
        status="PENDING",
        registered=False,
        code_verification_status="VERIFIED" if preverified else "NOT_VERIFIED",
        name_status="AVAILABLE_WITHOUT_REVIEW",
        quality_rating="UNKNOWN",
        throughput_level="NOT_APPLICABLE",
        platform_type="NOT_APPLICABLE",
        verification_code=VERIFICATION_CODE,
        settings={"is_preverified_number": True} if preverified else {},
    )
    return Answer(body={"id": number.id}, events=[Put(at=call.now, thing=number)])


def update_phone_number(call: Call) -> Answer:
    """`POST /{phone}`: PIN, display name, a callback of its own, visibility; several at once are fine."""
    params, number = call.params, call.world.numbers[call.node]
    told: list[Event] = []
    api_data: dict[str, Any] = params.get("whatsapp_business_api_data") or {}
    pin = params.get("pin") or api_data.get("pin")
    if pin:
        number, told = set_pin(number, _checked_pin(str(pin)), call.now)
    if params.get("new_display_name"):
        number, asked = names.want(number, str(params["new_display_name"]), call.now, call.world.policy)
        told += asked
    number = replace(number, settings=_settings(number, params, api_data))
    number, handshake = _override(call, number)
    events = [Put(at=call.now, thing=number), *told]
    return Answer(body=SUCCESS, events=events, handshake=handshake)


def _settings(number: PhoneNumber, params: dict[str, Any], api_data: dict[str, Any]) -> dict[str, Any]:
    found = dict(number.settings)
    if params.get("search_visibility"):
        found["search_visibility"] = str(params["search_visibility"]).upper()
    for name in ("show_security_notifications", "notify_user_change_number"):
        if name in api_data:
            found[name] = api_data[name]
    return found


def _override(call: Call, number: PhoneNumber) -> tuple[PhoneNumber, Handshake | None]:
    configuration = call.params.get("webhook_configuration")
    if not isinstance(configuration, dict):
        return number, None
    url = str(configuration.get("override_callback_uri") or "")
    if not url:
        left = {app_id: other for app_id, other in number.overrides.items() if app_id != call.app.id}
        return replace(number, overrides=left), None
    check_overridable(call, call.world.wabas[number.waba_id])
    verify_token = configuration.get("verify_token")
    if not verify_token:
        raise missing("verify_token")
    override = Override(url=url, verify_token=str(verify_token))
    overrides = {**number.overrides, call.app.id: override}
    return replace(number, overrides=overrides), Handshake(override.url, override.verify_token)


def _checked_pin(pin: str) -> str:
    if len(pin) == 6 and pin.isascii() and pin.isdigit():
        return pin
    raise refuse(131009, "Parameter 'pin' must be six digits", rule="registration.pin", why="a PIN has six digits")


def _check_room(world: World, waba: Waba) -> None:
    limit = world.businesses[waba.business_id].messaging_limit
    alive = [number for number in world.numbers.values() if number.status != "DELETED"]
    of_business = [n for n in alive if world.wabas[n.waba_id].business_id == waba.business_id]
    most = _FEW if limit in _FEW_LIMITS else _PER_BUSINESS
    if len(of_business) < most and sum(n.waba_id == waba.id for n in of_business) < _PER_ACCOUNT:
        return
    raise refuse(
        100,
        subcode=2388001,
        rule="phone_numbers.limit",
        why=f"a business with the messaging limit {limit} has at most {most} numbers",
        fix='raise the limit: PATCH /_localwaba/phone_numbers/{id} {"messaging_limit": "TIER_2K"}',
    )


def _digits(calling_code: str, phone_number: str) -> str:
    """The whole number; `phone_number` may repeat the calling code, as Meta's examples do, or not."""
    code = "".join(filter(str.isdigit, calling_code))
    national = "".join(filter(str.isdigit, phone_number))
    row = telephone.calling_code(code) if code else None
    if not code or phone_number.strip().startswith("+"):
        return _checked_number(national)
    fits = row is None or row.digits != code or row.shortest <= len(national) <= row.longest
    return _checked_number(national if national.startswith(code) and not fits else code + national)


def _checked_number(digits: str) -> str:
    if not telephone.normalise(digits).valid:
        raise _impossible(digits)
    return digits


def _impossible(digits: str) -> Refused:
    return invalid_parameter(
        rule="phone_numbers.number",
        why=f"no country has a number {digits}",
        fix='send the calling code as "cc" and the national number as "phone_number"',
    )


def _filters(value: Any) -> list[tuple[str, str, Any]]:
    if not value:
        return []
    rows: Any = _from_json(value, "filtering")
    found: list[tuple[str, str, Any]] = []
    for index, row in enumerate(rows if isinstance(rows, list) else [rows]):
        name = row.get("field") if isinstance(row, dict) else None
        if not isinstance(name, str) or name not in _FILTERED:
            raise _one_of(f"filtering[{index}]['field']", _FILTERED, name)
        operator = str(row.get("operator", "EQUAL")).upper()
        if operator not in _OPERATORS:
            raise _one_of(f"filtering[{index}]['operator']", _OPERATORS, operator)
        found.append((name, operator, row.get("value")))
    return found


_FILTERED = ("account_mode", "status", "code_verification_status", "name_status", "quality_rating", "platform_type")
_OPERATORS = ("EQUAL", "NOT_EQUAL", "IN", "NOT_IN")


def _matches(value: str, operator: str, wanted: Any) -> bool:
    values = {str(item).upper() for item in (wanted if isinstance(wanted, list) else [wanted])}
    return (value.upper() in values) is not operator.startswith("NOT")


def _sort(value: Any) -> str:
    """One of Meta's two ways to write an order: `['last_onboarded_time_ascending']`, `last_onboarded_time.asc`."""
    text = str(value[0] if isinstance(value, list) and value else value or "").strip("[]\"' ")
    name, dot, direction = text.lower().partition(".")
    order = f"{name}_{'ascending' if direction == 'asc' else 'descending'}" if dot else name
    if order and order not in _SORTS:
        raise _one_of("sort[0]", _SORTS, text)
    return order


def _from_json(value: Any, name: str) -> Any:
    if not isinstance(value, str):
        return value
    try:
        return msgspec.json.decode(value)
    except msgspec.DecodeError:
        raise refuse(
            100, message=f"Param {name} must be an array.", rule="parameter", why=f"{name} is no JSON"
        ) from None


def _one_of(path: str, names: tuple[str, ...], got: Any) -> Refused:
    return refuse(
        100,
        message=f'Param {path} must be one of {{{", ".join(names)}}} - got "{got}".',
        rule="parameter",
        why=f"{path} is {got!r}",
        fix=f"use one of {', '.join(names)}",
    )
