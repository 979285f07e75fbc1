"""What goes wrong on purpose: `waba.faults`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from localwaba.client.link import Link

__tracebackhide__ = True  # failures of tests are shown where the test is


class Faults:
    """The faults of a world; see `kinds()` and `presets()` for all there is."""

    def __init__(self, link: Link) -> None:
        self._link = link

    def add(
        self,
        /,
        kind: str,
        *,
        when: Mapping[str, Any] | None = None,
        match: Mapping[str, Any] | None = None,
        id: str | None = None,
        **parameters: Any,
    ) -> dict[str, Any]:
        """Arms a fault, such as `add("http_error", status=503, when={"next": 2}, match={"recipient": user})`.

        `kind` may also be the name of a preset or mode, as in `add("unsupported-message")`. The fault as it is armed,
        with its `id`, or `{"preset", "faults"}`; ControlError for one that makes no sense.
        """
        body = parameters | {"kind": kind, "id": id, "when": when, "match": _match(match)}
        found: dict[str, Any] = self._link.call("POST", "faults", _given(body))
        return found

    def preset(
        self, name: str, *, when: Mapping[str, Any] | None = None, match: Mapping[str, Any] | None = None
    ) -> list[dict[str, Any]]:
        """Arms the faults of a preset, such as `preset("statuses-reversed")`."""
        body = {"preset": name, "when": when, "match": _match(match)}
        found: list[dict[str, Any]] = self._link.call("POST", "faults", _given(body))["faults"]
        return found

    def clear(self, id: str | None = None) -> list[str]:
        """Disarms all faults, or one; the ids of those that are gone."""
        path = "faults" if id is None else f"faults/{id}"
        found: list[str] = self._link.call("DELETE", path)["cleared"]
        return found

    def kinds(self) -> list[dict[str, Any]]:
        """All kinds of faults, with their parameters and what they can match."""
        found: list[dict[str, Any]] = self._link.call("GET", "faults/kinds")["kinds"]
        return found

    def presets(self) -> list[dict[str, Any]]:
        """Ready faults, with the reports that motivate them."""
        found: list[dict[str, Any]] = self._link.call("GET", "faults/presets")["presets"]
        return found

    def list(self) -> list[dict[str, Any]]:
        """The faults with their counts, first those that are armed."""
        found: list[dict[str, Any]] = self._link.call("GET", "faults")["faults"]
        return found


def is_ordered(why: str) -> bool:
    """Whether a reason says that a fault wanted it so, or the behaviour that the test gave a user."""
    return why.startswith(("[fault]", "[behaviour]"))


def _given(body: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in body.items() if value is not None}


def _match(match: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """Users may stand for their numbers, numbers for their ids."""
    if match is None:
        return None
    return {name: getattr(value, "wa_id", value) for name, value in match.items()}
