"""HTTPS targets: a private authority, a client certificate, and what happens without them."""

from __future__ import annotations

import asyncio
import shutil
import ssl
import subprocess
from pathlib import Path
from typing import Any

import pytest

from localwaba.webhooks.transport import TlsOptions, open_transport
from localwaba.webhooks.verification import verify

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.skipif(shutil.which("openssl") is None, reason="certificates are made with openssl"),
]


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A self-signed certificate for this machine, and one for the client."""
    folder = tmp_path_factory.mktemp("certificates")
    make = [
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:prime256v1",
        "-nodes",
        "-days",
        "2",
    ]
    for name, extra in (("server", ["-addext", "subjectAltName=IP:127.0.0.1"]), ("client", [])):
        files = ["-nodes", "-days", "2", "-keyout", f"{name}.key", "-out", f"{name}.pem", "-subj", f"/CN={name}"]
        subprocess.run([*make, *files, *extra], cwd=folder, check=True, capture_output=True)
    return folder


def server_context(folder: Path, *, ask_client: bool = False) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(folder / "server.pem", folder / "server.key")
    if ask_client:
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(folder / "client.pem")
    return context


async def answer(request: Any, writer: Any) -> None:
    """Answer 200, naming the client's certificate."""
    shown = (writer.get_extra_info("peercert") or {}).get("subject", ((("commonName", "nobody"),),))[0][0][1].encode()
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(shown), shown))


async def test_a_private_authority_can_be_trusted(certificates: Path, serve: Any) -> None:
    """With the authority given, a self-signed app must be reachable."""
    app = await serve(answer, server_context(certificates))
    transport = open_transport(tls=TlsOptions(authority=str(certificates / "server.pem")))
    reply = await transport.post(app.url, (), b"{}", 5)
    assert (reply.status, reply.error, reply.body) == (200, None, "nobody")
    await transport.close()


async def test_a_client_certificate_is_shown(certificates: Path, serve: Any) -> None:
    """An app that asks for mTLS must get the certificate that was configured."""
    app = await serve(answer, server_context(certificates, ask_client=True))
    tls = TlsOptions(
        authority=str(certificates / "server.pem"),
        certificate=str(certificates / "client.pem"),
        key=str(certificates / "client.key"),
    )
    transport = open_transport(tls=tls)
    assert (await transport.post(app.url, (), b"{}", 5)).body == "client"
    await transport.close()


async def test_an_untrusted_certificate_is_curl_60(certificates: Path, serve: Any) -> None:
    """Without the authority the handshake must fail as at Meta, which refuses self-signed certificates."""
    app = await serve(answer, server_context(certificates))
    transport = open_transport()
    reply = await transport.post(app.url, (), b"{}", 5)
    assert (reply.status, reply.fault) == (None, "certificate")
    refusal = await verify(transport, app.url, "token", "1")
    assert refusal is not None
    assert "curl_errno = 60; curl_error = SSL certificate problem: self" in (refusal.message or "")
    await transport.close()


async def test_https_to_a_plain_server_is_a_tls_error(serve: Any) -> None:
    """The scheme mixed up must be told as such."""

    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        await writer.drain()
        await reader.read()
        writer.close()

    server = await asyncio.start_server(refuse, "127.0.0.1", 0)
    transport = open_transport()
    reply = await transport.post(f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}/", (), b"{}", 5)
    assert (reply.status, reply.fault) == (None, "tls")
    await transport.close()
    server.close()
    await server.wait_closed()
