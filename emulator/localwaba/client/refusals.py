"""Refusals that a test expects."""

from __future__ import annotations

from collections.abc import Sequence
from time import sleep
from types import TracebackType
from typing import TYPE_CHECKING, Any

from localwaba.client.calls import Call, GraphError
from localwaba.client.chat import Bubble, bubble
from localwaba.client.failure import listed
from localwaba.client.judged import STRANGE
from localwaba.runtime.system import elapsed

if TYPE_CHECKING:
    from localwaba.client.waba import Waba

__tracebackhide__ = True  # failures of tests are shown where the test is


class Refusals:
    """Within a `with` block, some of these codes have to be told to the app: at once, or later by a `failed` status.

    Without codes any refusal will do. `calls` and `messages` are what was found, after the block.
    """

    def __init__(self, waba: Waba, codes: Sequence[int], timeout: float) -> None:
        for code in codes:
            _check(code)
        self._waba = waba
        self._codes = codes
        self._timeout = timeout
        self._first = 0
        self._known: frozenset[str] = frozenset()
        self._before: frozenset[str] = frozenset()
        self.calls: list[Call] = []
        self.messages: list[Bubble] = []

    def __enter__(self) -> Refusals:
        calls = self._waba.calls
        self._first = calls[-1].n if calls else 0
        self._known = frozenset(call.trace for call in self._strangers())
        self._before = frozenset(one["id"] for one in self._waba.messages(status="failed"))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        if error is not None and not (isinstance(error, GraphError) and self._wants(error.code)):
            return False
        until, pause = elapsed() + self._timeout, 0.002
        while True:
            self._waba.settle(max(0.01, until - elapsed()))
            self._look()
            if self.calls or self.messages:
                break
            if elapsed() >= until:
                if self._codes:
                    self._waba.unmet.append((None, "app fails with", list(self._codes)))
                raise AssertionError(self._text())
            sleep(pause)
            pause = min(pause * 1.5, 0.05)
        self._waba.expect(*(call.trace for call in self.calls), *(one.id for one in self.messages))
        return error is not None

    def _wants(self, code: object) -> bool:
        return not self._codes or code in self._codes

    def _look(self) -> None:
        self.calls = [call for call in self._new_refusals() if self._wants(call.code)]
        failed = [bubble(one) for one in self._waba.messages(status="failed") if one["id"] not in self._before]
        self.messages = [one for one in failed if self._wants(one.error.get("code"))]

    def _new_refusals(self) -> list[Call]:
        known = [call for call in self._waba.refusals if call.n > self._first]
        before = self._known | {call.trace for call in known}  # of the default world, strangers are in both
        return known + [call for call in self._strangers() if call.trace not in before]

    def _strangers(self) -> list[Call]:
        """Calls without this world's token: those that are wanted, whoever made them, else those of this process."""
        if any(code in STRANGE for code in self._codes):
            return self._waba.strangers()
        return self._waba.unexpected_strangers

    def _text(self) -> str:
        codes = " or ".join(str(code) for code in self._codes)
        others = [str(call) for call in self._new_refusals()]
        others += [
            f"{one['type']} message to {one['user']} failed with {one['error']['code']}: {one.get('why', '')}"
            for one in self._waba.messages(status="failed")
            if one["id"] not in self._before
        ]
        calls = [call for call in self._waba.calls if call.n > self._first]
        lines = [f"expected {f'a refusal with {codes}' if codes else 'a refusal'}, there was none"]
        if others:
            lines[0] = f"expected a refusal with {codes}, but the app was refused otherwise"
            lines += listed("Refused instead", others)
        elif calls:
            lines += listed("Calls meanwhile", [f"{call.method} {call.path} -> {call.status}" for call in calls])
        else:
            lines += ["", "The app made no call meanwhile."]
        return "\n".join(lines + [f"\n{hint}" for hint in map(_hint, self._codes) if hint])


def _check(code: Any) -> None:
    """TypeError for what no code is, such as the text of one."""
    if isinstance(code, bool) or not isinstance(code, int):
        raise TypeError(f"a code is a whole number, as in waba.refuses(131047), not {code!r}")


def _hint(code: int) -> str:
    """What was probably meant by a code that the platform does not have."""
    from difflib import get_close_matches

    from localwaba_contracts import errors

    known = sorted({str(one.code) for one in errors()})
    if str(code) in known:
        return ""
    turned = [one for one in known if sorted(one) == sorted(str(code))]  # two digits changed places
    near = turned or get_close_matches(str(code), known, n=1)
    return f"The platform has no error {code}{f'; did you mean {near[0]}?' if near else '.'}"
