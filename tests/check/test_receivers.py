"""The receivers that everything here is tried on: the right one is right, and each bug is there."""

from __future__ import annotations

import http.client
import json
from urllib.parse import urlsplit

import pytest

import receivers
from localwaba import Emulator
from localwaba.wire.signature import sign


def post(url: str, body: bytes, secret: bytes = b"check-secret") -> int:
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=30)
    try:
        connection.request("POST", parts.path, body, {"X-Hub-Signature-256": sign(secret, body)})
        return connection.getresponse().status
    finally:
        connection.close()


def test_the_right_receiver_answers_a_user() -> None:
    """A text of a user is answered once through the emulator, with the user's name."""
    with Emulator() as emulator:
        world = emulator.link.call("GET", "world")
        config = receivers.Config(emulator.url, world["access_token"], world["app_secret"], "token")
        with receivers.serve(receivers.make("correct", config)) as served:
            emulator.webhook(served.url, verify_token="token")
            user = emulator.user("Ada")
            user.sends("hello")
            user.receives(text="Hello Ada, you wrote: hello")


@pytest.mark.parametrize("name", ["correct", *(name for name in receivers.BUGS if name != "hangs")])
def test_receivers_can_be_started_by_name(name: str) -> None:
    """Every receiver that answers at all starts and takes or refuses a webhook; none of them fails to be made."""
    body = json.dumps({"object": "whatsapp_business_account", "entry": []}).encode()
    with receivers.serve(receivers.make(name, receivers.Config())) as served:
        assert 200 <= post(served.url, body) <= 503
