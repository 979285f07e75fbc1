"""How an account stands with Meta, as JSON for people; times are seconds since the epoch."""

from __future__ import annotations

from typing import Any

from localwaba.domain.clock import SECOND
from localwaba.domain.enforcement import LADDER, is_active, standing_of
from localwaba.domain.model import Waba
from localwaba.domain.utility_misuse import LADDER as MISUSE
from localwaba.domain.world import World
from localwaba.wire.health import health_status
from localwaba.wire.moments import iso


def account(world: World, waba: Waba, now: int) -> dict[str, Any]:
    """An account with its restrictions and whether it can send."""
    standing, business = standing_of(world, waba.id), world.businesses[waba.business_id]
    return {
        "id": waba.id,
        "name": waba.name,
        "business_id": waba.business_id,
        "status": waba.status,
        "review_status": waba.review_status,
        "business_verification_status": business.verification_status,
        "enforcement": LADDER[standing.step - 1].name if standing.step else "none",
        "utility_misuse": MISUSE[standing.misuse - 1].name if standing.misuse else "none",
        "restrictions": [
            {"type": kind, "until": _time(one.until), "why": one.why or None}
            for kind, one in standing.restrictions.items()
            if is_active(standing, kind, now)
        ],
        "violations": [{"type": kind, "at": at / SECOND, "time": iso(at)} for at, kind in standing.violations],
        "disabled_at": _time(standing.disabled_at),
        "disable_at": _time(standing.disable_at),
        "payment": "failed" if standing.unpaid_since else "ok",
        "blocked_countries": list(standing.countries),
        "can_send_message": health_status(world, world.app_id, waba, now=now)["can_send_message"],
    }


def _time(moment: int) -> float | None:
    return moment / SECOND if moment else None
