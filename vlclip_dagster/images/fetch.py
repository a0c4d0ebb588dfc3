"""Reading the bytes of a photograph that a feed links to.

What belongs here: local links, kept inside the drop's folder. What does not: the network
(``guarded``) and decoding (``rendition``). Every link is foreign text.
"""

import stat
from pathlib import Path
from urllib.parse import unquote, urljoin, urlsplit

from vlclip_dagster.images.errors import PhotographError
from vlclip_dagster.images.guarded import GuardedClient

NETWORK = ("http", "https")


class PhotographReader:
    """Reads photographs from a drop's folder or over http(s), within bounds.

    Args:
        timeout_s: longest time for one photograph over the network, in seconds, all told.
        max_bytes: largest photograph accepted.
        allow_network: whether http(s) links may be followed at all.
        private_hosts: host names that may resolve to private addresses, for shops that keep
            photographs on their own network; every other private address is refused.

    Example:
        >>> PhotographReader().read("images/1.jpg", "/drops/spring")  # doctest: +SKIP
    """

    def __init__(
        self,
        timeout_s: float = 20.0,
        max_bytes: int = 32_000_000,
        allow_network: bool = True,
        private_hosts: frozenset[str] = frozenset(),
    ) -> None:
        self._max_bytes = max_bytes
        self._allow_network = allow_network
        self._client = GuardedClient(timeout_s, max_bytes, private_hosts)

    def read(self, link: str, root: str) -> bytes:
        """The bytes behind ``link``; a relative one is resolved against ``root``.

        Args:
            link: relative path, absolute path, ``file:`` or http(s) link from a feed.
            root: the drop's folder, or the http(s) address its relative links belong to.

        Raises:
            PhotographError: the link leaves ``root``, is refused, or can't be read.
        """
        link = link.strip()
        if not link or not link.isprintable():
            raise PhotographError("The photograph's link is empty or holds control characters.")
        if _scheme(root) in NETWORK:
            link = urljoin(root, link)
        scheme = _scheme(link)
        if scheme in NETWORK:
            return self._from_network(link)
        if scheme not in ("", "file") or _scheme(root) in NETWORK:
            raise PhotographError(f"Links of the kind '{scheme}:' are not read.")
        return self._from_folder(link, Path(root))

    def _from_network(self, link: str) -> bytes:
        if not self._allow_network:
            raise PhotographError("The photograph is on the network, which is switched off.")
        return self._client.read(link)

    def _from_folder(self, link: str, root: Path) -> bytes:
        path = _inside(link, root.resolve())
        try:
            status = path.stat()
            if not stat.S_ISREG(status.st_mode):
                raise PhotographError(f"'{link}' is not a file.")
            if status.st_size > self._max_bytes:
                raise PhotographError(f"'{link}' is larger than {self._max_bytes:,} bytes.")
            return path.read_bytes()
        except OSError as error:
            reason = error.strerror or "unreadable"
            raise PhotographError(f"'{link}' can't be read: {reason}.") from error


def _scheme(link: str) -> str:
    """The lower-case scheme of a link; none for a path, even one with a colon in its name."""
    try:
        parts = urlsplit(link)
    except ValueError as error:
        raise PhotographError("The photograph's link is malformed.") from error
    opaque = link[len(parts.scheme) + 1 :]
    return parts.scheme if parts.netloc or parts.scheme in ("file", "data") or opaque else ""


def _inside(link: str, root: Path) -> Path:
    """The real path of a local link, which must lie in ``root`` once links are followed.

    Raises:
        PhotographError: it lies elsewhere, or names another machine.
    """
    written = link
    if _scheme(link) == "file":
        parts = urlsplit(link)
        if parts.netloc not in ("", "localhost"):
            raise PhotographError(f"'{link}' names another machine.")
        written = unquote(parts.path)
    candidates = [written] if written == unquote(written) else [written, unquote(written)]
    try:
        resolved = [(root / candidate).resolve() for candidate in candidates]
        chosen = next((path for path in resolved if path.exists()), resolved[0])
    except (OSError, ValueError, RuntimeError) as error:
        raise PhotographError("The photograph's link is not a usable path.") from error
    if not all(path.is_relative_to(root) for path in resolved):
        raise PhotographError(f"'{link}' leaves the folder of its drop.")
    return chosen
