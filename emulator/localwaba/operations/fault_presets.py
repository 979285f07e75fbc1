"""Ready faults for what really goes wrong, each with the public reports that motivate it."""

from __future__ import annotations

from typing import Any, NamedTuple


class Preset(NamedTuple):
    """Faults as they are posted. `reports` are public threads on GitHub, or pages of Meta that announce it."""

    text: str
    reports: tuple[str, ...]
    faults: tuple[dict[str, Any], ...]


_SENDS = {"operation": "send_message"}
_HOURS = 3_600
_FAQ = "Meta: calling FAQ (delivery is not exactly once, and not in order)"
_STATUSES = "Meta: status webhooks"

PRESETS: dict[str, Preset] = {
    # what the app under test is told
    "duplicate-delivery": Preset(
        "Every webhook arrives twice within milliseconds, side by side.",
        ("chatwoot/chatwoot#5433", "Neurotech-HQ/heyoo#84", "swampratnz/community-agent#249"),
        ({"kind": "duplicate_delivery", "times": 2, "spacing": 0},),
    ),
    "duplicate-although-acknowledged": Preset(
        "A webhook that was answered with 200 comes once more, because another app of the account failed.",
        ("Meta: webhooks overview", _FAQ),
        ({"kind": "duplicate_delivery", "times": 2, "spacing": 10},),
    ),
    "late-delivery": Preset(
        "Webhooks arrive a day late, with the timestamps that they had.",
        ("netflie/whatsapp-cloud-api#234", "NousResearch/hermes-agent#72870", "chatwoot/chatwoot#14739"),
        ({"kind": "delay_delivery", "seconds": 24 * _HOURS},),
    ),
    "backlog-after-downtime": Preset(
        "While it is armed, no webhook gets through; each is tried again, and the backlog comes once it is cleared.",
        ("NousResearch/hermes-agent#72870", "chatwoot/chatwoot#14739", "chatwoot/chatwoot#13556"),
        ({"kind": "drop_delivery", "retried": True},),
    ),
    "messages-hours-later-out-of-order": Preset(
        "Messages of users arrive three hours later, in another order.",
        ("chatwoot/chatwoot#13556",),
        ({"kind": "reorder", "seconds": 3 * _HOURS, "match": {"direction": "inbound"}},),
    ),
    "wrong-signature": Preset(
        "Webhooks are signed with the secret of another app.",
        ("qhkm/zeptoclaw#317", "michelbr84/GarraRUST#1070", "apache/camel#24034"),
        ({"kind": "wrong_signature", "how": "secret"},),
    ),
    "tampered-body": Preset(
        "The body was changed after it was signed.",
        ("pipecat-ai/pipecat#2794", "gndx/WhatsBrick#2"),
        ({"kind": "wrong_signature", "how": "tampered"},),
    ),
    "signature-over-plain-json": Preset(
        "The signature belongs to the unescaped JSON: who serialises the parsed body again takes it for right.",
        ("Secreto31126/whatsapp-api-js#290", "tawn33y/whatsapp-cloud-api#60", "fbsamples/whatsapp-api-examples#13"),
        ({"kind": "wrong_signature", "how": "plain"},),
    ),
    "missing-signature": Preset(
        "Webhooks come without any signature.",
        ("qhkm/zeptoclaw#317", "michelbr84/GarraRUST#1070", "gndx/WhatsBrick#2"),
        ({"kind": "missing_signature"},),
    ),
    # statuses
    "statuses-reversed": Preset(
        "`read` comes before `delivered`, `delivered` before `sent`.",
        ("chatwoot/chatwoot#14529", "djdang3r/whatsapp-api-manager#102", "chatwoot/chatwoot#9962"),
        ({"kind": "reorder", "order": "reversed", "seconds": 10},),
    ),
    "statuses-shuffled-with-repeats": Preset(
        "Statuses of a chat come twice each, in an order by chance.",
        ("chatwoot/chatwoot#14529", "djdang3r/whatsapp-api-manager#102", "opengovsg/postmangovsg#2151"),
        ({"kind": "duplicate", "times": 2}, {"kind": "reorder", "order": "shuffled", "seconds": 10}),
    ),
    "duplicate-status": Preset(
        "Each status is told twice.",
        ("fabrahaingo/joel#314", "n8n-io/n8n#13862", "djdang3r/whatsapp-api-manager#102"),
        ({"kind": "duplicate", "times": 2, "spacing": 1},),
    ),
    "read-without-delivered": Preset(
        "`read` is told, `delivered` never is.", (_STATUSES,), ({"kind": "read_without_delivered"},)
    ),
    "status-before-answer": Preset(
        "`sent` arrives before the app has the message's id from the answer.",
        ("opengovsg/postmangovsg#2151", "botpress/botpress#15029", "shridarpatil/frappe_whatsapp#252"),
        ({"kind": "status_before_answer"},),
    ),
    "failed-only": Preset(
        "HTTP 200, then `failed` and nothing else.",
        ("NousResearch/hermes-agent#80056", "chatwoot/chatwoot#13377", "chatwoot/chatwoot#9542"),
        ({"kind": "fail", "code": 131026},),
    ),
    "failed-after-sent": Preset(
        "HTTP 200, `sent`, then `failed`.",
        ("chatwoot/chatwoot#5770", "chatwoot/chatwoot#15563", "bettersg/checkMate#174"),
        ({"kind": "fail", "code": 131049, "after": "sent"},),
    ),
    "delivered-and-failed": Preset(
        "One message is both delivered and failed, as with several devices.",
        ("Meta: support page on delivery", "schemalabz/opencouncil#634"),
        ({"kind": "fail", "code": 131000, "after": "delivered"},),
    ),
    "failed-then-delivered": Preset(
        "A message fails and is delivered all the same.",
        ("schemalabz/opencouncil#634",),
        ({"kind": "fail", "code": 131000, "then": "delivered"},),
    ),
    "failed-without-errors": Preset(
        "The `failed` status does not say why.",
        ("chatwoot/chatwoot#13377", "Jaal-Yantra-Textiles/v2#800"),
        ({"kind": "fail", "code": 131000, "without_errors": True},),
    ),
    "stuck-at-sent": Preset(
        "A message stays at `sent` for ever, as with a user who is offline or has blocked the business.",
        ("Meta: support page on delivery",),
        ({"kind": "stuck_at", "status": "sent"},),
    ),
    "lost-statuses": Preset("One status in three never comes.", (_FAQ,), ({"kind": "lose", "when": {"every": 3}},)),
    # answers of the API
    "ambiguous-timeout": Preset(
        "The first try of each send takes effect and gets no answer: a blind retry sends twice.",
        ("camel-ai/camel#4280", "camel-ai/camel#4327", "megaapp977/stack#607", "megaapp977/stack#556"),
        ({"kind": "drop_after", "match": _SENDS, "when": {"first": 1}},),
    ),
    "hang-after-effect": Preset(
        "Each send takes effect, and no answer comes for a minute.",
        ("megaapp977/stack#607", "openclaw/openclaw#116232"),
        ({"kind": "hang", "seconds": 60, "after_effect": True, "match": _SENDS},),
    ),
    "unavailable-then-success": Preset(
        "The first two tries of each send are answered with 503, the third one is taken.",
        ("Meta: error codes (2: temporarily unavailable)",),
        ({"kind": "http_error", "status": 503, "match": _SENDS, "when": {"first": 2}},),
    ),
    "pair-rate-limit": Preset(
        "The first try of each send is refused with 131056: too many messages to this user.",
        ("fabrahaingo/joel#308", "fabrahaingo/joel#152", "botpress/botpress#14246"),
        ({"kind": "error", "code": 131056, "match": _SENDS, "when": {"first": 1}},),
    ),
    "throughput-limit": Preset(
        "One send in three is refused with 130429: too many messages.",
        ("fabrahaingo/joel#133", "botpress/botpress#14224", "NousResearch/hermes-agent#80070"),
        ({"kind": "error", "code": 130429, "match": _SENDS, "when": {"every": 3}},),
    ),
    "expired-token": Preset(
        "Every call is refused as with a token that has expired.",
        ("shridarpatil/frappe_whatsapp#148", "chatwoot/chatwoot#12556"),
        ({"kind": "error", "code": 190, "subcode": 463},),
    ),
}
