"""A small archive of Arabic articles of our own writing, and recipes that build it."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from releasekit import words
from warcmaker import http, record, sha1, write


def article(number: int, *, title: str | None = None, day: str | None = None) -> bytes:
    """Return the WARC record of an article page that is like no other number's."""
    title = title or words(number + 500, 5)
    day = day or f"2025-0{number % 3 + 1}-1{number % 9}"
    paragraphs = "".join(f"<p>{words(number * 10 + part, 40)}.</p>" for part in range(4))
    html = (
        f'<html lang="ar"><head><title>{title}</title>'
        f'<meta property="article:published_time" content="{day}T08:00:00Z"></head>'
        f"<body><article><h1>{title}</h1>{paragraphs}</article></body></html>"
    )
    body = html.encode()
    address = f"https://site.example/a/{number}"
    return record("response", http(body), WARC_Target_URI=address, WARC_Payload_Digest=sha1(body))


def dataset(folder: Path, numbers: Iterable[int], extra: str = "", name: str = "essays") -> Path:
    """Write a recipe and an archive with those articles; return the folder."""
    (folder / "pages").mkdir(parents=True, exist_ok=True)
    add_archive(folder, "a", numbers)
    (folder / "dataset.toml").write_text(
        f'[dataset]\nname = "{name}"\n[[source]]\nkind = "warc"\nname = "saved"\npaths = ["pages/*.warc.gz"]\n'
        f'[select]\nrelevance_min = 0\n[rules]\nprofile = "none"\n{extra}\n',
        encoding="utf-8",
    )
    return folder


def add_archive(folder: Path, name: str, numbers: Iterable[int]) -> Path:
    """Write a further archive file with articles into a dataset's folder."""
    return write(folder / "pages" / f"{name}.warc.gz", [article(number) for number in numbers])
