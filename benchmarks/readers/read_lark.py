"""Stock Lark on pvemigrate's own grammars: read_lark.py GRAMMAR FILE"""

import sys

import lark
from pvemigrate.compiler import stock_lark
from pvemigrate.grammar_files import grammar_text
from serve import serve, timed


def parse(parser, path):
    """A tree of all lines, in their blocks. (As with pvemigrate, lines are not taken apart.)"""
    with open(path, "rb") as file:
        return parser.parse(file.read().decode("utf-8", "surrogateescape"), start="start")


def main():
    grammar, path = sys.argv[1:]
    parser = stock_lark(grammar_text(grammar))
    tree = parse(parser, path)
    serve({"program": "lark " + lark.__version__,
           "lines": sum(1 for _ in tree.scan_values(lambda token: True))},
          lambda: timed(parse, parser, path))


if __name__ == "__main__":
    main()
