"""Which keys the files hold that apt trusts."""


def holds(scope, key, path):
    """Whether the file at *path* (below the root; None: no such place) holds *key*
    (:class:`~pvemigrate.releases.Key`); None where that cannot be known."""
    if path is None or ".." in path.split("/"):
        return None
    if not scope.facts.exists(path):
        folder = path.rpartition("/")[0]
        is_copied = path.startswith(scope.facts.etc + "apt/") or scope.facts.listdir(folder)
        return False if is_copied else None
    file = scope.text(path)
    if file is None:
        return None
    if file.data and path.rpartition("/")[2] in key.files:
        return True
    data = scope.facts.once(("key file", path), lambda: unarmored(file.data))
    return any(owner.encode() in data for owner in key.owners)


def unarmored(data):
    """The bytes of a key file, with what stands in ASCII armor decoded (RFC 4880, 6.2)."""
    from binascii import Error, a2b_base64

    if b"-----BEGIN PGP PUBLIC KEY BLOCK-----" not in data:
        return data
    found = []
    for block in data.split(b"-----BEGIN PGP PUBLIC KEY BLOCK-----")[1:]:
        lines = [line.strip(b" \t\r") for line in block.split(b"\n")]
        body = []
        # A first, empty line ends the headers; the checksum begins with "=".
        for line in lines[lines.index(b"", 1) if b"" in lines[1:] else 0:]:
            if line.startswith((b"=", b"-")):
                break
            body.append(line)
        try:
            found.append(a2b_base64(b"".join(body)))
        except Error:
            continue
    return b"\0".join(found)
