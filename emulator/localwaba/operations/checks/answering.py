"""The answer to a webhook: 200, soon, and the same again after an error."""

from __future__ import annotations

from statistics import median

from localwaba.operations.checks.judging import judge_taken, plural
from localwaba.operations.checks.model import (
    ANSWER_WITHIN,
    Check,
    Scene,
    Seen,
    Step,
    Verdict,
    broken,
    doubtful,
    passed,
    unjudged,
)
from localwaba.operations.checks.payloads import (
    change,
    deliver,
    envelope,
    greet,
    messages_value,
    person,
    text,
)

GROUP = "answers"
TARGET_MS = 250.0
"""The median that Meta asks for (its page on throughput)."""
_LATE_MS = 1_000.0
_SAMPLE = 12


def _greeting(scene: Scene) -> tuple[Step, ...]:
    return (Step(requests=(greet(scene, person(scene)),)),)


def _judge_200(seen: Seen) -> Verdict:
    answer = seen.answers[0]
    if answer.status == 200 and not answer.error:
        return passed()
    hint = ""
    if answer.status in (401, 403):
        hint = "; is --app-secret right?"
    elif answer.status in (404, 405):
        hint = "; is this the URL of the webhook?"
    elif answer.status is not None and 300 <= answer.status < 400:
        hint = "; redirects are not followed"
    return broken("200", answer.text + hint)


def _judge_in_time(seen: Seen) -> Verdict:
    for one in seen.exchanges:
        if one.answer.fault == "timeout":
            return broken(f"an answer within {one.request.within:g} s", one.answer.text, (one,))
    slowest = max(one.answer.latency_ms for one in seen.exchanges)
    return passed(f"the slowest took {slowest:.0f} ms")


def _sample(scene: Scene) -> tuple[Step, ...]:
    """Texts, one after the other: they are what an app has work with."""
    return tuple(Step(requests=(greet(scene, person(scene, place)),)) for place in range(_SAMPLE))


def _judge_fast(seen: Seen) -> Verdict:
    times = sorted(one.answer.latency_ms for one in seen.exchanges)
    middle = median(times)
    late = [one for one in seen.exchanges if one.answer.latency_ms > _LATE_MS]
    told = f"median {middle:.0f} ms, slowest {times[-1]:.0f} ms of {len(times)}"
    expected = f"a median of {TARGET_MS:.0f} ms at most, and less than 1 % above one second"
    if middle > TARGET_MS or late:
        slow = tuple(late[:3]) or tuple(one for one in seen.exchanges if one.answer.latency_ms > TARGET_MS)[:3]
        return doubtful(expected, f"{told}; answer first, then work", slow)
    return passed(told)


def _retry(scene: Scene) -> tuple[Step, ...]:
    """A plain and a long text, each again if it is refused; then whatever else the app has failed on."""
    long = person(scene, 1)
    value = messages_value(scene, [long], [text(scene, long, "a long text " * 340)])
    first = (
        greet(scene, person(scene)),
        deliver(scene, envelope(scene, change(value)), "a long text", user=long.wa_id),
    )
    steps: list[Step] = []
    for one in (*first, *scene.refused[:3]):  # what it has failed on before is tried again, as Meta does
        steps.append(Step(requests=(one,), awaits=one.user))
        steps += [Step(requests=(one,), after_error=True)] * 2
    return tuple(steps)


def _judge_retry(seen: Seen) -> Verdict:
    failed = [one for one in seen.exchanges if one.answer.status is None or one.answer.status >= 500]
    troubled = [one.request.user for one in failed] + [one.user for one in seen.scene.refused]
    if not troubled:
        return unjudged("the app answered no webhook with an error of its own")
    if not seen.usual and not seen.sent:
        return unjudged(seen.why_unseen)
    usual = max(1, seen.usual)
    for user in dict.fromkeys(filter(None, troubled)):
        tries = tuple(one for one in seen.exchanges if one.request.user == user)
        count = sum(one.to == user for one in seen.sent)
        if count > usual:
            expected = f"one effect: {plural(usual, 'message')}, however often Meta has to try"
            return broken(expected, f"{len(tries)} tries, {plural(count, 'message')} sent", tries)
        if tries and not count and tries[-1].answer.is_taken:
            return broken("the retry does what the first try did not", "200 for the retry, but nothing was done", tries)
    return passed(f"{plural(len(troubled), 'error')} of its own, nothing lost and nothing done twice")


def _after_all(scene: Scene) -> tuple[Step, ...]:
    return tuple(Step(requests=(greet(scene, person(scene, place)),)) for place in range(2))


def _judge_health(seen: Seen) -> Verdict:
    verdict = judge_taken(seen.exchanges)
    if verdict.outcome != "passed" or not seen.usual:
        return verdict
    left = [who for who in (person(seen.scene, place) for place in range(2)) if not seen.to(who)]
    return broken("an answer to a text, as before", f"nothing was sent to {left[0].name}") if left else passed()


FIRST = Check(
    name="answer-200",
    group=GROUP,
    rule="A webhook is answered with 200: any other status counts as lost and is sent again for up to 7 days.",
    sources=("Meta: webhooks/overview", "netflie/whatsapp-cloud-api#234"),
    script=_greeting,
    judge=_judge_200,
    needs="",
)
"""The plainest webhook of all: if it is not taken, little can be said of the rest."""
CHECKS = (
    FIRST,
    Check(
        name="answer-in-time",
        group=GROUP,
        rule=f"A webhook is answered within {ANSWER_WITHIN:.0f} seconds: then Meta hangs up and sends it again.",
        sources=("Meta: calling/faq",),
        script=_greeting,
        judge=_judge_in_time,
        needs="",
    ),
    Check(
        name="answer-fast",
        group=GROUP,
        rule="Webhooks are answered with a median of 250 ms, less than 1 % above one second: slow work comes later.",
        sources=("Meta: throughput", "Lingtai-AI/lingtai-kernel#733"),
        script=_sample,
        judge=_judge_fast,
        severity="should",
    ),
    Check(
        name="retry-after-error",
        group=GROUP,
        rule="After an error of the app, the retry does what was not done, and nothing twice.",
        sources=("Meta: webhooks/overview", "opengovsg/postmangovsg#2151", "netflie/whatsapp-cloud-api#234"),
        script=_retry,
        judge=_judge_retry,
        needs="",
    ),
)
LAST = Check(
    name="health-after-all",
    group=GROUP,
    rule="After everything that was sent here, a text is still taken and answered.",
    sources=("netflie/whatsapp-cloud-api#234",),
    script=_after_all,
    judge=_judge_health,
)
