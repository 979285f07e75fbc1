"""Presets about what users send, and as whom."""

from __future__ import annotations

from localwaba.operations.fault_preset import BSUID, HOUR, Preset, reshaped

_SHOWN = "a user's message"
_CARD = "a user's contact card"
_PYWA = "captured: fixtures of david-lev/pywa 4.3.1"
_UNSUPPORTED = ("restfb/restfb#1239", "shridarpatil/frappe_whatsapp#119", "shridarpatil/frappe_whatsapp#162")
_CARDS = ("captured: fixtures of restfb/restfb and david-lev/pywa", "EvolutionAPI/evolution-api#2709")
_NUMBERS = ("chatwoot/chatwoot#11053", "chatwoot/chatwoot#13932", "david-lev/pywa#155")
_SYSTEM = {"direction": "inbound", "type": "system"}

OF_MESSAGES: dict[str, Preset] = {
    "unavailable-then-real": Preset(
        "A message comes as `unsupported` with 131060, and 0.2 s later as it really is, with the same id.",
        ("chatwoot/chatwoot#14547", "captured: an incident of 30 July 2026"),
        reshaped("unavailable_first"),
        _SHOWN,
        9,
    ),
    "unsupported-message": Preset(
        "A message comes as `unsupported`, with an object that says what it was.",
        ("zammad/zammad#5439", *_UNSUPPORTED),
        reshaped("unsupported"),
        _SHOWN,
        10,
    ),
    "unsupported-without-object": Preset(
        "A message comes as `unsupported`, and nothing says what it was.",
        _UNSUPPORTED,
        reshaped("unsupported_bare"),
        _SHOWN,
        10,
    ),
    "unknown-type-of-2022": Preset(
        "A message comes with the type `unknown` and a short error, as in 2022.",
        ("restfb/restfb#1239",),
        reshaped("unknown_type"),
        _SHOWN,
        10,
    ),
    "contact-without-profile": Preset(
        "The contact of a message has no `profile`.",
        ("netflie/whatsapp-cloud-api#234", "evolution-foundation/evolution-api#2630", "david-lev/pywa#188"),
        reshaped("no_profile"),
        _SHOWN,
        11,
    ),
    "contacts-missing": Preset(
        "Messages and statuses come without `contacts`.",
        ("Meta: system messages", "captured: statuses before April 2026"),
        reshaped("no_contacts"),
        "a user's message, or a status",
        12,
    ),
    "no-phone-number": Preset(
        "No `from`, `wa_id` and `recipient_id`: of a user there is only the business-scoped id, and a username.",
        ("ArnasDon/wacrm#519", "shridarpatil/whatomate#531", BSUID),
        reshaped("no_phone"),
        "a user's message, or a status",
        13,
    ),
    "other-form-of-number": Preset(
        "A user of Argentina, Brazil or Mexico has the other form of the number: with or without the additional digit.",
        _NUMBERS,
        reshaped("other_number"),
        "a message from or to a user of these countries",
        14,
    ),
    "unknown-message-type": Preset(
        "A message of a type that does not exist yet.",
        ("restfb/restfb#1239", "shridarpatil/frappe_whatsapp#162"),
        reshaped("new_type"),
        _SHOWN,
        16,
    ),
    "button-without-context": Preset(
        "A tapped button comes without `context`.",
        ("david-lev/pywa#216", _PYWA),
        reshaped("no_context"),
        "a user's tap on a button or row",
        17,
    ),
    "reaction-removed-empty": Preset(
        "A reaction comes with an empty `emoji`: it was taken back.",
        (_PYWA, "netflie/whatsapp-cloud-api#138"),
        reshaped("reaction_empty"),
        "a user's reaction",
        18,
    ),
    "reaction-removed-without-emoji": Preset(
        "A reaction comes without `emoji`: it was taken back.",
        ("Meta: reaction webhooks", "netflie/whatsapp-cloud-api#138"),
        reshaped("reaction_bare"),
        "a user's reaction",
        18,
    ),
    "interactive-without-body": Preset(
        "An `interactive` message has no such object; 131000 stands beside it in `errors`.",
        (_PYWA, "chatwoot/chatwoot#13970"),
        reshaped("interactive_empty"),
        "a user's tap on a button or row",
        19,
    ),
    "media-without-url": Preset(
        "A file comes without its `url`: only its id leads to it.",
        ("captured: messages before November 2025",),
        reshaped("no_media_url"),
        "a user's file",
        20,
    ),
    "media-url-expired": Preset(
        "The `url` of a file has expired when it arrives.",
        ("chatwoot/chatwoot#9809", "gabrieldwight/Whatsapp-Business-Cloud-Api-Net#70"),
        reshaped("old_media_url"),
        "a user's file",
        20,
    ),
    "card-with-localised-types": Preset(
        "On a contact card the kinds of numbers are in the user's language.",
        _CARDS,
        reshaped("card_localised"),
        _CARD,
        21,
    ),
    "card-without-phones": Preset(
        "A contact card has no `phones`.", _CARDS, reshaped("card_without_phones"), _CARD, 21
    ),
    "card-without-name": Preset("A contact card has no `name`.", _CARDS, reshaped("card_without_name"), _CARD, 21),
    "card-as-vcard": Preset("A contact card is only a `vcard`.", (BSUID,), reshaped("card_vcard_only"), _CARD, 21),
    "new-id-before-notice": Preset(
        "Who has a new number, and with it a new id, writes before the notice of it arrives, five seconds late.",
        ("captured: a specification of chatwoot/chatwoot on changed user ids", BSUID),
        ({"kind": "delay", "seconds": 5, "match": _SYSTEM},),
        "a user who changes the number and writes",
        23,
    ),
    "number-change-noticed-late": Preset(
        "The notice of a new number comes an hour later, `from` the old number.",
        ("Meta: system messages",),
        ({"kind": "delay", "seconds": HOUR, "match": _SYSTEM},),
        "a user who changes the number",
        24,
    ),
    "awkward-text": Preset(
        "Text and name are full of what Meta escapes: slashes, accents, emoji, `%`, `@`, `<`.",
        ("Secreto31126/whatsapp-api-js#380", "Secreto31126/whatsapp-api-js#290", "tawn33y/whatsapp-cloud-api#60"),
        reshaped("awkward_text"),
        _SHOWN,
        28,
    ),
    "content-lost": Preset(
        "Instead of a message comes 131035: it could not be delivered in the time that content is kept.",
        ("Meta: no storage",),
        reshaped("content_lost"),
        _SHOWN,
        35,
    ),
    "message-to-another-number": Preset(
        "Before each message comes one to another business number that has the same callback.",
        ("sarrazola/openlivery#36", "chatwoot/chatwoot#12029", "n8n-io/n8n#33169"),
        reshaped("foreign_number"),
        _SHOWN,
        15,
    ),
}
