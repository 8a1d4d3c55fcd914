"""croissant.json: the release described for machines, Croissant 1.1 with the fields for responsible AI.

Made from the same input as the card. The shards are listed with their SHA-256; each config and split is a
file set whose glob is relative to croissant.json, so the description works in a local folder and on the Hub.
Checked against mlcroissant 1.1: `encodingFormat` must read application/x-parquet or nothing is loaded.
"""

from __future__ import annotations

import json

from builder.errors import CheckFailed
from builder.release import cardprose
from builder.release.cardinput import CardInput
from builder.release.markdown import one_line, safe_url
from builder.release.stats import TableStatistics
from builder.release.topic import topic_of
from builder.schema import Field, Schema

Json = dict[str, object]

CONFORMS_TO = ("http://mlcommons.org/croissant/1.1", "http://mlcommons.org/croissant/RAI/1.0")
PARQUET = "application/x-parquet"
IDS_ONLY = "ids and computed columns only"

_TERMS = (
    "arrayShape citeAs column conformsTo containedIn equivalentProperty extract field fileProperty fileObject fileSet "
    "format includes isArray isLiveDataset jsonPath key md5 parentField path recordSet references regex repeated "
    "replace samplingRate separator source subField transform"
)
CONTEXT: Json = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "cr": "http://mlcommons.org/croissant/",
    "dct": "http://purl.org/dc/terms/",
    "prov": "http://www.w3.org/ns/prov#",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "sc": "https://schema.org/",
    **{term: f"cr:{term}" for term in _TERMS.split()},
    "conformsTo": "dct:conformsTo",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "description": {"@container": "@language"},
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "name": {"@container": "@language"},
}
"""The context of Croissant 1.1, with the RAI and PROV-O vocabularies beside it."""

DATA_TYPES = {
    "string": "sc:Text",
    "list<string>": "sc:Text",
    "bool": "sc:Boolean",
    "int32": "sc:Integer",
    "int64": "sc:Integer",
    "float32": "sc:Float",
    "timestamp": "sc:DateTime",
}

COLLECTION_TYPES = {
    "network": ("Web Scraping", "Web API"),
    "archives": ("Secondary Data analysis",),
    "files": ("Secondary Data analysis",),
}
"""How a kind of source is reached -> words of the RAI vocabulary for it."""

COPIES = {
    True: "Near duplicates are replaced by one record of their cluster.",
    False: "Exact copies are replaced by one record of their cluster; near duplicates are kept.",
}
"""What `[dedup] near` makes of texts that stand twice."""

LICENCE_URLS = {
    "apache-2.0": "https://spdx.org/licenses/Apache-2.0.html",
    "cc0-1.0": "https://creativecommons.org/publicdomain/zero/1.0/",
    "mit": "https://spdx.org/licenses/MIT.html",
    "odbl": "https://opendatacommons.org/licenses/odbl/1-0/",
    "odc-by": "https://opendatacommons.org/licenses/by/1-0/",
    "pddl": "https://opendatacommons.org/licenses/pddl/1-0/",
    **{
        f"cc-{kind}-4.0": f"https://creativecommons.org/licenses/{kind}/4.0/"
        for kind in ("by", "by-sa", "by-nc", "by-nd", "by-nc-sa", "by-nc-nd")
    },
}

REQUIRED = (
    "name",
    "description",
    "license",
    "url",
    "creator",
    "datePublished",
    "version",
    "distribution",
    "recordSet",
)
"""Properties Croissant 1.1 requires; mlcroissant says nothing when creator, url or name is missing."""


def render_croissant(given: CardInput) -> str:
    """Return the text of croissant.json.

    Raises CheckFailed when a property that Croissant requires has no value.
    """
    data = describe(given)
    missing = [key for key in REQUIRED if not data.get(key)]
    if missing:
        raise CheckFailed(
            f"croissant.json has no {', '.join(missing)}",
            where=str(given.recipe.path),
            what_next="Fill [dataset] in the recipe; a release without records cannot be described.",
        )
    return json.dumps(data, ensure_ascii=False, indent=1) + "\n"


def describe(given: CardInput) -> Json:
    """Return the description as plain values."""
    block, topic = given.recipe.model.dataset, topic_of(given.recipe)
    present = [(schema, given.statistics.table(schema.name)) for schema in given.schemas]
    present = [(schema, table) for schema, table in present if table.splits]
    return {
        "@context": CONTEXT,
        "@type": "sc:Dataset",
        "conformsTo": list(CONFORMS_TO),
        "name": one_line(block.pretty_name or block.name),
        "alternateName": block.name,
        "description": one_line(block.description or topic.fill(cardprose.DESCRIPTION)),
        "url": _url(given),
        "license": _licence(given),
        "creator": {"@type": "sc:Organization", "name": one_line(block.maintainer or block.name)},
        "version": given.version,
        "datePublished": _last_capture(given),
        "inLanguage": "ar",
        "keywords": ["arabic", "discourse", topic.keyword, "social media", "web archive"],
        "citeAs": one_line(block.citation or f"{block.pretty_name or block.name}, version {given.version}"),
        "isLiveDataset": False,
        **_responsible(given),
        **_provenance(given),
        "distribution": [*_shards(given), *(part for _, table in present for part in _file_sets(table))],
        "recordSet": [
            _record_set(schema, split) for schema, table in present for split, _, _ in table.splits
        ],
    }


def _url(given: CardInput) -> str:
    block = given.recipe.model.dataset
    if block.repo_id:
        return f"https://huggingface.co/datasets/{block.repo_id}"
    return safe_url(block.homepage) or "README.md"


def _licence(given: CardInput) -> str:
    block = given.recipe.model.dataset
    known = LICENCE_URLS.get(block.licence)
    return known or safe_url(block.licence_link) or one_line(block.licence_name or block.licence)


def _last_capture(given: CardInput) -> str:
    days = [table.last_fetched for table in given.statistics.tables if table.last_fetched]
    return max(days, default="")


def _responsible(given: CardInput) -> Json:
    """Return the RAI fields, by their names in the vocabulary 1.0."""
    days = [
        day for table in given.statistics.tables for day in (table.first_fetched, table.last_fetched) if day
    ]
    reaches = [source.reach for source in given.recipe.sources]
    topic = topic_of(given.recipe)
    limitations = _lines(topic.fill(cardprose.LIMITATIONS))
    values: Json = {
        "dataCollection": cardprose.collection(given).removesuffix(" Settings of\nthis build:"),
        "dataCollectionType": list(
            dict.fromkeys(kind for reach in reaches for kind in COLLECTION_TYPES[reach])
        ),
        "dataCollectionMissingData": "Values a page does not give are null; null is never 0 or the empty string.",
        "dataCollectionRawData": "WARC/1.1 archives kept by the maintainers; every record names its file and offset.",
        "dataCollectionTimeframe": sorted({min(days), max(days)}) if days else [],
        "dataImputationProtocol": "Nothing is imputed.",
        "dataManipulationProtocol": COPIES[given.recipe.model.dedup.near],
        "dataPreprocessingProtocol": [_flat(topic.fill(cardprose.DESCRIPTION)), _flat(cardprose.STRUCTURE)],
        "dataAnnotationProtocol": [_flat(topic.fill(cardprose.ANNOTATIONS))],
        "dataAnnotationPlatform": ["Hiwar"],
        "dataAnnotationAnalysis": ["No human annotation, so no agreement between annotators."],
        "annotationsPerItem": "One value a column, computed.",
        "annotatorDemographics": ["No human annotators."],
        "machineAnnotationTools": ["langdetect (seed 0)", "trafilatura", topic.lexicon_tool],
        "dataUseCases": _lines(topic.fill(cardprose.DIRECT_USE)),
        "dataBiases": limitations,
        "dataLimitations": [*limitations, *_lines(cardprose.OUT_OF_SCOPE)],
        "dataSocialImpact": _flat(cardprose.RECOMMENDATIONS),
        "personalSensitiveInformation": [_flat(cardprose.PRIVACY)],
        "dataReleaseMaintenancePlan": _flat(cardprose.VERSIONS),
    }
    return {
        f"rai:{key}": _flat(value) if isinstance(value, str) else value
        for key, value in values.items()
        if value
    }


def _provenance(given: CardInput) -> Json:
    """Return the sources, each marked where it may give ids only: `publish` reads the mark back."""
    sources: list[Json] = []
    for source in given.recipe.sources:
        entry: Json = {
            "@type": "prov:Entity",
            "@id": f"source/{source.name}",
            "additionalType": source.block.kind,
        }
        sources.append(entry | ({"usageInfo": IDS_ONLY} if source.block.ids_only else {}))
    return {"prov:wasDerivedFrom": sources}


def _flat(text: str) -> str:
    return " ".join(text.split())


def _lines(markdown: str) -> list[str]:
    """Return the items of a Markdown list as plain sentences."""
    return [
        _flat(item).replace("`", "").replace("*", "")
        for item in ("\n" + markdown).split("\n- ")
        if item.strip()
    ]


def _shards(given: CardInput) -> list[Json]:
    return [
        {
            "@type": "cr:FileObject",
            "@id": shard.path,
            "name": shard.path,
            "contentUrl": shard.path,
            "contentSize": f"{shard.size_bytes} B",
            "encodingFormat": PARQUET,
            "sha256": shard.sha256,
        }
        for shard in given.shards
    ]


def _file_sets(table: TableStatistics) -> list[Json]:
    return [
        {
            "@type": "cr:FileSet",
            "@id": f"{table.name}-{split}-files",
            "name": f"{table.name}-{split}-files",
            "description": f"The {files} shards of split {split} of {table.name}, {rows} records.",
            "encodingFormat": PARQUET,
            "includes": f"data/{table.name}/{split}-*.parquet",
        }
        for split, files, rows in table.splits
    ]


def _record_set(schema: Schema, split: str) -> Json:
    name = schema.name if split == "train" else f"{schema.name}-{split}"
    files = f"{schema.name}-{split}-files"
    return {
        "@type": "cr:RecordSet",
        "@id": name,
        "name": name,
        "description": schema.doc,
        "key": {"@id": f"{name}/{schema.fields[0].name}"},
        "field": [_field(field, f"{name}/{field.name}", files, field.name, ()) for field in schema.fields],
    }


def _field(field: Field, identity: str, files: str, column: str, path: tuple[str, ...]) -> Json:
    """Return one field; `path` leads to it inside the struct of `column`."""
    unit = f" Unit: {field.unit}." if field.unit else ""
    entry: Json = {"@type": "cr:Field", "@id": identity, "name": identity, "description": field.doc + unit}
    if field.type.startswith("list"):
        entry |= {"isArray": True, "arrayShape": "-1"}
    if field.fields:
        parts = [
            _field(part, f"{identity}/{part.name}", files, column, (*path, part.name))
            for part in field.fields
        ]
        return {**entry, "subField": parts}
    source: Json = {"fileSet": {"@id": files}, "extract": {"column": column}}
    if path:
        # One step each: mlcroissant maps a step over a list, but cannot follow "a.b" through one. Quoted,
        # because "where" is a word of its path language.
        source["transform"] = [{"jsonPath": f"$['{part}']"} for part in path]
    return {**entry, "dataType": DATA_TYPES[field.type], "source": source}
