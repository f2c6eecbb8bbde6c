"""Writes a Parquet file with the columns that all of `dataset`'s tasks need, for Tests/Fuzz.

Run with pyarrow installed:  python make.py
"""

import pyarrow
import pyarrow.parquet as parquet

rows = [
    {
        "problem": f"What is {n}+{n}? $x^2+\\frac{{1}}{{2}}$", "level": f"Level {1 + n % 5}",
        "type": "Algebra", "solution": f"So it is \\boxed{{\\frac{{{n}}}{{3}}}}.",
        "question": "Which?", "options": ["one", "two", "three"], "answer": "B", "answer_index": 1,
        "category": "law", "src": "x", "question_id": n, "task_id": f"HumanEval/{n}",
        "prompt": "def f(x):\n", "entry_point": "f", "canonical_solution": "  return x\n",
        "test": "def check(c):\n  assert c(1) == 1\n",
    }
    for n in range(24)
]  # fmt: skip
table = pyarrow.Table.from_pylist(rows)
parquet.write_table(table, "tasks.parquet")
parquet.write_table(
    table, "tasks-plain.parquet", compression="none", use_dictionary=False, row_group_size=10
)
parquet.write_table(table, "tasks-gzip.parquet", compression="gzip", data_page_version="2.0")
