"""Batches: several entries, changes, messages and statuses in one webhook, up to 1,000 updates and 3 MB."""

from __future__ import annotations

from msgspec.structs import replace

from localwaba.domain.clock import SECOND
from localwaba.operations.checks.judging import answered, judge_taken, reached, taken
from localwaba.operations.checks.model import Check, Exchange, Json, Scene, Seen, Step, Verdict, broken, passed
from localwaba.operations.checks.payloads import (
    OBJECT,
    change,
    deliver,
    envelope,
    greet,
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
from localwaba.wire.encoding import encode

GROUP = "batches"
LOAD = "load"
_PAGE = "Meta: webhooks/create-webhook-endpoint"
_BATCHES = (_PAGE, "david-lev/pywa#229", "netflie/whatsapp-cloud-api#132", "opengovsg/postmangovsg#2136")
_SIZES = (128 * 1024, 1_200 * 1024, 3_000_000)
_TEXTS = 30
_AT_ONCE = 24


def _texts(scene: Scene, *places: int) -> Json:
    people = [person(scene, place) for place in places]
    return messages_value(scene, people, [text(scene, who) for who in people])


def _one(scene: Scene, payload: Json, about: str) -> tuple[Step, ...]:
    return (tell(scene, payload, about),)


def _messages(scene: Scene) -> tuple[Step, ...]:
    """Three texts in one change, the contacts in another order."""
    value = _texts(scene, 0, 1, 2)
    value["contacts"].reverse()
    return _one(scene, envelope(scene, change(value)), "three texts in one change")


def _changes(scene: Scene) -> tuple[Step, ...]:
    changes = [change(_texts(scene, place)) for place in range(3)]
    return _one(scene, envelope(scene, *changes), "three changes in one entry")


def _entries(scene: Scene) -> tuple[Step, ...]:
    entries = [envelope(scene, change(_texts(scene, place)))["entry"][0] for place in range(3)]
    return _one(scene, {"object": OBJECT, "entry": entries}, "three entries")


def _with_unknown(scene: Scene) -> tuple[Step, ...]:
    """Between two texts a message of no known type; then a change of no known field before a text."""
    first, stranger, second, third = (person(scene, place) for place in range(4))
    odd = message(scene, stranger, "hologram", None)
    mixed = messages_value(scene, [first, stranger, second], [text(scene, first), odd, text(scene, second)])
    before = change({"anything": True}, "holograms")
    after = change(messages_value(scene, [third], [text(scene, third)]))
    return (
        *_one(scene, envelope(scene, change(mixed)), "an unknown message between two texts"),
        *_one(scene, envelope(scene, before, after), "an unknown field before a text"),
    )


def _with_statuses(scene: Scene) -> tuple[Step, ...]:
    who, other = person(scene), person(scene, 1)
    told = [status(scene, other, name, wamid(scene, other, "sent", outbound=True)) for name in ("sent", "delivered")]
    both = (change(statuses_value(scene, other, told)), change(_texts(scene, 0)))
    return _one(scene, envelope(scene, *both), f"two statuses, and a text of {who.name}")


def _many(scene: Scene) -> tuple[Step, ...]:
    """1,000 updates: 999 statuses in twenty changes of five entries, and one text at the end."""
    who = person(scene)
    entries = []
    for place in range(5):
        changes = []
        for part in range(4):
            count = 49 if (place, part) == (4, 3) else 50
            ids = [wamid(scene, who, f"sent {place} {part} {at}", outbound=True) for at in range(count)]
            changes.append(change(statuses_value(scene, who, [status(scene, who, "delivered", one) for one in ids])))
        entries.append(envelope(scene, *changes)["entry"][0])
    entries[-1]["changes"].append(change(_texts(scene, 0)))
    return _one(scene, {"object": OBJECT, "entry": entries}, "1,000 updates in one webhook")


def _big(scene: Scene) -> tuple[Step, ...]:
    return tuple(tell(scene, _padded(scene, size), f"{size // 1000:,} kB") for size in _SIZES)


def _padded(scene: Scene, size: int) -> bytes:
    """A part of a history that is just so big."""

    def body(count: int, last: int) -> bytes:
        who = person(scene)
        messages = []
        for at in range(count):
            words = "x" * last if at == count - 1 else "history " * 500
            item: Json = {
                "from": who.wa_id,
                "id": f"wamid.{scene.run}{at:06d}",
                "timestamp": str(scene.now // SECOND - at),
            }
            item |= {"type": "text", "text": {"body": words}, "history_context": {"status": "READ"}}
            messages.append(item)
        thread = {"id": who.wa_id, "messages": messages}
        chunk = {"metadata": {"phase": 1, "chunk_order": 1, "progress": 50}, "threads": [thread]}
        return encode(envelope(scene, change(head(scene) | {"history": [chunk]}, "history")))

    one = len(body(2, 0)) - len(body(1, 0))
    count = (size - len(body(1, 0))) // one + 1
    bare = len(body(count, 0))
    return body(count, size - bare)


def _judge_big(seen: Seen) -> Verdict:
    for one in seen.exchanges:
        if not one.answer.is_taken:
            told = f"a webhook of {one.request.about}: {one.answer.text}"
            return broken("200 for bodies of up to 3 MB", told, (one,))
    return passed()


# load


def _burst(scene: Scene) -> tuple[Step, ...]:
    """For each text three statuses, many at a time: each message that goes out comes back as three."""
    requests = []
    for place in range(_TEXTS):
        who = person(scene, place)
        requests.append(greet(scene, who))
        for name in ("sent", "delivered", "read"):
            item = status(scene, who, name, wamid(scene, who, "sent", outbound=True))
            requests.append(
                deliver(scene, envelope(scene, change(statuses_value(scene, who, [item]))), f"a status {name}")
            )
    # neighbours of one kind: texts meet each other, and statuses
    ordered = sorted(requests, key=lambda one: (one.user == "", one.about))
    return (Step(requests=tuple(ordered), at_once=_AT_ONCE),)


def _judge_burst(seen: Seen) -> Verdict:
    verdict = judge_taken(seen.exchanges, f"200 for each, {_AT_ONCE} at a time")
    if verdict.outcome != "passed":
        return verdict
    return reached(seen, range(_TEXTS))


def _keep_alive(scene: Scene) -> tuple[Step, ...]:
    return tuple(
        Step(requests=(greet(scene, person(scene, place), "one of several over a connection"),)) for place in range(3)
    )


def _new_connections(scene: Scene) -> tuple[Step, ...]:
    requests = []
    for place in range(3):
        one = greet(scene, person(scene, place), "a connection that is closed after it", alone=True)
        requests.append(one)
    return tuple(Step(requests=(one,)) for one in requests)


def _methods(scene: Scene) -> tuple[Step, ...]:
    plain = greet(scene, person(scene))
    others = [
        replace(plain, method=name, headers=(), body=b"", user="", about=f"a {name}")
        for name in ("HEAD", "PUT", "DELETE", "OPTIONS")
    ]
    return tuple(Step(requests=(one,)) for one in others)


def _judge_methods(seen: Seen) -> Verdict:
    for one in seen.exchanges:
        if _is_accident(one):
            return broken("an ordinary answer, such as 405", f"{one.request.about}: {one.answer.text}", (one,))
    return passed()


def _is_accident(one: Exchange) -> bool:
    answer = one.answer
    return answer.status is None or (answer.status >= 500 and answer.status != 501)


CHECKS = (
    Check(
        name="batch-messages",
        group=GROUP,
        rule="Every message of a change is handled, whatever the order of the contacts.",
        sources=_BATCHES,
        script=_messages,
        judge=answered(0, 1, 2),
        needs="sends",
    ),
    Check(
        name="batch-changes",
        group=GROUP,
        rule="Every change of an entry is handled.",
        sources=_BATCHES,
        script=_changes,
        judge=answered(0, 1, 2),
        needs="sends",
    ),
    Check(
        name="batch-entries",
        group=GROUP,
        rule="Every entry of a webhook is handled.",
        sources=_BATCHES,
        script=_entries,
        judge=answered(0, 1, 2),
        needs="sends",
    ),
    Check(
        name="batch-with-unknown",
        group=GROUP,
        rule="What the app does not know spoils nothing of the rest of a batch.",
        sources=("Eshajha19/agri#2865", "opengovsg/postmangovsg#2136", _PAGE),
        script=_with_unknown,
        judge=answered(0, 2, 3),
        needs="sends",
    ),
    Check(
        name="batch-with-statuses",
        group=GROUP,
        rule="A message in the same webhook as statuses is handled.",
        sources=("david-lev/pywa#233", "shridarpatil/frappe_whatsapp#252"),
        script=_with_statuses,
        judge=answered(0),
        needs="sends",
    ),
    Check(
        name="batch-of-1000",
        group=GROUP,
        rule="A webhook may hold 1,000 updates; the last is handled, too.",
        sources=(_PAGE,),
        script=_many,
        judge=answered(0),
    ),
    Check(
        name="big-bodies",
        group=LOAD,
        rule="A webhook may have 3 MB: frameworks refuse more than 100 kB or 1 MB unless they are told.",
        sources=("Meta: webhooks/overview",),
        script=_big,
        judge=_judge_big,
    ),
    Check(
        name="burst",
        group=LOAD,
        rule="Webhooks come side by side, three for each message that goes out and one for each that comes in.",
        sources=("Meta: throughput",),
        script=_burst,
        judge=_judge_burst,
    ),
    Check(
        name="keep-alive",
        group=LOAD,
        rule="Several webhooks may come over one connection.",
        sources=("RFC 9112",),
        script=_keep_alive,
        judge=taken,
    ),
    Check(
        name="new-connections",
        group=LOAD,
        rule="Each webhook may come over a connection of its own.",
        sources=("RFC 9112",),
        script=_new_connections,
        judge=taken,
    ),
    Check(
        name="other-methods",
        group=LOAD,
        rule="HEAD, PUT, DELETE and OPTIONS, as scanners send them, break nothing.",
        sources=("RFC 9110",),
        script=_methods,
        judge=_judge_methods,
        severity="should",
    ),
)
