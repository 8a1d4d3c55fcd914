"""datatrove over the same archives, for comparison: extract, Gopher filter, MinHash, Parquet. Yields the text alone.

    DATATROVE_PYTHON benchmarks/rival.py PAGES OUT [WORKERS]

Runs in an environment of its own, since datatrove asks for an old trafilatura:
pip install 'datatrove[io]' 'trafilatura<1.12' 'xxhash<4' lxml_html_clean spacy tokenizers ftfy cchardet. The Gopher
values are those of FineWeb-2's Arabic configuration; MinHash is its 14 x 8 over word 5-grams, which Hiwar uses too.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

TASKS = 4
TIMEOUT_S = 60
LANGUAGE = "arb_Arab"
STOP_WORDS = ["،", "في", "من", "على", "إلى", "عام", "أن", "مع", "أو", "التي", "هذا", "كان", "بعد", "عن"]


def main(pages: str, out: str, workers: int) -> None:
    """Run all stages, each to its end before the next."""
    from datatrove.executor import LocalPipelineExecutor
    from datatrove.pipeline.base import PipelineStep
    from datatrove.pipeline.dedup.minhash import (
        MinhashConfig,
        MinhashDedupBuckets,
        MinhashDedupCluster,
        MinhashDedupFilter,
        MinhashDedupSignature,
    )
    from datatrove.pipeline.extractors import Trafilatura
    from datatrove.pipeline.filters import GopherQualityFilter
    from datatrove.pipeline.readers import ParquetReader, WarcReader
    from datatrove.pipeline.writers import ParquetWriter

    shutil.rmtree(out, ignore_errors=True)
    minhash = MinhashConfig()

    def run(name: str, tasks: int, *steps: PipelineStep) -> None:
        LocalPipelineExecutor(
            list(steps), tasks=tasks, workers=min(workers, tasks), logging_dir=f"{out}/logs/{name}"
        ).run()

    run(
        "extract",
        TASKS,
        WarcReader(pages, glob_pattern="*.warc.gz"),
        Trafilatura(favour_precision=True, timeout=TIMEOUT_S),
        GopherQualityFilter(
            language=LANGUAGE,
            max_avg_word_length=9,
            min_avg_word_length=2,
            stop_words=STOP_WORDS,
            max_non_alpha_words_ratio=0.787,
            min_stop_words=2,
        ),
        ParquetWriter(f"{out}/texts"),
    )
    run(
        "signatures",
        TASKS,
        ParquetReader(f"{out}/texts"),
        MinhashDedupSignature(f"{out}/signatures", config=minhash, language=LANGUAGE),
    )
    run(
        "buckets",
        minhash.num_buckets,
        MinhashDedupBuckets(f"{out}/signatures", f"{out}/buckets", config=minhash),
    )
    run("clusters", 1, MinhashDedupCluster(f"{out}/buckets", f"{out}/clusters", config=minhash))
    run(
        "filter",
        TASKS,
        ParquetReader(f"{out}/texts"),
        MinhashDedupFilter(f"{out}/clusters"),
        ParquetWriter(f"{out}/kept"),
    )
    kept = sum(1 for _ in Path(f"{out}/kept").glob("*.parquet"))
    print(f"{kept} files kept")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]) if len(sys.argv) > 3 else 1)
