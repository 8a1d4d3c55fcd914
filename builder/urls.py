"""Canonical URLs and stable ids: pure functions.

Canonical form: scheme and host in lower case, "www." kept, default port and fragment dropped, percent-case
upper, tracking and session parameters dropped, query order kept. Rules after RFC 3986 section 6.2 and the list
of parameters in the WHATWG-known trackers; see `TRACKING`.
"""

from __future__ import annotations

import hashlib
import re
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit, urlunsplit

TRACKING = re.compile(
    r"^(utm_\w+|fbclid|gclid|dclid|msclkid|yclid|igshid|mc_[ce]id|_ga|ref_src|phpsessid|jsessionid|sid|s_cid|spm)$",
    re.IGNORECASE,
)
"""Parameters that name a visit and not a page."""

_DEFAULT_PORTS = {"http": "80", "https": "443"}
_SAFE_PATH = "/:@!$&'()*+,;=~-._"
_SAFE_QUERY = _SAFE_PATH + "?%"


def canonical_url(url: str, keep_params: frozenset[str] = frozenset()) -> str:
    """Return one spelling for all spellings of `url`.

    With `keep_params` only those query parameters stay; without, all but tracking and session ones.
    A URL that cannot be split comes back stripped but otherwise unchanged.
    """
    try:
        parts = urlsplit(url.strip())
        port = parts.port
    except ValueError:
        return url.strip()
    host = (parts.hostname or "").rstrip(".")
    try:
        host = host.encode("idna").decode("ascii") if not host.isascii() else host
    except UnicodeError:
        return url.strip()
    scheme = parts.scheme.lower()
    if ":" in host:
        host = f"[{host}]"
    netloc = host if port is None or str(port) == _DEFAULT_PORTS.get(scheme) else f"{host}:{port}"
    path = quote(unquote(parts.path, errors="surrogateescape"), safe=_SAFE_PATH, errors="surrogateescape")
    path = re.sub(r"/{2,}", "/", path) or "/"
    return urlunsplit((scheme, netloc, path, _canonical_query(parts.query, keep_params), ""))


def _canonical_query(query: str, keep_params: frozenset[str]) -> str:
    pairs = parse_qsl(query, keep_blank_values=True, encoding="utf-8", errors="surrogateescape")
    kept = [
        (key, value)
        for key, value in pairs
        if (key in keep_params if keep_params else not TRACKING.match(key))
    ]
    return urlencode(kept, errors="surrogateescape")


def fetchable_url(url: str, charset: str = "utf-8") -> str:
    """Return a URL as it goes on the wire: ASCII only, no fragment, escapes that stand in it left alone.

    Letters outside ASCII are escaped in UTF-8 in the path and in the page's `charset` in the query, as browsers
    do (WHATWG URL, "percent-encode after encoding"). A host name is given in its ASCII form. A URL that cannot be
    split comes back stripped but otherwise unchanged.
    """
    url = re.sub(r"[\t\r\n]", "", url.strip())
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return url
    netloc = parts.netloc
    if not netloc.isascii() and "@" not in netloc:
        netloc = ascii_host(host) + (f":{port}" if port is not None else "")
    path = quote(parts.path.replace("\\", "/"), safe=_SAFE_PATH + "%") or "/"
    query = quote(parts.query, safe=_SAFE_QUERY, encoding=charset, errors="xmlcharrefreplace")
    return urlunsplit((parts.scheme.lower(), netloc, path, query, ""))


def ascii_host(host: str) -> str:
    """Return a host name in its ASCII (IDNA) form, in lower case; one that has none comes back in lower case."""
    host = host.lower().rstrip(".")
    if host.isascii():
        return host
    try:
        return host.encode("idna").decode("ascii")
    except UnicodeError:
        return host


def site_of(url: str) -> str:
    """Return the host of a URL in lower case without "www." and without its port."""
    return (urlsplit(url).hostname or "").lower().removeprefix("www.")


def stable_id(key: str) -> str:
    """Return the published id of a record: 128 bits of BLAKE2b of its key, as 32 hexadecimal digits."""
    return hashlib.blake2b(key.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()
