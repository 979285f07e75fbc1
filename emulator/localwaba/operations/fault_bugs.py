"""Bugs that integrations really had, by how often and how badly, and what here would have found each of them."""

from __future__ import annotations

from typing import NamedTuple


class Bug(NamedTuple):
    """A class of bugs, the presets that provoke it, and what else does."""

    text: str
    presets: tuple[str, ...]
    beside: str = ""


BUGS: tuple[Bug, ...] = (
    Bug(
        "A failure comes after the 200 and is lost",
        ("failed-only", "failed-after-sent", "delivered-and-failed", "failed-without-errors",
         "failed-with-several-errors"),
    ),
    Bug(
        "Parameters of a template do not fit it",
        ("template-changed-behind-the-app",),
        "templates are judged as Meta does; `PATCH /_localwaba/templates/{id}` changes one behind the app's back",
    ),
    Bug("A duplicate is handled twice", ("duplicate-delivery", "retried-days-later", "late-acknowledgement")),
    Bug(
        "The 24-hour window is computed wrongly",
        ("outside-the-window",),
        "the real window: let 25 hours pass",
    ),
    Bug("Statuses out of order downgrade a message", ("statuses-reversed", "statuses-shuffled-with-repeats")),
    Bug(
        "Only the first update of a batch is read",
        ("batch", "batch-of-entries", "batch-of-changes", "batch-of-items", "batch-with-a-stranger"),
    ),
    Bug(
        "The number that answers is not the one that was dialled",
        ("other-form-of-number",),
        "users of Argentina, Brazil and Mexico have their real `wa_id`",
    ),
    Bug(
        "The signature is checked wrongly, or not at all",
        ("signature-over-plain-json", "awkward-text", "wrong-signature", "tampered-body", "missing-signature",
         "signature-in-capitals", "old-signature-only"),
    ),
    Bug(
        "A shape that nobody expected crashes the handler",
        ("contact-without-profile", "button-without-context", "unsupported-message", "unknown-message-type",
         "reaction-removed-without-emoji", "unknown-pricing-category"),
    ),
    Bug("Users without a phone number", ("no-phone-number", "new-id-before-notice")),
    Bug("One callback for many numbers: the wrong tenant answers", ("message-to-another-number", "two-urls")),
    Bug("Retries make a rate limit worse", ("pair-rate-limit", "throughput-limit"), "the real limits"),
    Bug(
        "An ambiguous timeout sends twice, or blocks a queue",
        ("ambiguous-timeout", "hang-after-effect", "unavailable-then-success"),
    ),
    Bug(
        "A status comes before the message's id is stored",
        ("status-before-answer", "status-of-unknown-message"),
    ),
    Bug(
        "What becomes of templates is ignored",
        ("template-events-lost", "account-event-of-portfolio", "null-reasons"),
        "`PATCH /_localwaba/templates/{id}` judges, pauses and recategorises",
    ),
    Bug("A backlog after downtime is taken for news", ("backlog", "backlog-after-downtime", "late-delivery")),
    Bug(
        "Files: two steps, a token on the second, URLs that die",
        ("media-url-expired", "media-without-url", "media-failed"),
        "URLs live five minutes and need the token",
    ),
    Bug("Several answers arrive in another order", ("random-delays", "reorder")),
    Bug("Limits of interactive messages", (), "messages are judged by the contracts, with Meta's codes"),
    Bug(
        "Echoes of the business's own app are taken for messages",
        (),
        "`POST /_localwaba/platform-events` with the field `smb_message_echoes`",
    ),
    Bug(
        "A token expires, a number is not ready, an account is restricted",
        ("expired-token", "number-not-registered"),
        "`PATCH /_localwaba/phone_numbers/{id}`, `POST /_localwaba/platform-events`",
    ),
    Bug("None of this can be tested locally", (), "this emulator"),
)  # fmt: skip
