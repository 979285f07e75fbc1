"""PEM files for HTTPS apps: whom to trust besides the machine's authorities, and what to show (mTLS)."""

from __future__ import annotations

import ssl
from pathlib import Path

from localwaba.webhooks.transport import BadCertificate, TlsOptions


def load(options: TlsOptions) -> ssl.SSLContext:
    """The files as a context for connections; raises `BadCertificate`."""
    context = ssl.create_default_context()
    if options.authority is not None:
        _load_certificates(context, "ca", options.authority)
    if options.certificate is not None:
        _load_own(context, options.certificate, options.key)
    return context


def _load_own(context: ssl.SSLContext, certificate: str, key: str | None) -> None:
    _load_certificates(ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT), "cert", certificate)  # only to see that it can be read
    part, file = ("key", key) if key else ("cert", certificate)
    if "PRIVATE KEY-----" not in _read(part, file):
        hint = "" if key else "; add --webhook-key FILE"
        raise BadCertificate(part, f"{file} holds no private key in PEM{hint}")
    try:
        context.load_cert_chain(certificate, key, password=_refuse_password)
    except _Locked:
        raise BadCertificate(part, f"{file} is locked with a password, which nobody can be asked for") from None
    except ssl.SSLError as error:
        matches = error.reason != "KEY_VALUES_MISMATCH"
        why = "cannot be read" if matches else f"is not the key of {certificate}"
        raise BadCertificate(part, f"{file} {why}") from None


def _load_certificates(context: ssl.SSLContext, part: str, file: str) -> None:
    _read(part, file)
    try:
        context.load_verify_locations(file)
    except ssl.SSLError:
        raise BadCertificate(part, f"{file} holds no certificate in PEM") from None


class _Locked(Exception):
    pass


def _refuse_password() -> str:
    raise _Locked


def _read(part: str, file: str) -> str:
    try:
        return Path(file).read_text(encoding="latin-1")
    except OSError as error:
        raise BadCertificate(part, f"{file}: {error.strerror or error}") from None
