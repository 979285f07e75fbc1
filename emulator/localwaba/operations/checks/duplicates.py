"""What comes twice is handled once."""

from __future__ import annotations

from localwaba.operations.checks.judging import once, silent
from localwaba.operations.checks.model import Check, Scene, Step
from localwaba.operations.checks.payloads import (
    change,
    envelope,
    greet,
    messages_value,
    person,
    status,
    statuses_value,
    tell,
    text,
    wamid,
)

GROUP = "duplicates"
_FAQ = "Meta: calling/faq"


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
        tell(scene, envelope(scene, change(both)), "the same text in a batch with another", second.wa_id),
    )


def _status_twice(scene: Scene) -> tuple[Step, ...]:
    who = person(scene)
    sent = scene.own[0] if scene.own else wamid(scene, who, "sent", outbound=True)
    value = statuses_value(scene, who, [status(scene, who, "delivered", sent)])
    step = tell(scene, envelope(scene, change(value)), "the same status again")
    return (step, step)


CHECKS = (
    Check(
        name="duplicate-message",
        group=GROUP,
        rule="A message that comes twice is handled once: delivery is not exactly once.",
        sources=(_FAQ, "chatwoot/chatwoot#5433", "Neurotech-HQ/heyoo#84"),
        script=_twice,
        judge=once(),
        needs="sends",
    ),
    Check(
        name="duplicate-at-once",
        group=GROUP,
        rule="A message that comes several times at the same moment is handled once.",
        sources=("swampratnz/community-agent#249", "rmyndharis/OpenWA#464", "chatwoot/chatwoot#5433"),
        script=_at_once,
        judge=once(),
        needs="sends",
    ),
    Check(
        name="duplicate-later",
        group=GROUP,
        rule="A message that comes again after others is still handled once: Meta tries again for up to 7 days.",
        sources=("Meta: webhooks/overview", "netflie/whatsapp-cloud-api#234"),
        script=_later,
        judge=once(range(6)),
        needs="sends",
    ),
    Check(
        name="duplicate-in-batch",
        group=GROUP,
        rule="A message that comes again in a batch is handled once.",
        sources=(_FAQ, "Meta: webhooks/create-webhook-endpoint"),
        script=_in_another_batch,
        judge=once(),
        needs="sends",
    ),
    Check(
        name="duplicate-status",
        group=GROUP,
        rule="A status that comes twice is taken twice and changes nothing.",
        sources=("fabrahaingo/joel#314", "djdang3r/whatsapp-api-manager#102"),
        script=_status_twice,
        judge=silent("a repeated status says nothing new"),
        needs="sends",
    ),
)
