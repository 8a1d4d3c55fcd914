"""Language: Arabic and its neighbours, votes, determinism. All texts are of our own making."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from builder.columns.dialect import dialect_markers
from builder.columns.language import detect_language
from builder.columns.letters import is_arabizi, read_letters
from builder.columns.votes import votes
from builder.text import words
from tests.votekit import langdetects_own

ROOT = str(Path(__file__).parent.parent)

ARABIC = (
    "نقضي في هذه المنصات ساعات طويلة ثم نشكو من ضيق الوقت.",
    "مش عارف ليه كل الناس بتتكلم عن الموضوع ده النهارده",
    "شو هالحكي يا زلمة، هلق صار بدك تفهم كل شي لحالك؟",
    "وش السالفة يا عيال، الحين كل واحد يبي يصير مشهور",
    "شكو ماكو اليوم؟ هسه رجعت من الدوام وتعبان كلش",
    "واش بصح هاد الشي اللي كيقولو عليه فالمواقع ديال الأخبار",
    "لَا تَثِقْ بِكُلِّ مَا تَقْرَأُ فِي الشَّاشَةِ الصَّغِيرَةِ.",
    "ﺍﻟﻨﺎﺱ ﻓﻲ ﻫﺬﻩ ﺍﻟﻤﺪﻳﻨﺔ ﻻ ﻳﻘﺮﺃﻭﻥ ﺍﻟﺠﺮﺍﺋﺪ ﻣﻨﺬ ﺳﻨﻮﺍﺕ.",
    "قرأت مقالا عن الخوارزميات (algorithms) وأعجبني كثيرا.",
)
PERSIAN_KEYS = "فی هذه المدینة کل الناس یکتبون علی الشاشة ولا یقرأون إلا قلیلا من الکتب"
NEIGHBOURS = {
    "fa": "من هر روز در خانه کتاب می‌خوانم و با دوستانم درباره آن گفتگو می‌کنم.",
    "fa typed on Arabic keys": "من هر روز در خانه كتاب مي خوانم و با دوستان "
    "درباره آن گفتگو مي كنم و اين كار را دوست دارم",
    "ur": "میں ہر روز گھر میں کتاب پڑھتا ہوں اور دوستوں سے بات کرتا ہوں۔",
    "ckb": "من هەموو ڕۆژێک لە ماڵەوە کتێب دەخوێنمەوە و لەگەڵ هاوڕێکانم قسە دەکەم.",
    "ckb in Arabic letters": "من ههموو روزئك له مالهوه كتئب دهخوئنمهوه و لهگهل "
    "هاورئكانم قسه دهكهم به زماني كوردي و ئهوه باشه",
    "ps": "زه هره ورځ په کور کې کتاب لولم او د خپلو ملګرو سره خبرې کوم.",
    "ug": "مەن ھەر كۈنى ئۆيدە كىتاب ئوقۇيمەن ۋە دوستلىرىم بىلەن سۆزلىشىمەن.",
    "sd": "مان هر روز گهر ۾ ڪتاب پڙهندو آهيان ۽ دوستن سان ڳالهائيندو آهيان.",
    "en": "I read a book at home every day and talk about it with my friends.",
    "fr": "Je lis un livre chaque jour et j'en parle avec mes amis.",
}


@pytest.mark.parametrize("text", ARABIC)
def test_arabic_of_many_kinds_is_arabic(text: str) -> None:
    """Standard, five dialects, vocalised, presentation forms, with a foreign word."""
    assert detect_language(text).lang == "ar"


def test_arabic_on_a_persian_keyboard_is_arabic() -> None:
    """ی and ک do not make it Persian."""
    assert detect_language(PERSIAN_KEYS).lang == "ar"


@pytest.mark.parametrize("name", NEIGHBOURS)
def test_neighbours_are_not_arabic(name: str) -> None:
    """Languages of the same script, and Sorani and Persian typed with Arabic letters."""
    assert detect_language(NEIGHBOURS[name]).lang in ("other", "und")


@pytest.mark.parametrize("name", ["ckb", "ps", "ug", "sd", "ur"])
def test_letters_alone_veto_what_langdetect_does_not_know(name: str) -> None:
    """The reason against stands in the vote."""
    assert detect_language(NEIGHBOURS[name]).letters == "foreign-letters"


def test_long_sorani_in_arabic_letters_is_vetoed_by_its_ha() -> None:
    """langdetect knows no Sorani and calls it Arabic; the letters do not."""
    answer = detect_language(NEIGHBOURS["ckb in Arabic letters"])
    assert answer.letters in ("many-ha", "no-arabic-words")


@pytest.mark.parametrize(
    "text", ["", "؟؟ ،،", "123 456", "😂😂😂", "هههههههه", "@user", "https://a.example/x", "لا"]
)
def test_too_little_text_is_undetermined(text: str) -> None:
    """No guess is made from punctuation, digits, laughter or an address."""
    assert detect_language(text).lang == "und"


def test_half_and_half_is_mixed() -> None:
    """Where a fifth to a half of the letters are Arabic the text is called mixed, whatever the rest is."""
    text = "This is a long English sentence about something. وهذه جملة عربية قصيرة فيها كلام."
    answer = detect_language(text)
    assert answer.lang == "mixed"
    assert 0.2 <= answer.arabic_share < 0.5


ARABIC_PROSE = "كتبت هذه الجملة عن المنصات وما تفعله بنا، ثم أضفت إليها ترجمتها كما يفعل كثيرون في صفحاتهم. "


@pytest.mark.parametrize(
    "latin",
    [
        "I wrote this sentence about the platforms and what they do to all of us every day.",
        "J'ai écrit cette phrase sur les plateformes et ce que le temps fait de nous tous les jours.",
    ],
)
def test_two_running_texts_are_mixed_though_most_letters_are_arabic(latin: str) -> None:
    """Half of it a translation: neither Arabic nor other."""
    answer = detect_language(ARABIC_PROSE + latin)
    assert answer.arabic_share > 0.5
    assert (answer.lang, answer.letters) == ("mixed", "mixed-script")


@pytest.mark.parametrize(
    "latin",
    [
        "Samsung Galaxy Note Ultra Mystic Bronze Apple Watch Series Sport Band Google Pixel Pro",
        "The Lord of the Rings: The Return of the King, The Last of Us and Gone with the Wind",
        "https://example.org/what-they-do-to-all-of-us #what_is_in_it @someone_of_the_town #for_all_of_us",
        "for x in range(ten): print(x.name, x.of(the=1)); return foo.bar_of(x) if x is not y else z.to_is()",
    ],
)
def test_names_titles_addresses_and_code_are_no_second_language(latin: str) -> None:
    """A post on phones, films or programs stays Arabic."""
    assert detect_language(ARABIC_PROSE + latin).lang == "ar"


@pytest.mark.parametrize(
    "text",
    [
        "اين كتاب را از دوست خود گرفتم و بايد فردا به او بدهم",
        "اگر هوا خوب باشد با مردم شهر به كوه ميرويم و تا شب هستيم",
    ],
)
def test_short_persian_on_arabic_keys_is_told_from_too_little_text(text: str) -> None:
    """Its small words are Persian: other, not undetermined."""
    assert len(text) < 100
    assert detect_language(text).lang == "other"


@pytest.mark.parametrize(
    "text",
    [
        "هل هذه الصورة هنا؟ هل هذه هي؟ لا، هذه هناك",
        "ء والفتوش صار يرجعنا للأيام القديمة أو للستينات",
        "کان وده یسوی مثلهم بس ما ضبطت معه فی البیت",
    ],
)
def test_short_posts_that_look_foreign_at_a_glance_are_arabic(text: str) -> None:
    """Many ha in هل هذه, the rest of a word that was cut, dialect on a Persian keyboard."""
    assert detect_language(text).lang == "ar"


@pytest.mark.parametrize(
    "text",
    [
        "ana msh 3aref 3amel eh wallah el donia s3ba awy",
        "wesh rak khoya, kifash dayer m3a l9raya?",
        "7abibi ya 3omri inta kteer 7elo",
    ],
)
def test_arabizi_is_flagged(text: str) -> None:
    """Arabic in Latin letters and digits."""
    answer = detect_language(text)
    assert answer.arabizi
    assert answer.lang == "other"


@pytest.mark.parametrize(
    "text",
    [
        "I bought an mp3 player and 2 cables in 2019",
        "Le G7 se réunit à Paris avec le président",
        "covid19 cases rose in the 3rd week",
        "Windows 10 and the h264 codec",
    ],
)
def test_other_latin_text_is_not_arabizi(text: str) -> None:
    """Digits in words such as mp3 are no Arabizi."""
    assert not is_arabizi(text)


def test_votes_are_kept() -> None:
    """Each voter's answer stands beside the decision; cld2 is not asked unless wanted."""
    answer = detect_language(ARABIC[0])
    assert (answer.letters, answer.langdetect, answer.cld2) == ("ar", "ar", None)
    assert answer.langdetect_share is not None
    assert answer.langdetect_share > 0.9
    assert answer.arabic_share == 1.0


def test_cld2_votes_when_asked() -> None:
    """The optional third voter answers with its code."""
    pytest.importorskip("pycld2")
    assert detect_language(ARABIC[0], cld2=True).cld2 == "ar"


def test_a_long_text_is_sampled_over_its_length() -> None:
    """An English half is seen wherever it stands, and the cost stays that of the sample."""
    arabic = "هذا نص طويل عن المنصات وما تفعله بالناس في كل يوم. " * 200
    assert detect_language(arabic).lang == "ar"
    english = "This is a long text about platforms and what they do to people. " * 160
    assert detect_language(english + arabic).lang in ("mixed", "ar")
    assert detect_language(english + arabic).arabic_share < 0.9


def test_addresses_and_handles_do_not_vote() -> None:
    """A post of handles and one Arabic sentence is Arabic."""
    text = (
        "@some_long_handle @another_handle https://t.example/abcdef مشاهدة ممتعة للجميع هذا المساء #SomeTag"
    )
    assert detect_language(text).lang == "ar"
    assert "handle" not in read_letters(text).cleaned


def test_the_answer_does_not_depend_on_what_ran_before() -> None:
    """Same votes in any order, also on texts that a random start would decide."""
    texts = [*ARABIC, *NEIGHBOURS.values(), "كتابي", "ايران باكستان", "نور جان"]
    first = [detect_language(text) for text in texts]
    assert [detect_language(text) for text in reversed(texts)] == first[::-1]


def test_the_answer_does_not_depend_on_the_process() -> None:
    """Two processes with different hash seeds give the same votes."""
    program = (
        "from builder.columns.language import detect_language as d\n"
        "print([d(t) for t in ['نور جان ايران', 'كتاب بزرگ', 'هذا نص عربي قصير', 'من به او گفتم كتاب']])"
    )
    answers = set()
    for seed in ("1", "2"):
        env = {"PYTHONHASHSEED": seed, "PYTHONPATH": ROOT, "PYTHONIOENCODING": "utf-8"}
        run = subprocess.run([sys.executable, "-c", program], env=env, capture_output=True, check=True)
        answers.add(run.stdout)
    assert len(answers) == 1


def test_dialect_markers_are_evidence() -> None:
    """Markers found are listed once, sorted; standard Arabic has none."""
    assert dialect_markers(words("شلونك؟ شكو ماكو، ماكو شي")) == ["شكو", "ماكو"]
    assert dialect_markers(words("ذهب الرجل إلى السوق واشترى خبزا.")) == []


def test_votes_are_langdetects_own() -> None:
    """The quick vote gives langdetect's own languages and probabilities, whatever the script and the spacing."""
    mixed = "WhatsApp وFACEBOOK  و  فيسبوك، Éa Ṇƀ 12%  x ـــ \u0301 a\u0301 خبر عاجل NATO ـ a.b@c.example.org http://t.example/a"
    texts = [
        *ARABIC,
        PERSIAN_KEYS,
        *NEIGHBOURS.values(),
        mixed,
        mixed[::-1],
        "",
        " ",
        "؟!",
        "A",
        "日本語 ゆめ 한글",
    ]
    for text in texts:
        assert votes([text]) == [langdetects_own(text)]
