"""The life of a template over real HTTP, with an app that notes its webhooks in the order in which they come."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

BODY = {"type": "BODY", "text": "Your table is booked, see you soon."}

FIELDS = ["message_template_status_update", "message_template_quality_update", "template_category_update"]


class App(ThreadingHTTPServer):
    """An app's webhook: echoes the challenge, notes fields and values."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.told: list[tuple[str, Any]] = []
        threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True).start()


class _Handler(BaseHTTPRequestHandler):
    server: App

    def do_GET(self) -> None:
        self._answer(parse_qs(urlsplit(self.path).query)["hub.challenge"][0].encode())

    def do_POST(self) -> None:
        change = json.loads(self.rfile.read(int(self.headers["content-length"])))["entry"][0]["changes"][0]
        self.server.told.append((change["field"], change["value"]))
        self._answer(b"")

    def _answer(self, body: bytes) -> None:
        self.send_response(200)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments: Any) -> None:
        """Says nothing."""


class Life:
    """A world of its own on a server, and the app that is subscribed to it."""

    def __init__(self, wire: Any, app: App) -> None:
        self.client, self.app = wire.client, app
        made = self.client.post("/_localwaba/worlds", json={"clock": {"mode": "frozen"}}).json()
        self.head = {"authorization": f"Bearer {made['access_token']}"}
        self.world = made
        url = f"http://127.0.0.1:{app.server_port}/"
        self.control("PUT", "webhook", {"url": url, "verify_token": made["verify_token"], "fields": FIELDS})

    def control(self, method: str, path: str, body: Any = None) -> Any:
        answer = self.client.request(method, f"/_localwaba/{path}", json=body, headers=self.head)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def graph(self, method: str, path: str, body: Any = None) -> Any:
        return self.client.request(method, f"/v26.0/{path}", json=body, headers=self.head)

    def advance(self, **span: int) -> None:
        self.control("POST", "clock/advance", span)
        self.control("POST", "settle")

    def make(self, name: str = "booked") -> str:
        """An approved template; nothing is told before."""
        body = {"name": name, "language": "en_US", "category": "UTILITY", "components": [BODY]}
        answer = self.graph("POST", f"{self.world['waba_id']}/message_templates", body)
        self.advance(seconds=10)
        self.app.told.clear()
        return str(answer.json()["id"])

    def send(self, name: str = "booked", to: str = "16505551234") -> Any:
        template = {"name": name, "language": {"code": "en_US"}}
        body = {"messaging_product": "whatsapp", "to": to, "type": "template", "template": template}
        return self.graph("POST", f"{self.world['phone_number_id']}/messages", body)


@pytest.fixture
def life(wire: Any) -> Iterator[Life]:
    app = App()
    yield Life(wire, app)
    app.shutdown()
    app.server_close()


def test_the_whole_ladder(life: Life) -> None:
    """RED pauses a template: score first, pause second; sends are refused with 132015, at last with 132016."""
    template_id = life.make()
    seen: list[tuple[int, int]] = []
    for _ in range(3):
        life.control("PATCH", f"templates/{template_id}", {"quality_score": "RED"})
        answer = life.send()
        seen.append((answer.status_code, answer.json()["error"]["code"]))
        assert "of 3 pauses" in answer.headers["x-localwaba-why"]
        life.advance(seconds=6 * 3600)
    assert seen == [(400, 132015), (400, 132015), (400, 132016)]
    told = [(field, value.get("event") or value.get("new_quality_score")) for field, value in life.app.told]
    score, status = "message_template_quality_update", "message_template_status_update"
    pause = [(score, "RED"), (status, "PAUSED"), (status, "APPROVED"), (score, "UNKNOWN")]
    assert told == [*pause, *pause, (score, "RED"), (status, "DISABLED")]
    node = life.graph("GET", f"{template_id}?fields=status,quality_score").json()
    assert (node["status"], node["quality_score"]["score"]) == ("DISABLED", "RED")


def test_users_pause_a_template(life: Life) -> None:
    """Nobody but the users says so: two blocks among fifty deliveries are YELLOW, the fifth pauses the template."""
    life.make()
    life.control("PATCH", "policy", {"pair_seconds": None, "throughput_standard": None, "messaging_limits": False})
    users = [f"1650555{number:04}" for number in range(50)]
    for user in users:
        assert life.send(to=user).status_code == 200
    life.advance(seconds=10)
    for user in users[:5]:
        life.control("POST", f"users/{user}/actions", {"action": "block", "reason": "SPAM"})
    life.control("POST", "settle")
    told = [value.get("event") or value.get("new_quality_score") for _, value in life.app.told]
    assert told == ["GREEN", "YELLOW", "RED", "PAUSED"]
    assert life.send().json()["error"]["code"] == 132015


def test_archive_and_unarchive(life: Life) -> None:
    """The archive is an edge below an edge; what comes back can be sent again."""
    template_id = life.make()
    edge = f"{life.world['waba_id']}/message_templates"
    assert life.graph("POST", f"{edge}/archive", {"hsm_ids": template_id}).json() == {
        "archived_templates": [template_id],
        "failed_templates": {},
    }
    assert (life.send().status_code, life.send().json()["error"]["code"]) == (404, 132001)
    assert life.graph("POST", f"{edge}/unarchive", {"hsm_ids": [template_id]}).json() == {
        "unarchived_templates": [template_id],
        "failed_templates": {},
    }
    assert life.send().status_code == 200
    assert life.graph("POST", f"{edge}/forget", {}).status_code == 400


def test_new_operations_answer(life: Life) -> None:
    """Library, previews, upsert and unpause are reached by their paths, with parameters as text or as JSON."""
    waba = life.world["waba_id"]
    library = life.graph("GET", "message_template_library?topic=PAYMENTS&limit=1").json()
    assert len(library["data"]) == 1
    assert life.graph("GET", f"{waba}/message_template_library?industry=NOBODY").json()["error"]["code"] == 100
    query = "category=AUTHENTICATION&languages=en_US&button_types=OTP&code_expiration_minutes=7"
    preview = life.graph("GET", f"{waba}/message_template_previews?{query}").json()
    assert preview["data"][0]["footer"] == "This code expires in 7 minutes."
    assert life.graph("GET", f"{waba}/message_template_previews?category=AUTHENTICATION").status_code == 400
    components = [{"type": "BODY"}, {"type": "BUTTONS", "buttons": [{"type": "OTP", "otp_type": "COPY_CODE"}]}]
    body = {"name": "otp", "languages": ["en_US"], "category": "AUTHENTICATION", "components": components}
    made = life.graph("POST", f"{waba}/upsert_message_templates", body).json()["data"][0]
    assert made["status"] == "APPROVED"
    assert life.graph("POST", f"{made['id']}/unpause").json() == {"success": False, "reason": "Template is not paused"}


def test_deletion_is_told(life: Life) -> None:
    """A template with a message on its way is PENDING_DELETION first, and DELETED once it is delivered."""
    life.make()
    life.send()
    life.graph("DELETE", f"{life.world['waba_id']}/message_templates?name=booked")
    life.advance(seconds=10)
    told = [value["event"] for field, value in life.app.told if field == "message_template_status_update"]
    assert told == ["PENDING_DELETION", "DELETED"]
