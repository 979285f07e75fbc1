"""A platform whose webhooks are kept as they would go over the wire, and what happens on it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import msgspec

from localwaba.domain.fault_state import Fault
from localwaba.domain.traffic import Delivery
from localwaba.runtime.host import WorldHost
from localwaba.webhooks.forging import forge
from localwaba.wire.deliveries import delivery_headers
from localwaba.wire.signature import matches
from neighbours import load

_common = load("http/conftest")
CALLBACK: str = _common.CALLBACK
NOON: int = _common.NOON
Platform: Any = _common.Platform
StillNetwork: Any = _common.StillNetwork
USER = "16505551234"
OTHER = "16505554321"
BRAZILIAN = "554187654321"
OTHER_URL = "http://127.0.0.1:9/other"


class Arrival(NamedTuple):
    """A webhook as the app gets it: so many seconds after noon, at a URL, with headers and bytes."""

    seconds: float
    url: str
    headers: dict[str, str]
    raw: bytes
    lane: str

    @property
    def body(self) -> Any:
        return msgspec.json.decode(self.raw)

    @property
    def value(self) -> Any:
        return self.body["entry"][0]["changes"][0]["value"]

    def is_signed(self, secret: str) -> bool:
        """Whether the new signature is there and right."""
        return matches(self.headers.get("X-Hub-Signature-256", ""), secret.encode(), self.raw)


class Listening(StillNetwork):  # type: ignore[misc]
    """Keeps what would go out, forged as told."""

    def __init__(self) -> None:
        super().__init__()
        self.log: list[Any] = []

    def post(self, host: WorldHost, delivery: Delivery, url: str, faults: Sequence[Fault] = ()) -> None:
        secret = host.world.apps[delivery.app_id].secret.encode()
        headers, raw = forge(faults, secret, delivery_headers(secret, delivery.body), delivery.body)
        arrival = Arrival(round(host.now() / 1000 - NOON, 3), url, dict(headers), raw, delivery.lane)
        self.log.append(arrival)
        super().post(host, delivery, url, faults)


class Stage(Platform):  # type: ignore[misc]
    """A platform on which one of the stories below happens."""

    def __init__(self, seed: int = 0) -> None:
        self.listening = Listening()
        self.answers: list[tuple[int, Any]] = []
        super().__init__(
            self.listening, seed=seed, policy=_common.UNLIMITED | {"delivered_after": 1.5, "read_after": 2.0}
        )
        self.control("PUT", "webhook", {"url": CALLBACK})
        self.writes("hello")
        self.passes(60)
        self.listening.log.clear()

    async def _exchange(self, scope: Any, body: bytes) -> Any:
        """As the platform does it, but the client leaves when it has been told everything it can be told."""
        told: list[Any] = []
        asked = iter([{"type": "http.request", "body": body, "more_body": False}])

        async def receive() -> Any:
            return next(asked, {"type": "http.disconnect"})

        async def send(message: Any) -> None:
            if message["type"] == "http.response.start" and not scope["path"].startswith("/_localwaba/"):
                self.listening.log.append("answer")
            told.append(message)

        try:
            await self.app(scope, receive, send)
        except ConnectionAbortedError:
            return None
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in told[0]["headers"]}
        return _common.Reply(told[0]["status"], headers, b"".join(one.get("body", b"") for one in told[1:]))

    def arrivals(self) -> list[Arrival]:
        """What the app got, in the order in which it went out."""
        return [one for one in self.listening.log if isinstance(one, Arrival)]

    def passes(self, seconds: float) -> None:
        self.control("POST", "clock/advance", {"seconds": seconds})

    def does(self, user: str, **action: Any) -> None:
        self.control("POST", f"users/{user}/actions", action)

    def message(self, content: dict[str, Any], user: str = USER) -> None:
        self.control("POST", f"users/{user}/messages", content)

    def writes(self, text: str, user: str = USER) -> None:
        self.message({"type": "text", "text": {"body": text}}, user)

    def sends(self, message: dict[str, Any] | None = None) -> None:
        """The business sends, and keeps what it is answered."""
        found = self.send(message)
        code = found.body.get("error", {}).get("code", 0) if found is not None else "cut"
        self.answers.append((found.status if found is not None else 0, code))

    def announces(self, field: str, value: Any = None) -> None:
        self.control(
            "POST", "platform-events", {"field": field} | ({"value": value, "unchecked": True} if value else {})
        )


Story = Callable[[Stage], None]
_BUTTONS = {"buttons": [{"type": "reply", "reply": {"id": "yes", "title": "Yes"}}]}
ASKED = {
    "messaging_product": "whatsapp",
    "to": USER,
    "type": "interactive",
    "interactive": {"type": "button", "body": {"text": "Well?"}, "action": _BUTTONS},
}
_CARD = {
    "name": {"formatted_name": "Bea", "first_name": "Bea"},
    "phones": [{"phone": "+1 650 555 0100", "type": "CELL"}],
}


def writing(stage: Stage) -> None:
    """A user writes."""
    stage.writes("caf\u00e9 / 50%")
    stage.passes(3_600)


def writing_thrice(stage: Stage) -> None:
    """A user writes three times, a second apart."""
    for text in ("one", "two", "three"):
        stage.writes(text)
        stage.passes(1)
    stage.passes(20_000)


def sending(stage: Stage) -> None:
    """The business sends a text."""
    stage.sends()
    stage.passes(86_400)


def sending_thrice(stage: Stage) -> None:
    """The business sends three texts, one after the other."""
    for text in ("one", "two", "three"):
        stage.sends(stage.text(body=text))
    stage.passes(86_400)


def retrying(stage: Stage) -> None:
    """The business sends one text three times, as who retries."""
    for _ in range(3):
        stage.sends()
    stage.passes(86_400)


def chatting(stage: Stage) -> None:
    """A user writes, the business answers, the user writes again, within a second; days pass."""
    stage.writes("one")
    stage.sends()
    stage.writes("two")
    stage.passes(8 * 86_400)


def sending_and_writing(stage: Stage) -> None:
    """The business sends a text that is read within four seconds; meanwhile two users write."""
    stage.writes("one")
    stage.sends()
    stage.writes("two", OTHER)
    stage.passes(3_600)


def sending_a_place(stage: Stage) -> None:
    """The business sends a place, then a text."""
    place = {"latitude": 1.0, "longitude": 2.0}
    stage.sends(stage.text() | {"type": "location", "location": place})
    stage.sends()
    stage.passes(3_600)


def sending_a_file(stage: Stage) -> None:
    """The business sends a file, then a text."""
    stage.sends(stage.text() | {"type": "image", "image": {"link": "https://localhost/a.png"}})
    stage.sends()
    stage.passes(3_600)


def sending_a_template(stage: Stage) -> None:
    """The business sends a template, then a text."""
    template = {"name": "hello_world", "language": {"code": "en_US"}}
    stage.sends(stage.text() | {"type": "template", "template": template})
    stage.sends()
    stage.passes(3_600)


def sending_abroad(stage: Stage) -> None:
    """A user of Brazil writes, and is answered."""
    stage.writes("oi", BRAZILIAN)
    stage.sends(stage.text(to=BRAZILIAN))
    stage.passes(3_600)


def tapping(stage: Stage) -> None:
    """The business asks, a user taps."""
    stage.sends(ASKED)
    stage.passes(60)
    stage.does(USER, action="tap", title="Yes")
    stage.passes(3_600)


def reacting(stage: Stage) -> None:
    """The business sends, a user reacts."""
    stage.sends()
    stage.passes(60)
    message_id = next(reversed(stage.world.messages))
    stage.message({"type": "reaction", "reaction": {"message_id": message_id, "emoji": "\U0001f44d"}})
    stage.passes(3_600)


def sharing_a_picture(stage: Stage) -> None:
    """A user sends a picture with a caption."""
    stage.message({"type": "image", "image": {"caption": "look"}})
    stage.passes(3_600)


def sharing_a_card(stage: Stage) -> None:
    """A user sends a contact card."""
    stage.message({"type": "contacts", "contacts": [_CARD]})
    stage.passes(3_600)


def moving(stage: Stage) -> None:
    """A user changes the number and writes with the new one."""
    stage.does(USER, action="change_number", to="16505550123")
    stage.passes(1)
    stage.writes("it is me", "16505550123")
    stage.passes(4_000)


def calling(stage: Stage) -> None:
    """A user calls and hangs up after four seconds."""
    stage.announces("calls", _call(stage, "connect", 0))
    stage.passes(4)
    stage.announces("calls", _call(stage, "terminate", 4))
    stage.passes(4_000)


def _call(stage: Stage, event: str, seconds: int) -> dict[str, Any]:
    metadata = {"display_phone_number": stage.world.numbers[stage.number].digits, "phone_number_id": stage.number}
    call = {"id": "wacid.1", "event": event, "timestamp": str(NOON + 60 + seconds)}
    return {"messaging_product": "whatsapp", "metadata": metadata, "calls": [call]}


def recalling(stage: Stage) -> None:
    """A business joins with a history of four messages, one of them a picture."""
    messages = [
        {"from": USER, "id": f"wamid.{n}", "timestamp": str(NOON - n), "type": "text", "text": {"body": f"no. {n}"}}
        for n in range(3)
    ]
    messages.append({"from": USER, "id": "wamid.3", "timestamp": str(NOON), "type": "image", "image": {"id": "5"}})
    chunk = {
        "metadata": {"phase": 0, "chunk_order": 1, "progress": 100},
        "threads": [{"id": USER, "messages": messages}],
    }
    metadata = {"display_phone_number": "1555", "phone_number_id": stage.number}
    stage.announces("history", {"messaging_product": "whatsapp", "metadata": metadata, "history": [chunk]})
    stage.passes(60)


def judging(stage: Stage) -> None:
    """Meta rejects a template, then changes limits, then restricts the account."""
    template = stage.control("GET", "templates")["templates"][0]["id"]
    stage.control("PATCH", f"templates/{template}", {"status": "REJECTED", "reason": "INVALID_FORMAT"})
    limit = {"max_daily_conversations_per_business": "TIER_2K", "max_phone_numbers_per_waba": 25}
    stage.announces("business_capability_update", limit)
    stage.announces("account_update", {"phone_number": "16505550100", "event": "VERIFIED_ACCOUNT"})
    stage.passes(60)


def in_a_group(stage: Stage) -> None:
    """A message to a group is delivered to one participant."""
    status = {"id": "wamid.g", "status": "delivered", "timestamp": str(NOON), "recipient_id": "Y2Fw"}
    status |= {"recipient_type": "group", "recipient_participant_id": USER}
    metadata = {"display_phone_number": "1555", "phone_number_id": stage.number}
    stage.announces("messages", {"messaging_product": "whatsapp", "metadata": metadata, "statuses": [status]})
    stage.passes(60)


def overridden(stage: Stage) -> None:
    """The account's webhooks go to another URL, a user writes, a template is judged."""
    override = {"override_callback_uri": OTHER_URL, "verify_token": "t"}
    assert stage.graph("POST", f"/{stage.world.waba_id}/subscribed_apps", override).status == 200
    stage.writes("one")
    stage.announces("account_update", {"event": "VERIFIED_ACCOUNT"})
    stage.passes(60)


def verifying(stage: Stage) -> None:
    """The app is subscribed anew."""
    found = stage.ask("PUT", "/_localwaba/webhook", {"url": OTHER_URL, "verify_token": "right"})
    tokens = [(one.url, one.verify_token) for one in stage.listening.handshakes[1:]]
    stage.answers.append((found.status, tokens))


def run(story: Story, stage: Stage) -> Stage:
    """The stage after a story; it is closed, and what happened on it can be asked for."""
    try:
        story(stage)
    finally:
        stage.close()
    return stage


def play(story: Story, *names: str, seed: int = 0) -> Stage:
    """The stage after a story with these presets armed."""
    stage = Stage(seed)
    for name in names:
        stage.control("POST", "faults", {"preset": name})
    return run(story, stage)
