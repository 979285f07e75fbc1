"""Whether an access token is still good, and what Graph says when it is not."""

from __future__ import annotations

import hashlib
import hmac
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from localwaba.domain.clock import DAY, SECOND
from localwaba.domain.errors import Refusal, refuse
from localwaba.domain.model import App, Token
from localwaba.domain.windows import duration

LONG_LIFE = 60 * DAY
"""How long a long-lived token of a person lives."""
ENDED = "this access token was of a world that has ended"
_PACIFIC = "America/Los_Angeles"


def fault(token: Token, now: int) -> Refusal | None:
    """Why a token is no longer valid (190 with its subcode); None if it is."""
    if token.revoked_subcode is not None:
        what = REVOCATIONS.get(token.revoked_subcode, "the token was revoked")
        return Refusal(
            code=190,
            subcode=token.revoked_subcode,
            values={"app_id": token.app_id},
            rule="token",
            why=f"{what} (subcode {token.revoked_subcode})",
            fix=_renew(token, '"revoked":null'),
        )
    if token.expires_at and now >= token.expires_at:
        return Refusal(
            code=190,
            subcode=463,
            values={"expired": pacific(token.expires_at), "now": pacific(now)},
            rule="token",
            why=f"the access token expired {duration(now - token.expires_at)} ago",
            fix=_renew(token, '"expires_in":null'),
        )
    return None


def _renew(token: Token, change: str) -> str:
    return f"get a new token; in tests also PATCH /_localwaba/tokens/{token.id[:8]}... {{{change}}}"


REVOCATIONS = {
    458: "the user has removed the app",
    459: "the user has to pass a checkpoint first",
    460: "the user has changed their password",
    464: "the user is not confirmed",
    467: "the user has logged out",
    492: "the session does not match the stored one",
}
"""Subcodes with which Graph says that a token was revoked (Graph: handling errors)."""


def proof_of(token: str, secret: str, time: str = "") -> str:
    """The `appsecret_proof` of a token: HMAC-SHA256 with the app's secret, in hexadecimal digits.

    With `appsecret_time` (seconds) the proof is of token and time (Graph: securing requests).
    """
    text = f"{token}|{time}" if time else token
    return hmac.new(secret.encode(), text.encode(), hashlib.sha256).hexdigest()


def check_proof(token: Token, app: App, given: str | None, time: str, *, is_required: bool) -> None:
    """Refuses a proof that is not the token's, and a call without one where the app asks for it (100)."""
    fix = "appsecret_proof is hmac_sha256(access_token, app_secret) in hexadecimal digits"
    if given is None:
        if is_required:
            why = "the knob require_appsecret_proof asks for a proof"
            raise refuse(100, values={"variant": "appsecret_proof"}, rule="appsecret_proof", why=why, fix=fix)
        return
    expected = proof_of(token.id, app.secret, time)
    if not hmac.compare_digest(expected.encode(), given.lower().encode("utf-8", "replace")):
        why = f"that is not the proof of this token with the secret of app {app.id}"
        raise refuse(100, values={"variant": "invalid_appsecret_proof"}, rule="appsecret_proof", why=why, fix=fix)


def unreadable(ended: str = "") -> Refusal:
    """What Graph says of a text that is no token, or one of nobody's; `ended` is the world that it was of."""
    why, fix = "no world of this server has this access token", "take access_token from GET /_localwaba/world"
    if ended:
        why, fix = f"{ENDED}, {ended}", "make the app anew for each world, with the environment of that world"
    message = "Invalid OAuth access token - Cannot parse access token"
    return Refusal(code=190, message=message, rule="token", why=why, fix=fix)


def pacific(milliseconds: int) -> str:
    """A time as Graph prints it in errors: `Friday, 26-Apr-24 06:00:00 PDT`."""
    moment = datetime.fromtimestamp(milliseconds // SECOND, UTC)
    try:
        moment = moment.astimezone(ZoneInfo(_PACIFIC))
    except (KeyError, OSError):  # a machine without the time zone database
        return moment.strftime("%A, %d-%b-%y %H:%M:%S UTC")
    return moment.strftime("%A, %d-%b-%y %H:%M:%S %Z")
