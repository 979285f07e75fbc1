"""tail, webhooks and record: what somebody sees of a running emulator from another terminal."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from localwaba import Emulator, Waba
from localwaba.cli import main
from localwaba.client.following import entries_after
from localwaba_scenarios.loader import load

NOON = "1767268800"
ADA = "16505551234"


class Receiver(BaseHTTPRequestHandler):
    """An app that takes what comes; the server's `status` is its answer."""

    def do_GET(self) -> None:
        self._answer(200, parse_qs(urlsplit(self.path).query)["hub.challenge"][0].encode())

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["content-length"]))
        self._answer(self.server.status, b"thanks")  # type: ignore[attr-defined]

    def _answer(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def receiver() -> Iterator[Any]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Receiver) as server:
        server.status = 200  # type: ignore[attr-defined]
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def emulator() -> Iterator[Emulator]:
    with Emulator(clock_mode="frozen", clock_now=NOON) as made:
        yield made


@pytest.fixture
def world(emulator: Emulator) -> Waba:
    emulator.reset()
    emulator.world.user("Ada", wa_id=ADA)
    return emulator.world


def send(world: Waba, body: str, **more: Any) -> Any:
    message = {"messaging_product": "whatsapp", "to": ADA, "type": "text", "text": {"body": body}} | more
    return world.link.graph("POST", f"/v26.0/{world.phone_number_id}/messages", message)


def told(capsys: pytest.CaptureFixture[str], *words: str) -> list[str]:
    """What a command prints, blanks in a row made one."""
    assert main(words) == 0
    return [re.sub(r" +", " ", line).strip() for line in capsys.readouterr().out.splitlines()]


def test_tail_reads_like_a_chat(
    emulator: Emulator, world: Waba, receiver: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    """Messages of both sides, ticks, webhooks, refusals with their reason, and where time jumped, in order."""
    world.webhook(f"http://127.0.0.1:{receiver.server_port}/")
    world.user("Ada", wa_id=ADA).sends("Do you have a table?")
    send(world, "Yes!")
    world.advance(seconds=5)
    send(world, "Yes!", type="txt")
    world.advance(hours=25)
    send(world, "Are you still there?")
    world.settle()
    lines = told(capsys, "tail", "--url", emulator.url, "--all", "--no-follow")
    chat = [line for line in lines if " webhook " not in line]
    assert chat[0] == "12:00:00 Ada: Do you have a table?"
    assert chat[1] == "12:00:00 to Ada: Yes!"
    assert [re.sub(r"^[\d:]+ ", "", line) for line in chat[2:5]] == [
        "✓ sent Yes!",
        "✓✓ delivered Yes!",
        "✓✓ read Yes!",
    ]
    assert re.fullmatch(r"12:00:05 ✗ 400 POST /v26\.0/\d+/messages code 100 .*Param type must be one of.*", chat[5])
    assert chat[6].endswith("did you mean TEXT?")
    assert chat[7] == "── Fri 02 Jan 13:00 ──"
    assert chat[8] == "13:00:05 to Ada: Are you still there?"
    assert chat[9] == "13:00:05 ✗ failed with 131047: Are you still there?"
    assert "the 24-hour window closed" in chat[10]
    webhooks = [re.sub(r"\d+ ms", "… ms", line) for line in lines if " webhook " in line]
    assert webhooks[0] == "12:00:00 webhook messages text 200 … ms"
    assert [line.split()[3] for line in webhooks] == ["text", "sent", "delivered", "read", "failed"]


def test_tail_is_narrowed_down(emulator: Emulator, world: Waba, capsys: pytest.CaptureFixture[str]) -> None:
    """`--user` and `--only` leave out what has to do with others."""
    world.user("Bo", wa_id="16505550000").sends("I am Bo")
    world.user("Ada", wa_id=ADA).sends("I am Ada")
    send(world, "Hello", type="txt")
    everything = ("tail", "--url", emulator.url, "--all", "--no-follow")
    assert [line[9:] for line in told(capsys, *everything, "--only", "chat")] == ["Bo: I am Bo", "Ada: I am Ada"]
    assert [line[9:] for line in told(capsys, *everything, "--only", "chat", "--user", ADA)] == ["Ada: I am Ada"]
    assert all("I am" not in line for line in told(capsys, *everything, "--only", "calls"))


def test_tail_as_json(emulator: Emulator, world: Waba, capsys: pytest.CaptureFixture[str]) -> None:
    """`--json` prints the journal as it is, an entry a line."""
    world.user("Ada", wa_id=ADA).sends("hi")
    lines = told(capsys, "tail", "--url", emulator.url, "--all", "--no-follow", "--json")
    assert [json.loads(line) for line in lines] == world.link.call("GET", "journal")["entries"]


def test_a_long_journal(emulator: Emulator, world: Waba, monkeypatch: pytest.MonkeyPatch) -> None:
    """A journal of several pages is read to its end, once, whether the last page is full or not."""
    world.user("Ada", wa_id=ADA).sends("hi")
    everything = world.link.call("GET", "journal")["entries"]
    for size in (1, 2, len(everything), len(everything) + 1):
        monkeypatch.setattr("localwaba.client.following._PAGE", size)
        assert list(entries_after(world.link)) == everything
        assert list(entries_after(world.link, 2)) == everything[2:]


def test_a_failing_app_is_seen(
    emulator: Emulator, world: Waba, receiver: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    """A webhook that is not taken is told with the answer and when it is tried again."""
    world.webhook(f"http://127.0.0.1:{receiver.server_port}/")
    receiver.status = 500
    world.user("Ada", wa_id=ADA).sends("hi")
    (*_, line) = told(capsys, "tail", "--url", emulator.url, "--all", "--no-follow", "--only", "webhooks")
    assert re.fullmatch(r"12:00:00 webhook messages text 500 \d+ ms; again in \d+ s", line)


def test_tail_follows() -> None:
    """What happens is printed as it happens, until the emulator ends; then tail ends with 0."""
    with Emulator(clock_mode="frozen", clock_now=NOON) as emulator:
        ada = emulator.world.user("Ada", wa_id=ADA)
        ada.sends("before")
        command = [sys.executable, "-m", "localwaba", "tail", "--url", emulator.url, "--only", "chat"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, encoding="utf-8") as process:
            assert process.stdout is not None
            assert process.stdout.readline() == "12:00:00  Ada: before\n"
            ada.sends("after")
            assert process.stdout.readline() == "12:00:00  Ada: after\n"
            emulator.stop()
            assert process.stdout.read() == ""
            assert process.wait(30) == 0


def test_webhooks_are_listed(
    emulator: Emulator, world: Waba, receiver: Any, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The list has a row for each delivery; one in full has headers, exact bytes, tries and the app's answer."""
    monkeypatch.setenv("COLUMNS", "120")
    assert told(capsys, "webhooks", "--url", emulator.url) == ["no webhook yet"]
    world.webhook(f"http://127.0.0.1:{receiver.server_port}/")
    world.user("Ada", wa_id=ADA).sends("h\u00e9llo")
    (one,) = world.deliveries(field="messages")
    lines = told(capsys, "webhooks", "--url", emulator.url)
    assert any(line.startswith(f"{one['id']} 12:00:00 messages text delivered 1 200") for line in lines)
    full = "\n".join(told(capsys, "webhooks", one["id"], "--url", emulator.url))
    assert "X-Hub-Signature-256: sha256=" in full
    assert r"h\u00e9llo" in full
    assert re.search(r"try 1 12:00:00 200 \d+ ms\nthanks", full)


def test_webhook_once_more(emulator: Emulator, world: Waba, receiver: Any, capsys: pytest.CaptureFixture[str]) -> None:
    """`--redeliver` sends it again and shows both tries; `--curl` prints a command with the exact bytes."""
    world.webhook(f"http://127.0.0.1:{receiver.server_port}/")
    world.user("Ada", wa_id=ADA).sends("hi")
    (one,) = world.deliveries(field="messages")
    full = "\n".join(told(capsys, "webhooks", one["id"], "--redeliver", "--url", emulator.url))
    assert "try 2 12:00:00 200" in full
    command = "\n".join(told(capsys, "webhooks", one["id"], "--curl", "--url", emulator.url))
    assert command.startswith("curl -X POST http://127.0.0.1:")
    assert "--data-binary" in command


def test_record(emulator: Emulator, world: Waba, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What happened so far becomes a scenario file that loads, with what users and the app did as steps."""
    world.user("Ada", wa_id=ADA).sends("Do you have a table?")
    send(world, "Yes!")
    world.advance(hours=25)
    file = tmp_path / "a_table.yaml"
    assert main(["record", str(file), "--so-far", "--url", emulator.url]) == 0
    assert "a_table.yaml: 3 steps; play it: localwaba run" in capsys.readouterr().err
    text = file.read_text("utf-8")
    assert "name: a table\n" in text
    assert '- ada says: "Do you have a table?"' in text
    assert "- app replies to ada: Yes!" in text
    assert "- 1 day 1 hour pass" in text
    assert load(file)[0].name == "a table"
    assert main(["record", str(file), "--so-far", "--url", emulator.url]) == 2
    assert capsys.readouterr().err == f"localwaba: record: {file} is there already: give another name, or --force\n"


def test_record_before_anything_happened(
    emulator: Emulator, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A world in which nothing has happened is a scenario that can be played, too."""
    emulator.reset()
    file = tmp_path / "nothing.yaml"
    assert main(["record", str(file), "--so-far", "--url", emulator.url]) == 0
    assert "nothing.yaml: 1 step; play it" in capsys.readouterr().err
    assert [step.sentence for step in load(file)[0].steps] == ["1 second passes"]


def test_record_into_a_folder_that_is_not_there(
    emulator: Emulator, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """That the file cannot be written is said before the session, not after it."""
    folder = tmp_path / "away"
    assert main(["record", str(folder / "x.yaml"), "--url", emulator.url]) == 2
    assert capsys.readouterr().err == f"localwaba: record: there is no folder {folder}\n"


def test_record_keeps_files(emulator: Emulator, world: Waba, tmp_path: Path) -> None:
    """What a user has sent is kept in a folder named after the scenario, and sent from there."""
    world.user("Ada", wa_id=ADA).sends_document(b"%PDF-1.4 a menu")
    file = tmp_path / "a_menu.yaml"
    assert main(["record", str(file), "--so-far", "--url", emulator.url]) == 0
    assert '- ada sends document: {file: "a_menu/document_1.pdf"' in file.read_text("utf-8")
    assert (tmp_path / "a_menu" / "document_1.pdf").read_bytes() == b"%PDF-1.4 a menu"


def test_record_a_live_session(tmp_path: Path) -> None:
    """A recording begins when it says so and is written when it is ended, with only what happened meanwhile."""
    file = tmp_path / "live.yaml"
    with Emulator(clock_mode="frozen", clock_now=NOON) as emulator:
        ada = emulator.world.user("Ada", wa_id=ADA)
        ada.sends("before")
        command = [sys.executable, "-m", "localwaba", "record", str(file), "--url", emulator.url]
        with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
            assert process.stderr is not None
            assert process.stderr.readline().startswith(f"recording what happens at {emulator.url}; Ctrl-C ends it")
            ada.sends("meanwhile")
            process.send_signal(signal.SIGTERM)
            assert process.wait(30) == 0
    text = file.read_text("utf-8")
    assert "meanwhile" in text
    assert "before" not in text


MISTAKES = {
    ("tail", "--url", "http://127.0.0.1:9"): "localwaba: tail: no emulator answers at http://127.0.0.1:9: ",
    ("tail", "--url", "ftp://x"): "localwaba: tail: an emulator's URL is http://host:port, not 'ftp://x'\n",
    ("tail", "--only", "chats"): "localwaba: argument --only: invalid choice: 'chats'",
    ("webhooks", "--url", "http://127.0.0.1:9"): "localwaba: webhooks: no emulator answers at http://127.0.0.1:9: ",
    ("webhooks", "--curl"): "localwaba: webhooks: --curl needs the id of a webhook: localwaba webhooks lists them\n",
    ("record", "x.yaml", "--url", "http://127.0.0.1:9"): "localwaba: record: no emulator answers at ",
    ("record",): "localwaba: the following arguments are required: FILE",
}


@pytest.mark.parametrize("words", MISTAKES, ids=" ".join)
def test_mistakes(
    words: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whatever is typed wrongly is one clear line and status 2."""
    monkeypatch.chdir(tmp_path)
    assert main(words) == 2
    error = capsys.readouterr().err
    assert error.startswith(MISTAKES[words])
    assert error.count("\n") == 1
    assert not list(tmp_path.iterdir())


def test_unknown_webhook(emulator: Emulator, world: Waba, capsys: pytest.CaptureFixture[str]) -> None:
    """An id that is none is named, with where to find one."""
    assert main(["webhooks", "42", "--url", emulator.url]) == 2
    assert "there is no webhook '42'" in capsys.readouterr().err
