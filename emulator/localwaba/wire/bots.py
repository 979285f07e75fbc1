"""Ice breakers and commands of a number, as a node."""

from __future__ import annotations

from typing import Any

from localwaba.domain.model import PhoneNumber
from localwaba.domain.profiles import bot_id
from localwaba.wire.fields import Field
from localwaba.wire.nodes import ABSENT, Kind, Reader, View


def _member(name: str) -> Reader:
    def read(view: View, number: PhoneNumber, field: Field) -> Any:
        return (number.settings.get("conversational_automation") or {}).get(name, ABSENT)

    return read


BOT = Kind(
    node_type="WhatsAppBusinessBot",
    default=("prompts", "commands", "id"),
    fields={
        "id": lambda view, number, field: bot_id(number.id),
        "prompts": _member("prompts"),
        "commands": _member("commands"),
    },
    known=frozenset({"enable_welcome_message"}),
)
