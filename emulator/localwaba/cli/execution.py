"""`localwaba exec -- COMMAND`: an emulator for the length of one command."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from errno import ENOEXEC
from pathlib import Path
from types import FrameType

from localwaba.cli.app_process import past_proxies
from localwaba.cli.environment import environment
from localwaba.cli.mistake import Mistake
from localwaba.cli.refusals import print_refusal
from localwaba.cli.serving import banner, handshake_failure
from localwaba.runtime.server import HandshakeFailed, PortTaken, ServerThread
from localwaba.runtime.settings import Settings

NOT_FOUND = 127
NOT_EXECUTABLE = 126
_KILLED_BY = 128
_PASSED_ON = ("SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT")
_FROM_THE_KEYBOARD = ("SIGINT", "SIGQUIT")
_LATE = "An app that COMMAND starts is subscribed by COMMAND: PUT $LOCALWABA_URL/_localwaba/webhook"


def execute(settings: Settings, program: Sequence[str]) -> int:
    """Runs a program with an emulator at its side; the program's exit status, as a shell would tell it."""
    server = ServerThread(settings)
    try:
        running = server.start()
    except PortTaken as taken:
        raise Mistake(str(taken)) from None
    except HandshakeFailed as failed:
        raise Mistake(f"{handshake_failure(settings, failed)} {_LATE}") from None
    try:
        variables = environment(running.hosts.default.describe()) | {"LOCALWABA_URL": running.url}
        for line in filter(None, banner(settings, len(running.hosts.default.world.faults))):
            print(line.strip(), file=sys.stderr, flush=True)
        if not settings.quiet:
            running.hosts.observe(print_refusal)
        return _Child(program, past_proxies(os.environ | variables)).wait()
    finally:
        server.stop()


class _Child:
    """The program; signals that come to this process are passed on to it."""

    def __init__(self, program: Sequence[str], environ: Mapping[str, str]) -> None:
        self._program = program
        self._environ = environ
        self._process: subprocess.Popen[bytes] | None = None
        self._early: list[int] = []

    def wait(self) -> int:
        """Its exit status; 128 and the signal's number if a signal has ended it."""
        self._listen()
        try:
            self._process = subprocess.Popen(list(self._program), env=self._environ)
        except FileNotFoundError:
            print(f"localwaba: exec: {_missing(self._program)}", file=sys.stderr)
            return NOT_FOUND
        except OSError as error:
            print(f"localwaba: exec: {self._program[0]}: {_unusable(self._program[0], error)}", file=sys.stderr)
            return NOT_EXECUTABLE
        for number in self._early:
            self._process.send_signal(number)
        status = self._process.wait()
        return status if status >= 0 else _KILLED_BY - status

    def _listen(self) -> None:
        if threading.current_thread() is not threading.main_thread():
            return
        for name in _PASSED_ON:
            number = getattr(signal, name, None)
            if number is not None and signal.getsignal(number) is not signal.SIG_IGN:  # ignored here: there, too
                signal.signal(number, self._pass_on)

    def _pass_on(self, number: int, _: FrameType | None) -> None:
        if signal.Signals(number).name in _FROM_THE_KEYBOARD and _has_keyboard():
            return  # the program got it too
        if self._process is None:
            self._early.append(number)
        else:
            self._process.send_signal(number)


def _missing(program: Sequence[str]) -> str:
    """What is not there: the program, or what is to read it; or one word is the whole command."""
    name = program[0]
    if (path := shutil.which(name)) is not None:
        with open(path, "rb") as file:
            first = file.readline(200).rstrip(b"\n").decode("utf-8", "replace")
        if not first.startswith("#!"):
            return f"{name} is there, but not what loads it; it may be made for another system"
        windows = ", and its lines end as on Windows" * first.endswith("\r")
        return f"{name} is there, but not what its first line names: {first.strip()}{windows}"
    if len(program) == 1 and len(name.split()) > 1:
        return f"there is no program '{name}'; a command of several words is not quoted: localwaba exec -- {name}"
    return f"there is no program {name}"


def _unusable(name: str, error: OSError) -> str:
    """Why something that is there cannot be run."""
    if Path(name).is_dir():
        return "this is a folder"
    if error.errno == ENOEXEC:
        return "this is no program, and its first line does not name what reads it, as #!/bin/sh does"
    return error.strerror or str(error)


def _has_keyboard() -> bool:
    """Whether Ctrl-C of a terminal goes to this process and so to the program, which is of the same group."""
    if sys.platform == "win32":
        return True
    try:
        with open("/dev/tty", "rb") as terminal:
            return os.tcgetpgrp(terminal.fileno()) == os.getpgrp()
    except OSError:
        return False
