from ..lazy import lazy
from ..rule import NODE, Rule

#: Kind of key -> how it is called, and the bits it has to have.
SMALLEST = {"rsa": ("RSA", 2048), "rsassa_pss": ("RSA", 2048), "ec": ("elliptic-curve", 224)}
#: Name of a file -> how the certificate is made anew.
_ANEW = {
    "pve-ssl.pem": "make a new one with pvecm updatecerts --force",
    "pveproxy-ssl.pem": "have a new one made, or remove it and its key",
    "pve-root-ca.pem": "remove it and its key, then run pvecm updatecerts --force on each node",
}
_BEGIN = lazy("-----BEGIN (?:X509 |TRUSTED )?CERTIFICATE-----")


class WeakCertificate(Rule):
    """
    ## What it finds

    Certificates of the web interface and of the cluster's own authority (`pve-ssl.pem` and
    `pveproxy-ssl.pem` of each node, `pve-root-ca.pem`) whose key is below 2048 bits (RSA) or below
    224 bits (elliptic curves); each certificate in a file counts. And what cannot be read as one, or a
    file without any. Private keys are not looked at.

    ## Why it matters

    OpenSSL as Debian sets it up (security level 2) refuses such keys: pveproxy does not start, or
    nobody can connect to it.

    ## Example

    ```
    Public Key Algorithm: rsaEncryption
        RSA Public-Key: (1024 bit)
    ```

    ## When the fix is safe

    There is none in files: make a new certificate.

    ## Guide

    The guide has nothing on it.

    ## References

    SSL_CTX_set_security_level(3); pvecm(1), updatecerts; RFC 5280
    """

    kinds = (NODE,)
    severity = "error"
    phase = "before"
    checker = ("check_misc",)

    def check_project(self, project):
        etc = self.facts.etc + "pve/"
        names = ["pve-root-ca.pem"]
        names += ["nodes/%s/%s" % (node, name) for node in self.facts.listdir(etc + "nodes")
                  for name in ("pve-ssl.pem", "pveproxy-ssl.pem")]
        for name in names:
            # Somebody may have put the key into the same file.
            file = project.text(etc + name, secret=True)
            if file is not None:
                self.check_certificates(file, _ANEW[name.rpartition("/")[2]])

    def check_certificates(self, file, advice):
        """Report what is wrong with the certificates in a file of them."""
        found = _blocks(file.tree.body)
        for line, encoded in found:
            kind, bits = _key(encoded)
            what, smallest = SMALLEST.get(kind, (None, 0))
            if kind is None:
                self.report(line.text, "no certificate: what stands here cannot be read as one; %s"
                            % advice, severity="warning", file=file)
            elif bits is not None and bits < smallest:
                self.report(line.text, "the certificate's %s key has %d bits, and OpenSSL takes "
                            "none below %d: %s" % (what, bits, smallest, advice), file=file)
        if not found:
            self.report(None, "there is no certificate in this file: %s" % advice,
                        severity="warning", file=file)


def _blocks(lines):
    """The certificates of a PEM file: list of (line that begins it, base64 text)."""
    found, begin = [], None
    for line in lines:
        text = line.text.rstrip(" \t\r")
        if _BEGIN.fullmatch(text):
            begin, parts = line, []
        elif text.startswith("-----"):
            if begin is not None:
                found.append((begin, "".join(parts)))
            begin = None
        elif begin is not None:
            parts.append(text)
    return found


def _key(encoded):
    """The kind of a certificate's key and its bits, None where they are not known: (None, None) of
    what is no certificate."""
    from base64 import b64decode

    # Takes longer to import than most checks take: only where there is a certificate to look at.
    from asn1crypto.x509 import Certificate

    kind, bits = None, None
    try:
        key = Certificate.load(b64decode(encoded.encode("ascii", "replace"), validate=True)).public_key
        kind = key.algorithm
        if kind == "ec":
            bits = _curve_bits(key["algorithm"]["parameters"])
        elif kind in SMALLEST:
            bits = key["public_key"].parsed["modulus"].native.bit_length()
    except Exception:  # noqa: BLE001 - of damaged data the decoder may make anything
        pass
    return kind, bits


def _curve_bits(curve):
    """The bits of an elliptic curve. ValueError where its name is not known."""
    if curve.name == "specified":
        return curve.chosen["order"].native.bit_length()
    return curve.key_size * 8
