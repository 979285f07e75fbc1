"""Requests to `POST /{phone_number_id}/messages` that Meta takes: every type, every part that it can have."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from functools import cache
from typing import Any, NamedTuple

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from pytest_localwaba.strategies.interactive import INTERACTIVE, interactives
from pytest_localwaba.strategies.people import phone_numbers
from pytest_localwaba.strategies.words import chosen, links, message_ids, texts

Json = dict[str, Any]

MEDIA = ("image", "audio", "video", "document", "sticker")
TYPES = ("text", *MEDIA, "location", "contacts", "reaction", "interactive", "template")
"""All types that can be sent to one person."""


@cache
def media(kind: str, ids: tuple[str, ...] = ()) -> SearchStrategy[Json]:
    """The object of a media message: a link, or one of `ids` (media that was uploaded), and what may stand beside."""
    source: SearchStrategy[Json] = st.fixed_dictionaries({"link": links()})
    if ids:
        source |= st.fixed_dictionaries({"id": st.sampled_from(list(ids))})
    beside: dict[str, SearchStrategy[Any]] = {}
    if kind in ("image", "video", "document"):
        beside["caption"] = texts(1024)
    if kind == "document":
        beside["filename"] = texts(240)
    if kind == "audio":
        beside["voice"] = st.booleans()
    return st.builds(lambda one, more: one | more, source, st.fixed_dictionaries({}, optional=beside))


@cache
def text_objects() -> SearchStrategy[Json]:
    """The object of a text message."""
    return st.fixed_dictionaries({"body": texts(4096)}, optional={"preview_url": st.booleans()})


@cache
def locations() -> SearchStrategy[Json]:
    """The object of a location: coordinates as numbers or as text."""
    latitude = st.integers(-90, 90) | st.floats(-90, 90) | st.integers(-90, 90).map("{}.25".format)
    longitude = st.integers(-180, 180) | st.floats(-180, 180) | st.integers(-180, 180).map("{}.5".format)
    place = {"name": texts(100), "address": texts(100)}
    return st.fixed_dictionaries({"latitude": latitude, "longitude": longitude}, optional=place)


@cache
def contacts(least: int = 0) -> SearchStrategy[list[Json]]:
    """One to three contact cards, with everything that a card may have; what it has, it has `least` times or more."""
    part = texts(30)
    kind = st.sampled_from(["HOME", "WORK"])

    def several(*members: str) -> SearchStrategy[list[Json]]:
        one = st.fixed_dictionaries({members[0]: part}, optional=dict.fromkeys(members[1:], part) | {"type": kind})
        return st.lists(one, min_size=least, max_size=2)

    name = st.fixed_dictionaries(
        {"formatted_name": part, "first_name": part},
        optional=dict.fromkeys(("last_name", "middle_name", "suffix", "prefix"), part),
    )
    phone = st.fixed_dictionaries(
        {"phone": phone_numbers().map("+{}".format)}, optional={"type": kind, "wa_id": phone_numbers()}
    )
    beside: dict[str, SearchStrategy[Any]] = {
        "addresses": several("street", "city", "state", "zip", "country", "country_code"),
        "birthday": st.dates().map(lambda day: f"{day.year:04}-{day.month:02}-{day.day:02}"),
        "emails": several("email"),
        "org": st.fixed_dictionaries({"company": part}, optional=dict.fromkeys(("department", "title"), part)),
        "phones": st.lists(phone, max_size=2),
        "urls": several("url"),
    }
    return st.lists(st.fixed_dictionaries({"name": name}, optional=beside), min_size=1, max_size=3)


@cache
def reactions(ids: tuple[str, ...] = ()) -> SearchStrategy[Json]:
    """The object of a reaction to one of the messages `ids`; an empty emoji takes it back."""
    target = st.sampled_from(list(ids)) if ids else message_ids()
    return st.fixed_dictionaries({"message_id": target, "emoji": st.sampled_from(["👍", "❤️", "🙏🏽", ""])})


def sends(
    types: Collection[str] | str | None = None,
    *,
    to: SearchStrategy[str] | str | None = None,
    media_ids: Sequence[str] = (),
    message_ids: Sequence[str] = (),
    flow_ids: Sequence[str] = (),
    interactive: Collection[str] | str | None = None,
) -> SearchStrategy[Json]:
    """A whole valid request, `{"messaging_product": "whatsapp", "to": …, "type": "text", "text": {…}}`.

    `types` are some of SEND_TYPES (None: all but template, which needs one that exists: see `templates_with_sends`),
    `interactive` some of INTERACTIVE (and then nothing else is sent unless `types` say so). Media are links unless
    you give `media_ids`; flows are sent if there are `flow_ids`; replies and reactions name one of `message_ids`.
    ValueError for a type or a kind that there is not.
    """
    return send_of(Wanted.of(types, to, media_ids, message_ids, flow_ids, interactive))


class Wanted(NamedTuple):
    """What was asked of `sends`."""

    types: tuple[str, ...]
    to: SearchStrategy[str] | str | None
    media_ids: tuple[str, ...]
    message_ids: tuple[str, ...]
    interactive: SearchStrategy[Json]

    def __repr__(self) -> str:
        """Short: Hypothesis shows it when it names the strategy."""
        return " | ".join(self.types)

    @classmethod
    def of(
        cls,
        types: Collection[str] | str | None,
        to: SearchStrategy[str] | str | None,
        media_ids: Sequence[str],
        message_ids: Sequence[str],
        flow_ids: Sequence[str],
        interactive: Collection[str] | str | None,
    ) -> Wanted:
        """Looks whether there is all that was asked for; ValueError where there is not."""
        if types == "template" or (types is not None and "template" in types):
            raise ValueError("a template has to exist before it is sent: see templates_with_sends and template_sends")
        kinds = chosen("interactive" if types is None and interactive else types, TYPES[:-1], "type of messages")
        asked = None if interactive is None else chosen(interactive, INTERACTIVE, "kind of interactive messages")
        return cls(kinds, to, tuple(media_ids), tuple(message_ids), interactives(asked, flow_ids=tuple(flow_ids)))


@st.composite
def send_of(draw: DrawFn, wanted: Wanted) -> Json:
    """A request of those that were asked for."""
    kind = draw(st.sampled_from(("plain", *wanted.types) if "text" in wanted.types else wanted.types))
    if kind == "plain":  # the shortest of all, so that examples shrink to it
        to = draw(recipients(wanted.to))
        return {"messaging_product": "whatsapp", "to": to, "type": "text", "text": {"body": "hi"}}
    message = envelope(draw, wanted.to, wanted.message_ids)
    if kind == "text" and draw(st.booleans()):
        content: Any = draw(text_objects())
        return message | {"text": content}  # a message without a type is a text
    return message | {"type": kind, kind: draw(_content(kind, wanted))}


def _content(kind: str, wanted: Wanted) -> SearchStrategy[Any]:
    if kind in MEDIA:
        return media(kind, wanted.media_ids)
    if kind == "interactive":
        return wanted.interactive
    if kind == "reaction":
        return reactions(wanted.message_ids)
    return {"text": text_objects, "location": locations, "contacts": contacts}[kind]()


_BESIDE: SearchStrategy[Json] = st.fixed_dictionaries(
    {}, optional={"recipient_type": st.just("individual"), "biz_opaque_callback_data": texts(512)}
)


def recipients(to: SearchStrategy[str] | str | None) -> SearchStrategy[str]:
    """Who gets a message: the one that was asked for, or anybody."""
    if to is None:
        return phone_numbers()
    return st.just(to) if isinstance(to, str) else to


def envelope(draw: DrawFn, to: SearchStrategy[str] | str | None, message_ids: Sequence[str] = ()) -> Json:
    """What every message has around its type's object."""
    found: Json = {"messaging_product": "whatsapp", "to": draw(recipients(to))} | draw(_BESIDE)
    quotes = draw(st.booleans()) if message_ids else False
    if quotes:
        found["context"] = {"message_id": draw(st.sampled_from(list(message_ids)))}
    return found


def read_receipts(ids: Sequence[str]) -> SearchStrategy[Json]:
    """A request that marks one of the user's messages `ids` as read, some of them with the typing indicator."""
    typing = st.builds(lambda: {"type": "text"})
    return st.fixed_dictionaries(
        {"messaging_product": st.just("whatsapp"), "status": st.just("read"), "message_id": st.sampled_from(list(ids))},
        optional={"typing_indicator": typing},
    )


__all__ = ["INTERACTIVE", "MEDIA", "TYPES", "read_receipts", "sends"]
