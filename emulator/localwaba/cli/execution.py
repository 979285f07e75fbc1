"""`localwaba exec -- COMMAND`: an emulator for the length of one command."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Sequence

from localwaba.cli.environment import environment
from localwaba.cli.mistake import Mistake
from localwaba.cli.refusals import print_refusal
from localwaba.cli.serving import banner, handshake_failure
from localwaba.runtime.server import HandshakeFailed, PortTaken, ServerThread
from localwaba.runtime.settings import Settings

NOT_FOUND = 127
NOT_EXECUTABLE = 126
_KILLED_BY = 128


def execute(settings: Settings, program: Sequence[str]) -> int:
    """Runs a program with an emulator at its side; the program's exit status, as a shell would tell it."""
    server = ServerThread(settings)
    try:
        running = server.start()
    except PortTaken as taken:
        raise Mistake(str(taken)) from None
    except HandshakeFailed as failed:
        raise Mistake(handshake_failure(settings, failed)) from None
    try:
        variables = environment(running.hosts.default.describe()) | {"LOCALWABA_URL": running.url}
        for line in filter(None, banner(settings, len(running.hosts.default.world.faults))):
            print(line.strip(), file=sys.stderr, flush=True)
        if not settings.quiet:
            running.hosts.observe(print_refusal)
        return _run(program, os.environ | variables)
    finally:
        server.stop()


def _run(program: Sequence[str], environ: dict[str, str]) -> int:
    try:
        process = subprocess.Popen(list(program), env=environ)
    except FileNotFoundError:
        print(f"localwaba: exec: there is no program {program[0]}", file=sys.stderr)
        return NOT_FOUND
    except OSError as error:
        print(f"localwaba: exec: {program[0]}: {error.strerror}", file=sys.stderr)
        return NOT_EXECUTABLE
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, lambda *_: process.terminate())
    while True:
        try:
            status = process.wait()
        except KeyboardInterrupt:  # the program got it too, and decides what to make of it
            continue
        return status if status >= 0 else _KILLED_BY - status
