"""The descriptor `datapackage.json` and the dictionary in `data/README.md`, both generated from the schema."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from survsim.core import files
from survsim.evidence.raw.declared import declared_at
from survsim.evidence.schema.catalogue import tables
from survsim.evidence.schema.table import Column, Table

_FIELD_TYPES = {"text": "string", "number": "number", "integer": "integer", "year": "year", "date": "date"}


def descriptor(
    content: dict[str, bytes], raw: Path, waiting: Mapping[str, str] | None = None
) -> dict[str, Any]:
    """Data Package descriptor of the tables in `content`, with the checksums of the raw files behind them.

    `waiting` are rows that were begun and are in no table yet, each with what it lacks.
    """
    held = {"waiting": dict(waiting)} if waiting else {}
    return {
        "profile": "tabular-data-package",
        "name": "survsim-evidence",
        "title": "Curated evidence",
        "resources": [_resource(table, content[name]) for name, table in tables().items()],
        "sources": [_source(row) for row in declared_at(raw).rows("sources")],
        "raw": raw_checksums(raw),
        **held,
    }


def raw_checksums(raw: Path) -> dict[str, str]:
    """SHA-256 of every raw file, by its path below `raw`."""
    found = sorted(p for p in raw.rglob("*") if p.is_file() and not p.name.startswith("."))
    return {p.relative_to(raw).as_posix(): files.file_sha256(p) for p in found}


def to_bytes(content: dict[str, Any]) -> bytes:
    """The descriptor as JSON; equal content is equal bytes."""
    return (json.dumps(content, indent=1, ensure_ascii=False) + "\n").encode("utf-8")


def dictionary() -> str:
    """The data dictionary as Markdown."""
    parts = []
    for table in tables().values():
        parts.append(
            f"### {table.name}\n\n{table.description} Key: {', '.join(f'`{k}`' for k in table.key)}.\n"
        )
        parts.append("| column | kind | must be filled | meaning |\n|---|---|---|---|")
        parts.extend(_line(column) for column in table.columns)
        parts.append("")
    return "\n".join(parts)


def _line(column: Column) -> str:
    kind = f"{column.kind}, {column.unit}" if column.unit else column.kind
    words = f" One of: {', '.join(f'`{a}`' for a in column.allowed)}." if column.allowed else ""
    return f"| `{column.name}` | {kind} | {'yes' if column.required else ''} | {column.description}{words} |"


def _resource(table: Table, data: bytes) -> dict[str, Any]:
    schema: dict[str, Any] = {
        "fields": [_field(c) for c in table.columns],
        "primaryKey": list(table.key),
        "missingValues": [""],
    }
    if table.foreign_keys:
        schema["foreignKeys"] = [
            {"fields": list(k.columns), "reference": {"resource": k.table, "fields": list(k.references)}}
            for k in table.foreign_keys
        ]
    return {
        "name": table.name,
        "path": f"curated/{table.name}.csv",
        "profile": "tabular-data-resource",
        "title": table.title,
        "description": table.description,
        "format": "csv",
        "mediatype": "text/csv",
        "encoding": "utf-8",
        "bytes": len(data),
        "hash": f"sha256:{hashlib.sha256(data).hexdigest()}",
        "schema": schema,
    }


def _field(column: Column) -> dict[str, Any]:
    found: dict[str, Any] = {
        "name": column.name,
        "type": _FIELD_TYPES[column.kind],
        "description": column.description,
    }
    if column.unit:
        found["unit"] = column.unit
    constraints: dict[str, Any] = {"required": True} if column.required else {}
    if column.allowed:
        constraints["enum"] = list(column.allowed)
    if constraints:
        found["constraints"] = constraints
    return found


def _source(row: dict[str, str]) -> dict[str, str]:
    return {
        "title": row["title"],
        "name": row["source_id"],
        "citation": row["citation"],
        "licence": row["licence"],
        "retrieved": row.get("retrieved", ""),
    }
