"""Who calls, and what they may do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from localwaba.domain.errors import Refused, refuse
from localwaba.domain.model import Token
from localwaba.domain.tokens import check_proof, fault, unreadable
from localwaba.domain.world import World
from localwaba.http.ports import Host, Hosts

if TYPE_CHECKING:
    from localwaba.http.routes import Route

_SCOPES = {
    "messaging": ("whatsapp_business_messaging",),
    "management": ("whatsapp_business_management",),
    "both": ("whatsapp_business_messaging", "whatsapp_business_management"),
    "business": ("business_management",),
}
_UPLOADS = frozenset({"create_upload_session", "upload_file_data", "get_upload_session"})
_NO_PERMISSION = "You do not have the necessary permissions required to do this operation."


def authenticate(hosts: Hosts, text: str) -> tuple[Host, Token]:
    """The world and the record of a token, dead or alive; refused with 190 if it is unknown."""
    found = hosts.by_token(text)
    if found is None:
        raise Refused(unreadable(hosts.ended(text)))
    return found


def check_life(token: Token, host: Host) -> None:
    """Refuses a token that has expired or was revoked (190)."""
    if token.expires_at or token.revoked_subcode:
        refusal = fault(token, host.now())
        if refusal is not None:
            raise Refused(refusal)


def prove(world: World, token: Token, params: dict[str, Any]) -> dict[str, Any]:
    """The parameters without `appsecret_proof`, which is checked; refused with 100 if it is wrong or missing."""
    rest = {name: value for name, value in params.items() if name not in ("appsecret_proof", "appsecret_time")}
    given, time = params.get("appsecret_proof"), params.get("appsecret_time")
    check_proof(
        token,
        world.apps[token.app_id],
        None if given is None else str(given),
        "" if time is None else str(time),
        is_required=world.policy.require_appsecret_proof,
    )
    return rest


def permit(route: Route, token: Token) -> None:
    """Refuses a call for which the token lacks every permission that would do; an app's own token has none at all."""
    if token.kind == "APP":
        _permit_app(route)
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
    fix = "give the token the permission, or take access_token of GET /_localwaba/world"
    if "whatsapp_business_messaging" in lacking:
        raise refuse(10, rule="permission", why=why, fix=fix)
    raise refuse(200, message=_NO_PERMISSION, rule="permission", why=why, fix=fix)


def _permit_app(route: Route) -> None:
    if route.permission in ("none", "open") or route.operation in _UPLOADS:
        return
    raise refuse(
        200,
        message=None if route.permission == "messaging" else _NO_PERMISSION,
        rule="permission",
        why="an app's own token (app id|app secret) stands for nobody and may not touch accounts and numbers",
        fix="use the token of a system user: access_token of GET /_localwaba/world",
    )
