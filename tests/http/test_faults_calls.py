"""Faults of API calls over real connections: what a client with a timeout gets, and what took effect all the same."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx
import pytest

from localwaba import Emulator, Waba
from localwaba.cli import main
from localwaba.client.link import ControlError
from localwaba.wire.signature import matches

USER = "16505551234"
PATIENCE = httpx.Timeout(5.0)
IMPATIENCE = httpx.Timeout(0.15)


class Sink:
    """An app that takes every webhook, and remembers what came when, with headers and bytes."""

    def __init__(self) -> None:
        self.got: list[tuple[dict[str, str], bytes]] = []
        self.react: Callable[[bytes], object] = len
        sink = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                challenge = self.path.partition("hub.challenge=")[2].partition("&")[0].encode()
                self._answer(challenge)

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                sink.got.append((dict(self.headers), body))
                sink.react(body)
                self._answer(b"")

            def _answer(self, body: bytes) -> None:
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.host = f"127.0.0.1:{self._server.server_address[1]}"
        self.url = f"http://{self.host}/webhook"
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()

    def statuses(self) -> list[str]:
        """The statuses that came, in the order of their arrival."""
        values = [json.loads(body)["entry"][0]["changes"][0]["value"] for _, body in self.got]
        return [status["status"] for value in values for status in value.get("statuses", [])]

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture(scope="module")
def emulator() -> Iterator[Emulator]:
    """One server for all tests of this file."""
    with Emulator(clock_mode="frozen") as running:
        yield running


@pytest.fixture
def waba(emulator: Emulator) -> Iterator[Waba]:
    """A world of its own with a user who has just written."""
    made = emulator.new_world(clock={"mode": "frozen", "now": "2026-01-01T12:00:00Z"})
    made.user(wa_id=USER).sends("hi")
    yield made
    made.close()


@pytest.fixture
def sink(waba: Waba) -> Iterator[Sink]:
    """The app of the world, subscribed."""
    made = Sink()
    waba.webhook(made.url)
    yield made
    made.close()


def send(waba: Waba, text: str = "hello", timeout: httpx.Timeout = PATIENCE, to: str = USER) -> httpx.Response:
    """A send over a connection of its own."""
    body = {"messaging_product": "whatsapp", "to": to, "type": "text", "text": {"body": text}}
    headers = {"Authorization": f"Bearer {waba.access_token}"}
    with httpx.Client(base_url=waba.graph_url, timeout=timeout, headers=headers) as client:
        return client.post(f"/v26.0/{waba.phone_number_id}/messages", json=body)


def sent(waba: Waba) -> list[str]:
    """The texts of the messages that the world has taken."""
    return [message["text"] for message in waba.messages(direction="outbound")]


def fired(waba: Waba) -> list[dict[str, Any]]:
    """The firings that the journal tells of."""
    entries = waba.link.call("GET", "journal", query={"kind": "event", "limit": 20_000})["entries"]
    return [entry["data"] for entry in entries if entry["event"] == "FaultFired"]


def test_drop_before(waba: Waba) -> None:
    """The connection closes without a byte, and nothing was sent."""
    waba.faults.add("drop_before")
    with pytest.raises(httpx.RemoteProtocolError):
        send(waba)
    assert sent(waba) == []


def test_drop_after(waba: Waba) -> None:
    """The connection closes without a byte, and the message is on its way: a blind retry sends it twice."""
    waba.faults.add("drop_after", when={"next": 1})
    with pytest.raises(httpx.RemoteProtocolError):
        send(waba)
    assert send(waba).status_code == 200
    assert sent(waba) == ["hello", "hello"]


@pytest.mark.parametrize(("after", "messages"), [(False, []), (True, ["hello"])])
def test_hang(waba: Waba, after: bool, messages: list[str]) -> None:
    """A client with a timeout gets none of it; whether the message was sent depends on the fault."""
    waba.faults.add("hang", seconds=30, after_effect=after)
    with pytest.raises(httpx.ReadTimeout):
        send(waba, timeout=IMPATIENCE)
    assert sent(waba) == messages


def test_hang_that_ends(waba: Waba) -> None:
    """A patient client sees the connection close in the end."""
    waba.faults.add("hang", seconds=0.05)
    with pytest.raises(httpx.RemoteProtocolError):
        send(waba)


@pytest.mark.parametrize("after", [False, True])
def test_latency(waba: Waba, after: bool) -> None:
    """The call takes longer by so many real seconds, and is answered as ever."""
    waba.faults.add("latency", seconds=0.1, after_effect=after)
    began = time.monotonic()
    assert send(waba).status_code == 200
    assert time.monotonic() - began >= 0.1


def test_latency_beyond_the_timeout(waba: Waba) -> None:
    """A call that a client gave up on takes effect all the same."""
    waba.faults.add("latency", seconds=0.3)
    with pytest.raises(httpx.ReadTimeout):
        send(waba, timeout=IMPATIENCE)
    until = time.monotonic() + 5
    while not sent(waba) and time.monotonic() < until:
        pass
    assert sent(waba) == ["hello"]


@pytest.mark.parametrize("status", [500, 502, 503, 504])
@pytest.mark.parametrize("body", ["graph", "html", "empty"])
def test_http_error(waba: Waba, status: int, body: str) -> None:
    """Another status with another body; the message was not sent."""
    waba.faults.add("http_error", status=status, body=body)
    answer = send(waba)
    assert answer.status_code == status
    if body == "graph":
        assert answer.json()["error"]["code"] == (1 if status == 500 else 2)
    else:
        assert "json" not in answer.headers["content-type"]
        assert bool(answer.content) == (body == "html")
    assert sent(waba) == []


def test_http_error_after_the_effect(waba: Waba) -> None:
    """An answer of 500 does not mean that nothing was sent."""
    waba.faults.add("http_error", status=500, after_effect=True)
    assert send(waba).status_code == 500
    assert sent(waba) == ["hello"]


def test_first_then_success(waba: Waba) -> None:
    """Who tries each send three times gets two failures and one success for each, whatever the order."""
    waba.faults.add("http_error", status=503, when={"first": 2})
    tries = ["a", "b", "a", "a", "b", "b"]
    assert [send(waba, text).status_code for text in tries] == [503, 503, 503, 200, 503, 200]
    assert sent(waba) == ["a", "b"]


@pytest.mark.parametrize(
    ("code", "subcode", "status"), [(131056, None, 400), (130429, None, 400), (2, None, 503), (190, 463, 401)]
)
def test_error(waba: Waba, code: int, subcode: int | None, status: int) -> None:
    """Graph refuses with Meta's own body of that code, without placeholders, and says why beside it."""
    given = {} if subcode is None else {"subcode": subcode}
    waba.faults.add("error", code=code, **given)
    answer = send(waba)
    error = answer.json()["error"]
    assert (answer.status_code, error["code"], error.get("error_subcode")) == (status, code, subcode)
    assert "{" not in error["message"]
    assert "fault-1 (error)" in answer.headers["x-localwaba-why"]
    assert sent(waba) == []


def test_error_with_details(waba: Waba) -> None:
    """The details of a refusal are the fault's, if it has some."""
    waba.faults.add("error", code=131056, details="not so fast")
    assert send(waba).json()["error"]["error_data"]["details"] == "not so fast"


def test_slow_body(waba: Waba) -> None:
    """The answer begins at once and ends late; a client that waits for each byte only never times out."""
    waba.faults.add("slow_body", seconds=0.3)
    began = time.monotonic()
    assert send(waba, timeout=IMPATIENCE).json()["messages"]
    assert time.monotonic() - began >= 0.3


def test_truncated_body(waba: Waba) -> None:
    """The connection closes before the announced length is there; the message was sent."""
    waba.faults.add("truncated_body")
    with pytest.raises(httpx.RemoteProtocolError, match="peer closed"):
        send(waba)
    assert sent(waba) == ["hello"]


def test_wrong_content_type(waba: Waba) -> None:
    """A right body under a wrong type."""
    waba.faults.add("wrong_content_type", content_type="text/plain")
    answer = send(waba)
    assert answer.headers["content-type"] == "text/plain"
    assert answer.json()["messages"]


def test_status_before_answer(waba: Waba, sink: Sink) -> None:
    """When the answer is there, the app has been told `sent` already."""
    waba.faults.add("status_before_answer")
    message_id = send(waba).json()["messages"][0]["id"]
    assert sink.statuses() == ["sent"]
    waba.advance(seconds=10)
    assert sink.statuses() == ["sent", "delivered", "read"]
    assert [data["kind"] for data in fired(waba)] == ["status_before_answer"]
    assert waba.messages(direction="outbound")[0]["id"] == message_id


def test_status_before_answer_from_within_a_webhook(waba: Waba, sink: Sink) -> None:
    """An app that sends while it still handles the user's webhook is told of the status before its send is answered."""
    told: list[list[str]] = []

    def react(body: bytes) -> None:
        if b'"messages":[' in body:
            send(waba)
            told.append(sink.statuses())

    sink.react = react
    waba.faults.add("status_before_answer")
    waba.user(wa_id=USER).sends("again")
    assert told == [["sent"]]


def test_drop_is_in_the_journal(waba: Waba) -> None:
    """A call without an answer is a call with status 0, and says which fault did it."""
    waba.faults.add("drop_after", id="gone")
    with pytest.raises(httpx.RemoteProtocolError):
        send(waba)
    call = waba.calls[-1]
    assert (call.status, call.why) == (0, "[fault] gone (drop_after)")
    assert [(data["fault_id"], data["hit"]) for data in fired(waba)] == [
        ("gone", f"POST /{waba.phone_number_id}/messages")
    ]


def test_what_was_ordered_is_not_the_apps_mistake(waba: Waba) -> None:
    """Refusals and failures that a fault ordered do not count as unexpected."""
    waba.faults.add("error", code=130429, when={"next": 1})
    waba.faults.add("fail", code=131026)
    assert [send(waba).status_code for _ in range(2)] == [400, 200]
    assert [message["status"] for message in waba.messages(direction="outbound")] == ["failed"]
    assert (waba.unexpected_refusals, waba.unexpected_failures) == ([], [])


@pytest.mark.parametrize(
    ("match", "hits"),
    [
        ({}, True),
        ({"operation": "send_message"}, True),
        ({"operation": "upload_media"}, False),
        ({"endpoint": "messages"}, True),
        ({"endpoint": ["media", "messages"], "method": "post"}, True),
        ({"method": "GET"}, False),
        ({"recipient": "+1 (650) 555-1234"}, True),
        ({"recipient": "16505550000"}, False),
        ({"type": "text"}, True),
        ({"type": "image"}, False),
        ({"template": "hello_world"}, False),
    ],
)
def test_match(waba: Waba, match: dict[str, Any], hits: bool) -> None:
    """A fault hits what it matches, a recipient in any dialled form, and nothing else."""
    waba.faults.add("http_error", match=match)
    assert (send(waba).status_code == 503) == hits
    assert waba.faults.list()[0]["fired"] == hits


def test_match_by_template_and_number(waba: Waba) -> None:
    """Templates are matched by name, numbers by id."""
    waba.faults.add("http_error", match={"template": "hello_world", "phone_number_id": waba.phone_number_id})
    body = {"messaging_product": "whatsapp", "to": USER, "type": "template"}
    body["template"] = {"name": "hello_world", "language": {"code": "en_US"}}
    assert waba.link.graph("POST", f"/v26.0/{waba.phone_number_id}/messages", body).status == 503


def test_match_by_user_id(waba: Waba) -> None:
    """A fault for a business-scoped id hits sends to that user's number."""
    user = waba.user(wa_id=USER)
    waba.faults.add("http_error", match={"recipient": user.user_id})
    assert send(waba).status_code == 503


def test_reading_is_a_call_of_its_own_type(waba: Waba) -> None:
    """Marking as read can be spared, or hit alone."""
    waba.faults.add("http_error", match={"type": "read", "recipient": USER})
    inbound = waba.messages(direction="inbound")[0]["id"]
    body = {"messaging_product": "whatsapp", "status": "read", "message_id": inbound}
    assert waba.link.graph("POST", f"/v26.0/{waba.phone_number_id}/messages", body).status == 503
    assert send(waba).status_code == 200


def test_faults_of_downloads(waba: Waba) -> None:
    """The second hop of media can fail, too."""
    waba.user(wa_id=USER).sends_image()
    media = waba.messages(direction="inbound", type="image")[0]["media_id"]
    url = waba.get(media)["url"]
    headers = {"Authorization": f"Bearer {waba.access_token}"}
    whole = httpx.get(url, headers=headers)
    waba.faults.add("http_error", status=502, match={"operation": "download_media"}, when={"next": 1})
    assert httpx.get(url, headers=headers).status_code == 502
    waba.faults.add("truncated_body", match={"operation": "download_media"}, when={"next": 1})
    with pytest.raises(httpx.RemoteProtocolError):
        httpx.get(url, headers=headers)
    assert httpx.get(url, headers=headers).content == whole.content
    assert [call.status for call in waba.calls if call.operation == "download_media"] == [200, 502, 200, 200]


def test_every_answer_says_that_faults_are_armed(waba: Waba) -> None:
    """While faults are armed, every answer says how many; what was hit says by which; afterwards none does."""
    waba.faults.add("http_error", when={"next": 1}, id="a")
    waba.faults.add("latency", seconds=0, match={"type": "image"}, id="b")
    first, second = send(waba), send(waba)
    assert (first.headers["x-localwaba-faults"], first.headers["x-localwaba-fault"]) == ("1 armed", "a (http_error)")
    assert (second.headers["x-localwaba-faults"], second.headers.get("x-localwaba-fault")) == ("1 armed", None)
    refused = waba.link.graph("GET", "/v26.0/1")
    assert (refused.status, refused.headers["x-localwaba-faults"]) == (400, "1 armed")
    assert waba.faults.clear() == ["b", "a"]
    assert "x-localwaba-faults" not in send(waba).headers


def test_reset_while_a_call_waits(waba: Waba) -> None:
    """A call that a fault holds up when the world is reset takes no effect in the new one."""
    waba.faults.add("latency", seconds=0.3)
    failures: list[Exception] = []

    def call() -> None:
        try:
            send(waba)
        except httpx.HTTPError as error:
            failures.append(error)

    thread = threading.Thread(target=call)
    thread.start()
    until = time.monotonic() + 5
    while not fired(waba) and time.monotonic() < until:
        pass
    waba.reset()
    thread.join(5)
    assert [type(error) for error in failures] == [httpx.RemoteProtocolError]
    assert sent(waba) == []


@pytest.mark.parametrize(
    ("kind", "new", "old"),
    [
        ("wrong_signature", False, False),
        ("missing_signature", None, None),
        ("old_signature_only", None, True),
        ("plain_bytes", True, True),
    ],
)
def test_signatures_on_the_wire(waba: Waba, sink: Sink, kind: str, new: bool | None, old: bool | None) -> None:
    """A webhook goes out with the signatures that its fault leaves: right, wrong, or none."""
    waba.faults.add(kind, when={"next": 1})
    waba.user(wa_id=USER).sends("caf\u00e9")
    waba.settle()
    headers, body = sink.got[-1]
    secret = waba.app_secret.encode()
    found = [headers.get(name) for name in ("X-Hub-Signature-256", "X-Hub-Signature")]
    assert [None if one is None else matches(one, secret, body) for one in found] == [new, old]
    assert ("caf\u00e9".encode() in body) == (kind == "plain_bytes")


def test_duplicates_and_losses_on_the_wire(waba: Waba, sink: Sink) -> None:
    """An app gets the same bytes twice, or nothing, as it was ordered."""
    waba.faults.preset("duplicate-delivery", match={"status": "sent"})
    waba.faults.add("drop_delivery", match={"status": "delivered"})
    send(waba)
    waba.advance(seconds=60)
    assert sorted(sink.statuses()) == ["read", "sent", "sent"]
    assert len({body for _, body in sink.got}) == 2


def test_reversed_on_the_wire(waba: Waba, sink: Sink) -> None:
    """The app is told of `read` first."""
    waba.faults.preset("statuses-reversed")
    send(waba)
    waba.advance(seconds=60)
    assert sink.statuses() == ["read", "delivered", "sent"]


def test_the_client(waba: Waba) -> None:
    """Faults are added, listed and cleared by a test in its own words."""
    user = waba.user(wa_id=USER)
    added = waba.faults.add("lose", when={"next": 1}, match={"recipient": user, "status": "read"}, id="mine")
    assert (added["id"], added["match"]) == (
        "mine",
        {"recipient": [USER], "status": ["read"], "direction": ["outbound"]},
    )
    assert [one["id"] for one in waba.faults.list()] == ["mine"]
    assert {one["kind"] for one in waba.faults.kinds()} >= {"latency", "lose"}
    assert {one["preset"] for one in waba.faults.presets()} >= {"statuses-reversed"}
    assert waba.faults.clear("mine") == ["mine"]
    assert waba.faults.list() == []


def test_the_command_line(waba: Waba, capsys: pytest.CaptureFixture[str]) -> None:
    """`localwaba faults` shows what is armed in a world, what there is, and who is not there."""
    asking = ["--url", waba.url, "--token", waba.access_token]
    assert (main(["faults", "armed", *asking]), capsys.readouterr().out) == (0, "no fault is armed\n")
    waba.faults.add("lose", id="mine", when={"next": 3}, match={"status": "read"})
    for words in (["armed"], ["list"], []):  # a list of an emulator that is named is what is armed in it
        assert main(["faults", *asking, *words]) == 0
        assert capsys.readouterr().out == (
            'mine  lose  {"next": 3}  {"status": ["read"], "direction": ["outbound"]}  fired 0 of 0, 3 left\n'
        )
    assert (main(["faults", "kinds"]), main(["faults", "presets"])) == (0, 0)
    shown = capsys.readouterr().out
    assert "status_before_answer" in shown
    assert "chatwoot/chatwoot#14529" in shown
    assert main(["faults", "armed", "--url", "http://127.0.0.1:9"]) == 2
    assert "no emulator answers" in capsys.readouterr().err


def test_a_preset_by_its_name(waba: Waba) -> None:
    """`faults.add` takes the name of a preset, with a rule and a match, and answers all of its faults."""
    found = waba.faults.add("statuses-shuffled-with-repeats", when={"next": 2}, match={"recipient": USER})
    assert found["preset"] == "statuses-shuffled-with-repeats"
    assert [(one["kind"], one["left"]) for one in found["faults"]] == [("duplicate", 2), ("reorder", 2)]
    assert [one["preset"] for one in waba.faults.list()] == ["statuses-shuffled-with-repeats"] * 2


def test_armed_from_the_start() -> None:
    """What is armed from the start is visible in every answer, does its work, and stays through a reset."""
    with Emulator(faults=["unavailable-then-success", "late-delivery"], clock_mode="frozen") as emulator:
        waba = emulator.world
        for _ in range(2):
            assert [one["preset"] for one in waba.faults.list()] == ["unavailable-then-success", "late-delivery"]
            body = {"messaging_product": "whatsapp", "to": USER, "type": "text", "text": {"body": "hi"}}
            path = f"{emulator.url}/v26.0/{waba.phone_number_id}/messages"
            headers = {"Authorization": f"Bearer {waba.access_token}"}
            answer = httpx.post(path, json=body, headers=headers, timeout=PATIENCE)
            assert (answer.status_code, answer.headers["x-localwaba-faults"]) == (503, "2 armed")
            waba.faults.add("drop")
            waba.reset()
        assert waba.faults.clear() == ["fault-1", "fault-2"]


def test_a_handshake_that_goes_wrong(waba: Waba) -> None:
    """A real app is asked with a wrong token first, then with the right one; too late is refused as by the platform."""
    sink = Sink()
    try:
        waba.faults.add("handshake-with-wrong-token")
        waba.webhook(sink.url)
        assert [fault["fired"] for fault in waba.faults.list()] == [1]
        waba.faults.add("handshake-too-slow")
        with pytest.raises(ControlError, match="Operation timed out after 6000 milliseconds"):
            waba.webhook(sink.url)
    finally:
        sink.close()


def test_another_url_gets_a_copy(waba: Waba) -> None:
    """With `copy_to` another app gets the same bytes, signed alike."""
    first, second = Sink(), Sink()
    try:
        waba.webhook(first.url)
        waba.faults.add("copy_to", url=second.url)
        waba.user(wa_id=USER).sends("hi")
        waba.settle()
        assert first.got == [({**headers, "Host": first.host}, body) for headers, body in second.got]
        assert len(first.got) == 1
    finally:
        first.close()
        second.close()
