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
    return score(text, MATCHER.find(text), MATCHER.find(title, zone="title"), title)


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
    assert relevance(furniture.strip() + "\n" + text + furniture) == relevance(text)


@pytest.mark.parametrize("place", range(0, 40, 3))
def test_not_even_the_line_ends_of_a_footer_move_a_mention_to_another_fifth(place: int) -> None:
    """Wherever in the text the one mention stands."""
    words = (FILLER * 3).split()
    text = " ".join([*words[:place], "تيك", "توك", *words[place:]])
    assert relevance(text + "".join(FOOTERS * 3)) == relevance(text)
    assert relevance("".join(FOOTERS).strip() + "\n\n" + text) == relevance(text)


def test_parts_stay_in_their_bounds_and_sum_up() -> None:
    """Title and density 0-3, spread 0-2, concepts and lead 0-1, in all 0-10."""
    most = relevance("صار تيك توك سوقا، والترند والخوارزميات تبيع فيه كل شيء. " * 100, "تيك توك")
    assert (most.title, most.density, most.concepts, most.spread, most.lead) == (3, 3, 1, 2, 1)
    assert most.total == 10
    assert relevance("").total == 0


@pytest.mark.parametrize(
    "title",
    ["وفاة فتاة السناب شات في حادث", "باع سيارته على سناب شات", "القبض على لص صور نفسه عبر السناب شات"],
)
def test_a_title_that_names_a_platform_for_a_person_or_a_place_counts_less(title: str) -> None:
    """ "The Snapchat girl" is about a girl, "sold on Snapchat" about a sale."""
    text = "السناب شات في كل يد. السناب شات في كل بيت. " + FILLER
    assert 0 < relevance(text, title).title < relevance(text, "السناب شات في بيوتنا").title


def test_a_title_counts_as_far_as_the_text_bears_it_out() -> None:
    """A name in the title and never again in a long text is a headline, not a topic."""
    title = "واتساب بريء من الحادث"
    alone = relevance(FILLER * 20, title)
    once = relevance(FILLER * 10 + "كان واتساب مغلقا. " + FILLER * 10, title)
    often = relevance((FILLER * 4 + "كان واتساب مغلقا. ") * 4, title)
    assert alone.title == 0 < once.title < often.title == 3


def test_a_title_that_the_text_repeats_is_counted_once() -> None:
    """Pages and links below them print it again."""
    title = "السناب شات بريء من الحادث"
    text = FILLER * 12
    assert relevance(f"{title}\n{text}\nرابط الخبر: {title}", title).total == relevance(text, title).total


@pytest.mark.parametrize(
    "clause",
    [
        "صور اللص نفسه في بث على فيسبوك. ",
        "انتشرت الصورة على موقع التواصل الاجتماعي فيسبوك. ",
        "سخر رواد مواقع التواصل من الصورة. ",
        "رأى نشطاء فيسبوك في الصورة نكتة. ",
    ],
)
def test_a_crime_that_was_shown_on_a_platform_is_not_about_it(clause: str) -> None:
    """The place where it was seen, and who reacted there."""
    text = (FILLER * 3 + clause) * 2
    assert relevance(text, "القبض على لص في السوق").total < PARTIAL_MIN
    spoken_of = (FILLER + "غير فيسبوك قواعد النشر. ") * 5
    assert relevance(spoken_of, "القبض على لص في السوق").total >= ABOUT_MIN


LIFE = (
    "صار الناس في تويتر قضاة وجلادين في وقت واحد، تدخل صباحا فتجد قضية وتعود مساء فتجد حكما. "
    "على تويتر لا أحد ينتظر التفاصيل ولا يسأل عن الطرف الآخر، وقد كتبت رأيا صغيرا في سعر الخبز فشتمتني قرية. "
    "في فيسبوك الحال أهون قليلا، فالناس هناك يعرف بعضهم بعضا بالأسماء وصور الأولاد. "
    "يقول صديق إن العلة فينا لا في المكان، وإن من يشتم على تويتر كان سيشتم في السوق لو وجد سوقا. "
    "ربما، لكن السوق يغلق أبوابه ليلا، والغضب في تويتر لا ينام بل يتغذى على من يرد عليه. "
)


def test_an_essay_on_life_in_a_place_is_about_it() -> None:
    """A name that is a place each time, all through a text, is what the text is on."""
    assert all(mention.stance == "place" for mention in MATCHER.find(LIFE).mentions)
    assert relevance(LIFE, "الناس في تويتر").total >= ABOUT_MIN
    assert relevance(LIFE, "غرف الغضب").total >= PARTIAL_MIN
    once = "صار الناس في تويتر قضاة. " + FILLER * 10
    assert relevance(once, "الناس في تويتر").total < PARTIAL_MIN


def test_what_was_said_is_not_where_it_was_said() -> None:
    """Behind "said that" a name stands in what was said."""
    (there,) = MATCHER.find("قال الوزير على تويتر إن الدوام غدا.").mentions
    (within,) = MATCHER.find("قال الوزير إن الناس على تويتر يبالغون.").mentions
    assert (there.role, within.role, within.stance) == ("attribution", "topic", "place")


def test_a_company_that_speaks_is_a_topic() -> None:
    """ "Facebook announced" and "an engineer at Facebook said" speak of Facebook."""
    for text in (
        "أعلن موقع فيسبوك عن ميزة جديدة.",
        "أعلنت شركة فيسبوك عن ميزة جديدة.",
        "قال مدير المنتج في فيسبوك إن الميزة جديدة.",
    ):
        (mention,) = MATCHER.find(text).mentions
        assert (mention.role, mention.stance) == ("topic", "topic"), text


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
