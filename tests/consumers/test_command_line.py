"""The command line as processes: what serve, exec and demo print, and with which status they end."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from urllib.parse import parse_qs, urlsplit
from urllib.request import Request, urlopen

import pytest

COMMAND = [sys.executable, "-m", "localwaba"]


@pytest.fixture(autouse=True)
def alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No settings of somebody else: neither variables nor a localwaba.toml."""
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith("LOCALWABA_")]:
        monkeypatch.delenv(name)


@contextmanager
def serving(*words: str, **environ: str) -> Iterator[tuple[subprocess.Popen[str], list[str]]]:
    """A running `localwaba serve` and the lines that it has printed until `Ready.`."""
    command = [*COMMAND, "serve", "--port", "0", *words]
    with subprocess.Popen(
        command, env=os.environ | environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        lines: list[str] = []
        for line in process.stdout:
            lines.append(line.rstrip("\n"))
            if line.startswith("Ready."):
                break
        try:
            yield process, lines
        finally:
            if process.poll() is None:
                process.kill()


def variables(lines: list[str]) -> dict[str, str]:
    found = (line.removeprefix("export ").partition("=") for line in lines if line.startswith("export "))
    return {name: value for name, _, value in found}


def run(*words: str, **environ: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, *words], env=os.environ | environ, capture_output=True, text=True, timeout=60, check=False
    )


@contextmanager
def webhook(echo: bool) -> Iterator[str]:
    """An app on this machine that passes the handshake, or does not."""

    class App(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            challenge = parse_qs(urlsplit(self.path).query)["hub.challenge"][0]
            self.send_response(200 if echo else 403)
            self.end_headers()
            self.wfile.write(challenge.encode() if echo else b"no")

        def log_message(self, format: str, *args: object) -> None:
            return

    with HTTPServer(("127.0.0.1", 0), App) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/webhook"
        server.shutdown()
        thread.join()


def test_serve_is_ready_when_it_says_so() -> None:
    """Exactly one line begins with `Ready.`; then it answers, and the printed token is the right one."""
    with serving() as (process, lines):
        printed = variables(lines)
        url = printed["GRAPH_URL"]
        world = json.load(urlopen(f"{url}/_localwaba/world", timeout=30))
        sent = Request(f"{url}/v26.0/{printed['PHONE_NUMBER_ID']}")
        sent.add_header("Authorization", f"Bearer {printed['WHATSAPP_TOKEN']}")
        assert json.load(urlopen(sent, timeout=30))["id"] == printed["PHONE_NUMBER_ID"]
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=10)
    assert len([line for line in lines + out.splitlines() if line.startswith("Ready.")]) == 1
    assert (world["app_secret"], world["verify_token"]) == (printed["APP_SECRET"], printed["VERIFY_TOKEN"])
    assert (process.returncode, err) == (0, "")


def test_serve_is_light() -> None:
    """What `serve` does not need is not imported before it is ready: the first answer comes in half a second."""
    heavy = ["rich", "faker", "httpx", "aiohttp", "phonenumbers", "jsonschema", "yaml", "typer", "pytest", "hypothesis"]
    code = f"import localwaba.cli.serving, sys; print([name for name in {heavy} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.stdout == "[]\n"


def test_serve_ends_when_it_is_terminated() -> None:
    """SIGTERM ends it as well as Ctrl-C does: status 0, no traceback."""
    with serving() as (process, _):
        process.terminate()
        _, err = process.communicate(timeout=10)
    assert (process.returncode, err) == (0, "")


@pytest.mark.parametrize(("words", "expected"), [([], 2), (["--quiet"], 0)])
def test_refusals_are_told(words: list[str], expected: int) -> None:
    """A refusal is one line with status, path, code, reason and fix, at once or later; with --quiet there is none."""
    with serving(*words) as (process, lines):
        printed = variables(lines)
        world = f"{printed['GRAPH_URL']}/v26.0/{printed['PHONE_NUMBER_ID']}/messages"
        for body in ({"type": "text", "text": {"body": "x" * 5000}}, {"type": "text", "text": {"body": "hello"}}):
            raw = json.dumps({"messaging_product": "whatsapp", "to": "12025550147"} | body).encode()
            headers = {"Authorization": f"Bearer {printed['WHATSAPP_TOKEN']}", "Content-Type": "application/json"}
            try:
                urlopen(Request(world, raw, headers), timeout=30).read()
            except OSError as refused:
                refused.close()  # type: ignore[attr-defined]
        urlopen(Request(f"{printed['GRAPH_URL']}/_localwaba/settle", b"{}"), timeout=30).read()
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=10)
    told = err.splitlines()
    assert expected == len(told)
    if told:
        assert f" 400 POST /v26.0/{printed['PHONE_NUMBER_ID']}/messages  100 " in told[0]
        assert " to 12025550147  131047  [24-hour window] " in told[1]
        assert "Fix: send an approved template" in told[1]


def test_a_taken_port() -> None:
    """A port that is in use is one line and status 2."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        sock.listen()
        port = sock.getsockname()[1]
        done = run("serve", "--port", str(port))
    assert done.returncode == 2
    assert done.stderr.startswith(f"localwaba: cannot listen on 127.0.0.1:{port}: ")
    assert done.stderr.count("\n") == 1


def test_a_webhook_that_fails_its_handshake() -> None:
    """A webhook that does not echo the challenge is one line and status 2: it is never said to be ready."""
    with webhook(echo=False) as url:
        done = run("serve", "--port", "0", "--webhook-url", url)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"localwaba: the webhook {url} failed its handshake: ")
    assert done.stderr.count("\n") == 1


def listen_to_interrupts() -> None:
    """A shell's background job ignores Ctrl-C, and so would everything that it starts."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def test_interrupted_during_the_handshake() -> None:
    """Ctrl-C while an app keeps the handshake waiting ends it at once, without a traceback."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        sock.listen()
        url = f"http://127.0.0.1:{sock.getsockname()[1]}/webhook"
        command = [*COMMAND, "serve", "--port", "0", "--webhook-url", url]
        with subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, preexec_fn=listen_to_interrupts
        ) as process:
            asking, _ = sock.accept()
            with asking:
                process.send_signal(signal.SIGINT)
                out, err = process.communicate(timeout=15)
    assert (process.returncode, out, err) == (130, "", "")


def test_a_webhook_that_passes_it() -> None:
    """A webhook that echoes the challenge is subscribed before `Ready.`."""
    with webhook(echo=True) as url, serving("--webhook-url", url, "--verify-token", "v") as (_, lines):
        world = json.load(urlopen(f"{variables(lines)['GRAPH_URL']}/_localwaba/world", timeout=30))
        assert f"  webhook   {url} (verified)" in lines
        assert (url, "v") == (world["webhook"]["url"], world["verify_token"])


def test_settings_reach_the_world() -> None:
    """Seed, clock, knobs and secret of the settings are those of the world that is served."""
    words = ["--clock-mode", "frozen", "--clock-now", "2026-01-31T12:00:00Z", "--policy", "read_after=null"]
    with serving(*words, "--seed", "7", LOCALWABA_APP_SECRET="s3cret") as (_, lines):
        world = json.load(urlopen(f"{variables(lines)['GRAPH_URL']}/_localwaba/world", timeout=30))
    seen = (
        world["seed"],
        world["clock"]["mode"],
        world["clock"]["now"],
        world["policy"]["read_after"],
        world["app_secret"],
    )
    assert seen == (7, "frozen", 1_769_860_800.0, None, "s3cret")


@pytest.mark.parametrize(
    ("code", "expected"), [("raise SystemExit(7)", 7), ("import os; os.kill(os.getpid(), 15)", 143)]
)
def test_exec_keeps_the_status(code: str, expected: int) -> None:
    """`exec` ends as the program ended; a signal is told as a shell tells it."""
    assert expected == run("exec", "--", sys.executable, "-c", code).returncode


PATIENT = """
import signal, sys
def told(number, frame):
    print("told", signal.Signals(number).name, flush=True)
    sys.exit(9)
for name in ("SIGINT", "SIGTERM", "SIGHUP"):
    signal.signal(getattr(signal, name), told)
print("up", flush=True)
while True:
    signal.pause()
"""


HEARING = """
import os, signal, sys
for name in ("SIGINT", "SIGTERM", "SIGHUP"):
    signal.signal(getattr(signal, name), signal.SIG_DFL)
os.execv(sys.argv[1], sys.argv[1:])
"""
"""Starts a program that hears signals, also where the tests themselves run in the background and ignore some."""


@contextmanager
def executing(code: str) -> Iterator[subprocess.Popen[str]]:
    """`localwaba exec` of a program that has said that it is up, away from any terminal."""
    command = [sys.executable, "-c", HEARING, *COMMAND, "exec", "--", sys.executable, "-c", code]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, start_new_session=True) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "up\n"
            yield process
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_exec_passes_signals_on(name: str) -> None:
    """A signal that ends `exec` reaches the program, which decides what comes of it; its status is kept."""
    with executing(PATIENT) as process:
        process.send_signal(getattr(signal, name))
        assert process.stdout is not None
        assert (process.stdout.read(), process.wait(60)) == (f"told {name}\n", 9)


@pytest.mark.parametrize(("name", "status"), [("SIGINT", 130), ("SIGTERM", 143), ("SIGHUP", 129)])
def test_exec_of_a_program_that_a_signal_ends(name: str, status: int) -> None:
    """A program that leaves signals alone is ended by them; the status is 128 and the signal's number."""
    code = "import signal; signal.signal(2, signal.SIG_DFL); print('up', flush=True); signal.pause()"
    with executing(code) as process:
        process.send_signal(getattr(signal, name))
        assert process.wait(60) == status


@pytest.mark.parametrize(("first", "told"), [("", 1), ("os.setsid()", 0)])
def test_ctrl_c_comes_once(first: str, told: int) -> None:
    """In a terminal, Ctrl-C goes to the programs of its group: exec does not tell its own once more."""
    code = f"import signal, os, sys\n{first}\nsignal.signal(2, lambda *_: os.write(1, b'told;'))\n"
    code += "os.write(1, b'up;')\nfor n in range(30): sys.stdin.readline(), os.write(1, b'line%d;' % n)\nsys.exit(9)"
    terminal = "import os, pty, sys; sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:])))"
    command = [sys.executable, "-c", terminal, *COMMAND, "exec", "--", sys.executable, "-c", code]
    answers = [b"told;" if told else b"^C", *(b"line%d;" % number for number in range(29))]  # time to be told again
    seen = b""
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        for wait_for, typed in zip([b"up;", *answers], [b"\x03", *[b"\n"] * 30], strict=True):
            while wait_for not in seen:
                more = process.stdout.read(1000)
                assert more, seen
                seen += more
            process.stdin.write(typed)
        seen += process.stdout.read()
        assert process.wait(60) == 9
    assert seen.count(b"told;") == told


def test_exec_beside_a_proxy() -> None:
    """A proxy of the machine is not asked for the emulator, whatever else it is not asked for."""
    code = "import os; print(os.environ['NO_PROXY'])"
    done = run("exec", "--", sys.executable, "-c", code, NO_PROXY="example.com", HTTP_PROXY="http://127.0.0.1:9")
    assert done.stdout == "example.com,127.0.0.1,localhost\n"


def test_exec_on_a_port_that_is_taken() -> None:
    """A port that somebody else has is one line and status 2; the program does not run."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        done = run("exec", "--port", str(port), "--", sys.executable, "-c", "print('ran')")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        f"localwaba: cannot listen on 127.0.0.1:{port}: Address already in use; choose another with --port\n"
    )


def test_exec_without_the_app() -> None:
    """A webhook that nobody answers is one line that says what to look at, and what to do if COMMAND is the app."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
    done = run("exec", "--webhook-url", f"http://127.0.0.1:{port}/hook", "--", sys.executable, "-c", "print('ran')")
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    assert done.stderr.endswith(
        "Is the app running, and does it echo hub.challenge for the verify token localwaba-verify-token? "
        "An app that COMMAND starts is subscribed by COMMAND: PUT $LOCALWABA_URL/_localwaba/webhook\n"
    )


def test_exec_sets_the_environment() -> None:
    """The program finds the emulator in its environment and can use it."""
    code = "import os, urllib.request as u; print(u.urlopen(os.environ['LOCALWABA_URL'] + '/_localwaba/health').status)"
    done = run("exec", "--", sys.executable, "-c", code, LOCALWABA_PORT="1")
    assert (done.returncode, done.stdout, done.stderr) == (0, "200\n", "")


def test_exec_of_a_program_that_cannot_be_run(tmp_path: Path) -> None:
    """What is no program is status 126, as in a shell, and one line."""
    done = run("exec", "--", str(tmp_path))
    assert (done.returncode, done.stderr) == (126, f"localwaba: exec: {tmp_path}: this is a folder\n")
    (tmp_path / "notes").write_text("nothing to run")
    for mode, why in (
        (0o600, "Permission denied"),
        (0o700, "this is no program, and its first line does not name what reads it, as #!/bin/sh does"),
    ):
        (tmp_path / "notes").chmod(mode)
        done = run("exec", "--", str(tmp_path / "notes"))
        assert (done.returncode, done.stderr) == (126, f"localwaba: exec: {tmp_path / 'notes'}: {why}\n")


def test_exec_of_a_program_that_is_not_there() -> None:
    """A program that does not exist is status 127, as in a shell, and one line."""
    done = run("exec", "--", "no-such-program")
    assert (done.returncode, done.stderr) == (127, "localwaba: exec: there is no program no-such-program\n")
    done = run("exec", "--", "no-such-program -q")
    assert (done.returncode, done.stderr) == (
        127,
        "localwaba: exec: there is no program 'no-such-program -q'; a command of several words is not quoted: "
        "localwaba exec -- no-such-program -q\n",
    )


@pytest.mark.skipif(os.name != "posix", reason="first lines that name a program")
@pytest.mark.parametrize(("end", "why"), [("\n", ""), ("\r\n", ", and its lines end as on Windows")])
def test_exec_of_a_script_that_nobody_reads(tmp_path: Path, end: str, why: str) -> None:
    """A script is there, but not what its first line names: that is told, and why it may be so."""
    script = tmp_path / "tests.sh"
    script.write_text(f"#!/no/such/shell{end}true{end}", newline="")
    script.chmod(0o700)
    done = run("exec", "--", str(script))
    told = f"{script} is there, but not what its first line names: #!/no/such/shell{why}"
    assert (done.returncode, done.stderr) == (127, f"localwaba: exec: {told}\n")


@pytest.mark.parametrize("words", [["list"], ["show", "text"], ["openapi"]], ids=" ".join)
def test_the_reader_has_gone(words: list[str]) -> None:
    """What is piped into a program that reads only the beginning, as `head` does, ends without a word."""
    reader, writer = os.pipe()
    os.close(reader)
    with open(writer, "wb") as stdout:
        command = [*COMMAND, "contracts", *words]
        done = subprocess.run(command, stdout=stdout, stderr=subprocess.PIPE, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_demo() -> None:
    """The demo proves every step that it shows; without a terminal it prints no colour, in 80 columns."""
    done = run("demo", COLUMNS="80")
    assert done.returncode == 0, done.stdout
    assert "131047" in done.stdout
    assert "\x1b" not in done.stdout
    assert max(len(line) for line in done.stdout.splitlines()) <= 80
    assert done.stderr == ""


def test_demo_of_a_bot_that_does_not_start() -> None:
    """A demo in which something is missing ends with status 1 and says what."""
    done = run("demo", LOG_LEVEL="no such level")
    assert done.returncode == 1
    assert "Missing: the bot starts." in done.stdout
