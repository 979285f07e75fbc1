"""Where something is announced and by which value, and what every value about a business number begins with."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from localwaba.domain.model import PhoneNumber
from localwaba.domain.traits import Traits
from localwaba.domain.world import World

Value = dict[str, Any]
Build = Callable[[World, Any, Traits], Value]


class Notice(NamedTuple):
    """Which field an event is announced in, for which account and number; deliveries of one lane keep their order.

    `app_id` is the only app that is told, if not all are.
    """

    field: str
    waba_id: str
    phone_number_id: str
    lane: str
    entry_id: str = ""
    timed: bool = False
    app_id: str = ""


class Telling(NamedTuple):
    """How events of a type are told: in which field, where (None: nowhere), and by which value."""

    field: str
    notice: Callable[[World, Any], Notice | None]
    value: Build


def of_account(field: str, value: Build) -> Telling:
    """Events that have a `waba_id`, told in the order of their field."""
    return Telling(field, lambda world, event: Notice(field, event.waba_id, "", field, timed=True), value)


def of_number(field: str, value: Build) -> Telling:
    """Events that have a `phone_number_id`, told in the order of the number."""

    def notice(world: World, event: Any) -> Notice | None:
        number = world.numbers.get(event.phone_number_id)
        return Notice(field, number.waba_id, number.id, number.id, timed=True) if number else None

    return Telling(field, notice, value)


def of_template(field: str, value: Build) -> Telling:
    """Events that have a `template_id`; one lane for all about it, so that a pause comes after the score behind it."""

    def notice(world: World, event: Any) -> Notice | None:
        template = world.templates.get(event.template_id)
        return Notice(field, template.waba_id, "", template.id, timed=True) if template else None

    return Telling(field, notice, value)


def number_value(number: PhoneNumber) -> Value:
    """The head of a value: which product, which business number."""
    return {
        "messaging_product": "whatsapp",
        "metadata": {"display_phone_number": number.digits, "phone_number_id": number.id},
    }
