"""What a phone does with a code to log in with: an app gets it by itself, by a tap, or it is copied.

Meta: one-tap and zero-tap need an app on an Android phone that has asked WhatsApp for the code, of a package and a
signature that the template names; without it, zero-tap falls back to one-tap, and that to the button that copies.
"""

from __future__ import annotations

from typing import Any

import msgspec

from localwaba.domain.clock import MINUTE
from localwaba.domain.model import Behaviour

USUAL_MINUTES = 10
"""How long the button works where the template does not say `code_expiration_minutes`."""


class Offer(msgspec.Struct, frozen=True, kw_only=True):
    """A code, and what the phone does with it. `until`: when the button stops to work, in milliseconds.

    `title` is the button's, empty where the app got the code by itself. `app` is the package that gets it, empty where
    the code is copied.
    """

    code: str
    until: int
    title: str
    app: str


def offer(button: dict[str, Any], sent: int, behaviour: Behaviour) -> Offer:
    """What the phone makes of an OTP button, as a message shows it, that was `sent` at a time."""
    minutes = button.get("minutes") or USUAL_MINUTES
    code, until = str(button.get("code", "")), sent + minutes * MINUTE
    kind, app = button.get("otp_type"), _app(button.get("supported_apps") or (), behaviour.apps)
    if kind == "COPY_CODE" or not app:
        return Offer(code=code, until=until, title=str(button.get("text", "")), app="")
    if kind == "ZERO_TAP" and behaviour.zero_tap:
        return Offer(code=code, until=until, title="", app=app)
    return Offer(code=code, until=until, title=str(button.get("autofill_text", "")), app=app)


def _app(supported: Any, there: tuple[str, ...]) -> str:
    """The first supported app that is there; another build of it has another signature and does not count."""
    for one in supported:
        named = {one["package_name"], f"{one['package_name']} {one['signature_hash']}"}
        if named.intersection(there):
            return str(one["package_name"])
    return ""
