"""The printed lines of ahewar.org pages: where the header stands, where the text begins and where it ends.

No class name or element of the site is known for sure, so only what readers see counts here: the lines
"الحوار المتمدن-العدد: 8214 - 2025 / 1 / 6 - 00:14" and "المحور: …", the breadcrumb, and what follows a text.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

from lxml.html import HtmlElement

from builder.extract.dates.names import fold, origins

_DAY = r"(?P<day>\d{4}\s*/\s*\d{1,2}\s*/\s*\d{1,2})(?:\s*-\s*(?P<hour>\d{1,2}:\d{2}))?"
ISSUE_LINE = re.compile(rf"الحوار\s*المتمدن\s*-?\s*العدد\s*:?\s*(?P<issue>\d+)\s*-?\s*{_DAY}")
_AXIS_LINE = re.compile(r"^\W*المحور\s*:\s*")
DAY_LINE = re.compile(rf"^\W*{_DAY}\W*$")
_MOBILE = re.compile(r"الحوار\s*المتمدن\s*-\s*موبايل")
_MAIN_SITE = re.compile(r"^\W*الموقع\s+الرييسي\W*$")
_BREADCRUMB = re.compile(r"^\W*الصفحه\s+الرييسيه\s*-\s*")
_COMMENT_CRUMB = re.compile(r"\s-\s*ارشيف\s+التعليقات\s*-\s*")
_MORE = re.compile(r"^\W*المزيد\s*[.…]{2,}\W*$")
_LATIN = re.compile(r"^\(\s*(?P<name>[A-Za-z][^()\u0600-\u06ff]{1,80}?)\s*\)$")
_EMAIL = re.compile(r"^[\w.+\-]+@[\w\-]+\.[\w.\-]+$|^\S*(?:البريد|e-?mail)\S*\s*:?\s*\S+@\S+$", re.IGNORECASE)
_HASHTAGS = re.compile(r"^\W*#.*\(?\s*هاشتاغ\s*\)?")
_HASHTAG = re.compile(r"#\s*(?P<name>[^#()]+?)\s*_?\s*\(\s*هاشتاغ\s*\)")
_AFTERWARDS = re.compile(
    r"^\W*(?:كيف\s+تدعم\W?ي?ن?\s+الحوار|ترجم\s+الموضوع|تابعونا\s+علي\s*:|اشترك\s+في\s+قناه\W|رايكم\s+مهم\s+للجميع"
    r"|الحوار\s+المتمدن\s+مشروع\s+تطوعي|للاطلاع\s+واضافه\s+التعليقات|تعليقات\s+الفيسبوك|نسخه\s+قابله\s+للطباعه"
    r"|عدد\s+الموضوعات\s+المقروءه|ارسل\s+هذا\s+الموضوع|translate\s+the\s+topic)"
)

_CELLS = frozenset(("td", "div", "section", "article"))

_HOUR_LINE = re.compile(r"^\W*\d{1,2}:\d{2}\W*$")
Blocks = list[tuple[HtmlElement, str]]
"""The visible lines of a page, each with its element."""

FIRST_DAY = date(2002, 7, 12)
"""Day from which issue numbers count the days, exactly so from 2024-05-14 to 2025-11-12."""

MOST_AHEAD_DAYS = 220
"""How far issue numbers ran ahead of that count in earlier years: 215 at most over 19 dated articles, 2002-2025."""

MOST_HEADER_LINES = 8
"""Title, author, bio, Latin name, mail and a bar or two: no header seen has more lines above its date."""

SLACK_DAYS = 3
"""A day or two lie between an issue and the day printed beside it."""


@dataclass(frozen=True, slots=True)
class Header:
    """What stands above a text, and the lines between which the text lies."""

    title: str | None
    author: str | None
    bio: str | None
    latin: str | None
    day: str
    issue: str | None
    axis: str | None
    body: tuple[str, ...]
    after: tuple[str, ...]
    variant: str


def find_header(blocks: Blocks, page_title: str = "") -> Header | None:
    """Return header and text of a page of any variant, or None when its printed lines are not there.

    `blocks` are the page's visible lines with their elements, `page_title` what stands in its title element.
    """
    lines = [line for _, line in blocks]
    return _full(blocks, page_title) or _mobile(lines) or _word(lines)


def hashtags(lines: list[str]) -> tuple[str, ...]:
    """Return the hashtags of the line that ends a text, without "#" and the word behind them."""
    line = next((line for line in lines if _HASHTAGS.match(fold(line))), "")
    return tuple(match["name"].strip("_ ") for match in _HASHTAG.finditer(line))


def issue_fits(issue: int, day: date) -> bool:
    """True when an issue number can belong to a day: the site's issues count days since 2002-07-12."""
    ahead = issue - (day - FIRST_DAY).days
    return -SLACK_DAYS <= ahead <= MOST_AHEAD_DAYS


def comment_crumb(lines: list[str]) -> tuple[str, str] | None:
    """Return article and comment title of the breadcrumb "title / author - أرشيف التعليقات - comment", or None."""
    for line in lines:
        match = _COMMENT_CRUMB.search(fold(line))
        if match:
            places = origins(line)
            crumb = _BREADCRUMB.match(fold(line))
            start = places[crumb.end()] if crumb else 0
            return line[start : places[match.start()]].strip(), line[places[match.end()] :].strip()
    return None


def _full(blocks: Blocks, page_title: str) -> Header | None:
    found = _issue_at(blocks)
    if found is None:
        return None
    blocks, anchor, match = found
    lines = [line for _, line in blocks]
    folded = [fold(line) for line in lines]
    axis, start = _axis(lines, folded, anchor + 1)
    title, author, rest = _names(_above(lines, folded, anchor), _crumb(lines, folded, axis), page_title)
    bio, latin = _bio(rest)
    end = _end(folded, start)
    if end == len(folded) or not _HASHTAGS.match(folded[end]):
        end = min(end, _end_of_cell(blocks, anchor, start))
    day = f"{match['day']} - {match['hour']}" if match["hour"] else match["day"]
    return Header(
        title,
        author,
        bio,
        latin,
        day,
        match["issue"],
        axis,
        _text(lines[start:end]),
        tuple(lines[end:]),
        "full",
    )


def _issue_at(blocks: Blocks) -> tuple[Blocks, int, re.Match[str]] | None:
    """Find the issue line, also broken over three lines; what shares a line with it becomes a line of its own."""
    for width in (1, 2, 3):
        for index in range(len(blocks) - width + 1):
            match = _issue_in(blocks, index, width)
            if match is None:
                continue
            longer = None if match["hour"] else _issue_in(blocks, index, width + 1)
            if longer is not None and longer["hour"] and _HOUR_LINE.match(fold(blocks[index + width][1])):
                width, match = width + 1, longer
            return _with_issue_line(blocks, index, width, match)
    return None


def _issue_in(blocks: Blocks, index: int, width: int) -> re.Match[str] | None:
    return ISSUE_LINE.search(fold(" ".join(line for _, line in blocks[index : index + width])))


def _with_issue_line(
    blocks: Blocks, index: int, width: int, match: re.Match[str]
) -> tuple[Blocks, int, re.Match[str]]:
    """Return the lines with the issue line standing alone, its index, and the match."""
    joined = " ".join(line for _, line in blocks[index : index + width])
    places = origins(joined)
    before, after = joined[: places[match.start()]].strip(" |"), joined[places[match.end()] :].strip(" |")
    first, last = blocks[index][0], blocks[index + width - 1][0]
    middle = [*([(first, before)] if before else []), (first, match[0]), *([(last, after)] if after else [])]
    return [*blocks[:index], *middle, *blocks[index + width :]], index + bool(before), match


def _end_of_cell(blocks: Blocks, anchor: int, start: int) -> int:
    """Return the line behind the cell that holds the text where it has one of its own, else the last line.

    The cell is the largest td or div round the text's first line that leaves out the issue line; one with a
    single line is a line of the text and not its cell.
    """
    if start >= len(blocks):
        return len(blocks)
    header = {blocks[anchor][0], *blocks[anchor][0].iterancestors()}
    chain = [
        element for element in (blocks[start][0], *blocks[start][0].iterancestors()) if element not in header
    ]
    cell = next((element for element in reversed(chain) if element.tag in _CELLS), None)
    if cell is None:
        around = (blocks[start][0], *blocks[start][0].iterancestors())
        cell = next((element for element in around if element.tag in _CELLS), None)
    if cell is None:
        return len(blocks)
    inside = set(cell.iter())
    end = start
    while end < len(blocks) and blocks[end][0] in inside:
        end += 1
    return end if end - start > 1 else len(blocks)


def _axis(lines: list[str], folded: list[str], start: int) -> tuple[str | None, int]:
    """Return the axis and the line behind it; the label may stand on a line of its own."""
    for index in range(start, min(start + 3, len(lines))):
        match = _AXIS_LINE.match(folded[index])
        if match is None:
            continue
        axis = lines[index][origins(lines[index])[match.end()] :].strip()
        if axis:
            return axis, index + 1
        following = next((i for i in range(index + 1, len(lines)) if _is_words(lines[i])), None)
        return (None, index + 1) if following is None else (lines[following], following + 1)
    return None, start


def _above(lines: list[str], folded: list[str], anchor: int) -> list[str]:
    """Return the lines of the header above the issue line: behind "المزيد.....", the breadcrumb or the top."""
    start = max(0, anchor - MOST_HEADER_LINES)
    for index in range(anchor - 1, -1, -1):
        if (
            _MORE.match(folded[index])
            or _BREADCRUMB.match(folded[index])
            or _COMMENT_CRUMB.search(folded[index])
        ):
            start = max(start, index + 1)
            break
    return [line for line in lines[start:anchor] if _is_words(line)]


def _is_words(line: str) -> bool:
    return any(char.isalnum() for char in line)


def _crumb(lines: list[str], folded: list[str], axis: str | None) -> str | None:
    """Return "author - title" of the breadcrumb, which axis and title may fill with dashes of their own."""
    for line, plain in zip(lines, folded, strict=True):
        match = _BREADCRUMB.match(plain)
        if match is None:
            continue
        rest = line[origins(line)[match.end()] :].strip()
        if axis and fold(rest).startswith(fold(axis)):
            cut = origins(rest)[len(fold(axis))]
            return re.sub(r"^\s*-\s*", "", rest[cut:])
    return None


def _names(head: list[str], crumb: str | None, page_title: str) -> tuple[str | None, str | None, list[str]]:
    """Return title, author and the lines behind them, proved by the breadcrumb where there is one."""
    if crumb:
        for at, author in enumerate(head):
            if not fold(crumb).startswith(fold(author) + " - "):
                continue
            title = crumb[len(author) :].lstrip(" -").strip()
            return (
                next((line for line in head[:at] if _same(line, title)), title) or None,
                author,
                head[at + 1 :],
            )
    while (
        len(head) > 2
        and page_title
        and not _same_part(head[0], page_title)
        and any(_same_part(line, page_title) for line in head[1:-1])
    ):
        head = head[1:]
    if len(head) == 1:
        return _title_from_page(page_title, head[0]), head[0], []
    return (head[0], head[1], head[2:]) if head else (None, None, [])


def _same(one: str, other: str) -> bool:
    return re.sub(r"\W+", "", fold(one)) == re.sub(r"\W+", "", fold(other))


def _same_part(part: str, whole: str) -> bool:
    return re.sub(r"\W+", "", fold(part)) in re.sub(r"\W+", "", fold(whole))


def _title_from_page(page_title: str, author: str) -> str | None:
    """Return the title element's text without author and site name."""
    rest = page_title.replace(author, "")
    rest = re.sub(r"(?:^|\s-\s|\s\|\s)\s*الحوار المتمدن\s*(?:$|\s-\s|\s\|\s)", " ", rest)
    return rest.strip(" -|:/") or None


def _bio(rest: list[str]) -> tuple[str | None, str | None]:
    """Return the line about the author and the name in Latin letters."""
    latin = next((match["name"].strip() for match in map(_LATIN.match, rest) if match), None)
    bio = [line for line in rest if not _LATIN.match(line) and not _EMAIL.match(line)]
    return " ".join(bio) or None, latin


def _end(folded: list[str], start: int) -> int:
    """Return the line behind the last of the text: hashtags, what the site prints after a text, or the end."""
    for index in range(start, len(folded)):
        line = folded[index]
        if _HASHTAGS.match(line) or _AFTERWARDS.match(line) or _MORE.match(line) or _BREADCRUMB.match(line):
            return index
    return len(folded)


def _text(lines: list[str]) -> tuple[str, ...]:
    kept = [line for line in lines if line.strip(" |")]
    return tuple(kept)


def _mobile(lines: list[str]) -> Header | None:
    folded = [fold(line) for line in lines]
    top = next((i for i, line in enumerate(folded) if _MOBILE.search(line)), None)
    if top is None:
        return None
    day = next((i for i in range(top + 1, len(lines)) if DAY_LINE.match(folded[i])), None)
    if day is None:
        return None
    head = [
        line
        for i, line in enumerate(lines[top + 1 : day], top + 1)
        if _is_words(line) and not _MAIN_SITE.match(folded[i])
    ]
    axis, start = _axis(lines, folded, day + 1)
    if axis is None and start < len(lines):
        axis, start = lines[start], start + 1
    if len(head) < 2:
        return None
    bio, latin = _bio(head[2:])
    end = _end(folded, start)
    return Header(
        head[0],
        head[1],
        bio,
        latin,
        folded[day].strip(),
        None,
        axis,
        _text(lines[start:end]),
        tuple(lines[end:]),
        "mobile",
    )


def _word(lines: list[str]) -> Header | None:
    folded = [fold(line) for line in lines]
    day = next((i for i in range(min(MOST_HEADER_LINES, len(lines))) if DAY_LINE.match(folded[i])), None)
    if day is None:
        return None
    head = [
        line
        for line in lines[:day]
        if _is_words(line) and not _EMAIL.match(line) and not line.startswith("http")
    ]
    if len(head) < 2:
        return None
    bio, latin = _bio(head[2:])
    end = _end(folded, day + 1)
    return Header(
        head[0],
        head[1],
        bio,
        latin,
        folded[day].strip(),
        None,
        None,
        _text(lines[day + 1 : end]),
        tuple(lines[end:]),
        "word",
    )
