"""The steps in which users write: texts, files, places, taps and reactions, and what they quote."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from localwaba_scenarios import model
from localwaba_scenarios.expectations import members_or, quoted
from localwaba_scenarios.model import LAST_OF_APP, REACTED_TO, Quoted, Step
from localwaba_scenarios.nodes import Node, Scalar, Wrong
from localwaba_scenarios.reading import words

if TYPE_CHECKING:
    from localwaba_scenarios.sentences import Ask


def says(ask: Ask) -> Step:
    """`ana says`."""
    body = ask.reader.text(ask.given, "what is said")
    return model.Sends(
        place=ask.place, user=ask.names["user"], message={"type": "text", "text": {"body": body}}, **ask.shown
    )


def answers(ask: Ask) -> Step:
    """`ana replies`."""
    members = members_or(ask.reader, ask.given, "text", "a reply", ("text", "quotes"))
    body = ask.reader.text(_needed(ask, members, "text", "a reply needs a text, as in {text: Thanks}"), "what is said")
    message = {"type": "text", "text": {"body": body}}
    quotes = _quotes(ask, members) or LAST_OF_APP
    return model.Sends(place=ask.place, user=ask.names["user"], message=message, quotes=quotes, **ask.shown)


def sends(ask: Ask) -> Step:
    """`ana sends`."""
    members = ask.reader.members(ask.given, "a message")
    kind = _needed(ask, members, "type", "a message needs a type, as in {type: text, text: {body: Hi}}")
    ask.reader.choice(kind, "type of message", words("inbound_type"))
    message = {name: ask.reader.json(node) for name, node in members.items() if name != "quotes"}
    quotes = _quotes(ask, members)
    return model.Sends(place=ask.place, user=ask.names["user"], message=message, quotes=quotes, **ask.shown)


def sends_file(ask: Ask) -> Step:
    """`ana sends image`."""
    kind, members = ask.names["kind"], dict[str, Node]()
    known = ("file", *(() if kind in ("audio", "sticker") else ("caption",)), *(("filename",) * (kind == "document")))
    known += ("voice",) * (kind == "audio")
    if ask.node is not None:
        file = ask.node.text if isinstance(ask.node, Scalar) else f"my.{kind}"
        members = ask.reader.members(ask.node, f"{kind} to send", (*known, "quotes"), f"{{file: {file}}}")
    texts = [name for name in members if name in ("caption", "filename")]
    found: dict[str, Any] = {name: ask.reader.text(members[name], name) for name in texts}
    if "voice" in members:
        found["voice"] = ask.reader.boolean(members["voice"], "voice")
    return model.SendsFile(
        place=ask.place,
        user=ask.names["user"],
        kind=kind,
        file=ask.reader.word(members["file"], "file") if "file" in members else None,
        members=found,
        quotes=_quotes(ask, members),
        **ask.shown,
    )


def sends_location(ask: Ask) -> Step:
    """`ana sends location`."""
    known = ("latitude", "longitude", "name", "address")
    members = ask.reader.members(ask.given, "a location", (*known, "quotes"))
    for name, most in (("latitude", 90), ("longitude", 180)):
        degrees = ask.reader.json(_needed(ask, members, name, f"a location needs its {name}"))
        if isinstance(degrees, bool) or not isinstance(degrees, (int, float)):
            raise Wrong(members[name].place, f"{name} is a number of degrees")
        if abs(degrees) > most:
            raise Wrong(members[name].place, f"{name} is from -{most} to {most} degrees, not {degrees}")
    location = {
        name: ask.reader.json(node) if name in known[:2] else ask.reader.text(node, name)
        for name, node in members.items()
        if name != "quotes"
    }
    message: dict[str, Any] = {"type": "location", "location": location}
    quotes = _quotes(ask, members)
    return model.Sends(place=ask.place, user=ask.names["user"], message=message, quotes=quotes, **ask.shown)


def taps(ask: Ask) -> Step:
    """`ana taps`, `ana picks`."""
    members = members_or(ask.reader, ask.given, "title", "what is tapped", ("title", "of"))
    title = ask.reader.text(_needed(ask, members, "title", "say what, as in {title: Yes}"), "what is tapped")
    of = quoted(ask.reader, members["of"]) if "of" in members else None
    return model.Taps(place=ask.place, user=ask.names["user"], title=title, of=of, **ask.shown)


def cannot_tap(ask: Ask) -> Step:
    """`ana cannot tap`."""
    title = ask.reader.text(ask.given, "what is tapped")
    return model.Taps(place=ask.place, user=ask.names["user"], title=title, works=False, **ask.shown)


def reacts(ask: Ask) -> Step:
    """`ana reacts`."""
    members = members_or(ask.reader, ask.given, "emoji", "a reaction", ("emoji", "to"))
    emoji = ask.reader.text(_needed(ask, members, "emoji", "say with which emoji, as in {emoji: 👍}"), "the emoji")
    to = quoted(ask.reader, members["to"]) if "to" in members else LAST_OF_APP
    return model.Reacts(place=ask.place, user=ask.names["user"], emoji=emoji, to=to, **ask.shown)


def takes_back(ask: Ask) -> Step:
    """`ana takes back the reaction`."""
    return model.Reacts(place=ask.place, user=ask.names["user"], emoji="", to=REACTED_TO, **ask.shown)


def _quotes(ask: Ask, members: dict[str, Node]) -> Quoted | None:
    return quoted(ask.reader, members["quotes"]) if "quotes" in members else None


def _needed(ask: Ask, members: dict[str, Node], name: str, otherwise: str) -> Node:
    if name not in members:
        raise Wrong(ask.given.place, otherwise)
    return members[name]
