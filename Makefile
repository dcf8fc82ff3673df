# Two targets are all a newcomer needs: `make parity` and `make test`. Both set up what they need.
PYTHON ?= $(shell command -v python3.11 || echo python3)
BIN := .venv/bin
# CUDA version of the driver: 12, which newer drivers also run, or 13.
CUDA ?= 12

# Of `make parity`, as in SYSTEMS="wgan_gp sngan"; all thirteen if none is named.
SYSTEMS ?=
# Of `make parity-matrix`; all if none is named.
ENVIRONMENTS ?=

.PHONY: parity parity-matrix matrix-newest devices quick full-width figures parity-gpu setup-gpu cuda-extras jittor-cuda test lint types docs faults eject setup clean help

help:
	@echo "make quick       the first look: an MLP and a convolutional GAN in four frameworks"
	@echo "make parity      compare all thirteen systems: a table, parity-report/report.html;"
	@echo "                 then make full-width; make parity SYSTEMS=\"wgan_gp sngan\" for some"
	@echo "make full-width  compare the four with the originals' figures at full width"
	@echo "make figures     write the book's page of errors and the badges from parity-report"
	@echo "make parity-matrix  the same in other versions of Python and the frameworks, in .venv-matrix;"
	@echo "                 make matrix-newest says whether there are newer ones"
	@echo "make devices     compare one device with two that share each batch, and time both"
	@echo "make parity-gpu  the same on the backends that see a CUDA device, if any"
	@echo "make setup-gpu   .venv-gpu, with the GPU builds; make setup-gpu CUDA=13 for CUDA 13"
	@echo "make cuda-extras  ask the package index which GPU builds fit into one environment"
	@echo "make jittor-cuda compile Jittor and a step's kernels for GPUs, without one: CUDA 12 and 13"
	@echo "make test        lint, types and every test but those at full width"
	@echo "make faults      plant 283 mistakes into ports, and see how many are found and placed"
	@echo "make eject       write all 52 scripts of rosetta eject, and compare each with its port"
	@echo "make docs        the idiom book: docs/_build/index.html"
	@echo "make clean       remove the environment and everything built"

parity: setup
	$(BIN)/rosetta parity $(SYSTEMS) --out parity-report
	$(if $(strip $(SYSTEMS)),,$(MAKE) full-width)

# ENVIRONMENTS=newest,oldest for some of those in .constraints/matrix.toml; SYSTEMS as above.
parity-matrix: setup
	$(BIN)/python -m common.matrix $(SYSTEMS) --environments "$(ENVIRONMENTS)" --docs docs

# Jittor needs Open MPI for it: apt-get install openmpi-bin libopenmpi-dev
devices: setup
	$(BIN)/rosetta parity $(SYSTEMS) --devices 2 --out parity-report-devices
	$(BIN)/python -m common.bench.scaling_page docs/results/devices.md parity-report-devices/report.json

matrix-newest: setup .venv-matrix/uv/bin/uv
	$(BIN)/python -m common.matrix --newest

# Which builds for CUDA fit together, by the package index: nothing is installed but uv.
cuda-extras: setup .venv-matrix/uv/bin/uv
	$(BIN)/python -m common.setup.cuda_extras

.venv-matrix/uv/bin/uv:
	$(PYTHON) -m venv .venv-matrix/uv
	.venv-matrix/uv/bin/python -m pip install --quiet uv

quick: setup
	$(BIN)/rosetta parity lsgan_mlp dcgan_mnist --kind reduced --out quick-report

# After make parity: the figures that the README and the book show.
figures: setup
	$(BIN)/python -m common.parity.summary parity-report/report.json docs

full-width: setup
	$(BIN)/python -m pytest -n 2 -m slow parity_tests/test_golden.py

# Without a driver there is nothing to do, and nothing worth installing.
parity-gpu:
	@if $(PYTHON) -m common.backends.cuda; then \
		$(MAKE) setup-gpu && \
		.venv-gpu/bin/rosetta parity --device cuda --backends found --out parity-report-gpu; fi

setup-gpu: .venv-gpu/ready-$(CUDA)

.venv-gpu/ready-$(CUDA): pyproject.toml .constraints/cuda$(CUDA).txt
	$(PYTHON) -m venv --clear .venv-gpu
	.venv-gpu/bin/python -m common.setup.install cuda$(CUDA)
	@.venv-gpu/bin/python -m common.setup.prepare_jittor
	@touch $@

# About 4 GB of NVIDIA's packages into build/jittor-cuda, where Jittor also keeps what it compiles.
jittor-cuda: setup
	$(BIN)/python -m common.setup.jittor_cuda

# A test that hangs for twenty minutes fails, and is named; the longest takes half of that.
test: lint types
	$(BIN)/python -m pytest -n 2 --timeout 1200 -m "not slow"

# What rosetta check says of right ports on many seeds, and of a mistake in each.
faults: setup
	$(BIN)/python -m parity_tests.check_faults --seeds 20

# Each script's five steps against its port's, to the last bit; ruff; two steps of its own loop.
eject: setup
	$(BIN)/python -m parity_tests.eject_all

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: setup
	$(BIN)/mypy

docs: setup
	$(BIN)/python -m sphinx -W --keep-going -b html docs docs/_build

setup: .venv/ready
	@$(BIN)/python -m common.setup.prepare_jittor

.venv/ready: pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(BIN)/python -m common.setup.install
	@touch $@

clean:
	rm -rf .venv .venv-gpu .venv-matrix matrix-report build docs/_build parity-report parity-report-gpu parity-report-devices quick-report *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
