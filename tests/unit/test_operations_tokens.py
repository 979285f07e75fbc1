"""Tokens: issued for secrets, codes and tokens, and looked into."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from localwaba.domain.clock import DAY, SECOND
from localwaba.domain.events import Put
from localwaba.domain.model import Token
from localwaba.domain.seeding import new_world
from localwaba.operations.tokens import CODES


def ask(call: Any, **params: Any) -> Any:
    """Asks for a token with the app's id and secret."""
    app = call.world.apps[call.world.app_id]
    known = {"client_id": app.id, "client_secret": app.secret}
    return call("GET", "", "oauth/access_token", known | params, token=None).body


def refused(call: Any, **params: Any) -> Any:
    """The error for such a question."""
    app = call.world.apps[call.world.app_id]
    known = {"client_id": app.id, "client_secret": app.secret}
    return call.error("GET", "", "oauth/access_token", known | params, token=None)


def look(call: Any, given: str, **kw: Any) -> Any:
    """What `debug_token` says of a token."""
    return call("GET", "", "debug_token", {"input_token": given}, **kw).body["data"]


def test_an_app_gets_its_own_token_for_its_secret(call: Any) -> None:
    """It is the id and the secret, as apps may put together themselves, and works."""
    app = call.world.apps[call.world.app_id]
    expected = {"access_token": f"{app.id}|{app.secret}", "token_type": "bearer"}
    assert expected == ask(call, grant_type="client_credentials")
    assert call.world.tokens[f"{app.id}|{app.secret}"].kind == "APP"


def test_a_wrong_secret_is_refused(call: Any) -> None:
    """Code 1 in Graph's words, without prefix."""
    error = refused(call, grant_type="client_credentials", client_secret="wrong")
    assert (error["code"], error["message"]) == (1, "Error validating client secret.")


def test_an_unknown_app_is_refused(call: Any) -> None:
    """Code 101."""
    assert refused(call, grant_type="client_credentials", client_id="1")["code"] == 101


def test_a_token_is_exchanged_for_one_that_lives_sixty_days(call: Any) -> None:
    """A person's token gets a successor that says when it ends."""
    short = Token(id="EAAshort", app_id=call.world.app_id, user_id="9", kind="USER", expires_at=call.now + SECOND)
    call.happen([Put(at=call.now, thing=short)])
    found = ask(call, grant_type="fb_exchange_token", fb_exchange_token="EAAshort")
    token = call.world.tokens[found["access_token"]]
    assert (found["expires_in"], found["token_type"]) == (60 * DAY // SECOND, "bearer")
    assert ("USER", "9", call.now + 60 * DAY) == (token.kind, token.user_id, token.expires_at)
    assert found["access_token"].startswith("EAA")


def test_a_system_users_token_never_ends(call: Any) -> None:
    """Its successor has no end either, and is another token."""
    found = ask(call, grant_type="fb_exchange_token", fb_exchange_token=call.world.access_token)
    again = ask(call, grant_type="fb_exchange_token", fb_exchange_token=call.world.access_token)
    assert {"access_token", "token_type"} == set(found)
    assert len({found["access_token"], again["access_token"], call.world.access_token}) == 3


def test_an_expired_token_cannot_be_exchanged(call: Any) -> None:
    """190 with subcode 463."""
    old = Token(id="EAAold", app_id=call.world.app_id, user_id="9", kind="USER", expires_at=call.now - 1)
    call.happen([Put(at=call.now, thing=old)])
    error = refused(call, grant_type="fb_exchange_token", fb_exchange_token="EAAold")
    assert (error["code"], error["error_subcode"]) == (190, 463)


def test_a_code_of_the_world_gives_a_token_once(call: Any) -> None:
    """The second exchange of a code is refused with 36009."""
    call.world.notes[CODES] = {"AQB": {"user_id": "9", "scopes": ["whatsapp_business_management"]}}
    found = ask(call, code="AQB")
    token = call.world.tokens[found["access_token"]]
    assert (token.user_id, token.scopes) == ("9", ("whatsapp_business_management",))
    assert refused(call, code="AQB")["error_subcode"] == 36009


@pytest.mark.parametrize(
    ("code", "params"),
    [
        ("unknown", {}),
        ("other_app", {}),
        ("expired", {}),
        ("redirected", {"redirect_uri": "https://other.example/"}),
    ],
)
def test_a_code_that_does_not_fit_is_refused(call: Any, code: str, params: dict[str, str]) -> None:
    """Unknown, of another app, too old, or for another redirect."""
    call.world.notes[CODES] = {
        "other_app": {"app_id": "1"},
        "expired": {"expires_at": call.now},
        "redirected": {"redirect_uri": "https://app.example/"},
    }
    assert refused(call, code=code, **params)["code"] == 100


def test_two_worlds_never_share_a_token(call: Any) -> None:
    """Worlds of one seed give different tokens for the same code."""
    call.world.notes[CODES] = {"AQB": {}}
    first = ask(call, code="AQB")["access_token"]
    call.world = new_world("other", 7, call.now)
    call.world.notes[CODES] = {"AQB": {}}
    assert first != ask(call, code="AQB")["access_token"]


def test_a_good_token_is_described(call: Any) -> None:
    """Kind, app, times in seconds, scopes, and which accounts they are for."""
    world = call.world
    scopes = ["whatsapp_business_management", "whatsapp_business_messaging", "business_management"]
    expected = {
        "app_id": world.app_id,
        "type": "SYSTEM_USER",
        "application": "Localhost App",
        "data_access_expires_at": 0,
        "expires_at": 0,
        "is_valid": True,
        "issued_at": call.now // SECOND,
        "scopes": scopes,
        "granular_scopes": [
            {"scope": scopes[0], "target_ids": [world.waba_id]},
            {"scope": scopes[1], "target_ids": [world.waba_id]},
            {"scope": scopes[2]},
        ],
        "user_id": world.tokens[world.access_token].user_id,
    }
    found = look(call, world.access_token, token=call.app_token)
    assert (expected, list(expected)) == (found, list(found))


def test_an_unknown_token_is_an_answer(call: Any) -> None:
    """HTTP 200, not valid, and why."""
    expected = {
        "error": {"code": 190, "message": "Invalid OAuth access token - Cannot parse access token"},
        "is_valid": False,
        "scopes": [],
    }
    assert expected == look(call, "nonsense")


def test_an_expired_token_is_not_valid(call: Any) -> None:
    """The session's end is told in Pacific time, as in errors."""
    token = call.world.tokens[call.world.access_token]
    call.happen([Put(at=call.now, thing=replace(token, expires_at=1_714_136_400_000))])
    found = look(call, call.world.access_token, token=call.app_token)
    assert (found["is_valid"], found["error"]["subcode"]) == (False, 463)
    assert "Session has expired on Friday, 26-Apr-24 06:00:00 PDT." in found["error"]["message"]


def test_an_app_token_is_described_shortly(call: Any) -> None:
    """It has neither user nor scopes."""
    expected = {
        "app_id": call.world.app_id,
        "type": "APP",
        "application": "Localhost App",
        "is_valid": True,
        "scopes": [],
    }
    assert expected == look(call, call.app_token.id)


def test_nobody_may_look_without_a_token(call: Any) -> None:
    """debug_token itself needs a token."""
    error = call.error("GET", "", "debug_token", {"input_token": "x"}, token=None)
    assert error["code"] == 100
