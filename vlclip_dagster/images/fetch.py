"""Reading the bytes of a photograph that a feed links to.

What belongs here: telling kinds of links apart, and local ones, kept inside the drop's folder.
What does not: the network (``guarded``, ``s3``) and decoding (``decode``). Every link is foreign
text.
"""

import os
import posixpath
import re
import stat
from pathlib import Path
from urllib.parse import unquote, urljoin, urlsplit

from vlclip_dagster.images.errors import PhotographError
from vlclip_dagster.images.fetched import UNKNOWN, Fetched, Version
from vlclip_dagster.images.guarded import GuardedClient
from vlclip_dagster.images.polite import Manners
from vlclip_dagster.images.s3 import S3Reader
from vlclip_dagster.images.settings import PhotographSettings

WEB = ("http", "https")
NETWORK = (*WEB, "s3")
# As pages link to their own scheme, "//cdn.shop.example/1.jpg"; a path begins with one slash.
_SCHEME_LEFT_OUT = re.compile(r"//[\w-]+(?:\.[\w-]+)+(?::\d+)?/")


class PhotographReader:
    """Reads photographs from a drop's folder, over http(s) or from S3, within bounds.

    May be shared by threads, and should be: connections and a host's limits are its own.

    Args:
        settings: the bounds; the defaults if None.

    Example:
        >>> PhotographReader().read("images/1.jpg", "/drops/spring")  # doctest: +SKIP
    """

    def __init__(self, settings: PhotographSettings | None = None) -> None:
        self._settings = settings = settings or PhotographSettings()
        limits = settings.timeout_s, settings.max_bytes
        manners = Manners(settings.per_host, settings.retries)
        self._web = GuardedClient(*limits, settings.private_hosts, manners)
        self._s3 = S3Reader(settings.s3_buckets, *limits, settings.retries)

    def read(self, link: str, root: str, known: Version = UNKNOWN) -> Fetched:
        """The bytes behind ``link``; a relative one is resolved against ``root``.

        Args:
            link: relative path, absolute path, ``file:``, http(s) or ``s3:`` link from a feed.
            root: the drop's folder, here or on S3, or the http(s) address its relative links
                belong to.
            known: the version that is stored already, not to be sent again.

        Raises:
            PhotographError: the link leaves ``root``, is refused, or can't be read.
        """
        link = resolved(link, root)
        scheme = _scheme(link)
        if scheme in NETWORK and not self._settings.allow_network:
            raise PhotographError("The photograph is on the network, which is switched off.")
        if scheme in WEB:
            return self._web.read(link, known)
        if scheme == "s3":
            return self._s3.read(link, known, own=root)
        if scheme not in ("", "file") or _scheme(root) in WEB:
            raise PhotographError(f"Links of the kind '{scheme}:' are not read.")
        return Fetched(self._from_folder(link, Path(root)))

    def _from_folder(self, link: str, root: Path) -> bytes:
        path = _inside(link, root.resolve())
        limit = self._settings.max_bytes
        # Opened before it is judged, so that what is judged is what is read; without waiting,
        # because a pipe may have nobody at its other end.
        flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOFOLLOW", 0)
        try:
            with open(path, "rb", opener=lambda name, _: os.open(name, flags)) as file:
                if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                    raise PhotographError(f"'{link}' is not a file.")
                data = file.read(limit + 1)
        except OSError as error:
            reason = error.strerror or "unreadable"
            raise PhotographError(f"'{link}' can't be read: {reason}.") from error
        if len(data) > limit:
            raise PhotographError(f"'{link}' is larger than {limit:,} bytes.")
        return data


def resolved(link: str, root: str) -> str:
    """The link as it is followed: absolute where ``root`` is a web address or on S3.

    Raises:
        PhotographError: it is empty, malformed or holds control characters.
    """
    link = link.strip()
    if not link or not link.isprintable():
        raise PhotographError("The photograph's link is empty or holds control characters.")
    if _SCHEME_LEFT_OUT.match(link) and _scheme(root) not in WEB:
        link = f"https:{link}"
    if _scheme(root) == "s3" and _scheme(link) in ("", "file"):
        name = posixpath.normpath(link)
        if name.startswith(("/", "../", "file:")) or name in ("..", "."):
            raise PhotographError(f"'{link}' leaves the folder of its drop.")
        return f"{root}/{name}"
    return urljoin(root, link) if _scheme(root) in WEB else link


def on_network(link: str, root: str) -> bool:
    """Whether a link leads to the network, where it can change without a new drop."""
    try:
        return _scheme(resolved(link, root)) in NETWORK
    except (PhotographError, ValueError):
        return False


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
