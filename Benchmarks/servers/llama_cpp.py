# SPDX-License-Identifier: Apache-2.0
"""Serves a Hugging Face folder of a Llama model with llama.cpp: `llama_cpp.py FOLDER PORT NAME`.

The weights go into a GGUF file in float32, the keys and values are kept in float32. Needs `xllamacpp`, which
has the server of llama.cpp, and `gguf`.
"""
import json
import signal
import struct
import sys
from pathlib import Path

import gguf
import numpy
import xllamacpp

LAYER = {
    "self_attn.q_proj": "attn_q", "self_attn.k_proj": "attn_k", "self_attn.v_proj": "attn_v",
    "self_attn.o_proj": "attn_output", "mlp.gate_proj": "ffn_gate", "mlp.up_proj": "ffn_up",
    "mlp.down_proj": "ffn_down", "input_layernorm": "attn_norm",
    "post_attention_layernorm": "ffn_norm",
}
WHOLE = {
    "model.embed_tokens.weight": "token_embd.weight", "model.norm.weight": "output_norm.weight",
    "lm_head.weight": "output.weight",
}


def main() -> None:
    folder, port, name = Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
    file, context = folder / "float32.gguf", write_gguf(folder, folder / "float32.gguf")
    parameters = xllamacpp.CommonParams()
    parameters.model.path, parameters.model_alias = str(file), {name}
    parameters.port, parameters.hostnames = port, ["127.0.0.1"]
    parameters.n_parallel, parameters.n_ctx = 4, 4 * context
    parameters.cache_type_k = parameters.cache_type_v = xllamacpp.ggml_type.GGML_TYPE_F32
    server = xllamacpp.Server(parameters)
    print(server.listening_address, flush=True)
    signal.pause()


def write_gguf(folder: Path, target: Path) -> int:
    """Writes the model; returns its context."""
    config = json.loads((folder / "config.json").read_text())
    writer = gguf.GGUFWriter(target, "llama")
    writer.add_file_type(gguf.LlamaFileType.ALL_F32)
    writer.add_context_length(config["max_position_embeddings"])
    writer.add_embedding_length(config["hidden_size"])
    writer.add_block_count(config["num_hidden_layers"])
    writer.add_feed_forward_length(config["intermediate_size"])
    writer.add_head_count(config["num_attention_heads"])
    writer.add_head_count_kv(config["num_key_value_heads"])
    writer.add_layer_norm_rms_eps(config["rms_norm_eps"])
    writer.add_rope_freq_base(config["rope_theta"])
    writer.add_rope_dimension_count(config["head_dim"])
    writer.add_vocab_size(config["vocab_size"])
    add_tokenizer(writer, json.loads((folder / "tokenizer.json").read_text()), config)
    add_tensors(writer, folder / "model.safetensors", config)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return config["max_position_embeddings"]


def add_tokenizer(writer: gguf.GGUFWriter, tokenizer: dict, config: dict) -> None:
    """The tokens; how texts are split does not matter, since prompts come as ids."""
    tokens = [f"[unused{index}]" for index in range(config["vocab_size"])]
    for token, index in tokenizer["model"]["vocab"].items():
        tokens[index] = token
    special = {token["id"]: token["content"] for token in tokenizer["added_tokens"]}
    for index, token in special.items():
        tokens[index] = token
    kinds = [gguf.TokenType.CONTROL if i in special else gguf.TokenType.NORMAL for i in range(len(tokens))]
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("smollm")
    writer.add_token_list(tokens)
    writer.add_token_types(kinds)
    merges = tokenizer["model"]["merges"]
    writer.add_token_merges([m if isinstance(m, str) else " ".join(m) for m in merges])
    end = config["eos_token_id"]
    writer.add_eos_token_id(end[0] if isinstance(end, list) else end)
    writer.add_bos_token_id(end[0] if isinstance(end, list) else end)
    writer.add_add_bos_token(False)


def add_tensors(writer: gguf.GGUFWriter, file: Path, config: dict) -> None:
    data = file.read_bytes()
    length = struct.unpack("<Q", data[:8])[0]
    for name, entry in json.loads(data[8 : 8 + length]).items():
        if name == "__metadata__":
            continue
        assert entry["dtype"] == "F32", f"{name} is {entry['dtype']}"
        first, last = entry["data_offsets"]
        values = numpy.frombuffer(data[8 + length + first : 8 + length + last], "<f4")
        values = values.reshape(entry["shape"])
        if name in WHOLE:
            writer.add_tensor(WHOLE[name], values)
            continue
        words = name.split(".")
        part = ".".join(words[3:-1])
        if part == "self_attn.q_proj":
            values = interleaved(values, config["num_attention_heads"])
        if part == "self_attn.k_proj":
            values = interleaved(values, config["num_key_value_heads"])
        writer.add_tensor(f"blk.{words[2]}.{LAYER[part]}.{words[-1]}", values)


def interleaved(values: numpy.ndarray, heads: int) -> numpy.ndarray:
    """The rows of each head in llama.cpp's order of rotary pairs."""
    rows = values.shape[0] // heads // 2
    return values.reshape(heads, 2, rows, -1).swapaxes(1, 2).reshape(values.shape)


if __name__ == "__main__":
    main()
