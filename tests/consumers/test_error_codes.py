"""The errors that every sender has to know, met by the rules and seen through pywa: its own exceptions and statuses."""

from __future__ import annotations

import queue
import socket
import threading
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import httpx
import pytest
import uvicorn
from starlette.applications import Starlette

from localwaba import User, Waba

pywa = pytest.importorskip("pywa")

from pywa import WhatsApp, errors  # noqa: E402
from pywa.types import templates as t  # noqa: E402

pytestmark = pytest.mark.consumer
API_VERSION = 26.0


class Bot(NamedTuple):
    """An app on pywa that takes its webhooks; its failed statuses lie in `failed`."""

    wa: WhatsApp
    failed: queue.Queue[Any]


@pytest.fixture
def bot(waba: Waba) -> Iterator[Bot]:
    """A bot that is pointed at the emulator by the base URL of the httpx client that it was given."""
    session, app = httpx.Client(trust_env=False), Starlette()
    wa = WhatsApp(
        phone_id=waba.phone_number_id,
        token=waba.access_token,
        session=session,
        server=app,
        webhook_endpoint="/webhook",
        verify_token=waba.verify_token,
        validate_updates=True,
        app_id=waba.app_id,
        app_secret=waba.app_secret,
        waba_id=waba.waba_id,
        api_version=API_VERSION,
    )
    session.base_url = f"{waba.graph_url}/v{API_VERSION}"
    failed: queue.Queue[Any] = queue.Queue()
    wa.on_message_status(lambda _, status: failed.put(status) if status.status.value == "failed" else None)
    with socket.create_server(("127.0.0.1", 0)) as listening, session:
        server = uvicorn.Server(
            uvicorn.Config(app, log_level="warning", lifespan="off", ws="none", timeout_graceful_shutdown=1)
        )
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
        thread.start()
        waba.webhook(f"http://127.0.0.1:{listening.getsockname()[1]}/webhook", fields=["messages"])
        yield Bot(wa, failed)
        server.should_exit = True
        thread.join(5)


def hello(bot: Bot, to: str) -> Any:
    """Sends the sample template."""
    sample = t.Template(
        name="hello_world",
        language=t.TemplateLanguage.ENGLISH_US,
        category=t.TemplateCategory.UTILITY,
        components=[t.BodyText("Hello")],
    )
    return bot.wa.send_template(to, template=sample, params=[])


def raised(waba: Waba, send: Callable[[], object], kind: type[Exception], code: int, status: int) -> Any:
    """What pywa raises when a send is refused at once, held to code and HTTP status."""
    with waba.refuses(code), pytest.raises(kind) as found:
        send()
    error: Any = found.value
    assert (error.code, error.status_code) == (code, status)
    return error


def told(waba: Waba, bot: Bot, send: Callable[[], Any], kind: type[Exception], code: int) -> Any:
    """What pywa finds in the failed status of a message that Graph had taken."""
    with waba.refuses(code):
        sent = send()
    status = bot.failed.get(timeout=5)
    assert (status.id, type(status.error), status.error.code) == (sent.id, kind, code)
    return status.error


@pytest.fixture
def ada(waba: Waba) -> User:
    return waba.user("Ada Lovelace")


@pytest.mark.waba(strict=False)
def test_throughput(waba: Waba, bot: Bot, ada: User) -> None:
    """130429: the 81st message within a second is refused as pywa's RateLimitHit, and a second later it goes out."""
    ada.sends("hi")  # counts as well
    for _ in range(79):
        bot.wa.send_message(waba.user().wa_id, "one for each")
    error = raised(waba, lambda: bot.wa.send_message(ada.wa_id, "Hello"), errors.RateLimitHit, 130429, 400)
    assert isinstance(error, errors.ThrottlingError)
    waba.advance(seconds=1)
    bot.wa.send_message(ada.wa_id, "Hello again")
    ada.receives(text="Hello again")


def test_pair_limit(waba: Waba, bot: Bot, ada: User) -> None:
    """131056: the 46th message in a row to one user is refused as pywa's TooManyMessages; six seconds help."""
    ada.sends("hi")
    for n in range(45):
        bot.wa.send_message(ada.wa_id, f"message {n}")
    error = raised(waba, lambda: bot.wa.send_message(ada.wa_id, "Hello"), errors.TooManyMessages, 131056, 400)
    assert isinstance(error, errors.ThrottlingError)
    waba.advance(seconds=6)
    bot.wa.send_message(ada.wa_id, "Hello again")
    ada.receives(text="Hello again")


def test_window(waba: Waba, bot: Bot, ada: User) -> None:
    """131047: 24 hours after the user's message a free text fails later, as pywa's ReEngagementMessage."""
    ada.sends("hi")
    waba.advance(hours=24)
    told(waba, bot, lambda: bot.wa.send_message(ada.wa_id, "Hello"), errors.ReEngagementMessage, 131047)
    hello(bot, ada.wa_id)
    ada.receives(template="hello_world")


@pytest.mark.waba(policy={"throughput_standard": None})
def test_messaging_limit(waba: Waba, bot: Bot, ada: User) -> None:
    """131048: one user more than the limit fails later, as pywa's SpamRateLimitHit; who has written gets an answer."""
    waba.link.call("PATCH", f"phone_numbers/{waba.phone_number_id}", {"messaging_limit": "TIER_50"})
    for _ in range(50):
        hello(bot, waba.user().wa_id)
    error = told(waba, bot, lambda: hello(bot, ada.wa_id), errors.SpamRateLimitHit, 131048)
    assert isinstance(error, errors.ThrottlingError)
    ada.sends("hi")
    bot.wa.send_message(ada.wa_id, "Hello")
    ada.receives(text="Hello")


def test_paused_template(waba: Waba, bot: Bot, ada: User) -> None:
    """132015: a template that is RED is paused and refused as pywa's TemplatePaused, until its three hours are over."""
    template = waba.templates()[0]["id"]
    waba.link.call("PATCH", f"templates/{template}", {"quality_score": "RED"})
    raised(waba, lambda: hello(bot, ada.wa_id), errors.TemplatePaused, 132015, 400)
    waba.advance(hours=3)
    hello(bot, ada.wa_id)
    ada.receives(template="hello_world")


def test_expired_token(waba: Waba, bot: Bot, ada: User) -> None:
    """190: a token that has expired is refused as pywa's ExpiredAccessToken, with subcode and time."""
    waba.link.call("PATCH", f"tokens/{waba.access_token}", {"expires_in": 60})
    hello(bot, ada.wa_id)
    waba.advance(seconds=60)
    error = raised(waba, lambda: hello(bot, ada.wa_id), errors.ExpiredAccessToken, 190, 401)
    assert error.subcode == 463
    assert "Session has expired on Thursday, 01-Jan-26 04:01:00 PST" in error.message
