"""Writes the Parquet fixtures, and rows.jsonl with the rows that they all hold.

Run with pyarrow, fastparquet and polars installed:  python make.py
The rows are made up here. Each file is written in another way that a reader must know.
"""

import json
import random

import fastparquet
import pandas
import polars
import pyarrow
import pyarrow.parquet as parquet

random.seed(7)
WORDS = ["knight", "knave", "Zoë", "a\u0085b", "line\nbreak", "", "日本", "e\u0301", "\U0001f600"]


def maybe(value):
    return None if random.random() < 0.25 else value


def row(number):
    words = [maybe(random.choice(WORDS)) for _ in range(random.randrange(4))]
    return {
        "text": maybe(random.choice(WORDS) + str(number % 5)),
        "count": maybe(random.choice([0, -1, number, 2**53 + 1, -(2**63), 2**63 - 1])),
        "share": maybe(random.choice([0.5, -0.0, 1e300, number / 7])),
        "right": maybe(random.random() < 0.5),
        "words": maybe(words),
        "people": maybe(
            [
                maybe({"name": maybe(word), "roles": maybe([True, None, False][: number % 4])})
                for word in words
            ]
        ),
        "grid": maybe([maybe([maybe(n) for n in range(random.randrange(3))]) for _ in words]),
        "deep": maybe({"inner": maybe({"answer": maybe(chr(65 + number % 4)), "index": number})}),
    }


ROWS = [row(number) for number in range(60)]
FLAT = ["text", "count", "share", "right"]
SCHEMA = pyarrow.schema(
    [
        ("text", pyarrow.string()),
        ("count", pyarrow.int64()),
        ("share", pyarrow.float64()),
        ("right", pyarrow.bool_()),
        ("words", pyarrow.list_(pyarrow.string())),
        (
            "people",
            pyarrow.list_(
                pyarrow.struct(
                    [("name", pyarrow.string()), ("roles", pyarrow.list_(pyarrow.bool_()))]
                )
            ),
        ),
        ("grid", pyarrow.list_(pyarrow.list_(pyarrow.int32()))),
        (
            "deep",
            pyarrow.struct(
                [
                    (
                        "inner",
                        pyarrow.struct([("answer", pyarrow.string()), ("index", pyarrow.int64())]),
                    )
                ]
            ),
        ),
    ]
)


def write_rows(name, rows):
    with open(name, "w", encoding="utf-8", newline="\n") as file:
        for entry in rows:
            file.write(json.dumps(entry, ensure_ascii=False) + "\n")


write_rows("rows.jsonl", ROWS)
table = pyarrow.Table.from_pylist(ROWS, SCHEMA)
write = parquet.write_table
write(table, "snappy-v1.parquet", store_schema=False)
write(table, "snappy-v2.parquet", data_page_version="2.0", store_schema=False)
write(table, "plain.parquet", compression="none", use_dictionary=False, store_schema=False)
write(table, "gzip-v2.parquet", compression="gzip", data_page_version="2.0", store_schema=False)
write(
    table, "groups.parquet", row_group_size=17, data_page_size=64, write_batch_size=4,
    write_page_checksum=True, store_schema=False,
)
# Dictionaries that overflow after some pages, which are plain from there on.
write(
    table, "fallback.parquet", dictionary_pagesize_limit=16, data_page_size=64, write_batch_size=4,
    store_schema=False,
)
write(
    table, "old-lists.parquet", use_compliant_nested_type=False, version="1.0", store_schema=False,
)
polars.DataFrame(ROWS, schema_overrides={"grid": polars.List(polars.List(polars.Int32))}).write_parquet(
    "polars.parquet", compression="snappy", statistics=False
)

flat = [{name: entry[name] for name in FLAT} for entry in ROWS]
frame = pandas.DataFrame(
    {
        "text": pandas.Series([entry["text"] for entry in flat], dtype=object),
        "count": pandas.array([entry["count"] for entry in flat], dtype="Int64"),
        "share": pandas.array([entry["share"] for entry in flat], dtype="Float64"),
        "right": pandas.array([entry["right"] for entry in flat], dtype="boolean"),
    }
)
fastparquet.write("fastparquet.parquet", frame, compression="SNAPPY", write_index=False)

# Values that are always there, and types with and without signs.
required = pyarrow.schema(
    [
        pyarrow.field("small", pyarrow.uint8(), nullable=False),
        pyarrow.field("wide", pyarrow.uint32(), nullable=False),
        pyarrow.field("signed", pyarrow.int16(), nullable=False),
        pyarrow.field("half", pyarrow.float32(), nullable=False),
        pyarrow.field("nothing", pyarrow.null()),
        pyarrow.field(
            "names",
            pyarrow.list_(pyarrow.field("item", pyarrow.large_string(), nullable=False)),
            nullable=False,
        ),
    ]
)
typed = [
    {"small": 255, "wide": 2**32 - 1, "signed": -5, "half": 0.5, "nothing": None, "names": ["a"]},
    {"small": 0, "wide": 0, "signed": 7, "half": -2.0, "nothing": None, "names": []},
]
write_rows("types.jsonl", typed)
write(pyarrow.Table.from_pylist(typed, required), "types.parquet", store_schema=False)
