"""`localwaba exec -- COMMAND`: an emulator for the length of one command."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
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
            print(f"localwaba: exec: there is no program {self._program[0]}", file=sys.stderr)
            return NOT_FOUND
        except OSError as error:
            print(f"localwaba: exec: {self._program[0]}: {error.strerror}", file=sys.stderr)
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


def _has_keyboard() -> bool:
    """Whether Ctrl-C of a terminal goes to this process and so to the program, which is of the same group."""
    if sys.platform == "win32":
        return True
    try:
        with open("/dev/tty", "rb") as terminal:
            return os.tcgetpgrp(terminal.fileno()) == os.getpgrp()
    except OSError:
        return False
