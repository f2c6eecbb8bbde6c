"""Makes the tokenizers and golden ids in this folder with the `tokenizers` package (0.23.3).

usage: make.py [SmolLM2.gguf [NUMBER_OF_TEXTS]]    (a GGUF file also needs the `gguf` package)
"""
import json
import random
import sys
from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers
from tokenizers import pre_tokenizers as pre, trainers

QWEN2 = (r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}"
         r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+")
SPECIAL = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
PLAIN = ["<tool_call>", "<tool_call_list>"]
CORPUS = [
    "A knight always tells the truth, and a knave always lies. You meet Ann, Ben and Cleo.",
    "Let's assume that Ann is a knave; then what she said isn't true, so Ben can't be one.",
    "We've seen 3 cases, 12 rows and 345 columns: 3 + 4 = 7, x^2 - 1 = (x - 1)(x + 1).",
    "<think>\nFirst, I'll try it.\n\nWait -- that doesn't hold.\n</think>\n<answer> 42 </answer>",
    "def add(a, b):\n    return a + b\n\n\nprint(add(1, 2))\t# three\n",
    "Où est l'école? Größe, naïve, São, Ünï, Ελληνικά, русский, 日本語, 한국어, עברית.",
] * 3


def steps(name):
    if name == "gpt2":
        return pre.ByteLevel(add_prefix_space=False, use_regex=True)
    if name == "smollm2":
        return pre.Sequence([pre.Digits(individual_digits=True),
                             pre.ByteLevel(add_prefix_space=False, use_regex=True)])
    return pre.Sequence([pre.Split(Regex(QWEN2), "isolated"),
                         pre.ByteLevel(add_prefix_space=False, use_regex=False)])


def small(name):
    made = Tokenizer(models.BPE())
    made.pre_tokenizer, made.decoder = steps(name), decoders.ByteLevel()
    if name == "qwen2":
        made.normalizer = normalizers.NFC()
    # SmolLM2 lacks tokens for some bytes, which it drops.
    alphabet = [] if name == "smollm2" else pre.ByteLevel.alphabet()
    made.train_from_iterator(CORPUS, trainers.BpeTrainer(
        vocab_size=420, special_tokens=[] if name == "qwen2" else SPECIAL,
        initial_alphabet=alphabet, show_progress=False))
    made.add_special_tokens(SPECIAL)
    made.add_tokens([AddedToken(text, normalized=False) for text in PLAIN])
    return made


def from_gguf(path):
    import gguf
    fields = gguf.GGUFReader(path).fields
    get = lambda key: fields["tokenizer.ggml." + key].contents()
    merges = [tuple(merge.split(" ")) for merge in get("merges")]
    made = Tokenizer(models.BPE({text: i for i, text in enumerate(get("tokens"))}, merges))
    made.pre_tokenizer, made.decoder = steps("smollm2"), decoders.ByteLevel()
    made.add_special_tokens([t for t, kind in zip(get("tokens"), get("token_type")) if kind == 3])
    return made


def texts(count):
    fixed = CORPUS[:6] + SPECIAL + PLAIN + [
        "", " ", "  ", "\n", "\r\n", " \n \n x", "a  b", "a   b\n\n\n  c  ", "it'S we'LL 'ſ 'Re x'd",
        "a\x04b\x06c \x1d", "\u00a0\u2003x\u0085y\u2028z", "e\u0301 \u00e9 \u1e9b\u0323 \u212b",
        "١٢٣ Ⅷ ½ ²3 ๓", "👩‍👩‍👧 🇫🇷 👍🏽", "= " * 40, "a" * 300, " " * 70 + "x", "\t\t x\t\ty \n\tz",
        "<|im_start|>user\nHi<|im_end|>\n<tool_call_list><tool_call><|im_", "don't won'tt 're'", "'",
    ]
    pieces = ["'s", "'T", "'ll", "'", " ", "  ", "\n", "\r\n", "\t", "\u00a0", "\u3000", "\u0085", "a",
              "Kn", "knave", "é", "e\u0301", "ß", "ſ", "中", "ิ", "7", "42", "٣", "Ⅻ", "½", "+", "—",
              "…", "👍", "\u200d", "\ufeff", "\x04", "\x00", "\u0378", "_", "<|im_end|>", "<tool_call>",
              "İ", "ﬁ", "\U0001d7d8", "\u2160", "ʰ", "ª", "\u1680", "\u180e", "\u200b", "\u2029", "\x1c"]
    draw = random.Random(1)
    mixed = ["".join(draw.choices(pieces, k=draw.randint(1, 14))) for _ in range(count)]
    return fixed + mixed


def main():
    gguf_path = sys.argv[1] if len(sys.argv) > 1 else None
    count = int(sys.argv[2]) if len(sys.argv) > 2 else 60
    made = {name: small(name) for name in ["gpt2", "smollm2", "qwen2"]}
    for name, tokenizer in made.items():
        tokenizer.save(f"{name}.json", pretty=False)
    if gguf_path:
        made["SmolLM2-135M"] = from_gguf(gguf_path)
    rows = [{"text": text, "ids": {name: t.encode(text).ids for name, t in made.items()},
             "decoded": {name: t.decode(t.encode(text).ids, skip_special_tokens=False)
                         for name, t in made.items()}}
            for text in texts(count)]
    with open("golden.jsonl", "w", encoding="utf-8") as out:
        for row in rows:
            out.write(json.dumps(row) + "\n")


main()
