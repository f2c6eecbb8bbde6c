"""Compares `warmup tokenize` with the `tokenizers` package (0.23.3) on random texts.

usage: compare.py WARMUP [COUNT [NAME… | FILE.json]]

Makes small tokenizers by published rules (`families.py`), writes COUNT texts (10,000 unless said otherwise), the
same every time, and prints how many have other ids. FILE.json is a tokenizer.json whose vocabulary of bytes goes
in the place of the small one. With --fixtures FOLDER instead of WARMUP it writes what the
tests read: a tokenizer of each kind, in what the others differ from it, and texts with their ids.
"""
import json
import pathlib
import subprocess
import sys
import tempfile
import families


def texts(count, seed=7):
    return families.texts(count, seed)


def ids(warmup, path, rows):
    lines = "".join(json.dumps({"text": text}) + "\n" for text in rows)
    run = subprocess.run([warmup, "tokenize", str(path), "--jsonl"], input=lines.encode(),
                         capture_output=True, check=False)
    if run.returncode:
        sys.exit(run.stderr.decode())
    return [json.loads(line)["ids"] for line in run.stdout.splitlines()]


def decoded(warmup, path, rows):
    lines = "".join(json.dumps({"ids": row}) + "\n" for row in rows)
    run = subprocess.run([warmup, "tokenize", str(path), "--jsonl", "--decode"], input=lines.encode(),
                         capture_output=True, check=False)
    if run.returncode:
        sys.exit(run.stderr.decode())
    return [json.loads(line)["text"] for line in run.stdout.split(b"\n") if line]


def compare(warmup, count, names):
    rows = texts(count)
    file = json.load(open(names[0], encoding="utf-8")) if names and names[0].endswith(".json") else None
    for name, tokenizer in families.all_tokenizers(file).items():
        if names and not file and name not in names:
            continue
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "tokenizer.json"
            tokenizer.save(str(path))
            expected = [row.ids for row in tokenizer.encode_batch(rows)]
            found = ids(warmup, path, rows)
            back = decoded(warmup, path, expected)
        wrong = [i for i in range(count) if found[i] != expected[i]]
        texts_back = tokenizer.decode_batch(expected, skip_special_tokens=False)
        other = [i for i in range(count) if back[i] != texts_back[i]]
        print(f"{name:12} {count} texts, {sum(map(len, expected))} tokens: "
              f"{len(wrong)} with other ids, {len(other)} decoded otherwise", flush=True)
        for i in wrong[:3]:
            print("  ", ascii(rows[i])[:300], found[i][:40], expected[i][:40])
        for i in other[:3]:
            print("  ", ascii(rows[i])[:200], ascii(back[i])[:200], ascii(texts_back[i])[:200])


def fixtures(folder):
    folder = pathlib.Path(folder)
    made = {name: json.loads(t.to_str()) for name, t in families.all_tokenizers().items()}
    first = {"bytes": made["olmo2"], "characters": made["gemma"]}
    for kind, tokenizer in first.items():
        (folder / f"{kind}.json").write_text(json.dumps(tokenizer), encoding="utf-8")
    others = {}
    for name, tokenizer in made.items():
        kind = "characters" if tokenizer["model"]["byte_fallback"] else "bytes"
        differences = {key: value for key, value in tokenizer.items()
                       if key != "model" and value != first[kind][key]}
        ignores = tokenizer["model"]["ignore_merges"]
        others[name] = {"kind": kind, "ignore_merges": ignores, "differences": differences}
    (folder / "families.json").write_text(json.dumps(others, indent=1) + "\n", encoding="utf-8")
    tokenizers = families.all_tokenizers()
    with open(folder / "families.jsonl", "w", encoding="utf-8") as out:
        for text in texts(220, seed=3):
            # Names of tokenizers by the ids that they give.
            row, back = {}, {}
            for name, tokenizer in tokenizers.items():
                found = tokenizer.encode(text).ids
                row.setdefault(" ".join(map(str, found)), []).append(name)
                other = tokenizer.decode(found, skip_special_tokens=False)
                if other != text:
                    back[name] = other
            out.write(json.dumps({"text": text, "ids": row, "decoded": back}) + "\n")


if sys.argv[1] == "--fixtures":
    fixtures(sys.argv[2])
else:
    compare(sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 10_000, sys.argv[3:])
