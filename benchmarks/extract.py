"""Read the pages of a WARC file by Hiwar and by others, and score what each found.

usage: python benchmarks/extract.py PAGES.warc.gz [--scorer SCORER.py] [--gold GOLD.jsonl] [--out FOLDER] [--nameless]

With --nameless every class, id, itemprop and rel is taken out of the pages first: what is left is what a reader
knows of shapes and words, as on sites it has never met and on sites older than such names.

Each reader writes FOLDER/<reader>.jsonl with url, title, author, date, text; SCORER (a script that takes such a
file and a gold file) is run on each. A reader whose package is not installed is left out. CPU is that of this
process, per page, after ten pages of warming; the readers take turns page by page, so load falls on all alike.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from builder.archive.read import load, scan
from builder.extract import charset
from builder.extract.template import apply, learn
from builder.model import Capture, CaptureRef, Document
from builder.reading import read_capture
from builder.sources.warc import WarcBlock, WarcSource

Row = dict[str, str | None]
Reader = Callable[[Capture], list[Row]]
WARM_UP = 10
_NAMES = re.compile(r"""\s(?:class|id|itemprop|itemtype|rel)=(?:"[^"]*"|'[^']*'|[^\s>]+)""")


def decoded(capture: Capture) -> str:
    """Return the page as text: the others are given our charset, so that they are compared by what they find."""
    found = charset.decode(capture.body, capture.header("Content-Type"))
    return found.text if found else ""


def nameless(capture: Capture) -> Capture:
    """Return a page without the names that its makers gave to its parts, as UTF-8."""
    return replace(
        capture,
        body=_NAMES.sub("", decoded(capture)).encode("utf-8", "replace"),
        headers=(("Content-Type", "text/html; charset=utf-8"),),
    )


def row(
    url: str, text: str | None, title: str | None = None, author: str | None = None, date: str | None = None
) -> Row:
    """Return a prediction as the scorer reads it."""
    return {"url": url, "title": title, "author": author, "date": date, "text": text or ""}


def stock_trafilatura() -> Reader:
    """Return trafilatura with its own metadata, called with its defaults."""
    from trafilatura import bare_extraction

    def read(capture: Capture) -> list[Row]:
        found = bare_extraction(decoded(capture), url=capture.url, with_metadata=True, include_comments=False)
        return [row(capture.url, found.text, found.title, found.author, found.date)] if found else []

    return read


def bare_trafilatura() -> Reader:
    """Return trafilatura for the text alone: the measure of cost."""
    from trafilatura import extract

    return lambda capture: [row(capture.url, extract(capture.body, include_comments=False))]


def newspaper() -> Reader:
    """Return newspaper4k, told that the language is Arabic."""
    from newspaper import Article, Config

    config = Config()
    config.language = "ar"
    config.fetch_images = False

    def read(capture: Capture) -> list[Row]:
        article = Article(capture.url, config=config)
        article.download(input_html=decoded(capture))
        article.parse()
        date = str(article.publish_date)[:10] if article.publish_date else None
        return [row(capture.url, article.text, article.title, ", ".join(article.authors) or None, date)]

    return read


def readability() -> Reader:
    """Return readability-lxml, its summary turned to text by our own markup module."""
    from readability import Document as Readable

    from builder.markup import text_of_html

    def read(capture: Capture) -> list[Row]:
        found = Readable(decoded(capture))
        return [row(capture.url, text_of_html(found.summary()), found.short_title())]

    return read


def resiliparse() -> Reader:
    """Return resiliparse's main content."""
    from resiliparse.extract.html2text import extract_plain_text

    return lambda capture: [row(capture.url, extract_plain_text(decoded(capture), main_content=True))]


OTHERS: dict[str, Callable[[], Reader]] = {
    "trafilatura": stock_trafilatura,
    "trafilatura-text": bare_trafilatura,
    "newspaper4k": newspaper,
    "readability-lxml": readability,
    "resiliparse": resiliparse,
}


def available() -> dict[str, Reader]:
    """Return the readers whose packages are installed."""
    readers = {}
    for name, make in OTHERS.items():
        try:
            readers[name] = make()
        except ImportError as error:
            print(f"{name} left out: {error}", file=sys.stderr)
    return readers


def hiwar(captures: list[Capture]) -> tuple[list[Row], float]:
    """Return what Hiwar finds, templates learned and applied, and its CPU seconds without that last step."""
    source = WarcSource(WarcBlock(kind="warc", name="benchmark", paths=("-",)))
    by_site: dict[str, list[Document]] = defaultdict(list)
    spent = 0.0
    for capture in captures:
        start = time.process_time()
        found = read_capture(capture, source)
        spent += time.process_time() - start
        for document in found.documents:
            by_site[document.site].append(document)
    rows = []
    for site, documents in by_site.items():
        template = learn(site, documents)
        for document in (apply(document, template) for document in documents):
            day = document.published.printed_day if document.published else None
            rows.append(row(document.url, document.text, document.title, document.author.name, day))
    return rows, spent


def run_others(captures: list[Capture]) -> dict[str, tuple[list[Row], float]]:
    """Return what the other readers find, and their CPU seconds, page by page in turns."""
    readers = available()
    rows: dict[str, list[Row]] = {name: [] for name in readers}
    spent = dict.fromkeys(readers, 0.0)
    for number, capture in enumerate([*captures[:WARM_UP], *captures]):
        for name, read in readers.items():
            start = time.process_time()
            found = read(capture)
            if number >= WARM_UP:
                spent[name] += time.process_time() - start
                rows[name] += found
    return {name: (rows[name], spent[name]) for name in readers}


def main() -> None:
    """Run all readers over a WARC file, write what they found, print scores and costs."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("warc", type=Path)
    parser.add_argument("--scorer", type=Path)
    parser.add_argument("--gold", type=Path)
    parser.add_argument(
        "--out", type=Path, help="Keep what each reader found here; it holds the pages' text."
    )
    parser.add_argument("--nameless", action="store_true")
    options = parser.parse_args()
    refs = [ref for ref in scan(options.warc, source="benchmark") if isinstance(ref, CaptureRef)]
    captures = [nameless(load(ref)) if options.nameless else load(ref) for ref in refs]
    hiwar(captures[:WARM_UP])
    results = {"hiwar": hiwar(captures), **run_others(captures)}
    with tempfile.TemporaryDirectory() as temporary:
        # The rows hold the pages' text, which may not be ours to keep: they stay only where they are asked for.
        out = options.out or Path(temporary)
        out.mkdir(parents=True, exist_ok=True)
        for name, (rows, spent) in results.items():
            path = out / f"{name}.jsonl"
            lines = (json.dumps(found, ensure_ascii=False) + "\n" for found in rows)
            path.write_text("".join(lines), encoding="utf-8")
            cost_ms = 1000 * spent / len(captures)
            print(f"{name}: {len(rows)} documents, {cost_ms:.1f} ms CPU a page", flush=True)
            if options.scorer:
                gold = [str(options.gold)] if options.gold else []
                subprocess.run([sys.executable, str(options.scorer), str(path), *gold], check=True)


if __name__ == "__main__":
    main()
