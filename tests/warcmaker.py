"""Writes WARC records byte by byte, right or deliberately wrong, independent of the code under test."""

from __future__ import annotations

import base64
import gzip
import hashlib
import uuid
from pathlib import Path

PAGE_HTML = "<html><head><title>منصات التواصل</title></head><body><p>{text}</p></body></html>"


def sha1(data: bytes) -> str:
    """Return the digest of bytes as WARC files print it."""
    return "sha1:" + base64.b32encode(hashlib.sha1(data).digest()).decode()


def record(kind: str, block: bytes, version: str = "1.1", **fields: str) -> bytes:
    """Return one WARC record; `fields` are header fields with "_" for "-", an empty value leaves one out."""
    head = {
        "WARC-Type": kind,
        "WARC-Record-ID": f"<urn:uuid:{uuid.uuid5(uuid.NAMESPACE_OID, kind + str(fields) + sha1(block))}>",
        "WARC-Date": "2025-03-01T08:00:00Z",
        "Content-Type": "application/http; msgtype=response",
        "Content-Length": str(len(block)),
    }
    head.update({name.replace("_", "-"): value for name, value in fields.items()})
    lines = "".join(f"{name}: {value}\r\n" for name, value in head.items() if value)
    return f"WARC/{version}\r\n{lines}\r\n".encode() + block + b"\r\n\r\n"


def http(body: bytes, status: str = "200 OK", **headers: str) -> bytes:
    """Return an HTTP answer; header names have "_" for "-"."""
    named = {"Content_Type": "text/html; charset=utf-8", **headers}
    lines = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in named.items())
    return f"HTTP/1.1 {status}\r\n{lines}\r\n".encode("latin-1") + body


def page(number: int) -> bytes:
    """Return the HTML of a small Arabic page that is like no other number's."""
    return PAGE_HTML.format(text=f"مقال رقم {number} عن فيسبوك وتويتر وما يقوله الناس فيهما.").encode()


def response(number: int, **fields: str) -> bytes:
    """Return the response record of page `number`, with true digests unless `fields` say otherwise."""
    body = page(number)
    block = http(body)
    digests = {"WARC_Payload_Digest": sha1(body), "WARC_Block_Digest": sha1(block)}
    return record("response", block, WARC_Target_URI=f"https://example.org/{number}", **{**digests, **fields})


def write(path: Path, records: list[bytes], *, packed: bool = True) -> Path:
    """Write records to a file, each its own gzip member if `packed`; return the path."""
    path.write_bytes(b"".join(gzip.compress(one, mtime=0) if packed else one for one in records))
    return path
