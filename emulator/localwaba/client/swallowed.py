"""What frameworks make a 500 of without letting it out: Flask, Quart and Django tell it by a signal."""

from __future__ import annotations

import sys
from collections.abc import Callable

_TELLERS = ("flask", "quart", "django.core.signals")


def overhear(hear: Callable[[BaseException], object]) -> Callable[[], object]:
    """Has `hear` told of what any app of these frameworks raises; the function that is returned ends it.

    Nothing is imported: whoever has made such an app has imported its framework, and may have wrapped the app.
    """
    signals = [sys.modules[name].got_request_exception for name in _TELLERS if name in sys.modules]

    def of_signal(sender: object = None, exception: BaseException | None = None, **more: object) -> None:
        error = exception or sys.exception()  # Django's does not say which
        if error is not None:
            hear(error)

    def end() -> None:
        for signal in signals:
            signal.disconnect(of_signal)

    for signal in signals:
        signal.connect(of_signal, weak=False)
    return end
