# make-apk.py FILE: a small Alpine package, unsigned: two gzip streams, the first a tar without an end (apk's format, version 2).
import gzip, hashlib, io, sys, tarfile


def packed(entries, end):
    out = io.BytesIO()
    tar = tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT)
    for name, content, mode in entries:
        info = tarfile.TarInfo(name)
        info.mode = mode
        if content is None:
            info.type = tarfile.DIRTYPE
            tar.addfile(info)
        else:
            info.size = len(content)
            info.pax_headers = {"APK-TOOLS.checksum.SHA1": hashlib.sha1(content).hexdigest()}
            tar.addfile(info, io.BytesIO(content))
    size = tar.offset
    tar.close()
    return gzip.compress(out.getvalue() if end else out.getvalue()[:size], mtime=0)


data = packed([("opt", None, 0o755), ("opt/apk", None, 0o755), ("opt/apk/f", b"hi\n", 0o644)], True)
about = f"pkgname = acceptance\npkgver = 1-r0\npkgdesc = test\nurl = none\narch = noarch\nlicense = none\nsize = 3\ndatahash = {hashlib.sha256(data).hexdigest()}\n"
script = b"#!/bin/sh\necho done >/opt/apk/post\n"
control = packed([(".PKGINFO", about.encode(), 0o644), (".post-install", script, 0o755)], False)
open(sys.argv[1], "wb").write(control + data)
