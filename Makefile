# The commands for newcomers. Each target does its own setup.

SWIFT ?= swift
CONFIGURATION = -c release
RUN = .build/release
# The program with Swift's libraries inside has a folder of its own: other flags, other objects.
STATIC = --scratch-path .build/static -c release --static-swift-stdlib --product switchback
PREFIX ?= /usr/local

# Where Homebrew keeps giflib, the one library that has no file for pkg-config.
ifeq ($(shell uname -s),Darwin)
export CPATH := $(shell brew --prefix)/include:$(CPATH)
export LIBRARY_PATH := $(shell brew --prefix)/lib:$(LIBRARY_PATH)
endif

.DEFAULT_GOAL := help
.PHONY: help setup build demo studio test bench format lint docs static install deb clean

help: ## List these commands
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: ## Install missing system packages (with sudo if not root)
	@Scripts/setup.sh

build: setup ## Build everything in release mode
	$(SWIFT) build $(CONFIGURATION)

demo: build ## Train a convolutional network on handwritten digits, in under a minute
	$(RUN)/switchback classify train --data digits --model cnn

studio: build ## Open the pages to label data, and to train, watch, try and serve models, at http://127.0.0.1:8080
	$(RUN)/switchback studio

test: setup ## Run all tests, and say which were skipped
	$(SWIFT) build $(CONFIGURATION) --build-tests
	SWIFT="$(SWIFT)" Scripts/test.sh $(CONFIGURATION) --skip-build

bench: build ## Compare the speed with PyTorch, if it is installed
	@if python3 -c 'import torch' 2>/dev/null; then \
		$(RUN)/switchback-bench compare; \
	else \
		echo "PyTorch is not installed (pip install torch numpy): timing Switchback alone."; \
		$(RUN)/switchback-bench run $$($(RUN)/switchback-bench list) --seconds 4; \
	fi

format: ## Format the sources
	$(SWIFT) format format --in-place --recursive Package.swift Sources Tests Examples

lint: ## Check the format, the order of the folders, what asks the system, and that errors keep their messages
	$(SWIFT) format lint --strict --recursive Package.swift Sources Tests Examples
	@python3 Scripts/check_floors.py
	@python3 Scripts/check_platform.py
	@if grep -rn 'precondition(' Sources/Switchback?* Sources/CLI Sources/Bench --include='*.swift'; then \
		echo "precondition loses its message in release builds: use require"; exit 1; \
	fi

docs: setup ## Build the documentation into .build/docs
	$(SWIFT) package $(CONFIGURATION) --allow-writing-to-directory .build/docs generate-documentation \
		--target Switchback --target SwitchbackAdditions --target SwitchbackLinearAlgebra --target SwitchbackFourier \
		--target SwitchbackDistributions --target SwitchbackFormats --target SwitchbackHub --target SwitchbackDrawing --target SwitchbackTraining \
		--target SwitchbackInference --target SwitchbackVision --target SwitchbackLanguage --target SwitchbackServer \
		--target SwitchbackStudio \
		--enable-experimental-combined-documentation --output-path .build/docs
	@echo "The documentation is in .build/docs; serve that folder over HTTP to read it."

static: setup
	$(SWIFT) build $(STATIC)

install: static ## Install switchback, which then needs no Swift, under PREFIX (/usr/local)
	PREFIX="$(PREFIX)" DESTDIR="$(DESTDIR)" Scripts/install.sh "$$($(SWIFT) build $(STATIC) --show-bin-path)"

deb: static ## Pack switchback as a Debian package into .build/packages
	Scripts/make_deb.sh "$$($(SWIFT) build $(STATIC) --show-bin-path)" .build/packages

clean: ## Remove build products
	$(SWIFT) package clean
