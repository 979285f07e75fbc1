"""What a journal says of users and of the app, as steps of a scenario, one after the other."""

from __future__ import annotations

import hashlib
from base64 import b64encode
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import msgspec

from localwaba.domain.media_samples import sample
from localwaba.domain.policy import INSTANT, Policy
from localwaba.runtime.bodies import has_choices, heard_of, person, text_of, until_answer, wanted_of, without_ids
from localwaba.runtime.recalling import Recall
from localwaba.runtime.writing import comment, key_of, literal, sentence, span
from localwaba_scenarios.sentences import FILES, RESERVED

Entry = Mapping[str, Any]
Step = tuple[str, Any]
"""A sentence and what follows it, None for nothing."""

_PAUSE = 30_000
"""Milliseconds of a running clock from which on a pause is one that somebody meant."""
_UNHEARD = (" blocks", " unblocks")
"""What users do without the app being told."""
_WHY = "what made the app do this? A job or a page of its own is called here: call app: {post: /…}"
_TYPES_OF_TAPS = {"button_reply": "taps", "list_reply": "picks"}
_SWITCHES = (
    ("blocked_by_user", "blocks", "unblocks"),
    ("marketing_stopped", "stops marketing", "resumes marketing"),
)


@dataclass(frozen=True, slots=True)
class Known:
    """What a journal does not say by itself.

    `policy` are the knobs at its beginning, `templates` those of the account as the control API shows them. `began`
    and `ended` are the world's time before the first entry and now, in milliseconds; None: that of the first, the last
    entry. `is_real`: the clock ran, so that what took people some seconds is left out. `unexpected` are the traces of
    refused calls and the ids of failed messages that nobody expected: replaying the scenario has to fail over them
    again. `unmet` is what was expected in vain, as further steps about the user with a number, or about nobody.
    """

    policy: Mapping[str, Any] = field(default_factory=dict)
    templates: Sequence[Mapping[str, Any]] = ()
    began: int | None = None
    ended: int | None = None
    is_real: bool = False
    unexpected: Collection[str] = frozenset()
    unmet: Sequence[tuple[str | None, str, Any]] = ()
    files: Mapping[str, str] = field(default_factory=dict)
    """Files of users that are kept beside the scenario: their paths from it on, by media id."""


@cache
def usual() -> Mapping[str, Any]:
    usual: dict[str, Any] = msgspec.to_builtins(Policy())
    return usual | INSTANT


def differing(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in after.items() if _plain(before.get(name)) != _plain(value)}


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


class Tale:
    """Steps out of entries, one after the other, with what has to be remembered from one to the next."""

    def __init__(self, known: Known, heard: Mapping[str, Callable[[Any, Mapping[str, Any], int], None]]) -> None:
        self.heard = heard
        self.lines: list[str] = []
        self.now = 0
        self._known = known
        self._people: dict[str, dict[str, Any]] = {}
        self._keys: dict[str, str] = {}
        self._first: dict[str, str] = {}  # the number that a person had when the scenario began
        self._pairs: dict[str, Mapping[str, Any]] = {}
        self._policy: Mapping[str, Any] = known.policy
        self._templates = {str(one["id"]): one for one in known.templates}
        self._used: dict[tuple[str, str], Mapping[str, Any]] = {}
        self._sent: dict[str, str] = {}  # message of the app: to whom
        self._recall = Recall()
        self._last_sent: dict[str, str] = {}
        self._last_choice: dict[str, str] = {}
        self._last_received: dict[str, str] = {}
        self._last_own: dict[str, str] = {}  # what can be deleted
        self._last_worded: dict[str, str] = {}  # what can be edited
        self._reads_due: set[str] = set()
        self._on_their_way: dict[str, tuple[str, Any]] = {}  # message of the app: to whom, what is expected of it
        self._moved: dict[str, str] = {}  # an old number and the new one
        self._failed_since: set[int] = set()
        self._faults: list[str] = []
        self._preset = ""
        self._is_unheard = False
        self._before: Entry = {}

    # what is written

    def say(self, words: str, value: Any = None) -> None:
        """One step, at the world's time."""
        self.lines.append(sentence(words, value))

    def note(self, text: str) -> None:
        """A remark under the last step."""
        self.lines += comment(text, "  ")

    def let_pass(self, until: int) -> None:
        """Time up to a moment, if it is later than now."""
        left = until - self.now
        if self._known.is_real and left > 0:
            self.now = until
            left -= left % (60_000 if left >= 3_600_000 else 1000)
            left = left if left >= _PAUSE else 0
        if left > 0:
            self.now = until
            self._pass(left)

    def _pass(self, milliseconds: int) -> None:
        words = span(milliseconds)
        self.say(f"{words} {'passes' if words.startswith('1 ') and words.count(' ') == 1 else 'pass'}")

    def key(self, wa_id: str) -> str:
        """The word for the person with a number."""
        if wa_id not in self._keys:
            name = str(self._people.get(wa_id, {}).get("name") or "user")
            self._keys[wa_id] = key_of(name, {*self._keys.values(), *RESERVED})
            self._first[self._keys[wa_id]] = wa_id
        return self._keys[wa_id]

    def users(self) -> list[str]:
        """Who takes part."""
        lines = [
            f"  {key}: {literal(person(self._people.get(wa_id, {}), wa_id))}" for key, wa_id in self._first.items()
        ]
        return ["users:", *lines] if lines else []

    def templates(self) -> list[str]:
        """The templates of the account that occur."""
        lines: list[str] = []
        for (name, language), one in self._used.items():
            content = {"category": one["category"], "language": language, "components": one["components"]}
            lines.append(f"  {name}: {literal(content)}")
        return ["templates:", *lines] if lines else []

    def do(self, at: int, words: str, value: Any = None) -> None:
        """Something that somebody other than the app did."""
        self.let_pass(at)
        self.say(words, value)
        self._failed_since.clear()
        self._is_unheard = words.endswith(_UNHEARD)

    def _expect(self, at: int, words: str, value: Any = None) -> None:
        before = len(self.lines)
        self.let_pass(at)
        if self._is_unheard or (self._known.is_real and len(self.lines) > before):
            self.note(_WHY)
        self._is_unheard = False
        self.say(words, value)

    # what is heard

    def hear(self, entry: Entry, entries: Sequence[Entry], place: int) -> None:
        """One entry of the journal."""
        if entry["kind"] == "call":
            self._hear_call(entry)
        else:
            kind = str(entry["event"])
            if kind != "FaultArmed":
                self._preset = ""
            if kind == "TemplateJudged" and _was_called(entries, place):
                self._before = entry
                return
            heard = self.heard.get(kind)
            if heard is not None:
                heard(self, entry["data"], int(entry["at"]))
        self._before = entry

    def came_due(self) -> bool:
        """Whether what is heard now follows from the agenda, not from anybody's deed."""
        return self._before.get("event") == "CameDue"

    def _hear_call(self, entry: Entry) -> None:
        answer = entry.get("answer")
        error = answer.get("error") if isinstance(answer, dict) else None
        if int(entry["status"]) < 400 or not isinstance(error, dict) or not isinstance(error.get("code"), int):
            return
        why = str(entry.get("why", ""))
        if why.startswith("[fault]"):
            return
        self._fail(int(entry["at"]), error["code"], str(error.get("fbtrace_id", "")), f"{entry['method']} {why}")

    def _fail(self, at: int, code: int, trace: str, why: str) -> None:
        if trace in self._known.unexpected:
            self.let_pass(at)
            self.note(f"here the app was refused with {code}, which nobody expected: {why}")
        elif code not in self._failed_since:
            self._expect(at, "app fails with", code)
            self._failed_since.add(code)

    def put(self, data: Mapping[str, Any], at: int) -> None:
        """A thing is there."""
        thing = data["thing"]
        if thing.get("entity") == "User":
            if thing["wa_id"] not in self._first.values() or thing["wa_id"] not in self._people:
                self._people[thing["wa_id"]] = dict(thing)
        elif thing.get("entity") == "Template" and isinstance(thing.get("components"), list):
            self._templates.setdefault(str(thing["id"]), thing)

    def received(self, data: Mapping[str, Any], at: int) -> None:
        """A user wrote."""
        message = data["message"]
        wa_id = str(message["wa_id"])
        behaviour = self._people.get(wa_id, {}).get("behaviour", {})
        if behaviour.get("answers") is not None and self.came_due():
            if self._known.is_real:  # no other step lets these seconds pass
                self._pass(round(1000 * until_answer(behaviour)))
            return
        for words, value, remark in self._written(message, self.key(wa_id)):
            self.do(at, words, value)
            if remark:
                self.note(remark)
        body = message["body"].get(message["type"])
        text = heard_of(str(message["type"]), body if isinstance(body, dict) else {})
        self._recall.user_wrote(message, text)
        self._last_received[wa_id] = str(message["id"])
        if not message.get("shown") and message["type"] not in ("reaction", "system"):
            self._last_own[wa_id] = str(message["id"])
            if message["type"] in ("text", "image", "video", "document"):
                self._last_worded[wa_id] = str(message["id"])

    def _written(self, message: Mapping[str, Any], key: str) -> Iterable[tuple[str, Any, str]]:
        """The step for a message of a user, and a remark on what it cannot say."""
        body, kind, wa_id = message["body"], str(message["type"]), str(message["wa_id"])
        shown = message.get("shown") or {}
        if "edited" in shown or "deleted" in shown:
            return [self._changed(key, shown, wa_id, str(message.get("context_id") or ""))]
        content = body.get(kind)
        content = content if isinstance(content, dict) else {}
        quoted = str(message.get("context_id") or "")
        if kind == "text":
            return [self._text(key, content.get("body", ""), quoted, self._last_sent.get(wa_id))]
        quotes, remark = self._about("quotes", quoted)
        if kind in FILES:
            return [self._file(key, kind, content, quotes, remark)]
        if kind == "location":
            place = {name: content[name] for name in ("latitude", "longitude", "name", "address") if name in content}
            return [(f"{key} sends location", place | quotes, remark)]
        if kind == "reaction":
            return [self._reaction(key, content, self._last_sent.get(wa_id))]
        if kind == "system" and content.get("type") == "user_changed_number":
            new = str(content["wa_id"])
            self._keys[new], self._moved[wa_id] = key, new
            return [(f"{key} does", {"action": "change_number", "to": new}, "")]
        if kind == "system" and content.get("type") == "user_changed_user_id":
            return []  # it follows from the change of the number
        return [self._tapped(key, kind, content, quoted, wa_id) or (f"{key} sends", without_ids(body) | quotes, remark)]

    def _changed(self, key: str, shown: Mapping[str, Any], wa_id: str, about: str) -> tuple[str, Any, str]:
        """What a user edits or deletes is the last of their messages that can be."""
        is_last = about == (self._last_worded if "edited" in shown else self._last_own).get(wa_id)
        remark = "" if is_last else "in the recording this was about another message"
        return (f"{key} edits", shown["edited"], remark) if "edited" in shown else (
            f"{key} deletes the last message", None, remark,
        )  # fmt: skip

    def _text(self, key: str, text: str, quoted: str, last: str | None) -> tuple[str, Any, str]:
        if not quoted:
            return f"{key} says", text, ""
        quotes, remark = self._about("quotes", quoted, last)
        return f"{key} replies", {"text": text} | quotes if quotes else text, remark

    def _reaction(self, key: str, content: Mapping[str, Any], last: str | None) -> tuple[str, Any, str]:
        to, remark = self._about("to", str(content.get("message_id", "")), last)
        emoji = content.get("emoji", "")
        if to:
            return f"{key} reacts", {"emoji": emoji} | to, remark
        return (f"{key} reacts", emoji, remark) if emoji else (f"{key} takes back the reaction", None, remark)

    def _tapped(
        self, key: str, kind: str, content: Mapping[str, Any], quoted: str, wa_id: str
    ) -> tuple[str, Any, str] | None:
        of, remark = self._about("of", quoted, self._last_choice.get(wa_id))
        which, title = str(content.get("type", "")), ""
        if kind == "button":
            words, title = f"{key} taps", content.get("text", "")
        elif kind == "interactive" and which in _TYPES_OF_TAPS:
            reply = content[which]
            words, title = f"{key} {_TYPES_OF_TAPS[which]}", reply.get("title") or reply.get("id", "")
        else:
            return None
        return words, {"title": title} | of if of else title, remark

    def _about(self, name: str, quoted: str, usual: str | None = None) -> tuple[dict[str, Any], str]:
        """Which message something is about, as a member of its step, unless it is the `usual` one; or a remark."""
        if not quoted or quoted == usual:
            return {}, ""
        found = self._recall.name(quoted)
        if found is None:
            return {}, "in the recording this was about a message that is not in it"
        return {name: found}, ""

    def _file(
        self, key: str, kind: str, content: Mapping[str, Any], quotes: dict[str, Any], remark: str
    ) -> tuple[str, Any, str]:
        members: dict[str, Any] = {name: content[name] for name in ("caption", "filename") if content.get(name)}
        usual = sample(kind)
        if members.get("filename") == usual.filename:
            del members["filename"]
        kept = self._known.files.get(str(content.get("id", "")))
        is_voice = kept is None or "opus" in str(content.get("mime_type", ""))
        if kind == "audio" and content.get("voice", is_voice) != is_voice:  # not what such a file is by itself
            members["voice"] = not is_voice
        if kept is not None:
            members = {"file": kept} | members
        elif content.get("sha256") != b64encode(hashlib.sha256(usual.content).digest()).decode():
            other = f"a sample stands for a file of the recording: {content.get('mime_type', kind)}"
            remark = f"{other}\n{remark}" if remark else other
        return f"{key} sends {kind}", members | quotes or None, remark

    def changed_pair(self, data: Mapping[str, Any], at: int) -> None:
        """A user blocked, unblocked, stopped or resumed."""
        pair, wa_id = data["pair"], str(data["key"]).partition(":")[2]
        is_new = data["key"] not in self._pairs
        before = self._pairs.get(data["key"], {})
        self._pairs[data["key"]] = pair
        if wa_id in self._moved or (is_new and wa_id in self._moved.values()):
            return  # what they had blocked moved along with them
        for name, on, off in _SWITCHES:
            if bool(pair.get(name)) != bool(before.get(name)):
                self.do(at, f"{self.key(wa_id)} {on if pair.get(name) else off}")

    def gave_feedback(self, data: Mapping[str, Any], at: int) -> None:
        """A user reported, muted or archived; blocks and opt-outs are told by the pair."""
        if data["kind"] in ("report", "mute", "archive"):
            reason = {"reason": data["reason"]} if data.get("reason") else {}
            self.do(at, f"{self.key(str(data['wa_id']))} does", {"action": data["kind"], **reason})

    def accepted(self, data: Mapping[str, Any], at: int) -> None:
        """The app sent something."""
        message = data["message"]
        wa_id, body, kind = str(message["wa_id"]), message["body"], str(message["type"])
        content = body.get(kind)
        content = content if isinstance(content, dict) else {}
        text = text_of(kind, content, message.get("shown"))
        self._sent[message["id"]] = wa_id
        self._recall.app_sent(message, text)
        if kind == "template":
            self._use(str(message.get("template_id", "")), str(content.get("name", "")))
        wanted = wanted_of(kind, content, text, message.get("shown"))
        quoted = self._recall.name(str(message.get("context_id") or "")) if kind != "reaction" else None
        if quoted is not None:
            wanted = (wanted if isinstance(wanted, dict) else {"text": wanted}) | {"quotes": quoted}
        self._on_their_way[message["id"]] = wa_id, wanted
        if kind != "reaction":
            self._last_sent[wa_id] = message["id"]
        if has_choices(kind, content, message.get("shown")):
            self._last_choice[wa_id] = message["id"]

    def _use(self, template_id: str, name: str) -> None:
        one = self._templates.get(template_id)
        if one is None:
            one = next((other for other in self._templates.values() if other["name"] == name), None)
        if one is not None and name != "hello_world":
            self._used.setdefault((str(one["name"]), str(one["language"])), one)

    def reached(self, data: Mapping[str, Any], at: int) -> None:
        """A message got somewhere: it arrived, it was read by hand, it failed."""
        message_id, status = str(data["message_id"]), data["status"]
        waiting = self._on_their_way.pop(message_id, None)
        if status == "failed":
            refusal = data.get("refusal") or {}
            if not data.get("fault") and isinstance(refusal.get("code"), int):
                self._fail(at, refusal["code"], message_id, str(refusal.get("why", "")))
            return
        self._recall.arrived(message_id)
        if waiting is not None:
            self._expect(at, f"app replies to {self.key(waiting[0])}", waiting[1])
        by_itself = self.came_due() and message_id in self._reads_due
        if status == "read" and message_id in self._sent and not by_itself:
            words = f"{self.key(self._sent[message_id])} reads"
            if self.lines[-1:] != [sentence(words)]:
                self.do(at, words)

    def scheduled(self, data: Mapping[str, Any], at: int) -> None:
        """Something will happen by itself."""
        item = data["item"]
        if item.get("item") == "ReachStatus" and item.get("status") == "read":
            self._reads_due.add(str(item["message_id"]))

    def read(self, data: Mapping[str, Any], at: int) -> None:
        """The app marked a message as read."""
        for wa_id, last in self._last_received.items():
            if last == data["message_id"]:
                self._expect(at, f"expect last message of {self.key(wa_id)}", "read")


def _was_called(entries: Sequence[Entry], place: int) -> bool:
    """Whether an event is part of a call of the app about templates: its entry follows it."""
    for entry in entries[place + 1 :]:
        if entry["kind"] == "call":
            return "template" in str(entry.get("operation", ""))
        if entry.get("event") in ("CameDue", "MessageReceived", "MessageAccepted"):
            return False
    return False
