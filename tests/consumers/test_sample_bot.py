"""The bot that people are told to copy behaves as a bot should."""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from localwaba.samples.bot import draw, make_app
from localwaba.samples.library import TEMPLATES
from receivers.asgi import serve_app

pytestmark = pytest.mark.consumer
JOBS = {"JOBS_TOKEN": "jobs"}


@contextmanager
def running(environ: dict[str, str], now: Callable[[], float] = time.time) -> Iterator[str]:
    """The bot on a free port; its URL."""
    with serve_app(make_app(environ, now)) as url:
        yield url


@pytest.fixture
def bot(waba: Any) -> Iterator[str]:
    """The bot, subscribed to the webhooks of this test's world; its URL."""
    with running(waba.env | JOBS) as url:
        waba.webhook(f"{url}/webhook")
        yield url


def signed(waba: Any, payload: object) -> tuple[bytes, dict[str, str]]:
    raw = json.dumps(payload).encode()
    return raw, {"X-Hub-Signature-256": "sha256=" + hmac.new(waba.app_secret.encode(), raw, hashlib.sha256).hexdigest()}


def remind(bot: str, to: str) -> int:
    return httpx.post(f"{bot}/reminders", json={"to": to}, headers={"Authorization": "Bearer jobs"}).status_code


def text_from(wa_id: str, message_id: str) -> dict[str, Any]:
    return {"from": wa_id, "id": message_id, "timestamp": "0", "type": "text", "text": {"body": "hi"}}


def batch(*values: dict[str, Any]) -> dict[str, Any]:
    return {"entry": [{"id": "1", "changes": [{"field": "messages", "value": value}]} for value in values]}


def test_buttons_and_list(waba: Any, bot: str) -> None:
    """A text is answered with buttons, a tap with a list, a choice with a text that quotes it."""
    user = waba.user()
    user.sends("Hello")
    user.receives(type="interactive", buttons=["See the coffees", "Show me the place", "Where is my order?"])
    user.taps("See the coffees")
    user.receives(type="interactive", buttons=["Flat white", "Cortado", "Filter coffee"])
    chosen = user.taps("Cortado")
    user.receives(text="One Cortado, order 1042. Thank you!", reply_to=chosen)


def test_read_and_typing(waba: Any, bot: str) -> None:
    """A message that is answered was marked as read first, with a typing indicator."""
    user = waba.user()
    sent = user.sends("Hello")
    user.receives(type="interactive")
    bodies = [call.request for call in waba.calls if call.operation == "send_message"]
    expected = {
        "messaging_product": "whatsapp",
        "status": "read",
        "message_id": sent,
        "typing_indicator": {"type": "text"},
    }
    assert expected == bodies[0]


def test_own_picture(waba: Any, bot: str) -> None:
    """A picture of the bot's own is uploaded and sent by its id."""
    user = waba.user()
    user.sends("Hello")
    user.receives(type="interactive")
    user.taps("Show me the place")
    found = user.receives(type="image", text="Our roastery at sunrise")
    assert waba.get(found.content["id"])["file_size"] == len(draw())


def test_picture_comes_back(waba: Any, bot: str) -> None:
    """A picture of a user is downloaded and comes back byte by byte."""
    user = waba.user()
    user.sends_image(draw(16))
    found = user.receives(type="image", text="Nice! Here it is again.")
    assert waba.get(found.content["id"])["sha256"] == hashlib.sha256(draw(16)).hexdigest()


def test_template_is_made_once(waba: Any, bot: str) -> None:
    """What the bot needs is created at the first start and left alone at the second."""
    with running(waba.env):
        pass
    made = sorted(one["name"] for one in waba.templates() if one["name"] != "hello_world")
    assert made == ["login_code", "order_update", "roastery_news"]
    assert [one["name"] for one in waba.get(f"{waba.waba_id}/flows")["data"]] == ["tasting"]


def test_order_status(waba: Any, bot: str) -> None:
    """Who asks for an order gets the template, with their name in it."""
    waba.templates.approve("order_update")
    user = waba.user("Ada Lovelace")
    user.sends("Where is my order?")
    user.receives(template="order_update", text=lambda text: text.startswith("Hello Ada Lovelace, your order 1042"))


def answer_to(user: Any) -> str:
    user.sends("Where is my order?")
    return str(user.receives().text)


@pytest.mark.parametrize("standing", ["PAUSED", "DISABLED", "REJECTED"])
def test_a_template_that_is_stopped(waba: Any, bot: str, standing: str) -> None:
    """Who asks is answered in the bot's own words while Meta stops the template, and by it again afterwards."""
    user = waba.user("Ada")
    waba.templates.change("order_update", status=standing)
    assert answer_to(user) == "Your order 1042 has left our roastery."
    waba.templates.approve("order_update")
    assert answer_to(user).startswith("Hello Ada, your order 1042")


def test_a_stop_that_nobody_has_told_of(waba: Any, bot: str) -> None:
    """A template that is refused is as good as one that is known to be stopped."""
    waba.faults.add("drop_delivery", match={"field": "message_template_status_update"})
    waba.templates.pause("order_update")
    with waba.refuses(132015):
        assert answer_to(waba.user()) == "Your order 1042 has left our roastery."


def test_a_template_that_was_stopped_before(waba: Any) -> None:
    """A bot that starts asks how its templates are; one in another language is not its own."""
    with running(waba.env):
        waba.templates.pause("order_update")
    with running(waba.env) as url:
        waba.webhook(f"{url}/webhook")
        assert answer_to(waba.user()) == "Your order 1042 has left our roastery."
        waba.post(f"{waba.waba_id}/message_templates", TEMPLATES[0] | {"language": "pt_BR"})
        waba.templates.approve("order_update", language="pt_BR")
        assert answer_to(waba.user()) == "Your order 1042 has left our roastery."


def test_no_reminder_without_a_template(waba: Any, bot: str) -> None:
    """Outside the window nothing can take the place of a template that is stopped: the job is told so."""
    waba.policy(window_answer="sync")
    user = waba.user()
    waba.templates.pause("order_update")
    with waba.refuses(131047):
        assert remind(bot, user.wa_id) == 502
    assert [call.code for call in waba.calls if call.status >= 400] == [131047]


def test_trouble_at_meta(waba: Any, bot: str) -> None:
    """What met a 503 is tried again, and arrives once."""
    waba.faults.add("http_error", status=503, when={"next": 2}, match={"operation": "send_message"})
    user = waba.user()
    user.sends("Hello")
    user.receives(type="interactive")
    user.receives_nothing()


def test_restart(waba: Any, tmp_path: Path) -> None:
    """What it keeps in a file outlives the bot: what was answered, and who wants no news."""
    environ = waba.env | JOBS | {"MEMORY": str(tmp_path / "bot.sqlite")}
    user = waba.user()
    with running(environ) as url:
        waba.webhook(f"{url}/webhook")
        user.sends("STOP")
        user.receives(text=lambda text: text.startswith("You will get no more news."))
    with running(environ) as url:
        waba.webhook(f"{url}/webhook")
        told = next(one for one in waba.deliveries(field="messages"))
        waba.link.call("POST", f"webhooks/{told['id']}/redeliver")
        answer = httpx.post(f"{url}/campaigns", json={"to": [user.wa_id]}, headers={"Authorization": "Bearer jobs"})
        assert answer.status_code == 200
        waba.settle()
        user.receives_nothing()


def test_codes_expire(waba: Any) -> None:
    """A code is good for ten minutes by the clock that the bot was given, and not a moment longer."""
    ana = waba.user("Ana")
    headers = {"Authorization": "Bearer jobs"}
    with running(waba.env | JOBS, now=lambda: waba.now.timestamp()) as url:

        def login(minutes: float) -> int:
            httpx.post(f"{url}/codes", json={"to": ana.wa_id}, headers=headers).raise_for_status()
            ana.receives(template="login_code")
            waba.advance(minutes=minutes)
            found = httpx.post(f"{url}/codes/check", json={"to": ana.wa_id, "code": ana.code}, headers=headers)
            return found.status_code

        assert [login(9.9), login(10)] == [200, 403]


def test_stop_of_a_user_who_hides_later(waba: Any, bot: str) -> None:
    """Who has said STOP gets no news, neither by number nor by user id."""
    ada = waba.user("Ada")
    ada.sends("STOP")
    ada.receives(text=lambda text: text.startswith("You will get no more news."))
    for to in (ada.wa_id, ada.user_id):
        httpx.post(f"{bot}/campaigns", json={"to": [to]}, headers={"Authorization": "Bearer jobs"}).raise_for_status()
    waba.settle()
    ada.receives_nothing()


def test_reminder_in_the_window(waba: Any, bot: str) -> None:
    """As long as the window is open a reminder is an ordinary text."""
    user = waba.user()
    user.sends("Hello")
    user.receives(type="interactive")
    assert remind(bot, user.wa_id) == 200
    user.receives(text="Your order 1042 arrives tomorrow. Will you be at home?")


@pytest.mark.parametrize("told", ["webhook", "sync"])
def test_reminder_after_the_window(waba: Any, bot: str, told: str) -> None:
    """Once the window has closed the template takes the reminder's place, however the failure is told."""
    waba.policy(window_answer=told)
    waba.templates.approve("order_update")
    user = waba.user()
    user.sends("Hello")
    user.receives(type="interactive")
    waba.advance(hours=25)
    with waba.refuses(131047):
        assert remind(bot, user.wa_id) == 200
    user.receives(template="order_update")


def test_a_user_without_a_number(waba: Any, bot: str) -> None:
    """A user who hides the phone number is answered by their business-scoped id."""
    user = waba.user(username="ada", phone_visible=False)
    user.sends("Hello")
    user.receives(type="interactive")


def test_what_it_does_not_understand(waba: Any, bot: str) -> None:
    """A message of a type that it does not know is left alone, and the next one answered."""
    user = waba.user()
    user.sends_location(52.5, 13.4)
    user.sends_message({"type": "unsupported"})
    user.receives_nothing()
    user.sends("Hello")
    user.receives(type="interactive")


def test_duplicates(waba: Any, bot: str) -> None:
    """A webhook that comes again is taken and not answered again."""
    user = waba.user()
    user.sends("Hello")
    user.receives(type="interactive")
    first = next(one for one in waba.deliveries(field="messages"))
    waba.link.call("POST", f"webhooks/{first['id']}/redeliver")
    waba.settle()
    user.receives_nothing()
    assert [attempt["status"] for attempt in waba.deliveries(field="messages")[0]["attempts"]] == [200, 200]


def test_batches(waba: Any, bot: str) -> None:
    """All messages of all entries are answered, and one that makes no sense does not keep the others back."""
    ada, bob = waba.user(), waba.user()
    for user in (ada, bob):
        user.sends_location(1, 1)
    broken = {"from": ada.wa_id, "id": "wamid.broken", "timestamp": "0", "type": "text"}
    values = [{"messages": [broken, text_from(ada.wa_id, "wamid.a")]}, {"messages": [text_from(bob.wa_id, "wamid.b")]}]
    raw, headers = signed(waba, batch(*values))
    with waba.refuses(100):  # there are no such messages that could be marked as read
        assert httpx.post(f"{bot}/webhook", content=raw, headers=headers).status_code == 200
        ada.receives(type="interactive")
        bob.receives(type="interactive")


@pytest.mark.parametrize("signature", ["", "sha256=", "sha256=" + "0" * 64, "sha1=x", "é"])
def test_signature(waba: Any, bot: str, signature: str) -> None:
    """A webhook whose signature is missing or wrong is refused."""
    headers = {"X-Hub-Signature-256": signature.encode("latin-1")}
    assert httpx.post(f"{bot}/webhook", content=b"{}", headers=headers).status_code == 401


@pytest.mark.parametrize(
    "query", [{}, {"hub.mode": "subscribe"}, {"hub.mode": "subscribe", "hub.verify_token": "x", "hub.challenge": "1"}]
)
def test_handshake(waba: Any, bot: str, query: dict[str, str]) -> None:
    """Who does not know the verify token does not get the challenge back."""
    answer = httpx.get(f"{bot}/webhook", params=query)
    assert (answer.status_code, answer.text) == (403, "wrong verify token")


def test_reminders_are_closed(waba: Any) -> None:
    """Nobody starts reminders without the token of the jobs, and nobody at all where there is none."""
    with running(waba.env | JOBS) as url:
        assert httpx.post(f"{url}/reminders", json={"to": "1"}).status_code == 401
    with running(waba.env) as url:
        assert (
            httpx.post(f"{url}/reminders", headers={"Authorization": "Bearer x"}, json={"to": "1"}).status_code == 401
        )
