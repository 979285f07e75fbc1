"""Scenario files as editors see them."""

from __future__ import annotations

import json
from typing import Any

from localwaba_scenarios.nodes import Mapping, Node, Sequence


def as_editors_see_it(node: Node) -> Any:
    """A value as YAML 1.2 reads it, which is what editors hold against the schema."""
    if isinstance(node, Mapping):
        return {name.text: as_editors_see_it(value) for name, value in node.entries}
    if isinstance(node, Sequence):
        return [as_editors_see_it(item) for item in node.items]
    try:
        return json.loads(node.text or "null") if node.plain else node.text
    except ValueError:
        return node.text
