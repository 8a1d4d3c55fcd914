"""Keyed pseudonyms for people who did not sign an article: commenters and account holders.

A pseudonym is an HMAC, never a plain hash: names are few and a plain hash can be tried out. The key lies in
a file that is no part of a release. Unless the recipe asks for stable pseudonyms, each recipe has its own.

A key that is not there yet is drawn from the archives, so that the same archives give the same bytes in any folder.
That gives nothing away: who has the archives has the names themselves, and no digest that a release publishes helps.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import re
import secrets
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from builder.errors import RecipeError
from builder.objects import Place

if TYPE_CHECKING:
    from builder.recipe import Recipe

KEY_BYTES = 32
DRAWN_BYTES = 1 << 20
"""How much of each archive file a first key is drawn from; it holds the pages and times of the first captures."""

PSEUDONYM_HEX = 24
"""96 bits of the HMAC; 64 are the least that keeps chance collisions out of a large release."""
_KEY_TEXT = re.compile(rb"^[0-9a-f]{64}$")


def pseudonym(key: bytes, platform: str, instance: str, person: str) -> str:
    """Return the pseudonym ("user-" and 24 hexadecimal digits) of a person on one platform and instance.

    The same person on two platforms has two pseudonyms.
    """
    identity = "|".join((platform, instance, person.strip())).encode("utf-8", "surrogatepass")
    return "user-" + hmac.digest(key, identity, "sha256").hex()[:PSEUDONYM_HEX]


def has_key(recipe: Recipe) -> bool:
    """Return whether a recipe's key file is there."""
    return (recipe.folder / recipe.model.privacy.key_file).exists()


def load_or_make_key(recipe: Recipe, salt: str | None = None, *, archives: Iterable[Place] = ()) -> bytes:
    """Return the key of a recipe's pseudonyms, 32 bytes; make the key file at first use, readable by its owner only.

    A new key is drawn from `archives`, or from the system's randomness where none is given. The file's key is mixed
    with `salt`, by default what the release is of: the dataset's name, its sources' names and `[privacy]`. So another
    dataset cannot be joined with this one, while a change of rules leaves the pseudonyms as they are. With
    `stable_pseudonyms` it is mixed with nothing.

    Raises RecipeError when the key file holds something else, or cannot be read or written.
    """
    master = _master(recipe.folder / recipe.model.privacy.key_file, archives)
    stable = recipe.model.privacy.stable_pseudonyms
    context = "stable" if stable else "release|" + (salt or _identity(recipe))
    return hmac.new(master, f"hiwar pseudonyms 1|{context}".encode(), hashlib.sha256).digest()


def _identity(recipe: Recipe) -> str:
    """Return what tells one dataset's releases from another's, wherever its files lie, as canonical JSON."""
    sources = [[source.kind, source.name] for source in recipe.sources]
    parts = [recipe.model.dataset.name, recipe.model.privacy.model_dump(mode="json"), sources]
    return json.dumps(parts, sort_keys=True, ensure_ascii=False, separators=(",", ":"))


def _master(path: Path, archives: Iterable[Place]) -> bytes:
    """Return the file's key: 64 hexadecimal digits, or 32 bytes as they are."""
    try:
        if not path.exists():
            _make(path, _drawn(archives) or secrets.token_hex(KEY_BYTES))
        data = path.read_bytes()
    except OSError as error:
        raise _unusable(path, str(error)) from error
    if len(data) == KEY_BYTES:
        return data
    if not _KEY_TEXT.match(data.strip()):
        raise _unusable(path, "it does not hold 64 hexadecimal digits")
    return bytes.fromhex(data.strip().decode("ascii"))


def _drawn(archives: Iterable[Place]) -> str:
    """Return 64 hexadecimal digits drawn from the beginnings of files, whatever their names and order; "" for none."""
    parts = set()
    for archive in archives:
        with archive.open("rb") as file:
            parts.add(hashlib.blake2b(file.read(DRAWN_BYTES), person=b"hiwar key part").digest())
    return (
        hashlib.blake2b(b"".join(sorted(parts)), digest_size=KEY_BYTES, person=b"hiwar first key").hexdigest()
        if parts
        else ""
    )


def _make(path: Path, key: str) -> None:
    """Write a new key where there is none; of two processes at once, one wins and both read its key."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(key + "\n")
            file.flush()
            os.fsync(file.fileno())
        os.link(temporary, path)
    except FileExistsError:
        pass
    finally:
        temporary.unlink()


def _unusable(path: Path, why: str) -> RecipeError:
    return RecipeError(
        f"the key of the pseudonyms cannot be used: {why}",
        where=str(path),
        what_next="Restore the file from your backup; or move it away, and a new key gives new pseudonyms.",
    )
