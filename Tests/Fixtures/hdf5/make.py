"""Makes small HDF5 files that reach elsewhere, or claim what they do not hold.

    python3 -m pip install h5py && python3 make.py

`plain.h5` is as other programs write tables, and is read. Tests/HDF5Tests/HostileFileTests.swift says
what is said of each of the others.
"""

import pathlib

import h5py
import numpy

FOLDER = pathlib.Path(__file__).parent
TEXT = h5py.string_dtype()


def make(name, body, **options):
    with h5py.File(FOLDER / f"{name}.h5", "w", **options) as file:
        body(file)


def plain(file):
    for index in range(30):
        file.create_dataset(f"column_{index}", data=numpy.arange(4) * index)
    file.create_dataset("text", data=["a", "b", "", "π"], dtype=TEXT)
    file.attrs["task"] = "sums"


def external_link(file):
    file["x"] = h5py.ExternalLink("/etc/hostname", "/")


def external_link_inside(file):
    group = file.create_group("recipe")
    group["text"] = h5py.ExternalLink("plain.h5", "/text")


def soft_link(file):
    file["y"] = [1, 2]
    file["x"] = h5py.SoftLink("/y")


def external_storage(file):
    file.create_dataset("x", (8,), "u1", external=[("/proc/self/environ", 0, 8)])


def virtual(file):
    layout = h5py.VirtualLayout((4,), "i8")
    layout[:] = h5py.VirtualSource("plain.h5", "column_1", (4,))
    file.create_virtual_dataset("x", layout)


def filters(file):
    file.create_dataset("x", data=numpy.zeros(1000, "u1"), compression="gzip", shuffle=True)


def lzf(file):
    file.create_dataset("x", data=numpy.zeros(1000, "u1"), compression="lzf")


def scale_offset(file):
    file.create_dataset("x", data=numpy.zeros(1000, "i8"), scaleoffset=0)


def reference(file):
    file["y"] = [1]
    file.create_dataset("x", data=[file["y"].ref], dtype=h5py.ref_dtype)


def compound(file):
    file["x"] = numpy.zeros(3, [("a", "i8"), ("b", "f4")])


def committed(file):
    file["type"] = numpy.dtype("i8")
    file.create_dataset("x", (3,), file["type"])
    file["x"][:] = 1


def big_endian(file):
    file["x"] = numpy.zeros(3, ">i8")


def unwritten(file):
    file.create_dataset("x", (1 << 40,), "f8")


def overflow(file):
    file.create_dataset("x", (1 << 31, 1 << 31, 1 << 31), "f8")


def two_names(file):
    file["x"] = numpy.zeros(1000)
    for index in range(20):
        file[f"x{index}"] = file["x"]


def circle(file):
    file.create_group("x")["up"] = file["/"]


def amplified(file):
    """All elements of a column at the same text."""
    file.create_dataset("x", data=["0123456789" * 300] + ["."] * 999, dtype=TEXT)


def ratio(file):
    file.create_dataset("x", data=numpy.zeros(4_000_000, "u1"), chunks=(1 << 18,), compression="gzip")


def big_chunk(file):
    file.create_dataset("x", data=numpy.zeros(1 << 23, "u1"), chunks=(1 << 23,), compression="gzip")


def many_attributes(file):
    for index in range(100):
        file.attrs[f"a{index}"] = index


def text_attribute(file):
    file.attrs["x"] = ["two", "values"]


def amplify(name):
    """Points every element at the first one's text."""
    path = FOLDER / f"{name}.h5"
    with h5py.File(path) as file:
        start, count = file["x"].id.get_offset(), len(file["x"])
    data = bytearray(path.read_bytes())
    data[start : start + 16 * count] = data[start : start + 16] * count
    path.write_bytes(data)


for case in [
    plain, external_link, external_link_inside, soft_link, external_storage, virtual, filters, lzf,
    scale_offset, reference, compound, committed, big_endian, unwritten, overflow, two_names, circle,
    amplified, ratio, big_chunk, text_attribute,
]:  # fmt: skip
    make(case.__name__, case)
make("newer", plain, libver="latest")
make("many_attributes", many_attributes, libver=("v108", "v108"))
amplify("amplified")
