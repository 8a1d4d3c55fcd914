"""Small archives of our own writing for the tests of builds: pages, captures in time, recipes."""

from __future__ import annotations

import hashlib
import random
import shutil
from datetime import UTC, datetime
from pathlib import Path

import pyarrow.parquet as pq
import warcmaker

from builder.pipeline import BuildResult, build
from builder.recipe import Recipe, load_recipe
from builder.schema import Row

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)

OPENINGS = """
في الأسابيع الأخيرة لاحظت أن|لا أحد ينكر اليوم أن|كتب إلي صديق من المدينة يقول إن|من يتابع النقاش يعرف أن
كنت أظن طويلا أن|قال لي بائع الكتب في السوق إن|الذي لا يقال عادة هو أن|في تلك الليلة فهمت أن
"""
SUBJECTS = """
صفحات فيسبوك القديمة|مجموعات واتساب في الحي|مقاطع يوتيوب القصيرة|تغريدات الشعراء
تعليقات القراء على المقالات|صور الأطفال على إنستغرام|إعلانات الباعة الصغار|خوارزمية التوصية الجديدة
"""
VERBS = """
غيرت طريقة حديثنا عن السياسة|جعلت الصمت أثقل مما كان|فتحت بابا لم يكن أحد يراه
أعادت إلى الناس ذكرياتهم البعيدة|لم تعد تشبه ما عرفناه قبل سنوات|تأخذ من وقتنا أكثر مما تعطيه
صارت أقرب إلى مقهى صاخب بلا كراسي|علمتنا أن نقرأ ببطء وحذر
"""
ENDINGS = """
وهذا ما يستحق أن نتوقف عنده|ولم يسأل أحد عن السبب|كما كتبت قبل عام في هذا المكان
رغم كل ما قيل عن الحرية|ومع ذلك نعود إليها كل مساء|لكن الجيل الجديد يرى غير ذلك
حين يكون الكلام بلا ثمن|إلى أن يأتي يوم آخر
"""
POOLS = [pool.strip().replace("\n", "|").split("|") for pool in (OPENINGS, SUBJECTS, VERBS, ENDINGS)]


def essay(seed: int, sentences: int = 14) -> list[str]:
    """Return paragraphs of Arabic sentences that depend on `seed` alone; two seeds share few word sequences."""
    chance = random.Random(seed)
    said = [" ".join(chance.choice(pool) for pool in POOLS) + "." for _ in range(sentences)]
    return [" ".join(said[start : start + 3]) for start in range(0, sentences, 3)]


def page(seed: int, *, title: str = "", comments: tuple[str, ...] = ()) -> bytes:
    """Return the HTML of an essay, with readers' comments under it."""
    title = title or f"مقال رقم {seed} في شؤون المنصات"
    body = "".join(f"<p>{paragraph}</p>" for paragraph in essay(seed))
    said = "".join(
        f'<li class="comment" id="comment-{seed}{n}"><cite class="fn">قارئ {n}</cite>'
        f'<div class="comment-content"><p>{text}</p></div></li>'
        for n, text in enumerate(comments)
    )
    answers = f'<section id="comments"><ol class="comment-list">{said}</ol></section>' if said else ""
    return (
        f'<html lang="ar"><head><meta charset="utf-8"><title>{title}</title></head><body><article>'
        f"<h1>{title}</h1>{body}</article>{answers}</body></html>"
    ).encode()


def capture(url: str, body: bytes, day: int = 1, status: str = "200 OK", **headers: str) -> bytes:
    """Return the response record of an address as it was on a day of March 2025."""
    block = warcmaker.http(body, status, **headers)
    return warcmaker.record(
        "response",
        block,
        WARC_Target_URI=url,
        WARC_Date=f"2025-03-{day:02d}T08:00:00Z",
        WARC_Payload_Digest=warcmaker.sha1(body),
    )


def revisit(url: str, body: bytes, day: int) -> bytes:
    """Return a revisit record: `body` was served again at the address on that day of March 2025."""
    return warcmaker.record(
        "revisit",
        warcmaker.http(b""),
        WARC_Target_URI=url,
        WARC_Date=f"2025-03-{day:02d}T08:00:00Z",
        WARC_Payload_Digest=warcmaker.sha1(body),
        WARC_Profile="http://netpreserve.org/warc/1.1/revisit/identical-payload-digest",
    )


def address(number: int) -> str:
    """Return the address of an essay; three hosts share them."""
    return f"https://site{number % 3}.example/essay/{number}"


def essays(numbers: range, day: int = 1) -> list[bytes]:
    """Return one capture for each essay number."""
    return [capture(address(number), page(number), day) for number in numbers]


def archive(folder: Path, name: str, records: list[bytes]) -> Path:
    """Write an archive file below a dataset's folder; return its path."""
    (folder / "warcs").mkdir(parents=True, exist_ok=True)
    return warcmaker.write(folder / "warcs" / f"{name}.warc.gz", records)


WARCS = '[[source]]\nkind = "warc"\nname = "saved"\npaths = ["warcs/*.warc.gz"]\n'


def recipe(folder: Path, more: str = "[select]\nrelevance_min = 0\n", sources: str = WARCS) -> Recipe:
    """Write and load a recipe over all archives of a folder; `more` is further TOML. The pseudonyms' key is fixed."""
    folder.mkdir(parents=True, exist_ok=True)
    head = '[dataset]\nname = "essays"\n'
    (folder / "dataset.toml").write_text(head + sources + more, encoding="utf-8")
    (folder / "private").mkdir(exist_ok=True)
    (folder / "private" / "key").write_bytes(bytes(range(32)))
    return load_recipe(folder)


def run(given: Recipe, workers: int = 1, **more: object) -> BuildResult:
    """Build a recipe at a fixed time."""
    return build(given, workers=workers, **{"now": NOW, **more})  # type: ignore[arg-type]


def documents(built: BuildResult) -> list[Row]:
    """Return the rows of a release's documents."""
    assert built.release is not None
    return list(pq.read_table(built.release / "data" / "documents").to_pylist())


def rejected(built: BuildResult) -> list[Row]:
    """Return the rejected rows of a build."""
    return list(pq.read_table(built.rejected).to_pylist())


def rules(built: BuildResult) -> dict[str, int]:
    """Return how many rejected rows each rule has, first reasons only, as "stage/rule"."""
    found: dict[str, int] = {}
    for row in rejected(built):
        name = f"{row['reasons'][0]['stage']}/{row['reasons'][0]['rule']}"
        found[name] = found.get(name, 0) + 1
    return found


def clear(folder: Path) -> None:
    """Delete what a folder holds."""
    shutil.rmtree(folder)
    folder.mkdir()


def fingerprint(folder: Path) -> dict[str, str]:
    """Return the SHA-256 of every file below a folder, by its name relative to it."""
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }
