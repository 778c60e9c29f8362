# What is handed out, in dist/: wheel, sdist, pvemigrate.pyz, Debian package (docs/install.md).
PYTHON ?= python3
# Where a virtual environment with the pinned tools is, or is made.
DIST_TOOLS ?= build/tools

dist:
	$(PYTHON) distribution/dist.py --tools "$(DIST_TOOLS)"

# The documentation as HTML pages, in build/html/; warnings are errors.
docs:
	[ -x build/docs-env/bin/python ] || $(PYTHON) -m venv build/docs-env
	build/docs-env/bin/pip install -q ".[docs]"
	build/docs-env/bin/python docs/make.py build/html

clean:
	rm -rf build dist

.PHONY: dist docs clean
