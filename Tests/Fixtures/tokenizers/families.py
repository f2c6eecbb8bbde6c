"""Small tokenizers by the published rules of model families, and random texts to try them with.

Those of a kind share a vocabulary whose merges go across words, so that a cut in the wrong place shows.
"""
import functools
import json
import random
import unicodedata
from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers
from tokenizers import pre_tokenizers as pre, processors, trainers

CORPUS = [
    "A knight always tells the truth, and a knave always lies. You meet Ann, Ben and Cleo.",
    "Let's assume that Ann is a knave; then what she said isn't true, so Ben can't be one.",
    "We've seen 3 cases, 12 rows and 345 columns in 2023: 3 + 4 = 7, x^2 - 1 = (x - 1)(x + 1).",
    "<think>\nFirst, I'll try it.\n\nWait -- that doesn't hold.\n</think>\n<answer> 42 </answer>",
    "def add(a, b):\n    return a + b\n\n\nprint(add(1, 2))\t# three\n",
    "Où est l'école? Größe, naïve, São, Ελληνικά, русский, 日本語の文, 한국어, עברית, 100,000,000.",
] * 3

WORDS = (r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|NUMBERS"
         r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+")
GPT4 = (r"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]++[\r\n]*"
        r"|\s*[\r\n]|\s+(?!\S)|\s+")
GPT4O = "|".join([
    r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?",
    r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?",
    r"\p{N}{1,3}", r" ?[^\s\p{L}\p{N}]+[\r\n/]*", r"\s*[\r\n]+", r"\s+(?!\S)", r"\s+"])
DEEPSEEK3 = (r"[!\"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+"
             r"| ?[\p{P}\p{S}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+")


def cased_letters():
    """What DeepSeek wrote out: letters with two cases, without those of later versions of Unicode."""
    left_out = [(0x560, 0x588), (0x10C7, 0x10FF), (0x1C80, 0x1C88), (0x2D00, 0x2D2D), (0xA790, 0xA7FA),
                (0xAB30, 0xAB68), (0x10570, 0x105BC), (0x16E40, 0x16E7F), (0x1D400, 0x1DFFF)]
    codes = [code for code in range(0x1E944) if unicodedata.category(chr(code)) in ("Lu", "Ll", "Lt")
             and not any(low <= code <= high for low, high in left_out)]
    found = []
    for code in codes:
        if found and found[-1][1] == code - 1:
            found[-1][1] = code
        else:
            found.append([code, code])
    return "".join(chr(low) if low == high else f"{chr(low)}-{chr(high)}" for low, high in found)


def split(pattern, behaviour="isolated", invert=False):
    return pre.Split(Regex(pattern), behaviour, invert)


def byte_level(*steps, regex=False):
    return pre.Sequence([*steps, pre.ByteLevel(add_prefix_space=False, use_regex=regex)])


def deepseek_llm():
    return byte_level(
        split("[\r\n]"), split(rf"\s?[{cased_letters()}]+"),
        split("\\s?[!-/:-~！-／：-～‘-‟　-。]+"), split(r"\s+$"),
        split("[\u4e00-\u9fa5\u0800-\u4e00\uac00-\ud7ff]+"), pre.Digits(individual_digits=True))


PRE = {
    "llama3": lambda: byte_level(split(WORDS.replace("NUMBERS", r"\p{N}{1,3}"))),
    "olmo2": lambda: byte_level(split(WORDS.replace("NUMBERS", r"\p{N}{1,3}"))),
    "qwen3": lambda: byte_level(split(WORDS.replace("NUMBERS", r"\p{N}"))),
    "gpt4": lambda: byte_level(split(GPT4)),
    "gpt4o": lambda: byte_level(split(GPT4O)),
    "deepseek": deepseek_llm,
    "deepseek3": lambda: byte_level(
        split(r"\p{N}{1,3}"), split("[一-龥\u3040-ゟ゠-ヿ]+"), split(DEEPSEEK3)),
    "coder": lambda: byte_level(
        split("[\r\n]"), split(r"\s?\p{L}+"), split(r"\s?\p{P}+"), split("[一-龥ࠀ-一가-\ud7ff]+"),
        pre.Digits(individual_digits=True)),
    "behaviours": lambda: byte_level(
        split(r"\d{2,}?", "merged_with_next"), split(" ", "merged_with_previous"),
        split(r"[^aeiou\s]+", "contiguous", True),
        pre.Punctuation("merged_with_previous"), pre.Digits(individual_digits=False), regex=True),
}


SPECIAL = ["<|begin|>", "<|end|>", "<｜Ａ｜>"]


def corpus():
    return CORPUS + texts(500, seed=11)


@functools.cache
def bytes_model():
    made = Tokenizer(models.BPE())
    made.pre_tokenizer = pre.ByteLevel(add_prefix_space=False, use_regex=False)
    made.train_from_iterator(corpus(), trainers.BpeTrainer(
        vocab_size=900, special_tokens=SPECIAL, initial_alphabet=pre.ByteLevel.alphabet(),
        show_progress=False))
    return json.loads(made.to_str())["model"]


def bpe(model, **settings):
    return Tokenizer(models.BPE(model["vocab"], [tuple(merge) for merge in model["merges"]], **settings))


def bytes_tokenizer(name):
    made = bpe(bytes_model(), ignore_merges=name in ["llama3", "gpt4o"])
    made.pre_tokenizer, made.decoder = PRE[name](), decoders.ByteLevel()
    if name == "qwen3":
        made.normalizer = normalizers.NFC()
    made.add_special_tokens(SPECIAL)
    if name == "behaviours":
        made.add_special_tokens([AddedToken("<mask>", lstrip=True), AddedToken("</s>", rstrip=True)])
        # DeepSeek's files have such tokens: their text is also how bytes are written.
        made.add_tokens([AddedToken("knave", single_word=True, normalized=False),
                         AddedToken("ø", normalized=True), AddedToken("é!", normalized=False)])
    if name in ["llama3", "deepseek"]:
        template = processors.TemplateProcessing(
            single="<|begin|> $A", pair="<|begin|> $A <|begin|>:1 $B:1", special_tokens=[("<|begin|>", 0)])
        made.post_processor = processors.Sequence(
            [processors.ByteLevel(trim_offsets=True), template]) if name == "llama3" else template
    return made


@functools.cache
def characters_model():
    made = Tokenizer(models.BPE(unk_token="<unk>"))
    made.normalizer = normalizers.Replace(" ", "▁")
    made.train_from_iterator(corpus(), trainers.BpeTrainer(
        vocab_size=1000, limit_alphabet=150, show_progress=False,
        special_tokens=["<pad>", "<eos>", "<bos>", "<unk>"] + [f"<0x{byte:02X}>" for byte in range(256)]))
    return json.loads(made.to_str())["model"]


def characters_tokenizer(name):
    """BPE over characters with bytes for those that are no token, as SentencePiece makes it."""
    made = bpe(characters_model(), unk_token="<unk>", fuse_unk=True, byte_fallback=True)
    blanks = [decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse()]
    made.decoder = decoders.Sequence(blanks)
    if name == "gemma":
        made.normalizer = normalizers.Replace(" ", "▁")
        made.pre_tokenizer = pre.Split(" ", "merged_with_previous")
        made.add_tokens([AddedToken("\n\n", normalized=False), AddedToken("\t", normalized=False)])
    elif name == "llama2":
        made.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
        made.decoder = decoders.Sequence([*blanks, decoders.Strip(" ", 1, 0)])
    else:
        made.pre_tokenizer = pre.Metaspace("▁", "first", False)
        made.decoder = decoders.Sequence([*blanks, decoders.Strip(" ", 1, 0)])
    made.add_special_tokens(["<pad>", "<eos>", "<bos>", "<unk>"])
    made.post_processor = processors.TemplateProcessing(
        single="<bos> $A", pair="<bos> $A <bos>:1 $B:1", special_tokens=[("<bos>", 2)])
    return made


def lent(file, name):
    own = json.loads(bytes_tokenizer(name).to_str())
    model = file["model"] | {"ignore_merges": own["model"]["ignore_merges"]}
    return file | {key: own[key] for key in ["normalizer", "pre_tokenizer"]} | {"model": model}


def all_tokenizers(file=None):
    """The tokenizers; those of bytes alone where a tokenizer.json lends its vocabulary."""
    if file:
        return {name: Tokenizer.from_str(json.dumps(lent(file, name))) for name in PRE if name != "behaviours"}
    made = {name: bytes_tokenizer(name) for name in PRE}
    return made | {name: characters_tokenizer(name) for name in ["gemma", "llama2", "mistral"]}


PIECES = [
    "'s", "'T", "'ll", "'LL", "'rE", "'ſ", "'", " ", "  ", "   ", "\n", "\n\n", "\r\n", "\r", "\t", "\u00a0",
    "\u3000", "\u0085", "\u2028", "\x0b", "\x1c", "\x00", "\x7f", "a", "Kn", "knave", "KNAVE", "iPhone", "é",
    "e\u0301", "ß", "ſ", "K", "中", "文字", "日本", "の", "カ", "한", "국", "ิ", "ไทย", "اللغة", "ह", "ि", "7", "42",
    "123", "12345", "1000000", "٣", "٣٤٥٦", "Ⅻ", "½", "²", "+", "-", "—", "…", "!?", "...", "(", ")", "[", "]",
    "{}", "_", "^", "`", "|", "$", "€", "©", "👍", "👍🏽", "👩‍👩‍👧", "🇫🇷", "\u200d", "\u200b", "\ufeff", "\ufffd", "İ",
    "ﬁ", "ﬆ", "\U0001d7d8", "\U00010400", "\U0001e900", "\U000105c0", "ʰ", "ª", "\u1680", "\u180e", "\u0378",
    "<|begin|>", "<|end|>", "<｜Ａ｜>", "<｜Ａ", "<mask>", "</s>", "<bos>", "<eos>", "▁", "▁▁", "<0x0A>", "<unk>", "/",
    "//", "http://x.y", "e.g.", "x=y", "\u0303", "ა", "Ა", "Ⴀ", "ꭰ", "Ꭰ", "\u1c80", "\u1d7d", "Ａ", "！", "：", "‘", "。", "ø", "é!",
]


def texts(count, seed):
    """Random texts: pieces in any order, characters of all planes, runs."""
    draw = random.Random(seed)

    def character():
        plane = draw.choice([0, 0, 0, 0, 1, 1, 2, 3, 14, 15, 16])
        top = draw.choice([0x80, 0x800, 0x3000, 0x10000]) if plane == 0 else 0x10000
        while True:
            code = plane * 0x10000 + draw.randrange(top)
            if not 0xD800 <= code < 0xE000:
                return chr(code)

    def text():
        sort = draw.random()
        if sort < 0.55:
            return "".join(draw.choices(PIECES, k=draw.randint(1, 16)))
        if sort < 0.75:
            return "".join(draw.choice([character(), draw.choice(PIECES)]) for _ in range(draw.randint(1, 14)))
        if sort < 0.85:
            return "".join(character() for _ in range(draw.randint(1, 12)))
        if sort < 0.92:
            run = draw.choice([" ", "\n", "\t", "a", "1", "=", "中", "é", "'s", " \n", "\u00a0 "])
            return draw.choice(["", "x", " "]) + run * draw.randint(2, 40) + draw.choice(["", "x", " y", "\n", "7"])
        return " ".join(draw.choices(" ".join(CORPUS[:6]).split(" "), k=draw.randint(1, 12)))

    fixed = ["", " ", "\n", "Add 12345 and 678.", "It's  a\n\n test of 2023 knights' lies   ", "é日本 1000000",
             "unknave knave knave's _knave knave", "a <mask> b", "  </s>  x", "Hello world", " Hello", "▁Hello"]
    return (fixed + [text() for _ in range(count)])[:count]
