"""Webhooks as requests: users, ids, messages, statuses, envelopes, and their signatures."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from localwaba.domain.clock import SECOND
from localwaba.domain.ids import Ids, derive
from localwaba.domain.inbound import new_user
from localwaba.domain.numbers import country_of
from localwaba.operations.checks.model import SHAKE_WITHIN, Headers, Json, Person, Request, Scene, Step
from localwaba.wire.deliveries import VERIFICATION_HEADERS, delivery_headers
from localwaba.wire.encoding import encode

OBJECT = "whatsapp_business_account"
PEOPLE = 64
"""How many users a check may have."""
_NAMES = ("Ada", "Ben", "Chloe", "David", "Emma", "Farid", "Grace", "Hugo", "Ines", "Jonas", "Kira", "Luca")
# Area codes as the North American plan allows them; 555-0100 to 555-0199 are nobody's in each of them.
_AREAS = [area for area in range(201, 990) if area % 100 != 11 and area // 10 % 10 != 9 and area != 555]


def person(scene: Scene, place: int = 0) -> Person:
    """One of the users of a check, whom no other check has met; the number is one of those reserved for fiction."""
    at = int.from_bytes(derive(scene.run, "users", 4), "big") + scene.slot * PEOPLE + place
    area, line = _AREAS[at // 100 % len(_AREAS)], at % 100
    wa_id = f"1{area}55501{line:02d}"
    user = new_user(scene.seed, wa_id, country_of(wa_id))
    return Person(wa_id, user.user_id, _NAMES[at % len(_NAMES)])


def wamid(scene: Scene, who: Person, purpose: str = "", *, outbound: bool = False) -> str:
    """A message's id: the same for the same purpose, new in each run."""
    seed = int.from_bytes(derive(scene.run, f"{who.wa_id} {purpose}", 8), "big")
    return Ids(seed).wamid(who.wa_id, outbound=outbound)


def contact(who: Person) -> Json:
    """How a user is introduced."""
    return {"profile": {"name": who.name}, "wa_id": who.wa_id, "user_id": who.user_id}


def message(scene: Scene, who: Person, kind: str, content: Any, purpose: str = "", *, age: int = 0) -> Json:
    """A user's message of a type, `age` seconds old."""
    item = {
        "from": who.wa_id,
        "from_user_id": who.user_id,
        "id": wamid(scene, who, purpose),
        "timestamp": str(scene.now // SECOND - age),
        "type": kind,
    }
    return item if content is None else item | {kind: content}


def text(scene: Scene, who: Person, body: str = "", purpose: str = "", *, age: int = 0) -> Json:
    """A text, in the key order of captures."""
    item = message(scene, who, "text", {"body": body or scene.text}, purpose, age=age)
    return {
        **{key: one for key, one in item.items() if key not in ("type", "text")},
        "text": item["text"],
        "type": "text",
    }


def status(scene: Scene, who: Person, name: str, message_id: str, *, age: int = 0) -> Json:
    """A status of a message of the business, as apps of Graph v24 and later get it."""
    item = {
        "id": message_id,
        "status": name,
        "timestamp": str(scene.now // SECOND - age),
        "recipient_id": who.wa_id,
        "recipient_user_id": who.user_id,
    }
    if name == "failed":
        del item["recipient_user_id"]
        details = {"details": "Message Undeliverable."}
        title = "Message undeliverable"
        return item | {"errors": [{"code": 131026, "title": title, "message": title, "error_data": details}]}
    price = {"billable": False, "pricing_model": "PMP", "category": "service", "type": "free_customer_service"}
    return item | {"pricing": price}


def head(scene: Scene) -> Json:
    """How each value about a phone number begins."""
    metadata = {"display_phone_number": scene.digits, "phone_number_id": scene.phone_number_id}
    return {"messaging_product": "whatsapp", "metadata": metadata}


def messages_value(scene: Scene, people: Sequence[Person], messages: Sequence[Json]) -> Json:
    """A value with messages of some users."""
    return head(scene) | {"contacts": [contact(who) for who in people], "messages": list(messages)}


def statuses_value(scene: Scene, who: Person, statuses: Sequence[Json]) -> Json:
    """A value with statuses, with the contact as captured: without a profile."""
    return head(scene) | {"contacts": [{"wa_id": who.wa_id, "user_id": who.user_id}], "statuses": list(statuses)}


def change(value: Json, field: str = "messages") -> Json:
    """One change."""
    return {"value": value, "field": field}


def envelope(scene: Scene, *changes: Json, time: bool = False) -> Json:
    """Changes of one entry; `time` goes with fields about accounts, templates and numbers."""
    entry: Json = {"id": scene.waba_id}
    if time:
        entry["time"] = scene.now // SECOND
    return {"object": OBJECT, "entry": [entry | {"changes": list(changes)}]}


def deliver(scene: Scene, payload: Json | bytes, about: str = "", **more: Any) -> Request:
    """A webhook as Meta sends it; bytes are sent as they are, and signed."""
    body = payload if isinstance(payload, bytes) else encode(payload)
    return post(scene, body, delivery_headers(scene.secret, body), about, **more)


def tell(scene: Scene, payload: Json | bytes, about: str, user: str = "") -> Step:
    """A step that is one webhook."""
    return Step(requests=(deliver(scene, payload, about, user=user),))


def post(scene: Scene, body: bytes, headers: Headers, about: str = "", **more: Any) -> Request:
    """A POST to the app's webhook with headers as given."""
    return Request(method="POST", target=scene.target, host=scene.host, headers=headers, body=body, about=about, **more)


def greet(scene: Scene, who: Person, about: str = "", purpose: str = "", **more: Any) -> Request:
    """The plainest webhook: a text of a user."""
    value = messages_value(scene, [who], [text(scene, who, purpose=purpose)])
    return deliver(scene, envelope(scene, change(value)), about or f"a text of {who.name}", user=who.wa_id, **more)


def shake(scene: Scene, parameters: Sequence[tuple[str, str]], about: str = "") -> Request:
    """A handshake with these parameters, appended to whatever query the URL has."""
    query = "&".join(f"{name}={quote(value, safe='')}" for name, value in parameters)
    joined = "&" if "?" in scene.target else "?"
    target = f"{scene.target}{joined}{query}" if query else scene.target
    return Request(
        method="GET",
        target=target.replace("+", "%20"),
        host=scene.host,
        headers=VERIFICATION_HEADERS,
        about=about,
        within=SHAKE_WITHIN,
    )
