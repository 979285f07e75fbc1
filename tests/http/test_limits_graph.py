"""The limits as an app meets them: over HTTP, with Meta's codes, and with the reason beside them."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import httpx
import pytest

from localwaba.http.graph import Graph

from .conftest import Control


class App:
    """An app that calls Graph, and the person who drives the emulator."""

    def __init__(self, control: Control) -> None:
        self.control = control
        self.graph = Graph(control.hosts)  # type: ignore[arg-type]
        self.number = control.host.world.phone_number_id
        self.account = control.host.world.waba_id

    def call(self, method: str, path: str, body: Any = None) -> httpx.Response:
        return self.calls([(method, path, body)])[0]

    def calls(self, calls: list[tuple[str, str, Any]]) -> list[httpx.Response]:
        """The answers of calls that are made one after the other."""
        headers = {"Authorization": f"Bearer {self.control.host.world.access_token}"}

        async def ask() -> list[httpx.Response]:
            transport = httpx.ASGITransport(self.graph)
            async with httpx.AsyncClient(transport=transport, base_url="http://localhost:4080") as client:
                return [
                    await client.request(method, f"/v26.0/{path}", json=body, headers=headers)
                    for method, path, body in calls
                ]

        found: list[httpx.Response] = self.control.run(ask())
        self.control.run(asyncio.sleep(0))
        return found

    def send(self, *users: int, template: bool = False) -> list[httpx.Response]:
        body: dict[str, Any] = {"messaging_product": "whatsapp", "type": "text", "text": {"body": "Hello"}}
        if template:
            what = {"name": "hello_world", "language": {"code": "en_US"}}
            body = {"messaging_product": "whatsapp", "type": "template", "template": what}
        return self.calls([("POST", f"{self.number}/messages", {"to": f"1650{user:07}"} | body) for user in users])

    def advance(self, seconds: float) -> None:
        self.control.ok("POST", "clock/advance", {"seconds": seconds})


@pytest.fixture
def app(control: Control) -> App:
    """An app of the default world, whose clock stands still."""
    return App(control)


def error(answer: httpx.Response) -> tuple[int, int, str]:
    return answer.status_code, answer.json()["error"]["code"], answer.headers["x-localwaba-why"]


def test_throughput(app: App) -> None:
    """81 messages at once: the last one gets 130429 with Meta's text; a second later it goes."""
    answers = app.send(*range(81))
    assert [answer.status_code for answer in answers] == [200] * 80 + [400]
    assert error(answers[-1])[:2] == (400, 130429)
    assert answers[-1].json()["error"]["message"] == "(#130429) Rate limit hit"
    assert "80 of 80 messages within a second" in answers[-1].headers["x-localwaba-why"]
    app.advance(1)
    assert app.send(80)[0].status_code == 200


def test_pair(app: App) -> None:
    """46 messages to one user at once: the last one gets 131056; six seconds later it goes."""
    answers = app.send(*[1] * 46)
    assert [answer.status_code for answer in answers] == [200] * 45 + [400]
    status, code, why = error(answers[-1])
    assert (status, code) == (400, 131056)
    assert why.startswith("[pair limit] 45 of 45 burst used")
    assert "the next is free in 6 s" in why
    app.advance(6)
    assert app.send(1)[0].status_code == 200


def test_messaging_limit(app: App) -> None:
    """The 51st different user of a business that may reach 50: HTTP 200, then failed with 131048."""
    app.control.ok("PATCH", f"phone_numbers/{app.number}", {"messaging_limit": "TIER_50"})
    app.control.subscribe("messages")
    assert {answer.status_code for answer in app.send(*range(51), template=True)} == {200}
    failed = [one["statuses"][0] for one in app.control.told("messages") if one["statuses"][0]["status"] == "failed"]
    (status,) = failed
    assert (status["recipient_id"], status["errors"][0]["code"]) == ("16500000050", 131048)
    assert status["errors"][0]["title"] == "Spam rate limit hit"


def test_growth_is_told(app: App) -> None:
    """Half of the limit is used; six hours later the app hears of the next one, and Graph says it."""
    app.control.subscribe("business_capability_update")
    for start in (0, 80):
        app.send(*range(start, start + 80), template=True)
        app.advance(1)
    assert app.control.told("business_capability_update") == []
    app.advance(6 * 3600)
    (value,) = app.control.told("business_capability_update")
    assert value["max_daily_conversations_per_business"] == 2_000
    field = "whatsapp_business_manager_messaging_limit"
    assert app.call("GET", f"{app.number}?fields={field}").json()[field] == "TIER_2K"


def test_calls(app: App) -> None:
    """Beyond the hourly calls 80007 is answered, messages still go, and the headers say how long it takes."""
    app.control.ok("PATCH", "policy", {"account_calls": 4})
    answers = app.calls([("GET", app.account, None)] * 5)
    assert [answer.status_code for answer in answers] == [200] * 4 + [400]
    assert [used(answer, app)["call_count"] for answer in answers] == [25, 50, 75, 100, 100]
    assert [used(answer, app)["estimated_time_to_regain_access"] for answer in answers] == [0, 0, 0, 60, 60]
    assert error(answers[-1])[:2] == (400, 80007)
    assert answers[-1].json()["error"]["message"].startswith("(#80007) There have been too many calls to this WhatsApp")
    (sent,) = app.send(1)
    assert (sent.status_code, used(sent, app)["call_count"]) == (200, 100)
    app.advance(3600)
    assert app.call("GET", app.number).status_code == 200


def used(answer: httpx.Response, app: App) -> Any:

    return json.loads(answer.headers["x-business-use-case-usage"])[app.account][0]


def test_app_calls(app: App) -> None:
    """With the app's limit on, everything counts, and code 4 says so."""
    app.control.ok("PATCH", "policy", {"app_calls": 2})
    app.send(1)
    assert app.call("GET", "me").headers["x-app-usage"].startswith('{"call_count":100')
    assert error(app.send(1)[0])[:2] == (400, 4)


def test_upgrade(app: App) -> None:
    """Throughput gets HIGH within a minute of 131057; then 1,000 messages go at once, and the app is told."""
    app.control.subscribe("phone_number_quality_update")
    app.control.ok("PATCH", f"phone_numbers/{app.number}", {"throughput": "HIGH"})
    assert error(app.send(1)[0])[:2] == (500, 131057)
    app.advance(60)
    (value,) = app.control.told("phone_number_quality_update")
    assert (value["event"], value["current_limit"]) == ("THROUGHPUT_UPGRADE", "TIER_UNLIMITED")
    assert app.call("GET", f"{app.number}?fields=throughput").json()["throughput"] == {"level": "HIGH"}
    assert {answer.status_code for answer in app.send(*range(200))} == {200}


def test_relaxed(app: App) -> None:
    """One call to the control API turns all limits off."""
    app.control.ok("PATCH", "policy", {"profile": "relaxed"})
    assert {answer.status_code for answer in app.send(*[1] * 200)} == {200}
    assert "profile" in app.control.error("PATCH", "policy", {"profile": "relaxd"})
