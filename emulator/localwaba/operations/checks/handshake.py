"""The handshake: Meta asks for a challenge back before it sends anything."""

from __future__ import annotations

from collections.abc import Sequence

from localwaba.domain.ids import derive_number
from localwaba.operations.checks.model import (
    Answer,
    Check,
    Judge,
    Scene,
    Seen,
    Step,
    Verdict,
    broken,
    doubtful,
    passed,
)
from localwaba.operations.checks.payloads import shake

GROUP = "handshake"
_PAGE = "Meta: webhooks/create-webhook-endpoint"
Parameters = Sequence[tuple[str, str]]


def _challenge(scene: Scene, purpose: str = "") -> str:
    return derive_number(scene.seed, f"challenge {scene.run} {scene.slot} {purpose}", 10)


def _right(scene: Scene, challenge: str) -> Parameters:
    return [("hub.mode", "subscribe"), ("hub.challenge", challenge), ("hub.verify_token", scene.verify_token)]


def _ask(scene: Scene, parameters: Parameters, about: str) -> tuple[Step, ...]:
    return (Step(requests=(shake(scene, parameters, about),)),)


def _echoes(challenge: str) -> Judge:
    def judge(seen: Seen) -> Verdict:
        return _judge_echo(seen, challenge)

    return judge


def _judge_echo(seen: Seen, challenge: str) -> Verdict:
    answer = seen.answers[0]
    expected = f"200 and the body {challenge}"
    if answer.error or answer.status != 200:
        return broken(expected, answer.text + _hint(answer, seen.scene))
    body = answer.body.decode("utf-8", "replace")
    if body == challenge:
        return passed(f"in {answer.latency_ms:.0f} ms")
    if body.strip() == challenge:
        return broken(expected, f"200 and {body!r}: spaces or line breaks around it")
    if body.strip().strip('"') == challenge:
        return broken(expected, f"200 and {body.strip()}: the challenge as JSON, with quotes around it")
    if challenge in body:
        return broken(expected, f"200 and {body[:80]!r}: the challenge with something around it")
    return broken(expected, f"200 and {body[:80]!r}")


def _hint(answer: Answer, scene: Scene) -> str:
    if scene.slot:
        return ""  # whether the plainest handshake works, its own check has said
    hints = {401: "is --verify-token right?", 403: "is --verify-token right?"}
    hints |= {404: "is this the URL of the webhook?", 405: "the URL has to take GET, not only POST"}
    found = hints.get(answer.status or 0)
    return f"; {found}" if found else ""


def _plain(scene: Scene) -> tuple[Step, ...]:
    return _ask(scene, _right(scene, _challenge(scene)), "a handshake with the right token")


def _judge_plain(seen: Seen) -> Verdict:
    return _judge_echo(seen, _challenge(seen.scene))


def _other_order(scene: Scene) -> tuple[Step, ...]:
    mode, challenge, token = _right(scene, _challenge(scene))
    return _ask(scene, [challenge, token, mode], "a handshake with hub.challenge first")


_BIG = "00018446744073709551617"
_TEXT = "aZ-9_x~Q.7"


def _big(scene: Scene) -> tuple[Step, ...]:
    return _ask(scene, _right(scene, _BIG), "a handshake with a challenge beyond 64 bits")


def _words(scene: Scene) -> tuple[Step, ...]:
    return _ask(scene, _right(scene, _TEXT), "a handshake with letters in its challenge")


def _refuses(seen: Seen) -> Verdict:
    """Anything but a 200; a 5xx is an accident."""
    answer = seen.answers[0]
    if answer.error:
        return broken("a 4xx, such as 403", answer.text)
    if answer.status == 200:
        return broken("a 4xx, such as 403", f"{answer.text}: whoever asks may subscribe this URL")
    if answer.status is not None and answer.status >= 500:
        return broken("a 4xx, such as 403", f"{answer.text}: refused by accident")
    return passed()


def _refuses_or_ignores(seen: Seen) -> Verdict:
    """Nothing that breaks; a page for people is fine."""
    answer = seen.answers[0]
    if answer.error or (answer.status is not None and answer.status >= 500):
        return doubtful("an ordinary answer, such as 400 or 403", answer.text)
    return passed()


def _wrong_token(scene: Scene) -> tuple[Step, ...]:
    mode, challenge, (name, token) = _right(scene, _challenge(scene))
    wrong = token[:-1] + ("x" if token[-1:] != "x" else "y")
    return _ask(scene, [mode, challenge, (name, wrong)], "a handshake with another token")


def _empty_token(scene: Scene) -> tuple[Step, ...]:
    mode, challenge, (name, _) = _right(scene, _challenge(scene))
    return _ask(scene, [mode, challenge, (name, "")], "a handshake with an empty token")


def _no_token(scene: Scene) -> tuple[Step, ...]:
    return _ask(scene, _right(scene, _challenge(scene))[:2], "a handshake without a token")


def _other_mode(scene: Scene) -> tuple[Step, ...]:
    _, challenge, token = _right(scene, _challenge(scene))
    return _ask(scene, [("hub.mode", "unsubscribe"), challenge, token], "a handshake whose mode is not subscribe")


def _judge_mode(seen: Seen) -> Verdict:
    answer = seen.answers[0]
    if answer.error or (answer.status is not None and answer.status >= 500):
        return doubtful("a 4xx", answer.text)
    if answer.status == 200 and answer.body.decode("utf-8", "replace").strip() == _challenge(seen.scene):
        return doubtful("a 4xx: only `subscribe` is a handshake", answer.text)
    return passed()


def _no_parameters(scene: Scene) -> tuple[Step, ...]:
    return _ask(scene, (), "a GET without any parameter")


def _again(scene: Scene) -> tuple[Step, ...]:
    asked = [shake(scene, _right(scene, _challenge(scene, str(at))), "another handshake") for at in range(3)]
    return tuple(Step(requests=(one,)) for one in asked)


def _judge_again(seen: Seen) -> Verdict:
    for at, one in enumerate(seen.exchanges):
        challenge = _challenge(seen.scene, str(at))
        if one.answer.status != 200 or one.answer.body.decode("utf-8", "replace").strip() != challenge:
            return broken("the challenge, whenever it is asked", f"handshake {at + 1} of 3: {one.answer.text}", (one,))
    return passed()


def _prompt(seen: Seen) -> Verdict:
    answer = seen.answers[0]
    if answer.fault == "timeout":
        return broken("an answer within 6 s", answer.text)
    return passed(f"in {answer.latency_ms:.0f} ms")


CHECKS = (
    Check(
        name="handshake-echo",
        group=GROUP,
        rule="A GET with the right verify token is answered with 200 and the challenge as the whole body.",
        sources=(_PAGE, "fbsamples/original-coast-clothing#84", "elizaOS/eliza#17823"),
        script=_plain,
        judge=_judge_plain,
        needs="",
    ),
    Check(
        name="handshake-in-time",
        group=GROUP,
        rule="The handshake is answered within 6 seconds.",
        sources=("chatwoot/chatwoot#14690",),
        script=_plain,
        judge=_prompt,
        needs="",
    ),
    Check(
        name="handshake-other-order",
        group=GROUP,
        rule="The three parameters are read by name: their order is not promised.",
        sources=(_PAGE,),
        script=_other_order,
        judge=_judge_plain,
        needs="",
    ),
    Check(
        name="handshake-big-number",
        group=GROUP,
        rule="The challenge is a string, however much it looks like a number: it comes back digit by digit.",
        sources=(_PAGE,),
        script=_big,
        judge=_echoes(_BIG),
        needs="",
    ),
    Check(
        name="handshake-text",
        group=GROUP,
        rule="The challenge may be any random string.",
        sources=(_PAGE,),
        script=_words,
        judge=_echoes(_TEXT),
        needs="",
    ),
    Check(
        name="handshake-wrong-token",
        group=GROUP,
        rule="A handshake with another verify token is refused, and the challenge kept back.",
        sources=(_PAGE,),
        script=_wrong_token,
        judge=_refuses,
        needs="",
    ),
    Check(
        name="handshake-empty-token",
        group=GROUP,
        rule="A handshake with an empty verify token is refused.",
        sources=(_PAGE,),
        script=_empty_token,
        judge=_refuses,
        needs="",
    ),
    Check(
        name="handshake-no-token",
        group=GROUP,
        rule="A handshake without a verify token is refused.",
        sources=(_PAGE,),
        script=_no_token,
        judge=_refuses,
        needs="",
    ),
    Check(
        name="handshake-other-mode",
        group=GROUP,
        rule="Only hub.mode=subscribe is a handshake.",
        sources=(_PAGE,),
        script=_other_mode,
        judge=_judge_mode,
        severity="should",
        needs="",
    ),
    Check(
        name="handshake-no-parameters",
        group=GROUP,
        rule="A GET that is no handshake, as browsers and monitors send it, breaks nothing.",
        sources=(_PAGE,),
        script=_no_parameters,
        judge=_refuses_or_ignores,
        severity="should",
        needs="",
    ),
    Check(
        name="handshake-again",
        group=GROUP,
        rule="The handshake works each time: Meta repeats it whenever the URL or the token is edited.",
        sources=(_PAGE, "Meta: webhooks/override"),
        script=_again,
        judge=_judge_again,
        needs="",
    ),
)
