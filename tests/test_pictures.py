"""The pictures in the documentation show what the command prints by now."""

import re
from importlib.util import module_from_spec, spec_from_file_location
from xml.etree import ElementTree

import pytest

import shapes

FOLDER = shapes.CHECKOUT / "docs" / "images"
_SPEC = spec_from_file_location("record_pictures", str(FOLDER / "record.py"))
record = module_from_spec(_SPEC)
_SPEC.loader.exec_module(record)


@pytest.mark.heavy
@pytest.mark.parametrize("name", sorted(record.PICTURES))
def test_a_picture_shows_what_is_printed(name):
    """Made anew by: pip install rich; python docs/images/record.py"""
    root = ElementTree.parse(str(FOLDER / name)).getroot()
    texts = ["".join(element.itertext()) for element in root.iter("{http://www.w3.org/2000/svg}text")]
    arguments, keys = record.PICTURES[name]
    printed = re.sub(r"\x1b\[[0-9;]*m", "", record.recorded(arguments, keys))
    # The first text is the window's title; lines are broken where the picture ends.
    assert re.sub(r"\s", "", "".join(texts[1:])) == re.sub(r"\s", "", printed)


@pytest.mark.parametrize("name", sorted(record.PICTURES))
def test_a_picture_is_small_and_names_nothing_elsewhere(name):
    text = (FOLDER / name).read_text(encoding="utf-8")
    assert len(text) < 100000
    assert re.findall("https?://[^\"' )]*", text) == ["http://www.w3.org/2000/svg"]
    assert "<script" not in text and "@import" not in text


@pytest.mark.parametrize("name", sorted(record.PICTURES))
def test_a_picture_is_shown(name):
    assert "](docs/images/%s)" % name in (shapes.CHECKOUT / "README.md").read_text(encoding="utf-8")
