"""A tree of files on its way into an archive."""

import gzip
import io
import os
import tarfile


class Tree:
    """Files by path, with their modes; directories come by themselves."""

    def __init__(self):
        self.files = {}

    def add(self, path, content, mode=0o644):
        """Adds a file; text becomes UTF-8."""
        self.files[path] = (content.encode() if isinstance(content, str) else content, mode)

    def add_compressed(self, path, content):
        """Adds a file that is compressed as Debian does it."""
        self.add(path + ".gz", compressed(content.encode()))

    def directories(self):
        """Every directory above a file, the upper ones first."""
        above = set()
        for path in self.files:
            parts = path.split("/")[:-1]
            above.update("/".join(parts[:depth + 1]) for depth in range(len(parts)))
        return sorted(above)

    def write(self, root, epoch):
        """Writes the files below a directory, all as old as `epoch`."""
        for path in self.directories():
            os.makedirs(root / path, mode=0o755, exist_ok=True)
        for path, (content, mode) in self.files.items():
            (root / path).write_bytes(content)
            os.chmod(root / path, mode)
            os.utime(root / path, (epoch, epoch))
        for path in [*reversed(self.directories()), ""]:
            os.chmod(root / path, 0o755)
            os.utime(root / path, (epoch, epoch))

    def archive(self, epoch):
        """The files as a tar archive, compressed by gzip."""
        out = io.BytesIO()
        with tarfile.open(fileobj=out, mode="w", format=tarfile.GNU_FORMAT) as tar:
            for path in sorted([*self.directories(), *self.files]):
                content, mode = self.files.get(path, (b"", 0o755))
                entry = tarfile.TarInfo(path)
                entry.mode, entry.mtime, entry.size = mode, epoch, len(content)
                entry.uname = entry.gname = "root"
                if path not in self.files:
                    entry.type = tarfile.DIRTYPE
                tar.addfile(entry, io.BytesIO(content))
        return compressed(out.getvalue())


def compressed(content):
    """Bytes compressed by gzip, without a time."""
    return gzip.compress(content, 9, mtime=0)
