# SPDX-License-Identifier: Apache-2.0
"""A context of llama.cpp for sequences that share a prompt, through its C functions."""
import random
from typing import Any

import llama_cpp as llama

BATCH = 2048


class Context:
    """The cache holds 16-bit floats, llama.cpp's default; everything else as its defaults."""

    def __init__(
        self, model: Any, sequences: int, prompt: int, tokens: int, threads: int,
        flash_attention: bool, one_cache: bool,
    ) -> None:
        self.sequences, self.prompt = sequences, prompt
        # One more than `tokens`: see share_prompt.
        own = sequences * (tokens + 1)
        cells = own + (prompt if one_cache else sequences * prompt)
        params = llama.llama_context_default_params()
        params.n_ctx = cells
        params.n_batch = BATCH
        params.n_seq_max = sequences
        params.n_threads = params.n_threads_batch = threads
        params.flash_attn_type = int(flash_attention)
        params.kv_unified = self.one_cache = one_cache
        self.context = llama.llama_init_from_model(model, params)
        if not self.context:
            raise SystemExit("llama.cpp cannot make a context")
        self.memory = llama.llama_get_memory(self.context)
        self.vocabulary = llama.llama_vocab_n_tokens(llama.llama_model_get_vocab(model))
        self.batch = llama.llama_batch_init(BATCH, 0, 1)
        self.random = random.Random(0)

    def free(self) -> None:
        llama.llama_batch_free(self.batch)
        llama.llama_free(self.context)

    def clear(self) -> None:
        llama.llama_memory_clear(self.memory, False)

    def read_prompt(self) -> None:
        """Reads the prompt as sequence 0. It must fit into one batch."""
        places = [(position, 0) for position in range(self.prompt)]
        self._decode(places, logits_from=self.prompt - 1)

    def share_prompt(self) -> None:
        """Gives the prompt to all sequences."""
        for sequence in range(1, self.sequences):
            llama.llama_memory_seq_cp(self.memory, 0, sequence, -1, -1)
        if not self.one_cache:
            # The copies are made by the next step, which is not to be timed.
            self._decode([(self.prompt, 0)], logits_from=0)
            llama.llama_memory_seq_rm(self.memory, 0, self.prompt, -1)

    def decode_step(self, step: int) -> None:
        """One more token for every sequence, with the logits of all."""
        position = self.prompt + step
        self._decode([(position, sequence) for sequence in range(self.sequences)], logits_from=0)

    def _decode(self, places: list[tuple[int, int]], logits_from: int) -> None:
        batch = self.batch
        batch.n_tokens = len(places)
        for i, (position, sequence) in enumerate(places):
            batch.token[i] = self.random.randrange(self.vocabulary)
            batch.pos[i] = position
            batch.n_seq_id[i] = 1
            batch.seq_id[i][0] = sequence
            batch.logits[i] = i >= logits_from
        status = llama.llama_decode(self.context, batch)
        if status != 0:
            raise SystemExit(f"llama.cpp: llama_decode gave {status}")
        llama.llama_synchronize(self.context)
