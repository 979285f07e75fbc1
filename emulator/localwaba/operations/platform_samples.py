"""Samples of webhooks, about things of a world; their shapes stand in `localwaba_contracts.webhooks`."""

from __future__ import annotations

from base64 import b64encode
from functools import cache
from typing import Any, NamedTuple

from localwaba.domain import urls
from localwaba.domain.clock import SECOND
from localwaba.domain.ids import Ids, derive, derive_number
from localwaba.domain.inbound import new_user
from localwaba.domain.model import PhoneNumber, Template, User
from localwaba.domain.numbers import country_of
from localwaba.domain.world import World
from localwaba.operations.mistakes import Mistake, nearest
from localwaba.wire.shapes import shaped
from localwaba_contracts.webhooks import MESSAGES, NAMES, FieldRow, Variant, fields, fill, row, wanted

Value = dict[str, Any]
_USER = "16505551234"
_ANOTHER = "16505551111"
_MADE_UP = ("ad_account_id", "meta_user_id", "partner_app_id", "partner_business_id", "request_id", "solution_id")


@cache
def sampled() -> tuple[str, ...]:
    """Fields for which there is a sample."""
    return tuple(row.field for row in fields() if row.variants)


class Sample(NamedTuple):
    """A value; `exact`: it was asked for by name, so that no knob changes it."""

    value: Value
    exact: bool


def sample(world: World, now: int, field: str, number: PhoneNumber, ids: Ids, variant: str = "") -> Sample | None:
    """A value for a field, about things of this world; None where the shape is not known, or nothing is there.

    Without a `variant`, the first one in the shape that the knobs ask for; none of `messages`. Mistake for a variant
    that does not exist.
    """
    about = row(field)
    if about is None or not about.variants or (field == MESSAGES and not variant):
        return None
    chosen = _variant(about, variant) if variant else about.variants[0]
    names = names_of(world, now, number, ids)
    if wanted(chosen.value) - {*names, "date", "month"}:
        return None
    value: Value = fill(chosen.value, names)
    return Sample(value, True) if variant else Sample(shaped(world.policy, field, value), False)


def _variant(about: FieldRow, variant: str) -> Variant:
    found = next((one for one in about.variants if one.variant == variant), None)
    if found is None:
        known = [one.variant for one in about.variants]
        raise Mistake(f"{about.field} has no variant {variant!r}{nearest(variant, known)}")
    return found


def names_of(world: World, now: int, number: PhoneNumber, ids: Ids) -> dict[str, str | int]:
    """What the samples of a world are about; ids of new messages and calls are drawn."""
    user = some_user(world)
    names: dict[str, str | int] = {name: NAMES[name] for name in _MADE_UP}
    names |= _of_user(world, user)
    names |= {
        "app_id": world.app_id,
        "business_id": world.wabas[number.waba_id].business_id,
        "display_phone_number": number.digits,
        "new_name": number.new_name or number.verified_name,
        "now": now // SECOND,
        "phone_number_id": number.id,
        "waba_id": number.waba_id,
    }
    names |= {
        "ctwa_clid": "A" + derive(world.seed, "click", 60).hex(),
        "group_id": next(iter(world.groups), "") or "Y2FwaV9ncm91cDo" + derive(world.seed, "group", 20).hex(),
        "invite_link": "https://chat.whatsapp.com/" + derive(world.seed, "invitation", 11).hex(),
        "join_request_id": derive(world.seed, "join request", 20).hex(),
        "sha256": b64encode(derive(world.seed, "sample", 32)).decode(),
    }
    flow = next(iter(world.flows.values()), None)
    names["flow_id"] = flow.id if flow else derive_number(world.seed, "flow")
    names["flow_name"] = flow.name if flow else "sample"
    names |= _of_messages(world, user, now, ids)
    template = next((one for one in world.templates.values() if one.status != "DELETED"), None)
    return names | (_of_template(template) if template else {})


def some_user(world: World) -> User:
    """Some user of the world, the first one met; one who is not there yet if nobody is."""
    found = next(iter(world.users.values()), None)
    return found or new_user(world.seed, _USER, country_of(_USER), "Ada Lovelace")


def _of_user(world: World, user: User) -> dict[str, str | int]:
    country = user.user_id.partition(".")[0]
    parent = user.parent_user_id or f"{country}.ENT.{derive_number(world.seed, f'parent {user.wa_id}', 17)}"
    return {
        "name": user.name or "Ada Lovelace",
        "new_wa_id": NAMES["new_wa_id"],
        "next_parent_user_id": f"{country}.ENT.{derive_number(world.seed, f'next {parent}', 17)}",
        "next_user_id": f"{country}.{derive_number(world.seed, f'next {user.user_id}', 16)}",
        "parent_user_id": parent,
        "user_id": user.user_id,
        "username": user.username or f"user.{user.wa_id[-4:]}",
        "wa_id": user.wa_id,
    }


def _of_messages(world: World, user: User, now: int, ids: Ids) -> dict[str, str | int]:
    out, received = ids.wamid(user.wa_id, outbound=True), ids.wamid(user.wa_id, outbound=False)
    media_id = ids.number(16)
    known = [one for one in world.messages.values() if one.wa_id == user.wa_id]
    written = next((one.id for one in reversed(known) if not one.outbound), "")
    sent = next((one.id for one in reversed(known) if one.outbound), out)
    return {
        "media_id": media_id,
        "media_url": urls.media_url(world, media_id, now, source="webhook"),
        "wacid": "wacid." + received.removeprefix("wamid."),
        "wamid": next(reversed(world.messages), None) or out,
        "wamid_first": written or ids.wamid(user.wa_id, outbound=False),
        "wamid_in": received,
        "wamid_out": out,
        "wamid_quoted": sent,
        "wamid_second": ids.wamid(_ANOTHER, outbound=False),
        "wamid_sent": sent,
    }


def _of_template(template: Template) -> dict[str, str | int]:
    return {
        "other_category": "UTILITY" if template.category == "MARKETING" else "MARKETING",
        "template_category": template.category,
        "template_id": int(template.id),
        "template_language": template.language,
        "template_name": template.name,
        "template_quality": template.quality_score,
    }
