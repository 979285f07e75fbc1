"""Business profiles as things with an id of their own, which depends on their number's."""

from __future__ import annotations

from localwaba.domain.ids import derive_number
from localwaba.domain.model import PhoneNumber
from localwaba.domain.world import World


def profile_id(number_id: str) -> str:
    """The id of a number's profile."""
    return derive_number(number_id, "business_profile")


def bot_id(number_id: str) -> str:
    """The id of a number's ice breakers and commands."""
    return derive_number(number_id, "bot")


def number_of_profile(world: World, node: str) -> PhoneNumber | None:
    """The number that has the profile of an id."""
    return next((number for number in world.numbers.values() if profile_id(number.id) == node), None)
