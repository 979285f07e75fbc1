"""`localwaba serve`: the emulator in this process, until Ctrl-C."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import Sequence

from localwaba.cli.environment import environment, export_lines
from localwaba.cli.mistake import Mistake
from localwaba.cli.refusals import print_refusal
from localwaba.runtime.server import HandshakeFailed, PortTaken, Running, new_loop, run_server
from localwaba.runtime.settings import Settings
from localwaba.version import __version__


def serve(settings: Settings) -> int:
    """Serves until it is interrupted; the exit status."""

    def ready(running: Running) -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            with contextlib.suppress(NotImplementedError):  # Windows: KeyboardInterrupt does it
                loop.add_signal_handler(number, running.stop)
        print("\n".join(greeting(running, settings)), flush=True)
        if not settings.quiet:
            running.hosts.observe(print_refusal)

    try:
        with asyncio.Runner(loop_factory=new_loop) as runner:
            runner.run(run_server(settings, ready))
    except PortTaken as taken:
        raise Mistake(str(taken)) from None
    except HandshakeFailed as failed:
        raise Mistake(handshake_failure(settings, failed)) from None
    return 0


def handshake_failure(settings: Settings, failed: HandshakeFailed) -> str:
    """What went wrong with the webhook, and what to look at."""
    return (
        f"the webhook {settings.webhook_url} failed its handshake: {failed}. Is the app running, and does it echo "
        f"hub.challenge for the verify token {settings.verify_token}?"
    )


def banner(settings: Settings, armed: int) -> Sequence[str]:
    """Whoever starts with faults sees it."""
    if not settings.faults:
        return []
    return ["", f"  *** FAULTS: {armed} armed from the start, on purpose: {', '.join(settings.faults)} ***"]


def greeting(running: Running, settings: Settings) -> Sequence[str]:
    """What is printed at the start: where it is, what to paste, and last that it is ready."""
    world = running.hosts.default.describe()
    webhook = (
        f"{settings.webhook_url} (verified)"
        if settings.webhook_url
        else "none yet; give --webhook-url URL, or PUT /_localwaba/webhook"
    )
    return [
        f"localwaba {__version__}, the WhatsApp Business Platform on {running.url}",
        "",
        f"  number    +{world['display_phone_number']}",
        f"  webhook   {webhook}",
        f"  clock     {world['clock']['mode']}, {world['clock']['iso']}",
        *banner(settings, len(world["faults"])),
        "",
        "# paste into the environment of your app",
        *export_lines(environment(world)),
        "",
        f"Ready. Point your app at {running.url}; Ctrl-C ends it.",
    ]
