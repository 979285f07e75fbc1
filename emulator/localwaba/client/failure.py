"""The text of an expectation that was not met: what was expected, what came nearest, and everything that may be why."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from html import unescape
from typing import Any
from urllib.parse import urlsplit

from localwaba.client.calls import Call, because, summary
from localwaba.client.chat import Bubble, draw
from localwaba.client.expectation import Expectation
from localwaba.domain.tokens import ENDED

NO_TOKEN_OF_OURS = "No call came with this world's token, but some with none or with one that no world knows"
"""The title of such calls, where a user waits in vain."""
_NO_TOKEN_OF_SOME = "Calls with no token, or with one that no world knows, came from this app or from one beside it"

_MOST = 20


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is known when a user has waited in vain.

    `new` are the messages since the last one that was received, failed ones included; `old` those before. `strangers`
    are refused calls with no token or with one that no world knows; `is_shared`: other tests beside this one may have
    made them. `webhook` is the app's callback, if it has one.
    `asked` is the webhook that told the app of the user's last message, `calls_since` are the calls that the app has
    made since then, `others` the messages that it has sent to other users since then, with whom they went to.
    """

    name: str
    new: Sequence[Bubble]
    old: Sequence[Bubble]
    calls: Sequence[Call]
    deliveries: Sequence[Mapping[str, Any]]
    strangers: Sequence[Call]
    webhook: str | None
    asked: Mapping[str, Any] | None = None
    calls_since: Sequence[Call] = ()
    others: Sequence[tuple[str, Bubble]] = ()
    is_shared: bool = False

    @property
    def arrived(self) -> list[Bubble]:
        """What the app sent and the phone got."""
        return [one for one in self.new if one.sender == "business" and not one.has_failed]

    @property
    def failed(self) -> list[Bubble]:
        """What the app sent and the phone never got."""
        return [one for one in self.new if one.sender == "business" and one.has_failed]

    @property
    def refused(self) -> list[Call]:
        """The calls to which Graph said no."""
        return [call for call in self.calls if call.is_refused]

    @property
    def unanswered(self) -> list[Mapping[str, Any]]:
        """The webhooks that were tried and that the app has not taken."""
        return [one for one in self.deliveries if one["state"] != "delivered" and one["attempts"]]


def missed(expected: Expectation, seen: Evidence, waited: float) -> str:
    """The text for a message that did not come."""
    lines = [f"{_verdict(expected, seen)} (waited {waited:g} s).", "", "Expected a message to " + seen.name]
    lines += [f"  {line}" for line in expected.lines()]
    nearest = expected.nearest(seen.arrived) or expected.nearest(seen.failed)
    if nearest is not None and expected.wanted:
        place = [one.id for one in seen.arrived + seen.failed].index(nearest.id) + 1
        lines += ["", f"Nearest: message {place} of {len(seen.arrived + seen.failed)}, {_ticks(nearest)}"]
        lines += [f"  {line}" for line in expected.difference(nearest)]
    earlier = next((one for one in seen.old if one.sender == "business" and expected.fits(one)), None)
    if earlier is not None and expected.wanted:
        lines += ["", "A message like this was received before; only what came after it is looked at."]
    return "\n".join(lines + surroundings(seen))


def unwanted(found: Bubble, seen: Evidence) -> str:
    """The text for a message that came though none was expected."""
    lines = [f"{seen.name} received a message, expected none: {found.type} {found.text!r}"]
    return "\n".join(lines + surroundings(seen))


def _verdict(expected: Expectation, seen: Evidence) -> str:
    name = seen.name
    if seen.strangers and not seen.calls and not seen.is_shared:
        return f"{name} received nothing: the app made no call with this world's token"
    if seen.arrived:
        count = len(seen.arrived)
        return f"{name} did not receive that: the app sent {count} other message{'' if count == 1 else 's'}"
    if seen.failed:
        last = next((one for one in reversed(seen.failed) if expected.fits(one)), seen.failed[-1])
        what = "the app's message" if expected.fits(last) else "what the app sent, another message,"
        return f"{name} received nothing: {what} failed with {last.error.get('code')} {last.error.get('title', '')}"
    refused = [call for call in seen.refused if call.operation in ("send_message", "send_marketing_message", "")]
    if refused:
        last_call = refused[-1]
        detail = last_call.error.get("code", f"HTTP {last_call.status}")
        return f"{name} received nothing: the app's send was refused with {detail}"
    strayed = [who for who, one in seen.others if expected.wanted and expected.fits(one)]
    if strayed:
        return f"{name} received nothing: a message like this went to {strayed[-1]}"
    pending = [one for one in seen.new if one.sender == "business"]
    if pending:
        return f"{name} received nothing: the app's message is on its way, and arrives when time passes"
    return f"{name} received nothing: {_reaction(seen)}" + (" since" if seen.old and not seen.asked else "")


def _reaction(seen: Evidence) -> str:
    """What the app made of the user's last message."""
    if seen.asked is None or seen.webhook is None:
        return f"the app sent {seen.name} nothing, but others" if seen.others else "the app sent nothing"
    if not seen.asked["attempts"]:
        return "the app has not answered the webhook"
    last = seen.asked["attempts"][-1]
    if last.get("error"):
        return f"the webhook did not get through to the app: {last['error']}"
    answer = f"the app answered the webhook with {last['status']} in {_milliseconds(last['latency_ms'])}"
    count = len(seen.calls_since)
    if last["status"] != 200:
        return answer
    if not count:
        return f"{answer} and made no call" + (" with this world's token" if seen.strangers else "")
    return f"{answer}, made {count} call{'' if count == 1 else 's'} and sent {seen.name} nothing"


def _milliseconds(latency: float) -> str:
    return f"{latency:.0f} ms" if latency >= 1 else "less than 1 ms"


def _ticks(one: Bubble) -> str:
    return f"failed with {one.error.get('code')}" if one.has_failed else one.ticks


def surroundings(seen: Evidence) -> list[str]:
    """The chat, the refusals, the webhooks that were not taken, and what is missing."""
    chat = draw([*seen.old, *seen.new], seen.name)
    lines = ["", f"Chat of {seen.name}", *(f"  {line}" for line in chat[-3 * _MOST :])] if chat else []
    if not chat:
        lines += ["", f"Chat of {seen.name}: empty"]
    if not seen.arrived:
        lines += listed("Messages of the app to others", [f"to {who}: {_said(one)}" for who, one in seen.others])
    lines += listed("Refused calls of the app", [str(call) for call in seen.refused])
    lines += listed("Webhooks that the app did not answer with 200", map(told, seen.unanswered))
    if any(one["attempts"][-1]["status"] in (401, 403) for one in seen.unanswered):
        lines.append("  Webhooks are signed with waba.app_secret, which is APP_SECRET in waba.env")
    if seen.webhook is None:
        lines += ["", "The app has no webhook, so it cannot know what users write: waba.webhook(url)"]
    if seen.strangers and not seen.calls:
        strange = [
            f"{call.method} {call.path} -> {call.status} {call.error.get('message', '')}" for call in seen.strangers
        ]
        lines += listed(_NO_TOKEN_OF_SOME if seen.is_shared else NO_TOKEN_OF_OURS, strange[-3:])
        if any(ENDED in call.why for call in seen.strangers):
            lines.append("  One was of a world that has ended: make the app anew in each test, or in a fixture of it")
        lines.append("  Give the app waba.access_token, or its whole environment: waba.env")
    return lines


def _said(one: Bubble) -> str:
    return draw([one], "")[0].partition("the app: ")[2]


def listed(title: str, items: Iterable[str]) -> list[str]:
    """A title with a count, and the items, the last ones if there are many; nothing for none."""
    found = list(items)
    if not found:
        return []
    lines = ["", f"{title} ({len(found)})"]
    if len(found) > _MOST:
        lines.append(f"  … {len(found) - _MOST} more before these")
    return lines + [f"  {line}" for item in found[-_MOST:] for line in item.split("\n")]


def tells_of(delivery: Mapping[str, Any], message_id: str) -> bool:
    """Whether a webhook tells of a message of a user."""
    body = delivery.get("body")
    entries = body.get("entry") if isinstance(body, dict) else None
    for entry in entries if isinstance(entries, list) else ():
        for change in entry.get("changes", ()):
            if any(one.get("id") == message_id for one in change.get("value", {}).get("messages", ())):
                return True
    return False


def failed_later(message: Mapping[str, Any]) -> str:
    """A message that failed after it was taken: to whom, with which code, why, and what to do."""
    head = f"{message['type']} to {message['user']} -> failed {summary(message['error'])}"
    return "\n".join([head, *because(message.get("why", ""))])


def told(delivery: Mapping[str, Any]) -> str:
    """A webhook and the last answer to it, in one line."""
    last = delivery["attempts"][-1]
    answer = last.get("error") or f"{last['status']} {_plain(last.get('answer') or '')}".rstrip()[:200]
    tries = len(delivery["attempts"])
    count = f" ({tries} tries)" if tries > 1 else ""
    return f"{_about(delivery)} -> {_where(last['url'])} -> {answer}{count}"


def _plain(answer: str) -> str:
    """What an app answered, in one line; of a page its words."""
    if answer.lstrip().startswith("<"):
        answer = unescape(re.sub(r"<(style|title).*?</\1>|<[^>]*>?", " ", answer, flags=re.DOTALL))
    return " ".join(answer.split())


def _where(url: str) -> str:
    """A URL; of an app of this process only the path, its host is made up."""
    parts = urlsplit(url)
    return parts.path if parts.netloc.startswith("app-") and parts.netloc.endswith(".localhost") else url


def _about(delivery: Mapping[str, Any]) -> str:
    try:
        value = delivery["body"]["entry"][0]["changes"][0]["value"]
    except (KeyError, IndexError, TypeError):
        return str(delivery["field"])
    kinds = [f"status {one['status']}" for one in value.get("statuses", ())]
    kinds += [str(one.get("type", "")) for one in value.get("messages", ())]
    return f"{delivery['field']}: {', '.join(kinds)}" if kinds else str(delivery["field"])
