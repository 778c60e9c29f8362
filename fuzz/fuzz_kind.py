"""Coverage-guided fuzz target: every invariant of trees and of fix, for one kind of file.

    python fuzz/fuzz_kind.py --kind storage corpus/storage -max_total_time=300

Arguments behind the corpus are libFuzzer's; a file in its place is run alone. The first byte of an input chooses what is looked at, the
rest is the file.
"""

import os
import sys

import atheris

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.dirname(HERE), os.path.join(os.path.dirname(HERE), "tests")]

KIND = sys.argv[2] if sys.argv[1:2] == ["--kind"] and len(sys.argv) > 3 else None

with atheris.instrument_imports(include=["pvemigrate"]):
    import pvemigrate
    import pvemigrate.catalogue
    import pvemigrate.engine
    import pvemigrate.project
    from pvemigrate import formats

    if KIND in formats.KINDS:
        formats.node_classes(KIND)
        pvemigrate.catalogue.load_rules([KIND])

import invariants  # noqa: E402 - after the path is set, and not instrumented
import shapes  # noqa: E402


def target(kind):
    """The function that libFuzzer calls."""
    options = {"phases": "all", "unsafe_fixes": True, "macs": shapes.MACS}
    seen = set()

    def one(data):
        if not data:
            return
        mode, data = data[0], data[1:]
        tree = invariants.check_tree(data, kind)
        if mode & 1:
            invariants.check_positions(tree)
        if mode & 2:
            invariants.check_against_lark(tree, seen)
            if len(seen) > 100000:
                seen.clear()
        invariants.check_fix(data, kind, **options)

    return one


def seeds(kind, folder):
    """Write the first corpus: every sample of the kind, each line of its shapes, and words."""
    texts = [data for sample_kind, _, data in shapes.samples() if sample_kind == kind]
    texts += [line.encode("utf-8", "surrogateescape") + b"\n" for line in shapes.LINES[kind]]
    texts += [shapes.text(kind, rnd).encode("utf-8", "surrogateescape")
              for rnd in shapes.randoms(kind, "seed", 200)]
    os.makedirs(folder, exist_ok=True)
    for number, text in enumerate(texts):
        with open(os.path.join(folder, "seed%04d" % number), "wb") as file:
            file.write(bytes([number & 3]) + text)


def dictionary(kind, path):
    """Write libFuzzer's dictionary of the kind's words."""
    words = sorted({word for piece in shapes.PIECES[kind] + shapes.LINES[kind]
                    for word in [piece, *piece.split()] if word})
    with open(path, "w", encoding="ascii") as file:
        for word in words:
            file.write('"%s"\n' % "".join(
                "\\x%02x" % byte if byte < 32 or byte > 126 or byte in b'"\\' else chr(byte)
                for byte in word.encode("utf-8", "surrogateescape")))


def main():
    if KIND not in formats.KINDS:
        sys.exit("usage: fuzz_kind.py --kind KIND CORPUS|FILE [libFuzzer's options]\nkinds: %s"
                 % ", ".join(formats.KINDS))
    corpus, options = sys.argv[3], sys.argv[4:]
    if not os.path.isfile(corpus):
        if not os.path.isdir(corpus) or not os.listdir(corpus):
            seeds(KIND, corpus)
        words = corpus.rstrip("/") + ".dict"
        dictionary(KIND, words)
        options.append("-dict=" + words)
    atheris.Setup([sys.argv[0], corpus, *options], target(KIND))
    atheris.Fuzz()


if __name__ == "__main__":
    main()
