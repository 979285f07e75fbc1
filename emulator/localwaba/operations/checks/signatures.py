"""Signatures: HMAC-SHA256 with the app secret over the bytes as they came."""

from __future__ import annotations

import json
from collections.abc import Callable

from localwaba.operations.checks.judging import answered, refused
from localwaba.operations.checks.model import Answer, Check, Headers, Json, Scene, Seen, Step, Verdict, broken, passed
from localwaba.operations.checks.payloads import change, envelope, messages_value, person, post, tell, text
from localwaba.wire.deliveries import delivery_headers
from localwaba.wire.encoding import encode, encode_plain
from localwaba.wire.signature import sign, sign_legacy

GROUP = "signatures"
_PAGE = "Meta: webhooks/create-webhook-endpoint#validate-payloads"
_RESERIALISED = (_PAGE, "Secreto31126/whatsapp-api-js#290", "tawn33y/whatsapp-cloud-api#60")
_UNCHECKED = (_PAGE, "pipecat-ai/pipecat#2794", "apache/camel#24034", "qhkm/zeptoclaw#317")
_NEW, _OLD = "X-Hub-Signature-256", "X-Hub-Signature"
ODD = 'Zoë: 50% off / <b>caf\u00e9</b> & a@b.c 😮 \u4f60\u597d \\ "quoted"\n2nd line'
"""A text that shows every escape that Meta writes, and that no second serialiser writes in the same way."""


def _payload(scene: Scene, body: str = "", place: int = 0) -> Json:
    who = person(scene, place)
    return envelope(scene, change(messages_value(scene, [who], [text(scene, who, body)])))


def _signed(scene: Scene, body: bytes, about: str) -> tuple[Step, ...]:
    return (tell(scene, body, about, person(scene).wa_id),)


def _swap(headers: Headers, **values: str | None) -> Headers:
    """The headers with other signatures; None leaves one out."""
    wanted = {_NEW: values.get("new", ""), _OLD: values.get("old", "")}
    kept = [(name, value if wanted.get(name, "") == "" else wanted[name]) for name, value in headers]
    return tuple((name, value) for name, value in kept if value is not None)


Forge = Callable[[Scene, bytes, Headers], tuple[bytes, Headers]]


def _forgery(forge: Forge, about: str, body: str = "") -> Callable[[Scene], tuple[Step, ...]]:
    """A script that sends what its `forge` makes of a good webhook."""

    def script(scene: Scene) -> tuple[Step, ...]:
        good = encode(_payload(scene, body))
        sent, headers = forge(scene, good, delivery_headers(scene.secret, good))
        return (Step(requests=(post(scene, sent, headers, about),)),)

    return script


def _wrong_secret(scene: Scene, body: bytes, headers: Headers) -> tuple[bytes, Headers]:
    return body, delivery_headers(b"not " + scene.secret, body)


def _missing(scene: Scene, body: bytes, headers: Headers) -> tuple[bytes, Headers]:
    return body, _swap(headers, new=None, old=None)


def _sha1_only(scene: Scene, body: bytes, headers: Headers) -> tuple[bytes, Headers]:
    return body, _swap(headers, new=None)


def _sha256_only(scene: Scene) -> tuple[Step, ...]:
    body = encode(_payload(scene))
    headers = delivery_headers(scene.secret, body, legacy=False)
    return (Step(requests=(post(scene, body, headers, "a webhook without the old header", user=person(scene).wa_id),)),)


def _tampered(scene: Scene, body: bytes, headers: Headers) -> tuple[bytes, Headers]:
    return body + b" ", headers


def _tampered_text(scene: Scene, body: bytes, headers: Headers) -> tuple[bytes, Headers]:
    return encode(_payload(scene, "Send the money to somebody else")), headers


def _over_parsed(scene: Scene, body: bytes, headers: Headers) -> tuple[bytes, Headers]:
    written = encode_plain(json.loads(body))
    return body, _swap(headers, new=sign(scene.secret, written), old=sign_legacy(scene.secret, written))


def _truncated(scene: Scene) -> tuple[Step, ...]:
    """The header cut off at several places, down to nothing."""
    requests = []
    for place, length in enumerate((70, 39, 8, 7)):
        body = encode(_payload(scene, place=place))
        cut = sign(scene.secret, body)[:length]
        headers = _swap(delivery_headers(scene.secret, body), new=cut, old=None)
        requests.append(post(scene, body, headers, f"a signature of {max(0, length - 7)} of 64 digits"))
    empty = encode(_payload(scene, place=4))
    headers = tuple(
        (name, "" if name == _NEW else value) for name, value in delivery_headers(scene.secret, empty, legacy=False)
    )
    requests.append(post(scene, empty, headers, "an empty signature"))
    return tuple(Step(requests=(one,)) for one in requests)


def _other_place(scene: Scene) -> tuple[Step, ...]:
    """The signature of one webhook on another."""
    first, second = encode(_payload(scene, place=0)), encode(_payload(scene, place=1))
    return (
        Step(requests=(post(scene, second, delivery_headers(scene.secret, first), "another webhook's signature"),)),
    )


def _right(scene: Scene) -> tuple[Step, ...]:
    return _signed(scene, encode(_payload(scene)), "a webhook with the right signatures")


def _escapes(scene: Scene) -> tuple[Step, ...]:
    return _signed(
        scene, encode(_payload(scene, ODD)), "a text with accents, emoji, slashes, %, @ and <, escaped as by Meta"
    )


def _plain_bytes(scene: Scene) -> tuple[Step, ...]:
    return _signed(scene, encode_plain(_payload(scene, ODD)), "the same text without Meta's escapes, signed as it is")


def _spacing(scene: Scene) -> tuple[Step, ...]:
    body = json.dumps(_payload(scene), indent=2, separators=(" ,", " : ")).encode()
    return _signed(scene, body, "the same JSON with spaces and line breaks, signed as it is")


def _number_shapes(scene: Scene) -> tuple[Step, ...]:
    value = _payload(scene)
    item = value["entry"][0]["changes"][0]["value"]["messages"][0]
    item["x_number"] = "@@"
    body = encode(value).replace(b'"\\u0040\\u0040"', b"[1.0,1e2,-0.0,12345678901234567890]")
    return _signed(scene, body, "numbers that are written otherwise when written again: 1.0, 1e2, -0.0")


def _garbage(scene: Scene) -> tuple[Step, ...]:
    headers = delivery_headers(b"somebody", b"")
    bodies = (b"{", b"", b'"text"', b"[1]", b"\xff\xfe{}", b'{"entry":[{"changes":"no"}]}')
    named = [(body, f"unsigned garbage: {body.decode('latin-1') or '(empty)'}") for body in bodies]
    return tuple(Step(requests=(post(scene, body, headers, about),)) for body, about in named)


def _judge_garbage(seen: Seen) -> Verdict:
    for one in seen.exchanges:
        if _is_accident(one.answer):
            return broken("a 4xx: the signature is checked first", f"{one.request.about}: {one.answer.text}", (one,))
    return passed()


def _is_accident(answer: Answer) -> bool:
    return answer.status is None or answer.status >= 500


def _accepts(name: str, rule: str, script: Callable[[Scene], tuple[Step, ...]], sources: tuple[str, ...]) -> Check:
    return Check(name=name, group=GROUP, rule=rule, sources=sources, script=script, judge=answered(0))


def _refuses(name: str, rule: str, script: Callable[[Scene], tuple[Step, ...]], sources: tuple[str, ...]) -> Check:
    return Check(name=name, group=GROUP, rule=rule, sources=sources, script=script, judge=refused)


_EXACT = "The signature is made over the bytes as they came, "
CHECKS = (
    _accepts("signature-right", "A webhook with the right signature is taken.", _right, (_PAGE,)),
    _accepts(
        "signature-sha256-only",
        "X-Hub-Signature-256 is what counts: the old SHA-1 header may be missing.",
        _sha256_only,
        (_PAGE,),
    ),
    _accepts(
        "signature-escapes",
        _EXACT + "with Meta's escapes: \\u00e9, \\/, \\u0040, \\u0025, \\u003C, surrogate pairs.",
        _escapes,
        _RESERIALISED,
    ),
    _accepts("signature-plain-utf8", _EXACT + "escaped or not.", _plain_bytes, _RESERIALISED),
    _accepts("signature-other-spacing", _EXACT + "whatever the spaces between them.", _spacing, _RESERIALISED),
    _accepts("signature-other-numbers", _EXACT + "however numbers are written.", _number_shapes, _RESERIALISED),
    _refuses(
        "signature-wrong-secret",
        "A webhook signed with another secret is refused.",
        _forgery(_wrong_secret, "a webhook signed with another secret"),
        _UNCHECKED,
    ),
    _refuses(
        "signature-missing",
        "A webhook without a signature is refused.",
        _forgery(_missing, "a webhook without a signature"),
        (*_UNCHECKED, "gndx/WhatsBrick#2"),
    ),
    _refuses(
        "signature-sha1-only",
        "A webhook that has nothing but the old SHA-1 signature is refused.",
        _forgery(_sha1_only, "a webhook with nothing but the old signature"),
        (_PAGE,),
    ),
    _refuses(
        "signature-tampered",
        "A webhook that was changed after it was signed is refused.",
        _forgery(_tampered_text, "another text under the signature of the first"),
        _UNCHECKED,
    ),
    _refuses(
        "signature-tampered-space",
        "A webhook with one byte more than was signed is refused, even if its JSON is the same.",
        _forgery(_tampered, "a space behind what was signed"),
        _UNCHECKED,
    ),
    _refuses(
        "signature-over-parsed",
        "A signature over the same JSON in other bytes is no signature of these bytes.",
        _forgery(_over_parsed, "a signature over the unescaped JSON", ODD),
        _RESERIALISED,
    ),
    _refuses("signature-truncated", "Part of a signature is no signature.", _truncated, _UNCHECKED),
    _refuses("signature-of-another", "The signature of another webhook is no signature.", _other_place, _UNCHECKED),
    Check(
        name="signature-garbage",
        group=GROUP,
        rule="The signature is checked before the body is read: unsigned garbage is refused, and breaks nothing.",
        sources=(_PAGE,),
        script=_garbage,
        judge=_judge_garbage,
        severity="should",
    ),
)
