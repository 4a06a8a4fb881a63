"""The way out at the level of addresses: whither a connection may go, and when everything has to be over.

What a person may enter as an address (a webhook, a push service) must not lead into the house's own network. That is
decided on the very address that is then connected to, so that a name that resolves differently a moment later (DNS
rebinding) opens no way around it.
"""

from __future__ import annotations

import ipaddress
import queue
import socket
import ssl
import threading
import time
from collections.abc import Iterable
from typing import Any

import httpcore

from apps.core.errors import AddressForbidden

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

#: IPv6 addresses that carry one of IPv4 in their last bits (RFC 6052).
_NAT64 = ipaddress.ip_network("64:ff9b::/96")


def is_public(address: Address) -> bool:
    """Whether the address belongs to the public network; one of IPv4 in the clothes of IPv6 is judged as what it is."""
    if isinstance(address, ipaddress.IPv6Address) and (inner := _inner(address)):
        return all(is_public(each) for each in inner)
    site_local = isinstance(address, ipaddress.IPv6Address) and address.is_site_local
    return address.is_global and not (address.is_multicast or address.is_reserved or site_local)


def _inner(address: ipaddress.IPv6Address) -> list[Address]:
    """The addresses of IPv4 that the other one stands for: mapped, 6to4, Teredo, NAT64."""
    inner: list[Address | None] = [address.ipv4_mapped, address.sixtofour, *(address.teredo or ())]
    if address in _NAT64:
        inner.append(ipaddress.IPv4Address(int(address) & 0xFFFFFFFF))
    return [each for each in inner if each is not None]


class Deadline:
    """The instant at which an exchange has to be over, whatever each of its steps may take."""

    def __init__(self, seconds: float) -> None:
        self._end = time.monotonic() + seconds

    def within(self, timeout: float | None) -> float:
        """So many seconds are left to a step that may take ``timeout``; never less than a moment."""
        left = max(self._end - time.monotonic(), 0.001)
        return left if timeout is None else min(timeout, left)

    @property
    def is_over(self) -> bool:
        """Whether nothing more may be waited for."""
        return time.monotonic() >= self._end


class Backend(httpcore.NetworkBackend):
    """Connects to public addresses only, or to any, and lets nothing last beyond the deadline."""

    def __init__(self, deadline: Deadline, *, public_only: bool) -> None:
        self._deadline = deadline
        self._public_only = public_only
        self._plain = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        """Connect to the first address of ``host`` that answers. Raises AddressForbidden where none may be asked."""
        found = resolve(host, port, timeout=self._deadline.within(timeout))
        allowed = [each for each in found if not self._public_only or is_public(ipaddress.ip_address(each))]
        if not allowed:
            raise AddressForbidden(f"{host} is no address of the public network.")
        for address in allowed[:-1]:
            try:
                return self._connect(address, port, timeout, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout):
                continue
        return self._connect(allowed[-1], port, timeout, local_address, socket_options)

    def _connect(
        self, address: str, port: int, timeout: float | None, local: str | None, options: Iterable[Any] | None
    ) -> httpcore.NetworkStream:
        stream = self._plain.connect_tcp(address, port, self._deadline.within(timeout), local, options)
        return _Stream(stream, self._deadline)


class _Stream(httpcore.NetworkStream):
    """A connection whose every step ends at the deadline."""

    def __init__(self, stream: httpcore.NetworkStream, deadline: Deadline) -> None:
        self._stream = stream
        self._deadline = deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        if self._deadline.is_over:
            raise httpcore.ReadTimeout("It took too long altogether.")
        return self._stream.read(max_bytes, self._deadline.within(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        if self._deadline.is_over:
            raise httpcore.WriteTimeout("It took too long altogether.")
        self._stream.write(buffer, self._deadline.within(timeout))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        stream = self._stream.start_tls(ssl_context, server_hostname, self._deadline.within(timeout))
        return _Stream(stream, self._deadline)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


def resolve(host: str, port: int, *, timeout: float) -> list[str]:
    """The addresses of ``host``, in the system's order. Raises ConnectError, ConnectTimeout.

    In a thread of its own: the system's resolver knows no limit of time.
    """
    answers: queue.SimpleQueue[list[str] | OSError] = queue.SimpleQueue()

    def ask() -> None:
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
            answers.put(list(dict.fromkeys(str(each[4][0]).partition("%")[0] for each in found)))
        except (OSError, UnicodeError) as error:
            answers.put(error if isinstance(error, OSError) else OSError(str(error)))

    threading.Thread(target=ask, name="resolve", daemon=True).start()
    try:
        answer = answers.get(timeout=timeout)
    except queue.Empty:
        raise httpcore.ConnectTimeout(f"The name {host} was not resolved in time.") from None
    if isinstance(answer, OSError):
        raise httpcore.ConnectError(f"The name {host} cannot be resolved: {answer}")
    return answer
