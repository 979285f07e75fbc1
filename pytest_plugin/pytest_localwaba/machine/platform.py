"""What Meta, colleagues and the business itself do to an app: pauses, news, restarts, jobs."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from pytest_localwaba.machine.happenings import NAMES, NEWS, SURPRISES
from pytest_localwaba.machine.network import NetworkRules
from pytest_localwaba.machine.people import WHO, PeopleRules
from pytest_localwaba.machine.playing import called

_SURPRISE: st.SearchStrategy[str] = st.runner().flatmap(lambda machine: st.sampled_from(machine.enabled(SURPRISES)))
_JOB: st.SearchStrategy[str] = st.runner().flatmap(lambda machine: st.sampled_from(sorted(machine.jobs)))
_WHOM = st.integers(0, 2 * len(NAMES) - 1)
_FIELD = st.sampled_from(list(NEWS))


class PlatformRules(PeopleRules, NetworkRules):
    """Rules of what nobody asked for."""

    def _surprise(self, name: str, who: int, field: str, is_hasty: bool) -> None:
        """A user blocks you or opts out, Meta pauses a template, a colleague writes, your app is restarted."""
        match name:
            case "block":
                self._block(self.user(who))
            case "opt out":
                self._opt_out(self.user(who))
            case "pause":
                self._pause(who)
            case "news":
                self._news(field)
            case _:
                self._restart(is_hasty=is_hasty)

    _surprises: Any = rule(name=_SURPRISE, who=WHO, field=_FIELD, is_hasty=st.booleans())
    surprises = precondition(lambda self: self.enabled(SURPRISES))(_surprises(_surprise))
    surprises_more = precondition(lambda self: self.enabled(SURPRISES))(_surprises(called("_surprise_more", _surprise)))

    def _pause(self, which: int) -> None:
        """Meta pauses a template for its quality."""
        known = [one for one in self.waba.templates() if one["status"] == "APPROVED" and one["name"] != "hello_world"]
        if known:
            used = {sent.template for sent in self.history.sent}
            one = sorted(known, key=lambda one: one["name"] not in used)[which % len(known)]
            self.happens(f'Meta pauses the template "{one["name"]}".')
            self.waba.templates.pause(one["id"])
            self.look(settled=True)

    def _news(self, field: str) -> None:
        """A webhook comes that is no message and no status, such as of what a colleague wrote."""
        self.happens(f"{NEWS[field]}.")
        self.waba.link.call("POST", "platform-events", {"field": field})
        self.look()

    def _restart(self, is_hasty: bool) -> None:
        """Your app is restarted, and forgets what it kept in memory; perhaps Meta missed its last answer."""
        last = self._told()[-1:] if is_hasty else []
        self.happens("Your app is restarted" + (", and the last webhook comes again." if last else "."))
        self.stage.restart()
        self._redeliver(*last)

    def _job(self, who: int, name: str) -> None:
        """Something in your business makes the app write to a user, more often to one who wants to hear no more."""
        stopped = [place for place, one in enumerate(NAMES) if one in self.history.stopped]
        user = self.user(stopped[who % len(stopped)] if stopped and who >= len(NAMES) else who)
        self.happens(f"Your job {name} runs for {user.name}.")
        self.history.ask(user.name)
        self.jobs[name](self.stage.current, user)
        self.look()

    _works: Any = rule(who=_WHOM, name=_JOB)
    works = precondition(lambda self: self.can("job") and self.jobs)(_works(_job))
    works_more = precondition(lambda self: self.can("job") and self.jobs)(_works(called("_job_more", _job)))
    works_on = precondition(lambda self: self.can("job") and self.jobs)(_works(called("_job_on", _job)))
