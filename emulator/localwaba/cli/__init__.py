"""The command line: what a person types, and the only place that prints.

argparse, not a richer library: half of the time until the first answer would go into importing one.
"""

from __future__ import annotations

import io
import sys
from collections.abc import Sequence

from localwaba.cli.commands import read_command
from localwaba.cli.mistake import Mistake

MISTAKE = 2
INTERRUPTED = 130


def main(argv: Sequence[str] | None = None) -> int:
    """Runs one command; its exit status. A mistake of the person who typed is one line on stderr and status 2."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # what the terminal cannot show must not end a command
    words = list(sys.argv[1:] if argv is None else argv)
    try:
        command = read_command(words)
        return command.run()
    except Mistake as mistake:
        print(f"localwaba: {mistake}", file=sys.stderr)
        return MISTAKE
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:  # the reader of our output has gone, as `head` does
        sys.stderr.close()
        return 0
