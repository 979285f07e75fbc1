"""`python tests/receivers NAME`: serves the receiver of that name; its settings come from the environment."""

from __future__ import annotations

import os
import sys
import threading
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

import receivers


def main(words: list[str]) -> int:
    """Serves until interrupted."""
    if not words or words[0] not in ("correct", *receivers.BUGS):
        print("correct    does everything right")
        for name, bug in receivers.BUGS.items():
            print(f"{name}    {bug.text}")
        return 2
    config = receivers.Config.read(os.environ)
    with receivers.serve(receivers.make(words[0], config), int(os.environ.get("PORT", "8000"))) as served:
        print(f"{words[0]} listens at {served.url}", flush=True)
        try:
            threading.Event().wait()
        except KeyboardInterrupt:
            return 0
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
