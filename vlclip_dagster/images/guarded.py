"""Fetching from addresses that strangers wrote: an http(s) client that refuses to be misused.

What belongs here: connecting, redirects, and their limits. What does not: politeness, caching
and retries, which are decided by the caller.

A host name is resolved once, every address it has is checked, and the connection goes to the
checked address itself, so that a name that resolves differently a moment later (rebinding)
changes nothing. Each redirect goes through the same check. Proxies from the environment are not
used: they would connect somewhere this module has not checked.
"""

import ipaddress
import socket
import time
from urllib.parse import SplitResult, urljoin, urlsplit

import certifi
import urllib3

from vlclip_dagster.images.errors import PhotographError

MAX_REDIRECTS = 5
CHUNK = 65_536
HEADERS = {
    "Accept": "image/webp,image/jpeg,image/png;q=0.9,*/*;q=0.1",
    # Compressed transfer would let a small answer unfold into a large one.
    "Accept-Encoding": "identity",
    "User-Agent": "vlclip/0.1 (catalog images)",
}
DEFAULT_PORTS = {"http": 80, "https": 443}
NAT64 = (ipaddress.ip_network("64:ff9b::/96"), ipaddress.ip_network("64:ff9b:1::/48"))
SIX_TO_FOUR = ipaddress.ip_network("2002::/16")
TEREDO = ipaddress.ip_network("2001::/32")

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


def is_public(address: Address) -> bool:
    """Whether an address belongs to the open internet and is what it seems.

    Refused are private, loopback, link-local, shared, multicast and reserved addresses, and all
    forms that carry an IPv4 address inside (mapped, NAT64, 6to4, Teredo), which ``is_global``
    alone lets through.
    """
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return is_public(address.ipv4_mapped)
        if any(address in network for network in (*NAT64, SIX_TO_FOUR, TEREDO)):
            return False
    return address.is_global and not address.is_multicast and not address.is_reserved


class GuardedClient:
    """Reads one document at a time over http(s), within limits.

    Args:
        timeout_s: longest time for one document, redirects included, in seconds.
        max_bytes: largest document accepted.
        private_hosts: host names that may have private addresses.
    """

    def __init__(
        self, timeout_s: float, max_bytes: int, private_hosts: frozenset[str] = frozenset()
    ) -> None:
        self._timeout_s = timeout_s
        self._max_bytes = max_bytes
        self._private_hosts = private_hosts

    def read(self, url: str) -> bytes:
        """The body behind ``url``, redirects followed.

        Raises:
            PhotographError: refused, failed, too large, or too slow.
        """
        deadline = time.monotonic() + self._timeout_s
        try:
            for _ in range(MAX_REDIRECTS + 1):
                body, target = self._step(url, deadline)
                if target is None:
                    return body
                url = urljoin(url, target)
        except (urllib3.exceptions.HTTPError, OSError, ValueError) as error:
            kind = type(error).__name__
            raise PhotographError(f"The photograph could not be fetched ({kind}).") from error
        raise PhotographError(f"The photograph's link redirects more than {MAX_REDIRECTS} times.")

    def _step(self, url: str, deadline: float) -> tuple[bytes, str | None]:
        """One request: the body, or where it redirects to."""
        parts = urlsplit(url)
        if parts.scheme not in DEFAULT_PORTS or not parts.hostname:
            raise PhotographError("The photograph's link is not an http or https address.")
        with self._pool(parts, deadline) as pool:
            path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
            answer = pool.urlopen(
                "GET",
                urllib3.util.parse_url(path).url,
                headers={**HEADERS, "Host": parts.netloc.rpartition("@")[2]},
                redirect=False,
                retries=False,
                preload_content=False,
                decode_content=False,
            )
            try:
                return self._answer(answer, deadline)
            finally:
                answer.close()

    def _answer(
        self, answer: urllib3.response.BaseHTTPResponse, deadline: float
    ) -> tuple[bytes, str | None]:
        target = answer.get_redirect_location()
        if target:
            return b"", target
        if answer.status != 200:
            raise PhotographError(f"The photograph's server answered {answer.status}.")
        return self._body(answer, deadline), None

    def _body(self, answer: urllib3.response.BaseHTTPResponse, deadline: float) -> bytes:
        body = bytearray()
        # read1 returns after each packet, so a server that trickles meets the deadline too.
        while chunk := answer.read1(CHUNK):
            body += chunk
            if len(body) > self._max_bytes:
                raise PhotographError(f"The photograph is larger than {self._max_bytes:,} bytes.")
            _left(deadline)
        return bytes(body)

    def _pool(self, parts: SplitResult, deadline: float) -> urllib3.HTTPConnectionPool:
        """A connection pool that is bound to a checked address, not to a name."""
        host = parts.hostname or ""
        port = parts.port or DEFAULT_PORTS[parts.scheme]
        address = self._checked_address(host, port)
        timeout = urllib3.Timeout(total=_left(deadline))
        if parts.scheme == "http":
            return urllib3.HTTPConnectionPool(address, port, timeout=timeout)
        return urllib3.HTTPSConnectionPool(
            address,
            port,
            timeout=timeout,
            server_hostname=host,
            assert_hostname=host,
            cert_reqs="CERT_REQUIRED",
            ca_certs=certifi.where(),
        )

    def _checked_address(self, host: str, port: int) -> str:
        """One address of ``host``, after all of its addresses passed the check."""
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        addresses = [str(entry[4][0]) for entry in found]
        if host not in self._private_hosts:
            for address in addresses:
                if not is_public(ipaddress.ip_address(address.partition("%")[0])):
                    raise PhotographError(f"'{host}' is not a public address, so it is refused.")
        return addresses[0]


def _left(deadline: float) -> float:
    """Seconds until the deadline.

    Raises:
        PhotographError: there are none.
    """
    left = deadline - time.monotonic()
    if left <= 0:
        raise PhotographError("The photograph took too long to arrive.")
    return left
