# Everything starts here: each target does its own set-up on a machine with Python 3.11 and make.
PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.ready
PEERS := .venv-peers/.ready
SPARK := .venv-spark/.ready

.PHONY: report serve test test-deep test-spark bench validate lock clean

report: $(READY)
	$(BIN)/saisei report examples/01-chronic-arm.yaml --as-of 2026-11-20T09:00+09:00 -o report.html

serve: $(READY)
	$(BIN)/saisei serve

test: $(READY)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	$(BIN)/pytest -q -n 2
	$(BIN)/python tools/check_wheel.py

test-deep: $(READY)
	HYPOTHESIS_PROFILE=random $(BIN)/pytest -q -n 2

# needs Java 17 or 21, and some hundred megabytes for Spark
test-spark: $(SPARK)
	.venv-spark/bin/pytest -q tests/eligibility/test_eligibility_dialects.py tests/eligibility/test_eligibility_engines.py tests/eligibility/test_eligibility_spark.py tests/cli/test_cli_population_spark.py

bench: $(READY) $(PEERS)
	$(BIN)/python tools/bench.py

validate: $(READY)
	PYTHONPATH=tests $(BIN)/python tools/validate.py

# Other programs that the benchmarks compare with, in a place of their own.
$(PEERS): $(READY) requirements/peers.txt
	$(BIN)/uv venv -q --clear --python $(BIN)/python .venv-peers
	VIRTUAL_ENV=.venv-peers $(BIN)/uv pip sync -q --require-hashes requirements/peers.txt
	touch $@

lock: $(READY)
	$(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --extra dev --extra frames --extra pdf --extra population --extra web pyproject.toml -o requirements/lock.txt
	$(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --constraints requirements/lock.txt --extra dev --extra frames --extra pdf --extra population --extra spark --extra web pyproject.toml -o requirements/spark.txt
	$(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header requirements/uv.in -o requirements/uv.txt
	$(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header requirements/peers.in -o requirements/peers.txt

$(READY): pyproject.toml requirements/lock.txt requirements/uv.txt
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install -q --require-hashes -r requirements/uv.txt
	VIRTUAL_ENV=.venv $(BIN)/uv pip sync -q --require-hashes requirements/lock.txt
	VIRTUAL_ENV=.venv $(BIN)/uv pip install -q --no-deps --no-build-isolation -e .
	touch $@

$(SPARK): $(READY) requirements/spark.txt
	$(BIN)/uv venv -q --clear --python $(BIN)/python .venv-spark
	VIRTUAL_ENV=.venv-spark $(BIN)/uv pip sync -q --require-hashes requirements/spark.txt
	VIRTUAL_ENV=.venv-spark $(BIN)/uv pip install -q --no-deps --no-build-isolation -e .
	touch $@

clean:
	rm -rf .venv .venv-peers .venv-spark build dist report.html
