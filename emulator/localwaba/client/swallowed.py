"""What frameworks make a 500 of without letting it out: Flask and Django tell it by a signal."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any


def overhear(app: Any, hear: Callable[[BaseException], object]) -> Callable[[], object]:
    """Has `hear` told of what an app raises inside its framework; the function that is returned ends it.

    Nothing is imported: an app of Flask or Django has imported it.
    """
    flask, django = sys.modules.get("flask"), sys.modules.get("django.core.signals")
    if flask is not None and isinstance(app, flask.Flask):

        def of_flask(sender: object, exception: BaseException, **more: object) -> None:
            hear(exception)

        flask.got_request_exception.connect(of_flask, app, weak=False)
        return lambda: flask.got_request_exception.disconnect(of_flask, app)
    if django is not None and type(app).__module__.startswith("django."):

        def of_django(sender: object, **more: object) -> None:
            error = sys.exception()
            if error is not None:
                hear(error)

        django.got_request_exception.connect(of_django, weak=False)
        return lambda: django.got_request_exception.disconnect(of_django)
    return lambda: None
