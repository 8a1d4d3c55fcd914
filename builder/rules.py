"""Why a record is left out: each rule a pure function, every rule runs, every reason is kept.

`select` rules are the recipe's wishes, `optout` rules what publishers asked for, `defects` what is wrong with
the text. Few rules drop; most of what is measured stays a column. Thresholds come from the profile and from
`[rules] thresholds`; docs/rules.md has a table of them, docs/measurements/arabic.md what they drop.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from builder.errors import RecipeError
from builder.model import Decision, Reason

if TYPE_CHECKING:
    from collections.abc import Iterable

    from builder.recipe import RecipeModel, RulesBlock
    from builder.schema import Row

SELECT, OPTOUT, DEFECTS = "select", "optout", "defects"

Thresholds = Mapping[str, float]
Check = Callable[["Row", Thresholds], str | None]


@dataclass(frozen=True, slots=True)
class Rule:
    """One defect rule: its name, what it looks for, the thresholds it reads, and its function.

    The function returns what was measured against what, or None. `posts`: whether posts and threads are judged.
    """

    name: str
    doc: str
    thresholds: tuple[str, ...]
    check: Check
    posts: bool = True


def _below(row: Row, name: str, limits: Thresholds, threshold: str) -> str | None:
    value = _value(row, name)
    return f"{value:.3g} < {limits[threshold]:g}" if value < limits[threshold] else None


def _above(row: Row, name: str, limits: Thresholds, threshold: str) -> str | None:
    value = _value(row, name)
    return f"{value:.3g} > {limits[threshold]:g}" if value > limits[threshold] else None


def _value(row: Row, name: str) -> float:
    quality: dict[str, Any] = row["quality"]
    return float(quality[name] if name in quality else row[name])


def _too_short(row: Row, limits: Thresholds) -> str | None:
    return _below(row, "word_count", limits, "min_words")


def _too_long(row: Row, limits: Thresholds) -> str | None:
    return _above(row, "word_count", limits, "max_words")


def _empty(row: Row, limits: Thresholds) -> str | None:
    return _below(row, "word_count", limits, "min_post_words")


def _repeated_lines(row: Row, limits: Thresholds) -> str | None:
    return _above(row, "duplicate_line_share", limits, "max_duplicate_line_share")


def _repeated_phrases(row: Row, limits: Thresholds) -> str | None:
    if row["word_count"] < limits["min_words_for_phrases"]:
        return None
    return _above(row, "top_ngram_share", limits, "max_top_ngram_share")


def _symbols(row: Row, limits: Thresholds) -> str | None:
    opening = _CODE_OPENING.match(row["text"])
    if opening:
        return f"begins with {opening.group().strip()!r}"
    return _above(row, "symbol_share", limits, "max_symbol_share")


def _mojibake(row: Row, limits: Thresholds) -> str | None:
    return _above(row, "mojibake_share", limits, "max_mojibake_share")


def _few_stop_words(row: Row, limits: Thresholds) -> str | None:
    return _below(row, "stop_word_share", limits, "min_stop_word_share")


def _word_length(row: Row, limits: Thresholds) -> str | None:
    return _below(row, "mean_word_chars", limits, "min_mean_word_chars") or _above(
        row, "mean_word_chars", limits, "max_mean_word_chars"
    )


def _list_of_links(row: Row, limits: Thresholds) -> str | None:
    """Return why the lines are no prose: very short ones (menus), or short ones without ends (headlines).

    Poems have short lines without ends as well; what tells them apart is their function words.
    """
    lines = _value(row, "lines")
    if lines < limits["min_lines_for_lists"]:
        return None
    words_a_line, ended = row["word_count"] / lines, _value(row, "terminal_line_share")
    menu = words_a_line < limits["max_menu_words"] and ended < limits["max_menu_terminal_share"]
    headlines = (
        words_a_line < limits["max_headline_words"]
        and ended < limits["max_headline_terminal_share"]
        and _value(row, "stop_word_share") < limits["max_headline_stop_word_share"]
    )
    return f"{words_a_line:.3g} words a line, {ended:.3g} of them ended" if menu or headlines else None


def _error_page(row: Row, limits: Thresholds) -> str | None:
    """Return the words of an error or waiting page that a short text opens with."""
    if row["word_count"] > limits["max_error_page_words"]:
        return None
    match = _ERROR_WORDS.search(f"{row['title'] or ''}\n{row['text'][:_ERROR_CHARS]}")
    return match.group() if match else None


def _line_ends(row: Row, limits: Thresholds) -> str | None:
    return _below(row, "terminal_line_share", limits, "min_terminal_line_share")


def _bullets(row: Row, limits: Thresholds) -> str | None:
    """Interviews have a dash before every line too, but long lines."""
    if row["word_count"] >= limits["max_bullet_words"] * _value(row, "lines"):
        return None
    return _above(row, "list_line_share", limits, "max_list_line_share")


def _arabic_share(row: Row, limits: Thresholds) -> str | None:
    return _below(row, "arabic_share", limits, "min_arabic_share")


_CODE_OPENING = re.compile(
    r"\s*(?:[{\[]\s*[{\"\[]|<[!?/a-z]|(?:function|var|let|const|import|def|class)\s+\w)", re.IGNORECASE
)
_ERROR_CHARS = 200
_ERROR_WORDS = re.compile(
    r"(?<!\d)40[34](?!\d)|not found|page doesn|forbidden|access denied|just a moment|enable javascript|"
    r"service unavailable|internal server error|الصفحة (?:المطلوبة |التي \w+ (?:عنها )?)?غير (?:موجودة|متوفرة|متاحة)|"
    r"لم يتم العثور على|لم نعثر على|"
    r"لا توجد نتائج|(?:تفعيل|فعل|تمكين) (?:ال)?جافا|تحت الصيانة|خطأ في (?:الاتصال|الخادم|قاعدة)|"
    r"تم حذف (?:هذه|هذا) (?:الصفحة|الموضوع)",
    re.IGNORECASE,
)

RULES: tuple[Rule, ...] = (
    Rule(
        "too_short", "An article of few words: teasers, error pages.", ("min_words",), _too_short, posts=False
    ),
    Rule(
        "error_page",
        "An error, waiting or empty-result page.",
        ("max_error_page_words",),
        _error_page,
        posts=False,
    ),
    Rule("too_long", "A whole book, or many pages in one.", ("max_words",), _too_long),
    Rule("empty", "No words at all.", ("min_post_words",), _empty),
    Rule("repeated_lines", "Lines that repeat others.", ("max_duplicate_line_share",), _repeated_lines),
    Rule(
        "repeated_phrases",
        "One phrase makes much of the text.",
        ("max_top_ngram_share", "min_words_for_phrases"),
        _repeated_phrases,
    ),
    Rule("symbols", "Code, markup or ornaments.", ("max_symbol_share",), _symbols, posts=False),
    Rule("mojibake", "Decoded with the wrong character set.", ("max_mojibake_share",), _mojibake),
    Rule(
        "few_stop_words",
        "No running text: lists of names, menus, tags.",
        ("min_stop_word_share",),
        _few_stop_words,
        posts=False,
    ),
    Rule(
        "word_length",
        "Words too short or too long.",
        ("min_mean_word_chars", "max_mean_word_chars"),
        _word_length,
        posts=False,
    ),
    Rule(
        "list_of_links",
        "Short lines that do not end as sentences do: menus, indexes, headlines.",
        (
            "min_lines_for_lists",
            "max_menu_words",
            "max_menu_terminal_share",
            "max_headline_words",
            "max_headline_terminal_share",
            "max_headline_stop_word_share",
        ),
        _list_of_links,
        posts=False,
    ),
    Rule(
        "line_ends",
        "Few lines end as sentences or clauses do.",
        ("min_terminal_line_share",),
        _line_ends,
        posts=False,
    ),
    Rule(
        "bullets",
        "Nearly all lines are list items.",
        ("max_list_line_share", "max_bullet_words"),
        _bullets,
        posts=False,
    ),
    Rule("arabic_share", "Too much of it in other scripts.", ("min_arabic_share",), _arabic_share),
)

DEFAULT: Thresholds = {
    "min_words": 25,
    "max_words": 100_000,
    "min_post_words": 1,
    "max_duplicate_line_share": 0.304,
    "max_top_ngram_share": 0.2,
    "min_words_for_phrases": 30,
    "max_symbol_share": 0.09,
    "max_mojibake_share": 0.05,
    "min_stop_word_share": 0.04,
    "min_mean_word_chars": 2,
    "max_mean_word_chars": 9,
    "min_lines_for_lists": 8,
    "max_menu_words": 4,
    "max_menu_terminal_share": 0.5,
    "max_headline_words": 13,
    "max_headline_terminal_share": 0.2,
    "max_headline_stop_word_share": 0.15,
    "max_error_page_words": 100,
    "min_terminal_line_share": 0,
    "max_list_line_share": 0.9,
    "max_bullet_words": 15,
    "min_arabic_share": 0.5,
}
FINEWEB2: Thresholds = {
    **DEFAULT,
    "min_words": 50,
    "min_terminal_line_share": 0.143,
    "max_top_ngram_share": 0.146,
    "max_symbol_share": 0.1,
}
"""FineWeb-2's values for Arabic (configs/arb_Arab.yml) where a column of ours measures the same."""
PROFILES: Mapping[str, tuple[Thresholds, frozenset[str]]] = {
    "default": (DEFAULT, frozenset({"line_ends"})),
    "fineweb2": (FINEWEB2, frozenset({"list_of_links", "mojibake", "arabic_share", "error_page"})),
    "none": (DEFAULT, frozenset(rule.name for rule in RULES)),
}
"""Thresholds of each profile and the rules it leaves off."""


def check_rules(block: RulesBlock) -> None:
    """Check the names in a recipe's `[rules]`.

    Raises RecipeError for an unknown threshold or rule, with the nearest known one.
    """
    _known(block.thresholds, DEFAULT, "rules.thresholds")
    _known(block.off, [rule.name for rule in RULES], "rules.off")


def _known(names: Iterable[str], known: Iterable[str], where: str) -> None:
    known = list(known)
    for name in names:
        if name not in known:
            close = difflib.get_close_matches(name, known, n=1, cutoff=0.4)
            hint = f"; did you mean {close[0]!r}?" if close else ""
            raise RecipeError(
                f"{where} names {name!r}, which is not known{hint}",
                where=f"[{where}]",
                what_next=f"Known: {', '.join(sorted(known))}.",
            )


def judge_document(row: Row, model: RecipeModel) -> Decision:
    """Return every reason against a document row; none means it is kept."""
    reasons = [*_select_document(row, model), *_opted_out(row, model), *_defects(row, model)]
    return Decision(tuple(reasons))


def judge_comment(row: Row, model: RecipeModel) -> Decision:
    """Return every reason against a comment row. Comments too short for a language ("und") are kept."""
    reasons = []
    if not model.select.comments:
        reasons.append(Reason(SELECT, "comments", "the recipe keeps no comments"))
    if row["lang"] not in (*model.select.languages, "und"):
        reasons.append(_language_reason(row))
    if not row["text"].strip():
        reasons.append(Reason(DEFECTS, "empty", "no text"))
    return Decision((*reasons, *_opted_out(row, model)))


def _language_reason(row: Row) -> Reason:
    votes = row["lang_votes"]
    langdetect = votes["langdetect"] or "nothing to go by"
    return Reason(
        SELECT, "language", f"{row['lang']} (letters: {votes['letters']}, langdetect: {langdetect})"
    )


def _select_document(row: Row, model: RecipeModel) -> Iterable[Reason]:
    select = model.select
    if row["lang"] not in select.languages:
        yield _language_reason(row)
    if row["relevance"] < select.relevance_min:
        yield Reason(SELECT, "relevance", f"{row['relevance']:.3g} < {select.relevance_min:g}")
    if not select.posts and row["record_type"] in ("post", "thread"):
        yield Reason(SELECT, "record_type", f"{row['record_type']}, and the recipe keeps no posts")
    yield from _dates(row, select.since, select.until)


def _dates(row: Row, since: str | None, until: str | None) -> Iterable[Reason]:
    """Compare the printed day with the span asked for, both ends included."""
    if since is None and until is None:
        return
    day = row["published_day"] or (row["published_at"].date().isoformat() if row["published_at"] else None)
    if day is None:
        yield Reason(SELECT, "undated", "the recipe asks for a span of dates, the record has none")
    elif since is not None and day < since:
        yield Reason(SELECT, "since", f"{day} < {since}")
    elif until is not None and day > until:
        yield Reason(SELECT, "until", f"{day} > {until}")


def _opted_out(row: Row, model: RecipeModel) -> Iterable[Reason]:
    rights = row["rights"]
    for signal in rights["signals"]:
        if signal["name"] in model.optout.obey:
            yield Reason(OPTOUT, signal["name"], f"{signal['where']}: {signal['value']}")
    if rights["robots"] == "forbidden" and "robots" in model.optout.obey:
        yield Reason(OPTOUT, "robots", rights["robots_rule"] or "forbidden by robots.txt")


def _defects(row: Row, model: RecipeModel) -> Iterable[Reason]:
    thresholds, off = PROFILES[model.rules.profile]
    limits = {**thresholds, **model.rules.thresholds}
    skipped = off | set(model.rules.off)
    article = row["record_type"] == "article"
    for rule in RULES:
        if rule.name in skipped or not (article or rule.posts):
            continue
        detail = rule.check(row, limits)
        if detail:
            yield Reason(DEFECTS, rule.name, detail)
