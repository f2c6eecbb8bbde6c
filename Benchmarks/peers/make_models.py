# SPDX-License-Identifier: Apache-2.0
"""Makes the models of all sides from one GGUF file: `make_models.py FILE FOLDER`.

The quantised weights are turned into floats once, so that all sides hold the same numbers:
`huggingface/` (float32), `float32.gguf` and `bfloat16.gguf`.
"""
import sys
from pathlib import Path

import gguf
from gguf.quants import dequantize, quantize
from transformers import AutoModelForCausalLM, AutoTokenizer, GgufConfig

BFLOAT16, FLOAT32 = gguf.GGMLQuantizationType.BF16, gguf.GGMLQuantizationType.F32
FILE_TYPES = {FLOAT32: gguf.LlamaFileType.ALL_F32, BFLOAT16: gguf.LlamaFileType.MOSTLY_BF16}
# The writer adds these itself.
WRITTEN_ANYWAY = ("GGUF.", "general.architecture", "general.file_type")


def main() -> None:
    source, folder = Path(sys.argv[1]), Path(sys.argv[2])
    write_folder(source, folder / "huggingface")
    write_gguf(source, folder / "float32.gguf", FLOAT32)
    write_gguf(source, folder / "bfloat16.gguf", BFLOAT16)


def write_folder(source: Path, target: Path) -> None:
    """A Hugging Face folder, through the GGUF reader of transformers."""
    names = {"pretrained_model_name_or_path": str(source.parent), "gguf_file": source.name}
    model = AutoModelForCausalLM.from_pretrained(
        **names, dtype="float32", quantization_config=GgufConfig(dequantize=True)
    )
    model.save_pretrained(target)
    AutoTokenizer.from_pretrained(**names).save_pretrained(target)


def write_gguf(source: Path, target: Path, kind: gguf.GGMLQuantizationType) -> None:
    """The same tensors under the same names, so that nothing has to be permuted."""
    reader = gguf.GGUFReader(source)
    architecture = reader.get_field("general.architecture").contents()
    writer = gguf.GGUFWriter(target, architecture)
    writer.add_file_type(FILE_TYPES[kind])
    copy_metadata(reader, writer)
    for tensor in reader.tensors:
        # Vectors stay float32 in every GGUF file.
        kept = FLOAT32 if len(tensor.shape) == 1 else kind
        values = dequantize(tensor.data, tensor.tensor_type)
        writer.add_tensor(tensor.name, quantize(values, kept), raw_dtype=kept)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def copy_metadata(reader: gguf.GGUFReader, writer: gguf.GGUFWriter) -> None:
    for field in reader.fields.values():
        if not field.name.startswith(WRITTEN_ANYWAY):
            element = field.types[-1] if len(field.types) > 1 else None
            writer.add_key_value(field.name, field.contents(), field.types[0], sub_type=element)


if __name__ == "__main__":
    main()
