"""What becomes of messages: statuses, in the order in which they should come and in orders in which they do come."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from functools import cache
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from localwaba_contracts import errors
from pytest_localwaba.strategies.contents import NOW
from pytest_localwaba.strategies.people import Person, users
from pytest_localwaba.strategies.words import chosen, digits, identifiers, message_ids, texts

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

KINDS = ("message", "group", "payment")
"""What statuses are about: a message to one user, a message to a group, the payment of an order."""

_PATHS = (
    ("sent",),
    ("sent", "delivered"),
    ("sent", "delivered", "read"),
    ("sent", "delivered", "read", "played"),
    ("sent", "failed"),
    ("failed",),
    ("sent", "warning"),
    ("sent", "delivered", "deleted"),
)
_CATEGORIES = ("service", "utility", "marketing", "authentication")
GROUP_ID = "Y2FwaV9ncm91cDoxNTU1MDc4Mzg4MToxMjAzNjM0MDQ2OTQyMzM4MjAZD"


@cache
def _beside() -> SearchStrategy[Json]:
    """What stands in every status of a message, or in none."""
    return st.fixed_dictionaries(
        {},
        optional={
            "biz_opaque_callback_data": texts(40),
            "recipient_identity_key_hash": st.just("DF2lS5v2W6x="),
            "template_id": digits(15, 16),
        },
    )


@cache
def _conversations() -> SearchStrategy[Json | None]:
    """The conversation that a message opened, which older statuses have; most have none."""
    number = st.integers(16**31, 16**32 - 1).map("{:032x}".format)
    ends = {"expiration_timestamp": st.integers(NOW, NOW + 259_200).map(str)}
    kinds = st.sampled_from([*_CATEGORIES, "referral_conversion"])
    origin = st.fixed_dictionaries({"type": kinds})
    return st.none() | st.none() | st.fixed_dictionaries({"id": number, "origin": origin}, optional=ends)


@cache
def _failures() -> SearchStrategy[Json]:
    rows = [row for row in errors() if row.channel in ("webhook", "both") and not row.retired]
    known = st.sampled_from(rows).map(
        lambda row: {
            "code": row.code,
            "title": row.webhook_title or row.title,
            "message": row.webhook_title or row.title,
            "error_data": {"details": row.webhook_details or row.details or row.title},
        }
    )
    href = "https://developers.facebook.com/docs/whatsapp/cloud-api/support/error-codes/"
    return known | known.map(lambda error: error | {"href": href})


@st.composite
def _sequence(draw: DrawFn, path: Sequence[str], message_id: str | None, to: Person | None, at: int) -> list[Json]:
    """One status object for each step of a path, some seconds apart."""
    who = draw(users()) if to is None else to
    wamid = draw(message_ids()) if message_id is None else message_id
    category = draw(st.sampled_from(_CATEGORIES))
    beside, conversation = draw(_beside()), draw(_conversations())
    pause = draw(st.integers(0, 60))
    found: list[Json] = []
    for status in path:
        item: Json = {"id": wamid, "status": status, "timestamp": str(at)}
        if not who.hides_number:
            item["recipient_id"] = who.wa_id
        if status != "failed" or who.hides_number:
            item["recipient_user_id"] = who.user_id
            if who.parent_user_id:
                item["recipient_parent_user_id"] = who.parent_user_id
        item |= beside
        if conversation is not None and status != "failed":
            item["conversation"] = conversation
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


_GROUP_PRICE = {
    "billable": False,
    "pricing_model": "PMP",
    "category": "group_service",
    "type": "free_group_customer_service",
}


@st.composite
def _in_group(draw: DrawFn, message_id: str | None, group_id: str, at: int) -> list[Json]:
    """Statuses of a message to a group: sent once, then delivered to and read by each member, or failed."""
    wamid = draw(message_ids()) if message_id is None else message_id
    head: Json = {"id": wamid, "recipient_id": group_id, "recipient_type": "group"}
    if draw(st.sampled_from([False, False, True])):
        return [head | {"status": "failed", "timestamp": str(at), "errors": [draw(_failures())]}]
    found = [head | {"status": "sent", "timestamp": str(at)}]
    for who in draw(st.lists(users(hidden=False), min_size=1, max_size=3, unique_by=lambda one: one.wa_id)):
        spelt = draw(st.sampled_from(["recipient_participant_id", "participant_recipient_id"]))
        member = {spelt: who.wa_id, "recipient_participant_user_id": who.user_id}
        for status in draw(st.sampled_from([("delivered",), ("delivered", "read"), ("failed",)])):
            at += draw(st.integers(0, 60))
            item = head | {"status": status, "timestamp": str(at)} | member
            price = dict(_GROUP_PRICE)
            origin: Json = {"id": "bed2de89093e953b76c68fc93131560b", "origin": {"type": "group_service"}}
            inside = draw(st.booleans()) if status == "read" else False  # as Meta's page has it
            more: Json = {"conversation": origin | {"pricing": price}} if inside else {"pricing": price}
            found.append(item | ({"errors": [draw(_failures())]} if status == "failed" else more))
    return found


@st.composite
def _payment(draw: DrawFn, message_id: str | None, to: Person | None, at: int) -> list[Json]:
    """Statuses of the payment of an order: pending, perhaps failed, in the end perhaps captured and paid back."""
    who = draw(users(hidden=False)) if to is None else to
    wamid = draw(message_ids()) if message_id is None else message_id
    amount = {"value": draw(st.integers(100, 1_000_000)), "offset": 100}
    reference = draw(identifiers(35, "_.-"))
    gateway = draw(st.sampled_from(["razorpay", "payu", "billdesk", "zaakpay"]))
    method = draw(st.none() | st.sampled_from(["upi", "card", "netbanking", "wallet"]))
    found: list[Json] = []
    paths = [("pending", "success"), ("pending",), ("pending", "failed", "success"), ("success", "refunded")]
    for step in draw(st.sampled_from(paths)):
        state = "success" if step == "refunded" else step
        transaction: Json = {"id": f"order_{reference}", "pg_transaction_id": "pay_FtDYLrvR3UXPMt", "type": gateway}
        transaction |= {"status": state, "created_timestamp": at, "updated_timestamp": at + 9}
        if method:
            transaction["method"] = {"type": method}
        if state == "failed":
            transaction["error"] = {"code": "BAD_REQUEST_ERROR", "reason": "payment_failed"}
        payment: Json = {"reference_id": reference, "amount": amount, "transaction": transaction, "currency": "INR"}
        if step == "refunded":
            times = {"created_timestamp": at, "updated_timestamp": at}
            refund: Json = {"id": "rfnd_FP8QHiV938haTz", "amount": amount, "speed_processed": "instant"}
            payment["refunds"] = [refund | {"status": "success"} | times]
            payment |= {"receipt": "receipt-77", "notes": {"table": "4"}, "udf1": "x", "additional_info1": "y"}
        status = "captured" if state == "success" else "pending"
        head = {"id": wamid, "type": "payment", "status": status, "payment": payment, "timestamp": str(at)}
        found.append(head | ({} if who.hides_number else {"recipient_id": who.wa_id}))
        if who.hides_number:
            found[-1]["recipient_user_id"] = who.user_id
        at += 60
    return found


def status_sequences(
    kinds: Collection[str] | str = "message",
    *,
    message_id: str | None = None,
    to: Person | None = None,
    at: int = NOW,
    group_id: str = GROUP_ID,
) -> SearchStrategy[list[Json]]:
    """All statuses of one message, in order: `[{"id", "status", "timestamp", "recipient_id", …}, …]`.

    `sent`, perhaps `delivered`, `read`, `played` or `deleted`; or `failed`, at once or after `sent`. `kinds` are some
    of "message", "group" (each member of the group `group_id` has statuses) and "payment" (of an order). Timestamps
    never go back. ValueError for another kind.
    """
    wanted = chosen(kinds, KINDS, "kind of statuses")
    return _legal(wanted, message_id, to, at, group_id)


@st.composite
def _legal(
    draw: DrawFn, kinds: tuple[str, ...], message_id: str | None, to: Person | None, at: int, group_id: str
) -> list[Json]:
    kind = draw(st.sampled_from(kinds))
    if kind == "group":
        return draw(_in_group(message_id, group_id, at))
    if kind == "payment":
        return draw(_payment(message_id, to, at))
    return draw(_sequence(draw(st.sampled_from(_PATHS)), message_id, to, at))


def nasty_status_sequences(
    ways: Collection[str] | str | None = None,
    *,
    message_id: str | None = None,
    to: Person | None = None,
    at: int = NOW,
) -> SearchStrategy[list[Json]]:
    """Statuses of one message as they really come: twice, in another order, with members or steps missing.

    `ways` are some of NASTY; ValueError for others. All but two ways keep the contract of webhooks: "failed without
    errors" and "unknown status" are what Meta has sent, or may send one day, beyond it.
    """
    return _of_ways(chosen(ways, NASTY, "nasty way"), message_id, to, at)


@st.composite
def _of_ways(draw: DrawFn, ways: tuple[str, ...], message_id: str | None, to: Person | None, at: int) -> list[Json]:
    return draw(_nasty(draw(st.sampled_from(ways)), message_id, to, at))


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
    whole: tuple[str, ...] = ("sent", "delivered", "read")
    if way == "duplicates":
        whole = whole[: draw(st.integers(1, 3))]
    found = draw(_sequence(paths.get(way, whole), message_id, to, at))
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


def status_value(statuses: Sequence[Json], metadata: Json, *, contacts: bool = False) -> Json:
    """The `value` of a webhook with these statuses; since 2026 it says whom they are about in `contacts`, too."""
    found: Json = {"messaging_product": "whatsapp", "metadata": dict(metadata)}
    people = {_key(one): one for one in map(_contact, statuses) if one} if contacts else {}
    if people:
        found["contacts"] = list(people.values())
    return found | {"statuses": list(statuses)}


def _contact(status: Json) -> Json:
    named = {
        "wa_id": ("recipient_participant_id", "participant_recipient_id", "recipient_id"),
        "user_id": ("recipient_participant_user_id", "recipient_user_id"),
        "parent_user_id": ("recipient_parent_user_id",),
    }
    if "recipient_type" in status and "recipient_participant_user_id" not in status:
        return {}
    return {
        name: status[there[0]]
        for name, members in named.items()
        if (there := [one for one in members if one in status])
    }


def _key(contact: Json) -> str:
    return str(contact.get("wa_id") or contact.get("user_id"))
