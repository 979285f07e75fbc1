"""Other shapes that a webhook can come in: their names, and what each one is, in a sentence."""

from __future__ import annotations

from typing import NamedTuple


class Shape(NamedTuple):
    """A change of one webhook's JSON, or several webhooks in its place. `of` says which webhooks it can happen to."""

    name: str
    of: str
    text: str


MESSAGES = "a user's message"
STATUSES = "a status"
BOTH = "a message or a status"
ACCOUNT = "a webhook of the account"
ANY = "any webhook"

ALL: tuple[Shape, ...] = (
    # the envelope
    Shape("field_first", ANY, "`field` stands before `value`"),
    Shape("keys_shuffled", ANY, "the members of every object stand in another order"),
    Shape("extra_keys", ANY, "members that nobody has heard of stand in every object"),
    Shape("new_field", ANY, "the change is of a `field` that does not exist yet"),
    # who it is about
    Shape("no_profile", BOTH, "contacts have no `profile`"),
    Shape("no_contacts", BOTH, "there are no `contacts`"),
    Shape("no_phone", BOTH, "no `from`, `wa_id` and `recipient_id`: only the business-scoped id and a username"),
    Shape("other_number", BOTH, "the user's number in the other form that Argentina, Brazil and Mexico have"),
    Shape("foreign_number", MESSAGES, "first a message to another business number that has the same callback"),
    # what users send
    Shape("unsupported", MESSAGES, "`unsupported` with 131051 and an `unsupported` object"),
    Shape("unsupported_bare", MESSAGES, "`unsupported` with 131051 and no `unsupported` object"),
    Shape("unknown_type", MESSAGES, "type `unknown` and an error without message and details, as in 2022"),
    Shape("unavailable_first", MESSAGES, "`unsupported` with 131060, then 0.2 s later the message, with the same id"),
    Shape("new_type", MESSAGES, "a type that does not exist yet"),
    Shape("no_context", MESSAGES, "a tapped button or row without `context`"),
    Shape("reaction_empty", MESSAGES, "a reaction is taken back with an empty `emoji`"),
    Shape("reaction_bare", MESSAGES, "a reaction is taken back without `emoji`"),
    Shape("interactive_empty", MESSAGES, "`interactive` without its object, and 131000 in the value's `errors`"),
    Shape("no_media_url", MESSAGES, "a file without `url`"),
    Shape("old_media_url", MESSAGES, "a file whose `url` has expired"),
    Shape("card_localised", MESSAGES, "a contact card whose kinds of numbers are in the user's language"),
    Shape("card_without_phones", MESSAGES, "a contact card without `phones`"),
    Shape("card_without_name", MESSAGES, "a contact card without `name`"),
    Shape("card_vcard_only", MESSAGES, "a contact card that is only a `vcard`"),
    Shape("awkward_text", MESSAGES, "slashes, accents, emoji, `%`, `@`, `<` and quotes in text and name"),
    Shape("content_lost", MESSAGES, "131035 in the value's `errors` in place of the message"),
    # statuses
    Shape("unknown_message", STATUSES, "first the same status of a message that the app has never sent"),
    Shape("new_status", STATUSES, "a status that does not exist yet"),
    Shape("other_version", STATUSES, "`conversation` where the app's version has none, none where it has one"),
    Shape("new_category", STATUSES, "a pricing category that does not exist yet"),
    Shape("documented_contacts", STATUSES, "contacts as documented: with `profile`, and none on `failed`"),
    Shape("several_errors", STATUSES, "`failed` with two errors, the more general one first"),
    Shape("old_errors", STATUSES, "`failed` whose error is `code` and `title` and nothing else, as in 2022"),
    Shape("old_participant", STATUSES, "a group's status with `participant_recipient_id`, as in older examples"),
    # the account
    Shape("of_portfolio", ACCOUNT, "the entry is the portfolio's, and no number is named"),
    Shape("limit_retyped", ACCOUNT, "limits as numbers where they are texts, as texts where they are numbers"),
    Shape("null_reason", ACCOUNT, "reasons are null"),
    Shape("history_chunks", "a webhook of `history`", "three chunks out of order, files as placeholders"),
    Shape("history_huge", "a webhook of `history`", "one body just below 3 MB, with thousands of messages"),
)
SHAPES: dict[str, Shape] = {shape.name: shape for shape in ALL}
