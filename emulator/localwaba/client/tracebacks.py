"""Tracebacks of an app under test, down to the lines that whoever wrote it can mend."""

from __future__ import annotations

import sysconfig
from pathlib import Path
from traceback import FrameSummary, StackSummary, TracebackException
from types import TracebackType

_PLACES = [path for name in ("stdlib", "platstdlib", "purelib", "platlib") if (path := sysconfig.get_path(name))]
_FOREIGN = ("<", *_PLACES, *(str(Path(path).resolve()) for path in _PLACES), str(Path(__file__).parents[1]))
_INSTALLED = frozenset({"site-packages", "dist-packages"})


def is_foreign(filename: str) -> bool:
    """Whether a line is neither the app's nor the tests': it is of a library, of Python or of localwaba."""
    return filename.startswith(_FOREIGN) or not _INSTALLED.isdisjoint(Path(filename).parts)


def shorten(error: BaseException, seen: frozenset[int] = frozenset()) -> None:
    """Takes the lines of libraries between those of the app out of a traceback; what the app called last stays."""
    traceback = _chain(error)
    own = [n for n, one in enumerate(traceback) if not is_foreign(one.tb_frame.f_code.co_filename)]
    found: TracebackType | None = None
    for n, one in reversed(list(enumerate(traceback))):
        if not own or n in own or n > own[-1]:
            found = TracebackType(found, one.tb_frame, one.tb_lasti, one.tb_lineno)
    error.__traceback__ = found
    seen |= {id(error)}
    for more in (error.__cause__, error.__context__, *getattr(error, "exceptions", ())):
        if isinstance(more, BaseException) and id(more) not in seen:
            shorten(more, seen)


def _chain(error: BaseException) -> list[TracebackType]:
    found: list[TracebackType] = []
    following = error.__traceback__
    while following is not None:
        found.append(following)
        following = following.tb_next
    return found


def told(error: BaseException) -> str:
    """A traceback as Python prints it, without the lines of libraries if there are others."""
    found = TracebackException.from_exception(error)
    _narrow(found)
    return "".join(found.format()).rstrip()


def place(error: BaseException) -> str:
    """Where in the app an error comes from, such as `shop.py:17`; empty if only libraries are to blame."""
    own = [one for one in TracebackException.from_exception(error).stack if not is_foreign(one.filename)]
    return f"{Path(own[-1].filename).name}:{own[-1].lineno}" if own else ""


def _narrow(found: TracebackException) -> None:
    own: list[FrameSummary] = [one for one in found.stack if not is_foreign(one.filename)]
    if own:
        found.stack = StackSummary.from_list(own)
    for more in (found.__cause__, found.__context__, *(found.exceptions or ())):
        if more is not None:
            _narrow(more)
