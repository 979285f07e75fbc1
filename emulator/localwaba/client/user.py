"""A synthetic user: what they do, and what they expect of the app."""

from __future__ import annotations

import mimetypes
from collections.abc import Mapping
from pathlib import Path
from time import sleep
from typing import TYPE_CHECKING, Any

from localwaba.client.chat import Bubble, bubble, bubbles
from localwaba.client.doings import Doing, Quoted, id_of
from localwaba.client.expectation import Expectation, Wanted
from localwaba.client.failure import Evidence, missed, tells_of, unwanted
from localwaba.domain.media_bytes import opus_channels, sniff
from localwaba.runtime.system import elapsed

if TYPE_CHECKING:
    from localwaba.client.waba import Waba

__tracebackhide__ = True  # failures of tests are shown where the test is

Content = str | Path | bytes
_ARRIVED = frozenset({"sent", "delivered", "read", "played"})


class User(Doing):
    """Somebody with WhatsApp, who writes to the business number of a world and reads what it answers.

    What a user does returns once the app has been told of it and has answered its webhooks. All of this blocks: where
    the app runs in the event loop of the test itself, call it as `await asyncio.to_thread(ada.sends, "hi")`. Times are
    real seconds.
    """

    def __init__(self, waba: Waba, described: Mapping[str, Any]) -> None:
        self._waba = waba
        self._seen: set[str] = set()
        self.wa_id: str = described["wa_id"]
        self.user_id: str = described["user_id"]
        self.name: str = described["name"]
        self.country: str = described["country"]

    def __repr__(self) -> str:
        return f"<User {self.name} {self.wa_id}>"

    # what users do; what is rarer stands in Doing: ads, orders, edits, payments, another number

    def sends(self, text: str, reply_to: Quoted | None = None) -> str:
        """Writes a text; its message id."""
        return self.sends_message({"type": "text", "text": {"body": text}}, reply_to=reply_to)

    def sends_image(self, /, file: Content | None = None, caption: str | None = None, **more: Any) -> str:
        """Sends a picture: a path, bytes, or a small valid sample."""
        return self._sends_file("image", file, caption=caption, **more)

    def sends_video(self, /, file: Content | None = None, caption: str | None = None, **more: Any) -> str:
        """Sends a video: a path, bytes, or a small valid sample."""
        return self._sends_file("video", file, caption=caption, **more)

    def sends_audio(self, /, file: Content | None = None, **more: Any) -> str:
        """Sends audio: a path, bytes, or a short voice note."""
        return self._sends_file("audio", file, **more)

    def sends_document(
        self, /, file: Content | None = None, caption: str | None = None, filename: str | None = None, **more: Any
    ) -> str:
        """Sends a document: a path, bytes, or a small PDF."""
        return self._sends_file("document", file, caption=caption, filename=filename, **more)

    def sends_sticker(self, /, file: Content | None = None, **more: Any) -> str:
        """Sends a sticker: a path, bytes, or a small WebP."""
        return self._sends_file("sticker", file, **more)

    def sends_location(
        self,
        latitude: float,
        longitude: float,
        name: str | None = None,
        address: str | None = None,
        reply_to: Quoted | None = None,
    ) -> str:
        """Sends a place."""
        place: dict[str, Any] = {"latitude": latitude, "longitude": longitude}
        place |= _given(name=name, address=address)
        return self.sends_message({"type": "location", "location": place}, reply_to=reply_to)

    def reacts(self, emoji: str, to: Quoted | None = None) -> str:
        """Reacts to a message, by default the last one of the app; an empty emoji takes the reaction back."""
        target = id_of(to) if to is not None else self._last().id
        return self.sends_message({"type": "reaction", "reaction": {"message_id": target, "emoji": emoji}})

    def unreacts(self, to: Quoted | None = None) -> str:
        """Takes the reaction to a message back, by default to the last one of the app."""
        return self.reacts("", to)

    def taps(self, title_or_id: str, on: Quoted | None = None) -> str | None:
        """Taps a button or a row, named by its title or its id, of the last message that has any or of `on`.

        The id of the message that this sends; None for what only opens something, such as a link. A code to log in with
        is copied, or handed to an app of the phone, as long as it is good: ControlError once it is too old.
        """
        name = self._name_of_choice(title_or_id, on)
        target = _given(message_id=id_of(on) if on is not None else None)
        message_id: str | None = self.does("tap", **{name: title_or_id}, **target)["message_id"]
        return message_id

    def reads(self) -> None:
        """Opens the chat: everything that has arrived is read."""
        self.does("read")

    def blocks(self) -> None:
        """Blocks the business."""
        self.does("block")

    def reports(self, reason: str | None = None) -> None:
        """Reports the business, for one of Meta's reasons such as SPAM or NO_SIGN_UP; that counts as feedback."""
        self.does("report", **_given(reason=reason))

    def unblocks(self) -> None:
        """Lets the business write again."""
        self.does("unblock")

    def stops_marketing(self) -> None:
        """Wants no more marketing messages."""
        self.does("stop_marketing")

    def resumes_marketing(self) -> None:
        """Wants marketing messages again."""
        self.does("resume_marketing")

    # what users see

    @property
    def inbox(self) -> list[Bubble]:
        """What the phone shows, both sides, oldest first."""
        shown = self._shown()
        return [one for one in self._chat(shown) if one.id in shown]

    @property
    def chat(self) -> list[Bubble]:
        """Everything that was written, both sides, with what has not arrived and what failed."""
        return self._chat(self._shown())

    @property
    def code(self) -> str | None:
        """The code to log in with that the phone shows, the latest one, whether or not it is still good."""
        return next((one["code"] for one in reversed(self._shown().values()) if "code" in one), None)

    @property
    def sees_typing(self) -> bool:
        """Whether the phone shows that the business is typing."""
        described = self._waba.link.call("GET", f"users/{self.wa_id}")
        return any(chat["typing"] for chat in described["chats"])

    def receives(
        self,
        /,
        type: Wanted = None,
        text: Wanted = None,
        timeout: float | None = None,
        **more: Wanted,
    ) -> Bubble:
        """Waits for a message of the app that is as expected, and returns it; AssertionError if none comes in time.

        `type`, `text` and everything else that a Bubble has (`buttons`, `reply_to`, `template`, `header`, `footer`,
        `content`, …) is a value, a compiled pattern that is searched, or a function. Each call looks only at what came
        after the message that the last one returned.
        """
        expected = Expectation.of({"type": type, "text": text, **more})
        waited = self._waba.timeout if timeout is None else timeout
        until, pause = elapsed() + waited, 0.002
        while True:
            self._waba.settle(max(0.01, until - elapsed()))
            arrived = self._arrived()
            for place, one in enumerate(arrived):
                if expected.fits(one):
                    self._seen |= {earlier.id for earlier in arrived[: place + 1]}
                    return one
            if elapsed() >= until:
                self._waba.unmet.append((self.wa_id, "app replies to {user}", self._step(expected, waited)))
                raise AssertionError(missed(expected, self._evidence(), waited))
            sleep(pause)
            pause = min(pause * 1.5, 0.05)

    def _step(self, expected: Expectation, waited: float) -> dict[str, Any]:
        """What was expected, as a scenario says it: what is quoted by its text."""
        wanted = expected.wanted.get("reply_to")
        quoted = next((one.text for one in self.chat if wanted is not None and one.id == wanted), "")
        return ({"quotes": quoted} if quoted else {}) | expected.step(waited)

    def receives_nothing(self, within: float = 0.2) -> None:
        """Holds that no message comes for so many real seconds, nor has come since the last that was received."""
        until, pause = elapsed() + within, 0.002
        while True:
            self._waba.settle(max(0.01, until - elapsed()))
            arrived = self._arrived()
            if arrived:
                raise AssertionError(unwanted(arrived[0], self._evidence()))
            if elapsed() >= until:
                return
            sleep(min(pause, max(0.0, until - elapsed())))
            pause = min(pause * 1.5, 0.05)

    def _sends_file(self, kind: str, file: Content | None, *, reply_to: Quoted | None = None, **members: Any) -> str:
        message: dict[str, Any] = {"type": kind}
        members = _given(**members)
        if members:
            message[kind] = members
        if reply_to is not None:
            message["context"] = {"id": id_of(reply_to)}
        path = f"users/{self.wa_id}/messages"
        if file is None:
            return self._sent(self._waba.link.call("POST", path, message))
        content, filename, mime_type = _read(file, kind)
        name = str(members.get("filename") or filename)
        return self._sent(self._waba.link.upload(path, message, content, name, mime_type))

    def _name_of_choice(self, wanted: str, on: Quoted | None) -> str:
        """Whether a text is the title or the id of something in the messages that can be tapped, the latest first."""
        shown = self._shown()
        messages = [shown[id_of(on)]] if on is not None and id_of(on) in shown else list(reversed(shown.values()))
        for message in messages:
            for name in ("title", "id", "payload"):
                if any(button.get(name) == wanted for button in message.get("buttons", ())):
                    return name
            if message.get("buttons"):
                break
        return "title"

    def _last(self) -> Bubble:
        found = [one for one in self.inbox if one.sender == "business"]
        if not found:
            raise ValueError(f"the app has not sent {self.name} anything yet")
        return found[-1]

    def _shown(self) -> dict[str, Mapping[str, Any]]:
        found = self._waba.link.call("GET", f"users/{self.wa_id}/inbox")
        return {one["id"]: one for one in found["messages"]}

    def _chat(self, shown: Mapping[str, Mapping[str, Any]]) -> list[Bubble]:
        return bubbles(self._waba.messages(user=self.wa_id, limit=20_000), shown.values())

    def _arrived(self) -> list[Bubble]:
        """The messages of the app that have arrived and that no `receives` has passed yet."""
        return [
            one
            for one in self._chat(self._shown())
            if one.sender == "business" and one.ticks in _ARRIVED and one.id not in self._seen
        ]

    def _evidence(self) -> Evidence:
        chat = self.chat
        last = max((place for place, one in enumerate(chat) if one.id in self._seen), default=-1)
        waba = self._waba
        asking = next((one.id for one in reversed(chat[last + 1 :]) if one.sender == "user"), None)
        deliveries = waba.deliveries(limit=20_000)
        calls, since = waba.calls_and_since(asking)
        return Evidence(
            name=self.name,
            new=[one for place, one in enumerate(chat) if place > last],
            old=chat[: last + 1],
            calls=calls,
            deliveries=deliveries,
            strangers=waba.strangers(),
            webhook=waba.callback,
            asked=next((one for one in reversed(deliveries) if asking and tells_of(one, asking)), None),
            calls_since=since,
            others=self._to_others(asking),
            is_shared=waba.link.residents is None,
        )

    def _to_others(self, since: str | None) -> list[tuple[str, Bubble]]:
        """What the app has sent to other users since a message of this one, with whom it went to."""
        messages = self._waba.messages(limit=20_000)
        place = next((n for n, one in enumerate(messages) if one["id"] == since), -1)
        names = {user.wa_id: f"{user.name} ({user.wa_id})" for user in self._waba.users}
        sent = [one for one in messages[place + 1 :] if one["direction"] == "outbound" and one["user"] != self.wa_id]
        return [(names.get(one["user"]) or str(one["user"] or one.get("group_id", "")), bubble(one)) for one in sent]


def _given(**members: Any) -> dict[str, Any]:
    return {name: value for name, value in members.items() if value is not None}


def _read(file: Content, kind: str) -> tuple[bytes, str, str]:
    """The bytes, a name and the MIME type of a file."""
    if isinstance(file, bytes):
        content, name = file, ""
    else:
        try:
            content, name = Path(file).read_bytes(), Path(file).name
        except OSError as error:
            raise type(error)(error.errno, error.strerror, str(file)) from None
    head = content[: 64 * 1024]
    mime_type = (mimetypes.guess_type(name)[0] if name else None) or sniff(head)
    name = name or f"{kind}{mimetypes.guess_extension(mime_type) or ''}"
    if mime_type == "audio/ogg" and opus_channels(head):
        mime_type = "audio/ogg; codecs=opus"  # as the phone of a user calls its voice notes
    return content, name, mime_type
