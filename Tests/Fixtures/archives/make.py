"""Makes the archives in this folder."""
import gzip
import zipfile

TEXT = b"a knight and a knave\n" * 50
with zipfile.ZipFile("sample.whl", "w") as made:
    for name, method, data in [
        ("sample/deflated.txt", zipfile.ZIP_DEFLATED, TEXT),
        ("sample/stored.txt", zipfile.ZIP_STORED, TEXT),
        ("sample/a/twice.txt", zipfile.ZIP_STORED, b"a"),
        ("sample/b/twice.txt", zipfile.ZIP_STORED, b"b"),
        ("sample/empty.txt", zipfile.ZIP_DEFLATED, b""),
    ]:
        entry = zipfile.ZipInfo(name)
        entry.compress_type = method
        made.writestr(entry, data)
with open("joined.txt.gz", "wb") as out:
    out.write(gzip.compress(TEXT, mtime=0) + gzip.compress(b"end\n", mtime=0))
