"""Tracebacks of an app under test, down to the lines that whoever wrote it can mend."""

from __future__ import annotations

import sysconfig
from pathlib import Path
from traceback import FrameSummary, StackSummary, TracebackException

_FOREIGN = tuple(
    str(Path(found).resolve())
    for name in ("stdlib", "platstdlib", "purelib", "platlib")
    if (found := sysconfig.get_path(name))
)
_OURS = tuple(str(Path(__file__).resolve().parents[2] / name / "localwaba") for name in ("emulator", ""))


def is_foreign(filename: str) -> bool:
    """Whether a line is neither the app's nor the tests': it is of a library, of Python or of localwaba."""
    return filename.startswith(("<", *_FOREIGN, *_OURS))


def told(error: BaseException) -> str:
    """A traceback as Python prints it, without the lines of libraries if there are others."""
    found = TracebackException.from_exception(error)
    _shorten(found)
    return "".join(found.format()).rstrip()


def place(error: BaseException) -> str:
    """Where in the app an error comes from, such as `shop.py:17`; empty if only libraries are to blame."""
    own = [one for one in TracebackException.from_exception(error).stack if not is_foreign(one.filename)]
    return f"{Path(own[-1].filename).name}:{own[-1].lineno}" if own else ""


def _shorten(found: TracebackException) -> None:
    own: list[FrameSummary] = [one for one in found.stack if not is_foreign(one.filename)]
    if own:
        found.stack = StackSummary.from_list(own)
    for more in (found.__cause__, found.__context__, *(found.exceptions or ())):
        if more is not None:
            _shorten(more)
