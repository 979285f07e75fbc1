"""The handshake that a callback URL must pass before it is saved."""

from __future__ import annotations

from http import HTTPStatus
from urllib.parse import quote, urlsplit, urlunsplit

from localwaba.domain.errors import Refusal
from localwaba.webhooks.transport import Reply, Transport
from localwaba.wire.deliveries import VERIFICATION_HEADERS
from localwaba.wire.encoding import encode

VERIFY_TIMEOUT = 6.0
_RULE = "webhooks.verification"
# A capture shows `<!DOCTYPE html>\n<h...`: eighteen characters, then three dots.
_RECEIVED_CHARACTERS = 18


async def verify(
    transport: Transport, url: str, verify_token: str, challenge: str, timeout: float = VERIFY_TIMEOUT
) -> Refusal | None:
    """Ask a callback URL to echo the challenge; None if it did, else the refusal that Meta would answer with.

    2200 if no 200 came, 2201 if the body of the 200 is not exactly the challenge. `timeout` is in seconds.
    """
    reply = await transport.get(verification_url(url, verify_token, challenge), VERIFICATION_HEADERS, timeout)
    if reply.error is not None or reply.status != 200:
        return _refuse_answer(reply, url, timeout)
    if reply.body != challenge or reply.truncated:
        return _refuse_body(reply, challenge)
    return None


def refuse_late(url: str, timeout: float = VERIFY_TIMEOUT) -> Refusal:
    """What a callback that does not answer in time is refused with, although it may have answered well."""
    return _refuse_answer(Reply(None, f"no answer within {timeout:g} s, on purpose", fault="timeout"), url, timeout)


def verification_url(url: str, verify_token: str, challenge: str) -> str:
    """The callback URL with the three parameters appended to whatever query it has.

    A literal `+` in the path leaves as `%20`: that is what reaches real servers, and some look for the `+` in vain.
    """
    parameters = (
        f"hub.mode=subscribe&hub.challenge={quote(challenge, safe='')}&hub.verify_token={quote(verify_token, safe='')}"
    )
    try:
        parts = urlsplit(url)
        query = f"{parts.query}&{parameters}" if parts.query else parameters
        return urlunsplit(parts._replace(path=parts.path.replace("+", "%20"), query=query))
    except ValueError:
        return url  # the transport says what is wrong with it


def _refuse_answer(reply: Reply, url: str, timeout: float) -> Refusal:
    errors = [*_curl_error(reply, url, timeout)]
    if reply.status is not None and reply.error is None:
        message = reply.reason or _phrase(reply.status)
        errors.append(f"HTTP Status Code = {reply.status}; HTTP Message = {message}")
    why, fix = _advise(reply, timeout)
    return Refusal(
        code=2200,
        message="Callback verification failed with the following errors: " + "; ".join(errors),
        rule=_RULE,
        why=why,
        fix=fix,
    )


def _refuse_body(reply: Reply, challenge: str) -> Refusal:
    # The platform escapes what it received as in its JSON, within the message: `<` arrives as six characters.
    received = encode(reply.body[:_RECEIVED_CHARACTERS]).decode("ascii")[1:-1]
    if len(reply.body) > _RECEIVED_CHARACTERS:
        received += "..."
    fix = "Answer 200 with the value of hub.challenge as the whole body, as plain text."
    if reply.body.strip().strip('"') == challenge:
        fix = "Answer the bare value of hub.challenge: no quotes (not JSON), no spaces, no line break around it."
    return Refusal(
        code=2201,
        message=f'response does not match challenge, expected value="{challenge}", received="{received}"',
        rule=_RULE,
        why=f"the callback answered 200, but its body is not the challenge {challenge}: {reply.body[:120]!r}",
        fix=fix,
    )


def _curl_error(reply: Reply, url: str, timeout: float) -> list[str]:
    """What curl, which the platform uses, calls this failure."""
    if reply.fault is None:
        return []
    host, port = _host_and_port(url)
    milliseconds = round(timeout * 1000)
    number, text = {
        "url": (3, "URL using bad/illegal format or missing URL"),
        "target": (7, f"Failed to connect to {host} port {port}: Connection refused"),
        "unresolved": (6, f"Could not resolve host: {host}"),
        "refused": (7, f"Failed to connect to {host} port {port}: Connection refused"),
        "unconnected": (28, f"Connection timed out after {milliseconds} milliseconds"),
        "certificate": (60, _certificate_problem(reply)),
        "tls": (35, "error:1408F10B:SSL routines:ssl3_get_record:wrong version number"),
        "timeout": (28, f"Operation timed out after {milliseconds} milliseconds with 0 bytes received"),
        "closed": _closed_problem(reply),
        "partial": (18, "transfer closed with outstanding read data remaining"),
        "garbled": (1, "Received HTTP/0.9 when not allowed"),
        "oversized": (63, "Maximum file size exceeded"),
    }[reply.fault]
    return [f"curl_errno = {number}; curl_error = {text}"]


def _closed_problem(reply: Reply) -> tuple[int, str]:
    if "reset" in (reply.error or ""):
        return 56, "Recv failure: Connection reset by peer"
    return 52, "Empty reply from server"


def _certificate_problem(reply: Reply) -> str:
    """The words of OpenSSL about a certificate, which the transport passes on."""
    _, _, reason = (reply.error or "").partition(": ")
    if "match" in reason or "not valid for" in reason:
        return "SSL: no alternative certificate subject name matches target host name"
    return f"SSL certificate problem: {reason or 'unable to get local issuer certificate'}"


def _advise(reply: Reply, timeout: float) -> tuple[str, str]:
    """Why the handshake failed and what to do about it, for people."""
    if reply.fault == "target":
        return (
            f"the emulator did not call the callback: {reply.error}",
            "Use a URL on this machine, or start the emulator with this host among the allowed targets.",
        )
    if reply.error is not None:
        fixes = {
            "url": "Give an absolute http:// or https:// URL.",
            "unresolved": "Check the host name.",
            "refused": "Start the app first, and check host and port.",
            "unconnected": "Check host and port, and that nothing between drops the connection.",
            "timeout": f"Answer the GET within {timeout:g} s, before any slow work.",
            "certificate": "Use a certificate that is trusted here, or http:// on this machine.",
            "tls": "The other end speaks no TLS: use http://, or the TLS port.",
        }
        return (
            f"the callback gave no answer to the GET: {reply.error}",
            fixes.get(reply.fault or "", "Answer the GET with an ordinary HTTP response."),
        )
    fixes_by_status = {
        401: "Compare hub.verify_token with the token given to the subscription.",
        403: "Compare hub.verify_token with the token given to the subscription.",
        404: "Check the path: the callback URL needs a handler for GET, not only for POST.",
        405: "Add a handler for GET beside the one for POST.",
    }
    onward = reply.header("Location")
    redirected = f" (a redirect to {onward}, which is not followed)" if onward else ""
    return (
        f"the callback answered {reply.status}{redirected} where only 200 verifies",
        fixes_by_status.get(reply.status or 0, "Answer the GET with 200 and the value of hub.challenge."),
    )


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return ""


def _host_and_port(url: str) -> tuple[str, int]:
    try:
        parts = urlsplit(url)
        return parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)
    except ValueError:
        return "", 0
