"""The kinds of faults, what can be said about each, and on which occasions it is asked."""

from __future__ import annotations

from typing import Any, Literal, NamedTuple

from localwaba.domain.fault_shapes import SHAPES

Side = Literal["call", "life", "telling", "delivery", "attempt", "handshake"]
MATCHES: dict[Side, tuple[str, ...]] = {
    "call": ("operation", "endpoint", "method", "recipient", "template", "type", "phone_number_id"),
    "life": ("recipient", "template", "type", "phone_number_id"),
    "telling": ("recipient", "template", "type", "phone_number_id", "status", "direction"),
    "delivery": ("field", "recipient", "template", "type", "phone_number_id", "status", "direction"),
    "attempt": ("field", "recipient", "template", "type", "phone_number_id", "status", "direction"),
    "handshake": (),
}
"""Occasions and what can be matched of them.

`call`: an app calls Graph with a token of the world. `life`: a message is about to reach a status. `telling`: a
status, or a message of a user, is about to be announced. `delivery`: a webhook is about to be queued for one app.
`attempt`: a webhook is about to be sent, for the first time or again. `handshake`: a callback is to be verified.
"""


class Parameter(NamedTuple):
    """Something that can be said about a fault; `default` None means that it can be left out, `...` that it cannot.

    `kind` is one of seconds, whole, text, flag, code, or a choice: then `choices` has all there is.
    """

    name: str
    kind: str
    default: Any
    text: str
    choices: tuple[Any, ...] = ()
    high: int = 0


class Kind(NamedTuple):
    """One way in which things go wrong. `ends`: of a call, nothing else is done after it."""

    name: str
    side: Side
    text: str
    parameters: tuple[Parameter, ...] = ()
    ends: bool = False


_DAY = 86_400
_AFTER = Parameter("after_effect", "flag", False, "false: before the call takes effect; true: after it did")
_REAL = "real seconds, whatever the world's clock says"
_WORLD = "seconds of the world's clock"
_SPACING = Parameter("spacing", "seconds", 0, f"from one copy to the next, {_WORLD}", high=30 * _DAY)
_TIMES = Parameter("times", "whole", 2, "how often it arrives in all", high=100)
_WINDOW = Parameter("seconds", "seconds", 5, f"length of the window from the first one on, {_WORLD}", high=30 * _DAY)
_ORDER = Parameter("order", "choice", "shuffled", "by chance, or the last one first", ("shuffled", "reversed"))
_AFTER_STATUS = Parameter(
    "after", "choice", "accepted", "the status after which it fails; accepted: it fails instead of being sent",
    ("accepted", "sent", "delivered", "read"),
)  # fmt: skip

ALL: tuple[Kind, ...] = (
    Kind("latency", "call", "The call takes longer.", (Parameter("seconds", "seconds", 1, _REAL, high=3600), _AFTER)),
    Kind(
        "http_error",
        "call",
        "An answer that is none of the platform's business logic: a gateway's, or an outage's.",
        (
            Parameter("status", "choice", 503, "its HTTP status", (500, 502, 503, 504)),
            Parameter("body", "choice", "graph", "Graph's envelope, a page, or nothing", ("graph", "html", "empty")),
            _AFTER,
        ),
        True,
    ),
    Kind("drop_before", "call", "The connection closes before the call took effect.", (), True),
    Kind("drop_after", "call", "The call takes effect, then the connection closes without an answer.", (), True),
    Kind(
        "hang",
        "call",
        "Nothing comes; in the end the connection closes without an answer.",
        (Parameter("seconds", "seconds", 60, _REAL, high=3600), _AFTER),
        True,
    ),
    Kind(
        "error",
        "call",
        "Graph refuses with a code of its catalogue, and nothing happens.",
        (
            Parameter("code", "code", ..., "Meta's error code"),
            Parameter("subcode", "whole", None, "one of the code's subcodes", high=10**9),
            Parameter("details", "text", None, "`error_data.details`; else as in the catalogue"),
        ),
        True,
    ),
    Kind("slow_body", "call", "The answer comes in drops.", (Parameter("seconds", "seconds", 1, _REAL, high=3600),)),
    Kind("truncated_body", "call", "The connection closes in the middle of the answer's body."),
    Kind(
        "wrong_content_type",
        "call",
        "The answer is right, its Content-Type is not.",
        (Parameter("content_type", "text", "text/html; charset=utf-8", "what it says instead"),),
    ),
    Kind(
        "status_before_answer",
        "call",
        "The status webhook of a message arrives before the answer with the message's id.",
        (Parameter("seconds", "seconds", 5, f"how long the answer waits for the app at most, {_REAL}", high=3600),),
    ),
    Kind(
        "fail",
        "life",
        "The message fails: instead of being sent, or late, or in contradiction to what was told.",
        (
            Parameter("code", "code", 131026, "Meta's error code"),
            Parameter("details", "text", None, "`error_data.details`; else as in the catalogue"),
            _AFTER_STATUS,
            Parameter("seconds", "seconds", 1, f"from the status to the failure, {_WORLD}", high=30 * _DAY),
            Parameter("then", "choice", None, "a status that is told after the failure", ("sent", "delivered", "read")),
            Parameter("without_errors", "flag", False, "the `failed` status comes without `errors`"),
        ),
    ),
    Kind(
        "stuck_at",
        "life",
        "The message never gets beyond a status.",
        (
            Parameter(
                "status", "choice", "sent", "the last status that is reached", ("accepted", "sent", "delivered")
            ),
        ),
    ),
    Kind(
        "read_without_delivered",
        "life",
        "`read` is told, `delivered` is not.",
        (Parameter("seconds", "seconds", 0, f"until `read`, if nothing else brings it, {_WORLD}", high=30 * _DAY),),
    ),
    Kind(
        "hurry",
        "life",
        "The next status follows within the same second.",
        (Parameter("after", "choice", "sent", "the status that the next one follows at once", ("sent", "delivered")),),
    ),
    Kind("lose", "telling", "It is never told."),
    Kind("duplicate", "telling", "It is told more than once, with the same bytes.", (_TIMES, _SPACING)),
    Kind(
        "reorder",
        "telling",
        "What is told of one chat within a window comes in another order.",
        (
            _WINDOW,
            _ORDER,
        ),
    ),
    Kind("delay", "telling", "It is told later.", (Parameter("seconds", "seconds", 60, _WORLD, high=30 * _DAY),)),
    Kind("duplicate_delivery", "delivery", "The webhook arrives more than once.", (_TIMES, _SPACING)),
    Kind(
        "delay_delivery", "delivery", "The webhook arrives late, with its old timestamps.",
        (Parameter("seconds", "seconds", 60, _WORLD, high=30 * _DAY),),
    ),
    Kind(
        "reorder_delivery",
        "delivery",
        "The webhooks of one field and number within a window come in another order.",
        (_WINDOW, _ORDER),
    ),
    Kind(
        "burst",
        "delivery",
        "The webhooks of a window come all at the same moment, and none waits for the answer to another.",
        (_WINDOW,),
    ),
    Kind(
        "batch",
        "delivery",
        "The webhooks of a window come in one POST.",
        (
            Parameter(
                "of", "choice", "mixed",
                "entries of one change each, changes of one item each, items in one value, or all three levels",
                ("entries", "changes", "items", "mixed"),
            ),
            Parameter("most", "whole", 1_000, "updates in one POST at most", high=1_000),
            _WINDOW,
            Parameter("order", "choice", "kept", "as they came, or by chance", ("kept", "shuffled")),
        ),
    ),
    Kind(
        "copy_to", "delivery",
        "The webhook goes to another URL as well.",
        (Parameter("url", "text", None, "which one; else the app's own callback, while an override is in force"),),
    ),
    Kind(
        "reshape", "delivery",
        "The webhook comes in another shape, or several come in its place; only webhooks that can have it are hit.",
        (Parameter("how", "choice", ..., "which shape", tuple(SHAPES)),),
    ),
    Kind(
        "late_acknowledgement", "attempt",
        "What the app answers counts as too late, even a 200: the webhook is tried again.",
    ),
    Kind(
        "drop_delivery", "attempt", "The webhook gets lost on its way.",
        (Parameter("retried", "flag", False, "true: it counts as not acknowledged and is tried again"),),
    ),
    Kind(
        "wrong_signature",
        "attempt",
        "The signature does not match.",
        (
            Parameter(
                "how", "choice", "secret",
                "signed with another secret, over the unescaped JSON, over other bytes, or in upper-case hex",
                ("secret", "plain", "tampered", "uppercase"),
            ),
        ),
    ),
    Kind("missing_signature", "attempt", "No signature at all."),
    Kind("old_signature_only", "attempt", "Only `X-Hub-Signature` (SHA-1) is there."),
    Kind("plain_bytes", "attempt", "The body is plain UTF-8 JSON without Meta's escapes, signed as it is."),
    Kind(
        "handshake", "handshake",
        "The verification of a callback goes otherwise.",
        (
            Parameter(
                "how", "choice", "repeated",
                "asked twice, asked with a wrong token first, or the answer counts as too late",
                ("repeated", "wrong_token", "too_late"),
            ),
        ),
    ),
)  # fmt: skip
KINDS: dict[str, Kind] = {kind.name: kind for kind in ALL}
