"""What a user's phone does with a code to log in with."""

from __future__ import annotations

from typing import Any

import pytest

from localwaba import ControlError, User, Waba

APP = "com.example.shop"


def send(waba: Waba, user: User, code: str = "123456") -> None:
    """Sends the template `login` with a code, as an app does."""
    text = [{"type": "text", "text": code}]
    button = {"type": "button", "sub_type": "url", "index": "0", "parameters": text}
    components = [{"type": "body", "parameters": text}, button]
    template = {"name": "login", "language": {"code": "en_US"}, "components": components}
    body = {"messaging_product": "whatsapp", "to": user.wa_id, "type": "template", "template": template}
    waba.post(f"{waba.phone_number_id}/messages", body)


@pytest.mark.parametrize(
    ("otp_type", "apps", "zero_tap", "buttons", "app"),
    [
        ("COPY_CODE", [APP], True, ("Copy code",), None),
        ("ONE_TAP", [], True, ("Copy code",), None),
        ("ONE_TAP", ["com.example.other"], True, ("Copy code",), None),
        ("ONE_TAP", [f"{APP} AAAAAAAAAAA"], True, ("Copy code",), None),
        ("ONE_TAP", [f"{APP} K8a/AINcGX7"], True, ("Autofill",), APP),
        ("ONE_TAP", [APP], True, ("Autofill",), APP),
        ("ZERO_TAP", [APP], True, (), APP),
        ("ZERO_TAP", [APP], False, ("Autofill",), APP),
        ("ZERO_TAP", [], True, ("Copy code",), None),
    ],
)
def test_what_the_phone_shows(
    waba: Waba, otp_type: str, apps: list[str], zero_tap: bool, buttons: tuple[str, ...], app: str | None
) -> None:
    """Who gets a code, and by which button, follows from the template and from the apps of the phone."""
    waba.templates.create_code("login", otp_type, apps=() if otp_type == "COPY_CODE" else [APP])
    ana = waba.user("Ana", apps=apps, zero_tap=zero_tap)
    send(waba, ana)
    found = ana.receives(template="login", category="authentication")
    assert (found.buttons, found.app, found.code, ana.code) == (buttons, app, "123456", "123456")


def test_a_tap(waba: Waba) -> None:
    """A tap says which code goes to which app; the business is told nothing."""
    waba.templates.create_code("login", "ONE_TAP", apps=[APP])
    ana, bo = waba.user("Ana", apps=[APP]), waba.user("Bo")
    send(waba, ana)
    send(waba, bo, "000001")
    expected: dict[str, Any] = {"message_id": None, "tapped": "Autofill", "opens": "123456", "app": APP}
    assert ana.does("tap", title="Autofill") == expected
    assert bo.does("tap", title="Copy code") == {"message_id": None, "tapped": "Copy code", "opens": "000001"}
    assert not [one for one in waba.deliveries() if "messages" in one["body"]["entry"][0]["changes"][0]["value"]]


@pytest.mark.parametrize(("minutes", "good"), [(1, 1), (90, 90), (None, 10)])
def test_the_button_goes_off(waba: Waba, minutes: int | None, good: int) -> None:
    """The button works for as long as the template says, ten minutes if it does not; the code can still be read."""
    waba.templates.create_code("login", minutes=minutes)
    ana = waba.user("Ana")
    send(waba, ana)
    waba.advance(minutes=good, seconds=-0.001)
    ana.taps("Copy code")
    waba.advance(seconds=0.001)
    with pytest.raises(ControlError, match=r"the button 'Copy code' is off since 1\d:\d\d:00: the code is too old"):
        ana.taps("Copy code")
    assert ana.code == "123456"


def test_labels(waba: Waba) -> None:
    """Labels are those of the template, else the platform's own in its language."""
    own = {"type": "OTP", "otp_type": "ONE_TAP", "text": "Copy it", "autofill_text": "Fill in"}
    own["supported_apps"] = [{"package_name": APP, "signature_hash": "K8a/AINcGX7"}]
    components = [{"type": "BODY"}, {"type": "BUTTONS", "buttons": [own]}]
    waba.templates.create("login", category="AUTHENTICATION", components=components)
    ana, bo = waba.user("Ana", apps=[APP]), waba.user("Bo")
    send(waba, ana)
    send(waba, bo)
    assert (ana.receives().buttons, bo.receives().buttons) == (("Fill in",), ("Copy it",))


def test_no_code(waba: Waba) -> None:
    """Who was sent no code has none."""
    assert waba.user("Ana").code is None


def test_slips(waba: Waba) -> None:
    """An app that is no package name is refused."""
    with pytest.raises(ControlError, match=r"apps are names such as 'com\.example\.shop'"):
        waba.user("Ana", apps=["Shop"])
