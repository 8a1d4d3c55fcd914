"""Rules: every reason is given, thresholds come from the recipe, unknown names are refused."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from builder.columns import ColumnSettings, comment_row, document_row
from builder.columns.groups import GROUPS
from builder.columns.lexicon import load_lexicon
from builder.errors import RecipeError
from builder.model import Author, CaptureRef, Comment, Document, Moment, Rights, Signal
from builder.recipe import RecipeModel
from builder.rules import DEFAULT, PROFILES, RULES, check_rules, judge_comment, judge_document
from builder.schema import Row
from builder.stages.layout import RULE_BLOCKS, RULE_GROUPS

SETTINGS = ColumnSettings(key=bytes(32), lexicon=load_lexicon())
SENTENCES = (
    "غير تيك توك طريقة الناس في رواية يومهم، وصارت الخوارزميات تقرر ما نراه قبل أن نقرر نحن ..",
    "كنا نكتب الرسائل على الورق ؛ ثم صرنا نكتبها على الشاشة ؛ ثم لم نعد نكتب ...",
    "من لا يرقص على تيك توك لا يراه أحد، هكذا تقول ابنتي، وأنا لا أعرف بماذا أجيبها؟",
    "وبرغم ذلك يبقى كلام الفصل للجمهور، وليس للمنصة ولا لمن يملكها في آخر الأمر.",
    "أظن أن الذي تغير ليس الأدوات وحدها، بل نحن الذين نمسك بها كل يوم ساعات طويلة!",
)
ESSAY = "\n".join(SENTENCES)


def ref(**changes: Any) -> CaptureRef:
    """Return a capture's reference."""
    values: dict[str, Any] = {
        "source": "s", "role": "page", "url": "https://a.example/1", "status": 200, "mime": "text/html",
        "fetched_at": datetime(2025, 1, 6, tzinfo=UTC), "payload_digest": "sha1:A", "record_id": "r",
        "kind": "response",
        "path": "/x", "warc_file": "x.warc.gz", "warc_offset": 0, "warc_length": 1,
    }  # fmt: skip
    return CaptureRef(**(values | changes))


def row(
    text: str = ESSAY, *, signals: tuple[Signal, ...] = (), rights: Rights | None = None, **changes: Any
) -> Row:
    """Return the row of a document."""
    values: dict[str, Any] = {
        "key": "k", "url": "https://a.example/1", "canonical_url": "https://a.example/1", "site": "a.example",
        "record_type": "article", "text": text, "title": "تيك توك بين المهنة والترفيه",
    }  # fmt: skip
    return document_row(Document(**(values | changes)), ref(rights=rights or Rights()), signals, SETTINGS)


def model(**blocks: Any) -> RecipeModel:
    """Return a recipe's model with some blocks changed."""
    return RecipeModel.model_validate({"dataset": {"name": "d"}, "source": [{}], **blocks})


def reasons(made: Row, **blocks: Any) -> set[str]:
    """Return "stage.rule" of every reason against a row."""
    return {f"{reason.stage}.{reason.rule}" for reason in judge_document(made, model(**blocks)).reasons}


ANY = {"relevance_min": 0}


def test_an_opinion_essay_is_kept() -> None:
    """With its `..`, `...` and `؛`, under the default profile and FineWeb-2's."""
    assert judge_document(row(), model()).kept
    assert judge_document(row(), model(rules={"profile": "fineweb2"})).kept


def test_every_reason_is_given() -> None:
    """A short English page outside the dates has all its reasons, not the first."""
    made = row("Page not found. Error 404.", title="404", published=None)
    found = reasons(made, select={"since": "2025-01-01"})
    assert {
        "select.language",
        "select.relevance",
        "select.undated",
        "defects.too_short",
        "defects.error_page",
    } <= found


MENU = "\n".join(
    ["الرئيسية", "سياسة", "اقتصاد", "رياضة", "ثقافة وفن", "منوعات", "من نحن", "اتصل بنا", "أرشيف", "صحة"] * 3
)
TAGS = (
    "هاتف سيارة بيت مدرسة جامعة طعام شراب قلم دفتر كرسي طاولة نافذة باب شارع حديقة شجرة زهرة عصفور قطة حصان "
    * 3
)
HEADLINES = "\n".join(
    f"{who} {what} {where}"
    for who in ("وزير الخارجية", "رئيس الحكومة", "مدرب المنتخب")
    for what in ("يزور العاصمة", "يعلن تشكيلة جديدة", "يلتقي وفدا رفيعا", "يفتتح معرض الكتاب")
    for where in ("اليوم", "الأسبوع المقبل", "وسط ترحيب شعبي")
)
CODE = (
    "$data = json_decode(file_get_contents($path), true);\n// هذا تعليق عربي طويل في الشفرة وهو يشرح ما تفعله\n"
    'return $data["items"];\n'
) * 6
JSON_DUMP = '{"@context":"https://schema.org","headline":"' + ESSAY.replace("\n", " ") + '"}'
ERROR_PAGE = (
    "عذرا، الصفحة التي تبحث عنها غير موجودة. ربما تم نقلها أو حذفها من الموقع منذ فترة، يمكنك العودة إلى الصفحة "
    "الرئيسية أو البحث عن الموضوع الذي تريده من خلال مربع البحث في أعلى هذه الصفحة، وشكرا لكم على التفهم."
)


DEFECTS: tuple[tuple[str, str], ...] = (
    (MENU, "defects.list_of_links"),
    (TAGS, "defects.few_stop_words"),
    (HEADLINES, "defects.list_of_links"),
    (CODE, "defects.symbols"),
    (JSON_DUMP, "defects.symbols"),
    (ERROR_PAGE, "defects.error_page"),
    ("خبر قصير جدا.", "defects.too_short"),
    ("اشتر الآن من متجرنا الكبير بنصف السعر. " * 30, "defects.repeated_phrases"),
    ("\n".join([SENTENCES[0]] * 6 + [SENTENCES[1]]), "defects.repeated_lines"),
    ("\n".join(f"- بند رقم {number} من القائمة الطويلة" for number in range(20)), "defects.bullets"),
    (ESSAY + " ï»¿ Ø§Ù„Ø¹Ø±Ø¨ÙŠØ© Ù„ØºØ©" * 20, "defects.mojibake"),
    (ESSAY + " English words follow here and there in the text" * 12, "defects.arabic_share"),
    ("نعم لا " * 100 + "ا ب ت ث " * 300, "defects.word_length"),
    ("", "defects.empty"),
)


@pytest.mark.parametrize(("text", "rule"), DEFECTS)
def test_each_defect_is_seen(text: str, rule: str) -> None:
    """One case a rule."""
    assert rule in reasons(row(text), select=ANY)


def test_every_rule_has_a_case() -> None:
    """No rule goes untested: those not in the list above are tested below."""
    tested = {name.removeprefix("defects.") for _, name in DEFECTS}
    assert {rule.name for rule in RULES} - tested == {"too_long", "line_ends"}


def test_too_long_by_a_recipe_s_own_measure() -> None:
    """A threshold of the recipe replaces the profile's."""
    assert "defects.too_long" in reasons(row(), select=ANY, rules={"thresholds": {"max_words": 20}})


POEM = "\n".join(
    ["يا ليل طال الليل في بيتنا", "وما أتى من كان في البال", "سألت عنه كل من مر بي", "فما أجابوا غير أحوالي"]
    * 1
    + ["كم مرة قلت لهم إنه", "لا بد أن يأتي مع الفجر", "وها أنا والفجر في غرفتي", "ولا أرى إلا خطى العمر"]
)


def test_a_poem_is_no_menu() -> None:
    """Short lines without ends, but running language."""
    assert not {"defects.list_of_links", "defects.few_stop_words"} & reasons(row(POEM), select=ANY)


def test_an_interview_is_no_list() -> None:
    """A dash before each long answer."""
    assert "defects.bullets" not in reasons(row("\n".join("- " + line for line in SENTENCES * 2)), select=ANY)


def test_fineweb2_judges_line_ends_and_default_does_not() -> None:
    """Lines without a final mark pass by default."""
    text = "\n".join(line.rstrip(".!؟ ") + " هنا" for line in SENTENCES)
    assert "defects.line_ends" not in reasons(row(text), select=ANY)
    assert "defects.line_ends" in reasons(row(text), select=ANY, rules={"profile": "fineweb2"})


def test_profile_none_and_off_switch_defects_off() -> None:
    """The recipe's wishes still hold."""
    assert reasons(row(MENU), select=ANY, rules={"profile": "none"}) == set()
    assert "select.relevance" in reasons(row(MENU, title=None), rules={"profile": "none"})
    kept = reasons(row(MENU), select=ANY, rules={"off": ["list_of_links"]})
    assert "defects.list_of_links" not in kept
    assert "defects.repeated_lines" in kept


def test_posts_may_be_short() -> None:
    """Rules about the shape of articles spare posts."""
    assert judge_document(row("أحب تيك توك جدا والله", record_type="post"), model(select=ANY)).kept
    assert "select.record_type" in reasons(row(record_type="post"), select={"posts": False})


@pytest.mark.parametrize(
    ("day", "select", "rule"),
    [
        ("2025-01-06", {"since": "2025-01-06", "until": "2025-01-06"}, None),
        ("2025-01-05", {"since": "2025-01-06"}, "select.since"),
        ("2025-01-07", {"since": "2025-01-06"}, None),
        ("2025-01-07", {"until": "2025-01-06"}, "select.until"),
        (None, {"until": "2025-01-06"}, "select.undated"),
        (None, {}, None),
    ],
)
def test_dates(day: str | None, select: dict[str, str], rule: str | None) -> None:
    """The printed day is compared, both ends included."""
    moment = Moment(datetime.fromisoformat(day).replace(tzinfo=UTC), "day", day, day) if day else None
    found = {
        reason for reason in reasons(row(published=moment), select=select) if reason.startswith("select.")
    }
    assert found == ({rule} if rule else set())


def test_the_docs_say_by_what_records_are_judged() -> None:
    """The table of docs/rules.md: every rule, its values under both profiles, whom it judges, where it is off."""
    table = (Path(__file__).parent.parent / "docs" / "rules.md").read_text(encoding="utf-8")
    told = [line.strip("| ").split(" | ") for line in table.splitlines() if line.startswith("| `")]
    default, fineweb2 = PROFILES["default"], PROFILES["fineweb2"]
    judged = []
    for rule in RULES:
        values = [
            f"`{name}` = {default[0][name]:.6g}"
            + (f" ({fineweb2[0][name]:.6g})" if fineweb2[0][name] != default[0][name] else "")
            for name in rule.thresholds
        ]
        off = [name for name in ("default", "fineweb2") if rule.name in PROFILES[name][1]]
        judged.append(
            [
                f"`{rule.name}`",
                rule.doc,
                ", ".join(values),
                "yes" if rule.posts else "no",
                ", ".join(off) or "-",
            ]
        )
    assert told == judged


def test_opt_outs_are_honoured_with_their_evidence() -> None:
    """Signals of the capture, of the page and robots.txt; only those the recipe obeys."""
    said = (Signal("noai", "meta", "noai"), Signal("nofollow", "meta", "nofollow"))
    rights = Rights("forbidden", "Disallow: /", (Signal("tdm-reservation", "header", "1"),))
    made = row(signals=said, rights=rights)
    assert reasons(made) == {"optout.noai", "optout.tdm-reservation", "optout.robots"}
    details = {reason.rule: reason.detail for reason in judge_document(made, model()).reasons}
    assert details["noai"] == "meta: noai"
    assert details["robots"] == "Disallow: /"
    assert reasons(made, optout={"obey": []}) == set()


def test_relevance_is_judged_alike_before_and_after_storage() -> None:
    """Values are those a float32 column gives back, so a threshold at the value keeps it both times."""
    import numpy as np

    made = row()
    assert float(np.float32(made["relevance"])) == made["relevance"]
    assert "select.relevance" not in reasons(made, select={"relevance_min": made["relevance"]})


@pytest.mark.parametrize(
    ("rules", "hint"),
    [
        ({"thresholds": {"min_word": 10}}, "did you mean 'min_words'"),
        ({"thresholds": {"max_symbols_share": 1}}, "did you mean 'max_symbol_share'"),
        ({"off": ["to_short"]}, "did you mean 'too_short'"),
    ],
)
def test_unknown_names_are_refused_with_the_nearest(rules: dict[str, Any], hint: str) -> None:
    """A typing slip in `[rules]` stops before any work is done."""
    with pytest.raises(RecipeError, match=hint):
        check_rules(model(rules=rules).rules)


def test_every_threshold_belongs_to_a_rule_and_every_profile_knows_them_all() -> None:
    """No key without effect, no rule without a value."""
    used = {name for rule in RULES for name in rule.thresholds}
    assert used == set(DEFAULT)
    assert all(set(thresholds) == used for thresholds, _ in PROFILES.values())
    assert all(off <= {rule.name for rule in RULES} for _, off in PROFILES.values())


def comment(text: str) -> Row:
    """Return a comment's row."""
    return comment_row(Comment("c", "k", text, "https://a.example/1", Author("سعيد")), ref(), SETTINGS)


def test_comments() -> None:
    """Short ones stay, other languages and empty ones go, and all of them where the recipe wants none."""
    assert judge_comment(comment("أحسنت 👏"), model()).kept
    assert judge_comment(comment("👏👏👏"), model()).kept
    other = judge_comment(comment("This is an English comment about nothing."), model())
    assert [reason.rule for reason in other.reasons] == ["language"]
    assert [reason.rule for reason in judge_comment(comment(" "), model()).reasons] == ["empty"]
    assert not judge_comment(comment("أحسنت"), model(select={"comments": False})).kept


@pytest.mark.parametrize(
    "text", [ESSAY, " ", "This is an English text about nothing at all, and about no one."]
)
@pytest.mark.parametrize("table", ["documents", "comments"])
def test_rules_ask_what_their_verdicts_are_kept_by(table: str, text: str) -> None:
    """With nothing but the columns and the parts of the recipe that a verdict is kept by, it is the same verdict."""
    whole = model(rules={"profile": "fineweb2"}, select={"since": "2025-01-01"})
    made, judge = (row(text), judge_document) if table == "documents" else (comment(text), judge_comment)
    others = {
        name for each in GROUPS if each.name not in RULE_GROUPS[table] for name in each.columns.get(table, ())
    }
    seen = {name: value for name, value in made.items() if name not in others}
    asked = cast(
        "RecipeModel", SimpleNamespace(**{name: getattr(whole, name) for name in RULE_BLOCKS[table]})
    )
    assert judge(seen, asked) == judge(made, whole)
    assert ("about_platforms" in seen) == (table == "documents")
