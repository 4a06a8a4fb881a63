"""HTTPS before a loopback server that speaks HTTP, for clients that insist on it."""

from __future__ import annotations

import asyncio
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from apps.core import clock

HOST = "127.0.0.1"


@dataclass(frozen=True)
class Front:
    """Where it is reached; ``trusting`` is for clients: it trusts the front's certificate and no other."""

    url: str
    trusting: ssl.SSLContext


@contextmanager
def encrypted(url: str, folder: Path) -> Iterator[Front]:
    """Serve under HTTPS what is served at ``url``; the certificate is made in ``folder``."""
    behind = urlsplit(url)
    certificate = _certificate(folder)
    serving = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    serving.load_cert_chain(certificate)
    loop = asyncio.new_event_loop()
    running = threading.Thread(target=loop.run_forever)
    running.start()
    serve = partial(_serve, host=behind.hostname, port=behind.port)
    started = asyncio.start_server(serve, HOST, 0, ssl=serving)
    server = asyncio.run_coroutine_threadsafe(started, loop).result(timeout=5)
    try:
        address = f"https://{HOST}:{server.sockets[0].getsockname()[1]}{behind.path}"
        yield Front(address, ssl.create_default_context(cafile=str(certificate)))
    finally:
        asyncio.run_coroutine_threadsafe(_end(server), loop).result(timeout=5)
        loop.call_soon_threadsafe(loop.stop)
        running.join(timeout=5)
        loop.close()


async def _end(server: asyncio.Server) -> None:
    server.close()
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for each in others:
        each.cancel()
    await asyncio.gather(*others, return_exceptions=True)


async def _serve(asking: asyncio.StreamReader, answer: asyncio.StreamWriter, *, host: str, port: int) -> None:
    answering, ask = await asyncio.open_connection(host, port)
    passing = [asyncio.create_task(_pass_on(*way)) for way in ((asking, ask), (answering, answer))]
    await asyncio.wait(passing, return_when=asyncio.FIRST_COMPLETED)
    for writer in (ask, answer):
        writer.close()


async def _pass_on(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while part := await source.read(65536):
            target.write(part)
            await target.drain()


def _certificate(folder: Path) -> Path:
    """A certificate of the loopback address that vouches for itself, with its key, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, HOST)])
    now = clock.now()
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address(HOST))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path = folder / "front.pem"
    path.write_bytes(private + made.public_bytes(serialization.Encoding.PEM))
    return path
