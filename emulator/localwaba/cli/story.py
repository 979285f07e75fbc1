"""What happens in the demo: a customer, a bot, 25 hours, and a mistake. Every scene proves that it happened."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, NamedTuple

import httpx

from localwaba.cli.chronicle import Chronicle
from localwaba.cli.platform import Platform
from localwaba.cli.render import Check, Stage, day

CUSTOMER = "12025550147"
JOBS_TOKEN = "demo-jobs-token"
_POLL = 0.01
_PATIENCE = 500


class Missing(RuntimeError):
    """Something that had to happen did not; the text says what."""


class Scene(NamedTuple):
    """A part of the story: its heading, what it proves, and how it is played. `play` returns what was seen."""

    heading: str
    proves: str
    play: Callable[[Story], str]


class Story:
    """The demo while it is played."""

    def __init__(self, platform: Platform, stage: Stage, bot_url: str, picture: bytes) -> None:
        self.platform = platform
        self.stage = stage
        self.bot_url = bot_url
        self.picture = picture
        self.world = platform.world
        self.chronicle = Chronicle(stage, "Bot")
        self.name = ""

    def play(self) -> list[Check]:
        """Plays every scene; after one that fails the others are not reached."""
        checks: list[Check] = []
        failed = False
        for scene in SCENES:
            if failed:
                checks.append(Check(scene.proves, False, "not reached"))
                continue
            self.stage.scene(scene.heading)
            try:
                checks.append(Check(scene.proves, True, scene.play(self)))
            except (RuntimeError, httpx.HTTPError, LookupError) as error:
                failed = True
                text = str(error) if isinstance(error, RuntimeError) else repr(error)
                checks.append(Check(scene.proves, False, text))
        return checks

    def now(self) -> int:
        """The world's time in milliseconds."""
        return int(self.platform.control("GET", "clock")["now"] * 1000)

    def pass_time(self, seconds: float) -> None:
        """Lets time pass until everything due has happened, and tells it."""
        self.platform.control("POST", "clock/advance", {"seconds": seconds})
        self.chronicle.tell(self.platform.news(), to_the_end=False)

    def await_sends(self, kind: str, count: int) -> dict[str, Any]:
        """Waits, in real time, until the bot has sent so many messages of a type; the last of them, read."""
        for _ in range(_PATIENCE):
            sent = self._sent(kind)
            if len(sent) >= count:
                break
            time.sleep(_POLL)
        else:
            self.chronicle.tell(self.platform.news())
            raise Missing(f"the bot sent no {kind} message")
        self.pass_time(3)
        return self.chronicle.accepted(kind)[-1]

    def _sent(self, kind: str) -> list[str]:
        shown = self.platform.control("GET", "messages", params={"direction": "out", "type": kind})["messages"]
        return [message["id"] for message in shown]

    def require_read(self, message: dict[str, Any]) -> None:
        """The message has to have got all its ticks."""
        found = self.chronicle.statuses(message["id"])
        if found != ["sent", "delivered", "read"]:
            raise Missing(f"a {message['type']} message should be sent, delivered and read; it was {found or 'not'}")

    def inbox(self) -> list[dict[str, Any]]:
        """What the customer's phone shows."""
        found: list[dict[str, Any]] = self.platform.control("GET", f"users/{CUSTOMER}/inbox")["messages"]
        return found


def subscribe(story: Story) -> str:
    """The app's webhook is verified."""
    url = f"{story.bot_url}/webhook"
    verify_token = story.world["verify_token"]
    story.platform.control("PUT", "webhook", {"url": url, "verify_token": verify_token})
    story.stage.note("GET /webhook?hub.mode=subscribe&hub.challenge=…: echoed")
    return "the bot echoed hub.challenge"


def review(story: Story) -> str:
    """The template that the bot has created is reviewed."""
    story.stage.note("the bot has created the template order_update: PENDING; Meta reviews it")
    story.pass_time(10)
    found = story.platform.graph("GET", f"{story.world['waba_id']}/message_templates?name=order_update").json()
    status = found["data"][0]["status"] if found.get("data") else "missing"
    if status != "APPROVED":
        raise Missing(f"order_update should be APPROVED; it is {status}")
    return "PENDING, then APPROVED by webhook"


def greet(story: Story) -> str:
    """A text of a new customer is answered with buttons."""
    user = story.platform.control("PUT", f"users/{CUSTOMER}", {})
    story.name = user["name"]
    story.chronicle.names[CUSTOMER] = story.name
    story.platform.write(CUSTOMER, {"type": "text", "text": {"body": "Hi! Are you open today?"}})
    message = story.await_sends("interactive", 1)
    story.require_read(message)
    return f"{story.name} wrote, the bot marked it as read and answered"


def tap(story: Story) -> str:
    """A tap on a button is answered with a list."""
    story.platform.control("POST", f"users/{CUSTOMER}/actions", {"action": "tap", "title": "See the coffees"})
    message = story.await_sends("interactive", 2)
    story.require_read(message)
    return "button_reply in, list out"


def pick(story: Story) -> str:
    """A row of the list is picked."""
    story.platform.control("POST", f"users/{CUSTOMER}/actions", {"action": "tap", "title": "Cortado"})
    message = story.await_sends("text", 1)
    story.require_read(message)
    return "list_reply in, a quoting text out"


def send_image(story: Story) -> str:
    """An image is downloaded by two hops and sent back."""
    file = ("cup.png", story.picture, "image/png")
    story.platform.write(CUSTOMER, {"type": "image", "image": {"caption": "My cup this morning"}}, file)
    message = story.await_sends("image", 1)
    story.require_read(message)
    echoed = story.platform.download(message["body"]["image"]["id"])
    if echoed != story.picture:
        raise Missing(f"the same {len(story.picture)} bytes should come back; there came {len(echoed)}")
    return f"all {len(story.picture)} bytes came back under a new media id"


def remind(story: Story) -> str:
    """A reminder after the window has closed fails, and the template takes its place."""
    story.pass_time(25 * 3600)
    story.stage.note(f"25 hours pass: {day(story.now())}; the bot's reminder job runs")
    headers = {"Authorization": f"Bearer {JOBS_TOKEN}"}
    answer = httpx.post(f"{story.bot_url}/reminders", json={"to": CUSTOMER}, headers=headers, trust_env=False)
    if answer.is_error:
        raise Missing(f"the bot's reminder job answered {answer.status_code}")
    story.pass_time(0)
    reminder = story.chronicle.accepted("text")[-1]
    refusal = next(
        (
            entry["data"]["refusal"]
            for entry in story.chronicle.entries
            if entry.get("event") == "StatusReached"
            and entry["data"]["message_id"] == reminder["id"]
            and entry["data"]["status"] == "failed"
        ),
        None,
    )
    if refusal is None or refusal["code"] != 131047:
        seen = refusal or story.chronicle.statuses(reminder["id"])
        raise Missing(f"the reminder should fail with 131047; it got {seen}")
    return "accepted with 200, then failed with 131047"


def fall_back(story: Story) -> str:
    """The bot has heard of the failure and sends the template."""
    message = story.await_sends("template", 1)
    story.require_read(message)
    return "order_update was delivered and read"


def mistake(story: Story) -> str:
    """A button title that is too long is refused at once."""
    button: dict[str, Any] = {"type": "reply", "reply": {"id": "a", "title": "Yes, deliver it tomorrow please"}}
    interactive = {"type": "button", "body": {"text": "At home?"}, "action": {"buttons": [button]}}
    body = {"messaging_product": "whatsapp", "to": CUSTOMER, "type": "interactive", "interactive": interactive}
    story.stage.note(f"somebody sends a button with the title {button['reply']['title']!r}")
    answer = story.platform.graph("POST", f"{story.world['phone_number_id']}/messages", body)
    story.chronicle.tell(story.platform.news())
    error = answer.json().get("error", {})
    why = answer.headers.get("x-localwaba-why", "")
    if answer.status_code != 400 or not why:
        raise Missing(f"a title of 31 characters should be refused with a reason; got {answer.status_code} {why}")
    return f"400 with code {error['code']} and the reason beside it"


def twice(story: Story) -> str:
    """A webhook that is forged is refused, one that comes again is not answered again."""
    forged = httpx.post(f"{story.bot_url}/webhook", content=b"{}", headers={"X-Hub-Signature-256": "sha256=0"})
    story.stage.note(f"a webhook with a forged signature: the bot answers {forged.status_code}")
    before = len(story.platform.control("GET", "messages", params={"direction": "out"})["messages"])
    first = story.platform.control("GET", "webhooks", params={"field": "messages"})["webhooks"][0]
    story.stage.note("the first webhook is delivered once more: the bot takes it and stays silent")
    story.platform.control("POST", f"webhooks/{first['id']}/redeliver")
    story.pass_time(3)
    after = len(story.platform.control("GET", "messages", params={"direction": "out"})["messages"])
    if forged.status_code != 401 or after != before:
        raise Missing(
            f"the bot should answer 401 and stay silent; it answered {forged.status_code}, {after - before} times"
        )
    return "401 for the forged one, no second answer"


def deliveries(story: Story) -> str:
    """Every webhook was taken at the first attempt."""
    story.platform.control("POST", "settle")
    story.chronicle.tell(story.platform.news())
    found = story.platform.control("GET", "webhooks", params={"limit": 500})["webhooks"]
    bad = [one for one in found if any(attempt.get("status") != 200 for attempt in one["attempts"])]
    if bad or not found:
        raise Missing(f"{len(bad)} of {len(found)} webhooks were not answered with 200 at once")
    story.stage.note(f"{len(found)} webhooks, each signed, each answered 200 at once")
    return f"{len(found)} of {len(found)} answered 200"


SCENES = (
    Scene("The bot subscribes to its webhooks", "webhook handshake", subscribe),
    Scene("Its template is reviewed", "template created, reviewed, announced", review),
    Scene("A customer writes", "text in, reply buttons out", greet),
    Scene("The customer taps a button", "tap in, list out", tap),
    Scene("… and picks from the list", "choice in, text out", pick),
    Scene("The customer sends a picture, and gets one back", "image in, image out", send_image),
    Scene("A day and an hour later", "the 24-hour window closes", remind),
    Scene("The bot falls back to its template", "fallback to a template", fall_back),
    Scene("A mistake, to see what one looks like", "a wrong request is refused", mistake),
    Scene("A forged webhook, and one that comes twice", "signature and duplicates", twice),
    Scene("Deliveries", "webhook deliveries", deliveries),
)
