"""`localwaba demo`: the emulator, the sample bot in a process of its own, and the story of the two."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager

import httpx

from localwaba.cli.environment import environment
from localwaba.cli.platform import Platform, Unexpected
from localwaba.cli.render import Check, Stage
from localwaba.cli.story import JOBS_TOKEN, Story
from localwaba.runtime.server import ServerThread
from localwaba.runtime.settings import Settings
from localwaba.samples.bot import draw
from localwaba.version import __version__

_START = 1_767_603_600.0
"""Monday 5 January 2026, 09:00 UTC: the same every time, as everything else in the demo."""
_PAUSE = 0.15
_POLL = 0.02
_PATIENCE = 750


def demonstrate(*, seed: int = 0, pause: bool = True) -> int:
    """Plays the demo; 0 only if everything that it shows has really happened."""
    stage = Stage(pause=_PAUSE if pause else 0.0)
    server = ServerThread(Settings(port=0, seed=seed, clock_mode="frozen", clock_now=_START))
    running = server.start()
    try:
        stage.title(
            f"localwaba {__version__}: the WhatsApp Business Platform on {running.url}",
            "A sample bot in its own process, a synthetic customer, a clock to move.",
        )
        checks = _play(stage, running.url)
    finally:
        server.stop()
    missing = [check.what for check in checks if not check.happened]
    closing = "Everything above really happened. Now your own app: localwaba serve"
    stage.summary(checks, f"Missing: {', '.join(missing)}." if missing else closing)
    return 1 if missing else 0


def _play(stage: Stage, url: str) -> list[Check]:
    platform = Platform(url)
    try:
        with _bot(environment(platform.world)) as (bot_url, log):
            checks = Story(platform, stage, bot_url, draw()).play()
            if not all(check.happened for check in checks):
                stage.note(f"the bot's log ends: {log()}")
            return checks
    except (Unexpected, httpx.HTTPError) as error:
        return [Check("the bot starts", False, str(error))]
    finally:
        platform.close()


@contextmanager
def _bot(variables: dict[str, str]) -> Generator[tuple[str, Callable[[], str]], None, None]:
    """The sample bot as a process of its own, once it answers; its URL, and the end of its log."""
    port = _free_port()
    environ = os.environ | variables | {"PORT": str(port), "HOST": "127.0.0.1", "JOBS_TOKEN": JOBS_TOKEN}
    environ |= {"NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1", "PYTHONUNBUFFERED": "1"}
    with tempfile.TemporaryFile() as log:
        command = [sys.executable, "-m", "localwaba.samples.bot"]
        process = subprocess.Popen(command, env=environ, stdin=subprocess.DEVNULL, stdout=log, stderr=log)

        def tail() -> str:
            log.seek(0)
            return log.read().decode(errors="replace").strip().rpartition("\n")[2] or "(empty)"

        try:
            _await_answer(process, port, tail)
            yield f"http://127.0.0.1:{port}", tail
        finally:
            process.terminate()
            try:
                process.wait(5)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _await_answer(process: subprocess.Popen[bytes], port: int, tail: Callable[[], str]) -> None:
    for _ in range(_PATIENCE):
        if process.poll() is not None:
            raise Unexpected(f"the bot ended with status {process.returncode}: {tail()}")
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(_POLL)
        else:
            return
    raise Unexpected(f"the bot did not listen on port {port}: {tail()}")


def _free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port: int = sock.getsockname()[1]
        return port
