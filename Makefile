# What is handed out, in dist/: wheel, sdist, pvemigrate.pyz, Debian package (docs/install.md).
PYTHON ?= python3
# Where a virtual environment with the pinned tools is, or is made.
DIST_TOOLS ?= build/tools

dist:
	$(PYTHON) distribution/dist.py --tools "$(DIST_TOOLS)"

clean:
	rm -rf build dist

.PHONY: dist clean
