#!/usr/bin/env python3
"""llama_cpp/{llama,qwen3,gpt2}: how llama.cpp cuts a text into tokens, and its first logits for them, with GGUF files that Switchback
wrote.

    GGUF_FOLDER=FOLDER swift test --filter GGUFModelTests.asLlamaCppRunsIt   # leaves the files there
    python3 make_llama_cpp.py FOLDER

Needs llama-cpp-python 0.3.36, which pip builds for many minutes.
"""
import sys
import torch
from fixture_files import save
from llama_cpp import Llama

TEXT = "the 12 quick brown foxes, and a caf\u00e9!\n"

for family in ["llama", "qwen3", "gpt2"]:
    model = Llama(f"{sys.argv[1]}/{family}.gguf", n_ctx=64, logits_all=True, verbose=False)
    tokens = model.tokenize(TEXT.encode(), add_bos=True, special=False)
    model.eval(tokens)
    logits = torch.tensor(model.scores[:model.n_tokens, :40])
    save(f"llama_cpp/{family}", dict(tokens=torch.tensor(tokens), logits=logits), dict(about=__doc__.strip().splitlines()))
