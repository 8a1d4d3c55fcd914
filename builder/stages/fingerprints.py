"""What a cached result depends on besides its input: the source code that decides it, and the packages below.

The code is found by following imports from the modules named, so a changed rule does not read pages anew, and a
new helper module cannot be forgotten.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

READING_PACKAGES = ("trafilatura", "lxml", "justext", "lxml_html_clean", "hijridate", "brotli", "zstandard")
"""Packages that decide what is read of a page."""

ROW_PACKAGES = ("langdetect", "pycld2", "phonenumbers", "numpy", "pyahocorasick", "pyarrow", "hijridate")
"""Packages that decide what a row holds."""

RELEASE_PACKAGES = ("duckdb", "pyarrow")
"""Packages that put rows together and order them."""

ALL_PACKAGES = tuple(sorted({*READING_PACKAGES, *ROW_PACKAGES, "datasets", "duckdb", "huggingface_hub"}))
"""Packages that decide the bytes of a release; with another version of one a build is never without news."""

_ROOT = Path(__file__).parent.parent
_IMPORT = re.compile(
    r"^[ \t]*(?:from[ \t]+(builder[\w.]*)[ \t]+import[ \t]+(\([^)]*\)|[^\n(]+)|import[ \t]+(builder[\w.]*))",
    re.MULTILINE,
)
_FOR_TYPES = re.compile(r"^if TYPE_CHECKING:\n(?:[ \t]+.*\n|\n)+", re.MULTILINE)


def code_fingerprint(modules: Iterable[str], packages: Iterable[str] = (), data: Iterable[Path] = ()) -> str:
    """Return 32 hexadecimal digits that change with the code of the modules and all they import from us.

    `modules` are dotted names; a name that ends in ".*" stands for every module below it. The versions of
    `packages` and the bytes of the `data` files count too; a package that is not installed counts as absent.
    """
    digest = hashlib.blake2b(digest_size=16)
    for path in sorted(closure(modules)):
        digest.update(f"{path.relative_to(_ROOT).as_posix()}\0".encode())
        digest.update(_source_digest(path))
    for package in sorted(packages):
        digest.update(f"{package}={_version(package)}\0".encode())
    for path in sorted(data):
        digest.update(path.name.encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


def closure(modules: Iterable[str]) -> set[Path]:
    """Return the source files of some modules and of all they import from us, by way of others too."""
    waiting = [path for name in modules for path in _files(name)]
    found: set[Path] = set()
    while waiting:
        path = waiting.pop()
        if path not in found:
            found.add(path)
            waiting.extend(_imported(path))
    return found


@cache
def _imported(path: Path) -> tuple[Path, ...]:
    """Return our files that a file imports, at its head or inside functions, but for those that only types ask for."""
    found: list[Path] = []
    source = _FOR_TYPES.sub("", path.read_text(encoding="utf-8"))
    for package, names, module in _IMPORT.findall(source):
        found.extend(_files(package or module))
        for name in re.findall(r"\w+", names):
            found.extend(_files(f"{package}.{name}"))
    return tuple(found)


@cache
def _files(name: str) -> tuple[Path, ...]:
    """Return the source files a dotted name stands for; none for a name inside a module, or for builder itself."""
    parts = name.split(".")[1:]
    if parts and parts[-1] == "*":
        return tuple(_ROOT.joinpath(*parts[:-1]).rglob("*.py"))
    base = _ROOT.joinpath(*parts)
    both = (base.with_suffix(".py"), base / "__init__.py") if parts else ()
    return tuple(path for path in both if path.is_file())


@cache
def _source_digest(path: Path) -> bytes:
    return hashlib.blake2b(path.read_bytes(), digest_size=16).digest()


@cache
def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "absent"
