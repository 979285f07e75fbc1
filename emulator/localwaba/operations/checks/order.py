"""No order is promised: neither of messages nor of statuses."""

from __future__ import annotations

from msgspec.structs import replace

from localwaba.operations.checks.judging import answered, if_taken, taken
from localwaba.operations.checks.model import Check, Scene, Seen, Step, Verdict, broken, passed, unjudged
from localwaba.operations.checks.payloads import (
    change,
    deliver,
    envelope,
    greet,
    message,
    messages_value,
    person,
    status,
    statuses_value,
    tell,
    text,
    wamid,
)

GROUP = "order"
_FAQ = "Meta: calling/faq"
_UNAVAILABLE = {
    "code": 131060,
    "title": "This message is unavailable.",
    "message": "This message is unavailable.",
    "error_data": {"details": "This message is currently unavailable."},
}


def _reordered(scene: Scene) -> tuple[Step, ...]:
    """The second text of a user before the first."""
    who = person(scene)
    values = [
        messages_value(scene, [who], [text(scene, who, purpose=purpose, age=age)])
        for purpose, age in (("second", 0), ("first", 30))
    ]
    requests = [
        deliver(scene, envelope(scene, change(value)), "an older text after a newer", user=who.wa_id)
        for value in values
    ]
    return (Step(requests=(requests[0],), awaits=who.wa_id), Step(requests=(requests[1],)))


@if_taken
def _judge_reordered(seen: Seen) -> Verdict:
    count, expected = seen.to(person(seen.scene)), 2 * seen.usual
    if count >= expected:
        return passed()
    told = f"{count} of {expected} messages: the text that came later, and is older, was dropped"
    return broken("both texts are answered", told)


def _unsupported_first(scene: Scene) -> tuple[Step, ...]:
    """The placeholder of a message, then the message itself under the same id."""
    who = person(scene)
    placeholder = message(scene, who, "unsupported", {"type": "unknown"}) | {"errors": [_UNAVAILABLE]}
    value = messages_value(scene, [who], [placeholder])
    return (
        tell(scene, envelope(scene, change(value)), "an unsupported message"),
        Step(requests=(greet(scene, who, "the real message, with the same id"),)),
    )


def _statuses(scene: Scene, at: int, names: tuple[str, ...]) -> tuple[Step, ...]:
    """Statuses of a message that the app has sent, a second apart by their timestamps if they came in order."""
    who = person(scene)
    sent = _own(scene, at) or wamid(scene, who, "sent", outbound=True)
    right: list[str] = [name for name in ("sent", "delivered", "read", "failed") if name in names]
    steps = []
    for name in names:
        item = status(scene, who, name, sent, age=len(right) - right.index(name))
        steps.append(tell(scene, envelope(scene, change(statuses_value(scene, who, [item]))), f"the status {name}"))
    return tuple(steps)


def _own(scene: Scene, at: int) -> str:
    return scene.own[at % len(scene.own)] if scene.own else ""


def _downgraded(scene: Scene) -> tuple[Step, ...]:
    return _statuses(scene, 0, ("read", "delivered", "sent"))


def _failed(scene: Scene) -> tuple[Step, ...]:
    return _statuses(scene, -1, ("sent", "failed"))


def _judge_status(seen: Seen, wanted: str, expected: str) -> Verdict:
    if seen.believed is None:
        return unjudged("the status URL told no status of this message")
    if seen.believed != wanted:
        return broken(expected, f"the app believes: {seen.believed}")
    return passed()


@if_taken
def _judge_downgraded(seen: Seen) -> Verdict:
    return _judge_status(seen, "read", "read, whatever comes later")


@if_taken
def _judge_failed(seen: Seen) -> Verdict:
    return _judge_status(seen, "failed", "failed: 200 was only a promise")


def _early_status(scene: Scene) -> tuple[Step, ...]:
    who = person(scene)
    unknown = wamid(scene, who, "not yet", outbound=True)
    value = statuses_value(scene, who, [status(scene, who, "sent", unknown)])
    return (tell(scene, envelope(scene, change(value)), "a status of a message that the app does not know yet"),)


def _contradiction(scene: Scene) -> tuple[Step, ...]:
    return _statuses(replace(scene, own=()), 0, ("delivered", "failed", "delivered"))


CHECKS = (
    Check(
        name="reorder-messages",
        group=GROUP,
        rule="A message that comes after a newer one is handled all the same: no order is promised.",
        sources=(_FAQ, "chatwoot/chatwoot#13556"),
        script=_reordered,
        judge=_judge_reordered,
        severity="should",
        needs="sends",
    ),
    Check(
        name="unsupported-then-real",
        group=GROUP,
        rule="After `unsupported`, the real message may follow with the same id: it is no duplicate.",
        sources=("Meta: embedded-signup/onboarding-business-app-users", "chatwoot/chatwoot#14547"),
        script=_unsupported_first,
        judge=answered(0),
        needs="sends",
    ),
    Check(
        name="status-early",
        group=GROUP,
        rule="A status may come before the app knows the message.",
        sources=("opengovsg/postmangovsg#2151", "botpress/botpress#15029"),
        script=_early_status,
        judge=taken,
    ),
    Check(
        name="status-contradiction",
        group=GROUP,
        rule="One message may be delivered to one device of a user and fail on another: both statuses are taken.",
        sources=("Meta: support",),
        script=_contradiction,
        judge=taken,
    ),
    Check(
        name="status-order",
        group=GROUP,
        rule="A message that was read stays read, although `delivered` and `sent` come later.",
        sources=("chatwoot/chatwoot#14529", "djdang3r/whatsapp-api-manager#102", "chatwoot/chatwoot#9962"),
        script=_downgraded,
        judge=_judge_downgraded,
        needs="status",
        watches=lambda scene: _own(scene, 0),
    ),
    Check(
        name="status-failed",
        group=GROUP,
        rule="A failure that comes later is noted: the 200 of the send was only a promise.",
        sources=("chatwoot/chatwoot#13377", "NousResearch/hermes-agent#80056", "bettersg/checkMate#174"),
        script=_failed,
        judge=_judge_failed,
        needs="status",
        watches=lambda scene: _own(scene, -1),
    ),
)
