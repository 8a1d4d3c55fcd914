"""The values the Hub accepts in a dataset card's head, so that a card is checked before anything is sent.

Languages, size categories and creators come from the lists that the `datasets` package ships (read as files:
only verify.py imports `datasets`). Licences are the identifiers of the Hub's own documentation
(hub-docs, docs/hub/repositories-licenses.md, read 2026-11-23), tasks those of text in @huggingface/tasks.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


LICENCES = _words(
    """
    apache-2.0 mit openrail bigscience-openrail-m creativeml-openrail-m bigscience-bloom-rail-1.0
    bigcode-openrail-m afl-3.0 artistic-2.0 bsl-1.0 bsd bsd-2-clause bsd-3-clause bsd-3-clause-clear c-uda cc
    cc0-1.0 cc-by-2.0 cc-by-2.5 cc-by-3.0 cc-by-4.0 cc-by-sa-3.0 cc-by-sa-4.0 cc-by-nc-2.0 cc-by-nc-3.0
    cc-by-nc-4.0 cc-by-nd-4.0 cc-by-nc-nd-3.0 cc-by-nc-nd-4.0 cc-by-nc-sa-2.0 cc-by-nc-sa-3.0 cc-by-nc-sa-4.0
    cdla-sharing-1.0 cdla-permissive-1.0 cdla-permissive-2.0 wtfpl ecl-2.0 epl-1.0 epl-2.0 etalab-2.0 eupl-1.1
    agpl-3.0 gfdl gpl gpl-2.0 gpl-3.0 lgpl lgpl-2.1 lgpl-3.0 isc lppl-1.3c ms-pl mpl-2.0 odc-by odbl openrail++
    osl-3.0 postgresql ofl-1.1 ncsa unlicense zlib pddl lgpl-lr deepfloyd-if-license llama2 gemma unknown other
    """
)

TASKS = _words(
    """
    text-classification token-classification table-question-answering question-answering
    zero-shot-classification translation summarization feature-extraction text-generation fill-mask
    sentence-similarity text-retrieval text-ranking other
    """
)

TASK_IDS = _words(
    """
    language-modeling masked-language-modeling topic-classification sentiment-classification
    semantic-similarity-classification multi-class-classification multi-label-classification
    document-retrieval fact-checking-retrieval named-entity-recognition news-articles-summarization
    """
)

SIZE_STEPS = (
    (1_000, "n<1K"),
    (10_000, "1K<n<10K"),
    (100_000, "10K<n<100K"),
    (1_000_000, "100K<n<1M"),
    (10_000_000, "1M<n<10M"),
    (100_000_000, "10M<n<100M"),
    (1_000_000_000, "100M<n<1B"),
)
"""(records below which, size category)."""


def size_category(records: int) -> str:
    """Return the Hub's size category for a number of records."""
    return next((name for limit, name in SIZE_STEPS if records < limit), "1B<n<10B")


@lru_cache(maxsize=8)
def shipped_list(name: str) -> frozenset[str] | None:
    """Return the values of one of the lists `datasets` ships ("languages", "size_categories").

    None where this version of the package ships no such list.
    """
    spec = find_spec("datasets")
    places = (spec.submodule_search_locations or []) if spec else []
    for place in places:
        path = Path(place) / "utils" / "resources" / f"{name}.json"
        if path.is_file():
            return frozenset(json.loads(path.read_text(encoding="utf-8")))
    return None


def problems(head: Mapping[str, object]) -> list[str]:
    """Return what the Hub would refuse in a card's head, one sentence each; empty when all is well."""
    return [*_listed_problems(head), *_config_problems(head), *_form_problems(head)]


def _listed_problems(head: Mapping[str, object]) -> Iterator[str]:
    lists = {
        "language": shipped_list("languages"),
        "size_categories": shipped_list("size_categories"),
        "license": LICENCES,
        "task_categories": TASKS,
        "task_ids": TASK_IDS,
        "multilinguality": shipped_list("multilingualities"),
    }
    for key, known in lists.items():
        for value in _as_list(head.get(key)):
            if known is not None and value not in known:
                yield f"{key}: {value!r} is not a value the Hub knows"


def _config_problems(head: Mapping[str, object]) -> Iterator[str]:
    configs = [entry for entry in _as_list(head.get("configs")) if isinstance(entry, Mapping)]
    defaults = [entry for entry in configs if entry.get("default")]
    if len(configs) > 1 and len(defaults) != 1:
        yield f"configs: exactly one must be the default, {len(defaults)} are"
    for entry in configs:
        for files in _as_list(entry.get("data_files")):
            split = str(files.get("split", "")) if isinstance(files, Mapping) else ""
            if not re.fullmatch(r"\w+(\.\w+)*", split):
                yield f"configs: {split!r} is no name for a split (letters, digits and _ only)"


def _form_problems(head: Mapping[str, object]) -> Iterator[str]:
    for key, value in head.items():
        if value is None or value in ("", [], {}):
            yield f"{key}: is empty, and the Hub refuses empty keys"
    for tag in _as_list(head.get("tags")):
        if not isinstance(tag, str) or not re.fullmatch(r"[\w.:/+-]{1,80}", tag):
            yield f"tags: {tag!r} is not one word"
    if head.get("license") == "other" and not head.get("license_name"):
        yield "license_name: is needed where license is other"


def _as_list(value: object) -> Sequence[object]:
    if value is None:
        return []
    return value if isinstance(value, list | tuple) else [value]
