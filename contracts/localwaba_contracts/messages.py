"""Which contract a send is judged by: one for each type, so that none of them is big."""

from __future__ import annotations

from functools import cache

from localwaba_contracts import registry

FAMILY = "requests/messages/"
READ = FAMILY + "read"
ANY = FAMILY + "any"
UNSUPPORTED = FAMILY + "unsupported"
INTERACTIVE = FAMILY + "interactive"
TYPES = (
    "audio",
    "contacts",
    "document",
    "gif",
    "image",
    "interactive",
    "link_preview",
    "location",
    "pin",
    "reaction",
    "sticker",
    "template",
    "text",
    "video",
)


def message_contract(payload: dict[str, object]) -> str:
    """The name of the contract for a body of `POST /{phone_number_id}/messages`.

    By `status` (a message marked as read), else by `type` in any case (none: text) and, if that is interactive, by
    the type within.
    """
    if "status" in payload:
        return READ
    kind = payload.get("type", "text")
    if not isinstance(kind, str):
        return ANY
    contract = _by_type().get(kind) or _by_type().get(kind.lower(), ANY)
    if contract is INTERACTIVE:
        inner = payload.get("interactive")
        kind = inner.get("type") if isinstance(inner, dict) else None
        return _by_interactive_type().get(kind, INTERACTIVE) if isinstance(kind, str) else INTERACTIVE
    return contract


def message_contracts() -> tuple[str, ...]:
    """The names of all contracts of a send."""
    family = (name for name in registry.names() if name.startswith(FAMILY))
    fragments = {"envelope", "media", "template_media", "interactive/parts"}
    return tuple(name for name in family if name.removeprefix(FAMILY) not in fragments)


@cache
def _by_type() -> dict[str, str]:
    unsendable = {"gif", "link_preview"}
    found = {kind: UNSUPPORTED if kind in unsendable else FAMILY + kind for kind in TYPES}
    return found | {"interactive": INTERACTIVE}


@cache
def _by_interactive_type() -> dict[str, str]:
    inside = INTERACTIVE + "/"
    kinds = (name for name in message_contracts() if name.startswith(inside))
    return {name.removeprefix(inside): name for name in kinds}
