"""Tests of warmup_reader on results that the program's own tests made.

WARMUP_TEST_RESULTS names a recipe's folder of results of Tests/Fixtures/recipes/tiny.yaml,
WARMUP_TEST_PACK a packed file of them, and WARMUP_TEST_ROWS what `warmup show … --jsonl` prints of an
instance of `scores` there, whose name is WARMUP_TEST_INSTANCE.
"""
import csv
import io
import json
import os
import shutil
import tempfile
import unittest

import warmup_reader

RESULTS = os.environ["WARMUP_TEST_RESULTS"]
PACK = os.environ["WARMUP_TEST_PACK"]
INSTANCE = os.environ["WARMUP_TEST_INSTANCE"]
CACHE = os.path.join(os.path.dirname(RESULTS), "cache")


def printed():
    with open(os.environ["WARMUP_TEST_ROWS"], encoding="utf-8") as file:
        return [json.loads(line) for line in file]


class Reading(unittest.TestCase):
    def test_folders_and_packs_hold_the_same(self):
        folder, pack = warmup_reader.open(RESULTS), warmup_reader.open(PACK)
        self.assertEqual(list(folder), list(pack))
        self.assertGreater(len(folder), 5)
        self.assertEqual(folder.name, pack.name)
        self.assertEqual(folder.tables, pack.tables)
        for name in folder:
            self.assertEqual(folder[name].record, pack[name].record)
            for output in pack[name].outputs:
                self.assertIn(output, folder[name].outputs)

    def test_rows_are_those_that_show_prints(self):
        for path in (RESULTS, PACK):
            rows = warmup_reader.open(path)[INSTANCE].table("scores").rows
            self.assertEqual(len(rows), len(printed()))
            for row, expected in zip(rows, printed()):
                self.assertEqual({k: v for k, v in row.items() if k in expected}, expected)

    def test_values_are_those_of_records_and_tables(self):
        run = warmup_reader.open(RESULTS)
        rows = run.values("scores.accuracy")
        self.assertEqual(len(rows), len(run.select("scores")))
        for row in rows:
            self.assertEqual(row["scores.accuracy"], run[row["instance"]].published["accuracy"])
        self.assertTrue(all(list(csv.reader(io.StringIO(text))) for text in run.tables.values()))

    def test_points_select(self):
        run = warmup_reader.open(RESULTS)
        instance = run[INSTANCE]
        self.assertEqual(run.select(instance.stage, **instance.point), [instance])
        self.assertEqual(run.select(instance.stage, nothing=1), [])

    def test_models_are_read(self):
        run = warmup_reader.open(RESULTS)
        model = next(i for i in run.select("warmed"))
        with model.open("model") as file:
            self.assertEqual(file["model/model.embed_tokens.weight"].ndim, 2)
        with self.assertRaises(ValueError):
            model.table("model")

    def test_what_is_not_there_is_named(self):
        run = warmup_reader.open(RESULTS)
        with self.assertRaisesRegex(warmup_reader.NotThere, "its stages are "):
            run["nothing"]
        with self.assertRaisesRegex(warmup_reader.NotThere, "there are scores"):
            run[INSTANCE].table("rows")
        with self.assertRaises(ValueError):
            run.values()
        with self.assertRaisesRegex(FileNotFoundError, "lock.json"):
            warmup_reader.open(os.path.dirname(RESULTS))

    def test_damage_is_found(self):
        key = warmup_reader.open(RESULTS)[INSTANCE].key
        with tempfile.TemporaryDirectory() as place:
            shutil.copytree(os.path.join(CACHE, key[:2], key), os.path.join(place, key[:2], key))
            for name in ("scores.h5", "record.json"):
                path = os.path.join(place, key[:2], key, name)
                os.chmod(path, 0o600)
                with open(path, "rb") as file:
                    content = bytearray(file.read())
                if name == "record.json":
                    damaged = content.replace(b'"accuracy"', b'"accurac2"')
                    self.assertNotEqual(damaged, content)
                else:
                    damaged = content[:-1] + bytes([content[-1] ^ 1])
                with open(path, "wb") as file:
                    file.write(damaged)
                instance = warmup_reader.open(RESULTS, cache=place)[INSTANCE]
                with self.assertRaises(warmup_reader.Damaged):
                    instance.table("scores")
                with open(path, "wb") as file:
                    file.write(content)
            warmup_reader.open(RESULTS, cache=place)[INSTANCE].table("scores")


class Points(unittest.TestCase):
    def test_values_keep_their_types(self):
        point = warmup_reader._point
        self.assertEqual(point("a"), {})
        self.assertEqual(
            point("a[start=warmed,rate=1e-06,n=3,on=true,of=null]"),
            {"start": "warmed", "rate": 1e-6, "n": 3, "on": True, "of": None})
        self.assertEqual(point("a[x=p, q,y=b=c]"), {"x": "p, q", "y": "b=c"})


if __name__ == "__main__":
    unittest.main()
