"""The shortened way to trafilatura's main text: on every shape of page it must give what trafilatura itself gives."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

import pytest
from lxml.html import HtmlElement

from builder.extract import stock
from builder.markup import parse

if version("trafilatura") != "2.3.1":
    pytest.skip("with this release of trafilatura the shortened way is not taken", allow_module_level=True)

from builder.extract.cascade import read_main
from builder.extract.stopwords import good_paragraphs

PAGES = sorted((Path(__file__).parent / "pages").rglob("page.html"))
TAGS = (
    *("div", "p", "section", "article", "td", "span", "li", "blockquote", "aside", "main", "h2", "br", "pre"),
    *("table", "form", "figure", "b", "a", "footer", "select"),
)
NAMES = (
    *(
        "comment-12",
        "entry-content",
        "related",
        "sidebar",
        "post",
        "author",
        "date",
        "share-bar",
        "menu",
        "tags",
    ),
    *(
        "comments-area",
        "article-body",
        "teaser",
        "footer",
        "hidden",
        "caption",
        "cookie-notice",
        "single-post",
    ),
    *("infinite-scroll", "main", "content", "elementor-share-buttons", "widget-3", "reply-5", "fulltext"),
)


def tree(markup: str) -> HtmlElement:
    """Return the tree of a page."""
    found = parse(markup)
    assert found is not None
    return found


def variants(markup: str, number: int) -> Iterator[str]:
    """Yield a page as it is and with tags and names exchanged: the same shapes of damage on every run."""
    chance = random.Random(f"{number}{len(markup)}")
    yield markup
    for _ in range(3):
        pieces = re.split(r"(<[^>]*>)", markup)
        for at in range(1, len(pieces), 2):
            roll = chance.random()
            if roll < 0.03:
                pieces[at] = ""
            elif roll < 0.1:
                pieces[at] = re.sub(r"^(</?)\w+", lambda found: found[1] + chance.choice(TAGS), pieces[at])
            elif roll < 0.25 and re.match(r"<\w", pieces[at]):
                mark = chance.choice(("class", "id", "style", "role", "aria-hidden"))
                name = {"style": "display:none", "role": "Navigation", "aria-hidden": "true"}.get(
                    mark, chance.choice(NAMES)
                )
                pieces[at] = re.sub(r"^<\w+", rf'\g<0> {mark}="{name}"', pieces[at])
        yield "".join(pieces)


@pytest.mark.parametrize("fast", [True, False])
@pytest.mark.parametrize("share", range(4))
def test_gives_what_trafilatura_gives(share: int, fast: bool) -> None:
    """On all pages of the tests and on damaged copies of them, with and without the comparison."""
    read = 0
    for number, path in enumerate(PAGES[share::4]):
        for markup in variants(path.read_bytes().decode("utf-8", "replace"), number):
            page = tree(markup)
            text = read_main(page, fast=fast)
            assert text == stock.read_main(tree(markup), fast=fast), path
            read += bool(text)
    assert read > 20


def test_the_page_is_left_as_it_was() -> None:
    """Reading takes much out of a tree; none of it out of the page's own."""
    page = tree(PAGES[0].read_bytes().decode("utf-8", "replace"))
    before = page.text_content()
    read_main(page, fast=False)
    assert page.text_content() == before


def test_paragraphs_by_stop_words_are_those_of_justext() -> None:
    """Breaks, links, choices, copyright signs, white space of all kinds, runs of short and of nearly good lines."""
    from justext.core import ParagraphMaker, classify_paragraphs, revise_paragraph_classification
    from justext.utils import get_stoplist, get_stoplists

    words = tuple({word for name in get_stoplists() for word in get_stoplist(name)})
    chance = random.Random(7)
    said = ("في البيت الذي كان", "the cat of", "كلمة", "xyzzy", "و", "© ", "\n", "\u00a0", "ΑΣ", " \t", "من")
    for _ in range(80):
        parts = []
        for _ in range(chance.randrange(1, 40)):
            text = " ".join(chance.choice(said) for _ in range(chance.choice((1, 3, 12, 40))))
            tag = chance.choice(("p", "div", "a", "span", "li", "td", "x-select", "em"))
            parts.append(
                chance.choice((f"<{tag}>{text}</{tag}>", text, "<br>", "<br><br>", f"<a>{text}<br>"))
            )
        page = tree(f"<html><body>{''.join(parts)}</body></html>")
        paragraphs = ParagraphMaker.make_paragraphs(page)
        classify_paragraphs(paragraphs, words, 50, 150, 0.1, 0.2, 0.25, True)
        revise_paragraph_classification(paragraphs, 150)
        assert good_paragraphs(page) == [each.text for each in paragraphs if not each.is_boilerplate]
