"""Relevance: what a text is about, from its main text and title only."""

from __future__ import annotations

import pytest

from builder.columns.furniture import Spans
from builder.columns.lexicon import load_lexicon
from builder.columns.platforms import Matcher
from builder.columns.relevance import ABOUT_MIN, PARTIAL_MIN, Relevance, score

MATCHER = Matcher(load_lexicon())
FILLER = "مشى الرجل في السوق القديم وسأل عن ثمن الخبز ثم عاد إلى بيته قبل المغرب. "
ABOUT = (
    "غير تيك توك طريقة الناس في رواية يومهم، وصارت الخوارزميات تقرر ما نراه قبل أن نقرر نحن. "
    "صناع المحتوى يركضون خلف الترند ساعة بعد ساعة. "
    "من لا يرقص على تيك توك لا يراه أحد، هكذا يقول المؤثرون لمتابعيهم في كل حلقة. "
)
FOOTERS = (
    "\nتابعونا على: الفيسبوك التويتر اليوتيوب RSS الانستغرام لينكدإن تيلكرام بنترست تمبلر",
    "\nاشترك في قناتنا على اليوتيوب ليصلك كل جديد",
    "\nفيسبوك | تويتر | واتساب | تلغرام | انستغرام",
    "\nشارك المقال عبر: فيسبوك، تويتر، واتساب",
    "\nللتواصل واتساب: ٠٧٧٠٠٠٠٠٠٠٠",
    "\nالمصدر: صفحة الكاتب على فيسبوك\nتعليقات الفيسبوك",
)


def relevance(text: str, title: str = "") -> Relevance:
    """Return the relevance of a text and title."""
    return score(text, MATCHER.find(text), MATCHER.find(title, zone="title"))


def test_an_essay_on_a_platform_is_about_it() -> None:
    """With and without the name in the title."""
    assert relevance(ABOUT * 3, "منصة تيك توك بين المهنة والترفيه").total >= ABOUT_MIN
    assert relevance(ABOUT * 3, "أبناؤنا والشاشة").total >= ABOUT_MIN


def test_a_long_essay_without_a_name_in_its_title_is_not_lost() -> None:
    """Nine hundred words that come back to the platform all through."""
    text = "\n".join([ABOUT + FILLER * 6] * 6)
    assert len(text.split()) > 600
    assert relevance(text, "هل أنا جميلة؟").total >= ABOUT_MIN


def test_an_essay_on_the_networks_at_large_is_at_least_partly_about_them() -> None:
    """No platform is named, the concepts are."""
    text = ("وسائل التواصل الاجتماعي غيرت معنى الصداقة، والمؤثرون صاروا قدوة. " + FILLER) * 8
    assert relevance(text, "نحن ووسائل التواصل").total >= PARTIAL_MIN


@pytest.mark.parametrize(
    "text",
    [
        FILLER * 20,
        FILLER * 10 + "كتب شاهد على تويتر أنه رأى الحادث. " + FILLER * 10,
        FILLER * 10 + "ونشرت الشرطة صورة على صفحتها في فيسبوك. " + FILLER * 10,
    ],
)
def test_an_incidental_mention_is_not_what_a_text_is_about(text: str) -> None:
    """None, or one as the place where something was said."""
    assert relevance(text, "حادث في السوق").total < PARTIAL_MIN


@pytest.mark.parametrize("footer", FOOTERS)
@pytest.mark.parametrize("body", [FILLER * 8, ABOUT * 3])
def test_a_footer_does_not_move_the_score(body: str, footer: str) -> None:
    """Calls to follow, share lines, lists of links, source credits: the score is the same to the last digit."""
    text = body.strip()
    assert relevance(text + footer, "عنوان") == relevance(text, "عنوان")


def test_all_footers_together_before_and_after_do_not_move_it() -> None:
    """Furniture above the text moves no lead and no spread either."""
    furniture = "".join(FOOTERS)
    text = (ABOUT * 3).strip()
    assert relevance(furniture.strip() + "\n" + text + furniture).total == pytest.approx(
        relevance(text).total, abs=0.05
    )


def test_parts_stay_in_their_bounds_and_sum_up() -> None:
    """Title 0-3, density, concepts and spread 0-2, lead 0-1, in all 0-10."""
    most = relevance("صار تيك توك سوقا، والترند والخوارزميات تبيع فيه كل شيء. " * 100, "تيك توك")
    assert (most.title, most.density, most.concepts, most.spread, most.lead) == (3, 2, 2, 2, 1)
    assert most.total == 10
    assert relevance("").total == 0


def test_a_title_that_names_a_platform_for_a_person_counts_less() -> None:
    """ "The Snapchat girl" is about a girl."""
    assert (
        relevance(FILLER, "وفاة فتاة السناب شات في حادث").title
        < relevance(FILLER, "السناب شات في بيوتنا").title
    )


def test_a_short_post_of_three_names_is_still_prose() -> None:
    """Only lines that are little but names are lists of links."""
    found = MATCHER.find("تركت فيسبوك وتويتر وانستغرام من زمان وارتحت")
    assert [mention.role for mention in found.mentions] == ["topic"] * 3


def test_spans_answer_by_place() -> None:
    """What lies inside, and how much before."""
    spans = Spans([(5, 10), (20, 22)])
    assert [spans.holds(place) for place in (4, 5, 9, 10, 21, 22)] == [False, True, True, False, True, False]
    assert [spans.chars_before(place) for place in (5, 12, 25)] == [0, 5, 7]
    assert spans.chars == 7
