"""Every choice that Meta leaves undocumented, as a named knob with a default."""

from __future__ import annotations

from typing import Any, Literal

import msgspec


class Policy(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The knobs of a world; the comment behind each says what it decides. Times are seconds."""

    newer_version: Literal["serve", "refuse"] = "serve"  # a Graph version newer than known: newest one, or 2500
    window_seconds: float = 86_400.0  # length of the customer service window
    window_answer: Literal["webhook", "sync"] = "webhook"  # where 131047 is told
    reaction_opens_window: bool = False  # whether a user's reaction opens the window
    call_opens_window: bool = True  # whether a user's call, answered or not, opens the window
    entry_window_seconds: float = 259_200.0  # free entry point window after the first answer
    sent_after: float = 0.0  # from acceptance to the status `sent`
    delivered_after: float = 0.3  # from `sent` to `delivered`, where a user's behaviour does not say
    read_after: float | None = 1.5  # from `delivered` to `read`; null: never
    review_after: float = 5.0  # from a template's creation or edit to its review
    review_outcome: Literal["approve", "pending", "reject"] = "approve"  # pending: nobody reviews
    authentication_review: Literal["instant", "delayed"] = "instant"  # authentication templates
    edit_keeps_approved: bool = False  # an edited template stays APPROVED while it is reviewed
    header_format_subcode: int = 2388047  # or 2388072, as one capture has it
    strict_trailing_variable: bool = True  # a variable followed by punctuation only counts as trailing
    variable_ratio: bool = True  # refuse templates with too many variables for their words (2388293)
    body_limit: int = 1024  # characters of a template's body; one provider reports 550
    template_name_lock: float = 2_592_000.0  # until a deleted approved name may be used again
    sample_template_from_real_number: Literal["allow", "refuse"] = "allow"  # hello_world: 131058 if refused
    url_seconds: float = 300.0  # a media URL's life
    uploaded_media_seconds: float = 2_592_000.0
    received_media_seconds: float = 604_800.0
    fetch_links: Literal["loopback", "all", "never"] = "loopback"  # whether `link` media is really fetched
    webhook_success: Literal["200", "2xx"] = "200"  # which answers count as delivered
    webhook_timeout: float = 20.0  # real seconds until an unanswered webhook counts as failed
    verify_timeout: float = 6.0  # real seconds for the handshake
    webhook_retries: tuple[float, ...] = (  # after each failed attempt, in seconds of the world; Meta publishes none
        0.0,
        10.0,
        60.0,
        300.0,
        900.0,
        3_600.0,
        10_800.0,
        21_600.0,
        43_200.0,
    )
    webhook_retry_window: float = 604_800.0  # then given up; the last interval repeats until then
    webhook_encoding: Literal["escaped", "plain"] = "escaped"
    legacy_signature: bool = True  # X-Hub-Signature (sha1) beside X-Hub-Signature-256
    status_contacts: Literal["captured", "documented", "none"] = "captured"  # contacts beside statuses
    status_pricing: Literal["all", "sent-and-one"] = "all"  # pricing on which statuses
    error_href: Literal["none", "path", "url"] = "url"  # href of errors in webhooks
    business_scoped_ids: bool = True  # user_id, from_user_id, recipient_user_id in webhooks (since April 2026)
    inbound_media_url: bool = True  # media objects carry a url (since November 2025)
    unknown_keys: Literal["ignore", "refuse"] = "ignore"  # unknown top-level keys of a request
    read_unknown_message: Literal["refuse", "accept"] = "refuse"  # mark as read of a message that is not there
    retained_messages: int = 20_000
    retained_deliveries: int = 20_000
    retained_journal: int = 50_000


def patch(policy: Policy, changes: dict[str, Any]) -> Policy:
    """A policy with some knobs changed; `msgspec.ValidationError` names an unknown knob or a wrong value."""
    return msgspec.convert(msgspec.to_builtins(policy) | changes, Policy)
