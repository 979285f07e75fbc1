"""A journal told as a scenario: what users, Meta and the clock did becomes steps, what the app did is expected."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any

import msgspec

from localwaba.domain.policy import INSTANT, Policy
from localwaba.domain.told import Told
from localwaba.runtime.retelling import Entry, Known, Tale, differing, usual
from localwaba.runtime.writing import comment, literal, sentence
from localwaba.wire import account_webhooks
from localwaba.wire.moments import iso

_CALM_ANNOUNCEMENTS = frozenset({"user_preferences", "message_template_status_update"})
_NUMBERS = {
    "THROUGHPUT_UPGRADE": {"throughput": "HIGH"},
    "FLAGGED": {"status": "FLAGGED"},
    "UNFLAGGED": {"status": "CONNECTED"},
}
_NAMES = {"APPROVED": "APPROVED", "REJECTED": "DECLINED", "PENDING": "PENDING_REVIEW"}
_VERDICTS = {"APPROVED": "approves", "REJECTED": "rejects", "PAUSED": "pauses", "DISABLED": "disables"}


def record(entries: Iterable[Entry], name: str, known: Known | None = None, about: str = "") -> str:
    """The text of a scenario file that plays what a journal (`GET /_localwaba/journal`) tells.

    Calls of the app are expected as they were answered: messages, refusals, reads. Users send the files that are known
    to be kept, else samples. What no step can say is a comment. `about` goes above it all.
    """
    found = list(entries)
    there = known or Known()
    turned = next((entry["data"].get("before") for entry in found if entry.get("event") == "PolicyChanged"), None)
    there = replace(there, policy=turned or there.policy)
    tale = PlatformTale(there, HEARD)
    began = there.began if there.began is not None else (found[0]["at"] if found else there.ended or 0)
    tale.now = began
    for place, entry in enumerate(found):
        tale.hear(entry, found, place)
    if there.ended is not None:
        tale.let_pass(there.ended)
    for wa_id, words, value in there.unmet:
        tale.say(words.replace("{user}", tale.key(wa_id)) if wa_id else words, value)
    lines = [*comment(about), f"name: {literal(name)}", *([f'clock: "{iso(began)}"'] if began else [])]
    lines += tale.users() + tale.templates() + _knobs(there)
    return "\n".join([*lines, "steps:", *(tale.lines or [sentence("1 second passes")]), ""])


def _knobs(known: Known) -> list[str]:
    """The knobs that are not as scenarios have them anyway; nobody has chosen the delays of a running clock."""
    changed = differing(usual(), known.policy)
    if known.is_real:
        usually: dict[str, Any] = msgspec.to_builtins(Policy())
        changed = {name: value for name, value in changed.items() if name not in INSTANT or value != usually[name]}
    return [f"policy: {literal(changed)}"] if changed else []


class PlatformTale(Tale):
    """The steps of everybody: of users and the app, of Meta and of the world."""

    def judged(self, data: Mapping[str, Any], at: int) -> None:
        """Meta decided on a template, and no review did."""
        name = self._name(data["template_id"])
        if self.came_due() or not name:
            return
        verdict = _VERDICTS.get(data["status"]) if not data.get("told") else None
        reason = data.get("reason", "NONE")
        if verdict is None:
            self.do(at, "meta changes template", {"name": name, "status": data.get("told") or data["status"]})
        elif verdict == "rejects" and reason != "NONE":
            self.do(at, "meta rejects template", {"name": name, "reason": reason})
        else:
            self.do(at, f"meta {verdict} template", name)

    def _name(self, template_id: str) -> str:
        one = self._templates.get(str(template_id))
        if one is None:
            return ""
        self._use(str(template_id), str(one["name"]))
        return str(one["name"])

    def rated_template(self, data: Mapping[str, Any], at: int) -> None:
        """Meta gave a template another score."""
        name = self._name(data["template_id"])
        if name and not self.came_due():
            self.do(at, "meta changes template", {"name": name, "quality_score": data["score"]})

    def categorised(self, data: Mapping[str, Any], at: int) -> None:
        """Meta gave a template another category."""
        name = self._name(data["template_id"])
        if name and data.get("previous") and not self.came_due():
            self.do(at, "meta changes template", {"name": name, "category": data["category"]})

    def rated_number(self, data: Mapping[str, Any], at: int) -> None:
        """Meta rated the number."""
        if not self.came_due():
            self.do(at, "meta changes number", {"quality_rating": data["rating"]})

    def announced(self, data: Mapping[str, Any], at: int) -> None:
        """Meta announced something of its own accord."""
        if self.came_due() or data["field"] in _CALM_ANNOUNCEMENTS:
            return
        self.do(at, "meta announces", {"field": data["field"], "value": data["value"]})

    def limited_number(self, data: Mapping[str, Any], at: int) -> None:
        """Meta gave the number another limit, more throughput, or a flag."""
        if self.came_due():
            return
        self.do(at, "meta changes number", _NUMBERS.get(data["change"], {"messaging_limit": data["limit"]}))

    def named_number(self, data: Mapping[str, Any], at: int) -> None:
        """Meta decided on the number's name."""
        if not self.came_due():
            reason = {"rejection_reason": data["reason"]} if data.get("reason") else {}
            self.do(at, "meta changes number", {"name_status": _NAMES[data["decision"]]} | reason)

    def turned(self, data: Mapping[str, Any], at: int) -> None:
        """Knobs were turned."""
        changed = differing(self._policy or usual(), data["policy"])
        self._policy = data["policy"]
        if changed:
            self.do(at, "rule", changed)

    def armed(self, data: Mapping[str, Any], at: int) -> None:
        """A fault was armed; those of a preset together."""
        fault = data["fault"]
        self._faults.append(fault["id"])
        preset = str(fault.get("preset", ""))
        if preset:
            if preset != self._preset:
                self.do(at, "fault", preset)
            self._preset = preset
            return
        when = fault.get("when") or {}
        said: dict[str, Any] = {"kind": fault["kind"], **fault.get("parameters", {})}
        if when.get("rule", "always") != "always":
            said["when"] = {when["rule"]: when["number"]}
        if fault.get("match"):
            said["match"] = {
                name: value[0] if len(value) == 1 else list(value) for name, value in fault["match"].items()
            }
        self.do(at, "fault", {name: value for name, value in said.items() if value is not None})

    def cleared(self, data: Mapping[str, Any], at: int) -> None:
        """Faults were disarmed."""
        self._faults = [one for one in self._faults if one not in data["ids"]]
        if not self._faults:
            self.do(at, "no faults")
        else:
            self.note(f"of the faults only {', '.join(data['ids'])} were disarmed here: no step can say that")


def _of_account(kind: type[Told]) -> Callable[[PlatformTale, Mapping[str, Any], int], None]:
    """What is done when an account is told something."""

    def hear(tale: PlatformTale, data: Mapping[str, Any], at: int) -> None:
        if not tale.came_due():
            name, value = account_webhooks.said(msgspec.convert(data, kind))
            tale.do(at, "meta announces", {"field": name, "value": value})

    return hear


HEARD: Mapping[str, Callable[[PlatformTale, Mapping[str, Any], int], None]] = {
    "Put": PlatformTale.put,
    "MessageReceived": PlatformTale.received,
    "MessageAccepted": PlatformTale.accepted,
    "MessageRead": PlatformTale.read,
    "StatusReached": PlatformTale.reached,
    "Scheduled": PlatformTale.scheduled,
    "PairChanged": PlatformTale.changed_pair,
    "FeedbackGiven": PlatformTale.gave_feedback,
    "TemplateJudged": PlatformTale.judged,
    "TemplateRated": PlatformTale.rated_template,
    "TemplateCategorised": PlatformTale.categorised,
    "NumberRated": PlatformTale.rated_number,
    "Announced": PlatformTale.announced,
    **{kind.__name__: _of_account(kind) for kind in account_webhooks.OF_META},
    "NumberLimited": PlatformTale.limited_number,
    "NameDecided": PlatformTale.named_number,
    "PolicyChanged": PlatformTale.turned,
    "FaultArmed": PlatformTale.armed,
    "FaultsCleared": PlatformTale.cleared,
}
