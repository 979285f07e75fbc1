"""What is no message to the app is not answered."""

from __future__ import annotations

from localwaba.domain.clock import SECOND
from localwaba.operations.checks.judging import if_taken, silent
from localwaba.operations.checks.model import Check, Scene, Seen, Step, Verdict, doubtful, passed
from localwaba.operations.checks.payloads import (
    change,
    contact,
    envelope,
    head,
    message,
    messages_value,
    person,
    status,
    statuses_value,
    tell,
    text,
    wamid,
)

GROUP = "not for the app"
_GROUP_ID = "Y2FwaV9ncm91cDoxNzA1NTU1MDEzOToxMjAzNjM0MDQ2OTQyMzM4MjAZD"


def _no_message(scene: Scene) -> tuple[Step, ...]:
    steps = []
    for place, name in enumerate(("sent", "delivered", "read", "failed")):
        who = person(scene, place)
        item = status(scene, who, name, wamid(scene, who, "sent", outbound=True))
        steps.append(tell(scene, envelope(scene, change(statuses_value(scene, who, [item]))), f"the status {name}"))
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
        steps.append(tell(scene, envelope(scene, change(value, field)), f"an echo in the field {field}"))
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
    return (tell(scene, envelope(scene, change(value, "history")), "old messages of a number that was connected"),)


def _standby(scene: Scene) -> tuple[Step, ...]:
    who = person(scene)
    value = head(scene) | {"standby": {"contacts": [contact(who)], "messages": [text(scene, who)]}}
    return (tell(scene, envelope(scene, change(value, "standby")), "a text in a conversation that another app leads"),)


def _in_group(scene: Scene) -> tuple[Step, ...]:
    who = person(scene)
    item = text(scene, who)
    told = {key: item[key] for key in ("from", "from_user_id")} | {"group_id": _GROUP_ID} | item
    value = messages_value(scene, [who], [told])
    return (tell(scene, envelope(scene, change(value)), "a text in a group"),)


def _edited(scene: Scene) -> tuple[Step, ...]:
    who = person(scene)
    kept = {"original_message_id": wamid(scene, who, "first")}
    edit = kept | {"message": {"context": {"id": "M0"}, "type": "text", "text": {"body": scene.text}}}
    revoke = message(scene, who, "revoke", kept, "revoke")
    items = [message(scene, who, "edit", edit, "edit"), revoke]
    return tuple(
        tell(scene, envelope(scene, change(messages_value(scene, [who], [item]))), f"a user's {item['type']}")
        for item in items
    )


def _other_number(scene: Scene) -> tuple[Step, ...]:
    """A text to another number, whose webhooks come to the same URL."""
    who = person(scene)
    value = messages_value(scene, [who], [text(scene, who)])
    value["metadata"] = {"display_phone_number": "15550783881", "phone_number_id": "106540352242922"}
    return (tell(scene, envelope(scene, change(value)), "a text to another business number"),)


@if_taken
def _judge_other_number(seen: Seen) -> Verdict:
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
        name="status-is-no-message",
        group=GROUP,
        rule="A status is no message of the user: nobody is answered.",
        sources=("n8n-io/n8n#13862", "Meta: webhooks/reference/messages/status"),
        script=_no_message,
        judge=silent("a status is no message"),
        needs="sends",
    ),
    Check(
        name="echo-is-no-message",
        group=GROUP,
        rule="What the business itself wrote in the WhatsApp Business app is no message of the user.",
        sources=("Meta: webhooks/reference/smb_message_echoes", "chatwoot/chatwoot#13371", "botpress/botpress#15098"),
        script=_echo,
        judge=silent("it was the business that wrote"),
        needs="sends",
    ),
    Check(
        name="history-is-no-message",
        group=GROUP,
        rule="Old messages of a number that is being connected are not answered.",
        sources=("Meta: webhooks/reference/history",),
        script=_history,
        judge=silent("the messages are old"),
        needs="sends",
    ),
    Check(
        name="edit-is-no-message",
        group=GROUP,
        rule="An edited or deleted message is not answered as a new one.",
        sources=("Meta: webhooks/reference/messages/edit", "Meta: webhooks/reference/messages/revoke"),
        script=_edited,
        judge=silent("nothing new was written"),
        needs="sends",
        severity="should",
    ),
    Check(
        name="standby-is-not-ours",
        group=GROUP,
        rule="Who only listens to a conversation that another app leads does not answer in it.",
        sources=("Meta: webhooks/reference/standby",),
        script=_standby,
        judge=silent("another app leads this conversation"),
        needs="sends",
    ),
    Check(
        name="group-message",
        group=GROUP,
        rule="Who writes in a group is not answered privately.",
        sources=("Meta: groups/groups-messaging",),
        script=_in_group,
        judge=silent("answer in the group, or not at all"),
        needs="sends",
        severity="should",
    ),
    Check(
        name="other-number",
        group=GROUP,
        rule="A message to another number is not answered from this one.",
        sources=("sarrazola/openlivery#36", "chatwoot/chatwoot#12029", "n8n-io/n8n#33169"),
        script=_other_number,
        judge=_judge_other_number,
        needs="sends",
        severity="should",
    ),
)
