"""The app under test: waited for, or started as a process of its own and ended afterwards."""

from __future__ import annotations

import os
import shlex
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Mapping
from urllib.parse import urlsplit

from localwaba.cli.mistake import Mistake
from localwaba.runtime.system import elapsed

_POLL = 0.05
_LONGEST = 20_000
_LAST = 40


class AppProcess:
    """A command that runs the app, with its output kept."""

    def __init__(self, command: str, variables: Mapping[str, str]) -> None:
        words = shlex.split(command)
        if not words:
            raise Mistake("run: --app needs a command, as in --app 'python -m myapp'")
        self._log = tempfile.TemporaryFile()  # noqa: SIM115 - it lives as long as the process
        environ = past_proxies(os.environ | dict(variables) | {"PYTHONUNBUFFERED": "1"})
        try:
            self._process = subprocess.Popen(
                words,
                env=environ,
                stdin=subprocess.DEVNULL,
                stdout=self._log,
                stderr=self._log,
                start_new_session=True,  # whatever it starts itself is ended with it
            )
        except OSError as error:
            self._log.close()
            raise Mistake(f"run: --app: {words[0]}: {error.strerror}") from None
        self._seen = 0

    def news(self) -> str:
        """What it has printed since the last time; of much only the end."""
        self._log.seek(self._seen)
        raw = self._log.read()
        self._seen += len(raw)
        lines = raw[-_LONGEST:].decode("utf-8", "replace").rstrip().split("\n")
        return "\n".join(lines[-_LAST:])

    def status(self) -> int | None:
        """Its exit status; None as long as it runs."""
        return self._process.poll()

    def stop(self) -> None:
        """Ends it, by force if it does not end by itself."""
        self._signal(signal.SIGTERM)
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            self._signal(getattr(signal, "SIGKILL", signal.SIGTERM))
            self._process.wait()
        self._log.close()

    def _signal(self, number: int) -> None:
        try:
            if hasattr(os, "killpg"):
                os.killpg(self._process.pid, number)
            else:
                self._process.terminate()
        except (ProcessLookupError, PermissionError):
            pass


def past_proxies(environ: Mapping[str, str]) -> dict[str, str]:
    """The same environment, in which this machine is reached without a proxy."""
    names = ("NO_PROXY", "no_proxy")
    return dict(environ) | {name: ",".join(filter(None, [environ.get(name), "127.0.0.1,localhost"])) for name in names}


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port: int = sock.getsockname()[1]
        return port


def await_port(url: str, seconds: float, app: AppProcess | None = None) -> None:
    """Waits until somebody listens where a URL points to; a Mistake if nobody does in time."""
    parts = urlsplit(url)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    until = elapsed() + seconds
    while elapsed() < until:
        if app is not None and app.status() is not None:
            raise Mistake(f"run: the app ended with status {app.status()}: {_end(app)}")
        try:
            socket.create_connection((str(parts.hostname), port), timeout=1).close()
        except OSError:
            time.sleep(_POLL)
        else:
            return
    ending = f"; its output ends: {_end(app)}" if app is not None else "; is the app running?"
    which = ", the app's PORT," if app is not None else ""
    raise Mistake(f"run: nobody listens on {parts.hostname}:{port}{which} after {seconds:g} s{ending}")


def _end(app: AppProcess) -> str:
    return app.news().rpartition("\n")[2] or "(it printed nothing)"
