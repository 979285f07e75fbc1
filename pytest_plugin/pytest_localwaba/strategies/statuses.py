"""What becomes of messages: statuses, in the order in which they should come and in orders in which they do come."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from functools import cache
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from localwaba_contracts import errors
from pytest_localwaba.strategies.inbound import NOW
from pytest_localwaba.strategies.people import Person, users
from pytest_localwaba.strategies.words import message_ids, texts

Json = dict[str, Any]

RANKS = {"sent": 1, "delivered": 2, "read": 3, "played": 4}
"""How far a message has come; `failed` is beside the line."""

NASTY = (
    "duplicates",
    "reversed",
    "shuffled",
    "missing sent",
    "read without delivered",
    "failed after delivered",
    "delivered after failed",
    "failed only",
    "failed without errors",
    "bare",
    "unknown status",
)
"""Ways in which real status webhooks differ from the plain line of sent, delivered, read."""

_PATHS = (("sent",), ("sent", "delivered"), ("sent", "delivered", "read"), ("sent", "failed"), ("failed",))
_CATEGORIES = ("service", "utility", "marketing", "authentication")


_BESIDE: SearchStrategy[Json] = st.fixed_dictionaries({}, optional={"biz_opaque_callback_data": texts(40)})


@cache
def _failures() -> SearchStrategy[Json]:
    rows = [row for row in errors() if row.channel in ("webhook", "both") and not row.retired]
    return st.sampled_from(rows).map(
        lambda row: {
            "code": row.code,
            "title": row.webhook_title or row.title,
            "message": row.webhook_title or row.title,
            "error_data": {"details": row.webhook_details or row.details or row.title},
        }
    )


@st.composite
def _sequence(draw: DrawFn, path: Sequence[str], message_id: str | None, to: Person | None, at: int) -> list[Json]:
    """One status object for each step of a path, some seconds apart."""
    who = draw(users()) if to is None else to
    wamid = draw(message_ids()) if message_id is None else message_id
    category = draw(st.sampled_from(_CATEGORIES))
    beside = draw(_BESIDE)
    pause = draw(st.integers(0, 60))
    found: list[Json] = []
    for status in path:
        item: Json = {"id": wamid, "status": status, "timestamp": str(at)}
        if not who.hides_number:
            item["recipient_id"] = who.wa_id
        if status != "failed" or who.hides_number:
            item["recipient_user_id"] = who.user_id
        item |= beside
        if status in ("sent", "delivered"):
            item["pricing"] = {
                "billable": category != "service",
                "pricing_model": "PMP",
                "category": category,
                "type": "free_customer_service" if category == "service" else "regular",
            }
        if status == "failed":
            item["errors"] = [draw(_failures())]
        found.append(item)
        at += pause
    return found


@st.composite
def status_sequences(
    draw: DrawFn, *, message_id: str | None = None, to: Person | None = None, at: int = NOW
) -> list[Json]:
    """All statuses of one message, in order: `[{"id", "status", "timestamp", "recipient_id", …}, …]`.

    `sent`, perhaps `delivered`, perhaps `read`; or `failed`, at once or after `sent`. Timestamps never go back.
    """
    return draw(_sequence(draw(st.sampled_from(_PATHS)), message_id, to, at))


@st.composite
def nasty_status_sequences(
    draw: DrawFn,
    ways: Collection[str] | None = None,
    *,
    message_id: str | None = None,
    to: Person | None = None,
    at: int = NOW,
) -> list[Json]:
    """Statuses of one message as they really come: twice, in another order, with members or steps missing.

    `ways` are some of NASTY; ValueError for others. All but two ways keep the contract of webhooks: "failed without
    errors" and "unknown status" are what Meta has sent, or may send one day, beyond it.
    """
    wanted = NASTY if ways is None else tuple(ways)
    unknown = set(wanted) - set(NASTY)
    if unknown:
        raise ValueError(f"there is no nasty way {', '.join(sorted(unknown))}; there are {', '.join(NASTY)}")
    return draw(_nasty(draw(st.sampled_from(wanted)), message_id, to, at))


@st.composite
def _nasty(draw: DrawFn, way: str, message_id: str | None, to: Person | None, at: int) -> list[Json]:
    paths = {
        "missing sent": ("delivered", "read"),
        "read without delivered": ("sent", "read"),
        "failed after delivered": ("sent", "delivered", "failed"),
        "delivered after failed": ("sent", "failed", "delivered"),
        "failed only": ("failed",),
        "failed without errors": ("failed",),
        "unknown status": ("sent", "delivered"),
    }
    found = draw(_sequence(paths.get(way, ("sent", "delivered", "read")), message_id, to, at))
    if way == "duplicates":
        return [one for one in found for _ in range(2)]
    if way == "reversed":
        return found[::-1]
    if way == "shuffled":
        return draw(st.permutations(found))
    if way == "failed without errors":
        del found[0]["errors"]
    elif way == "bare":
        kept = ("id", "status", "timestamp", "recipient_user_id" if "recipient_id" not in found[0] else "recipient_id")
        found = [{name: one[name] for name in kept} for one in found]
    elif way == "unknown status":
        found[-1]["status"] = "seen_on_a_watch"
    return found


def highest(statuses: Sequence[Json]) -> str | None:
    """How far a message has come by these statuses, whatever their order: what an app should believe.

    `failed` counts only where nothing says that the message was delivered.
    """
    known = [one["status"] for one in statuses if one["status"] in RANKS]
    best = max(known, key=RANKS.__getitem__, default=None)
    if any(one["status"] == "failed" for one in statuses) and RANKS.get(best or "", 0) < RANKS["delivered"]:
        return "failed"
    return best


def status_value(statuses: Sequence[Json], metadata: Json) -> Json:
    """The `value` of a webhook with these statuses."""
    return {"messaging_product": "whatsapp", "metadata": metadata, "statuses": list(statuses)}
