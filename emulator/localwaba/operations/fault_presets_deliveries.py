"""Presets about how webhooks arrive, and how they are signed."""

from __future__ import annotations

from localwaba.operations.fault_preset import DAY, FAQ, HOUR, INBOUND, Preset, reshaped

_BATCHED = ("netflie/whatsapp-cloud-api#132", "david-lev/pywa#229", "opengovsg/postmangovsg#2136")
_SOME = "several webhooks within a few seconds"
_LATE = ("netflie/whatsapp-cloud-api#234", "NousResearch/hermes-agent#72870", "chatwoot/chatwoot#14739")
_OVERVIEW = "Meta: webhooks overview"
_KEYS = "captured: a log of June 2025 with a dashboard test, where `field` comes first"
_NEWS = "Meta: changelog (new fields, types and members come without a new version)"

DELIVERIES: dict[str, Preset] = {
    "duplicate-delivery": Preset(
        "Every webhook arrives twice within milliseconds, side by side.",
        ("chatwoot/chatwoot#5433", "Neurotech-HQ/heyoo#84", "swampratnz/community-agent#249"),
        ({"kind": "duplicate_delivery", "times": 2, "spacing": 0},),
        anomaly=1,
    ),
    "retried-days-later": Preset(
        "Every webhook comes once more two days later, with the same bytes and so with an old timestamp.",
        _LATE,
        ({"kind": "duplicate_delivery", "times": 2, "spacing": 2 * DAY},),
        anomaly=2,
    ),
    "late-delivery": Preset(
        "Webhooks arrive a day late, with the timestamps that they had.",
        _LATE,
        ({"kind": "delay_delivery", "seconds": DAY},),
        anomaly=2,
    ),
    "duplicate-although-acknowledged": Preset(
        "A webhook that was answered with 200 comes once more, because another app of the account failed.",
        (_OVERVIEW, FAQ),
        ({"kind": "duplicate_delivery", "times": 2, "spacing": 10},),
        anomaly=3,
    ),
    "batch-of-entries": Preset(
        "What comes within five seconds comes in one POST of several entries, in another order.",
        _BATCHED,
        ({"kind": "batch", "of": "entries", "order": "shuffled"},),
        _SOME,
        15,
    ),
    "batch-of-changes": Preset(
        "What comes within five seconds comes in one entry of several changes, in another order.",
        _BATCHED,
        ({"kind": "batch", "of": "changes", "order": "shuffled"},),
        _SOME,
        15,
    ),
    "batch-of-items": Preset(
        "Several messages, or several statuses, come in one value; its contacts stand in another order.",
        _BATCHED,
        ({"kind": "batch", "of": "items", "order": "shuffled"},),
        _SOME,
        15,
    ),
    "batch-with-a-stranger": Preset(
        "In a POST of several updates, every other one is of a field that nobody knows.",
        ("david-lev/pywa#229", "shridarpatil/frappe_whatsapp#252"),
        ({"kind": "reshape", "how": "new_field", "when": {"every": 2}}, {"kind": "batch", "of": "changes"}),
        _SOME,
        15,
    ),
    "field-before-value": Preset(
        "`field` stands before `value`, as in the dashboard's tests.", (_KEYS,), reshaped("field_first"), anomaly=16
    ),
    "members-in-another-order": Preset(
        "The members of every object stand in an order by chance.",
        (_KEYS,),
        reshaped("keys_shuffled"),
        anomaly=16,
    ),
    "unknown-members": Preset(
        "Members that nobody has heard of stand in every object.",
        (_NEWS, "david-lev/pywa#124"),
        reshaped("extra_keys"),
        anomaly=16,
    ),
    "unknown-field": Preset(
        "The change is of a field that does not exist yet.", (_NEWS,), reshaped("new_field"), anomaly=16
    ),
    "burst": Preset(
        "What comes within five seconds comes at the same moment, and nothing waits for an answer.",
        ("Meta: throughput (three webhooks a message at once)",),
        ({"kind": "burst", "seconds": 5},),
        _SOME,
        31,
    ),
    "late-acknowledgement": Preset(
        "The app's first 200 counts as too late, as after 20 seconds: the webhook is sent again.",
        (FAQ, "Lingtai-AI/lingtai-kernel#733"),
        ({"kind": "late_acknowledgement", "when": {"first": 1}},),
        anomaly=36,
    ),
    "two-urls": Preset(
        "What goes to an overriding URL still goes to the app's own callback too.",
        ("Meta: webhook overrides", "fazer-ai/chatwoot#575"),
        ({"kind": "copy_to"},),
        "a webhook of `messages` while an override is in force",
        39,
    ),
    "messages-hours-later-out-of-order": Preset(
        "Messages of users arrive three hours later, in another order.",
        ("chatwoot/chatwoot#13556",),
        ({"kind": "reorder", "seconds": 3 * HOUR, "match": INBOUND},),
        "messages of users",
        40,
    ),
    "tampered-body": Preset(
        "The body was changed after it was signed.",
        ("pipecat-ai/pipecat#2794", "gndx/WhatsBrick#2"),
        ({"kind": "wrong_signature", "how": "tampered"},),
        anomaly=27,
    ),
    "signature-over-plain-json": Preset(
        "The signature belongs to the unescaped JSON: who serialises the parsed body again takes it for right.",
        ("Secreto31126/whatsapp-api-js#290", "tawn33y/whatsapp-cloud-api#60", "fbsamples/whatsapp-api-examples#13"),
        ({"kind": "wrong_signature", "how": "plain"},),
        anomaly=27,
    ),
    "signature-in-capitals": Preset(
        "The signature is right, but its hexadecimal digits are capitals.",
        ("agentfront/frontmcp#392",),
        ({"kind": "wrong_signature", "how": "uppercase"},),
        anomaly=27,
    ),
    "missing-signature": Preset(
        "Webhooks come without any signature.",
        ("qhkm/zeptoclaw#317", "michelbr84/GarraRUST#1070", "gndx/WhatsBrick#2"),
        ({"kind": "missing_signature"},),
        anomaly=27,
    ),
    "handshake-repeated": Preset(
        "A callback is verified twice, each time with another challenge.",
        ("Meta: create a webhook endpoint (each edit verifies anew)",),
        ({"kind": "handshake", "how": "repeated"},),
        "the verification of a callback",
        29,
    ),
    "handshake-with-wrong-token": Preset(
        "Somebody verifies with a wrong token first: an app that echoes the challenge trusts everybody.",
        ("Meta: create a webhook endpoint", "elizaOS/eliza#17823"),
        ({"kind": "handshake", "how": "wrong_token"},),
        "the verification of a callback",
        29,
    ),
    "handshake-too-slow": Preset(
        "The app's answer to the verification counts as later than six seconds: the callback is refused.",
        ("chatwoot/chatwoot#14690",),
        ({"kind": "handshake", "how": "too_late"},),
        "the verification of a callback",
        29,
    ),
}
