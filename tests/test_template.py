"""What a host repeats is learned from its pages, whatever their order, and cut out of each."""

from __future__ import annotations

import pickle
import random
from dataclasses import replace

import pytest

from builder.errors import UsageError
from builder.extract.template import MIN_PAGES, SAMPLE_PAGES, Sample, Template, apply, learn
from builder.model import Document

LETTERS = "ابتثجحخدذرزسشصضطظعغفقكلمنهوي"
BODY = "div.page>td"
BAR = "div.page>div.bar"


def page(number: int, *lines: tuple[str, str], host: str = "host.example") -> Document:
    """Return a document of one paragraph of its own and some lines with their places."""
    name = LETTERS[number % 28] * (2 + number // 28)
    own = f"هذه فقرة لا تشبه غيرها كتبت للصفحة التي عنوانها {name} وحدها"
    both = [*lines[:1], (own, BODY), *lines[1:]]
    return Document(
        key=f"{host}/{number}",
        url=f"https://{host}/{number}",
        canonical_url=f"https://{host}/{number}",
        site=host,
        record_type="article",
        text="\n".join(text for text, _ in both),
        line_places=tuple(place for _, place in both),
    )


def pages(count: int, *lines: tuple[str, str]) -> list[Document]:
    """Return pages that share some lines."""
    return [page(number, *lines) for number in range(count)]


RATING = ("عدد القراءات : 12", BAR)
OWNER = ("موقع الحارة غير مسؤول عما ينشره الكتاب", BODY)


def test_recurring_lines_are_cut_and_kept_for_the_story() -> None:
    """Counters with other numbers are one line; what goes is listed in `lines_removed`."""
    seen = [page(number, (f"عدد القراءات : {number * 7}", BAR), OWNER) for number in range(12)]
    template = learn("host.example", seen)
    cut = apply(seen[3], template)
    assert cut.text.count("\n") == 0
    assert cut.text.startswith("هذه فقرة")
    assert cut.lines_removed == ("عدد القراءات : 21", OWNER[0])
    assert len(cut.line_places) == 1
    assert apply(cut, template) == cut


def test_a_page_not_learned_from_is_cut_as_well() -> None:
    """The template works on pages that came later."""
    template = learn("host.example", pages(20, RATING, OWNER))
    later = apply(page(27, ("عدد القراءات : 900", BAR), OWNER), template)
    assert later.text.count("\n") == 0


def test_places_where_all_recurs_are_cut_with_what_is_new() -> None:
    """A ticker of headlines, each on several pages, takes a fresh headline with it."""
    heads = [f"خبر عاجل عن {word}" for word in ("الطقس", "السوق", "المعرض", "المباراة")]
    seen = [page(number, (heads[number % 4], BAR)) for number in range(16)]
    template = learn("host.example", seen)
    assert BAR in template.places
    assert apply(page(27, ("خبر لم يسمع به أحد", BAR)), template).text.count("\n") == 0


def test_what_authors_write_on_many_pages_stays() -> None:
    """Opening formulas and headings are the author's."""
    seen = pages(14, ("بسم الله الرحمن الرحيم", BODY), ("المراجع:", BODY))
    template = learn("host.example", seen)
    assert apply(seen[0], template) == seen[0]


def test_too_few_pages_teach_nothing_and_say_so() -> None:
    """Below MIN_PAGES the text stays as it was, with a flag."""
    seen = pages(MIN_PAGES - 1, RATING)
    template = learn("host.example", seen)
    assert not template.learned
    assert template.anywhere == ()
    found = apply(seen[0], template)
    assert (found.text, found.flags) == (seen[0].text, ("template_not_learned",))


def test_copies_of_one_article_are_one_page() -> None:
    """An article under many addresses does not make its own lines furniture."""
    copies = [Document(**{**vars_of(page(1)), "key": f"copy/{n}"}) for n in range(15)]
    template = learn("host.example", [*copies, *(page(n) for n in range(2, 16))])
    assert template.pages == 15
    assert apply(copies[0], template) == copies[0]


def vars_of(document: Document) -> dict[str, object]:
    """Return the fields of a slotted dataclass."""
    return {name: getattr(document, name) for name in Document.__slots__}


def test_a_page_that_would_lose_nearly_all_is_left_alone() -> None:
    """A page that is nothing but furniture keeps its text and says so."""
    template = learn("host.example", pages(12, RATING, OWNER))
    bare = Document(**{**vars_of(page(1)), "text": f"{RATING[0]}\n{OWNER[0]}", "line_places": (BAR, BODY)})
    found = apply(bare, template)
    assert (found.text, found.flags) == (bare.text, ("template_doubtful",))


def test_documents_without_places_are_left_alone() -> None:
    """What an API gave has no page, so no furniture, and no flag either."""
    template = learn("host.example", pages(3, RATING))
    post = Document(**{**vars_of(page(1, RATING)), "line_places": ()})
    assert apply(post, template) == post


def test_learning_does_not_depend_on_order_or_parts() -> None:
    """Any order, any split into samples that are pickled and merged: the same bytes."""
    seen = [page(number, (f"تقييم {number}", BAR), OWNER) for number in range(50)]
    whole = learn("host.example", seen).to_json()
    for seed in range(5):
        mixed = random.Random(seed).sample(seen, len(seen))
        cut = 7 * (seed + 1)
        parts = []
        for part in (mixed[:cut], mixed[cut:]):
            sample = Sample("host.example")
            for document in part:
                sample.add(document)
            parts.append(pickle.loads(pickle.dumps(sample)))
        parts[1].merge(parts[0])
        assert parts[1].template().to_json() == whole


def test_a_sample_is_bounded_and_still_independent_of_order() -> None:
    """Of a great host the same pages are counted, however they come."""
    seen = [page(number, OWNER) for number in range(SAMPLE_PAGES + 60)]
    forward, backward = Sample("host.example"), Sample("host.example")
    for document in seen:
        forward.add(document)
    for document in reversed(seen):
        backward.add(document)
    assert len(forward.pages) == SAMPLE_PAGES
    assert forward.pages == backward.pages


def test_samples_of_two_hosts_do_not_mix() -> None:
    """Merging across hosts is an error of the caller."""
    with pytest.raises(UsageError, match=r"other\.example"):
        Sample("host.example").merge(Sample("other.example"))


def test_a_template_survives_json_and_refuses_another_version() -> None:
    """What is stored with a release is read back equal."""
    template = learn("host.example", pages(12, RATING, OWNER))
    assert Template.from_json(template.to_json()) == template
    with pytest.raises(UsageError, match="version 99"):
        Template.from_json(template.to_json().replace('"version": 1', '"version": 99'))


def test_each_layout_of_a_host_has_lines_of_its_own() -> None:
    """A journal's closing line goes though the host's forum, with twice as many pages, never prints it."""
    closing = ("ادعموا المجلة كل شهر", BODY)
    journal = [page(number, (f"مقال عن المنصة {LETTERS[number]}", BODY), closing) for number in range(12)]
    others = [
        page(number, (f"سؤال في المنتدى {LETTERS[number % 28]} {number}", BAR)) for number in range(30, 54)
    ]
    forum = [replace(one, line_places=(BAR, BAR)) for one in others]
    template = learn("host.example", [*journal, *forum])
    assert closing[0] not in apply(journal[3], template).text
    assert journal[3].text.removesuffix("\n" + closing[0]) == apply(journal[3], template).text
    assert apply(forum[3], template).text.count("\n") == 1
