"""Every payload that an app may meet: all shapes of messages, statuses and other fields, and what may come one day."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from localwaba.domain.clock import SECOND
from localwaba.operations.checks.judging import answered, taken
from localwaba.operations.checks.model import Check, Json, Person, Scene, Severity, Step
from localwaba.operations.checks.payloads import (
    OBJECT,
    change,
    deliver,
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
from localwaba_contracts import webhooks

MESSAGES = webhooks.MESSAGES
STATUSES = "statuses"
FIELDS = "fields"
_OVERVIEW = "Meta: webhooks/overview"
_BSUID = "Meta: business-scoped-user-ids"
Build = Callable[[Scene, Person], Json]


class Shape(NamedTuple):
    """A payload, what is special about it, and whether it is a text that is to be answered like any other."""

    name: str
    text: str
    sources: tuple[str, ...]
    build: Build
    group: str = MESSAGES
    answered: bool = False
    severity: Severity = "must"


# what Meta documents or was captured

REPORTS: Mapping[str, tuple[str, ...]] = {
    "text_without_profile": ("netflie/whatsapp-cloud-api#234", "david-lev/pywa#188", "david-lev/pywa#227"),
    "text_hidden_number": ("ArnasDon/wacrm#519", "fazer-ai/chatwoot#440", "dimagi/open-chat-studio#3322"),
    "text_without_user_ids": ("david-lev/pywa#174",),
    "reaction_removed": ("netflie/whatsapp-cloud-api#138",),
    "reaction_removed_without_emoji": ("netflie/whatsapp-cloud-api#138",),
    "button": ("ArnasDon/wacrm#478", "chatwoot/chatwoot#12030"),
    "button_without_context": ("david-lev/pywa#216",),
    "flow_reply": ("chatwoot/chatwoot#13970", "shridarpatil/frappe_whatsapp#243"),
    "unsupported": ("shridarpatil/frappe_whatsapp#162", "chatwoot/chatwoot#14547"),
    "unknown_2022": ("restfb/restfb#1239",),
    "sent_international": ("david-lev/pywa#124",),
    "sent_without_contacts": ("EvolutionAPI/evolution-api#2709",),
    "sent": ("david-lev/pywa#188", "botpress/botpress#15129"),
    "failed": ("chatwoot/chatwoot#13377", "NousResearch/hermes-agent#80056"),
    "read_without_pricing": ("netflie/whatsapp-cloud-api#110",),
}
"""Public reports of apps that broke on a shape."""
_ANSWERED = frozenset({"text", "text_without_profile", "text_username", "text_without_user_ids"})


_OF_STATUSES = ("With ", "To ", "Of ")


def _titled() -> Iterator[tuple[webhooks.Variant, str]]:
    """The listed samples, each with a title that stands alone; those that begin with `The same` lean on another."""
    base = ""
    for sample in webhooks.variants(MESSAGES).values():
        title = sample.title
        if title.startswith(_OF_STATUSES):
            yield sample, f"a status {title[:1].lower()}{title[1:]}"
        elif title.startswith("The same"):
            rest = title.removeprefix("The same").strip(" ,")
            yield sample, f"{base} ({rest})" if rest else base
        else:
            base = title if title.startswith("Meta") else title[:1].lower() + title[1:]
            yield sample, base


def _sampled(sample: webhooks.Variant, title: str) -> Shape:
    answered = sample.variant in _ANSWERED

    def build(scene: Scene, who: Person) -> Json:
        value = sample.filled(**_names(scene, who))
        if answered:
            value["messages"][0]["text"]["body"] = scene.text
        _refer_to_media(scene, value)
        return envelope(scene, change(value))

    return Shape(
        name=sample.variant.replace("_", "-"),
        text=title,
        sources=(sample.source, *REPORTS.get(sample.variant, ())),
        build=build,
        group=STATUSES if "statuses" in sample.value else MESSAGES,
        answered=answered,
        severity="should" if sample.confidence == "U" else "must",
    )


def _names(scene: Scene, who: Person) -> dict[str, str | int]:
    """What the samples are about: a user of the check and the number of the scene."""
    received, sent = wamid(scene, who), wamid(scene, who, "sent", outbound=True)
    return {
        "now": scene.now // SECOND,
        "display_phone_number": scene.digits,
        "phone_number_id": scene.phone_number_id,
        "waba_id": scene.waba_id,
        "wa_id": who.wa_id,
        "user_id": who.user_id,
        "name": who.name,
        "wamid": received,
        "wamid_first": wamid(scene, who, "first"),
        "wamid_in": received,
        "wamid_out": sent,
        "wamid_quoted": scene.own[0] if scene.own else sent,
        "wamid_second": wamid(scene, who, "second"),
        "wamid_sent": sent,
    }


def _refer_to_media(scene: Scene, value: Json) -> None:
    """Puts in media that can be downloaded, member by member: what a shape leaves out stays out."""
    for item in value.get("messages", ()):
        kind = item.get("type")
        if isinstance(item.get(kind), dict) and kind in scene.media:
            item[kind] |= {key: one for key, one in scene.media[kind].items() if key in item[kind]}


# what is not listed there, or does not exist yet


def _of(item: Callable[[Scene, Person], Json]) -> Build:
    """A payload with one message, and the contact of its author."""
    return lambda scene, who: envelope(scene, change(messages_value(scene, [who], [item(scene, who)])))


def _told(change_it: Callable[[Person, Json], object]) -> Build:
    """A payload with a text, and something about its value changed."""

    def build(scene: Scene, who: Person) -> Json:
        value = messages_value(scene, [who], [text(scene, who)])
        change_it(who, value)
        return envelope(scene, change(value))

    return build


def _status(change_it: Callable[[Json, Json], object]) -> Build:
    """A payload with one status, and something about its value or itself changed."""

    def build(scene: Scene, who: Person) -> Json:
        item = status(scene, who, "delivered", wamid(scene, who, "sent", outbound=True))
        value = statuses_value(scene, who, [item])
        change_it(value, item)
        return envelope(scene, change(value))

    return build


def _add_members(who: Person, value: Json) -> None:
    value["x_new"] = {"a": [1, None]}
    value["metadata"]["x_new"] = "b"
    value["contacts"][0]["x_new"] = True
    value["messages"][0]["x_new"] = 1.5


def _add_to_status(value: Json, item: Json) -> None:
    value["x_new"], item["x_new"] = None, {"a": 1}
    item["pricing"]["x_new"] = "b"


def _turned(scene: Scene, who: Person) -> Json:
    """Every object with its members in the opposite order."""
    found: Json = _turn(envelope(scene, change(messages_value(scene, [who], [text(scene, who)]))))
    return found


def _turn(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _turn(value[key]) for key in reversed(value)}
    return [_turn(one) for one in value] if isinstance(value, list) else value


def _empty(level: str) -> Build:
    def build(scene: Scene, who: Person) -> Json:
        if level == "entry":
            return {"object": OBJECT, "entry": []}
        if level == "changes":
            return envelope(scene)
        return envelope(scene, change(head(scene) | {level: []}))

    return build


def _page(scene: Scene, who: Person) -> Json:
    return {"object": "page", "entry": [{"id": "0", "time": scene.now // SECOND, "changed_fields": ["name"]}]}


_EMOJI = " 😮👩‍👩‍👧 \u4f60\u597d \u0645\u0631\u062d\u0628\u0627"
_LONG = "word " * 1000
OTHERS = (
    Shape(
        "text-with-emoji",
        "a text with emoji, which arrive as surrogate pairs",
        ("Meta: webhooks/create-webhook-endpoint",),
        _of(lambda scene, who: text(scene, who, scene.text + _EMOJI)),
        answered=True,
    ),
    Shape(
        "text-long",
        "a text of 4,096 characters",
        ("Meta: webhooks/reference/messages/text",),
        _of(lambda scene, who: text(scene, who, f"{scene.text} {_LONG}"[:4096])),
    ),
    Shape(
        "text-without-contacts",
        "a text without `contacts`",
        ("EvolutionAPI/evolution-api#2630", "shridarpatil/frappe_whatsapp#119"),
        _told(lambda who, value: value.pop("contacts")),
        answered=True,
        severity="should",
    ),
    Shape(
        "text-without-name",
        "a profile without `name`",
        (_BSUID,),
        _told(lambda who, value: value["contacts"][0]["profile"].pop("name")),
        answered=True,
        severity="should",
    ),
    Shape(
        "wa-id-differs",
        "a contact whose `wa_id` is not the `from` of the message",
        ("chatwoot/chatwoot#6222", "chatwoot/chatwoot#14657"),
        _told(lambda who, value: value["contacts"][0].update(wa_id="5531" + who.wa_id[-8:])),
    ),
    Shape(
        "old-timestamp",
        "a text of three days ago, as after a downtime",
        ("NousResearch/hermes-agent#72870", "chatwoot/chatwoot#14739"),
        _of(lambda scene, who: text(scene, who, age=3 * 86_400)),
    ),
    Shape(
        "members-turned",
        "a text with all members in another order, as tests of the dashboard send it",
        (_OVERVIEW,),
        _turned,
        answered=True,
    ),
    Shape(
        "unknown-members",
        "a text among members that do not exist yet",
        (_OVERVIEW,),
        _told(_add_members),
        answered=True,
    ),
    Shape(
        "unknown-type",
        "a message of a type that does not exist yet",
        ("restfb/restfb#1239", _OVERVIEW),
        _of(lambda scene, who: message(scene, who, "hologram", None)),
    ),
    Shape("empty-entries", "no entry", (_OVERVIEW,), _empty("entry"), severity="should"),
    Shape("empty-changes", "an entry without changes", (_OVERVIEW,), _empty("changes"), severity="should"),
    Shape("empty-messages", "a change without messages", (_OVERVIEW,), _empty("messages"), severity="should"),
    Shape("empty-statuses", "a change without statuses", (_OVERVIEW,), _empty("statuses"), STATUSES, severity="should"),
    Shape(
        "status-unknown",
        "a status that does not exist yet",
        ("Meta: webhooks/reference/messages/status",),
        _status(lambda value, item: item.update(status="savoured")),
        STATUSES,
    ),
    Shape(
        "status-unknown-members",
        "a status among members that do not exist yet",
        (_OVERVIEW,),
        _status(_add_to_status),
        STATUSES,
    ),
    Shape(
        "failed-without-errors",
        "a failure that does not say why",
        ("chatwoot/chatwoot#13377",),
        _status(lambda value, item: (item.update(status="failed"), item.pop("pricing"))),
        STATUSES,
        severity="should",
    ),
    Shape(
        "unknown-field",
        "a field that does not exist yet",
        (_OVERVIEW,),
        lambda scene, who: envelope(scene, change({"anything": [1, {"two": None}]}, "holograms")),
        FIELDS,
    ),
    Shape("unknown-object", "an object that is no WhatsApp account", (_OVERVIEW,), _page, FIELDS, severity="should"),
)
SHAPES = (*(_sampled(*found) for found in _titled()), *OTHERS)


def _check(shape: Shape) -> Check:
    def script(scene: Scene) -> tuple[Step, ...]:
        who = person(scene)
        user = who.wa_id if shape.answered else ""
        return (tell(scene, shape.build(scene, who), shape.text, user),)

    extra = ", and the text answered like any other" if shape.answered else ""
    return Check(
        name=f"shape-{shape.name}",
        group=shape.group,
        rule=f"The webhook is taken{extra}: {shape.text}.",
        sources=shape.sources,
        script=script,
        judge=answered(0) if shape.answered else taken,
        severity=shape.severity,
    )


# all other fields


def _field_check(row: webhooks.FieldRow) -> Check:
    def script(scene: Scene) -> tuple[Step, ...]:
        return tuple(
            Step(
                requests=(
                    deliver(
                        scene,
                        envelope(scene, change(one.value, one.field), time=one.timed),
                        f"{one.field}, {one.variant}",
                    ),
                )
            )
            for one in webhooks.samples(row.field, _names(scene, person(scene)))
        )

    return Check(
        name=f"field-{row.field}",
        group=FIELDS,
        rule=f"The webhook is taken, of use to the app or not: the field {row.field}.",
        sources=(row.source, "shridarpatil/frappe_whatsapp#231"),
        script=script,
        judge=taken,
        severity="should" if row.confidence == "U" else "must",
    )


CHECKS = (*map(_check, SHAPES), *(_field_check(row) for row in webhooks.fields() if row.variants))
