"""Who calls, and what they may do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from localwaba.domain.errors import Refused, refuse
from localwaba.domain.model import Token
from localwaba.domain.tokens import fault, unreadable
from localwaba.http.ports import Host, Hosts

if TYPE_CHECKING:
    from localwaba.http.routes import Route

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
        raise Refused(unreadable())
    host, token = found
    if token.expires_at or token.revoked_subcode:
        check_life(token, host.now())
    return host, token


def check_life(token: Token, now: int) -> None:
    """Refuses a token that has expired or was revoked."""
    refusal = fault(token, now)
    if refusal is not None:
        raise Refused(refusal)


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
