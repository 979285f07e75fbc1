"""The steps that expect something."""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Mapping as Map
from typing import TYPE_CHECKING, Any

from localwaba_contracts import routes
from localwaba_scenarios import model, nodes
from localwaba_scenarios.model import SILENCE, WITHIN, Quoted, Step, Wanted
from localwaba_scenarios.nodes import Node, Wrong
from localwaba_scenarios.reading import PATTERN, Reader, schema, span_of, words

if TYPE_CHECKING:
    from localwaba_scenarios.sentences import Ask

REPLY = ("type", "text", "header", "footer", "buttons", "quotes", "template", "category", "ticks", "reactions",
         "code", "app", "content", "body", "within")  # fmt: skip
QUOTED = ("text", "type", "by", "earlier")
LAST = ("status", "statuses", "error", "type", "text", "category", "template", "body", "within")
CALL = ("method", "path", "operation", "status", "request", "answer", "times", "within")
WEBHOOK = ("field", "state", "answered", "value", "times", "within")
NUMBER = ("quality_rating", "messaging_limit", "status", "name_status", "throughput", "within")
TEMPLATE = ("status", "language", "category", "quality_score", "rejected_reason", "within")
_TEXTUAL = frozenset({"text", "header", "footer", "buttons", "template", "reactions", "code", "path", "statuses"})
_LISTS = frozenset({"buttons", "reactions", "statuses"})
"""What is several; each of these is textual, too."""
_CHOICES = {
    "status": "message_status", "ticks": "message_status", "type": "outbound_type", "category": "template_category",
}  # fmt: skip


def members_or(reader: Reader, node: Node, name: str, what: str, known: Iterable[str] | None) -> dict[str, Node]:
    """The members of a mapping, with `known` no others; anything else stands for its member `name`."""
    if isinstance(node, nodes.Mapping):
        return reader.members(node, what, known)
    if isinstance(node, nodes.Sequence) and any(isinstance(item, nodes.Mapping) for item in node.items):
        raise Wrong(node.place, f"{what} is a text or a mapping, not a list: leave the dash out")
    return {name: node}


def reply(ask: Ask) -> Step:
    """`app replies to ana`."""
    members = {} if ask.node is None else members_or(ask.reader, ask.node, "text", "an expected message", REPLY)
    quotes = members.pop("quotes", None)
    nothing = isinstance(quotes, nodes.Scalar) and quotes.plain and quotes.text == "null"
    return model.Replies(
        place=ask.place,
        user=ask.names["user"],
        quotes=None if quotes is None or nothing else quoted(ask.reader, quotes),
        wanted=_wanted(ask.reader, members, ("category",)) | ({"reply_to": None} if nothing else {}),
        **_within(ask, members),
    )


def quoted(reader: Reader, node: Node) -> Quoted:
    """A message that is quoted, reacted to, or tapped: what it says, or more of it."""
    members = members_or(reader, node, "text", "a quoted message", QUOTED)
    if "text" in members and not isinstance(members["text"], nodes.Scalar):
        raise Wrong(members["text"].place, "a quoted text is a text or a /pattern/; quote it if it begins with { or [")
    kinds = sorted({*words("inbound_type"), *words("outbound_type")})
    return Quoted(
        text=reader.wanted(members["text"], textual=True) if "text" in members else None,
        type=reader.choice(members["type"], "type of message", kinds) if "type" in members else None,
        by=reader.choice(members["by"], "side of a chat", ("app", "user")) if "by" in members else None,
        earlier=reader.whole(members["earlier"], "earlier") if "earlier" in members else 0,
    )


def typing(ask: Ask) -> Step:
    """`app is typing to ana`."""
    return model.Typing(place=ask.place, user=ask.names["user"], **ask.shown)


def silence(ask: Ask) -> Step:
    """`expect no reply to ana`."""
    within = span_of(ask.names["span"]) if "span" in ask.names else SILENCE
    assert within is not None
    return model.Silence(place=ask.place, user=ask.names["user"], within=within, **ask.shown)


def last(ask: Ask) -> Step:
    """`expect last message to ana`."""
    members = members_or(ask.reader, ask.given, "status", "an expected message", LAST)
    outbound = " to " in str(ask.shown["sentence"])
    return model.LastMessage(
        place=ask.place,
        user=ask.names["user"],
        outbound=outbound,
        wanted=_wanted(ask.reader, members, ("category",) if outbound else ("category", "type")),
        **_within(ask, members),
    )


def failure(ask: Ask) -> Step:
    """`app fails with`."""
    members = members_or(ask.reader, ask.given, "code", "a failure", ("code", "within"))
    if "code" not in members:
        raise Wrong(ask.given.place, "say which code, as in {code: 131047}")
    node = members["code"]
    items = node.items if isinstance(node, nodes.Sequence) else (node,)
    codes = tuple(ask.reader.whole(item, "an error code", 1) for item in items)
    if not codes:
        raise Wrong(node.place, "name at least one error code")
    return model.Fails(place=ask.place, codes=codes, **_within(ask, members))


def call(ask: Ask) -> Step:
    """`expect call`."""
    members = members_or(ask.reader, ask.given, "operation", "an expected call", CALL)
    _check(ask.reader, members, "operation", "operation", [row.operation for row in routes()])
    _check_status(ask.reader, members, "status")
    wanted = _wanted(ask.reader, members, ("status",))
    return model.ExpectCall(place=ask.place, wanted=wanted, times=_times(ask, members), **_within(ask, members))


def webhook(ask: Ask) -> Step:
    """`expect webhook`."""
    members = members_or(ask.reader, ask.given, "field", "an expected webhook", WEBHOOK)
    _check(ask.reader, members, "field", "webhook field", words("field"))
    _check_status(ask.reader, members, "answered")
    wanted = _wanted(ask.reader, members)
    return model.ExpectWebhook(place=ask.place, wanted=wanted, times=_times(ask, members), **_within(ask, members))


def template(ask: Ask) -> Step:
    """`expect template order_update`."""
    members = members_or(ask.reader, ask.given, "status", "an expected template", TEMPLATE)
    _check(ask.reader, members, "status", "status of a template", words("template_status"))
    wanted = _wanted(ask.reader, members, ("status",))
    return model.ExpectTemplate(place=ask.place, template=ask.names["template"], wanted=wanted, **_within(ask, members))


def number(ask: Ask) -> Step:
    """`expect number`."""
    members = ask.reader.members(ask.given, "an expected number", NUMBER, "{quality_rating: RED}")
    changes = schema()["$defs"]["number_change"]["properties"]
    wanted = _wanted(ask.reader, members, ("status",))
    for name in wanted:
        _check(ask.reader, members, name, name.replace("_", " "), changes[name]["enum"])
    return model.ExpectNumber(place=ask.place, wanted=wanted, **_within(ask, members))


def _wanted(reader: Reader, members: dict[str, Node], unchecked: Iterable[str] = ()) -> dict[str, Wanted]:
    """The members that are compared; words that can only be one of a few are checked."""
    found: dict[str, Wanted] = {}
    for name, node in members.items():
        if name in ("within", "times"):
            continue
        if name in _LISTS and not isinstance(node, nodes.Sequence) and not _is_pattern(node):
            given = node.text if isinstance(node, nodes.Scalar) else "…"
            raise Wrong(node.place, f"{name} are a list, as in {name}: [{given}]")
        for item in node.items if name in _LISTS and isinstance(node, nodes.Sequence) else ():
            if not isinstance(item, nodes.Scalar):
                raise Wrong(item.place, f"each of the {name} is a text or a /pattern/")
        if name in _TEXTUAL - _LISTS and not isinstance(node, nodes.Scalar):
            raise Wrong(node.place, f"{name} is a text or a /pattern/; quote it if it begins with {{ or [")
        found[name] = reader.wanted(node, textual=name in _TEXTUAL)
        kind = _CHOICES.get(name)
        if kind and name not in unchecked and not (name == "category" and found[name] is None):
            _check(reader, members, name, name, words(kind))
    return found


def _is_pattern(node: Node) -> bool:
    return isinstance(node, nodes.Scalar) and PATTERN.fullmatch(node.text) is not None


def _check(reader: Reader, members: Map[str, Node], name: str, what: str, known: Iterable[str]) -> None:
    """Of what can only be one of some words, there is a word or a pattern."""
    if name in members and not _is_pattern(members[name]):
        reader.choice(members[name], what, known)


def _check_status(reader: Reader, members: Map[str, Node], name: str) -> None:
    """An HTTP status is a number, unless it is a pattern, null, or what the scenario itself will know."""
    node = members.get(name)
    if node is None or _is_pattern(node):
        return
    if not isinstance(node, nodes.Scalar):
        raise Wrong(node.place, f"{name} is a whole number from 100 on")
    if node.text != "null" and isinstance(reader.fill(node), str):
        reader.whole(node, name, 100)


def _within(ask: Ask, members: dict[str, Node]) -> dict[str, Any]:
    within = ask.reader.span(members["within"], "within") if "within" in members else WITHIN
    return {"within": within, **ask.shown}


def _times(ask: Ask, members: dict[str, Node]) -> int | None:
    return ask.reader.whole(members["times"], "times") if "times" in members else None
