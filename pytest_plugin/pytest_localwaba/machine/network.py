"""What the network and the clock do to an app: time passes; webhooks come twice, late, together, in other shapes."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from pytest_localwaba.machine.happenings import (
    BACKLOG,
    BURST,
    INBOUND,
    LONG,
    NAMES,
    NETWORK,
    SPANS,
    TROUBLES,
    WINDOW,
    Trouble,
)
from pytest_localwaba.machine.playing import Playing, called

_SPAN = st.sampled_from(sorted(SPANS))


def _of(name: str) -> st.SearchStrategy[tuple[str, Any]]:
    """What is needed for a happening of a name."""
    return st.tuples(st.just(name), st.sampled_from(TROUBLES[name]) if name in TROUBLES else st.integers(0, 2))


_DISTURBANCE: st.SearchStrategy[tuple[str, Any]] = st.runner().flatmap(
    lambda machine: st.sampled_from(machine.enabled(NETWORK)).flatmap(_of)
)


class NetworkRules(Playing):
    """Rules of what happens between an app and its users."""

    def _wait(self, span: int) -> None:
        """Time passes."""
        self._pass(span, f"{SPANS[span][0].upper()}{SPANS[span][1:]} pass.")

    waits = precondition(lambda self: self.can("time"))(rule(span=_SPAN)(_wait))
    waits_more = precondition(lambda self: self.can("time"))(rule(span=_SPAN)(called("_wait_more", _wait)))

    @precondition(lambda self: self.can("again") and self.history.written)
    @rule(which=st.integers(0, 9))
    def again(self, which: int) -> None:
        """Meta delivers a webhook once more that your app has acknowledged."""
        known = self._told()
        if known:
            self.happens("A webhook that your app has acknowledged comes again.")
            self._redeliver(known[-1 - which % len(known)])

    def _told(self) -> list[str]:
        """The webhooks about messages of users that the app has acknowledged, by id."""
        return [
            one["id"]
            for one in self.waba.deliveries(state="delivered", limit=200)
            if one["attempts"] and "messages" in one["body"]["entry"][0]["changes"][0]["value"]
        ]

    def _redeliver(self, *which: str) -> None:
        for one in which:
            self.waba.link.call("POST", f"webhooks/{one}/redeliver")
        self.look()

    def _disturb(self, disturbance: tuple[str, Any]) -> None:
        """Webhooks come twice, late, in batches, in other shapes; messages fail; the platform has trouble."""
        name, what = disturbance
        if isinstance(what, Trouble):
            self.arm(name, what)
        elif name == "burst":
            self._burst()
        else:
            self._backlog(what)

    _disturbs: Any = rule(disturbance=_DISTURBANCE)
    disturbs = precondition(lambda self: self.enabled(NETWORK))(_disturbs(_disturb))
    disturbs_more = precondition(lambda self: self.enabled(NETWORK))(_disturbs(called("_disturb_more", _disturb)))

    def _burst(self) -> None:
        """Everybody writes in the same moment."""
        users = [self.user(place) for place in range(len(NAMES))]
        writers = [user for user in users if user.name not in self.history.blocked]
        if writers:
            self.happens(f"Nothing comes for a minute; then {len(BURST)} messages come at the same moment.")
            fault = self.waba.faults.add("burst", seconds=WINDOW, match=INBOUND)
            for place, content in enumerate(BURST):
                writers[place % len(writers)].sends_message(content)
            self._let_through(fault["id"])

    def _backlog(self, who: int) -> None:
        """Somebody has written a lot, and all of it comes in one POST."""
        user = self.user(who)
        if user.name not in self.history.blocked:
            said = (
                f"Nothing comes for a minute; then a picture and {BACKLOG} long texts of {user.name} come in one POST."
            )
            self.happens(said)
            fault = self.waba.faults.add("batch", of="items", seconds=WINDOW, match=INBOUND)
            user.sends_image()
            for _ in range(BACKLOG):
                user.sends(LONG)
            self._let_through(fault["id"])

    def _let_through(self, fault: str) -> None:
        self.waba.advance(seconds=WINDOW)
        self.waba.faults.clear(fault)
        self.look(settled=True)
