"""What an integration should never do, and what it should always do: functions of a History.

Each returns None, or what went wrong as a sentence. Your own are such functions, too.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence

from localwaba.domain.clock import DAY
from pytest_localwaba.machine.history import History, Told, Written, shorten
from pytest_localwaba.strategies.statuses import RANKS, highest

_MOST, _BRIEF = 3, 30
Invariant = Callable[[History], str | None]

_TROUBLE = frozenset({131047, 131048, 131049, 131050, 131056, 130429, 130472, 130497, 131026, 132015, 132016, 131031})
"""Refusals that may meet an app that makes no mistake in its requests."""


def acknowledges(history: History) -> str | None:
    """The app answers every webhook with 200."""
    # Who could not send may leave it to Meta to bring the webhook again.
    is_hindered = any(sent.ordered and sent.status >= 500 for sent in history.step.sent)
    for told in history.step.told:
        if not told.is_taken and not (is_hindered and (told.status or 0) >= 500):
            answer = "gave no answer to" if told.status is None else f"answered {told.status} to"
            return f"the app {answer} a webhook of {_about(told)}" + (f" ({told.reason})" if told.reason else "")
    return None


def guards_its_webhook(history: History) -> str | None:
    """The handshake is answered with the challenge, Meta's signature is known, and who has none is refused."""
    return _knocked(history, is_demanded=True)


def stays_calm(history: History) -> str | None:
    """What is odd at the webhook, though Meta never sends it, is refused or passed over: nothing breaks."""
    return _knocked(history, is_demanded=False)


def _knocked(history: History, *, is_demanded: bool) -> str | None:
    for one in history.step.knocks:
        if one.expected and one.is_demanded is is_demanded:
            return f"{one.about} was answered with {one.happened}. Expected: {one.expected}"
    return None


def acknowledges_soon(seconds: float = 0.25) -> Invariant:
    """Webhooks of messages are answered at once, and the work is done afterwards.

    Judged by the fastest of three, so that a busy machine is no mistake of the app. Meta asks for a median of 250 ms.
    """

    def answers_first(history: History) -> str | None:
        """The app acknowledges a message first, and works on it later."""
        times = [told.latency_ms for told in history.told if told.types and told.is_taken]
        if len(times) < 3 or min(times) <= seconds * 1000:
            return None
        return f"the app took {min(times) / 1000:.1f} seconds at least for each of {len(times)} webhooks of messages"

    return answers_first


def inside_window(history: History) -> str | None:
    """The app never writes free-form to a user whose last message is more than 24 hours old."""
    for sent in history.sent:  # the failure of an earlier one may be told now
        if 131047 in (sent.code, sent.failed) and not sent.ordered:
            last = history.last_word(sent.user, sent.at)
            if last is not None and sent.at - last.at < DAY:
                continue  # nobody knows whether a reaction, or a chat that is opened, opens the window
            if any(one.user == sent.user and one.told_in == sent.step for one in history.written.values()):
                continue  # days may have passed at once while a thread of the app was about to answer
            wrote = f"who wrote last {_span(sent.at - last.at)} ago" if last else "who has never written"
            return f'the app wrote "{sent.text}" to {sent.user}, {wrote}: that needs a template'
    return None


def answers_once(history: History) -> str | None:
    """The app never answers one message twice, however often and in whatever company its webhook comes."""
    step = history.step
    accepted = [sent for sent in step.sent if sent.is_accepted]
    for sent in accepted:
        reasons = step.reasons(sent.user) or sent.user in step.waiting
        again = [told for told in step.told if told.again and _author(history, told) == sent.user]
        if not reasons and again:
            return f'the app answered {sent.user} again ("{sent.text}"), because a webhook came again'
    for content, count in Counter(sent.content for sent in accepted).items():
        sent = next(one for one in accepted if one.content == content)
        reasons = step.reasons(sent.user)
        if count > max(reasons, 1):
            return f'the app sent "{sent.text}" to {sent.user} {_times(count)} for {_messages(reasons)}'
    return None


def answers_users_only(history: History) -> str | None:
    """The app sends nothing because of statuses, of what was said in groups or by colleagues, or of other news."""
    step = history.step
    for sent in step.sent:
        news = sorted((told for told in step.told if not told.again), key=lambda told: not told.groups)
        has_cause = step.reasons(sent.user) or sent.user in step.waiting
        if sent.is_accepted and not has_cause and news:
            return f'the app sent "{sent.text}" to {sent.user}, and all that had come was {_about(news[0])}'
    return None


def answers_everyone(history: History) -> str | None:
    """Every text of a user gets an answer, as soon as the app has been told of it and nothing hinders."""
    step = history.step
    for user in sorted(step.fresh):
        texts = [one for one in history.written.values() if one.user == user and one.type == "text" and not one.group]
        fresh = [one for one in texts if one.told_in == step.n and one.taken]
        sent = [one for one in step.sent if one.user == user]
        if user in history.blocked or any(one.ordered for one in sent):
            continue
        if sum(one.is_accepted for one in sent) < len(fresh):
            got = _messages(len(sent)) if sent else "nothing"
            return f"{user} wrote {_quoted(fresh)} and got {got}"
    return None


def recovers(history: History) -> str | None:
    """What the platform refused with a 5xx is sent again, and arrives before the example is over."""
    if not history.is_over:
        return None
    calls = list(history.sent)
    for place, sent in enumerate(calls):
        later = (one for one in calls[place + 1 :] if one.user == sent.user and one.is_accepted)
        if sent.ordered and sent.status >= 500 and not any(one.content == sent.content for one in later):
            return f'"{sent.text}" never reached {sent.user}: the platform answered {sent.status}, and the app gave up'
    return None


def makes_valid_requests(history: History) -> str | None:
    """No request of the app is refused for what it is: a wrong shape, a wrong count of values, an unknown template."""
    for sent in history.step.sent:
        if not sent.is_accepted and not sent.ordered and sent.code not in _TROUBLE:
            why = sent.why.partition(" Fix: ")[0]
            return f"a message of the app to {sent.user} was refused with {sent.code}: {why}"
    return None


def respects_opt_out(history: History) -> str | None:
    """Who has stopped marketing messages gets none any more."""
    for sent in history.sent:
        since = history.stopped.get(sent.user)
        is_marketing = sent.category == "marketing" or sent.failed == 131050
        is_known = sent.user in history.numbered or "to" not in sent.body
        if since is not None and sent.step > since and is_marketing and is_known and not sent.ordered:
            return f'the app sent the marketing template "{sent.template}" to {sent.user}, who had stopped them'
    return None


def respects_pauses(history: History) -> str | None:
    """A template that Meta has paused is not tried again once the app has been told."""
    for sent in history.step.sent:
        since = history.paused.get(sent.template or "")
        if since is not None and sent.step > since and sent.code == 132015:
            return f'the app sent the template "{sent.template}" to {sent.user}, of whose pause it had been told'
    return None


def keeps_status(status_of: Callable[[str], str | None]) -> Invariant:
    """What the app believes of a message is the furthest that it was told, in whatever order that came.

    `status_of` asks the app: the id of a message in, `sent`, `delivered`, `read`, `failed` or None out.
    """

    def keeps_highest_status(history: History) -> str | None:
        """The app believes of each message the furthest status that it was told."""
        for message_id in {one for told in history.step.told for one, _ in told.statuses}:
            told = history.statuses.get(message_id, [])
            expected = highest([{"status": status} for status in told])
            believed = status_of(message_id)
            if expected is None or believed == expected or RANKS.get(believed or "", 0) > RANKS.get(expected, 9):
                continue
            if expected == "failed" or RANKS.get(believed or "", 0) < RANKS[expected]:
                return f"the app was told {', '.join(told)} of a message and takes it for {believed or 'unknown'}"
        return None

    return keeps_highest_status


DEFAULT: tuple[Invariant, ...] = (
    guards_its_webhook,
    acknowledges,
    makes_valid_requests,
    inside_window,
    answers_once,
    answers_users_only,
    respects_opt_out,
    respects_pauses,
)
"""What holds for every integration."""

ALL: tuple[Invariant, ...] = (*DEFAULT, stays_calm, answers_everyone, recovers)
"""What holds for a bot that answers whoever writes."""


def _author(history: History, told: Told) -> str | None:
    return next((history.written[one].user for one in told.messages if one in history.written), None)


def _about(told: Told) -> str:
    if told.statuses:
        return "the status " + " and ".join(dict.fromkeys(status for _, status in told.statuses))
    if told.groups:
        return "a message in a group"
    return "a message" if told.messages else f"the field {told.field}"


def _quoted(written: Sequence[Written]) -> str:
    """Some texts, the first of them as they are."""
    shown = ", ".join(f'"{shorten(one.text, _BRIEF)}"' for one in written[:_MOST])
    return shown + (f" and {len(written) - _MOST} more" if len(written) > _MOST else "")


def _span(milliseconds: int) -> str:
    minutes = round(milliseconds / 60_000)
    return f"{minutes} minutes" if minutes < 120 else f"{round(minutes / 60)} hours"


def _times(count: int) -> str:
    return {2: "twice"}.get(count, f"{count} times")


def _messages(count: int) -> str:
    return {0: "no message", 1: "one message"}.get(count, f"{count} messages")


__all__ = [
    "ALL",
    "DEFAULT",
    "Invariant",
    "acknowledges",
    "acknowledges_soon",
    "answers_everyone",
    "answers_once",
    "answers_users_only",
    "guards_its_webhook",
    "inside_window",
    "keeps_status",
    "makes_valid_requests",
    "recovers",
    "respects_opt_out",
    "respects_pauses",
    "stays_calm",
]
