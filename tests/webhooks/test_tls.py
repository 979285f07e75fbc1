"""HTTPS targets: a private authority, a client certificate, where they are given, and what happens without them."""

from __future__ import annotations

import asyncio
import shutil
import ssl
import subprocess
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from anyio import to_thread

from localwaba import Emulator
from localwaba.cli import main
from localwaba.runtime.server import HandshakeFailed
from localwaba.runtime.settings import flag_of, read_settings, variable_of
from localwaba.webhooks.transport import TlsOptions, open_transport
from localwaba.webhooks.verification import verify

pytestmark = pytest.mark.skipif(shutil.which("openssl") is None, reason="certificates are made with openssl")


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


@pytest.mark.anyio
async def test_a_private_authority_can_be_trusted(certificates: Path, serve: Any) -> None:
    """With the authority given, a self-signed app must be reachable."""
    app = await serve(answer, server_context(certificates))
    transport = open_transport(tls=TlsOptions(authority=str(certificates / "server.pem")))
    reply = await transport.post(app.url, (), b"{}", 5)
    assert (reply.status, reply.error, reply.body) == (200, None, "nobody")
    await transport.close()


@pytest.mark.anyio
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


@pytest.mark.anyio
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


@pytest.mark.anyio
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


def settings_for(folder: Path, **more: str) -> dict[str, str]:
    """What a person gives so that an app that asks for mTLS is reached."""
    files = {"webhook_ca": "server.pem", "webhook_cert": "client.pem", "webhook_key": "client.key"}
    return {name: str(folder / file) for name, file in files.items()} | more


async def tell(request: Any, writer: Any) -> None:
    """An app: echo the challenge, answer 200, naming the client's certificate for a look at the attempt."""
    challenge = parse_qs(urlsplit(request.target).query).get("hub.challenge")
    body = challenge[0].encode() if challenge else b"ok"
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))


@pytest.mark.anyio
async def test_settings_reach_the_connection(certificates: Path, serve: Any) -> None:
    """With authority, certificate and key in its settings, an emulator must reach an HTTPS app that asks for mTLS."""
    app = await serve(tell, server_context(certificates, ask_client=True))
    emulator = Emulator(webhook_url=app.url, **settings_for(certificates))
    await to_thread.run_sync(emulator.start)
    try:
        await to_thread.run_sync(lambda: emulator.user("Ana").sends("hi"))
        await to_thread.run_sync(emulator.settle)
    finally:
        await to_thread.run_sync(emulator.stop)
    assert [request.method for request in app.requests] == ["GET", "POST"]


@pytest.mark.anyio
async def test_without_a_certificate_the_handshake_fails(certificates: Path, serve: Any) -> None:
    """An app that asks for mTLS must not be reached without a certificate, and the start must say so."""
    app = await serve(tell, server_context(certificates, ask_client=True))
    emulator = Emulator(webhook_url=app.url, webhook_ca=str(certificates / "server.pem"))
    with pytest.raises(HandshakeFailed):
        await to_thread.run_sync(emulator.start)
    assert app.requests == []


@pytest.fixture(scope="module")
def spoiled(certificates: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same files, and some that cannot be used."""
    folder = tmp_path_factory.mktemp("spoiled")
    for file in certificates.iterdir():
        shutil.copy(file, folder)
    (folder / "empty.pem").write_text("")
    (folder / "broken.pem").write_text("-----BEGIN CERTIFICATE-----\nnone\n-----END CERTIFICATE-----\n")
    lock = ["openssl", "pkcs8", "-topk8", "-in", "client.key", "-out", "locked.key", "-passout", "pass:secret"]
    subprocess.run(lock, cwd=folder, check=True, capture_output=True)
    return folder


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"webhook_ca": "away.pem"}, "--webhook-ca: {}/away.pem: No such file or directory"),
        ({"webhook_ca": "empty.pem"}, "--webhook-ca: {}/empty.pem holds no certificate in PEM"),
        ({"webhook_ca": "broken.pem"}, "--webhook-ca: {}/broken.pem holds no certificate in PEM"),
        ({"webhook_ca": "client.key"}, "--webhook-ca: {}/client.key holds no certificate in PEM"),
        ({"webhook_cert": "away.pem"}, "--webhook-cert: {}/away.pem: No such file or directory"),
        (
            {"webhook_cert": "broken.pem", "webhook_key": "client.key"},
            "--webhook-cert: {}/broken.pem holds no certificate in PEM",
        ),
        (
            {"webhook_cert": "client.pem"},
            "--webhook-cert: {}/client.pem holds no private key in PEM; add --webhook-key FILE",
        ),
        (
            {"webhook_cert": "client.pem", "webhook_key": "server.key"},
            "--webhook-key: {0}/server.key is not the key of {0}/client.pem",
        ),
        (
            {"webhook_cert": "client.pem", "webhook_key": "locked.key"},
            "--webhook-key: {}/locked.key is locked with a password, which nobody can be asked for",
        ),
        ({"webhook_key": "client.key"}, "--webhook-key: a key goes with a certificate; add --webhook-cert FILE"),
    ],
)
def test_a_file_that_cannot_be_used(
    spoiled: Path, given: dict[str, str], expected: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """A file that is missing or wrong must be told at the start, in one line that names the option, with status 2."""
    words = [word for name, file in given.items() for word in (flag_of(name), str(spoiled / file))]
    assert main(["serve", "--port", "0", *words]) == 2
    assert capsys.readouterr().err == f"localwaba: {expected.format(spoiled)}\n"


def test_variables_and_the_file_name_certificates(
    certificates: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The files can be named by variables and in localwaba.toml just as well."""
    monkeypatch.chdir(tmp_path)
    given = settings_for(certificates)
    lines = [f'{name.removeprefix("webhook_")} = "{file}"' for name, file in given.items()]
    (tmp_path / "localwaba.toml").write_text("\n".join(["[webhook]", *lines]))
    expected = TlsOptions(*given.values())
    assert read_settings().tls == expected
    (tmp_path / "localwaba.toml").unlink()
    assert read_settings({}, {variable_of(name): file for name, file in given.items()}).tls == expected
    assert read_settings().tls is None
