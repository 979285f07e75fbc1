"""Analytics and costs over a real server, as a client library asks for them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from localwaba.cli import main
from localwaba.runtime.server import ServerThread
from localwaba.runtime.settings import Settings


class Client:
    """An app, and the control API beside it."""

    def __init__(self, url: str) -> None:
        self.http = httpx.Client(base_url=url, timeout=20, trust_env=False)
        self.control("PUT", "clock", {"mode": "frozen"})
        self.world = self.control("GET", "world")
        self.http.headers["Authorization"] = f"Bearer {self.world['access_token']}"

    def control(self, method: str, path: str, body: Any = None) -> Any:
        answer = self.http.request(method, f"/_localwaba/{path}", json=body)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def graph(self, path: str, **params: Any) -> Any:
        answer = self.http.get(f"/v26.0/{path}", params=params)
        return answer.status_code, answer.json()

    def sends(self, to: str) -> None:
        template = {"name": "hello_world", "language": {"code": "en_US"}}
        body = {"messaging_product": "whatsapp", "to": to, "type": "template", "template": template}
        assert self.http.post(f"/v26.0/{self.world['phone_number_id']}/messages", json=body).status_code == 200


@pytest.fixture
def server() -> Iterator[str]:
    thread = ServerThread(Settings(port=0))
    yield thread.start().url
    thread.stop()


@pytest.fixture
def client(server: str) -> Iterator[Client]:
    made = Client(server)
    yield made
    made.http.close()


def test_what_was_sent_is_counted_and_priced(
    client: Client, server: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Two templates are delivered: analytics have them, as fields and edges, and so has `localwaba cost`."""
    waba_id = client.world["waba_id"]
    enabled = client.http.post(f"/v26.0/{waba_id}", params={"is_enabled_for_insights": "true"})
    assert {"id": waba_id} == enabled.json()
    client.sends("16505551234")
    client.sends("5511987654321")
    client.control("POST", "clock/advance", {"seconds": 60})
    now = int(client.control("GET", "clock")["now"])
    span = f"start({now - 7200}).end({now + 60})"

    status, found = client.graph(waba_id, fields=f'pricing_analytics.{span}.granularity(MONTHLY).dimensions(["PHONE"])')
    assert status == 200
    shown = found["pricing_analytics"]["data"][0]["data_points"]
    assert [(client.world["display_phone_number"], 2, 0.02)] == [
        (one["phone_number"], one["volume"], one["cost"]) for one in shown
    ]
    edge = {"start": now - 7200, "end": now + 60, "granularity": "MONTHLY", "dimensions": '["PHONE"]'}
    assert (200, found["pricing_analytics"]) == client.graph(f"{waba_id}/pricing_analytics", **edge)

    status, found = client.graph(waba_id, fields=f"id,analytics.{span}.granularity(MONTH)")
    assert (status, sum(one["delivered"] for one in found["analytics"]["data_points"])) == (200, 2)

    _, templates = client.graph(f"{waba_id}/message_templates", fields="id")
    asked = {"start": now - 7200, "end": now, "granularity": "DAILY", "template_ids": f"[{templates['data'][0]['id']}]"}
    status, found = client.graph(f"{waba_id}/template_analytics", **asked)
    assert (status, sum(one["sent"] for one in found["data"][0]["data_points"])) == (200, 2)

    status, found = client.graph(f"{waba_id}/conversation_analytics", **edge | {"dimensions": "FUN"})
    assert (status, found["error"]["code"]) == (400, 100)

    rates = tmp_path / "rates.csv"
    rates.write_text("country,category,rate,currency\n*,utility,0.5,EUR\n*,marketing,0.5,EUR\n")
    assert main(["cost", "--rates", str(rates), "--url", server]) == 0
    [*_, total] = capsys.readouterr().out.splitlines()
    assert total.split() == ["total", "2", "0", "1.0000"]


def test_an_emulator_without_such_a_world(server: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A token that nobody has is one line and status 2."""
    rates = tmp_path / "rates.csv"
    rates.write_text("country,category,rate,currency\n*,utility,0.5,EUR\n")
    assert main(["cost", "--rates", str(rates), "--url", server, "--token", "EAAnobody"]) == 2
    assert "no world of this server has this access token" in capsys.readouterr().err


def test_conversations_in_webhooks(platform: Any) -> None:
    """With the knob, statuses look as before July 2025, whatever the version of the app."""
    platform.control("PATCH", "policy", {"pricing_model": "conversations_2023"})
    platform.control("PUT", "webhook", {"url": "http://127.0.0.1:9/webhook"})
    template = {"name": "hello_world", "language": {"code": "en_US"}}
    platform.send({"messaging_product": "whatsapp", "to": "16505551234", "type": "template", "template": template})
    platform.settle()
    webhooks = platform.control("GET", "webhooks")["webhooks"]
    [sent, *_] = [
        one["body"]["entry"][0]["changes"][0]["value"]["statuses"][0] for one in webhooks if one["field"] == "messages"
    ]
    category = sent["pricing"]["category"]
    assert {"billable": True, "pricing_model": "CBP", "category": category} == sent["pricing"]
    assert {"id", "expiration_timestamp", "origin"} == set(sent["conversation"])
