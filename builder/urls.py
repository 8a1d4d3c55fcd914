"""Canonical URLs and stable ids: pure functions.

Canonical form: scheme and host in lower case, "www." kept, default port, fragment, name and password dropped;
dot segments and doubled slashes resolved; percent escapes in capitals, those of unreserved characters undone and
all others left as they are, so that %2F stays apart from "/" and windows-1256 letters stay what they were;
tracking and session parameters dropped, the order of the rest kept. Rules after RFC 3986 section 6.2.
"""

from __future__ import annotations

import hashlib
import re
from urllib.parse import quote, unquote, urlsplit, urlunsplit

TRACKING = re.compile(
    r"^(utm_\w+|fbclid|gclid|dclid|msclkid|yclid|twclid|ttclid|igshid|igsh|mc_[ce]id|_ga|_gl|ref_src|ref_url|s_cid|spm"
    r"|wt_mc|cmpid|__cft__\[?\d*\]?|__tn__)$",
    re.IGNORECASE,
)
"""Parameters that name a way to the page and not the page."""
SESSION = re.compile(
    r"^(phpsessid|jsessionid|aspsessionid\w*|sessionid|session_id|sessid|oscsid|zenid|cfid|cftoken|sid)$",
    re.IGNORECASE,
)
"""Parameters that may name a visit; they do if their value looks like a token (`_TOKEN`): "sid=4711" is a story."""

_TOKEN = re.compile(r"^(?=[^\s]*[A-Za-z])(?=[^\s]*\d)[\w.~!*-]{12,}$|^[0-9a-fA-F]{16,}$|^[A-Za-z0-9]{20,}$")
_PATH_SESSION = re.compile(
    r";(?:jsessionid|phpsessid|sid)=[^/?;]*|/\([A-Z]\([A-Za-z0-9]{16,}\)\)", re.IGNORECASE
)
_ESCAPE = re.compile(r"%([0-9A-Fa-f]{2})|%")
_DEFAULT_PORTS = {"http": 80, "https": 443}
_SAFE_PATH = "/:@!$&'()*+,;=~-._"
_SAFE_QUERY = _SAFE_PATH + "?%[]"
_CLEAN = re.compile(r"https?://[a-z0-9.-]*[a-z0-9](?::\d+)?/[A-Za-z0-9/_.~:@!$&'()*+,;=?-]*")
"""What needs no escaping: nearly every address of a large sitemap."""
_CANONICAL = re.compile(r"https?://[a-z0-9.-]*[a-z0-9]/(?:[A-Za-z0-9_~-][A-Za-z0-9._~-]*+/?)*+")
_UNRESERVED = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")


def canonical_url(url: str, keep_params: frozenset[str] = frozenset()) -> str:
    """Return one spelling for all spellings of `url`.

    With `keep_params` only those query parameters stay; without, all but tracking and session ones.
    A URL that cannot be split comes back stripped but otherwise unchanged.
    """
    if _CANONICAL.fullmatch(url):
        return url
    url = re.sub(r"[\t\r\n]", "", url.strip())
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return url
    host = ascii_host(unquote(parts.hostname or ""))
    scheme = parts.scheme.lower()
    if ":" in host:
        host = f"[{host}]"
    netloc = host if port is None or port == _DEFAULT_PORTS.get(scheme) else f"{host}:{port}"
    path = _PATH_SESSION.sub("", _escaped(parts.path.replace("\\", "/"), _SAFE_PATH))
    return urlunsplit((scheme, netloc, _resolved(path), _canonical_query(parts.query, keep_params), ""))


def _escaped(text: str, safe: str) -> str:
    """Escape what must be, undo escapes of unreserved characters, write all others in capitals."""
    text = quote(text, safe=safe + "%", errors="surrogatepass")
    return _ESCAPE.sub(_one_escape, text)


def _one_escape(match: re.Match[str]) -> str:
    if match[1] is None:
        return "%25"
    character = chr(int(match[1], 16))
    return character if character in _UNRESERVED else match[0].upper()


def _resolved(path: str) -> str:
    """Resolve "." and ".." segments and doubled slashes (RFC 3986, 5.2.4; doubled ones are a slip in real links)."""
    out: list[str] = []
    segments = [segment for segment in path.split("/") if segment]
    for segment in segments:
        if segment == "..":
            del out[-1:]
        elif segment != ".":
            out.append(segment)
    ends_open = path.endswith(("/", "/.", "/..")) or not out
    return "/" + "/".join(out) + ("/" if ends_open and out else "")


def _canonical_query(query: str, keep_params: frozenset[str]) -> str:
    kept: list[str] = []
    for pair in query.split("&"):
        # A link that was escaped twice reads "&amp;t=0".
        pair = _escaped(pair.removeprefix("amp;"), _SAFE_QUERY.replace("%", "")).replace("%20", "+")
        name, _, value = pair.partition("=")
        if pair and _names_page(unquote(name), value, keep_params):
            kept.append(pair)
    return "&".join(kept)


def _names_page(name: str, value: str, keep_params: frozenset[str]) -> bool:
    if keep_params:
        return name in keep_params
    return not (TRACKING.match(name) or (SESSION.match(name) and _TOKEN.match(value)))


def fetchable_url(url: str, charset: str = "utf-8") -> str:
    """Return a URL as it goes on the wire: ASCII only, no fragment, escapes that stand in it left alone.

    Letters outside ASCII are escaped in UTF-8 in the path and in the page's `charset` in the query, as browsers
    do (WHATWG URL, "percent-encode after encoding"). A host name is given in its ASCII form. A URL that cannot be
    split comes back stripped but otherwise unchanged.
    """
    if _CLEAN.fullmatch(url) and "/." not in url:
        return url
    url = re.sub(r"[\t\r\n]", "", url.strip())
    try:
        parts = urlsplit(forward_slashes(url))
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return url
    netloc = parts.netloc.lower()
    if not netloc.isascii() and "@" not in netloc:
        netloc = ascii_host(host) + (f":{port}" if port is not None else "")
    path = quote(_without_dots(parts.path), safe=_SAFE_PATH + "%", errors="replace") or "/"
    query = _query_bytes(parts.query, charset)
    return urlunsplit((parts.scheme.lower(), netloc, path, quote(query, safe=_SAFE_QUERY), ""))


def forward_slashes(url: str) -> str:
    """Return a URL whose backslashes before the query are slashes, as all browsers read them."""
    if "\\" not in url:
        return url
    end = min((place for place in (url.find("?"), url.find("#")) if place >= 0), default=len(url))
    return url[:end].replace("\\", "/") + url[end:]


def _without_dots(path: str) -> str:
    """Resolve "." and ".." segments, also escaped: what robots.txt judges must be what the server serves."""
    if "/." not in path and "/%2" not in path:
        return path
    out: list[str] = []
    segments = path.split("/")[1:]
    for number, segment in enumerate(segments, 1):
        dots = segment.lower().replace("%2e", ".")
        if dots == "..":
            del out[-1:]
        if dots not in (".", ".."):
            out.append(segment)
        elif number == len(segments):
            out.append("")
    return "/" + "/".join(out)


def _query_bytes(query: str, charset: str) -> bytes:
    """Encode a query as a page of that charset does; letters it has not become numeric entities, escaped."""
    try:
        return query.encode(charset)
    except LookupError:
        return query.encode("utf-8", "replace")
    except UnicodeError:
        return b"".join(_letter_bytes(letter, charset) for letter in query)


def _letter_bytes(letter: str, charset: str) -> bytes:
    try:
        return letter.encode(charset)
    except UnicodeError:
        return f"%26%23{ord(letter)}%3B".encode()


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
    """Return the host of a URL in lower case without "www." and without its port; "" for what cannot be split."""
    try:
        host = urlsplit(url).hostname or ""
    except ValueError:
        return ""
    return host.lower().removeprefix("www.")


def stable_id(key: str) -> str:
    """Return the published id of a record: 128 bits of BLAKE2b of its key, as 32 hexadecimal digits."""
    return hashlib.blake2b(key.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()
