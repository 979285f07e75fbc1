"""What a user's phone shows, as values."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from localwaba.client.calls import because


@dataclass(frozen=True, slots=True)
class Bubble:
    """A message on a phone. `sender` is "user" or "business"; `ticks` is its status, as the sender sees it.

    `text` is what can be read: the body, the caption, the emoji of a reaction. `buttons` are the titles of everything
    that can be tapped, rows of lists too. `reply_to` is the id of the message that it quotes or reacts to. `at` is in
    seconds. `body` is the message as it was sent. `code` is the code to log in with that it brings, `app` the package
    that the phone hands it to, by a tap or, without a button, by itself.
    """

    id: str
    sender: str
    type: str
    text: str
    ticks: str
    at: float
    time: str = ""
    phone_number_id: str = ""
    header: str = ""
    footer: str = ""
    buttons: tuple[str, ...] = ()
    reply_to: str | None = None
    template: str | None = None
    category: str | None = None
    reactions: tuple[str, ...] = ()
    code: str | None = None
    app: str | None = None
    body: Mapping[str, Any] = field(default_factory=dict, repr=False)
    error: Mapping[str, Any] = field(default_factory=dict, repr=False)
    why: str = ""

    @property
    def content(self) -> Any:
        """The object of its type in the body, such as the id and the caption of an image."""
        return self.body.get(self.type)

    @property
    def has_failed(self) -> bool:
        """Whether it never got to the phone."""
        return self.ticks == "failed"


NAMES = (
    "type", "text", "header", "footer", "buttons", "reply_to", "template", "category", "ticks", "reactions", "code",
    "app", "content", "body", "id", "phone_number_id",
)  # fmt: skip
"""What a message can be asked for, in the order in which it is shown."""


def bubble(message: Mapping[str, Any], shown: Mapping[str, Any] | None = None) -> Bubble:
    """A bubble out of a message of the control API and, if it has arrived, what the inbox shows of it."""
    shown = shown or {}
    body = message.get("body") or {}
    kind = message["type"]
    content = body.get(kind) if isinstance(body, dict) else None
    content = content if isinstance(content, dict) else {}
    reacted = content.get("message_id") if kind == "reaction" else None
    return Bubble(
        id=message["id"],
        sender="business" if message["direction"] == "outbound" else "user",
        type=kind,
        text=shown["text"] if shown.get("edited") else message.get("text", ""),
        ticks=message["status"],
        at=message["at"],
        time=message.get("time", ""),
        phone_number_id=message.get("phone_number_id", ""),
        header=_text(shown.get("header")),
        footer=_text(shown.get("footer")),
        buttons=tuple(button.get("title", "") for button in shown.get("buttons", ())),
        reply_to=reacted or message.get("context_id"),
        template=content.get("name") if kind == "template" else None,
        category=message.get("category"),
        reactions=tuple(reaction["emoji"] for reaction in shown.get("reactions", ()) if "emoji" in reaction),
        code=shown.get("code"),
        app=shown.get("code_app") or None,
        body=body,
        error=message.get("error") or {},
        why=message.get("why", ""),
    )


def bubbles(messages: Iterable[Mapping[str, Any]], inbox: Iterable[Mapping[str, Any]]) -> list[Bubble]:
    """The messages of a user in the order in which they were sent, with what the phone shows of them."""
    shown = {one["id"]: one for one in inbox}
    return [bubble(message, shown.get(message["id"])) for message in messages]


def _text(value: Any) -> str:
    if isinstance(value, dict):
        return str(value.get("text") or f"[{value.get('type', 'media')}]")
    return str(value) if value else ""


def draw(chat: Iterable[Bubble], name: str) -> list[str]:
    """A chat as lines of plain text: the user's bubbles on the left, those of the business further in.

    A day that is not the first one is named where it begins.
    """
    lines: list[str] = []
    day = ""
    for one in chat:
        if one.time and day not in ("", one.time[:10]):
            lines.append(f"{date.fromisoformat(one.time[:10]):%a %d %b %Y}")
        day = one.time[:10] or day
        indent = "" if one.sender == "user" else "        "
        author = name if one.sender == "user" else "the app"
        kind = "" if one.type == "text" else f"[{one.template or one.type}] "
        ticks = f"  ({one.ticks})" if one.sender == "business" else ""
        head = f"{indent}{one.time[11:19]} {author}: {kind}"
        text = one.text.replace("\n", "\n" + " " * len(head))
        lines += f"{head}{text}{ticks}".rstrip().split("\n")
        if one.buttons:
            lines.append(indent + " " * 9 + " ".join(f"[{title}]" for title in one.buttons))
        if one.has_failed:
            lines.append(f"{indent}         failed with {one.error.get('code')} {one.error.get('title', '')}".rstrip())
            lines += [f"{indent}     {line}" for line in because(one.why)]
    return lines


def media_of(one: Bubble) -> Iterator[str]:
    """The ids of the pictures of a message: its own, that of its header, those of a template's parameters."""

    def inside(value: Any) -> Iterator[str]:
        if isinstance(value, dict):
            if isinstance(value.get("id"), str):
                yield value["id"]
            for name in ("header", "image", "components", "parameters"):
                yield from inside(value.get(name))
        elif isinstance(value, list):
            for item in value:
                yield from inside(item)

    yield from inside(one.content)
