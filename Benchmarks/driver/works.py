# SPDX-License-Identifier: Apache-2.0
"""The rows of the table, and the work that each side does for them."""
from dataclasses import dataclass

from .options import Options
from .sides import MEMORY, PREFILL, PRODUCT, SECONDS, SPEED, OwnSide, PeerSide, Row, peer


@dataclass(frozen=True)
class Sizes:
    """How much work. One step is timed in each round, after a warm-up."""

    sequences: int = 4
    length: int = 512
    prompt: int = 256
    tokens: int = 128
    decoded: tuple[int, int, int] = (32, 16, 1)
    problems: int = 4
    problem: int = 170
    group: int = 8
    completions_at_once: int = 8
    context: int = 4096
    products: int = 8


SMOKE = Sizes(
    sequences=2, length=32, prompt=32, tokens=8, decoded=(4, 2, 1), problems=2, problem=20, group=2,
    completions_at_once=2, context=128, products=3,
)


@dataclass(frozen=True)
class Bfloat16:
    """Whether training in bfloat16 is worth measuring: without the instructions ours computes in
    float32 anyway, and PyTorch emulates."""

    own: bool
    pytorch: bool


class Works:
    """Makes the rows. Sides that are equal are the same side, and measured once a round."""

    def __init__(self, options: Options, bfloat16: Bfloat16) -> None:
        self.options, self.bfloat16 = options, bfloat16
        self.sizes = SMOKE if options.smoke else Sizes()

    def groups(self) -> list[list[Row]]:
        """The rows asked for; those of a group share their rounds."""
        makers = (self.training, self.context, self.decoding_many, self.decoding_some,
                  self.decoding_one, self.reinforcement, self.matrix)
        groups = [[row for row in make() if row.name in self.options.only] for make in makers]
        return [rows for rows in groups if rows]

    # Groups

    def training(self) -> list[Row]:
        s = self.sizes
        title = f"SFT step, {s.sequences} x {s.length} tokens"
        rows = [
            Row("sft", f"{title}, {dtype}", self.own_training(dtype),
                self.pytorch("PyTorch", "sft", dtype, sequences=s.sequences, length=s.length),
                SPEED, aim)
            for dtype, aim in self.dtypes(float32=1.3, bfloat16=2)
        ]
        # The same sides again: what they held at most is known without another run.
        rows += [Row("memory", f"peak memory of it, {self.options.dtypes[0]}", row.own,
                     row.others[:1], MEMORY, self.aim(2)) for row in rows[:1]]
        own = self.own_training("float32")
        single = self.own_training("float32", threads=1)
        rows.append(Row("threads", f"{title}, {own.threads} threads to 1", own, (single,), SPEED,
                        self.aim(1.7)))
        return rows

    def context(self) -> list[Row]:
        s = self.sizes
        long = self.own_training("float32", sequences=1, length=s.context)
        short = self.own_training("float32", sequences=s.context // s.length, length=s.length)
        title = f"SFT step, 1 x {s.context} tokens to {s.context // s.length} x {s.length}"
        return [Row("context", title, long, (short,), SPEED)]

    def decoding_many(self) -> list[Row]:
        count = self.sizes.decoded[0]
        return [
            Row("decode32", f"decoding, {self.shape(count)}, {dtype}",
                self.own_decoding(count, dtype), self.llama(count, dtype), SPEED, aim)
            for dtype, aim in self.dtypes(float32=1.5, bfloat16=2)
        ]

    def decoding_some(self) -> list[Row]:
        s, count = self.sizes, self.sizes.decoded[1]
        rows: list[Row] = []
        for dtype, _ in self.dtypes():
            own, llama = self.own_decoding(count, dtype), self.llama(count, dtype)
            title = f"decoding, {self.shape(count)}, {dtype}"
            rows.append(Row("decode16", title, own, llama, SPEED))
            generate = self.pytorch("transformers generate", "generate", dtype, sequences=count,
                                    prompt=s.prompt, tokens=s.tokens)
            rows.append(Row("generate", title, own, generate, SPEED))
            rows.append(Row("prefill", f"prefill, {s.prompt} tokens, {dtype}", own,
                            llama + generate, PREFILL))
        return rows

    def decoding_one(self) -> list[Row]:
        count = self.sizes.decoded[2]
        return [
            Row("decode1", f"decoding, {self.shape(count)}, {dtype}",
                self.own_decoding(count, dtype), self.llama(count, dtype), SPEED, aim)
            for dtype, aim in self.dtypes(float32=1, bfloat16=1)
        ]

    def reinforcement(self) -> list[Row]:
        s = self.sizes
        title = f"RLVR step, {s.problems} x {s.problem} tokens, groups of {s.group}, {s.tokens} new"
        settings = {"prompts": s.problems, "prompt": s.problem, "group": s.group,
                    "tokens": s.tokens, "completions_at_once": s.completions_at_once}
        return [
            Row("rlvr", f"{title}, {dtype}", self.own_reinforcement(dtype),
                self.pytorch("TRL", "rlvr", dtype, **settings), SECONDS, aim)
            for dtype, aim in self.dtypes(float32=5, bfloat16=8)
        ]

    def matrix(self) -> list[Row]:
        arguments = ("--sequences", "1", "--length", "16", "--steps", "1")
        return [
            Row("matrix", f"matrix product 2048 x 1536 x 576, {dtype}",
                OwnSide("train", self.own_training_dtype(dtype), self.options.threads, arguments),
                self.pytorch("PyTorch", "matrix", dtype, products=self.sizes.products), PRODUCT)
            for dtype, _ in self.dtypes()
        ]

    # Sides

    def dtypes(self, **aims: float) -> list[tuple[str, float | None]]:
        """The dtypes asked for, with the aim of each. Tiny sizes have none."""
        return [(dtype, self.aim(aims[dtype]) if dtype in aims else None)
                for dtype in self.options.dtypes]

    def aim(self, ratio: float) -> float | None:
        return None if self.options.smoke else ratio

    def own_training_dtype(self, dtype: str) -> str:
        return dtype if self.bfloat16.own else "float32"

    def own_training(self, dtype: str, threads: int | None = None, sequences: int | None = None,
                     length: int | None = None) -> OwnSide:
        sequences, length = sequences or self.sizes.sequences, length or self.sizes.length
        arguments = ("--sequences", str(sequences), "--length", str(length), "--steps", "1")
        return OwnSide("train", self.own_training_dtype(dtype), threads or self.options.threads, arguments)

    def own_decoding(self, sequences: int, dtype: str) -> OwnSide:
        s = self.sizes
        arguments = ("--prompt", str(s.prompt), "--sequences", str(sequences),
                     "--tokens", str(s.tokens), "--repeats", "2")
        return OwnSide("sample", dtype, self.options.threads, arguments)

    def own_reinforcement(self, dtype: str) -> OwnSide:
        s = self.sizes
        arguments = ("--prompts", str(s.problems), "--prompt", str(s.problem),
                     "--group", str(s.group), "--tokens", str(s.tokens), "--steps", "1")
        return OwnSide("rlvr", dtype, self.options.threads, arguments)

    def pytorch(
        self, label: str, workload: str, dtype: str, **settings: object
    ) -> tuple[PeerSide, ...]:
        """In float32 that; in bfloat16 both, of which the better one counts."""
        dtypes = ["float32"]
        if dtype == "bfloat16" and self.bfloat16.pytorch:
            dtypes.append("bfloat16")
        folder = str(self.options.models / "huggingface")
        return tuple(peer(f"{label} {each}", workload, dtype=each, folder=folder,
                          threads=self.options.threads, **settings) for each in dtypes)

    def llama(self, sequences: int, dtype: str) -> tuple[PeerSide, ...]:
        """In bfloat16, too, the better one of both counts."""
        s = self.sizes
        dtypes = ["float32"] if dtype == "float32" else ["float32", dtype]
        return tuple(
            peer(f"llama.cpp {each}", "decode", file=str(self.options.models / f"{each}.gguf"),
                 threads=self.options.threads, sequences=sequences, prompt=s.prompt,
                 tokens=s.tokens)
            for each in dtypes
        )

    def shape(self, sequences: int) -> str:
        what = "1 sequence" if sequences == 1 else f"{sequences} sequences"
        return f"{what} after {self.sizes.prompt} tokens"
