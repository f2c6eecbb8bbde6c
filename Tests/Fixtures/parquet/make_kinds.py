"""Writes the Parquet fixtures that make.py does not: other encodings, packings, writers and kinds.

Run beside rows.jsonl with pyarrow, polars and duckdb installed:  python make_kinds.py
"""

import datetime
import decimal
import json
import uuid

import duckdb
import polars
import pyarrow
import pyarrow.parquet as parquet

ROWS = [json.loads(line) for line in open("rows.jsonl", encoding="utf-8").read().split("\n") if line]
people = pyarrow.struct([("name", pyarrow.string()), ("roles", pyarrow.list_(pyarrow.bool_()))])
inner = pyarrow.struct([("answer", pyarrow.string()), ("index", pyarrow.int64())])
SCHEMA = pyarrow.schema(
    [
        ("text", pyarrow.string()),
        ("count", pyarrow.int64()),
        ("share", pyarrow.float64()),
        ("right", pyarrow.bool_()),
        ("words", pyarrow.list_(pyarrow.string())),
        ("people", pyarrow.list_(people)),
        ("grid", pyarrow.list_(pyarrow.list_(pyarrow.int32()))),
        ("deep", pyarrow.struct([("inner", inner)])),
    ]
)
table = pyarrow.Table.from_pylist(ROWS, SCHEMA)


def write(table, name, **options):
    parquet.write_table(table, name + ".parquet", store_schema=False, **options)


# The same rows as in rows.jsonl.
write(table, "zstandard-v1", compression="zstd")
write(table, "lz4-v2", compression="lz4", data_page_version="2.0")
DELTA = {
    "text": "DELTA_BYTE_ARRAY",
    "count": "DELTA_BINARY_PACKED",
    "share": "BYTE_STREAM_SPLIT",
    "words.list.element": "DELTA_LENGTH_BYTE_ARRAY",
    "grid.list.element.list.element": "DELTA_BINARY_PACKED",
    "right": "RLE",
}
write(table, "delta-v1", use_dictionary=False, column_encoding=DELTA, data_page_size=64)
write(
    table, "delta-v2", use_dictionary=False, data_page_version="2.0", compression="none",
    column_encoding=DELTA | {"count": "BYTE_STREAM_SPLIT", "text": "DELTA_LENGTH_BYTE_ARRAY"},
)
duckdb.sql("copy (select * from \"table\") to 'duckdb.parquet' (format parquet)")
duckdb.sql(
    "copy (select * from \"table\") to 'duckdb-v2.parquet' "
    "(format parquet, parquet_version v2, compression zstd)"
)
polars.from_arrow(table).write_parquet("polars-zstandard.parquet", row_group_size=25)

# Kinds of values that JSON lacks; kinds.jsonl has the form in which they are read.
UTC = datetime.timezone.utc
zone = datetime.datetime(2025, 5, 19, 12, 30, 0, 250_000, tzinfo=UTC)
kinds = pyarrow.table(
    {
        "problem": ["a", "b", "c"],
        "day": [datetime.date(2025, 5, 19), datetime.date(1, 1, 1), None],
        "clock": pyarrow.array([datetime.time(9, 30), datetime.time(0, 0, 1, 500), None]),
        "local": pyarrow.array([zone.replace(tzinfo=None), datetime.datetime(1969, 12, 31), None]),
        "zoned": pyarrow.array([zone, None, None], pyarrow.timestamp("ms", "UTC")),
        "exact": pyarrow.array([1_000_000_001, -1, None], pyarrow.timestamp("ns")),
        "sum": pyarrow.array([decimal.Decimal("1.50"), decimal.Decimal("-0.07"), None]),
        "whole": pyarrow.array([decimal.Decimal(12), None, None], pyarrow.decimal128(20, 0)),
        "long": pyarrow.array(
            [decimal.Decimal("-12345678901234567890.25"), decimal.Decimal("0.00"), None],
            pyarrow.decimal128(38, 2),
        ),
        "half": pyarrow.array([0.5, -65504, None], pyarrow.float16()),
        "key": pyarrow.ExtensionArray.from_storage(
            pyarrow.uuid(), pyarrow.array([uuid.UUID(int=7).bytes, None, None], pyarrow.binary(16))
        ),
        "pairs": pyarrow.array(
            [[("a", 1), ("b", None)], [], None], pyarrow.map_(pyarrow.string(), pyarrow.int64())
        ),
        "bare": pyarrow.array([b"text", b"", None], pyarrow.binary()),
        "raw": pyarrow.array([b"\xff\xfe", b"text", None], pyarrow.binary()),
        "image": pyarrow.array([{"bytes": b"\xff\xd8", "path": "x"}, None, None]),
        "unsigned": pyarrow.array([2**64 - 1, 1, None], pyarrow.uint64()),
    }
)
write(kinds, "kinds", row_group_size=2)
write(kinds.select(["problem", "local"]), "kinds-int96", use_deprecated_int96_timestamps=True)
READ = [
    {
        "problem": "a", "day": "2025-05-19", "clock": "09:30:00", "local": "2025-05-19T12:30:00.25",
        "zoned": "2025-05-19T12:30:00.25Z", "exact": "1970-01-01T00:00:01.000000001", "sum": 1.5,
        "whole": 12, "long": "-12345678901234567890.25", "half": 0.5,
        "key": "00000000-0000-0000-0000-000000000007",
        "pairs": [{"key": "a", "value": 1}, {"key": "b", "value": None}], "bare": "text",
    },
    {
        "problem": "b", "day": "0001-01-01", "clock": "00:00:01.0005", "local": "1969-12-31T00:00:00",
        "zoned": None, "exact": "1969-12-31T23:59:59.999999999", "sum": -0.07, "whole": None,
        "long": 0.0, "half": -65504.0, "key": None, "pairs": [], "bare": "",
    },
    {name: "c" if name == "problem" else None for name in kinds.column_names[:-3]},
]
with open("kinds.jsonl", "w", encoding="utf-8") as file:
    for row in READ:
        file.write(json.dumps(row) + "\n")

# Packed as is not read, in one column of two.
parquet.write_table(
    pyarrow.table({"problem": ["a"], "odd": ["b"]}), "brotli-column.parquet", store_schema=False,
    compression={"problem": "zstd", "odd": "brotli"},
)

# A dictionary with entries that no row uses.
entries = pyarrow.array([f"w{number}" for number in range(40)])
used = pyarrow.DictionaryArray.from_arrays(pyarrow.array([7, 7, 39]), entries)
parquet.write_table(pyarrow.table({"problem": used}), "dictionary.parquet", store_schema=False)

# DuckDB's runs of 256 values, and lists.
duckdb.sql(
    """copy (
      select 'What is ' || i || '?' as problem, 'x' as solution, ['a', 'b'] as l from range(6) t(i)
    ) to 'duckdb-lists.parquet' (format parquet)"""
)
