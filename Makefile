# What is handed out, in dist/: wheel, sdist, pvemigrate.pyz, Debian package (docs/install.md).
PYTHON = python3

dist:
	$(PYTHON) distribution/dist.py

clean:
	rm -rf build dist

.PHONY: dist clean
