# What a newcomer types. Each target does its own set-up.

SWIFT ?= swift
CONFIGURATION = -c release
RUN = .build/release

.DEFAULT_GOAL := help
.PHONY: help setup build demo test bench format lint docs clean

help: ## Lists these commands
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: ## Installs missing system packages (with sudo where not root)
	@Scripts/setup.sh

build: setup ## Builds everything in release mode
	$(SWIFT) build $(CONFIGURATION)

demo: build ## Trains a convolutional network on handwritten digits, in under a minute
	$(RUN)/switchback classify train --data digits --model cnn

test: setup ## Runs all tests
	$(SWIFT) build $(CONFIGURATION) --build-tests
	$(SWIFT) test $(CONFIGURATION) --skip-build

bench: build ## Times Switchback beside PyTorch, in pairs, where PyTorch is installed
	@if python3 -c 'import torch' 2>/dev/null; then \
		$(RUN)/switchback-bench compare; \
	else \
		echo "PyTorch is not installed (pip install torch numpy): timing Switchback alone."; \
		$(RUN)/switchback-bench run $$($(RUN)/switchback-bench list) --seconds 4; \
	fi

format: ## Formats the sources
	$(SWIFT) format format --in-place --recursive Package.swift Sources Tests Examples

lint: ## Checks the format, that no folder uses what lies above it, and that errors keep their sentences
	$(SWIFT) format lint --strict --recursive Package.swift Sources Tests Examples
	@python3 Scripts/check_floors.py
	@if grep -rn 'precondition(' Sources/Switchback?* Sources/CLI Sources/Bench --include='*.swift'; then \
		echo "precondition loses its sentence in release builds: use require"; exit 1; \
	fi

docs: setup ## Builds the documentation into .build/docs
	$(SWIFT) package $(CONFIGURATION) --allow-writing-to-directory .build/docs generate-documentation \
		--target Switchback --target SwitchbackFormats --target SwitchbackDrawing --target SwitchbackTraining \
		--target SwitchbackVision --target SwitchbackLanguage --target SwitchbackServer \
		--enable-experimental-combined-documentation --output-path .build/docs
	@echo "The documentation is in .build/docs; serve that folder to read it."

clean: ## Removes what was built
	$(SWIFT) package clean
