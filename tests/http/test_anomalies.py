"""Every name that can be armed, held to what arrives at the app: exactly so it differs from a run without it."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

import pytest

from localwaba.operations.fault_presets import PRESETS
from localwaba.wire.encoding import encode_plain
from localwaba.wire.signature import sign_legacy
from neighbours import load

by: Any = load("http/anomaly_changes")
on: Any = by.on
DAY, NOON, Row = by.DAY, by.NOON, by.Row

ROWS: dict[str, Any] = {
    # modes
    "duplicate": Row("Each webhook comes twice at the same moment.", on.writing, by.twice(0)),
    "reorder": Row(
        "Three messages come ten seconds after the first one, in another order.",
        on.writing_thrice,
        look=by.is_permuted(70),
    ),
    "drop": Row("The third webhook never comes.", on.writing_thrice, lambda tells: tells[:2]),
    "delay": Row("Each webhook comes a minute by.later, with its old timestamp.", on.writing, by.later(60)),
    "batch": Row(
        "Five updates come in one POST on all three levels.", on.sending_and_writing, look=by.joined((2, 1), (1,), (1,))
    ),
    "backlog": Row(
        "Nothing for three days, then everything at once.", on.chatting, look=by.comes_at_once(60 + 3 * DAY)
    ),
    "backlog-after-downtime": Row("Nothing comes as long as it is armed.", on.writing, lambda tells: []),
    "status-before-answer": Row("`sent` goes out before the answer does.", on.sending, look=by.tells_first),
    "wrong-signature": Row(
        "Both signatures are by another secret.",
        on.writing,
        look=by.headers(lambda body, secret: by.both(b"not " + secret.encode(), body)),
        is_signed=False,
    ),
    "unescaped-bytes": Row("The bytes are plain JSON, and signed as they are.", on.writing, look=by.is_plain),
    "old-signature-only": Row(
        "Of two signatures the SHA-1 one is left.",
        on.writing,
        look=by.headers(lambda body, secret: {"X-Hub-Signature": sign_legacy(secret.encode(), body)}),
        is_signed=False,
    ),
    # deliveries
    "duplicate-delivery": Row("Each webhook comes twice at the same moment.", on.sending, by.twice(0)),
    "retried-days-later": Row("Each webhook comes again two days later.", on.chatting, by.twice(2 * DAY)),
    "late-delivery": Row("Each webhook comes a day later.", on.chatting, by.later(DAY)),
    "duplicate-although-acknowledged": Row("Each webhook comes again ten seconds later.", on.sending, by.twice(10)),
    "batch-of-entries": Row(
        "One POST has five entries, in another order.",
        on.sending_and_writing,
        look=by.joined_in_another_order(*[(1,)] * 5),
    ),
    "batch-of-changes": Row(
        "One POST has one entry of five changes, in another order.",
        on.sending_and_writing,
        look=by.joined_in_another_order((1, 1, 1, 1, 1)),
    ),
    "batch-of-items": Row(
        "One POST has one entry, with two messages in a value and three statuses in another.",
        on.sending_and_writing,
        look=lambda normal, armed: by.has_two_values(normal, armed),
    ),
    "batch-with-a-stranger": Row(
        "In one POST every other change is of an unknown field.", on.sending_and_writing, look=by.with_a_stranger
    ),
    "field-before-value": Row("`field` comes before `value`.", on.writing, look=by.field_comes_first),
    "members-in-another-order": Row("All objects begin with another member.", on.writing, look=by.in_another_order),
    "unknown-members": Row(
        "There are new members on every level.",
        on.writing,
        lambda tells: [
            tell._replace(body=tell.body | {"api_revision": 7})
            for tell in by.changed(
                lambda entry: (
                    entry.update({"shard": "a1"}),
                    entry["changes"][0].update({"revision": {"major": 99}}),
                    by.novel(entry["changes"][0]["value"]),
                ),
                entry=True,
            )(tells)
        ],
    ),
    "unknown-field": Row(
        "The change is of an unknown field.",
        on.writing,
        by.changed(lambda entry: entry["changes"][0].update({"field": "message_novelties"}), entry=True),
    ),
    "burst": Row("Five updates come at once, side by side.", on.sending_and_writing, look=by.comes_at_once(65)),
    "late-acknowledgement": Row(
        "Each webhook comes by.twice, although it was answered with 200.", on.sending, by.twice(0)
    ),
    "two-urls": Row(
        "What goes to the overriding URL goes to the app's own too, account events only there.",
        on.overridden,
        lambda tells: [tells[0], tells[0]._replace(url=by.WEBHOOK), tells[1]],
    ),
    "messages-hours-later-out-of-order": Row(
        "Three messages come three hours after the first one, in another order.",
        on.writing_thrice,
        look=by.is_permuted(10_860),
    ),
    "tampered-body": Row(
        "The body has one more byte than was signed.", on.writing, look=by.has_one_more_byte, is_signed=False
    ),
    "signature-over-plain-json": Row(
        "The signatures are those of the unescaped JSON.",
        on.writing,
        look=by.headers(lambda body, secret: by.both(secret.encode(), encode_plain(json.loads(body)))),
        is_signed=False,
    ),
    "signature-in-capitals": Row(
        "The digits of the signatures are capitals.", on.writing, look=by.headers(by.in_capitals), is_signed=False
    ),
    "missing-signature": Row(
        "There is no signature.", on.writing, look=by.headers(lambda body, secret: {}), is_signed=False
    ),
    "handshake-repeated": Row(
        "The callback is verified twice.", on.verifying, by.same, answers=[(200, [(on.OTHER_URL, "right")] * 2)]
    ),
    "handshake-with-wrong-token": Row(
        "A wrong token comes first.",
        on.verifying,
        by.same,
        answers=[(200, [(on.OTHER_URL, "not-right"), (on.OTHER_URL, "right")])],
    ),
    "handshake-too-slow": Row(
        "The callback is asked, and refused all the same.",
        on.verifying,
        by.same,
        answers=[(400, [(on.OTHER_URL, "right")])],
    ),
    # statuses
    "statuses-reversed": Row(
        "`read`, `delivered`, `sent`, all ten seconds after the first.",
        on.sending,
        lambda tells: [tell._replace(seconds=70) for tell in tells[::-1]],
    ),
    "statuses-shuffled-with-repeats": Row(
        "Each status comes by.twice, in any order.", on.sending, look=by.repeats_in_any_order
    ),
    "duplicate-status": Row("Each status comes again a second later.", on.sending, by.twice(1)),
    "read-without-delivered": Row("`delivered` is missing.", on.sending, by.without("delivered")),
    "same-second": Row(
        "`delivered` comes with `sent`, in the same second, and `read` so much earlier.",
        on.sending,
        lambda tells: [
            tell._replace(seconds=seconds)
            for tell, seconds in zip(
                by.item(lambda one: one.update({"timestamp": str(NOON + (62 if one["status"] == "read" else 60))}))(
                    tells
                ),
                (60, 60, 62),
                strict=True,
            )
        ],
    ),
    "status-of-unknown-message": Row("Before each status comes a stranger's.", on.sending, look=by.strangers_first(3)),
    "failed-only": Row("`failed` with 131026 and nothing else.", on.sending, by.failing(131026)),
    "failed-after-sent": Row("`failed` with 131049 a second after `sent`.", on.sending, by.failing(131049, "sent", 1)),
    "unknown-status": Row("Each status is an unknown one.", on.sending, by.item(by.put(status="archived"))),
    "statuses-of-two-versions": Row(
        "The second status has a conversation.", on.sending, look=by.every_other_has_a_conversation
    ),
    "group-status-with-older-member": Row(
        "The participant's member has its older name.",
        on.in_a_group,
        by.item(lambda one: one.update({"participant_recipient_id": one.pop("recipient_participant_id")})),
    ),
    "delivered-and-failed": Row(
        "`failed` comes a second after `delivered`.", on.sending, by.failing(131000, "delivered", 1)
    ),
    "stuck-at-sent": Row("After `sent` nothing comes.", on.sending, by.without("delivered", "read")),
    "only-sent": Row(
        "Of a place only `sent` is by.told, of a text everything.",
        on.sending_a_place,
        lambda tells: [tell for tell in tells if tell.kind == "sent" or tell.item["id"] != tells[0].item["id"]],
    ),
    "failed-then-delivered": Row(
        "`failed`, then `delivered` a second later.",
        on.sending,
        lambda tells: [
            *by.failing(131000)(tells),
            *[tell._replace(seconds=61) for tell in by.item(by.put(timestamp=str(NOON + 61)))(tells[1:2])],
        ],
    ),
    "failed-without-errors": Row(
        "`failed` without `errors`.", on.sending, lambda tells: by.item(by.drop("errors"))(by.failing(131000)(tells))
    ),
    "failed-with-several-errors": Row(
        "`failed` with two errors.", on.sending, by.failing(131026, errors=[by.GENERAL, by.UNDELIVERABLE])
    ),
    "failed-in-the-old-shape": Row(
        "`failed` with code and title alone.",
        on.sending,
        by.failing(131026, errors=[{"code": 131026, "title": by.UNDELIVERABLE["title"]}]),
    ),
    "outside-the-window": Row("`failed` with 131047.", on.sending, by.failing(131047)),
    "media-failed": Row(
        "A picture fails with 131053, a text does not.",
        on.sending_a_file,
        lambda tells: [*by.failing(131053)(by.of_message(0)(tells)), *by.of_message(1)(tells)],
    ),
    "lost-statuses": Row("The third status is missing.", on.sending, by.without("read")),
    "random-delays": Row(
        "Some statuses come twenty seconds by.later, the others in time.", on.sending_thrice, look=by.some_are_late
    ),
    "unknown-pricing-category": Row(
        "The category is an unknown one.",
        on.sending,
        by.item(lambda one: one["pricing"].update(category="general_purpose_ai")),
    ),
    "documented-contacts": Row(
        "Contacts of statuses have a profile.",
        on.sending,
        by.changed(lambda value: value["contacts"][0].update(profile={"name": "Amanda Adkins"})),
    ),
    # messages
    "unavailable-then-real": Row(
        "`unsupported`, and 0.2 s later the message, with one id.", on.writing, look=by.ghost_first
    ),
    "unsupported-message": Row(
        "The message is `unsupported`, with its object.",
        on.writing,
        by.item(by.only(errors=[by.UNSUPPORTED], type="unsupported", unsupported={"type": "unknown"})),
    ),
    "unsupported-without-object": Row(
        "The message is `unsupported`, without the object.",
        on.writing,
        by.item(by.only(errors=[by.UNSUPPORTED], type="unsupported")),
    ),
    "unknown-type-of-2022": Row(
        "The message is of type `unknown`.", on.writing, by.item(by.only(errors=[by.OLD], type="unknown"))
    ),
    "contact-without-profile": Row(
        "The contact has no profile; those of statuses have none anyway.",
        on.sending_and_writing,
        by.changed(lambda value: value["contacts"][0].pop("profile", None)),
    ),
    "contacts-missing": Row("Nothing has contacts.", on.sending_and_writing, by.changed(by.drop("contacts"))),
    "no-phone-number": Row("No number is there, a username is.", on.sending_and_writing, by.changed(by.no_phone)),
    "other-form-of-number": Row(
        "The Brazilian number has its ninth digit.", on.sending_abroad, by.changed(by.other_form)
    ),
    "unknown-message-type": Row(
        "The message is of an unknown type.",
        on.writing,
        by.item(by.only(type="hologram", hologram={"id": "1", "depth": 3})),
    ),
    "button-without-context": Row("The tap has no context.", on.tapping, by.item(by.drop("context"), "interactive")),
    "reaction-removed-empty": Row(
        "The reaction has an empty emoji.",
        on.reacting,
        by.item(lambda one: one["reaction"].update(emoji=""), "reaction"),
    ),
    "reaction-removed-without-emoji": Row(
        "The reaction has no emoji.", on.reacting, by.item(lambda one: one["reaction"].pop("emoji"), "reaction")
    ),
    "interactive-without-body": Row(
        "The tap has no object, and an error stands beside it.",
        on.tapping,
        by.changed(
            lambda value: (
                value["messages"][0].pop("interactive"),
                value.update(errors=[by.error(131000, "Something went wrong", "Unsupported webhook payload")]),
            ),
            "interactive",
        ),
    ),
    "media-without-url": Row(
        "The picture has no URL.", on.sharing_a_picture, by.item(lambda one: one["image"].pop("url"))
    ),
    "media-url-expired": Row("The picture's URL ended before it arrived.", on.sharing_a_picture, look=by.is_expired),
    "card-with-localised-types": Row(
        "The phone is `Cellulare`.",
        on.sharing_a_card,
        by.item(lambda one: one["contacts"][0]["phones"][0].update(type="Cellulare")),
    ),
    "card-without-phones": Row(
        "The card has no phones.", on.sharing_a_card, by.item(lambda one: one["contacts"][0].pop("phones"))
    ),
    "card-without-name": Row(
        "The card has no name.", on.sharing_a_card, by.item(lambda one: one["contacts"][0].pop("name"))
    ),
    "card-as-vcard": Row(
        "The card is only a vcard.",
        on.sharing_a_card,
        look=lambda normal, armed: by.is_vcard(by.told(armed)[0].item["contacts"]),
    ),
    "new-id-before-notice": Row(
        "The message comes first, the notice five seconds late.", on.moving, by.later(5, "system")
    ),
    "number-change-noticed-late": Row(
        "The notice comes an hour late, from the old number.", on.moving, by.later(3_600, "system")
    ),
    "awkward-text": Row("Text and name are full of what is escaped.", on.writing, look=by.is_escaped),
    "content-lost": Row(
        "131035 comes in place of the message.",
        on.writing,
        by.changed(
            lambda value: (
                by.drop("contacts", "messages")(value),
                value.update(errors=[by.error(131035, by.LOST, by.LOST)]),
            )
        ),
    ),
    "message-to-another-number": Row("A message to another number comes first.", on.writing, look=by.foreign_first),
    # the account
    "history-out-of-order": Row("Three chunks come, the second one first.", on.recalling, look=by.in_chunks),
    "history-huge": Row("One body of nearly 3 MB comes.", on.recalling, look=by.in_one_huge_body),
    "account-event-of-portfolio": Row(
        "The entries are the portfolio's.",
        on.judging,
        look=lambda normal, armed: by.is_of_portfolio(armed.world.business_id, by.told(normal), by.told(armed)),
    ),
    "limits-of-another-type": Row("A text is a number, a number a text.", on.judging, by.changed(by.retyped)),
    "null-reasons": Row(
        "The reason is null.",
        on.judging,
        by.changed(lambda value: value.update(reason=None) if "reason" in value else None),
    ),
    "call-ends-before-it-starts": Row(
        "`terminate` comes before `connect`.",
        on.calling,
        lambda tells: [tell._replace(seconds=70) for tell in tells[::-1]],
    ),
    "stale-calls": Row("Both come an hour later.", on.calling, by.later(3_600)),
    "template-events-lost": Row("Nothing is told of the template.", on.judging, lambda tells: tells[1:]),
    # answers of the API
    "ambiguous-timeout": Row(
        "The first try is cut off and takes effect.", on.retrying, by.same, answers=[(0, "cut"), (200, 0), (200, 0)]
    ),
    "hang-after-effect": Row("No try is answered, each takes effect.", on.retrying, by.same, answers=[(0, "cut")] * 3),
    "unavailable-then-success": Row(
        "Two tries get 503 and do nothing.", on.retrying, by.of_first(1), answers=[(503, 2), (503, 2), (200, 0)]
    ),
    "pair-rate-limit": Row(
        "The first try gets 131056.", on.retrying, by.of_first(2), answers=[(400, 131056), (200, 0), (200, 0)]
    ),
    "throughput-limit": Row(
        "The third try gets 130429.", on.retrying, by.of_first(2), answers=[(200, 0), (200, 0), (400, 130429)]
    ),
    "expired-token": Row("Every try gets 190.", on.retrying, lambda tells: [], answers=[(401, 190)] * 3),
    "template-changed-behind-the-app": Row(
        "The template gets 132000, the text is sent.",
        on.sending_a_template,
        look=lambda normal, armed: by.has_kinds(armed, ["sent", "delivered", "read"]),
        answers=[(400, 132000), (200, 0)],
    ),
    "number-not-registered": Row("Every try gets 133010.", on.retrying, lambda tells: [], answers=[(400, 133010)] * 3),
}


@cache
def normal(story: Any) -> Any:
    """The story without faults."""
    return on.play(story)


@pytest.mark.parametrize("name", ROWS)
def test_what_arrives(name: str) -> None:
    """What arrives is what came without the fault, changed as its row says, and nothing else."""
    row = ROWS[name]
    plain, armed = normal(row.story), on.play(row.story, name)
    if row.change is not None:
        assert by.told(armed) == row.change(by.told(plain))
    if row.look is not None:
        row.look(plain, armed)
    assert armed.answers == (row.answers if row.answers is not None else plain.answers)
    secret = armed.world.apps[armed.world.app_id].secret
    assert all(one.is_signed(secret) is row.is_signed for one in armed.arrivals())


def test_every_name_has_a_row() -> None:
    """No name can be armed that is not held to what it does."""
    assert set(ROWS) == set(PRESETS)
    assert all(row.sentence.endswith(".") and (row.change or row.look) for row in ROWS.values())


@pytest.mark.parametrize("name", ROWS)
def test_same_seed_same_bytes(name: str) -> None:
    """The same seed and story give the same bytes at the same moments, whatever is armed; another seed gives others."""
    first, second, other = (on.play(ROWS[name].story, name, seed=seed) for seed in (0, 0, 1))
    assert first.arrivals() == second.arrivals()
    assert not first.arrivals() or first.arrivals() != other.arrivals()


@pytest.mark.parametrize("name", ["unavailable-then-real", "unsupported-message", "unknown-type-of-2022"])
def test_what_nobody_wrote_stays_as_it_is(name: str) -> None:
    """A placeholder stands for content that somebody wrote: a reaction comes as ever."""
    assert by.told(on.play(on.reacting, name)) == by.told(normal(on.reacting))
