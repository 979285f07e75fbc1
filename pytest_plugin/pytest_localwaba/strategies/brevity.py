"""How values of these strategies are shown where a test fails: with what was said of them, without the rest."""

from __future__ import annotations

from dataclasses import MISSING, Field, fields
from typing import Any


class Brief:
    """A dataclass that Hypothesis shows without the members that have their default."""

    __slots__ = ()

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        shown = [one.name for one in fields(self) if _is_said(one, getattr(self, one.name))]  # type: ignore[arg-type]
        name = type(self).__name__
        with printer.group(1, f"{name}(", ")"):
            for place, member in enumerate(shown):
                if place:
                    printer.text(",")
                    printer.breakable()
                printer.text(f"{member}=")
                printer.pretty(getattr(self, member))


def _is_said(member: Field[Any], value: Any) -> bool:
    if member.default_factory is not MISSING:
        return bool(value != member.default_factory())
    return bool(value != member.default)
