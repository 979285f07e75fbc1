"""Ice breakers and commands of a number (Meta: conversational components)."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from localwaba.domain.events import Put
from localwaba.domain.profiles import bot_id
from localwaba.operations.call import SUCCESS, Answer, Call
from localwaba.operations.viewing import show
from localwaba.wire.bots import BOT

_MEMBERS = ("prompts", "commands")


def configure_conversational_automation(call: Call) -> Answer:
    """`POST /{phone}/conversational_automation`: what is named replaces what was there; empty lists take it away.

    `enable_welcome_message` does nothing since March 2026 (Meta: changelog).
    """
    number = call.world.numbers[call.node]
    before: dict[str, Any] = number.settings.get("conversational_automation") or {}
    given = {name: call.params[name] for name in _MEMBERS if name in call.params}
    changed = before | given | {"id": bot_id(number.id)}
    settings = number.settings | {"conversational_automation": changed}
    return Answer(body=SUCCESS, events=[Put(at=call.now, thing=replace(number, settings=settings))])


def get_bot(call: Call) -> Answer:
    """`GET /{bot}`: the same as a node."""
    number = next(one for one in call.world.numbers.values() if bot_id(one.id) == call.node)
    return show(call, BOT, number)
