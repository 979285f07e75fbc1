"""Every choice that Meta leaves undocumented, or changed over time, as a named knob with a default and its source."""

from __future__ import annotations

from typing import Annotated, Any, Literal, NamedTuple, get_args, get_type_hints

import msgspec

from localwaba.domain.pricing import VOLUME_TIERS, ModelName


def _knob(text: str, source: str, confidence: Literal["M", "C", "U"]) -> msgspec.Meta:
    """What a knob decides, where its default comes from, and how sure that is (Meta says so, captured, uncertain)."""
    return msgspec.Meta(description=text, extra={"source": source, "confidence": confidence})


class Policy(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The knobs of a world. Times are seconds of the world's clock, unless a knob says real seconds."""

    # Graph versions and requests
    newer_version: Annotated[
        Literal["serve", "refuse"],
        _knob(
            "A Graph version newer than known: served as the newest one with a warning, or refused with 2500",
            "captured answers: a version that does not exist is refused",
            "C",
        ),
    ] = "serve"
    read_unknown_message: Annotated[
        Literal["refuse", "accept"],
        _knob("Mark as read of a message that this number never received", "observed behaviour", "U"),
    ] = "refuse"

    # Windows
    window_seconds: Annotated[
        float, _knob("Length of the customer service window", "Meta: customer service windows", "M")
    ] = 86_400.0
    window_answer: Annotated[
        Literal["webhook", "sync"],
        _knob(
            "Where 131047 is told: in a failed status after HTTP 200, or in the answer",
            "captured webhooks 2025-2026; Meta's table lists HTTP 400 too",
            "C",
        ),
    ] = "webhook"
    reaction_opens_window: Annotated[
        bool, _knob("Whether a user's reaction opens the window", "no document and no capture settles it", "U")
    ] = False
    call_opens_window: Annotated[
        bool, _knob("Whether a user's call, answered or not, opens the window", "Meta: calling", "M")
    ] = True
    entry_window_seconds: Annotated[
        float, _knob("Length of the free entry point window, from the first answer", "Meta: pricing", "M")
    ] = 259_200.0

    # Statuses and users
    sent_after: Annotated[float, _knob("From acceptance to the status `sent`", "invented", "U")] = 0.0
    delivered_after: Annotated[
        float, _knob("From `sent` to `delivered`, where a user's behaviour does not say", "invented", "U")
    ] = 0.3
    read_after: Annotated[
        float | None,
        _knob("From `delivered` to `read`, where a user's behaviour does not say; null: never", "invented", "U"),
    ] = 1.5
    status_contacts: Annotated[
        Literal["captured", "documented", "none"],
        _knob(
            "`contacts` beside statuses: as captured, as documented, or as before April 2026",
            "captures of April to August 2026 against Meta's page",
            "C",
        ),
    ] = "captured"
    status_pricing: Annotated[
        Literal["all", "sent-and-one"],
        _knob(
            "`pricing` on sent, delivered and read, or on sent and delivered only", "captures against Meta's page", "C"
        ),
    ] = "all"
    error_href: Annotated[
        Literal["none", "path", "url"], _knob("`href` of errors in webhooks", "all three were captured", "C")
    ] = "url"
    business_scoped_ids: Annotated[
        bool,
        _knob(
            "`user_id`, `from_user_id` and `recipient_user_id` in webhooks",
            "Meta: business-scoped user ids, since April 2026",
            "M",
        ),
    ] = True
    inbound_media_url: Annotated[
        bool, _knob("Media objects in webhooks carry a `url`", "Meta: media webhooks, since November 2025", "M")
    ] = True

    # Shapes of what webhooks tell
    parent_user_ids: Annotated[
        bool,
        _knob("Ids for linked portfolios beside business-scoped user ids", "Meta: business-scoped user ids", "M"),
    ] = False
    parent_recipient_member: Annotated[
        Literal["recipient_parent_user_id", "parent_recipient_user_id"],
        _knob("Name of that id in statuses; the second until 5 May 2026", "Meta: business-scoped user ids", "M"),
    ] = "recipient_parent_user_id"
    number_change: Annotated[
        Literal["current", "2022"],
        _knob(
            "A user's new number in `wa_id` and without `contacts`, or in `new_wa_id` with `contacts`",
            "Meta's page; a capture of 2022",
            "C",
        ),
    ] = "current"
    user_id_change: Annotated[
        Literal["previous", "april", "none"],
        _knob(
            "How another business-scoped id is told: with the previous one and without `from`, as from April to August "
            "2026, or not at all",
            "Meta: business-scoped user ids, changelog of 11 August 2026",
            "M",
        ),
    ] = "previous"
    identity_change: Annotated[
        Literal["contacts", "system"],
        _knob(
            "How another identity key is told: by `identity_key_hash` of the next contact, or by a system message",
            "Meta: identity change check; client libraries for the older form",
            "U",
        ),
    ] = "contacts"
    removed_reaction: Annotated[
        Literal["empty", "omitted"],
        _knob("`emoji` of a reaction that is taken back: empty, or not there", "captures against Meta's page", "C"),
    ] = "empty"
    unsupported_object: Annotated[
        bool, _knob("`unsupported` beside the errors of such a message", "captures since late 2025", "C")
    ] = True
    permission_time: Annotated[
        Literal["number", "text"],
        _knob("`expiration_timestamp` of an answer about calls", "captures against Meta's page", "C"),
    ] = "number"
    failed_status: Annotated[
        Literal["current", "2022", "on_premises"],
        _knob(
            "A failed status: as today, with code and title alone, or for 131026 as the on-premises API said it",
            "captures of 2026 and 2022; Meta: address messages",
            "C",
        ),
    ] = "current"
    group_participant: Annotated[
        Literal["recipient_participant_id", "participant_recipient_id"],
        _knob("Name of a member's number in group statuses", "Meta's group pages have both", "M"),
    ] = "recipient_participant_id"
    group_pricing: Annotated[
        Literal["beside", "inside"],
        _knob("`pricing` of group statuses beside `conversation`, or inside", "Meta's group pages have both", "M"),
    ] = "beside"
    click_webhooks: Annotated[
        bool,
        _knob("`user_actions` for taps on links of marketing messages", "Meta: not available to everyone", "M"),
    ] = False

    # Templates
    review_after: Annotated[
        float, _knob("From a template's creation or edit to its review", "Meta: up to 24 hours, mostly minutes", "U")
    ] = 5.0
    review_outcome: Annotated[
        Literal["approve", "pending", "reject"],
        _knob("What a review finds where no rule says otherwise; pending: nobody reviews", "invented", "U"),
    ] = "approve"
    authentication_review: Annotated[
        Literal["instant", "delayed"], _knob("When authentication templates are approved", "often observed", "U")
    ] = "instant"
    edit_keeps_approved: Annotated[
        bool, _knob("An edited template stays APPROVED while it is reviewed", "Meta's pages disagree", "U")
    ] = False
    header_format_subcode: Annotated[
        Literal[2388047, 2388072],
        _knob("Subcode of a badly formed text header", "Meta's table against one capture", "C"),
    ] = 2388047
    strict_trailing_variable: Annotated[
        bool, _knob("A variable followed by punctuation only counts as trailing", "sources disagree", "U")
    ] = True
    variable_ratio: Annotated[
        bool,
        _knob(
            "Refuse templates with too many variables for their words (2388293)",
            "formula of two providers, fits 18 live samples",
            "C",
        ),
    ] = True
    body_limit: Annotated[
        int, _knob("Characters of a template's body; one provider reports 550", "Meta: template components", "M")
    ] = 1024
    template_name_lock: Annotated[
        float, _knob("Until the name of a deleted approved template may be used again", "Meta; captured refusals", "C")
    ] = 2_592_000.0
    sample_template_from_real_number: Annotated[
        Literal["allow", "refuse"],
        _knob(
            "Sending hello_world from a number that is no public test number: 131058 if refused",
            "one field report of 2026",
            "U",
        ),
    ] = "allow"

    # Flows
    published_flow_update: Annotated[
        Literal["refuse", "draft"],
        _knob(
            "New JSON for a PUBLISHED flow: refused with 139001, or taken, and the flow is a DRAFT again",
            "Meta's flows pages disagree",
            "U",
        ),
    ] = "refuse"

    # Limits: None and 0 turn one off
    throughput_standard: Annotated[
        int | None, _knob("Messages a second of a number, in and out", "Meta: throughput", "M")
    ] = 80
    throughput_high: Annotated[
        int | None, _knob("Messages a second of a number with HIGH throughput", "Meta: throughput", "M")
    ] = 1_000
    throughput_coexistence: Annotated[
        int | None, _knob("Messages a second of a number that the WhatsApp Business app uses too", "Meta", "M")
    ] = 20
    throughput_status: Annotated[
        Literal[400, 429], _knob("HTTP status of 130429", "Meta's table; some clients report 429", "M")
    ] = 400
    throughput_upgrade_seconds: Annotated[
        float, _knob("How long an upgrade to HIGH refuses sends with 131057", "Meta: up to a minute", "M")
    ] = 60.0
    high_throughput_users: Annotated[
        int | None,
        _knob("Users reached in 24 h for which an unlimited number gets HIGH throughput", "Meta: throughput", "M"),
    ] = 100_000
    pair_seconds: Annotated[
        float | None, _knob("Pause between messages to the same user that is never refused", "Meta: pair limit", "M")
    ] = 6.0
    pair_burst: Annotated[
        int | None, _knob("Messages to the same user at once, borrowed from the future", "Meta: pair limit", "M")
    ] = 45
    pair_answer: Annotated[
        Literal["sync", "webhook"],
        _knob("Where 131056 is told: in the answer, or in a failed status after HTTP 200", "Meta's table", "M"),
    ] = "sync"
    account_calls: Annotated[
        int | None,
        _knob("Management calls an hour, by app and account with a registered number", "Meta: rate limits", "M"),
    ] = 5_000
    idle_account_calls: Annotated[
        int | None,
        _knob("Management calls an hour, by app and account without a registered number", "Meta: rate limits", "M"),
    ] = 200
    app_calls: Annotated[
        int | None, _knob("Calls of any kind an hour by app; code 4 beyond", "Graph's figure is not published", "U")
    ] = None
    template_creations: Annotated[
        int | None, _knob("Templates that an account may create in an hour", "Meta: templates", "M")
    ] = 100
    registrations: Annotated[
        int | None, _knob("Registrations and deregistrations of a number in 72 hours", "Meta: registration", "M")
    ] = 10
    test_number: Annotated[
        bool,
        _knob("All numbers are public test numbers: 131030 for others than their recipients", "captured answers", "C"),
    ] = False
    allowed_recipients: Annotated[
        tuple[str, ...], _knob("Recipients that every test number has besides its own", "captured answers", "C")
    ] = ()
    messaging_limits: Annotated[
        bool, _knob("Whether users reached outside a window are counted and limited", "Meta: messaging limits", "M")
    ] = True
    messaging_limit_model: Annotated[
        Literal["portfolio", "number"],
        _knob("What has the messaging limit; numbers had it, with TIER_1K, until October 2025", "Meta", "M"),
    ] = "portfolio"
    messaging_limit_answer: Annotated[
        Literal["webhook", "sync"],
        _knob("Where 131048 is told: in a failed status after HTTP 200, or in the answer", "reports of clients", "U"),
    ] = "webhook"
    messaging_limit_counts: Annotated[
        Literal["sent", "delivered"], _knob("When a user counts as reached", "Meta says delivered", "U")
    ] = "sent"
    messaging_limit_growth: Annotated[
        float | None, _knob("From earning a higher messaging limit to getting it; null: never", "Meta: 6 hours", "M")
    ] = 21_600.0
    capability_values: Annotated[
        Literal["number", "tier"],
        _knob(
            "Limits in business_capability_update: 2000 and -1, or TIER_2K and TIER_UNLIMITED",
            "Meta's sample against its table",
            "M",
        ),
    ] = "number"

    # The life of templates
    review_rules: Annotated[
        tuple[Literal["one_time_passwords", "url_shorteners", "duplicates", "promotional_utility"], ...],
        _knob(
            "What a review looks for: passwords outside AUTHENTICATION, shortened links, the wording of another "
            "template (each rejected), promotion in UTILITY (approved as MARKETING)",
            "Meta: template review, categorization; the words it looks for are this emulator's",
            "M",
        ),
    ] = ("one_time_passwords", "url_shorteners")
    review_rejects: Annotated[
        float, _knob("Share of templates that a review rejects, drawn from the seed: 0 to 1", "invented", "U")
    ] = 0.0
    category_notice: Annotated[
        float,
        _knob("From the notice of another category to the change; 0 for warned businesses", "Meta: categories", "M"),
    ] = 86_400.0
    template_pauses: Annotated[
        tuple[float, ...],
        _knob("How long a template is paused for low quality, time by time; then it is disabled", "Meta: pausing", "M"),
    ] = (10_800.0, 21_600.0)
    red_before_pause: Annotated[
        float, _knob("How long a template is RED before it is paused", "Meta does not say", "U")
    ] = 0.0
    archive_after: Annotated[
        float | None,
        _knob("Until an idle template is archived; null: never", "Meta: template archival, 2026 (12 months)", "M"),
    ] = 31_536_000.0
    archive_purge_after: Annotated[
        float, _knob("Until an archived template is deleted", "Meta: template archival, 2026 (28 days)", "M")
    ] = 2_419_200.0
    template_pacing: Annotated[
        bool, _knob("Hold what follows the first batch of a new or disliked template", "Meta: template pacing", "M")
    ] = False
    portfolio_pacing: Annotated[
        bool,
        _knob(
            "Hold what follows the first batch of template messages of a portfolio, as if it sent fewer than 500,000 a "
            "year or was watched",
            "Meta: portfolio pacing, since December 2025",
            "M",
        ),
    ] = False
    pacing_batch: Annotated[int, _knob("Messages that go out before the others are held", "Meta does not say", "U")] = (
        20
    )
    pacing_hold: Annotated[
        float, _knob("How long messages are held", "Meta: a decision within an hour, mostly", "M")
    ] = 1_800.0
    pacing_outcome: Annotated[
        Literal["by_quality", "good", "bad"],
        _knob("What becomes of held messages: as users liked the first batch, released, or dropped", "invented", "U"),
    ] = "by_quality"
    portfolio_review: Annotated[
        float, _knob("How long a portfolio whose pacing ended badly may not send templates", "Meta does not say", "U")
    ] = 86_400.0
    held_status: Annotated[
        Literal["held_for_quality_assessment", "paused"],
        _knob("`message_status` of a held message", "Meta: template pacing; its OpenAPI file has `paused` too", "M"),
    ] = "held_for_quality_assessment"

    # Quality
    quality_from_feedback: Annotated[
        bool, _knob("Whether scores follow what users do; else only the control API sets them", "invented", "U")
    ] = True
    quality_window: Annotated[float, _knob("How far back quality looks", "Meta: quality rating (7 days)", "M")] = (
        604_800.0
    )
    quality_minimum: Annotated[
        int, _knob("Deliveries in that time without which there is no score", "Meta does not say", "U")
    ] = 50
    quality_yellow: Annotated[
        float, _knob("Weighted share of displeasure from which a score is YELLOW", "Meta does not say", "U")
    ] = 0.04
    quality_red: Annotated[
        float, _knob("Weighted share of displeasure from which a score is RED", "Meta does not say", "U")
    ] = 0.1
    quality_review_every: Annotated[
        float, _knob("How often a score is looked at while there is feedback", "invented", "U")
    ] = 21_600.0
    feedback_block: Annotated[float, _knob("Weight of a user's block", "invented", "U")] = 1.0
    feedback_report: Annotated[float, _knob("Weight of a user's report", "invented", "U")] = 2.0
    feedback_mute: Annotated[float, _knob("Weight of muting the chat", "invented", "U")] = 0.25
    feedback_archive: Annotated[float, _knob("Weight of archiving the chat", "invented", "U")] = 0.1
    feedback_stop_marketing: Annotated[float, _knob("Weight of stopping marketing", "invented", "U")] = 0.5
    flag_red_numbers: Annotated[
        bool,
        _knob(
            "A RED number is FLAGGED, and after seven days its limit goes one step down",
            "Meta: messaging limits before October 2025",
            "M",
        ),
    ] = False
    flagged_for: Annotated[float, _knob("How long a number is FLAGGED", "Meta: as above (7 days)", "M")] = 604_800.0

    # Pricing
    pricing_model: Annotated[
        ModelName,
        _knob(
            "What is charged: messages, or conversations as until June 2025; per_message_2026_10 charges utility "
            "templates inside the window, and free-form messages beyond 1,000 a month and number",
            "Meta: pricing (since July 2025)",
            "M",
        ),
    ] = "per_message"
    volume_tiers: Annotated[
        tuple[int, ...],
        _knob(
            "Messages of a month, market and category (utility, authentication) at which a volume tier ends",
            "Meta: volume tiers; the real bounds differ by market and quarter",
            "U",
        ),
    ] = VOLUME_TIERS
    authentication_international: Annotated[
        tuple[str, ...],
        _knob(
            "Countries to which authentication templates from abroad have the international rate", "Meta: pricing", "M"
        ),
    ] = ()
    ai_provider_countries: Annotated[
        tuple[str, ...],
        _knob(
            "Countries in which this business is charged for free-form messages, as providers of general AI are since "
            "February 2026",
            "Meta: pricing for AI providers",
            "M",
        ),
    ] = ()
    analytics_cost: Annotated[
        float,
        _knob("`cost` of each charged message or conversation in analytics; real rates are not known", "invented", "U"),
    ] = 0.01

    # What fails for the recipient's sake
    marketing_cap: Annotated[
        int | None,
        _knob(
            "Marketing messages that a user gets within 24 hours from all businesses, outside open windows; null: any",
            "Meta: per-user marketing limits; the number is not published, 2 is what people see",
            "U",
        ),
    ] = None
    us_marketing: Annotated[
        Literal["allow", "block"],
        _knob("Marketing to numbers of the United States: 131049 if blocked", "Meta: since 1 April 2025", "M"),
    ] = "allow"
    marketing_messages_onboarding: Annotated[
        Literal["ONBOARDED", "ELIGIBLE", "INELIGIBLE"],
        _knob(
            "Whether accounts may use the Marketing Messages API; if not, it sends by the Cloud API, or with "
            "`product_policy` STRICT refuses with 134102",
            "Meta: marketing messages error codes; what falls back is not said",
            "U",
        ),
    ] = "ONBOARDED"
    marketing_sync_seconds: Annotated[
        float,
        _knob(
            "How long the Marketing Messages API needs to know a new or edited template; until then 134101",
            "Meta: up to 10 minutes",
            "U",
        ),
    ] = 0.0
    experiment_share: Annotated[
        float,
        _knob("Share of users who get no marketing outside windows (130472), drawn from the seed", "Meta", "M"),
    ] = 0.0
    experiment_users: Annotated[
        tuple[str, ...], _knob("Users (wa_id) who are part of that experiment", "invented", "U")
    ] = ()

    # The account
    enforcement: Annotated[
        Literal["none", "quality"],
        _knob(
            "Whether an account climbs a step of Meta's ladder whenever one of its numbers is rated RED",
            "Meta: policy enforcement; what makes an account climb is not published",
            "U",
        ),
    ] = "none"
    restriction_code: Annotated[
        Literal[368, 131031],
        _knob("What a send gets during a restriction that ends; without an end it is 131031", "Meta's table", "U"),
    ] = 368
    restricted_templates: Annotated[
        Literal["outside-window", "all"],
        _knob("Templates that RESTRICTED_BIZ_INITIATED_MESSAGING stops", "Meta: policy enforcement", "U"),
    ] = "outside-window"
    utility_misuse: Annotated[
        Literal["none", "categories"],
        _knob(
            "Whether an account climbs a step for each utility template that turns out to be marketing",
            "Meta: template categorization; what makes an account climb is not published",
            "U",
        ),
    ] = "none"
    utility_cap: Annotated[
        int, _knob("Utility messages in 24 h while they are rate limited (131064)", "Meta gives no figure", "U")
    ] = 100
    template_limit_unverified: Annotated[
        int, _knob("Templates of an account whose business is not verified", "Meta: templates", "M")
    ] = 250
    template_limit_verified: Annotated[
        int, _knob("Templates of an account with a verified business and an approved name", "Meta: templates", "M")
    ] = 6_000
    verification_after: Annotated[
        float | None, _knob("From `pending` to `verified` of a business; null: nobody looks at it", "invented", "U")
    ] = None
    name_review_after: Annotated[
        float, _knob("From asking for a display name to the end of its review", "Meta: mostly minutes", "U")
    ] = 5.0
    name_review_outcome: Annotated[
        Literal["approve", "pending", "decline"],
        _knob("What the review of a name finds where no rule says otherwise; pending: nobody reviews", "invented", "U"),
    ] = "approve"
    name_takes_effect: Annotated[
        Literal["registration", "approval"],
        _knob("When an approved new name shows: from the next registration on, or at once", "Meta: registration", "M"),
    ] = "registration"
    unapproved_name: Annotated[
        Literal["refuse", "send"],
        _knob("Sending from a +1 555 number whose name is not approved: 131037 if refused", "Meta's table", "M"),
    ] = "send"
    pin_guess_interval: Annotated[
        float, _knob("Seconds between PINs after a wrong one; sooner is 133009", "Meta gives no figure", "U")
    ] = 0.0
    require_appsecret_proof: Annotated[
        bool, _knob("The app's setting that calls need appsecret_proof", "Graph: securing requests", "M")
    ] = False
    code_seconds: Annotated[
        float, _knob("Life of a code of Embedded Signup", "Meta: a few minutes; no figure", "U")
    ] = 600.0
    development_webhooks: Annotated[
        Literal["drop", "deliver"],
        _knob("Webhooks of an app in development mode", "the app dashboard says that none are sent", "U"),
    ] = "drop"

    # Media
    url_seconds: Annotated[float, _knob("Life of a media URL", "Meta: media", "M")] = 300.0
    uploaded_media_seconds: Annotated[float, _knob("Life of an uploaded media id", "Meta: media", "M")] = 2_592_000.0
    received_media_seconds: Annotated[
        float, _knob("Life of a media id from a webhook", "Meta: media, since October 2025", "M")
    ] = 604_800.0
    fetch_links: Annotated[
        Literal["loopback", "all", "never"],
        _knob(
            "Whether media sent by `link` is really fetched; others are taken on trust",
            "a choice of this emulator: it does not leave the machine",
            "U",
        ),
    ] = "loopback"

    # Webhooks
    webhook_success: Annotated[
        Literal["200", "2xx"], _knob("Which answers count as delivered", "Meta documents only 200", "M")
    ] = "200"
    webhook_timeout: Annotated[
        float, _knob("Real seconds until an unanswered webhook counts as failed", "Meta: calling FAQ", "M")
    ] = 20.0
    verify_timeout: Annotated[float, _knob("Real seconds for the handshake", "captured error text", "C")] = 6.0
    webhook_retries: Annotated[
        tuple[float, ...],
        _knob("Pauses after failed attempts; the last one repeats", "invented: Meta publishes no intervals", "U"),
    ] = (0.0, 10.0, 60.0, 300.0, 900.0, 3_600.0, 10_800.0, 21_600.0, 43_200.0)
    webhook_retry_window: Annotated[
        float, _knob("Then a webhook is given up", "Meta: webhooks overview (7 days); an older page says 36 hours", "M")
    ] = 604_800.0
    webhook_redelivery: Annotated[
        Literal["all_apps", "failed_app"],
        _knob(
            "Who is called when a webhook is tried again: all apps that are told the same, or the one that failed",
            "Meta: webhooks overview, calling FAQ",
            "M",
        ),
    ] = "all_apps"
    webhook_turns: Annotated[
        Literal["called", "answered"],
        _knob(
            "Apps of an account are called in order: each when the one before was called, or when it has answered",
            "Meta: calling FAQ says in order, not whether answers are waited for",
            "U",
        ),
    ] = "called"
    webhook_backlog: Annotated[
        Literal["schedule", "burst"],
        _knob(
            "What waits for an app that was down: each webhook by its own schedule, or all once the app takes one",
            "no document settles it",
            "U",
        ),
    ] = "schedule"
    webhook_batch: Annotated[
        Literal["off", "backlog", "always"],
        _knob(
            "What goes out in one POST: nothing, what is tried again at the same moment, or all within a window",
            "Meta: up to 1,000 updates, not guaranteed; rare in captures",
            "U",
        ),
    ] = "off"
    webhook_batch_seconds: Annotated[
        float, _knob("Length of that window, from the first webhook on", "invented", "U")
    ] = 1.0
    webhook_batch_shape: Annotated[
        Literal["changes", "entries", "items", "mixed"],
        _knob(
            "Where a batch has several: changes in an entry, entries, messages and statuses in a value, or all of them",
            "reports of each",
            "C",
        ),
    ] = "changes"
    webhook_batch_updates: Annotated[
        int, _knob("Updates in one POST at most; more are split", "Meta: create a webhook endpoint", "M")
    ] = 1_000
    webhook_batch_bytes: Annotated[
        int, _knob("Bytes of one POST at most; more are split", "Meta: webhooks overview (3 MB)", "M")
    ] = 3_000_000
    webhook_encoding: Annotated[
        Literal["escaped", "plain"],
        _knob("Bytes of a webhook: escaped as Meta does, or plain JSON", "captured bodies", "C"),
    ] = "escaped"
    limit_members: Annotated[
        Literal["captured", "until-2026", "removed"],
        _knob(
            "Limits in phone_number_quality_update and business_capability_update: `old_limit` and `current_limit` are "
            "there; `max_daily_conversation_per_phone` too; neither is",
            "Meta announced their removal for February 2026; a dashboard test of August 2026 still has them",
            "C",
        ),
    ] = "captured"
    template_category_told: Annotated[
        bool,
        _knob(
            "`message_template_category` in message_template_status_update",
            "Meta: template status webhooks, since late 2025",
            "M",
        ),
    ] = True
    template_no_reason: Annotated[
        Literal["NONE", "null"],
        _knob("`reason` of a template's status that has none", "Meta's text; null was captured in 2021-2023", "M"),
    ] = "NONE"
    template_language_form: Annotated[
        Literal["underscore", "hyphen"],
        _knob("`message_template_language`: en_US, or en-US", "Meta's examples print both", "M"),
    ] = "underscore"
    user_id_update: Annotated[
        bool,
        _knob(
            "A changed business-scoped user id is told in the field user_id_update too",
            "Meta: documented in March 2026, withdrawn in August 2026",
            "M",
        ),
    ] = False
    call_session: Annotated[
        Literal["session", "connection"],
        _knob("SDP in the field calls: `session`, or `connection.webrtc`", "Meta: calling; older pages", "M"),
    ] = "session"
    call_end_status: Annotated[
        Literal["upper", "capitalised"],
        _knob("`status` of an ended call: COMPLETED, or Completed", "Meta's pages contradict each other", "M"),
    ] = "upper"
    legacy_signature: Annotated[
        bool, _knob("`X-Hub-Signature` (SHA-1) beside `X-Hub-Signature-256`", "older captures", "U")
    ] = True

    # Blocked users, groups, calls
    blocklist_limit: Annotated[
        int, _knob("Users whom a number may block; 139101 beyond", "Meta: block users, Feb 2026", "M")
    ] = 64_000

    groups_per_number: Annotated[
        int | None,
        _knob("Groups that a number may have; 131211 beyond, null: any number", "Meta: groups overview", "M"),
    ] = 10_000

    call_ring_seconds: Annotated[
        float, _knob("How long a call rings before it ends by itself", "Meta: calling, 30 to 60 seconds", "M")
    ] = 60.0
    call_requests_per_day: Annotated[
        int | None,
        _knob("Times that a user may be asked to allow calls within 24 hours; 138009 beyond", "Meta: calling", "M"),
    ] = 1
    call_requests_per_week: Annotated[
        int | None,
        _knob("Times that a user may be asked to allow calls within 7 days; 138009 beyond", "Meta: calling", "M"),
    ] = 2
    call_permission_seconds: Annotated[
        float, _knob("How long a user's permission to call lasts, unless for good", "Meta: calling", "M")
    ] = 604_800.0
    calls_per_day: Annotated[
        int | None,
        _knob(
            "Calls of the business that a user takes within 24 hours; 138012 beyond", "Meta: calling; 5 until 2026", "U"
        ),
    ] = 10
    unanswered_calls: Annotated[
        int | None,
        _knob("Calls in a row that nobody takes until the permission is gone; null: never", "Meta: calling", "M"),
    ] = 4
    concurrent_calls: Annotated[
        int | None, _knob("Calls of a number that go on at once; 138002 beyond", "Meta: calling", "M")
    ] = 1_000
    call_messaging_limit: Annotated[
        bool,
        _knob("Calling can be enabled from a messaging limit of 2,000 users on; else 138015", "Meta: calling", "M"),
    ] = True

    # Retention of this emulator
    retained_messages: Annotated[
        int,
        _knob(
            "Messages kept of which nothing more will be told; dropped ones are counted",
            "a limit of this emulator",
            "U",
        ),
    ] = 20_000
    retained_deliveries: Annotated[
        int,
        _knob(
            "Webhooks kept after they were delivered or given up; dropped ones are counted",
            "a limit of this emulator",
            "U",
        ),
    ] = 20_000
    retained_journal: Annotated[
        int, _knob("Entries of the journal; dropped ones are counted", "a limit of this emulator", "U")
    ] = 50_000


class Knob(NamedTuple):
    """A knob as documentation and the control API show it."""

    name: str
    default: Any
    text: str
    source: str
    confidence: str


def knobs() -> tuple[Knob, ...]:
    """All knobs in the order of their definition."""
    hints = get_type_hints(Policy, include_extras=True)
    defaults = Policy()
    found: list[Knob] = []
    for name in Policy.__struct_fields__:
        meta = next(part for part in get_args(hints[name]) if isinstance(part, msgspec.Meta))
        extra = meta.extra or {}
        found.append(Knob(name, getattr(defaults, name), meta.description or "", extra["source"], extra["confidence"]))
    return tuple(found)


INSTANT: dict[str, Any] = {"sent_after": 0.0, "delivered_after": 0.0, "read_after": 0.0, "review_after": 0.0}
"""Where time stands still, what Meta and users take a moment for happens at once: so tests and scenarios begin."""

PROFILES: dict[str, dict[str, Any]] = {
    "realistic": {},
    "strict": {
        "newer_version": "refuse",
        "sample_template_from_real_number": "refuse",
        "unapproved_name": "refuse",
        "account_calls": 200,
        "messaging_limit_answer": "sync",
        "review_rules": ("one_time_passwords", "url_shorteners", "duplicates", "promotional_utility"),
        "us_marketing": "block",
        "marketing_cap": 2,
        "marketing_sync_seconds": 600.0,
    },
    "relaxed": {
        "read_unknown_message": "accept",
        "variable_ratio": False,
        "throughput_standard": None,
        "throughput_high": None,
        "throughput_coexistence": None,
        "throughput_upgrade_seconds": 0.0,
        "pair_seconds": None,
        "account_calls": None,
        "idle_account_calls": None,
        "template_creations": None,
        "registrations": None,
        "messaging_limits": False,
        "call_requests_per_day": None,
        "call_requests_per_week": None,
        "calls_per_day": None,
        "unanswered_calls": None,
        "call_messaging_limit": False,
        "review_rules": (),
        "archive_after": None,
        "quality_from_feedback": False,
    },
    "before-2025-10": {
        "messaging_limit_model": "number",
        "messaging_limit_growth": 86_400.0,
        "flag_red_numbers": True,
        "business_scoped_ids": False,
        "inbound_media_url": False,
        "unsupported_object": False,
        "limit_members": "until-2026",
        "template_category_told": False,
        "status_contacts": "none",
        "received_media_seconds": 2_592_000.0,
    },
}
"""Ready sets of knobs: as Meta is today; as hard as it may be; without limits; as it was before October 2025."""


def patch(policy: Policy, changes: dict[str, Any]) -> Policy:
    """A policy with some knobs changed; `profile` first sets all knobs to those of a ready profile.

    `msgspec.ValidationError` names an unknown knob or a wrong value; ValueError an unknown profile.
    """
    changes = dict(changes)
    profile = changes.pop("profile", None)
    base: dict[str, Any] = msgspec.to_builtins(policy)
    if profile is not None:
        if profile not in PROFILES:
            raise ValueError(f"there is no profile {profile!r}; known: {', '.join(PROFILES)}")
        base = PROFILES[profile]
    return msgspec.convert(base | changes, Policy)
