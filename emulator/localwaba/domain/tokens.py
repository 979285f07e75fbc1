"""Whether an access token is still good, and what Graph says when it is not."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from localwaba.domain.clock import DAY, SECOND
from localwaba.domain.errors import Refusal
from localwaba.domain.model import Token

LONG_LIFE = 60 * DAY
"""How long a long-lived token of a person lives."""
_PACIFIC = "America/Los_Angeles"


def fault(token: Token, now: int) -> Refusal | None:
    """Why a token is no longer valid (190 with its subcode); None if it is."""
    if token.revoked_subcode is not None:
        text = "The session has been invalidated because the user changed their password or Facebook has changed "
        return _invalid(text + "the session for security reasons.", token.revoked_subcode)
    if token.expires_at and now >= token.expires_at:
        return _invalid(f"Session has expired on {pacific(token.expires_at)}. The current time is {pacific(now)}.", 463)
    return None


def unreadable() -> Refusal:
    """What Graph says of a text that is no token, or one of nobody's."""
    return Refusal(
        code=190,
        message="Invalid OAuth access token - Cannot parse access token",
        rule="token",
        why="no world of this server has this access token",
        fix="take access_token from GET /_localwaba/world",
    )


def pacific(milliseconds: int) -> str:
    """A time as Graph prints it in errors: `Friday, 26-Apr-24 06:00:00 PDT`."""
    moment = datetime.fromtimestamp(milliseconds // SECOND, UTC)
    try:
        moment = moment.astimezone(ZoneInfo(_PACIFIC))
    except (KeyError, OSError):  # a machine without the time zone database
        return moment.strftime("%A, %d-%b-%y %H:%M:%S UTC")
    return moment.strftime("%A, %d-%b-%y %H:%M:%S %Z")


def _invalid(text: str, subcode: int) -> Refusal:
    return Refusal(
        code=190,
        subcode=subcode,
        message=f"Error validating access token: {text}",
        rule="token",
        why="the access token is no longer valid",
        fix="get a new token",
    )
