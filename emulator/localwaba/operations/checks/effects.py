"""What users notice: once is once, order does not matter, and only a message to the app is answered."""

from __future__ import annotations

from msgspec.structs import replace

from localwaba.domain.clock import SECOND
from localwaba.operations.checks.judging import answered, once, silent, taken
from localwaba.operations.checks.model import (
    Check,
    Json,
    Scene,
    Seen,
    Step,
    Verdict,
    broken,
    doubtful,
    passed,
    unjudged,
)
from localwaba.operations.checks.payloads import (
    change,
    contact,
    deliver,
    envelope,
    greet,
    head,
    message,
    messages_value,
    person,
    status,
    statuses_value,
    text,
    wamid,
)

DUPLICATES = "duplicates"
ORDER = "order"
OTHERS = "not for the app"
_FAQ = "Meta: calling/faq"
_GROUP_ID = "Y2FwaV9ncm91cDoxNzA1NTU1MDEzOToxMjAzNjM0MDQ2OTQyMzM4MjAZD"
_UNAVAILABLE = {
    "code": 131060,
    "title": "This message is unavailable.",
    "message": "This message is unavailable.",
    "error_data": {"details": "This message is currently unavailable."},
}


def _one(scene: Scene, payload: Json, about: str, user: str = "") -> Step:
    return Step(requests=(deliver(scene, payload, about, user=user),))


# duplicates


def _twice(scene: Scene) -> tuple[Step, ...]:
    request = greet(scene, person(scene), "the same text again")
    return (Step(requests=(request,)), Step(requests=(request,)))


def _at_once(scene: Scene) -> tuple[Step, ...]:
    request = greet(scene, person(scene), "the same text four times at once", alone=True)
    return (Step(requests=(request,) * 4, at_once=4),)


def _later(scene: Scene) -> tuple[Step, ...]:
    who = person(scene)
    request = greet(scene, who, "the same text, after others", alone=True)
    others = tuple(greet(scene, person(scene, place)) for place in range(1, 6))
    return (Step(requests=(request,), awaits=who.wa_id), Step(requests=others), Step(requests=(request,)))


def _in_another_batch(scene: Scene) -> tuple[Step, ...]:
    """A text alone, then again in a batch with another, as a retry may come."""
    first, second = person(scene), person(scene, 1)
    both = messages_value(scene, [first, second], [text(scene, first), text(scene, second)])
    return (
        Step(requests=(greet(scene, first),)),
        _one(scene, envelope(scene, change(both)), "the same text in a batch with another", second.wa_id),
    )


def _status_twice(scene: Scene) -> tuple[Step, ...]:
    who = person(scene)
    sent = scene.own[0] if scene.own else wamid(scene, who, "sent", outbound=True)
    value = statuses_value(scene, who, [status(scene, who, "delivered", sent)])
    step = _one(scene, envelope(scene, change(value)), "the same status again")
    return (step, step)


# order


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


def _judge_reordered(seen: Seen) -> Verdict:
    verdict = taken(seen)
    if verdict.outcome != "passed":
        return verdict
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
        _one(scene, envelope(scene, change(value)), "an unsupported message"),
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
        steps.append(_one(scene, envelope(scene, change(statuses_value(scene, who, [item]))), f"the status {name}"))
    return tuple(steps)


def _own(scene: Scene, at: int) -> str:
    return scene.own[at % len(scene.own)] if scene.own else ""


def _downgraded(scene: Scene) -> tuple[Step, ...]:
    return _statuses(scene, 0, ("read", "delivered", "sent"))


def _failed(scene: Scene) -> tuple[Step, ...]:
    return _statuses(scene, -1, ("sent", "failed"))


def _judge_status(seen: Seen, wanted: str, expected: str) -> Verdict:
    verdict = taken(seen)
    if verdict.outcome != "passed":
        return verdict
    if seen.believed is None:
        return unjudged("the status URL told no status of this message")
    if seen.believed != wanted:
        return broken(expected, f"the app believes: {seen.believed}")
    return passed()


def _judge_downgraded(seen: Seen) -> Verdict:
    return _judge_status(seen, "read", "read, whatever comes later")


def _judge_failed(seen: Seen) -> Verdict:
    return _judge_status(seen, "failed", "failed: 200 was only a promise")


def _early_status(scene: Scene) -> tuple[Step, ...]:
    who = person(scene)
    unknown = wamid(scene, who, "not yet", outbound=True)
    value = statuses_value(scene, who, [status(scene, who, "sent", unknown)])
    return (_one(scene, envelope(scene, change(value)), "a status of a message that the app does not know yet"),)


def _contradiction(scene: Scene) -> tuple[Step, ...]:
    return _statuses(replace(scene, own=()), 0, ("delivered", "failed", "delivered"))


# not for the app


def _no_message(scene: Scene) -> tuple[Step, ...]:
    steps = []
    for place, name in enumerate(("sent", "delivered", "read", "failed")):
        who = person(scene, place)
        item = status(scene, who, name, wamid(scene, who, "sent", outbound=True))
        steps.append(_one(scene, envelope(scene, change(statuses_value(scene, who, [item]))), f"the status {name}"))
    return tuple(steps)


def _echo(scene: Scene) -> tuple[Step, ...]:
    steps = []
    for place, field in enumerate(("smb_message_echoes", "message_echoes")):
        who = person(scene, place)
        item = {
            "from": scene.digits,
            "to": who.wa_id,
            "to_user_id": who.user_id,
            "id": wamid(scene, who, "echo", outbound=True),
            "timestamp": str(scene.now // SECOND),
            "type": "text",
            "text": {"body": scene.text},
        }
        contacts = [{"wa_id": who.wa_id, "user_id": who.user_id}]
        value = head(scene) | {"contacts": contacts, "message_echoes": [item]}
        steps.append(_one(scene, envelope(scene, change(value, field)), f"an echo in the field {field}"))
    return tuple(steps)


def _history(scene: Scene) -> tuple[Step, ...]:
    threads = []
    for place in range(3):
        who = person(scene, place)
        old = [text(scene, who, purpose=f"old {at}", age=86_400 * (at + 1)) for at in range(3)]
        told = [one | {"history_context": {"status": "READ"}} for one in old]
        threads.append({"id": who.wa_id, "context": {"wa_id": who.wa_id, "user_id": who.user_id}, "messages": told})
    chunk = {"metadata": {"phase": 1, "chunk_order": 1, "progress": 100}, "threads": threads}
    value = head(scene) | {"history": [chunk]}
    return (_one(scene, envelope(scene, change(value, "history")), "old messages of a number that was connected"),)


def _standby(scene: Scene) -> tuple[Step, ...]:
    who = person(scene)
    value = head(scene) | {"standby": {"contacts": [contact(who)], "messages": [text(scene, who)]}}
    return (_one(scene, envelope(scene, change(value, "standby")), "a text in a conversation that another app leads"),)


def _in_group(scene: Scene) -> tuple[Step, ...]:
    who = person(scene)
    item = text(scene, who)
    told = {key: item[key] for key in ("from", "from_user_id")} | {"group_id": _GROUP_ID} | item
    value = messages_value(scene, [who], [told])
    return (_one(scene, envelope(scene, change(value)), "a text in a group"),)


def _edited(scene: Scene) -> tuple[Step, ...]:
    who = person(scene)
    kept = {"original_message_id": wamid(scene, who, "first")}
    edit = kept | {"message": {"context": {"id": "M0"}, "type": "text", "text": {"body": scene.text}}}
    revoke = message(scene, who, "revoke", kept, "revoke")
    items = [message(scene, who, "edit", edit, "edit"), revoke]
    return tuple(
        _one(scene, envelope(scene, change(messages_value(scene, [who], [item]))), f"a user's {item['type']}")
        for item in items
    )


def _other_number(scene: Scene) -> tuple[Step, ...]:
    """A text to another number, whose webhooks come to the same URL."""
    who = person(scene)
    value = messages_value(scene, [who], [text(scene, who)])
    value["metadata"] = {"display_phone_number": "15550783881", "phone_number_id": "106540352242922"}
    return (_one(scene, envelope(scene, change(value)), "a text to another business number"),)


def _judge_other_number(seen: Seen) -> Verdict:
    verdict = taken(seen)
    if verdict.outcome != "passed":
        return verdict
    who = person(seen.scene)
    wrong = [
        one for one in seen.sent if one.to in (who.wa_id, who.user_id) and one.sender == seen.scene.phone_number_id
    ]
    if wrong:
        return doubtful(
            "no answer, or one from the number that was written to",
            "the app answered from its own number, which the user never wrote to",
        )
    return passed()


CHECKS = (
    Check(
        name="duplicate-message",
        group=DUPLICATES,
        rule="A message that comes twice is handled once: delivery is not exactly once.",
        sources=(_FAQ, "chatwoot/chatwoot#5433", "Neurotech-HQ/heyoo#84"),
        script=_twice,
        judge=once(),
        needs="sends",
    ),
    Check(
        name="duplicate-at-once",
        group=DUPLICATES,
        rule="A message that comes several times at the same moment is handled once.",
        sources=("swampratnz/community-agent#249", "rmyndharis/OpenWA#464", "chatwoot/chatwoot#5433"),
        script=_at_once,
        judge=once(),
        needs="sends",
    ),
    Check(
        name="duplicate-later",
        group=DUPLICATES,
        rule="A message that comes again after others is still handled once: Meta tries again for up to 7 days.",
        sources=("Meta: webhooks/overview", "netflie/whatsapp-cloud-api#234"),
        script=_later,
        judge=once(range(6)),
        needs="sends",
    ),
    Check(
        name="duplicate-in-batch",
        group=DUPLICATES,
        rule="A message that comes again in a batch is handled once.",
        sources=(_FAQ, "Meta: webhooks/create-webhook-endpoint"),
        script=_in_another_batch,
        judge=once(),
        needs="sends",
    ),
    Check(
        name="duplicate-status",
        group=DUPLICATES,
        rule="A status that comes twice is taken twice and changes nothing.",
        sources=("fabrahaingo/joel#314", "djdang3r/whatsapp-api-manager#102"),
        script=_status_twice,
        judge=silent("a repeated status says nothing new"),
        needs="sends",
    ),
    Check(
        name="reorder-messages",
        group=ORDER,
        rule="A message that comes after a newer one is handled all the same: no order is promised.",
        sources=(_FAQ, "chatwoot/chatwoot#13556"),
        script=_reordered,
        judge=_judge_reordered,
        severity="should",
        needs="sends",
    ),
    Check(
        name="unsupported-then-real",
        group=ORDER,
        rule="After `unsupported`, the real message may follow with the same id: it is no duplicate.",
        sources=("Meta: embedded-signup/onboarding-business-app-users", "chatwoot/chatwoot#14547"),
        script=_unsupported_first,
        judge=answered(0),
        needs="sends",
    ),
    Check(
        name="status-early",
        group=ORDER,
        rule="A status may come before the app knows the message.",
        sources=("opengovsg/postmangovsg#2151", "botpress/botpress#15029"),
        script=_early_status,
        judge=taken,
    ),
    Check(
        name="status-contradiction",
        group=ORDER,
        rule="One message may be delivered to one device of a user and fail on another: both statuses are taken.",
        sources=("Meta: support",),
        script=_contradiction,
        judge=taken,
    ),
    Check(
        name="status-order",
        group=ORDER,
        rule="A message that was read stays read, although `delivered` and `sent` come later.",
        sources=("chatwoot/chatwoot#14529", "djdang3r/whatsapp-api-manager#102", "chatwoot/chatwoot#9962"),
        script=_downgraded,
        judge=_judge_downgraded,
        needs="status",
        watches=lambda scene: _own(scene, 0),
    ),
    Check(
        name="status-failed",
        group=ORDER,
        rule="A failure that comes later is noted: the 200 of the send was only a promise.",
        sources=("chatwoot/chatwoot#13377", "NousResearch/hermes-agent#80056", "bettersg/checkMate#174"),
        script=_failed,
        judge=_judge_failed,
        needs="status",
        watches=lambda scene: _own(scene, -1),
    ),
    Check(
        name="status-is-no-message",
        group=OTHERS,
        rule="A status is no message of the user: nobody is answered.",
        sources=("n8n-io/n8n#13862", "Meta: webhooks/reference/messages/status"),
        script=_no_message,
        judge=silent("a status is no message"),
        needs="sends",
    ),
    Check(
        name="echo-is-no-message",
        group=OTHERS,
        rule="What the business itself wrote in the WhatsApp Business app is no message of the user.",
        sources=("Meta: webhooks/reference/smb_message_echoes", "chatwoot/chatwoot#13371", "botpress/botpress#15098"),
        script=_echo,
        judge=silent("it was the business that wrote"),
        needs="sends",
    ),
    Check(
        name="history-is-no-message",
        group=OTHERS,
        rule="Old messages of a number that is being connected are not answered.",
        sources=("Meta: webhooks/reference/history",),
        script=_history,
        judge=silent("the messages are old"),
        needs="sends",
    ),
    Check(
        name="edit-is-no-message",
        group=OTHERS,
        rule="An edited or deleted message is not answered as a new one.",
        sources=("Meta: webhooks/reference/messages/edit", "Meta: webhooks/reference/messages/revoke"),
        script=_edited,
        judge=silent("nothing new was written"),
        needs="sends",
        severity="should",
    ),
    Check(
        name="standby-is-not-ours",
        group=OTHERS,
        rule="Who only listens to a conversation that another app leads does not answer in it.",
        sources=("Meta: webhooks/reference/standby",),
        script=_standby,
        judge=silent("another app leads this conversation"),
        needs="sends",
    ),
    Check(
        name="group-message",
        group=OTHERS,
        rule="Who writes in a group is not answered privately.",
        sources=("Meta: groups/groups-messaging",),
        script=_in_group,
        judge=silent("answer in the group, or not at all"),
        needs="sends",
        severity="should",
    ),
    Check(
        name="other-number",
        group=OTHERS,
        rule="A message to another number is not answered from this one.",
        sources=("sarrazola/openlivery#36", "chatwoot/chatwoot#12029", "n8n-io/n8n#33169"),
        script=_other_number,
        judge=_judge_other_number,
        needs="sends",
        severity="should",
    ),
)
