"""What users do to an app: they write, tap, read, block, stop marketing messages, and write in groups."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from localwaba import ControlError
from localwaba.client.user import User
from pytest_localwaba.machine.happenings import OTHER, REACTIONS
from pytest_localwaba.machine.history import shorten
from pytest_localwaba.machine.playing import Playing, called
from pytest_localwaba.machine.stage import GROUP

WHO = st.integers(0, 2)
_WHAT = st.integers(0, 9)


class PeopleRules(Playing):
    """Rules of what users do."""

    def _write(self, who: int, what: int) -> None:
        """A user writes a text."""
        user, text = self.user(who), self.says[what % len(self.says)]
        if user.name not in self.history.blocked:
            self.happens(f'{user.name} writes "{shorten(text)}".')
            self._armed.pop("late", None)
            self._does(user, lambda: user.sends(text))

    # Users write more than anything else happens: a rule is drawn as often as any other.
    _writes: Any = rule(who=WHO, what=_WHAT)
    writes = precondition(lambda self: self.can("write"))(_writes(_write))
    writes_more = precondition(lambda self: self.can("write"))(_writes(called("_write_more", _write)))
    writes_on = precondition(lambda self: self.can("write"))(_writes(called("_write_on", _write)))

    @precondition(lambda self: self.can("other"))
    @rule(who=WHO, what=st.sampled_from(OTHER))
    def send(self, who: int, what: tuple[str, dict[str, object]]) -> None:
        """A user sends something that is no text."""
        user, (said, content) = self.user(who), what
        if user.name not in self.history.blocked:
            self.happens(f"{user.name} {said}.")
            self._does(user, lambda: user.sends_message(content))

    @precondition(lambda self: self.can("other"))
    @rule(who=WHO)
    def send_all(self, who: int) -> None:
        """A user sends everything that is no text, so that little depends on which of it is drawn."""
        user = self.user(who)
        if user.name not in self.history.blocked:
            self.happens(f"{user.name} sends a message of each kind.")
            for _, content in OTHER:
                with suppress(ControlError):
                    user.sends_message(content)
            self.look(settled=True)

    @precondition(lambda self: self.can("other") and self.users)
    @rule(who=WHO, what=st.sampled_from(REACTIONS))
    def react(self, who: int, what: tuple[str, str]) -> None:
        """A user reacts to the last message of the app, or takes that back."""
        user, (said, emoji) = self.user(who), what
        got = [sent for sent in self.history.sent if sent.user == user.name and sent.is_accepted and sent.id]
        if got and user.name not in self.history.blocked:
            self.happens(f"{user.name} {said}.")
            content = {"message_id": got[-1].id} | ({"emoji": emoji} if emoji else {})
            self._does(user, lambda: user.sends_message({"type": "reaction", "reaction": content}))

    @precondition(lambda self: self.can("tap") and self._tappable)
    @rule(who=WHO, which=_WHAT)
    def tap(self, who: int, which: int) -> None:
        """A user taps what the app has sent."""
        user = self.user(who)
        choices = self._tappable.get(user.name)
        if choices and user.name not in self.history.blocked:
            choice = choices[which % len(choices)]
            self.happens(f'{user.name} taps "{choice}".')
            self._does(user, lambda: user.taps(choice))

    @precondition(lambda self: self.can("read"))
    @rule(who=WHO)
    def read(self, who: int) -> None:
        """A user opens the chat."""
        user = self.user(who)
        if any(sent.user == user.name for sent in self.history.sent):
            self.happens(f"{user.name} reads.")
            self._does(user, user.reads)

    @precondition(lambda self: self.can("group"))
    @rule(who=WHO, what=_WHAT)
    def write_in_group(self, who: int, what: int) -> None:
        """A user joins the group of the business, and writes there."""
        user, text = self.user(who), self.says[what % len(self.says)]
        if user.name not in self.history.blocked:
            group = self.stage.group()
            name = self.history.people[group] = f'the group "{GROUP}"'
            self.happens(f'{user.name} writes "{shorten(text)}" in {name}.')
            user.does("join_group", group_id=group)
            content = {"type": "text", "text": {"body": text}, "group_id": group}
            self._does(user, lambda: user.sends_message(content))

    # surprises

    def _block(self, user: User) -> None:
        """A user blocks the business, or lets it write again."""
        blocked = self.history.blocked
        if user.name in blocked:
            self.happens(f"{user.name} lets you write again.")
            blocked.discard(user.name)
            self._does(user, user.unblocks)
        else:
            self.happens(f"{user.name} blocks you.")
            blocked.add(user.name)
            self._does(user, user.blocks)

    def _opt_out(self, user: User) -> None:
        """A user wants no marketing messages any more."""
        if user.name not in self.history.stopped:
            self.happens(f"{user.name} stops marketing messages.")
            self._does(user, user.stops_marketing)
