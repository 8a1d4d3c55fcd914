"""How time and memory of a whole build grow with the number of pages.

    python benchmarks/curve.py PAGES [PAGES ...] [--workers 2]

Pages are made up here: short articles of their own words with two comments, so that many fit into a day's run. Each
size is built in a fresh folder, in a process of its own; prints CPU ms a page, seconds on the clock and peak memory.
"""

from __future__ import annotations

import argparse
import io
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.build import build_command, measure, write_recipe
from benchmarks.dedup import text_of, vocabulary

PAGES_PER_FILE = 5_000
HOSTS = 97
PLATFORMS = ("تيك توك", "واتساب", "تلغرام", "فيسبوك", "يوتيوب")
LINKING = ("في", "من", "على", "إلى", "هذا", "التي", "عن", "أن", "لا", "كان")


def page_of(number: int, words: list[str], random: np.random.Generator) -> str:
    """Return the HTML of one article: four paragraphs of about 45 words and two comments."""
    paragraphs = "".join(f"<p>{_prose(words, random, 45)}.</p>" for _ in range(4))
    title = f"{_prose(words, random, 5)} {PLATFORMS[number % len(PLATFORMS)]}"
    comments = "".join(
        f'<li class="comment" id="comment-{number}-{place}"><cite class="fn">قارئ {place}</cite>'
        f'<time datetime="2025-03-0{place + 1}T10:00:00+03:00">2025</time>'
        f'<div class="comment-content"><p>{_prose(words, random, 14)}</p></div></li>'
        for place in range(2)
    )
    return (
        f'<!DOCTYPE html><html lang="ar"><head><meta charset="utf-8"><title>{title}</title>'
        f'<meta name="author" content="كاتب {number % 500}">'
        f'<meta property="article:published_time" content="2025-02-{number % 28 + 1:02d}T08:00:00+03:00"></head>'
        f"<body><nav><ul>{'<li><a href=/c>قسم</a></li>' * 12}</ul></nav><article><h1>{title}</h1>{paragraphs}"
        f'</article><section id="comments"><ol class="comment-list">{comments}</ol></section></body></html>'
    )


def _prose(words: list[str], random: np.random.Generator, count: int) -> str:
    made = text_of(words, random, count).split()
    made[::4] = [LINKING[place] for place in random.integers(0, len(LINKING), len(made[::4]))]
    return " ".join(made)


def write_archives(folder: Path, pages: int) -> None:
    """Write made-up pages as WARC files below `folder`."""
    folder.mkdir(parents=True)
    words, random = vocabulary(20_000), np.random.default_rng(3)
    for first in range(0, pages, PAGES_PER_FILE):
        with (folder / f"p{first:08d}.warc.gz").open("wb") as file:
            writer = WARCWriter(file, gzip=True)
            for number in range(first, min(pages, first + PAGES_PER_FILE)):
                html = page_of(number, words, random).encode()
                headers = StatusAndHeaders("200 OK", [("Content-Type", "text/html")], protocol="HTTP/1.1")
                writer.write_record(
                    writer.create_warc_record(
                        f"https://host{number % HOSTS}.example/a/{number}",
                        "response",
                        payload=io.BytesIO(html),
                        http_headers=headers,
                        warc_headers_dict={"WARC-Date": "2025-06-01T00:00:00Z"},
                    )
                )


def curve(sizes: list[int], workers: int) -> Iterator[str]:
    """Yield a line for each size."""
    for pages in sizes:
        with tempfile.TemporaryDirectory(prefix="hiwar-curve-") as name:
            folder = Path(name)
            write_archives(folder / "pages", pages)
            write_recipe(folder)
            run = measure(f"{pages} pages", build_command(folder, workers))
            yield (
                f"{pages:8} pages: {run.ms_per_page:6.1f} ms CPU a page, {run.wall_s:6.0f} s on the clock, "
                f"peak {run.peak_mb:4.0f} MB"
            )


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("pages", type=int, nargs="+")
    parser.add_argument("--workers", type=int, default=2)
    asked = parser.parse_args()
    for line in curve(asked.pages, asked.workers):
        print(line, flush=True)


if __name__ == "__main__":
    main()
