"""Who calls, and what they may do."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from localwaba.domain.clock import SECOND
from localwaba.domain.errors import Refused, refuse
from localwaba.domain.model import Token
from localwaba.http.ports import Host, Hosts

if TYPE_CHECKING:
    from localwaba.http.routes import Route

_PACIFIC = "America/Los_Angeles"
_SCOPES = {
    "messaging": ("whatsapp_business_messaging",),
    "management": ("whatsapp_business_management",),
    "both": ("whatsapp_business_messaging", "whatsapp_business_management"),
    "business": ("business_management",),
}


def authenticate(hosts: Hosts, text: str, fallback: Host) -> tuple[Host, Token]:
    """The world and the record of a token; refused with 190 if it is unknown, expired or revoked."""
    found = hosts.by_token(text)
    if found is None:
        raise refuse(
            190,
            message="Invalid OAuth access token - Cannot parse access token",
            rule="token",
            why="no world of this server has this access token",
            fix="take access_token from GET /_localwaba/world",
        )
    host, token = found
    if token.expires_at or token.revoked_subcode:
        check_life(token, host.now())
    return host, token


def check_life(token: Token, now: int) -> None:
    """Refuses a token that has expired or was revoked."""
    if token.revoked_subcode is not None:
        text = "The session has been invalidated because the user changed their password or Facebook has changed "
        raise _invalid(text + "the session for security reasons.", token.revoked_subcode)
    if token.expires_at and now >= token.expires_at:
        raise _invalid(
            f"Session has expired on {_pacific(token.expires_at)}. The current time is {_pacific(now)}.", 463
        )


def _invalid(text: str, subcode: int) -> Refused:
    return refuse(
        190,
        subcode=subcode,
        message=f"Error validating access token: {text}",
        rule="token",
        why="the access token is no longer valid",
        fix="get a new token",
    )


def _pacific(milliseconds: int) -> str:
    """A time as Graph prints it in errors: `Friday, 26-Apr-24 06:00:00 PDT`."""
    moment = datetime.fromtimestamp(milliseconds // SECOND, UTC)
    try:
        moment = moment.astimezone(ZoneInfo(_PACIFIC))
    except (KeyError, OSError):  # a machine without the time zone database
        return moment.strftime("%A, %d-%b-%y %H:%M:%S UTC")
    return moment.strftime("%A, %d-%b-%y %H:%M:%S %Z")


def permit(route: Route, token: Token, now: int) -> None:
    """Refuses a call for which the token lacks every permission that would do."""
    if token.kind == "APP":
        return
    wanted = _SCOPES.get(route.permission, ())
    if route.permission == "both":
        lacking = [scope for scope in wanted if scope not in token.scopes]
    elif route.permission == "either":
        wanted = _SCOPES["both"]
        lacking = [] if any(scope in token.scopes for scope in wanted) else list(wanted)
    else:
        lacking = [scope for scope in wanted if scope not in token.scopes]
    if not lacking:
        return
    why = f"the token lacks {', '.join(lacking)}"
    if "whatsapp_business_messaging" in lacking:
        raise refuse(10, rule="permission", why=why)
    text = "You do not have the necessary permissions required to do this operation."
    raise refuse(200, message=text, rule="permission", why=why)
