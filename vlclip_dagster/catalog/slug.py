"""Product types as partition keys: the leaf of a path, and its slug.

What belongs here: turning the name of a product type, or of a shop, into a key that is safe in
paths, collection names and partition keys. What does not: cleaning of other text (``text``).
"""

import hashlib
import re
import unicodedata
from functools import lru_cache

MAX_LENGTH = 64
_HASH_LENGTH = 8
# Two names that differ only in these mean the same type, so nothing is lost with them.
_SEPARATORS = re.compile(r"[\s\-_/,.|‐‑‒–—]+")
_APOSTROPHES = re.compile(r"['’‘`]")
_LEVELS = re.compile("[>|»›]")
_UNSAFE = re.compile(r"[^a-z0-9-]+")


@lru_cache(maxsize=65_536)
def slugify(display_name: str) -> str:
    """Turn a display name into a partition key: ``"T-Shirt"`` and ``"t shirt"`` are ``"t-shirt"``.

    The key holds lower-case ASCII letters, digits and single hyphens, starts and ends with a
    letter or digit and has 1 to 64 characters. Where characters had to be dropped, or the name
    cut, a short hash of the name follows, so that two such names never share a key.

    Example:
        >>> slugify("Hoodies & Sweatshirts")
        'hoodies-and-sweatshirts'
    """
    plain = unicodedata.normalize("NFKC", display_name).casefold().replace("&", " and ")
    plain = _SEPARATORS.sub("-", _APOSTROPHES.sub("", plain)).strip("-")
    letters = unicodedata.normalize("NFKD", plain)
    letters = "".join(letter for letter in letters if not unicodedata.combining(letter))
    slug = re.sub("-{2,}", "-", _UNSAFE.sub("-", letters)).strip("-")
    if slug == plain and 0 < len(slug) <= MAX_LENGTH:
        return slug
    digest = hashlib.blake2b(plain.encode("utf-8", "surrogatepass"), digest_size=_HASH_LENGTH // 2)
    stem = slug[: MAX_LENGTH - _HASH_LENGTH - 1].strip("-") or "type"
    return f"{stem}-{digest.hexdigest()}"


def leaf_type(path: str) -> str:
    """The last level of a product type path: ``"Men > Tops > Tees"`` is ``"Tees"``.

    A slash divides levels only where there are several, since "Jackets/Coats" is one name. Empty
    when the path holds no name at all.
    """
    levels = [level.strip() for level in _LEVELS.split(path)]
    named = [level for level in levels if level]
    if len(named) == 1 and path.count("/") > 1:
        named = [level.strip() for level in named[0].split("/") if level.strip()] or named
    return named[-1] if named else ""
