"""Presets about the answers of the API."""

from __future__ import annotations

from localwaba.operations.fault_preset import SENDS, Preset

_SHOWN = "a message of the business"

OF_CALLS: dict[str, Preset] = {
    "ambiguous-timeout": Preset(
        "The first try of each send takes effect and gets no answer: a blind retry sends twice.",
        ("camel-ai/camel#4280", "camel-ai/camel#4327", "megaapp977/stack#607", "megaapp977/stack#556"),
        ({"kind": "drop_after", "match": SENDS, "when": {"first": 1}},),
        _SHOWN,
    ),
    "hang-after-effect": Preset(
        "Each send takes effect, and no answer comes for a minute.",
        ("megaapp977/stack#607", "openclaw/openclaw#116232"),
        ({"kind": "hang", "seconds": 60, "after_effect": True, "match": SENDS},),
        _SHOWN,
    ),
    "unavailable-then-success": Preset(
        "The first two tries of each send are answered with 503, the third one is taken.",
        ("Meta: error codes (2: temporarily unavailable)",),
        ({"kind": "http_error", "status": 503, "match": SENDS, "when": {"first": 2}},),
        _SHOWN,
    ),
    "pair-rate-limit": Preset(
        "The first try of each send is refused with 131056: too many messages to this user.",
        ("fabrahaingo/joel#308", "fabrahaingo/joel#152", "botpress/botpress#14246"),
        ({"kind": "error", "code": 131056, "match": SENDS, "when": {"first": 1}},),
        _SHOWN,
    ),
    "throughput-limit": Preset(
        "One send in three is refused with 130429: too many messages.",
        ("fabrahaingo/joel#133", "botpress/botpress#14224", "NousResearch/hermes-agent#80070"),
        ({"kind": "error", "code": 130429, "match": SENDS, "when": {"every": 3}},),
        _SHOWN,
    ),
    "expired-token": Preset(
        "Every call is refused as with a token that has expired.",
        ("shridarpatil/frappe_whatsapp#148", "chatwoot/chatwoot#12556"),
        ({"kind": "error", "code": 190, "subcode": 463},),
        "any call of Graph",
    ),
    "template-changed-behind-the-app": Preset(
        "Sends of templates are refused with 132000: the number of parameters is not the template's any more.",
        ("chatwoot/chatwoot#13142", "david-lev/pywa#154", "shridarpatil/frappe_whatsapp#147"),
        ({"kind": "error", "code": 132000, "match": SENDS | {"type": "template"}},),
        "a template message",
    ),
    "number-not-registered": Preset(
        "Sends are refused with 133010: the number is not registered any more.",
        ("chatwoot/chatwoot#12556", "sarrazola/openlivery#116"),
        ({"kind": "error", "code": 133010, "match": SENDS},),
        _SHOWN,
    ),
}
