"""Reads what `warmup` leaves: folders of results and packed files. Needs Python 3.9 and h5py alone.

    import warmup_reader
    run = warmup_reader.open("results/quickstart")          # or "quickstart.warmup.h5"
    for row in run.values("scores.accuracy"):
        print(row)          # {'instance': …, 'start': 'warmed', 'seed': 1, 'scores.accuracy': 0.52}
    scores = run["scores[start=warmed,seed=1]"].table("scores")
    print(scores.columns, scores["outcome"][:3], scores.rows[0])

What is read is compared with the digests in the records, and damaged files raise `Damaged`.
"""
import glob
import hashlib
import io
import json
import os
import re
import shutil
import subprocess
from collections.abc import Mapping

import h5py

__all__ = ["open", "Run", "Instance", "Table", "Damaged", "NotThere"]


class Damaged(Exception):
    """A file is not what was published."""


class NotThere(KeyError):
    """The run, or the file, has nothing of that name."""

    def __str__(self):
        return self.args[0]


def open(path, cache=None):
    """The run in a recipe's folder of results (with lock.json), or in a packed file.

    `cache` names the cache where it does not lie beside the folder.
    """
    path = os.fspath(path)
    if os.path.isdir(path):
        return Run(_Folder(path, cache))
    if os.path.isfile(path):
        return Run(_Pack(path))
    raise FileNotFoundError(
        f"{path} is neither a recipe's folder of results nor a packed file; `warmup run` makes the one, "
        "`warmup pack` the other"
    )


class Run:
    """The instances of a recipe that are done, by name."""

    def __init__(self, source):
        self._source = source
        self.name = source.name
        self.lock = source.lock
        # The tables of the report, as CSV, by name.
        self.tables = source.tables
        self._instances = {}
        for name, entry in self.lock["instances"].items():
            if source.has(entry["key"]):
                self._instances[name] = Instance(source, name, entry)

    def __getitem__(self, name):
        try:
            return self._instances[name]
        except KeyError:
            stage = name.split("[")[0]
            same = [other for other in self._instances if other.split("[")[0] == stage]
            help = f"of '{stage}' there are {', '.join(same[:5])}" if same else (
                f"its stages are {', '.join(self.stages)}")
            raise NotThere(f"{self.name} has no result '{name}'; {help}") from None

    def __iter__(self):
        return iter(self._instances)

    def __len__(self):
        return len(self._instances)

    @property
    def stages(self):
        """The names of stages with results."""
        return list(dict.fromkeys(name.split("[")[0] for name in self._instances))

    def select(self, stage, **point):
        """The instances of a stage at the given values of axes: run.select("scores", start="warmed")."""
        return [
            instance
            for instance in self._instances.values()
            if instance.stage == stage
            and all(instance.point.get(axis) == value for axis, value in point.items())
        ]

    def values(self, *names, **point):
        """A row for each instance with what it published: run.values("scores.accuracy", seed=1).

        Names are STAGE.VALUE, all of one stage.
        """
        stages = {name.split(".")[0] for name in names}
        if len(stages) != 1:
            raise ValueError("name values of one stage, such as 'scores.accuracy', 'scores.worked'")
        rows = []
        for instance in self.select(stages.pop(), **point):
            row = {"instance": instance.name, **instance.point}
            for name in names:
                row[name] = instance.published.get(name.split(".", 1)[1])
            rows.append(row)
        return rows


class Instance:
    """A stage at one point of the axes, done."""

    def __init__(self, source, name, entry):
        self._source = source
        self.name = name
        self.key = entry["key"]
        self.kind = entry["kind"]
        self.stage = name.split("[")[0]
        self.point = _point(name)
        self._record = None

    def __repr__(self):
        return f"<{self.name} ({self.kind})>"

    @property
    def record(self):
        """record.json: parameters, inputs, values, times, machine, versions, digests of files."""
        if self._record is None:
            content = self._source.read(self.key, "record.json")
            record = json.loads(content)
            if "digest" in record:
                blank = content.replace(record["digest"].encode(), b"0" * 64)
                if hashlib.sha256(blank).hexdigest() != record["digest"]:
                    raise Damaged(f"the record of {self.name} was changed after it was published")
            self._record = record
        return self._record

    @property
    def published(self):
        """The values that the stage published, such as accuracy."""
        return self.record["values"]

    @property
    def outputs(self):
        """The names of outputs that are there; packed files leave models out."""
        names = [name[:-3] for name in self.record["files"] if name.endswith(".h5")]
        return [name for name in names if self._source.has(self.key, name + ".h5")]

    def open(self, output):
        """The HDF5 file of an output, open for reading; close it, or use `with`."""
        name = output + ".h5"
        expected = self.record["files"].get(name)
        if expected is None or not self._source.has(self.key, name):
            raise NotThere(
                f"{self.name} has no output '{output}' here; there are {', '.join(self.outputs)}")
        content, changed = self._source.output(self.key, name)
        if not changed and _digest(content) != expected["sha256"]:
            raise Damaged(f"{name} of {self.name} is not what was published; run `warmup cache verify`")
        return h5py.File(io.BytesIO(content) if isinstance(content, bytes) else content, "r")

    def table(self, output):
        """An output that is a table: problems, texts, traces, rollouts, completions, scores, metrics."""
        with self.open(output) as file:
            if "columns" not in file.attrs:
                raise ValueError(f"'{output}' of {self.name} is no table; `open` it")
            return Table(file)


class Table(Mapping):
    """Columns by name, all of one length, in order. `rows` has the same as a list of dictionaries."""

    def __init__(self, file):
        self.columns = json.loads(file.attrs["columns"])
        self.facts = {
            name: _fact(value) for name, value in file.attrs.items() if name not in ("columns", "rows")
        }
        self._values = {name: _column(file[name]) for name in self.columns}
        self._count = int(file.attrs["rows"])

    def __getitem__(self, column):
        return self._values[column]

    def __iter__(self):
        return iter(self.columns)

    def __len__(self):
        return len(self.columns)

    @property
    def rows(self):
        return [dict(zip(self.columns, values)) for values in zip(*self._values.values())]

    def __repr__(self):
        return f"<{self._count} rows of {', '.join(self.columns)}>"


def _column(dataset):
    kind = _fact(dataset.attrs.get("type", ""))
    if kind in ("json", "json_string"):
        return [json.loads(text) for text in dataset.asstr()[:]]
    if h5py.check_string_dtype(dataset.dtype):
        return list(dataset.asstr()[:])
    values = dataset[:].tolist()
    if kind == "boolean":
        return [bool(value) for value in values]
    # NaN stands where there is no number.
    return [None if value != value else value for value in values]


def _fact(value):
    if isinstance(value, bytes):
        return value.decode()
    return value.item() if hasattr(value, "item") else value


def _point(name):
    """The axes' values in a name such as `scores[start=warmed,seed=2]`.

    A value that itself holds a comma, a name and an equals sign is cut there.
    """
    if "[" not in name:
        return {}
    inside = name[name.index("[") + 1 : name.rindex("]")]
    point = {}
    for part in re.split(r",(?=[a-z0-9_-]+=)", inside):
        axis, _, text = part.partition("=")
        point[axis] = _scalar(text)
    return point


def _scalar(text):
    if text in ("true", "false", "null"):
        return {"true": True, "false": False, "null": None}[text]
    for read in (int, float):
        try:
            return read(text)
        except ValueError:
            pass
    return text


def _digest(content):
    if isinstance(content, bytes):
        return hashlib.sha256(content).hexdigest()
    digest = hashlib.sha256()
    with io.open(content, "rb") as file:
        for piece in iter(lambda: file.read(1 << 20), b""):
            digest.update(piece)
    return digest.hexdigest()


class _Folder:
    """A recipe's folder of results, with the cache beside it."""

    def __init__(self, folder, cache=None):
        path = os.path.join(folder, "lock.json")
        if not os.path.isfile(path):
            raise FileNotFoundError(
                f"{folder} has no lock.json; name the recipe's own folder, such as results/quickstart")
        with io.open(path, encoding="utf-8") as file:
            self.lock = json.load(file)
        self.name = os.path.basename(os.path.abspath(folder))
        # `warmup unpack` lays artifacts beside the lock, and a run has them in the cache of its results.
        unpacked = os.path.join(folder, "artifacts")
        beside = os.path.join(os.path.dirname(os.path.abspath(folder)), "cache")
        self._cache = None if os.path.isdir(unpacked) and cache is None else cache or beside
        self._unpacked = unpacked
        self.tables = {}
        for path in sorted(glob.glob(os.path.join(glob.escape(folder), "tables", "*.csv"))):
            with io.open(path, encoding="utf-8", newline="") as file:
                self.tables[os.path.basename(path)[:-4]] = file.read()

    def _path(self, key, name):
        if self._cache is None:
            return os.path.join(self._unpacked, key, name)
        return os.path.join(self._cache, key[:2], key, name)

    def has(self, key, name="record.json"):
        return os.path.isfile(self._path(key, name))

    def read(self, key, name):
        with io.open(self._path(key, name), "rb") as file:
            return file.read()

    def output(self, key, name):
        """A path, and whether the file was changed when it was packed."""
        return self._path(key, name), False


class _Pack:
    """A packed file."""

    def __init__(self, path):
        content = _unpacked(path) if path.endswith(".zst") else path
        self._file = h5py.File(io.BytesIO(content) if isinstance(content, bytes) else content, "r")
        if "lock" not in self._file or "artifacts" not in self._file:
            raise ValueError(f"{path} is no file that `warmup pack` wrote")
        self.name = _fact(self._file.attrs["recipe"])
        self.lock = json.loads(self._file["lock"].asstr()[()])
        self.tables = {
            name[:-4]: dataset.asstr()[()]
            for name, dataset in self._file.get("tables", {}).items()
            if name.endswith(".csv")
        }

    def has(self, key, name="record.json"):
        return f"artifacts/{key}/{name}" in self._file

    def read(self, key, name):
        return self._file[f"artifacts/{key}/{name}"][:].tobytes()

    def output(self, key, name):
        """Bytes, and whether texts in them were replaced by their hashes."""
        dataset = self._file[f"artifacts/{key}/{name}"]
        return dataset[:].tobytes(), "texts" in dataset.attrs


def _unpacked(path):
    """The HDF5 file in one that Zstandard compressed, by a library or by the program zstd."""
    try:
        import zstandard
    except ImportError:
        program = shutil.which("zstd")
        if program is None:
            raise ImportError(
                f"{path} is compressed: install the Python package zstandard, or the program zstd"
            ) from None
        return subprocess.run([program, "-dcq", path], check=True, stdout=subprocess.PIPE).stdout
    with io.open(path, "rb") as file:
        return zstandard.ZstdDecompressor().stream_reader(file).read()
