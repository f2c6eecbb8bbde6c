# SPDX-License-Identifier: Apache-2.0
"""What machine this is, as far as it matters for speed."""
import os
import platform
from typing import Any

INSTRUCTIONS = ("avx", "avx2", "fma", "f16c", "avx_vnni", "avx512f", "avx512bw", "avx512vl",
                "avx512_vnni", "avx512_bf16", "avx512_fp16", "amx_tile", "amx_bf16",
                "asimd", "asimddp", "bf16", "i8mm", "sve", "sve2")


def describe() -> dict[str, Any]:
    processor = fields("/proc/cpuinfo")
    flags = (processor.get("flags") or processor.get("Features") or "").split()
    kilobytes = int(fields("/proc/meminfo")["MemTotal"].split()[0])
    return {
        "cpu": processor.get("model name", platform.machine()),
        "cpu_family_model": f"{processor.get('cpu family', '?')}/{processor.get('model', '?')}",
        "cores": os.cpu_count(),
        "instructions": [name for name in INSTRUCTIONS if name in flags],
        "memory_gib": round(kilobytes / 2**20, 1),
        "system": platform.freedesktop_os_release()["PRETTY_NAME"],
        "kernel": platform.release(),
        "load_before": os.getloadavg()[0],
    }


def sentence(machine: dict[str, Any]) -> str:
    """One line for a table's heading."""
    return (f"{machine['cpu']} (family/model {machine['cpu_family_model']}), "
            f"{machine['cores']} cores, {' '.join(machine['instructions'])}; "
            f"{machine['memory_gib']} GiB; {machine['system']}, Linux {machine['kernel']}")


def fields(path: str) -> dict[str, str]:
    """`name : value` lines; of repeated names the first counts."""
    result: dict[str, str] = {}
    with open(path, encoding="utf-8") as lines:
        for line in lines:
            name, colon, value = line.partition(":")
            if colon:
                result.setdefault(name.strip(), value.strip())
    return result
