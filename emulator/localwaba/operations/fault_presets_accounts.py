"""Presets about calls, history and what Meta tells of the account."""

from __future__ import annotations

from localwaba.operations.fault_preset import FAQ, HOUR, Preset, reshaped

_CALLS = {"field": "calls"}
_PANEL = "captured: dashboard tests of 7 August 2026"

OF_ACCOUNTS: dict[str, Preset] = {
    "history-out-of-order": Preset(
        "A history comes in three chunks, the second one first, with placeholders for files.",
        ("Meta: history webhooks",),
        reshaped("history_chunks"),
        "a webhook of `history`",
        22,
    ),
    "history-huge": Preset(
        "A history comes as one body just below 3 MB, with thousands of messages.",
        ("Meta: history webhooks", "Meta: webhooks overview"),
        reshaped("history_huge"),
        "a webhook of `history`",
        22,
    ),
    "account-event-of-portfolio": Preset(
        "What is told of the account has the portfolio's id as its entry, and names no number.",
        (_PANEL, "shridarpatil/frappe_whatsapp#231", "ArnasDon/wacrm#534"),
        reshaped("of_portfolio"),
        "a webhook of the account",
        25,
    ),
    "limits-of-another-type": Preset(
        "Limits are numbers where they were texts such as TIER_2K, and texts where they were numbers.",
        ("Meta: business_capability_update", _PANEL),
        reshaped("limit_retyped"),
        "a webhook that names a limit",
        32,
    ),
    "null-reasons": Preset(
        "The reason of a decision is null.",
        ("Meta: message_template_status_update", _PANEL),
        reshaped("null_reason"),
        "a template or name that is judged",
        32,
    ),
    "call-ends-before-it-starts": Preset(
        "What is told of calls within ten seconds comes in reverse: `terminate` before `connect`.",
        (FAQ,),
        ({"kind": "reorder_delivery", "order": "reversed", "seconds": 10, "match": _CALLS},),
        "a call",
        34,
    ),
    "stale-calls": Preset(
        "What is told of a call comes an hour after the fact.",
        (FAQ,),
        ({"kind": "delay_delivery", "seconds": HOUR, "match": _CALLS},),
        "a call",
        34,
    ),
    "template-events-lost": Preset(
        "Nothing is told of templates: an app that relies on it never learns that one was paused or changed.",
        ("shridarpatil/frappe_whatsapp#231", "NousResearch/hermes-agent#80073", "schemalabz/opencouncil#567"),
        ({"kind": "drop_delivery", "match": {"field": [
            "message_template_status_update", "message_template_quality_update", "message_template_components_update",
            "template_category_update",
        ]}},),
        "a template that is judged",
    ),
}  # fmt: skip
