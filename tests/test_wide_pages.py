"""Pages that are long, wide or deep: four times the page is at most some four times the work.

Work is counted, not timed: the lines of our own code that are run, and the calls it makes.
"""

from __future__ import annotations

import random
import sys
import unicodedata
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from types import FrameType
from typing import Any

import pytest
from test_extract_pages import capture

from builder.columns import root_keys
from builder.columns.privacy import mask
from builder.engine import PAGE_BUDGET, Failure, open_engine
from builder.extract.reader import read_page
from builder.extract.within import MIN_CHARS, MOST_SEARCHES, standing_within
from builder.model import Author, Comment, Extraction
from builder.text import normalized, storage_form

OURS = str(Path(__file__).parents[1] / "builder")
SMALL = 150
TIMES = 4
MOST_WORK = 1.4 * TIMES
"""So much more work at most: some of it is sorting, and small pages leave early."""

WORDS = [
    "عاد",
    "الأطفال",
    "إلى",
    "المدينة",
    "القديمة",
    "بعد",
    "سفر",
    "طويل",
    "ثم",
    "جلسوا",
    "قرب",
    "البحر",
    "يقرؤون",
    "كتب",
    "الرحلات",
    "والحكايات",
]
ARTICLE = "".join(f"<p>{' '.join(WORDS)} {' '.join(reversed(WORDS))} {n}.</p>" for n in range(8))


def sentence(number: int, words: int) -> str:
    """Return a sentence of so many words that no other number has."""
    return " ".join(random.Random(number).choices(WORDS, k=words)) + f" {number}."


def card(n: int) -> str:
    """A headline, a byline, a day and an opening."""
    head = f"<h2><a href=/a/{n}>{sentence(n, 6)}</a></h2><span>بقلم: سالم العلي</span><time>{day(n)}</time>"
    return f"<li class=post>{head}<p>{sentence(n + 7, 15)}</p></li>"


def day(n: int) -> str:
    """A day as it is printed."""
    return f"{n % 28 + 1} مارس {2000 + n % 25}"


def answer(n: int) -> str:
    """The beginning of an answer, in which others may stand."""
    head = (
        f"<div class=comment id=comment-{n}><span class=comment-author>قارئ {n}</span><time>{day(n)}</time>"
    )
    return f"{head}<div class=comment-content><p>{sentence(n, 15)}</p></div>"


def article(inner: str, beside: str = "") -> str:
    """Return a page with an article that holds some markup, and other markup behind it."""
    head = "<header><h1>المدينة القديمة والبحر</h1><time datetime=2024-03-02>2 مارس 2024</time></header>"
    return f"<html><body>{head}<div class=article-body>{ARTICLE}{inner}</div>{beside}</body></html>"


def each(count: int, part: Callable[[int], str]) -> str:
    """Return a part so many times."""
    return "".join(map(part, range(count)))


PAGES: dict[str, Callable[[int], str]] = {
    "cards": lambda n: f"<body><ul>{each(n, card)}</ul>",
    "links parted by br": lambda n: article(
        f"<p>{each(n, lambda i: f'<a href=/a/{i}>{sentence(i, 5)}</a><br>')}</p>"
    ),
    "links to places of the page": lambda n: article(
        f"<p>{each(n, lambda i: f'<a href=#a{i}>{sentence(i, 5)}</a><br>')}</p>"
    ),
    "sentences behind links, parted by br": lambda n: (
        f"<body><div>{each(n, lambda i: f'<a href=/a/{i}>{sentence(i, 3)}</a> {sentence(i, 14)}<br>')}</div>"
    ),
    "sentences before links, parted by br": lambda n: article(
        f"<div>{each(n, lambda i: f'{sentence(i, 14)} <a href=http://x{i}.example/>هنا</a><br>')}</div>"
    ),
    "cells of one row": lambda n: (
        f"<body><table><tr>{each(2 * n, lambda i: f'<td><p>{sentence(i, 20)}</p></td>')}</tr></table>"
    ),
    "menus": lambda n: (
        f"<body>{ARTICLE}{each(n, lambda i: '<ul>' + 6 * '<li><a href=/x>كتب البحر</a>' + '</ul>')}"
    ),
    "answers one in another": lambda n: article(
        "", f"<div id=comments>{each(n, answer)}{'</div>' * n}</div>"
    ),
    "answers with two days each": lambda n: article(
        "",
        "<h3>التعليقات</h3><ul>"
        + each(n, lambda i: f"<li>قارئ {i}<br>{day(i)}<br>{sentence(i, 9)}<br>{day(i + 1)}</li>")
        + "</ul>",
    ),
    "loose answers, each with a box": lambda n: article(
        "",
        "<h3>التعليقات</h3><div>"
        + each(n, lambda i: f"قارئ {i}<br>{day(i)} 10:15<br>{sentence(i, 9)}<br><div>{day(i + 1)}</div>")
        + "</div>",
    ),
}


def work(function: Callable[[], object]) -> int:
    """Return how many lines of our code a call runs, and how many calls it makes."""
    steps = 0

    def lines(_frame: FrameType, _event: str, _arg: object) -> Any:
        nonlocal steps
        steps += 1
        return lines

    def trace(frame: FrameType, event: str, arg: object) -> Any:
        return lines(frame, event, arg) if frame.f_code.co_filename.startswith(OURS) else None

    def calls(frame: FrameType, event: str, _arg: object) -> None:
        nonlocal steps
        steps += event == "c_call" and frame.f_code.co_filename.startswith(OURS)

    before = sys.gettrace(), sys.getprofile()
    sys.settrace(trace)
    sys.setprofile(calls)
    try:
        function()
    finally:
        sys.settrace(before[0])
        sys.setprofile(before[1])
    return steps


def read(markup: str) -> Extraction:
    """Return what a page says."""
    return read_page(capture("https://site.example/2024/03/a-12.html", markup.encode()))


@pytest.mark.parametrize("kind", sorted(PAGES))
def test_four_times_the_page_is_four_times_the_work(kind: str) -> None:
    """No part of a page is looked at anew for each other part."""
    read(PAGES[kind](3))
    one, four = (work(lambda size=size: read(PAGES[kind](size))) for size in (SMALL, TIMES * SMALL))
    assert four < MOST_WORK * one


def test_a_list_of_links_as_long_as_a_book_is_read_within_the_budget_of_a_page() -> None:
    """6,000 links parted by `br` once took a minute and were given up."""
    pages = {kind: PAGES[kind](6_000) for kind in ("links parted by br", "cells of one row")}
    with open_engine("local", 1) as engine:
        for markup, found in engine.run(read, pages.values(), PAGE_BUDGET):
            assert not isinstance(found, Failure), markup[:300]
            assert found.documents


class Watched(str):
    """A text that counts how often it is searched through, and how many characters are copied out of it."""

    searches = copied = 0

    def __contains__(self, part: object) -> bool:
        self.searches += 1
        return super().__contains__(part)  # type: ignore[operator]

    def __getitem__(self, place: Any) -> str:
        found = super().__getitem__(place)
        self.copied += len(found)
        return found


def test_lines_are_found_in_a_text_without_a_search_for_each() -> None:
    """Which of many lines stand in a text is told by their pieces, and rightly."""
    lines = [sentence(n, 9).replace(" ", "") for n in range(2_000)]
    whole = Watched("".join(lines[::2]))
    ends = {line[5:] for line in lines[:400:2]} | {line + "س" for line in lines[:400]}
    wanted = {*lines, *ends, "ب" * MIN_CHARS, whole[-MIN_CHARS:]}
    assert standing_within(whole, wanted) == {line for line in wanted if str(whole).find(line) >= 0}
    assert whole.searches <= MOST_SEARCHES
    few = set(lines[:20])
    assert standing_within(whole, few) == set(lines[:20:2])


def test_text_that_repeats_itself_is_searched_rightly() -> None:
    """Pieces that stand everywhere tell nothing, and the answer is the same."""
    whole = "كلام كثير عن البحر " * 300
    lines = {("كلام كثير عن البحر " * 3)[n : n + 14 + n % 20] for n in range(19)}
    lines |= {f"{whole[:40]}{n}" for n in range(2 * MOST_SEARCHES)}
    assert standing_within(whole, lines) == {line for line in lines if line in whole}


def test_numbers_are_masked_without_a_copy_of_the_text_for_each() -> None:
    """What stands behind a number is a dozen characters, not the rest of the text."""
    copied = []
    for count in (200, 800):
        text = Watched(" ".join(f"رقم الهوية {10**9 + n} و8.8.4.{n % 250}" for n in range(count)))
        assert mask(text, handles=False).counts()["national_id"] == count
        copied.append(text.copied)
    assert copied[1] < MOST_WORK * copied[0]


def test_marks_without_end_are_stored_within_the_budget() -> None:
    """A letter under half a million marks, in no order: normalized in time, and like any other text."""
    with open_engine("local", 1) as engine:
        tasks = ["كتب " + "\u0651\u064e" * 250_000 + " آخر"]
        ((_, found),) = engine.run(storage_form, tasks, PAGE_BUDGET)
    assert not isinstance(found, Failure)
    assert found.text == "كتب " + "\u064e" * 250_000 + "\u0651" * 250_000 + " آخر"


@pytest.mark.parametrize("marks", ["\u0301\u0323", "\u064e\u0651\u0655", "\u0653\u0344\u0345\u0327"])
def test_long_runs_of_marks_are_normalized_like_short_ones(marks: str) -> None:
    """Runs of every length round the one from which on they are put in order first."""
    pick = random.Random(marks)
    for length in (1, 7, 199, 200, 201, 399, 400, 401, 900):
        text = f"ا{''.join(pick.choices(marks, k=length))}ي e{''.join(pick.choices(marks, k=length))}n ﻻ"
        assert normalized("NFC", text) == unicodedata.normalize("NFC", text)
        assert normalized("NFKC", text) == unicodedata.normalize("NFKC", text)


def chain(length: int, first: str | None) -> list[Comment]:
    """Return answers each of which answers the one before; the first answers `first`."""
    keys = [first, *map(str, range(length))]
    return [
        Comment(key, "d", "نص", "https://site.example/a", Author(), parent_key=parent)
        for parent, key in pairwise(keys)
        if key is not None
    ]


def test_roots_of_a_long_branch_are_found_in_one_walk() -> None:
    """Each answer's root is the first of its branch, a parent that is not there, or, in a ring, the last before it."""
    assert root_keys(chain(5, None)) == dict.fromkeys("01234", "0")
    assert root_keys(chain(3, "gone")) == dict.fromkeys("012", "gone")
    assert root_keys(chain(3, "2")) == {"0": "1", "1": "2", "2": "0"}
    one, four = (work(lambda n=n: root_keys(reversed(chain(n, None)))) for n in (SMALL, TIMES * SMALL))
    assert four < MOST_WORK * one
