"""Tokens that end, the texts that say so, proofs of the app's secret, and the hand that gives and takes them."""

from __future__ import annotations

import hashlib
import hmac
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from localwaba.domain.applying import apply
from localwaba.domain.clock import HOUR, SECOND
from localwaba.domain.errors import Refused
from localwaba.domain.model import App, Token
from localwaba.domain.tokens import REVOCATIONS, check_proof, fault, pacific, proof_of
from localwaba.domain.world import World
from localwaba.operations.credentials import new_code, new_token, patch_app, patch_token, shown_app, shown_token
from localwaba.operations.mistakes import Mistake
from localwaba.wire.errors import envelope, status_of

NOW = 1_714_300_810_000
"""Sunday, 28 April 2024, 10:40:10 UTC: the time of the captured answer."""
EXPIRED = 1_714_136_400_000
TEXTS = {
    458: "The user has not authorized application 1.",
    459: "You cannot access the app till you log in to www.facebook.com and follow the instructions given.",
    460: "The session has been invalidated because the user changed their password or Facebook has changed the session "
    "for security reasons.",
    464: "Sessions for the user are not allowed because the user is not a confirmed user.",
    467: "The session is invalid because the user logged out.",
    492: "Session does not match current stored session. This may be because the user changed the password since the "
    "time the session was created or Facebook has changed the session for security reasons.",
}


def token(**more: Any) -> Token:
    return Token(id="EAAx", app_id="1", user_id="2", **more)


def change(world: World, now: int, **changes: Any) -> Token:
    """The world's token after a patch."""
    for event in patch_token(world, now, world.access_token, changes):
        apply(world, event)
    return world.tokens[world.access_token]


def test_an_expired_token_says_when_in_pacific_time() -> None:
    """The whole error of the capture."""
    refusal = fault(token(expires_at=EXPIRED), NOW)
    assert refusal is not None
    error = envelope(refusal, "A")["error"]
    text = (
        "Error validating access token: Session has expired on Friday, 26-Apr-24 06:00:00 PDT. "
        "The current time is Sunday, 28-Apr-24 03:40:10 PDT."
    )
    assert error == {
        "message": text,
        "type": "OAuthException",
        "code": 190,
        "error_subcode": 463,
        "fbtrace_id": "A",
    }
    assert (status_of(refusal), refusal.why) == (401, "the access token expired 1 d 21 h ago")


def test_winter_has_another_name() -> None:
    """PST from November to March."""
    assert pacific(1_767_268_800_000) == "Thursday, 01-Jan-26 04:00:00 PST"


@pytest.mark.parametrize("subcode", sorted(REVOCATIONS))
def test_every_revocation_has_its_text(subcode: int) -> None:
    """Subcode, text and HTTP status of Graph; a revocation goes before an end."""
    refusal = fault(token(revoked_subcode=subcode, expires_at=1), NOW)
    assert refusal is not None
    error = envelope(refusal, "")["error"]
    assert (error["code"], error["error_subcode"]) == (190, subcode)
    assert error["message"] == f"Error validating access token: {TEXTS[subcode]}"
    assert status_of(refusal) == 401


@given(st.integers(0, 10**13), st.integers(1, 10**13))
@settings(max_examples=60, deadline=None)
def test_a_token_is_good_until_its_end(now: int, end: int) -> None:
    """Up to the last millisecond, and never after."""
    assert (fault(token(expires_at=end), now) is None) == (now < end)


def test_the_proof_is_an_hmac_of_the_token() -> None:
    """With SHA-256 and the app's secret, over token and time where a time is sent."""
    plain = hmac.new(b"secret", b"EAAx", hashlib.sha256).hexdigest()
    timed = hmac.new(b"secret", b"EAAx|1714300810", hashlib.sha256).hexdigest()
    assert (proof_of("EAAx", "secret"), proof_of("EAAx", "secret", "1714300810")) == (plain, timed)


def prove(given: str | None, *, is_required: bool = False, time: str = "") -> str:
    """The refusal's text; empty where there is none."""
    app = App(id="1", name="n", secret="secret", business_id="3")
    try:
        check_proof(token(), app, given, time, is_required=is_required)
    except Refused as refused:
        return str(envelope(refused.refusal, "")["error"]["message"])
    return ""


def test_proofs_are_checked_when_they_are_sent() -> None:
    """A wrong one is refused even if none is needed; capitals are fine."""
    good = proof_of("EAAx", "secret")
    wrong = "(#100) Invalid appsecret_proof provided in the API argument"
    assert [prove(None), prove(good), prove(good.upper())] == ["", "", ""]
    assert [prove("0" * 64), prove(""), prove("é"), prove(good, time="1")] == [wrong] * 4


def test_proofs_can_be_required() -> None:
    """Then none is refused in Graph's words, without prefix."""
    assert prove(None, is_required=True) == "API calls from the server require an appsecret_proof argument"
    assert prove(proof_of("EAAx", "secret"), is_required=True) == ""


def test_a_token_is_given_an_end(world: World) -> None:
    """In seconds from now; 0 has expired, null takes it back."""
    assert change(world, NOW, expires_in=60).expires_at == NOW + 60 * SECOND
    assert fault(change(world, NOW, expires_in=0), NOW) is not None
    assert change(world, NOW, expires_in=None).expires_at == 0


@pytest.mark.parametrize(("given", "subcode"), [(True, 460), (458, 458), (467, 467), (None, None), (False, None)])
def test_a_token_is_revoked(world: World, given: Any, subcode: int | None) -> None:
    """By a subcode of Graph's; true means the password was changed."""
    assert change(world, NOW, revoked=given).revoked_subcode == subcode


def test_permissions_are_taken(world: World) -> None:
    """Only those that are named stay."""
    assert change(world, NOW, scopes=["business_management"]).scopes == ("business_management",)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"revoked": 463}, "460"),
        ({"scopes": "all"}, "list"),
        ({"scopes": ["whatsapp_business_message"]}, "whatsapp_business_messaging"),
        ({"expires_in": "60"}, "number"),
        ({"expires_at": 60}, "expires_in"),
    ],
)
def test_tokens_refuse_what_makes_no_sense(world: World, changes: dict[str, Any], said: str) -> None:
    """In one line, with what was probably meant."""
    with pytest.raises(Mistake, match=said):
        change(world, NOW, **changes)


def test_an_unknown_token_is_not_told(world: World) -> None:
    """404, without printing what was asked for."""
    with pytest.raises(Mistake, match="GET /_localwaba/tokens") as found:
        patch_token(world, NOW, "EAAsecret", {})
    assert (found.value.status, "EAAsecret" in found.value.text) == (404, False)


def test_a_token_of_another_app(world: World) -> None:
    """The app is new, with a secret and a token of its own; the token has only what it was given."""
    ids = world.ids()
    made, events = new_token(world, NOW, ids, {"app": "Other", "scopes": ["business_management"], "expires_in": 3_600})
    for event in events:
        apply(world, event)
    app = world.apps[made.app_id]
    assert (app.name, made.scopes, made.expires_at) == ("Other", ("business_management",), NOW + HOUR)
    assert f"{app.id}|{app.secret}" in world.tokens
    assert app.id != world.app_id
    assert shown_token(world, made, NOW)["valid"] is True
    assert "expired" in shown_token(world, made, NOW + HOUR)["why"]


def test_tokens_of_an_app_differ(world: World) -> None:
    """No two tokens are the same."""
    ids = world.ids()
    made = [new_token(world, NOW, ids, {})[0] for _ in range(3)]
    assert len({one.id for one in made}) == 3
    assert {one.app_id for one in made} == {world.app_id}


def test_an_app_is_new_or_there(world: World) -> None:
    """Not both, and not somewhere else."""
    with pytest.raises(Mistake, match="both"):
        new_token(world, NOW, world.ids(), {"app": "x", "app_id": world.app_id})
    with pytest.raises(Mistake, match=world.app_id):
        new_token(world, NOW, world.ids(), {"app_id": "1"})


def test_a_code_stands_for_what_was_agreed(call: Any) -> None:
    """It is exchanged once for a token with its scopes and user, within its time and with its redirect."""
    world = call.world
    options = {"user_id": "9", "scopes": ["whatsapp_business_messaging"], "redirect_uri": "https://app.example/"}
    code, events = new_code(world, call.now, world.ids(), options)
    call.happen(events)
    app = world.apps[world.app_id]
    params = {"client_id": app.id, "client_secret": app.secret, "code": code}
    error = call.error("GET", "", "oauth/access_token", params, token=None)
    assert error["error_subcode"] == 36008
    body = call("GET", "", "oauth/access_token", params | {"redirect_uri": "https://app.example/"}, token=None).body
    made = world.tokens[body["access_token"]]
    assert (made.user_id, made.scopes) == ("9", ("whatsapp_business_messaging",))


def test_a_code_lives_as_long_as_the_knob_says(call: Any) -> None:
    """Ten minutes, or what is asked for."""
    world = call.world
    app = world.apps[world.app_id]
    for options, seconds in (({}, 600), ({"expires_in": 30}, 30)):
        code, events = new_code(world, call.now, world.ids(), options)
        call.happen(events)
        call.now += seconds * SECOND
        params = {"client_id": app.id, "client_secret": app.secret, "code": code}
        assert call.error("GET", "", "oauth/access_token", params, token=None)["error_subcode"] == 36007


def test_an_app_goes_into_development(world: World) -> None:
    """And live again."""
    for mode in ("development", "live"):
        for event in patch_app(world, NOW, world.app_id, {"mode": mode}):
            apply(world, event)
        assert shown_app(world, world.apps[world.app_id])["mode"] == mode
    with pytest.raises(Mistake, match="development"):
        patch_app(world, NOW, world.app_id, {})
