"""The plain ways of disorder: what happens to webhooks, whatever they say."""

from __future__ import annotations

from localwaba.operations.fault_preset import DAY, FAQ, Preset

_BACKLOG = ("NousResearch/hermes-agent#72870", "chatwoot/chatwoot#14739", "chatwoot/chatwoot#13556")

MODES: dict[str, Preset] = {
    "duplicate": Preset(
        "Every webhook arrives twice.",
        ("chatwoot/chatwoot#5433", "Neurotech-HQ/heyoo#84", "rmyndharis/OpenWA#464"),
        ({"kind": "duplicate_delivery", "times": 2},),
        is_mode=True,
    ),
    "reorder": Preset(
        "What comes within ten seconds comes in another order.",
        (FAQ, "chatwoot/chatwoot#14529", "baptisteArno/typebot.io#2285"),
        ({"kind": "reorder_delivery", "seconds": 10},),
        is_mode=True,
    ),
    "drop": Preset(
        "One webhook in three never arrives.",
        ("chatwoot/chatwoot#13556",),
        ({"kind": "drop_delivery", "when": {"every": 3}},),
        is_mode=True,
    ),
    "delay": Preset(
        "Every webhook arrives a minute late, with the timestamps that it had.",
        ("chatwoot/chatwoot#13556", "NousResearch/hermes-agent#72870"),
        ({"kind": "delay_delivery", "seconds": 60},),
        is_mode=True,
    ),
    "batch": Preset(
        "What comes within five seconds comes in one POST: several entries, changes, messages and statuses.",
        ("netflie/whatsapp-cloud-api#132", "david-lev/pywa#229", "Eshajha19/agri#2865"),
        ({"kind": "batch", "of": "mixed"},),
        is_mode=True,
    ),
    "backlog": Preset(
        "Nothing arrives for three days; then everything does, at once and with its old timestamps.",
        _BACKLOG,
        ({"kind": "burst", "seconds": 3 * DAY},),
        is_mode=True,
    ),
    "backlog-after-downtime": Preset(
        "While it is armed, no webhook gets through; each is tried again, and the backlog comes once it is cleared.",
        _BACKLOG,
        ({"kind": "drop_delivery", "retried": True},),
        is_mode=True,
    ),
    "status-before-answer": Preset(
        "`sent` arrives before the app has the message's id from the answer.",
        ("opengovsg/postmangovsg#2151", "botpress/botpress#15029", "shridarpatil/frappe_whatsapp#252"),
        ({"kind": "status_before_answer"},),
        "a message of the business",
        7,
        True,
    ),
    "wrong-signature": Preset(
        "Webhooks are signed with the secret of another app.",
        ("qhkm/zeptoclaw#317", "michelbr84/GarraRUST#1070", "apache/camel#24034"),
        ({"kind": "wrong_signature", "how": "secret"},),
        anomaly=27,
        is_mode=True,
    ),
    "unescaped-bytes": Preset(
        "Bodies are plain UTF-8 JSON without Meta's escapes, signed as they are.",
        ("Secreto31126/whatsapp-api-js#290", "tawn33y/whatsapp-cloud-api#60"),
        ({"kind": "plain_bytes"},),
        is_mode=True,
    ),
    "old-signature-only": Preset(
        "Only `X-Hub-Signature` (SHA-1) is there, as before 2022.",
        ("Meta: Graph webhooks (older edition)",),
        ({"kind": "old_signature_only"},),
        is_mode=True,
    ),
}
