"""Presets about the statuses of the business's messages."""

from __future__ import annotations

from localwaba.operations.fault_preset import FAQ, STATUSES, Preset, reshaped

_SHOWN = "a message of the business"
_SUPPORT = "Meta: support page on delivery"

OF_STATUSES: dict[str, Preset] = {
    "statuses-reversed": Preset(
        "`read` comes before `delivered`, `delivered` before `sent`.",
        ("chatwoot/chatwoot#14529", "djdang3r/whatsapp-api-manager#102", "chatwoot/chatwoot#9962"),
        ({"kind": "reorder", "order": "reversed", "seconds": 10},),
        _SHOWN,
        4,
    ),
    "statuses-shuffled-with-repeats": Preset(
        "Statuses of a chat come twice each, in an order by chance.",
        ("chatwoot/chatwoot#14529", "djdang3r/whatsapp-api-manager#102", "opengovsg/postmangovsg#2151"),
        ({"kind": "duplicate", "times": 2}, {"kind": "reorder", "order": "shuffled", "seconds": 10}),
        _SHOWN,
        4,
    ),
    "duplicate-status": Preset(
        "Each status is told twice.",
        ("fabrahaingo/joel#314", "n8n-io/n8n#13862", "djdang3r/whatsapp-api-manager#102"),
        ({"kind": "duplicate", "times": 2, "spacing": 1},),
        _SHOWN,
        4,
    ),
    "read-without-delivered": Preset(
        "`read` is told, `delivered` never is.", (STATUSES,), ({"kind": "read_without_delivered"},), _SHOWN, 5
    ),
    "same-second": Preset(
        "`sent` and `delivered` have the same second.",
        ("captured: a log of June 2025 with such a pair",),
        ({"kind": "hurry", "after": "sent"},),
        _SHOWN,
        6,
    ),
    "status-of-unknown-message": Preset(
        "Before each status comes the same one of a message that the app has never sent.",
        ("botpress/botpress#15029", "opengovsg/postmangovsg#2151", STATUSES),
        reshaped("unknown_message"),
        _SHOWN,
        7,
    ),
    "failed-only": Preset(
        "HTTP 200, then `failed` and nothing else.",
        ("NousResearch/hermes-agent#80056", "chatwoot/chatwoot#13377", "chatwoot/chatwoot#9542"),
        ({"kind": "fail", "code": 131026},),
        _SHOWN,
        8,
    ),
    "failed-after-sent": Preset(
        "HTTP 200, `sent`, then `failed`.",
        ("chatwoot/chatwoot#5770", "chatwoot/chatwoot#15563", "bettersg/checkMate#174"),
        ({"kind": "fail", "code": 131049, "after": "sent"},),
        _SHOWN,
        8,
    ),
    "unknown-status": Preset(
        "A status that does not exist yet.",
        ("Meta: message history (DELETED)", "netflie/whatsapp-cloud-api#110"),
        reshaped("new_status"),
        _SHOWN,
        16,
    ),
    "statuses-of-two-versions": Preset(
        "Every other status has the shape of an app on another Graph version: `conversation` is there, or is not.",
        ("Meta: status webhooks (v24.0)", "david-lev/pywa#124"),
        ({"kind": "reshape", "how": "other_version", "when": {"every": 2}},),
        _SHOWN,
        26,
    ),
    "group-status-with-older-member": Preset(
        "A group's status names the participant in `participant_recipient_id`.",
        ("Meta: group webhooks",),
        reshaped("old_participant"),
        "a message of the business to a group",
        30,
    ),
    "delivered-and-failed": Preset(
        "One message is both delivered and failed, as with several devices.",
        (_SUPPORT, "schemalabz/opencouncil#634"),
        ({"kind": "fail", "code": 131000, "after": "delivered"},),
        _SHOWN,
        33,
    ),
    "stuck-at-sent": Preset(
        "A message stays at `sent` for ever, as with a user who is offline or has blocked the business.",
        (_SUPPORT,),
        ({"kind": "stuck_at", "status": "sent"},),
        _SHOWN,
        37,
    ),
    "only-sent": Preset(
        "Reactions, stickers, contacts and places get `sent` and no other status.",
        ("Meta: reaction messages",),
        ({"kind": "stuck_at", "status": "sent", "match": {"type": ["reaction", "sticker", "contacts", "location"]}},),
        "a message of the business of one of these types",
        38,
    ),
    "failed-then-delivered": Preset(
        "A message fails and is delivered all the same.",
        ("schemalabz/opencouncil#634",),
        ({"kind": "fail", "code": 131000, "then": "delivered"},),
        _SHOWN,
    ),
    "failed-without-errors": Preset(
        "The `failed` status does not say why.",
        ("chatwoot/chatwoot#13377", "Jaal-Yantra-Textiles/v2#800"),
        ({"kind": "fail", "code": 131000, "without_errors": True},),
        _SHOWN,
    ),
    "failed-with-several-errors": Preset(
        "The `failed` status has two errors, the more general one first.",
        ("chatwoot/chatwoot#13377", "EvolutionAPI/evolution-api#2486"),
        ({"kind": "fail", "code": 131026}, {"kind": "reshape", "how": "several_errors"}),
        _SHOWN,
    ),
    "failed-in-the-old-shape": Preset(
        "The `failed` status has an error of code and title only, as in 2022.",
        ("restfb/restfb#1239",),
        ({"kind": "fail", "code": 131026}, {"kind": "reshape", "how": "old_errors"}),
        _SHOWN,
    ),
    "outside-the-window": Preset(
        "HTTP 200, then `failed` with 131047: the customer service window was closed.",
        ("chatwoot/chatwoot#10143", "megaapp977/stack#117", "shridarpatil/frappe_whatsapp#133"),
        ({"kind": "fail", "code": 131047},),
        _SHOWN,
    ),
    "media-failed": Preset(
        "HTTP 200, then `failed` with 131053: the file could not be processed.",
        ("chatwoot/chatwoot#12713", "botpress/botpress#13859"),
        ({"kind": "fail", "code": 131053, "match": {"type": ["audio", "document", "image", "sticker", "video"]}},),
        "a message of the business with a file",
    ),
    "lost-statuses": Preset(
        "One status in three never comes.", (FAQ,), ({"kind": "lose", "when": {"every": 3}},), _SHOWN
    ),
    "random-delays": Preset(
        "Half of a chat's statuses come twenty seconds later: of messages sent at once, any may seem the last.",
        ("baptisteArno/typebot.io#2285", "EvolutionAPI/evolution-api#217", "theopenconversationkit/tock#1860"),
        ({"kind": "delay", "seconds": 20, "when": {"chance": 0.5}},),
        _SHOWN,
    ),
    "unknown-pricing-category": Preset(
        "The pricing of a status is of a category that does not exist yet.",
        ("netflie/whatsapp-cloud-api#110", "david-lev/pywa#124"),
        reshaped("new_category"),
        _SHOWN,
    ),
    "documented-contacts": Preset(
        "Statuses have `contacts` as documented: with `profile`, and none on `failed`.",
        ("david-lev/pywa#188", "botpress/botpress#15129", "Meta: business-scoped user ids"),
        reshaped("documented_contacts"),
        _SHOWN,
    ),
}
