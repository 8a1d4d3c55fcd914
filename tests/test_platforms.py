"""Mentions: spellings, clitics, traps, cues, company, roles, zones and offsets, on sentences of our own."""

from __future__ import annotations

import itertools
import json
from pathlib import Path

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from builder.columns.lexicon import Lexicon, amended, load_lexicon, recipe_lexicon
from builder.columns.platforms import Found, Matcher
from builder.errors import RecipeError
from builder.recipe import PlatformEntry, load_recipe
from builder.schema import shipped
from builder.text import storage_form
from tests.sentences import NAMED, NOT_NAMED

SHARED = Matcher(load_lexicon())
DATA = Path(__file__).parent.parent / "builder" / "data" / "platforms.json"


@pytest.fixture(scope="module")
def matcher() -> Matcher:
    """The shipped lexicon, compiled."""
    return Matcher(load_lexicon())


def find(matcher: Matcher, text: str) -> Found:
    """Return what a raw text names."""
    return matcher.find(storage_form(text).text)


def ids(found: Found) -> set[str]:
    """Return the platforms mentioned."""
    return {mention.platform for mention in found.mentions}


@pytest.mark.parametrize(("text", "platforms"), NAMED, ids=[text for text, _ in NAMED])
def test_names_are_found(matcher: Matcher, text: str, platforms: set[str]) -> None:
    """Every spelling, clitic and mark in the list; and no platform that is not there."""
    assert ids(find(matcher, text)) == platforms


@pytest.mark.parametrize("text", NOT_NAMED)
def test_what_only_looks_like_a_name_is_not_one(matcher: Matcher, text: str) -> None:
    """Oil rigs, Elvis, SpaceX, metaphysics, mastodons and the rest."""
    assert ids(find(matcher, text)) == set()


@pytest.mark.parametrize(
    ("text", "surfaces"),
    [
        ("والفيسبوك وتويتر", ["فيسبوك", "تويتر"]),
        ("تِيـــك تُوك", ["تِيـــك تُوك"]),
        ("( واتس / آب )", ["واتس / آب"]),
        ("بالـyoutube", ["youtube"]),
        ("سناباتها", ["سناباتها"]),
        ("#قاطعوا_فيسبوك", ["فيسبوك"]),
        ("فيس\nبوك", ["فيس\nبوك"]),
        ("ﻓﻴﺴﺒﻮﻙ", ["ﻓﻴﺴﺒﻮﻙ"]),
    ],
)
def test_offsets_point_at_the_name_as_written(matcher: Matcher, text: str, surfaces: list[str]) -> None:
    """The span holds the name without clitics before it, marks and gaps inside included."""
    mentions = matcher.find(text).mentions
    assert [mention.surface for mention in mentions] == surfaces
    assert all(text[mention.start : mention.end] == mention.surface for mention in mentions)


@settings(max_examples=80, deadline=None)
@given(
    st.lists(
        st.sampled_from([*(text for text, _ in NAMED), "\u064b", "ـ", "😂", "\n", " x ", "@", "ﷺ"]),
        max_size=6,
    )
)
def test_surfaces_are_slices_of_any_text(parts: list[str]) -> None:
    """text[start:end] == surface, mentions in order and apart, whatever stands around them."""
    text = storage_form("".join(parts)).text
    mentions = SHARED.find(text).mentions
    assert all(text[mention.start : mention.end] == mention.surface for mention in mentions)
    assert all(first.end <= second.start for first, second in itertools.pairwise(mentions))


def test_a_short_name_needs_a_cue_and_says_which(matcher: Matcher) -> None:
    """Alone it is nothing; beside a cue it counts and keeps the cue."""
    assert find(matcher, "قال سناب إن الأمر انتهى.").mentions == ()
    (mention,) = find(matcher, "نزلت فيديو سناب أمس.").mentions
    assert (mention.platform, mention.form) == ("snapchat", "short")
    assert mention.cue


def test_company_carries_a_short_name(matcher: Matcher) -> None:
    """A sure name in the same text speaks for a short one, and is given as the cue."""
    found = find(matcher, "تركت تويتر من زمان. وبقي عندي انستا.")
    assert ids(found) == {"x", "instagram"}
    assert found.mentions[1].cue == "x"


def test_two_unsure_names_joined_by_and_carry_each_other(matcher: Matcher) -> None:
    """فايبر وإيمو are both calling apps; وايمو without its hamza is a car maker."""
    assert ids(find(matcher, "اختفى فايبر وإيمو فجأة.")) == {"viber", "imo"}
    assert ids(find(matcher, "تعمل سيارات وايمو وحدها.")) == set()


def test_a_footer_is_no_evidence_for_what_the_text_says(matcher: Matcher) -> None:
    """The platforms of a footer do not make an unsure name in the text a mention."""
    body = "اشترى لعبة جديدة لجهاز إكس القديم وفرح بها كثيرا."
    footer = "\nتابعونا على: الفيسبوك التويتر اليوتيوب"
    assert ids(find(matcher, body)) == set()
    assert [m.platform for m in find(matcher, body + footer).mentions if m.role == "topic"] == []


@pytest.mark.parametrize(
    ("text", "role"),
    [
        ("كتب الوزير على تويتر أن الدوام غدا.", "attribution"),
        ("نقلا عن حساب الوزارة في تويتر: الدوام غدا.", "attribution"),
        ("نشرت الوزارة على صفحتها في فيسبوك بيانا.", "attribution"),
        ("تويتر يغير قواعد اللعبة.", "topic"),
        ("أفسد فيسبوك علاقتنا بالجيران.", "topic"),
        ("المصدر: صفحة الكاتب على فيسبوك", "attribution"),
        ("تابعونا على فيسبوك", "attribution"),
    ],
)
def test_roles_tell_topic_from_source(matcher: Matcher, text: str, role: str) -> None:
    """A place where something was said is no topic."""
    assert [mention.role for mention in find(matcher, text).mentions] == [role]


def test_zones(matcher: Matcher) -> None:
    """The first fifth is the lead; a title says so itself."""
    text = "تويتر في أول النص. " + "كلمات كثيرة لا تعني شيئا هنا. " * 10 + "وفيسبوك في آخره."
    assert [mention.zone for mention in matcher.find(text).mentions] == ["lead", "body"]
    assert [mention.zone for mention in matcher.find("تويتر", zone="title").mentions] == ["title"]


@pytest.mark.parametrize(
    ("text", "concept"),
    [
        ("وسائل التواصل الاجتماعي غيرتنا.", "social_media"),
        ("السوشل ميديا مو كل شي.", "social_media"),
        ("الخوارزميات تعرفنا أكثر منا.", "algorithm"),
        ("صانعو المحتوى والمؤثرون في كل مكان.", "influencer"),
        ("تصدر الترند يومين.", "trend"),
        ("أطلقوا هاشتاق جديدا.", "hashtag"),
        ("يشكو من حظر الظل.", "shadowban"),
        ("الذباب الإلكتروني هاجمها.", "bots"),
        ("حلقة بودكاست جديدة.", "podcast"),
        ("غردت أمس ثم حذفت تغريدتها.", "tweet"),
    ],
)
def test_concepts_are_found(matcher: Matcher, text: str, concept: str) -> None:
    """Terms of the discourse stand in their own field."""
    assert concept in {hit.concept for hit in find(matcher, text).concepts}


@pytest.mark.parametrize(
    "text",
    [
        "كان الخوارزمي من خوارزم.",
        "مؤثرات صوتية جميلة.",
        "قصة مؤثرة جدا.",
        "حط الذباب على الطعام.",
        "بدأ موسم الزيتون، والموسم قصير، ومواسم المطر موسمية.",
        "باع الصياد السلمون وسمك التن، وحضر الأمير وسمو ولي العهد.",
        "نال الجنود أوسمة كثيرة.",
        "رحل أستوري عن الفريق.",
        "عرف الحاكم ببطشه.",
    ],
)
def test_words_like_concepts_are_none(matcher: Matcher, text: str) -> None:
    """The man, the effects, the moving story, the flies; the season, the fish, the medals and a name."""
    assert find(matcher, text).concepts == ()


def test_the_shipped_lexicon_fits_its_schema_and_its_promises() -> None:
    """At least 28 platforms, each with a spelling, an example and where it was attested; ids are unique."""
    data = json.loads(DATA.read_text(encoding="utf-8"))
    schema = json.loads((shipped("schemas") / "lexicon.v1.json").read_text(encoding="utf-8"))
    jsonschema.validate(data, schema)
    entities = data["entities"]
    assert len(entities) >= 28
    assert len({entity["id"] for entity in entities}) == len(entities)
    assert all(entity["examples"] and entity["attested"] for entity in entities)
    assert all(entity["long"] or entity["short"] or entity["ambiguous"] for entity in entities)


def test_every_example_in_the_lexicon_is_found(matcher: Matcher) -> None:
    """The published examples hold."""
    for entity in json.loads(DATA.read_text(encoding="utf-8"))["entities"]:
        for example in entity["examples"]:
            assert entity["id"] in ids(find(matcher, example)), example


def test_a_recipe_adds_replaces_and_removes_entries(tmp_path: Path) -> None:
    """`[[platform]]` amends the lexicon; everything else stays."""
    (tmp_path / "dataset.toml").write_text(
        '[dataset]\nname = "d"\n[[source]]\nkind = "warc"\nname = "w"\npaths = ["a.warc.gz"]\n'
        '[[platform]]\nid = "koo"\nname = "Koo"\nambiguous = ["كو"]\ncues = ["منصة"]\nanti_cues = ["كلوكس"]\n'
        '[[platform]]\nid = "tiktok"\nname = "TikTok"\nlong = ["تكتكه"]\n'
        '[[platform]]\nid = "skype"\nname = "Skype"\nremove = true\n',
        encoding="utf-8",
    )
    matcher = Matcher(recipe_lexicon(load_recipe(tmp_path)))
    assert ids(matcher.find("منصة كو الهندية")) == {"koo"}
    assert ids(matcher.find("كو كلوكس كلان على المنصة")) == set()
    assert ids(matcher.find("تكتكه وتيك توك وسكايب وفيسبوك")) == {"tiktok", "facebook"}
    assert matcher.find("تيك توك").mentions == ()


def test_removing_what_is_not_there_is_refused() -> None:
    """The error lists the ids."""
    with pytest.raises(RecipeError, match="no 'tiktak' to remove"):
        amended(load_lexicon(), [PlatformEntry(id="tiktak", name="-", remove=True)])


def test_another_topic_can_take_the_platforms_place(tmp_path: Path) -> None:
    """`[lexicon] file` gives the machinery another subject."""
    other = {
        "name": "football", "version": 1,
        "entities": [{"id": "ahly", "name": {"en": "Al Ahly"}, "long": ["الأهلي", "النادي الأهلي"]}],
        "concepts": [{"id": "match", "name": {"en": "match"}, "forms": ["مباراة"], "core": True}],
    }  # fmt: skip
    (tmp_path / "football.json").write_text(json.dumps(other), encoding="utf-8")
    (tmp_path / "dataset.toml").write_text(
        '[dataset]\nname = "d"\n[[source]]\nkind = "warc"\nname = "w"\npaths = ["a.warc.gz"]\n'
        '[lexicon]\nfile = "football.json"\n',
        encoding="utf-8",
    )
    found = Matcher(recipe_lexicon(load_recipe(tmp_path))).find("خسر الأهلي مباراة على فيسبوك")
    assert ids(found) == {"ahly"}
    assert [hit.concept for hit in found.concepts] == ["match"]


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ("{", "cannot be read"),
        ('{"name": "x", "version": 1}', "not of the shape"),
        ('{"version": 1}', "'name' is missing"),
        ('{"name": "x", "version": 1, "entities": [{"id": "a", "name": {"en": "A"}, "lnog": []}]}', "lnog"),
        (
            '{"name": "x", "version": 1, "entities": [{"id": "a", "name": {"en": "A"}, "long": "a"}]}',
            "list of words",
        ),
    ],
)
def test_a_wrong_lexicon_is_refused(tmp_path: Path, content: str, why: str) -> None:
    """The error names the file and what is wrong."""
    path = tmp_path / "lexicon.json"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(RecipeError, match=why):
        load_lexicon(path)


def test_a_text_of_nothing_but_names_costs_no_more_than_its_length(matcher: Matcher) -> None:
    """Thousands of names, sure and unsure, are all found."""
    found = matcher.find("تيك توك وإكس " * 3000)
    assert len(found.mentions) == 6000


def test_a_lexicon_is_hashable_and_equal_by_content() -> None:
    """Settings travel to workers and find the same compiled patterns there."""
    first, second = load_lexicon(), load_lexicon()
    assert isinstance(first, Lexicon)
    assert hash(first) == hash(second)
    assert first == second
