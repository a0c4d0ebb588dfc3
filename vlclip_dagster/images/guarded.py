"""Fetching from addresses that strangers wrote: an http(s) client that refuses to be misused.

What belongs here: connecting, redirects, and their limits. What does not: how often and how many
at once (``polite``).

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

from vlclip_dagster.images.errors import LATER, PassingError, PhotographError
from vlclip_dagster.images.fetched import UNKNOWN, Fetched, Version
from vlclip_dagster.images.polite import Manners

MAX_REDIRECTS = 5
NOT_MODIFIED = 304
# Timeouts, overload and faults behind a gateway: the same request may work in a moment.
PASSING = frozenset({408, 429, 500, 502, 503, 504})
CUT_OFF = (urllib3.exceptions.ProtocolError, ConnectionError)
CHUNK = 65_536
HEADERS = {
    "Accept": "image/avif,image/webp,image/jpeg,image/png;q=0.9,*/*;q=0.1",
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
    """Reads documents over http(s), within limits; may be shared by threads.

    Args:
        timeout_s: longest time for one attempt at a document, redirects included, in seconds.
        max_bytes: largest document accepted.
        private_hosts: host names that may have private addresses.
        manners: how many requests a host gets at once, and when to try again.
    """

    def __init__(
        self,
        timeout_s: float,
        max_bytes: int,
        private_hosts: frozenset[str] = frozenset(),
        manners: Manners | None = None,
    ) -> None:
        self._timeout_s = timeout_s
        self._max_bytes = max_bytes
        self._private_hosts = private_hosts
        self._manners = manners or Manners()
        # Bound to checked addresses, not to names, so that a kept connection stays checked.
        self._pools = urllib3.PoolManager(
            num_pools=64,
            maxsize=self._manners.per_host,
            cert_reqs="CERT_REQUIRED",
            ca_certs=certifi.where(),
        )

    def read(self, url: str, known: Version = UNKNOWN) -> Fetched:
        """The body behind ``url``, redirects followed, unless it is still the known version.

        Raises:
            PhotographError: refused, failed, too large, or too slow.
        """
        return self._manners.patiently(_host(url), lambda: self._attempt(url, known))

    def _attempt(self, url: str, known: Version) -> Fetched:
        left_s = self._timeout_s
        try:
            for _ in range(MAX_REDIRECTS + 1):
                with self._manners.slot(_host(url)):
                    # Waiting for a place is not the server's time.
                    started = time.monotonic()
                    found = self._step(url, known, started + left_s)
                    left_s -= time.monotonic() - started
                if isinstance(found, Fetched):
                    return found
                url = urljoin(url, found)
        except CUT_OFF as error:
            raise PassingError(_could_not(error)) from error
        except (urllib3.exceptions.TimeoutError, TimeoutError) as error:
            raise PassingError(_could_not(error), LATER) from error
        except (urllib3.exceptions.HTTPError, OSError, ValueError) as error:
            raise PhotographError(_could_not(error)) from error
        raise PhotographError(f"The photograph's link redirects more than {MAX_REDIRECTS} times.")

    def _step(self, url: str, known: Version, deadline: float) -> Fetched | str:
        """One request: what it yields, or where it redirects to."""
        parts = urlsplit(url)
        if parts.scheme not in DEFAULT_PORTS or not parts.hostname:
            raise PhotographError("The photograph's link is not an http or https address.")
        pool = self._pool(parts)
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        unless = {"If-None-Match": known.etag, "If-Modified-Since": known.last_modified}
        host = {"Host": parts.netloc.rpartition("@")[2]}
        answer = pool.urlopen(
            "GET",
            urllib3.util.parse_url(path).url,
            headers=HEADERS | host | {name: value for name, value in unless.items() if value},
            timeout=urllib3.Timeout(total=_left(deadline)),
            redirect=False,
            retries=False,
            preload_content=False,
            decode_content=False,
        )
        try:
            return answer.get_redirect_location() or self._answer(answer, known, deadline)
        finally:
            answer.close()

    def _answer(
        self, answer: urllib3.response.BaseHTTPResponse, known: Version, deadline: float
    ) -> Fetched:
        if answer.status == NOT_MODIFIED and any(known):
            return Fetched(None, known)
        if answer.status in PASSING:
            raise PassingError(
                f"The photograph's server answered {answer.status}.", _asked_wait(answer)
            )
        if answer.status != 200:
            raise PhotographError(f"The photograph's server answered {answer.status}.")
        version = Version(answer.headers.get("ETag"), answer.headers.get("Last-Modified"))
        return Fetched(self._body(answer, deadline), version)

    def _body(self, answer: urllib3.response.BaseHTTPResponse, deadline: float) -> bytes:
        body = bytearray()
        # read1 returns after each packet, so a server that trickles meets the deadline too.
        while chunk := answer.read1(CHUNK):
            body += chunk
            if len(body) > self._max_bytes:
                raise PhotographError(f"The photograph is larger than {self._max_bytes:,} bytes.")
            _left(deadline)
        return bytes(body)

    def _pool(self, parts: SplitResult) -> urllib3.HTTPConnectionPool:
        """Connections to a checked address of the host, kept open between photographs."""
        host = parts.hostname or ""
        port = parts.port or DEFAULT_PORTS[parts.scheme]
        address = self._checked_address(host, port)
        secure = {"server_hostname": host, "assert_hostname": host}
        options = secure if parts.scheme == "https" else {}
        return self._pools.connection_from_host(address, port, parts.scheme, options)

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
        PassingError: there are none.
    """
    left = deadline - time.monotonic()
    if left <= 0:
        raise PassingError("The photograph took too long to arrive.", LATER)
    return left


def _could_not(error: Exception) -> str:
    if isinstance(error, socket.gaierror):
        return "The photograph's host is not known (or no name server can be asked)."
    return f"The photograph could not be fetched ({type(error).__name__})."


def _host(url: str) -> str:
    return urlsplit(url).hostname or ""


def _asked_wait(answer: urllib3.response.BaseHTTPResponse) -> float | None:
    """The seconds of a ``Retry-After`` header, whether it states them or a date."""
    try:
        return urllib3.Retry().get_retry_after(answer)
    except urllib3.exceptions.InvalidHeader:
        return None
