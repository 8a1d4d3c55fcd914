"""The prose of the dataset card that is the same for every dataset Hiwar builds. Kept apart from the figures.

What a dataset is about stands in {braces}: builder/release/topic.py has the words.
"""

from __future__ import annotations

from builder.release.cardinput import CardInput

PLOT_TITLES = {
    "months": "Documents over time by {thing}",
    "sources": "Documents by source",
    "lengths": "Lengths of the texts",
}

ARABIC_SUMMARY = """
<div dir="rtl" lang="ar">

## ملخص بالعربية

**{name}** مجموعة بيانات مفتوحة البناء لما يكتبه الناس بالعربية عن {arabic}: مقالات ومنشورات وتعليقات.

- عدد الوثائق: {documents}
- عدد التعليقات: {comments}
- عدد المصادر: {sources}، وعدد المواقع: {sites}
- مدّة النشر: {period}
- أكثر {arabic_things} ذكرًا: {platforms}
- الإصدار: {version}

يحمل كل سجل عنوان صفحته الأصلية وتاريخ جمعه وموضعه في الأرشيف وما أعلنه ناشره عن استعمال نصّه. النص كما كُتب: لم يُحذف
التشكيل ولا التطويل ولم تُوحَّد الحروف. استُبدلت بأرقام الهواتف وعناوين البريد والحسابات علامات ثابتة، ولا تُنشر أسماء
المعلّقين. تبقى حقوق النصوص لأصحابها. لطلب حذف نص أو اسم: {contact}. يُحترم الطلب في كل إصدار لاحق.

</div>
"""

DESCRIPTION = """\
What people write in Arabic about {about} (articles, essays, posts and the comments under them) read
from archived web pages. The text is what the author wrote: diacritics, tatweel, digits and letter variants
stay, navigation and boilerplate are cut, private data is replaced by fixed placeholders. Everything computed
about a text (language votes, mentions of {things}, relevance, quality signals) stands in columns of its own,
so that other choices than ours can be made from the same data."""

DIRECT_USE = """\
- Studies of how {things} are discussed in Arabic: over time, between {things}, between kinds of places.
- Retrieval, classification by {thing} or topic, and named-entity work on {thing} names (`mentions` gives
  offsets into `text`).
- Language modelling on signed opinion prose, within the licences below.
- Work on web archives: every record points at its WARC record."""

OUT_OF_SCOPE = """\
- Identifying, profiling or contacting the people who wrote the texts or the comments, or joining the keyed
  pseudonyms with other data.
- Inferring religion, politics, health, origin or other sensitive traits of a person.
- Measuring public opinion: the sources are chosen, not sampled, and opt-outs remove some voices.
- Dialect identification: `dialect_markers` is evidence, not a label."""

LOADING = """\
```python
{examples}
```

Name a `revision` to get the same bytes always; without one you get the newest version. Parts of it:

```python
recent = load_dataset(
    "releases/{version}", "documents", split="{split}",
    columns=["id", "title", "text", "published_at", "about_platforms"],
    filters=[("lang", "==", "{language}")],
)
stream = load_dataset("releases/{version}", "documents", split="{split}", streaming=True)
```

`comments.document_id` joins with `documents.id`. `manifest.json` has the SHA-256 of every file and a content
hash that does not depend on the Parquet writer; `hiwar verify` checks both."""

STRUCTURE = """\
Shards are cut by month of publication (UTC), records in them are ordered by time and id; records without a
date have a shard of their own. `id` is stable across versions: the same page or post keeps it. Where two pages
carry the same text one record is kept, and `cluster_id`, `cluster_size` and `cluster_urls` name the others."""

RATIONALE = """\
{scattered} is scattered over opinion sites, blogs and posts, much of it on sites
without dates, titles or markup a general crawler understands. Corpora built from general crawls lose a large
part of it to filters made for other languages, and keep no record of where a text came from or why another
was left out. This dataset keeps both."""

REACHES = {
    "network": """\
Pages are fetched politely (robots.txt by RFC 9309, Crawl-delay, Retry-After, one request at a time for each
host, a contact address in the User-Agent) and kept as WARC records before anything is read from them.""",
    "archives": "Web archives made earlier or by others are read where they lie.",
    "files": "Exports and saved files are first put into WARC records of their own, with their time of collection.",
}
"""How a kind of source is reached -> how its texts were collected."""

READING = """\
The build reads these archives offline; the same archives, recipe and version of the code give the same bytes.
Text is extracted by rules for known sites, else by trafilatura and rules of our own; lines that a site repeats
on many pages are cut; the language is decided by the letters and by langdetect with a fixed seed. Settings of
this build:"""


def collection(given: CardInput) -> str:
    """Return how the texts were collected, by the kinds of sources the recipe has, and how they were read."""
    reaches = {source.reach for source in given.recipe.sources}
    return " ".join([*(text for reach, text in REACHES.items() if reach in reaches), READING])


FUNNEL = """\
At every stage kept + dropped + failed = read. Every record left out is kept by the maintainers with all its
reasons; `hiwar explain URL` tells the story of one page."""

PRODUCERS = """\
People who published under their names on the sites listed above, people who posted on platforms, and readers
who commented. No demographic information was asked for or inferred."""

ANNOTATIONS = """\
There are no labels by people. Computed columns: language votes (letters, langdetect, pycld2 where installed),
mentions of {things} by {lexicon} of Arabic spellings, relevance as five parts and their sum, quality
signals, counts of replaced personal data. Each is one function of the code, described in the table of columns."""

ANNOTATORS = "Programs; see the version of Hiwar above."

PRIVACY = """\
The names of commenters and the accounts of private people are never published: a keyed hash (HMAC-SHA-256,
the key stays with the maintainers) stands in their place. Bylines of signed articles are kept as printed, since
they are attribution; an author can ask for theirs to be removed. E-mail addresses, telephone numbers, bank
accounts, payment cards, national identity numbers, public IP addresses and handles in the text are replaced by
fixed placeholders. Recognition is by pattern and is not complete. The texts may hold opinions on politics and
religion, of people who chose to publish them. Pseudonymised data is still personal data."""

RELEASE_KEY = """\
The key is bound to this dataset and its recipe: a commenter keeps a pseudonym while the recipe's choices stay the
same, and cannot be found by it in another dataset."""

STABLE_KEY = """\
One key serves every recipe of the maintainers that uses its key file: a commenter has the same pseudonym in all
these datasets and all their versions."""

RIGHTS = """\
The licence of the compilation covers the selection, the computed columns and the documentation. It does not
cover the texts: these keep the rights of their authors and publishers, and each record carries the licence and
terms known for it in `rights`. "Not stated" means that neither the page nor the recipe names a licence; it does
not mean free."""

OPTOUT = """\
What publishers say about use by machines is read from robots.txt, response headers, meta elements, ai.txt and
TDM-Reservation files at the time of capture, and kept with every record in `rights.signals`."""

TAKEDOWN = """\
{how} with the address or the `id` of the record, or the name of the author. The record is left out of every
later version, with the comments under it; a copy at another address is another record, so name it too. The id
is listed in `removed.jsonl`, the content is not. Versions published earlier hold it under their tags until the
maintainers replace them. If you use this data, compare your copy with `removed.jsonl` when a new version
appears, and delete what it names."""

LIMITATIONS = """\
- The sources are few and chosen; they lean to written, educated, Modern Standard Arabic and to people who
  publish opinions. Dialects, short posts and closed platforms are under-represented.
- {ambiguous} count only beside a cue, so some mentions are
  missed.
- Dates come from what pages print. Where no zone is printed the time is taken as UTC
  (`published_zone_source` says so); some pages have no date.
- Language decision, extraction and duplicate detection make errors; thresholds were set on samples of modest
  size. Quality columns describe form, not truth: the texts hold claims that are wrong, hateful or manipulative.
- Opt-outs and takedowns remove records; the rest is not a sample of what was once online."""

RECOMMENDATIONS = """\
Report the version you used. Filter by the columns rather than taking the selection as given. Weigh sources:
a few sites give most of the texts. Look at `cluster_size` before counting opinions, and honour later removals."""

VERSIONS = """\
The number follows the records: patch, the same records; minor, records were only added; major, records were
changed or removed. `CHANGELOG.md` tells what happened, `removed.jsonl` lists removed ids with reasons. Every
version is a tag `vX.Y.Z` on the Hub."""

GLOSSARY = """\
- **Capture**: one answer of a server, kept as a WARC record.
- **Document**: an article, post, thread or video description; **comment**: a reader's answer under it.
- **Mention**: a {thing}'s name in the text, with offsets; *topic* where the text speaks about it,
  *attribution* where it is only named as a source.
- **Relevance**: 0 to 10, how much a text is about {those}; the sum of five published parts.
- **Opt-out**: a signal by which a publisher asks machines not to use a page."""

MORE = """\
`report.html` shows this version with charts, `croissant.json` describes it for machines (Croissant 1.1 with
the RAI fields), `manifest.json` lists every file, count and hash."""
