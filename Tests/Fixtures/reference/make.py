"""Makes the reference numbers beside it: `pip install numpy autograd`, then `python3 make.py`.

Two tiny models with random weights, and what a forward pass, its gradients, AdamW, decoding and
losses of reinforcement learning give for them. Everything is written down here once more, in
float64, from the formulas of the models (Touvron et al., 2023; Qwen Team, 2024), AdamW (Loshchilov
and Hutter, 2019), PPO's and GRPO's losses (Schulman et al., 2017; Shao et al., 2024) and their
variants; nothing of the engine is used. Gradients are those of reverse-mode automatic
differentiation and are checked here against central differences. Weights are float32 from the
start; tensors are rounded to float32 when written, numbers in JSON to fifteen digits.

The files here were made with Python 3.11.7, numpy 2.4.6 and autograd 1.9.1.
"""

import json
import os
import struct

import autograd.numpy as np
import numpy
from autograd import value_and_grad

HERE = os.path.dirname(os.path.abspath(__file__))
EPSILON = 0.2

MODELS = {
    "llama-tied": dict(
        kind="llama", V=97, D=32, L=2, H=4, KV=2, F=48, theta=10000.0, eps=1e-5, tied=True,
        seed=1, lengths=[22, 17], starts=[6, 9], completions=[9, 14, 5, 11], maximum=16),
    "qwen2-untied": dict(
        kind="qwen2", V=89, D=32, L=2, H=4, KV=1, F=56, theta=1e6, eps=1e-6, tied=False,
        seed=2, lengths=[19, 23], starts=[4, 11], completions=[12, 7, 15, 4], maximum=15),
}


# Files


def write_json(path, value):
    def rounded(x):
        if isinstance(x, dict):
            return {k: rounded(v) for k, v in x.items()}
        if isinstance(x, (list, tuple)):
            return [rounded(v) for v in x]
        if isinstance(x, (float, numpy.floating)):
            return float(f"{x:.15g}")
        return int(x) if isinstance(x, numpy.integer) else x

    with open(path, "w") as file:
        json.dump(rounded(value), file, separators=(",", ":"))
        file.write("\n")


def write_safetensors(path, tensors):
    header, data = {}, b""
    for name in sorted(tensors):
        values = numpy.asarray(tensors[name])
        is_real = values.dtype.kind == "f"
        raw = values.astype("<f4" if is_real else "<i8").tobytes()
        header[name] = {
            "dtype": "F32" if is_real else "I64", "shape": list(values.shape),
            "data_offsets": [len(data), len(data) + len(raw)]}
        data += raw
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text + data)


# The model


def make_weights(m, rng):
    def draw(*shape, scale=None):
        return rng.standard_normal(shape) * (scale or shape[-1] ** -0.5)

    D, F, hd = m["D"], m["F"], m["D"] // m["H"]
    p = {"model.embed_tokens.weight": draw(m["V"], D, scale=0.4)}
    for layer in range(m["L"]):
        at = f"model.layers.{layer}."
        for name, rows in [("q", m["H"] * hd), ("k", m["KV"] * hd), ("v", m["KV"] * hd)]:
            p[at + f"self_attn.{name}_proj.weight"] = draw(rows, D)
            if m["kind"] == "qwen2":
                p[at + f"self_attn.{name}_proj.bias"] = draw(rows, scale=0.3)
        p[at + "self_attn.o_proj.weight"] = draw(D, m["H"] * hd)
        p[at + "mlp.gate_proj.weight"] = draw(F, D)
        p[at + "mlp.up_proj.weight"] = draw(F, D)
        p[at + "mlp.down_proj.weight"] = draw(D, F)
        for name in ("input_layernorm", "post_attention_layernorm"):
            p[at + name + ".weight"] = 1 + draw(D, scale=0.1)
    p["model.norm.weight"] = 1 + draw(D, scale=0.1)
    if not m["tied"]:
        p["lm_head.weight"] = draw(m["V"], D, scale=0.4)
    return {k: v.astype(numpy.float32).astype(numpy.float64) for k, v in p.items()}


def norm(x, weight, eps):
    return x / np.sqrt(np.mean(x * x, axis=-1, keepdims=True) + eps) * weight


def rotate(x, theta):
    """x is [heads, positions, head size]; element i turns with element i + half."""
    half = x.shape[-1] // 2
    angles = numpy.outer(numpy.arange(x.shape[1]), theta ** (-numpy.arange(half) / half))
    cos, sin = numpy.cos(angles), numpy.sin(angles)
    a, b = x[..., :half], x[..., half:]
    return np.concatenate([a * cos - b * sin, b * cos + a * sin], axis=-1)


def log_softmax(x):
    shifted = x - np.max(x, axis=-1, keepdims=True)
    return shifted - np.log(np.sum(np.exp(shifted), axis=-1, keepdims=True))


def forward(m, p, ids):
    """Logits [positions, V], and the stream before, between and behind the blocks."""
    T, hd = len(ids), m["D"] // m["H"]
    future = numpy.triu(numpy.full((T, T), -1e30), 1)
    x = p["model.embed_tokens.weight"][ids]
    states = [x]
    for layer in range(m["L"]):
        at = f"model.layers.{layer}."

        def heads(name, count):
            y = np.dot(h, p[at + f"self_attn.{name}_proj.weight"].T)
            if m["kind"] == "qwen2":
                y = y + p[at + f"self_attn.{name}_proj.bias"]
            return np.transpose(np.reshape(y, (T, count, hd)), (1, 0, 2))

        h = norm(x, p[at + "input_layernorm.weight"], m["eps"])
        q = rotate(heads("q", m["H"]), m["theta"])
        k = np.repeat(rotate(heads("k", m["KV"]), m["theta"]), m["H"] // m["KV"], axis=0)
        v = np.repeat(heads("v", m["KV"]), m["H"] // m["KV"], axis=0)
        scores = np.matmul(q, np.transpose(k, (0, 2, 1))) / hd**0.5 + future
        mixed = np.matmul(np.exp(log_softmax(scores)), v)
        mixed = np.reshape(np.transpose(mixed, (1, 0, 2)), (T, m["H"] * hd))
        x = x + np.dot(mixed, p[at + "self_attn.o_proj.weight"].T)
        h = norm(x, p[at + "post_attention_layernorm.weight"], m["eps"])
        gate = np.dot(h, p[at + "mlp.gate_proj.weight"].T)
        up = np.dot(h, p[at + "mlp.up_proj.weight"].T)
        x = x + np.dot(gate / (1 + np.exp(-gate)) * up, p[at + "mlp.down_proj.weight"].T)
        states.append(x)
    last = norm(x, p["model.norm.weight"], m["eps"])
    head = p["model.embed_tokens.weight"] if m["tied"] else p["lm_head.weight"]
    return np.dot(last, head.T), states + [last]


def token_log_probabilities(m, p, ids, temperature=1.0):
    logits, _ = forward(m, p, ids)
    return log_softmax(logits / temperature)[numpy.arange(len(ids) - 1), ids[1:]]


def norm_of(gradients):
    return sum(numpy.sum(g * g) for g in gradients.values()) ** 0.5


def summary(tensors, entries):
    def of(x):
        flat = numpy.ravel(x)
        places = numpy.unique(numpy.linspace(0, flat.size - 1, entries + 2).astype(int)[1:-1])
        at = [[int(i), flat[i]] for i in places]
        return {"norm": norm_of({"": x}), "sum": flat.sum(), "at": at}

    return {name: of(x) for name, x in tensors.items()}


def check_gradients(loss, p, gradients, rng):
    for name, gradient in gradients.items():
        at = tuple(rng.integers(0, n) for n in gradient.shape)

        def moved(by):
            q = {k: v.copy() for k, v in p.items()}
            q[name][at] += by
            return loss(q)

        difference = (moved(1e-5) - moved(-1e-5)) / 2e-5
        assert abs(difference - gradient[at]) < 1e-7 * max(1, abs(gradient[at])), (name, at)


# Supervised training


def make_supervised(m, p, rng, folder):
    rows, columns = len(m["lengths"]), max(m["lengths"])
    ids = numpy.zeros((rows, columns), int)
    mask = numpy.zeros((rows, columns), int)
    labels = numpy.full((rows, columns), -100)
    logits = numpy.zeros((rows, columns, m["V"]))
    chosen = numpy.zeros((rows, columns - 1))
    # The first row has no padding.
    order = sorted(zip(m["lengths"], m["starts"]), reverse=True)
    for row, (length, start) in enumerate(order):
        ids[row, :length] = rng.integers(3, m["V"], length)
        mask[row, :length] = 1
        labels[row, start:length] = ids[row, start:length]
        logits[row, :length], states = forward(m, p, ids[row, :length])
        chosen[row, : length - 1] = token_log_probabilities(m, p, ids[row, :length])
        if row == 0:
            hidden = numpy.stack(states)
    count = sum(length - start for length, start in order)

    def loss(p):
        parts = [
            np.sum(token_log_probabilities(m, p, ids[row, :length])[start - 1 :])
            for row, (length, start) in enumerate(order)]
        return -sum(parts) / count

    value, gradients = value_and_grad(loss)(p)
    check_gradients(loss, p, gradients, rng)
    settings = {
        "sft": dict(lr=1e-3, betas=[0.9, 0.95], eps=1e-8, weight_decay=1e-4, max_grad_norm=0.1),
        "grpo": dict(lr=1e-2, betas=[0.9, 0.99], eps=1e-8, weight_decay=0.1, max_grad_norm=0.1)}
    steps = {}
    for name, chosen_settings in settings.items():
        after, trace = adamw(loss, p, **chosen_settings)
        steps[name] = dict(
            chosen_settings, trace=trace, loss_after=loss(after), params_after=summary(after, 6))
        if name == "sft":
            write_safetensors(folder + "/adamw_sft_params.safetensors", after)
    write_safetensors(folder + "/sft.safetensors", {
        "input_ids": ids, "attention_mask": mask, "labels": labels, "logits": logits,
        "next_token_logprobs": chosen, "hidden_states_row0": hidden})
    write_safetensors(folder + "/sft_grads.safetensors", gradients)
    write_json(folder + "/sft.json", {
        "loss": value, "tokens_in_loss": count, "grad_norm": norm_of(gradients), "steps": steps})


def adamw(loss, p, lr, betas, eps, weight_decay, max_grad_norm, steps=3):
    """Weights after some steps. Norms and biases do not decay."""
    p = dict(p)
    m = {k: numpy.zeros_like(v) for k, v in p.items()}
    v = {k: numpy.zeros_like(x) for k, x in p.items()}
    trace = []
    for step in range(1, steps + 1):
        value, gradients = value_and_grad(loss)(p)
        total = norm_of(gradients)
        trace.append({"loss": value, "grad_norm": total})
        scale = min(1, max_grad_norm / (total + 1e-6))
        for k, g in gradients.items():
            g = g * scale
            m[k] = betas[0] * m[k] + (1 - betas[0]) * g
            v[k] = betas[1] * v[k] + (1 - betas[1]) * g * g
            decay = 0 if "norm" in k or "bias" in k else weight_decay
            mean, square = m[k] / (1 - betas[0] ** step), v[k] / (1 - betas[1] ** step)
            p[k] = p[k] * (1 - lr * decay) - lr * mean / (numpy.sqrt(square) + eps)
    return p, trace


# Decoding


def make_decoding(m, p, rng, folder):
    prompt = rng.integers(3, m["V"], 9)
    ids, gap = list(prompt), numpy.inf
    for _ in range(16):
        last = forward(m, p, numpy.array(ids))[0][-1]
        second, first = numpy.sort(last)[-2:]
        gap = min(gap, first - second)
        ids.append(int(numpy.argmax(last)))
    assert gap > 1e-3, gap
    logits = forward(m, p, prompt)[0][-1]
    choices = [(0.7, 0.95, 0), (1.0, 1.0, 0), (0.7, 0.5, 0), (1.3, 0.9, 20)]
    write_json(folder + "/generate.json", {
        "prompt_ids": list(prompt), "greedy_16": ids[len(prompt):], "smallest_top1_top2_gap": gap,
        "next_token_logits_after_prompt": list(logits),
        "distributions": [distribution(logits, *choice) for choice in choices]})


def distribution(logits, temperature, top_p, top_k):
    """Temperature, then the top_k most probable, then the fewest whose sum reaches top_p."""
    order = numpy.argsort(-logits)
    if top_k:
        order = order[:top_k]
    probabilities = numpy.exp(log_softmax(logits[order] / temperature))
    before = numpy.cumsum(probabilities) - probabilities
    if top_p < 1:
        assert min(abs(before - top_p)) > 1e-4
        order, probabilities = order[before < top_p], probabilities[before < top_p]
    return {
        "temperature": temperature, "top_p": top_p, "top_k": top_k, "kept": list(order),
        "probs": list(probabilities / probabilities.sum())}


# Reinforcement learning


def advantages(groups):
    """All kinds of advantage of a batch, group by group."""
    groups = [numpy.array(g, float) for g in groups]
    spread = numpy.std(numpy.concatenate(groups), ddof=1) + 1e-4
    return {
        "centred": [list(g - g.mean()) for g in groups],
        "scaled": [list((g - g.mean()) / (g.std(ddof=1) + 1e-4)) for g in groups],
        "batch_scaled": [list((g - g.mean()) / spread) for g in groups],
        "leave_one_out": [list(g - (g.sum() - g) / (len(g) - 1)) for g in groups]}


def aggregate(parts, kind, maximum, microbatch):
    """The loss of a batch from the token losses of each completion."""
    if kind == "token_mean":
        cuts = [parts[i : i + microbatch] for i in range(0, len(parts), microbatch)]
        means = [sum(np.sum(x) for x in cut) / sum(len(x) for x in cut) for cut in cuts]
        return sum(means) / len(means)
    if kind == "batch_tokens":
        return sum(np.sum(x) for x in parts) / sum(len(x) for x in parts)
    if kind == "sequence_mean":
        return sum(np.mean(x) for x in parts) / len(parts)
    return sum(np.sum(x) for x in parts) / (len(parts) * maximum)


def make_policy(m, p, rng, folder):
    prompt = rng.integers(3, m["V"], 7)
    completions = [rng.integers(3, m["V"], n) for n in m["completions"]]
    sequences = [numpy.concatenate([prompt, c]) for c in completions]

    def scores(p, temperature):
        return [token_log_probabilities(m, p, s, temperature)[len(prompt) - 1 :] for s in sequences]

    def single(x):
        return x.astype(numpy.float32).astype(numpy.float64)

    current = {t: scores(p, t) for t in (1.0, 0.7)}
    old = {t: [single(x + rng.normal(0, 0.3, len(x))) for x in current[t]] for t in current}
    reference = [single(x + rng.normal(0, 0.5, len(x))) for x in current[1.0]]
    rewards = [2.0, -0.5, -2.0, 1.0]
    kinds = {name: groups[0] for name, groups in advantages([rewards]).items()}

    def variant(advantage, kind, temperature=1.0, is_current=False, beta=0.0, microbatch=4):
        before = current[temperature] if is_current else old[temperature]
        A = kinds[advantage]

        def loss(p):
            parts = []
            for new, o, r, a in zip(scores(p, temperature), before, reference, A):
                ratio = np.exp(new - o)
                part = -np.minimum(ratio * a, np.clip(ratio, 1 - EPSILON, 1 + EPSILON) * a)
                parts.append(part + beta * (np.exp(r - new) - (r - new) - 1))
            return aggregate(parts, kind, m["maximum"], microbatch)

        value, gradients = value_and_grad(loss)(p)
        check_gradients(loss, p, gradients, rng)
        kept = 0
        for new, o, a in zip(current[temperature], before, A):
            ratio = numpy.exp(new - o)
            assert numpy.min(numpy.abs(numpy.abs(ratio - 1) - EPSILON)) > 1e-4
            kept += int(numpy.sum(ratio * a < numpy.clip(ratio, 1 - EPSILON, 1 + EPSILON) * a))
        return {
            "advantages": advantage, "old_logps": "current" if is_current else "given",
            "aggregate": kind, "temperature": temperature, "beta": beta, "microbatch": microbatch,
            "loss": value, "clipped_tokens": kept, "grad_norm": norm_of(gradients),
            "grads": summary(gradients, 2)}

    variants = {
        f"{kind}_{advantage}": variant(advantage, kind, microbatch=3)
        for kind in ("token_mean", "batch_tokens", "sequence_mean", "constant")
        for advantage in kinds}
    variants["on_policy"] = variant("centred", "token_mean", is_current=True)
    variants["cold"] = variant("centred", "token_mean", temperature=0.7)
    variants["divergence"] = variant("centred", "token_mean", beta=0.04)

    columns = max(m["completions"])

    def padded(rows):
        out = numpy.zeros((len(rows), columns), rows[0].dtype)
        for row, values in zip(out, rows):
            row[: len(values)] = values
        return out

    write_safetensors(folder + "/grpo.safetensors", {
        "prompt_ids": prompt, "completion_ids": padded(completions),
        "completion_mask": padded([numpy.ones(n, int) for n in m["completions"]]),
        "logps_T1_0": padded(current[1.0]), "logps_T0_7": padded(current[0.7]),
        "old_logps_T1_0": padded(old[1.0]), "old_logps_T0_7": padded(old[0.7]),
        "ref_logps_T1_0": padded(reference)})
    batch = [rewards, [0.0, 1.0, 1.0], [3.0, 3.0]]
    write_json(folder + "/grpo.json", {
        "rewards": rewards, **{f"advantages_{name}": a for name, a in kinds.items()},
        "batch": {"rewards": batch, "advantages": advantages(batch)},
        "epsilon": EPSILON, "max_completion_length": m["maximum"], "variants": variants})


def configuration(m):
    name = {"llama": "LlamaForCausalLM", "qwen2": "Qwen2ForCausalLM"}[m["kind"]]
    return {
        "architectures": [name], "model_type": m["kind"], "hidden_act": "silu",
        "hidden_size": m["D"], "intermediate_size": m["F"], "num_hidden_layers": m["L"],
        "num_attention_heads": m["H"], "num_key_value_heads": m["KV"], "vocab_size": m["V"],
        "max_position_embeddings": 64, "rope_theta": m["theta"], "rms_norm_eps": m["eps"],
        "tie_word_embeddings": m["tied"], "bos_token_id": 1, "eos_token_id": 2,
        "torch_dtype": "float32"}


def main():
    for name, m in MODELS.items():
        rng = numpy.random.default_rng(m["seed"])
        folder = os.path.join(HERE, name)
        os.makedirs(folder, exist_ok=True)
        p = make_weights(m, rng)
        write_json(folder + "/config.json", configuration(m))
        write_safetensors(folder + "/model.safetensors", p)
        make_supervised(m, p, rng, folder)
        make_decoding(m, p, rng, folder)
        make_policy(m, p, rng, folder)
        print(name, sum(x.size for x in p.values()), "parameters")
    write_json(os.path.join(HERE, "lr_schedule.json"), {
        "kind": "constant_with_warmup", "lr": 3e-5, "warmup_steps": 7,
        "lr_used_at_optimizer_step": [3e-5 * min(1, step / 7) for step in range(10)]})


if __name__ == "__main__":
    main()
