"""Copies are found however they were altered, quotations are not copies, and the survivor follows a stated order."""

from __future__ import annotations

import itertools
from datetime import timedelta
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from releasekit import START, document, words, write_rows

from builder.dedup import Fingerprint, cluster, fingerprint, jaccard
from builder.recipe import DedupBlock
from builder.schema import Row
from builder.text import fold_text
from builder.text import words as split_words

TEXT = words(7, 200)


def clusters_of(folder: Path, rows: list[Row], settings: DedupBlock | None = None) -> list[Row]:
    """Write rows as one part, find the copies among them, and return the rows of the result."""
    part = write_rows(folder / "rows" / "part.parquet", "documents", rows)
    return list(pq.read_table(cluster([part], settings or DedupBlock(), folder / "work")).to_pylist())


def survivors(rows: list[Row], found: list[Row]) -> set[str]:
    """Return the ids that stay: all but the copies."""
    gone = {row["id"] for row in found if not row["survivor"]}
    return {row["id"] for row in rows} - gone


def true_similarity(left: str, right: str) -> float:
    """Return the share of common word 5-grams, computed with plain sets of words."""
    grams = []
    for text in (left, right):
        tokens = split_words(fold_text(text))
        grams.append({tuple(tokens[at : at + 5]) for at in range(len(tokens) - 4)})
    return len(grams[0] & grams[1]) / len(grams[0] | grams[1])


@pytest.mark.parametrize(
    "disguise",
    [
        lambda text: text.replace(" ", " ، "),
        lambda text: text.replace("ا", "أ"),
        lambda text: text.replace("ة", "ه"),
        lambda text: text.replace("ي", "ى"),
        lambda text: text.replace("ن", "نـــ"),
        lambda text: text.replace("م", "مَ"),
        lambda text: text.replace(" ", "\n", 5),
        lambda text: f"«{text}»؟!",
        lambda text: text.replace("ل", "\u200fل"),
    ],
    ids=["commas", "hamza", "marbuta", "maksura", "tatweel", "harakat", "lines", "quotes", "bidi"],
)
def test_spelling_does_not_hide_a_copy(disguise) -> None:  # type: ignore[no-untyped-def]
    """Punctuation, tatweel, marks and letter variants give the same exact key."""
    assert fingerprint(disguise(TEXT)).exact == fingerprint(TEXT).exact


def test_a_changed_word_is_no_exact_copy() -> None:
    """The exact key is about the words."""
    assert fingerprint(TEXT + " زيادة").exact != fingerprint(TEXT).exact


def test_the_signature_never_drifts() -> None:
    """The numbers are written down: no new version of a dependency may change what counts as a copy."""
    found = fingerprint("قالت الكاتبة إن المنصة تغيّر طريقة الحوار بين الناس كل يوم")
    assert found.exact == EXACT
    assert found.words == 11
    assert found.bands[:3] == BANDS
    assert found.shingles[:8].hex() == SHINGLES


EXACT = "2cc526d1e8f217fd8041c9dd67982d3d"
BANDS = (7013994478395884810, 6531321899025325549, 8445931564336788839)
SHINGLES = "cdf8cc40c62a675c"


@pytest.mark.parametrize("text", ["", "؟!", "كلمة", "كلمة واحدة فقط هنا"])
def test_tiny_texts_have_a_fingerprint(text: str) -> None:
    """Texts without words or with fewer than a shingle's do not stop the worker."""
    found = fingerprint(text)
    assert isinstance(found, Fingerprint)
    assert found.words == len(text.split()) - (text == "؟!")


def test_similarity_is_the_true_one() -> None:
    """`jaccard` on the hashed shingles agrees with plain sets of words."""
    others = [TEXT, " ".join(TEXT.split()[:150]), TEXT + " " + words(8, 50), words(9, 200)]
    for left, right in itertools.combinations(others, 2):
        found = jaccard(fingerprint(left).shingles, fingerprint(right).shingles)
        assert found == pytest.approx(true_similarity(left, right))


def test_empty_texts_have_nothing_in_common() -> None:
    """No shingles means no similarity, also with itself."""
    assert jaccard(b"", b"") == 0.0


ALTERED = {
    "edited": " ".join("كلمة" if at % 60 == 30 else word for at, word in enumerate(TEXT.split())),
    "cut": " ".join(TEXT.split()[:180]),
    "footer": TEXT + "\nجميع الحقوق محفوظة للموقع ولا يجوز النقل دون إذن",
    "header": "خاص بالموقع من مراسلنا في المدينة\n" + TEXT,
    "reencoded": TEXT.encode("cp1256").decode("cp1256").replace("ا", "أ"),
}


@pytest.mark.parametrize("kind", sorted(ALTERED))
def test_altered_copies_are_found(tmp_path: Path, kind: str) -> None:
    """Edits, truncation, added lines and another spelling leave a copy a copy; another title does too."""
    rows = [document(1, text=TEXT), document(2, text=ALTERED[kind], title="عنوان آخر تماما")]
    found = clusters_of(tmp_path, rows)
    assert [row["id"] for row in found] == [rows[0]["id"], rows[1]["id"]]
    assert [row["survivor"] for row in found] == [True, False]
    assert {row["cluster_size"] for row in found} == {2}


def test_a_quotation_is_not_a_copy(tmp_path: Path) -> None:
    """A short text that stands in a longer one stays beside it."""
    rows = [document(1, text=words(3, 40)), document(2, text=words(3, 40) + " " + words(4, 160))]
    assert clusters_of(tmp_path, rows) == []


def test_texts_on_one_subject_are_not_copies(tmp_path: Path) -> None:
    """Articles from the same small vocabulary with a common opening formula stay apart."""
    opening = "في حديث خاص مع الموقع قال الكاتب إن "
    rows = [document(n, text=opening + words(n, 120)) for n in range(30)]
    assert clusters_of(tmp_path, rows) == []


def test_greetings_are_not_copies(tmp_path: Path) -> None:
    """Texts of fewer than five words are no evidence of copying."""
    rows = [document(n, text="صباح الخير يا أصدقاء") for n in range(3)]
    assert clusters_of(tmp_path, rows) == []


def test_the_earliest_publication_survives(tmp_path: Path) -> None:
    """Dates come first; a record without a date comes after all that have one."""
    rows = [
        document(1, text=TEXT, published_at=None),
        document(2, text=TEXT, published_at=START),
        document(3, text=TEXT, published_at=START - timedelta(days=400)),
    ]
    assert survivors(rows, clusters_of(tmp_path, rows)) == {rows[2]["id"]}


def test_the_most_complete_survives_among_equally_old(tmp_path: Path) -> None:
    """With one date the record with more of title, author and section stays, then the longer, then the lower id."""
    rows = [
        document(1, text=TEXT, published_at=START, title=None),
        document(2, text=TEXT, published_at=START, section="رأي"),
        document(3, text=TEXT, published_at=START),
    ]
    assert survivors(rows, clusters_of(tmp_path, rows)) == {rows[1]["id"]}
    longer = [document(4, text=TEXT, published_at=START), document(5, text=TEXT + "!!", published_at=START)]
    assert survivors(longer, clusters_of(tmp_path / "b", longer)) == {longer[1]["id"]}
    equal = [document(6, text=TEXT, published_at=START), document(7, text=TEXT, published_at=START)]
    assert survivors(equal, clusters_of(tmp_path / "c", equal)) == {min(row["id"] for row in equal)}


def test_the_survivor_names_the_others(tmp_path: Path) -> None:
    """Addresses of all other members stand on the survivor's row, sorted, each once, without its own."""
    rows = [document(n, text=TEXT, published_at=START + timedelta(days=n)) for n in range(4)]
    rows.append(document(9, text=TEXT + " زيادة", url=rows[1]["url"]))
    found = {row["id"]: row for row in clusters_of(tmp_path, rows)}
    first = found[rows[0]["id"]]
    assert first["cluster_urls"] == sorted({row["url"] for row in rows[1:]})
    assert first["cluster_size"] == 5
    assert all(row["cluster_urls"] == [] for row in found.values() if not row["survivor"])
    assert {row["cluster_id"] for row in found.values()} == {rows[0]["id"]}


def test_how_a_copy_was_found_is_kept(tmp_path: Path) -> None:
    """Exact and near copies are told apart, with their similarity to the survivor."""
    rows = [document(1, text=TEXT), document(2, text=TEXT), document(3, text=TEXT + " كلمات زائدة في الآخر")]
    found = {row["id"]: row for row in clusters_of(tmp_path, rows)}
    assert [found[row["id"]]["how"] for row in rows] == ["survivor", "exact", "near"]
    assert found[rows[1]["id"]]["similarity"] == 1.0
    assert 0.9 < found[rows[2]["id"]]["similarity"] < 1.0


def test_a_dropped_text_resembles_the_one_that_stands_for_it(tmp_path: Path) -> None:
    """A text that drifted too far from the first gets a cluster of its own, although the steps were small."""
    tokens = TEXT.split()
    drift = [" ".join([*words(90, 14 * step).split(), *tokens[14 * step :]]) for step in range(6)]
    rows = [document(n, text=text, published_at=START + timedelta(days=n)) for n, text in enumerate(drift)]
    found = {row["id"]: row for row in clusters_of(tmp_path, rows)}
    texts = {row["id"]: str(row["text"]) for row in rows}
    assert len({row["cluster_id"] for row in found.values()}) > 1
    for row in found.values():
        assert true_similarity(texts[row["id"]], texts[row["cluster_id"]]) >= 0.75


def test_exact_only_when_asked(tmp_path: Path) -> None:
    """`near = false` in the recipe leaves near copies alone."""
    rows = [document(1, text=TEXT), document(2, text=TEXT), document(3, text=ALTERED["footer"])]
    found = clusters_of(tmp_path, rows, DedupBlock(near=False))
    assert {row["id"] for row in found} == {rows[0]["id"], rows[1]["id"]}


def test_the_cut_is_the_recipes(tmp_path: Path) -> None:
    """A higher jaccard_min keeps apart what a lower one joins."""
    rows = [document(1, text=TEXT), document(2, text=ALTERED["cut"])]
    assert clusters_of(tmp_path / "a", rows, DedupBlock(jaccard_min=0.95)) == []
    assert len(clusters_of(tmp_path / "b", rows, DedupBlock(jaccard_min=0.8))) == 2


def test_files_and_their_order_do_not_matter(tmp_path: Path) -> None:
    """The same rows in other files, in another order, give the same bytes."""
    rows = [document(n, text=words(n % 7, 80), published_at=START + timedelta(days=n)) for n in range(40)]
    one = [write_rows(tmp_path / "one.parquet", "documents", rows)]
    many = [
        write_rows(tmp_path / "many" / f"{9 - part}.parquet", "documents", rows[part::3][::-1])
        for part in range(3)
    ]
    first = cluster(one, DedupBlock(), tmp_path / "a").read_bytes()
    assert cluster(reversed(many), DedupBlock(), tmp_path / "b").read_bytes() == first
    assert cluster([tmp_path / "many"], DedupBlock(), tmp_path / "c").read_bytes() == first


def test_only_the_newest_state_of_a_record_counts(tmp_path: Path) -> None:
    """A record captured twice is no copy of itself, and its newer text is the one compared."""
    old, new = document(1, text=TEXT), document(1, text=words(50, 90))
    new["provenance"] = {
        **new["provenance"],
        "fetched_at": new["provenance"]["fetched_at"] + timedelta(hours=1),
    }
    assert clusters_of(tmp_path, [new, old, document(2, text=TEXT)]) == []


def test_no_documents_at_all(tmp_path: Path) -> None:
    """Nothing in, an empty table with its columns out."""
    table = pq.read_table(cluster([], DedupBlock(), tmp_path))
    assert table.num_rows == 0
    assert {"id", "cluster_id", "cluster_size", "survivor", "cluster_urls"} <= set(table.schema.names)


def test_nothing_is_left_in_the_work_folder(tmp_path: Path) -> None:
    """What the database spilled is gone; only the result stays."""
    clusters_of(tmp_path, [document(1, text=TEXT), document(2, text=TEXT)])
    assert [path.name for path in (tmp_path / "work").iterdir()] == ["clusters.parquet"]


def test_precision_and_recall_on_pairs_of_our_own_making(tmp_path: Path) -> None:
    """Of pairs over the cut by far most are found (14 x 8 bands), and no pair under it is called a copy."""
    rows, similar = [], []
    for n in range(120):
        tokens = words(n, 150).split()
        changed = n % 12 + 1
        for at in range(changed):
            tokens[(at * 41 + 7) % 150] = f"بديل{at}"
        pair = [document(2 * n, text=words(n, 150)), document(2 * n + 1, text=" ".join(tokens))]
        rows += pair
        similar.append(
            (pair[0]["id"], pair[1]["id"], true_similarity(str(pair[0]["text"]), str(pair[1]["text"])))
        )
    found = {row["id"]: row["cluster_id"] for row in clusters_of(tmp_path, rows)}
    joined = [
        (value, found.get(one) is not None and found.get(one) == found.get(two))
        for one, two, value in similar
    ]
    assert not [value for value, together in joined if together and value < 0.75]
    over = [together for value, together in joined if value >= 0.8]
    assert len(over) >= 30
    assert sum(over) / len(over) >= 0.9
