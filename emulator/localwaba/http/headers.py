"""The headers of Graph's answers (Meta: response headers of the OpenAPI file, captures)."""

from __future__ import annotations

import re
from base64 import b64encode, urlsafe_b64encode
from functools import lru_cache
from hashlib import blake2b

Header = tuple[bytes, bytes]

_FIXED: list[Header] = [
    (b"access-control-allow-origin", b"*"),
    (b"cross-origin-resource-policy", b"cross-origin"),
    (b"vary", b"Origin, Accept-Encoding"),
    (b"strict-transport-security", b"max-age=15552000; preload"),
    (b"pragma", b"no-cache"),
    (b"cache-control", b"private, no-cache, no-store, must-revalidate"),
    (b"expires", b"Sat, 01 Jan 2000 00:00:00 GMT"),
    (b"x-fb-rlafr", b"0"),
    (b"x-fb-rev", b"1019544279"),
    (
        b"x-fb-connection-quality",
        b"EXCELLENT; q=0.9, rtt=7, rtx=0, c=10, mss=1380, tbw=372, tp=-1, tpl=-1, uplat=527, ullat=0",
    ),
    (b"content-type", b"application/json; charset=UTF-8"),
]
PREPARED = (len(_FIXED), b"".join([b"%b: %b\r\n" % pair for pair in _FIXED]))
"""How many headers are the same in each answer, the first ones, and how they are written."""
_CONTROLS = re.compile(r"[\x00-\x1f\x7f]")
_TRACES = blake2b(b"trace", digest_size=64)


class Trace:
    """The ids of one answer; the same for the same call in the same order."""

    __slots__ = ("_raw",)

    def __init__(self, scope: bytes, number: int) -> None:
        block = _TRACES.copy()
        block.update(b"%b %d" % (scope, number))
        self._raw = block.digest()

    @property
    def fbtrace_id(self) -> str:
        """`A` and 22 more characters."""
        return "A" + urlsafe_b64encode(self._raw[:17]).decode()[:22]

    def headers(self, version: bytes) -> list[Header]:
        """All headers but the length."""
        name = urlsafe_b64encode(self._raw[:26])
        return [
            *_FIXED,
            (b"facebook-api-version", version),
            (b"x-fb-request-id", b"A" + name[:22]),
            (b"x-fb-trace-id", b"E" + name[22:32]),
            (b"x-fb-debug", b64encode(self._raw)),
        ]


@lru_cache(maxsize=4096)
def account_usage(waba_id: str, percent: int = 0, minutes: int = 0) -> Header:
    """`x-business-use-case-usage` of an account: how much of its hourly budget is used, and how long it stays so.

    What `whatsapp` counts is not documented; it stays at 1, as in Meta's sample.
    """
    items = ",".join(
        f'{{"type":"{kind}","call_count":{used},"total_cputime":{used},"total_time":{used},'
        f'"estimated_time_to_regain_access":{wait}}}'
        for kind, used, wait in (("whatsapp_business_management", percent, minutes), ("whatsapp", 1, 0))
    )
    return (b"x-business-use-case-usage", f'{{"{waba_id}":[{items}]}}'.encode())


@lru_cache(maxsize=128)
def app_usage(percent: int = 0) -> Header:
    """`x-app-usage`: how much of an app's hourly budget is used."""
    return (b"x-app-usage", b'{"call_count":%d,"total_cputime":%d,"total_time":%d}' % (percent, percent, percent))


def authenticate(code: int, message: str) -> Header:
    """`WWW-Authenticate` as Graph sends it whenever authentication fails."""
    kind = "invalid_request" if code in (104, 2500) else "invalid_token"
    return (b"www-authenticate", b'OAuth "Facebook Platform" "%b" "%b"' % (kind.encode(), one_line(message)))


def one_line(text: str) -> bytes:
    """A text as the value of a header: what no header may carry is written out, as in `\\x00`; cut at 4,000."""
    line = " ".join(text.split())[:4_000]
    return (line if line.isprintable() else _CONTROLS.sub(_write_out, line)).encode("ascii", "backslashreplace")


def _write_out(found: re.Match[str]) -> str:
    return f"\\x{ord(found[0]):02x}"
