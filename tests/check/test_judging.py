"""Judges are functions of what was seen: no network, no clock."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from localwaba.operations.checks import catalogue
from localwaba.operations.checks.model import Answer, Exchange, Request, Scene, Seen, Sent, Verdict
from localwaba.operations.checks.payloads import person
from localwaba.runtime.beliefs import status_in

SCENE = Scene(
    run="a run",
    host="127.0.0.1:8000",
    target="/webhook",
    secret=b"secret",
    verify_token="token",
    waba_id="1",
    phone_number_id="2",
    digits="15550783881",
    seed=0,
    now=1_790_000_000_000,
)
BY_NAME = {check.name: check for check in catalogue.CHECKS}
REQUESTS = {
    name: tuple(one for step in check.script(SCENE) for one in step.requests) for name, check in BY_NAME.items()
}
ADA = person(SCENE)


def judged(name: str, answers: list[Answer] | None = None, **seen: Any) -> Verdict:
    """What a check says of answers to its own requests; 200 to all if none are given."""
    check = BY_NAME[name]
    given_answers = answers or [Answer(status=200, reason="OK")] * len(REQUESTS[name])
    exchanges = tuple(Exchange(*pair) for pair in zip(REQUESTS[name], given_answers, strict=False))
    return check.judge(Seen(scene=SCENE, exchanges=exchanges, **seen))


def sent_to(person_: Any, count: int) -> tuple[Sent, ...]:
    return tuple(Sent(person_.wa_id, f"wamid.{at}", 200) for at in range(count))


@pytest.mark.parametrize(("count", "outcome"), [(0, "failed"), (2, "passed"), (4, "failed")])
def test_a_duplicate_is_judged_by_what_one_text_causes(count: int, outcome: str) -> None:
    """An app that always sends two messages has handled a duplicate once if it sent two, not one and not four."""
    assert judged("duplicate-message", usual=2, sent=sent_to(ADA, count)).outcome == outcome


def test_messages_to_user_ids_count() -> None:
    """Who is written to by their user id is the same person."""
    sent = (Sent(ADA.user_id, "wamid.1", 200),)
    assert judged("duplicate-message", usual=1, sent=sent).outcome == "passed"


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        (Answer(status=401), "passed"),
        (Answer(status=403), "passed"),
        (Answer(status=200), "failed"),
        (Answer(status=302), "failed"),
        (Answer(status=500), "failed"),
        (Answer(error="the connection was closed before an answer", fault="closed"), "failed"),
    ],
)
def test_forged_webhooks_are_to_be_refused(answer: Answer, outcome: str) -> None:
    """Only a 4xx refuses; an accident is no refusal."""
    assert judged("signature-missing", [answer]).outcome == outcome


def test_a_forged_webhook_that_is_acknowledged_and_dropped_is_doubtful() -> None:
    """200 without an effect is no break-in, but it tells Meta nothing and hides a wrong secret."""
    assert judged("signature-missing", [Answer(status=200)], usual=1).outcome == "warned"


def test_a_forged_webhook_that_is_refused_and_handled_is_found() -> None:
    """What counts is the effect, whatever the status."""
    assert judged("signature-missing", [Answer(status=401)], usual=1, sent=sent_to(ADA, 1)).outcome == "failed"


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ('"{}"', "as JSON"),
        ("{}\n", "line breaks"),
        ("<p>{}</p>", "something around it"),
        ("no", "'no'"),
    ],
)
def test_the_handshake_says_what_is_around_the_challenge(body: str, told: str) -> None:
    """Whoever wraps the challenge is told how."""
    challenge = REQUESTS["handshake-echo"][0].target.split("hub.challenge=")[1].split("&")[0]
    answer = Answer(status=200, body=body.format(challenge).encode())
    verdict = judged("handshake-echo", [answer])
    assert verdict.outcome == "failed"
    assert told in verdict.happened


@pytest.mark.parametrize(
    ("times", "outcome"),
    [([10.0] * 12, "passed"), ([300.0] * 12, "warned"), ([10.0] * 11 + [1500.0], "warned"), ([251.0] * 12, "warned")],
)
def test_slowness_is_a_median_and_a_tail(times: list[float], outcome: str) -> None:
    """The median decides, and what takes longer than a second."""
    answers = [Answer(status=200, latency_ms=time) for time in times]
    assert judged("answer-fast", answers).outcome == outcome


def test_the_first_size_that_is_too_big_is_told() -> None:
    """The finding on big bodies says which size was refused."""
    verdict = judged("big-bodies", [Answer(status=200), Answer(status=413, reason="Payload Too Large")])
    assert verdict.outcome == "failed"
    assert verdict.happened == "a webhook of 1,228 kB: 413 Payload Too Large"
    assert len(verdict.culprits) == 1


def test_an_answer_from_another_number_is_an_answer() -> None:
    """Who serves several numbers may answer from the one that was written to; from its own it is doubtful."""
    for sender, outcome in (("106540352242922", "passed"), ("2", "warned")):
        sent = (Sent(ADA.wa_id, "wamid.1", 200, sender),)
        assert judged("other-number", usual=1, sent=sent).outcome == outcome


_ANSWERS = st.builds(
    Answer,
    status=st.none() | st.integers(100, 599),
    reason=st.just(""),
    error=st.sampled_from(["", "", "", "no answer within 20 s"]),
    fault=st.sampled_from(["", "timeout", "closed"]),
    latency_ms=st.floats(0, 30_000),
    body=st.binary(max_size=20),
)


@given(data=st.data(), usual=st.integers(0, 2), believed=st.sampled_from([None, "read", "sent", "failed"]))
@settings(max_examples=25)
def test_every_judge_has_a_verdict_on_everything(data: st.DataObject, usual: int, believed: str | None) -> None:
    """Whatever an app answers and sends, each judge says one of four things, and why if it is no success."""
    people = [person(SCENE, place) for place in range(4)]
    sent = tuple(
        Sent(who.wa_id, f"wamid.{at}", 200)
        for who in people
        for at in range(data.draw(st.integers(0, 3)) if usual else 0)
    )
    pool = data.draw(st.lists(_ANSWERS, min_size=5, max_size=5))
    for name, check in BY_NAME.items():
        exchanges = tuple(Exchange(one, pool[at % 5]) for at, one in enumerate(REQUESTS[name]))
        seen = Seen(scene=SCENE, exchanges=exchanges, sent=sent, usual=usual, believed=believed, why_unseen="unseen")
        verdict = check.judge(seen)
        assert verdict.outcome in ("passed", "failed", "warned", "skipped"), name
        if verdict.outcome != "passed":
            assert verdict.happened, name
        if verdict.outcome in ("failed", "warned"):
            assert verdict.expected, name
            assert set(map(id, verdict.culprits)) <= set(map(id, exchanges)), name


@given(st.lists(st.sampled_from([200, 201, 204, 302, 400, 401, 500, 503]), min_size=1, max_size=4))
@settings(max_examples=25)
def test_only_a_2xx_takes_a_webhook(statuses: list[int]) -> None:
    """A shape is taken exactly if each of its webhooks got a 2xx."""
    answers = [Answer(status=status) for status in statuses]
    exchanges = tuple(Exchange(Request(method="POST", target="/", host="a"), answer) for answer in answers)
    verdict = BY_NAME["shape-image"].judge(Seen(scene=SCENE, exchanges=exchanges))
    assert (verdict.outcome == "passed") == all(200 <= status < 300 for status in statuses)


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ('{"id":"x","status":"read"}', "read"),
        ('{"status":"READ"}', "read"),
        ("read", "read"),
        ("<td>delivered</td>", "delivered"),
        ('{"status":null}', None),
        ("it was sent, then read", None),
        ("nothing", None),
    ],
)
def test_the_status_of_a_message_is_read_out_of_what_the_app_tells(text: str, status: str | None) -> None:
    """JSON with `status`, or a text that names one status; anything else tells nothing."""
    assert status_in(text) == status
