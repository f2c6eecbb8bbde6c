"""Tests that vLLM knows what TRL and the adapter tell it, by its sources, which are only read.

    VLLM_SOURCE=FOLDER python -m unittest test_vllm_sources

FOLDER has vLLM's package `vllm`: an unpacked wheel, or a site-packages. Without it the tests are skipped.
"""

import ast
import os
import unittest
from pathlib import Path

SOURCE = os.environ.get("VLLM_SOURCE")
SAMPLING = {
    "n", "repetition_penalty", "presence_penalty", "frequency_penalty", "temperature", "top_p", "top_k",
    "min_p", "max_tokens", "logprobs", "seed", "stop_token_ids"}
# What TRL's colocated engine is made with, and what the adapter adds.
ENGINE = {
    "model", "tensor_parallel_size", "gpu_memory_utilization", "max_model_len", "max_num_seqs",
    "enable_sleep_mode", "model_impl", "distributed_executor_backend", "seed", "max_num_batched_tokens",
    "logprobs_mode", "quantization", "trust_remote_code", "dtype", "generation_config"}


@unittest.skipUnless(SOURCE, "VLLM_SOURCE names no folder with vLLM's package")
class SourceTests(unittest.TestCase):
    def text(self, path):
        return (Path(SOURCE) / "vllm" / path).read_text()

    def member(self, path, name, within=None):
        """A class or function of a file, or of a class in it."""
        nodes = ast.parse(self.text(path)).body
        for wanted in filter(None, (within, name)):
            nodes = [node for node in nodes if getattr(node, "name", None) == wanted]
            self.assertTrue(nodes, f"{path} has no {wanted}")
            found, nodes = nodes[-1], nodes[-1].body
        return found

    def fields(self, path, name):
        return {node.target.id for node in self.member(path, name).body if isinstance(node, ast.AnnAssign)}

    def arguments(self, path, name, within):
        signature = self.member(path, name, within).args
        return {argument.arg for argument in signature.args + signature.kwonlyargs}

    def test_an_engine_takes_what_it_is_made_with(self):
        known = self.arguments("entrypoints/llm.py", "__init__", "LLM")
        self.assertEqual(ENGINE - known - self.fields("engine/arg_utils.py", "EngineArgs"), set())
        for name in ("sleep", "wake_up", "reset_prefix_cache"):
            self.assertIn(f"def {name}(", self.text("entrypoints/llm.py"))

    def test_prompts_have_sampling_parameters_of_their_own(self):
        asked = self.arguments("entrypoints/llm.py", "generate", "LLM")
        self.assertLessEqual({"prompts", "sampling_params", "use_tqdm"}, asked)
        self.assertIn("Sequence[SamplingParams]", self.text("entrypoints/llm.py"))
        self.assertLessEqual(SAMPLING, self.fields("sampling_params.py", "SamplingParams"))
        self.member("sampling_params.py", "clone", "SamplingParams")
        # A clone that is given a seed uses it: the kind of sampling is worked out when it is asked for.
        kind = ast.unparse(self.member("sampling_params.py", "sampling_type", "SamplingParams"))
        self.assertIn("self.seed is not None", kind)
        made = ast.unparse(self.member("sampling_params.py", "__post_init__", "SamplingParams"))
        self.assertNotIn("sampling_type", made)

    def test_a_server_takes_what_it_is_asked(self):
        known = self.fields("entrypoints/openai/completion/protocol.py", "CompletionRequest")
        asked = SAMPLING | {"model", "prompt", "return_token_ids", "return_tokens_as_token_ids"}
        self.assertEqual(asked - known, set())

    def test_the_completions_of_a_request_have_the_seeds_after_its_own(self):
        self.assertIn("child_sampling_params.seed = seed + index", self.text("v1/engine/parallel_sampling.py"))

    def test_weights_in_float32_are_sampled_in_16_bits_unless_a_precision_is_named(self):
        chosen = ast.unparse(self.member("config/model.py", "_resolve_auto_dtype"))
        self.assertIn("if config_dtype == torch.float32:\n        config_dtype = preferred_dtype", chosen)

    def test_a_server_says_what_is_looked_at(self):
        self.assertLessEqual(
            {"dtype", "logprobs_mode", "max_model_len"}, self.fields("config/model.py", "ModelConfig"))
        self.assertIn("/server_info", self.text("entrypoints/serve/dev/server_info/api_router.py"))
        self.assertIn("processed_logprobs", self.text("config/model.py"))


if __name__ == "__main__":
    unittest.main()
