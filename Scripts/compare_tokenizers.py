#!/usr/bin/env python3
"""Compares the tokens that `switchback serve` reads with those of the packages `tokenizers` and `sentencepiece`, on random strings
that mean no good: marks that combine, emoji that join, scripts from everywhere, private use, line ends, controls, special tokens cut
in two.  Prints the table of Docs/language-models.md.

    python3 Scripts/compare_tokenizers.py PROGRAM [--count 100000] [--only NAME] [FILE …]

A FILE is a tokenizer.json, a SentencePiece model or a GGUF file of byte pairs; without one, those of Tests/Fixtures are compared.
Needs tokenizers, sentencepiece, numpy and safetensors; gguf for GGUF files.
"""
import argparse
import collections
import http.client
import json
import random
import shutil
import subprocess
import sys
import tempfile
import threading
import unicodedata
from pathlib import Path

import numpy as np
from safetensors.numpy import save_file

FIXTURES = Path(__file__).resolve().parent.parent / "Tests/Fixtures"
USUAL = sorted((FIXTURES / "tokenizers").glob("*.json")) + sorted((FIXTURES / "tokenizers").glob("*.model"))

# MARK: Strings


def by_category():
    """Characters of each category of Unicode, but for surrogates, which no text has."""
    found = collections.defaultdict(list)
    for code in range(0x110000):
        if not 0xD800 <= code < 0xE000:
            found[unicodedata.category(chr(code))].append(chr(code))
    return found


CATEGORIES = by_category()
PIECES = [
    "'s", "'S", "'ll", "'LL", "'ſ", "'re", "’s", "''", "\r\n", "\r", "\n", "\n\n", "\t", " ", "  ", "   \n ", "\u00a0", "\u3000", "\u2028", "\u2029",
    "\u0085", "\u000b", "\u000c", "\u001c", "\u001f", "\u180e", "\u200b", "\u2060", "\ufeff", "\u00ad", "\u0000", "\u0001", "\u007f", "\u009f", "\u202e",
    "\u200d", "\u200c", "\ufe0f", "\ufe0e", "\u20e3", "👩‍👩‍👧‍👦", "👍🏽", "🇩🇪", "🇩", "🏴󠁧󠁢󠁥󠁮󠁧󠁿", "❤️‍🔥", "e\u0301", "\u0344", "\u0958", "\u2adc", "\ufb1d", "\ufb01",
    "½", "Ⅷ", "①", "²", "٣", "१२", "İ", "ı", "ß", "ẞ", "ΌΣΟΣ", "ς", "ﬀ", "ǅ", "Å", "Å", "Ω", "ｶﾞ", "ﾊﾟ", "가", "ᄀ", "ᅡ", "ᆨ", "각", "日本語", "中文", "ไทย", "हिन्दी",
    "\u0e33", "ｈｅ", "\ue000", "\uf8ff", "\U000f0000", "\U0010ffff", "\ufffd", "\ufffe", "\uffff", "\ud7ff", "▁", "▁▁", "Ġ", "Ċ", "Ã", "##", "##ing", "</w>", "<0x0A>", "<unk>",
    "<s>", "</s>", "<pad>", "[CLS]", "[SEP]", "[MASK]", " [MASK] ", "[UNK]", "<|endoftext|>", "<|im_start|>", "<|endof", "text|>", "<|begin_of_text|>",
    "<sep>", "0x", "3.14", "1,000", "12345", "http://a.b/c?d=e&f", "user@host", "don't", "snake_case", "CamelCase", "!!!", "...", "—", "«»", "$€£", "\\", "\"", "{}[]",
]


def string(r):
    parts = []
    for _ in range(r.randint(0, 12)):
        kind = r.randrange(10)
        if kind < 3:
            parts.append("".join(r.choice("abcdefghijklmnopqrstuvwxyz") for _ in range(r.randint(1, 8))))
            if r.random() < 0.3:
                parts[-1] = r.choice([parts[-1].upper(), parts[-1].capitalize()])
        elif kind < 6:
            parts.append(r.choice(PIECES))
        elif kind < 7:
            parts.append(" " * r.randint(1, 4))
        elif kind < 8:
            parts.append("".join(r.choice(CATEGORIES[r.choice(["Mn", "Mc", "Me"])]) for _ in range(r.randint(1, 3))))
        elif kind < 9:
            parts.append("".join(r.choice(CATEGORIES[r.choice(list(CATEGORIES))]) for _ in range(r.randint(1, 4))))
        else:
            parts.append(r.choice(["a", "é", "\u0301", " ", "0", "\n", "中", "🏽", "ㅏ"]) * r.randint(2, 30))
    return "".join(parts)


def every_character():
    """Each character of Unicode between letters, some at a time."""
    codes = [code for code in range(0x110000) if not 0xD800 <= code < 0xE000]
    return [" ".join(f"a{chr(code)}b" for code in codes[start:start + 64]) for start in range(0, len(codes), 64)]


# MARK: What the packages say


def of_gguf(path):
    """Byte pairs of a GGUF file, put together as llama.cpp's name for them says."""
    import gguf
    from tokenizers import AddedToken, Regex, Tokenizer, models, pre_tokenizers
    fields = gguf.GGUFReader(path).fields
    words, merges = (fields[f"tokenizer.ggml.{name}"].contents() for name in ("tokens", "merges"))
    kind = fields["tokenizer.ggml.pre"].contents()
    if kind not in ("smollm", "gpt-2"):
        raise SystemExit(f"{path}: its words are cut as for {kind}, which this script does not know")
    tokenizer = Tokenizer(models.BPE({w: i for i, w in enumerate(words)}, [tuple(m.split(" ")) for m in merges]))
    parts = [pre_tokenizers.Digits(individual_digits=True)] if kind == "smollm" else []
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(parts + [pre_tokenizers.ByteLevel(add_prefix_space=False)])
    types = fields["tokenizer.ggml.token_type"].contents()
    tokenizer.add_special_tokens([AddedToken(w, special=True, normalized=False) for w, t in zip(words, types) if t in (3, 4)])
    return tokenizer


def reference(path):
    """What makes tokens of a string, and how many there are."""
    if path.suffix == ".model":
        import sentencepiece
        model = sentencepiece.SentencePieceProcessor(model_file=str(path))
        return model.encode, model.get_piece_size()
    from tokenizers import Tokenizer
    tokenizer = of_gguf(path) if path.suffix == ".gguf" else Tokenizer.from_file(str(path))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    vocabulary = tokenizer.get_vocab(with_added_tokens=True)
    return lambda text: tokenizer.encode(text).ids, max(vocabulary.values()) + 1


# MARK: What the program says


def model_of(path, count, folder):
    """A tiny model with a tokenizer, so that the program serves it."""
    if path.suffix == ".gguf":
        return path
    width = 4
    shutil.copy(path, folder / ("tokenizer.model" if path.suffix == ".model" else "tokenizer.json"))
    (folder / "config.json").write_text(json.dumps(dict(
        model_type="gpt2", vocab_size=count, n_positions=64, n_embd=width, n_layer=1, n_head=1, layer_norm_epsilon=1e-5)))
    (folder / "tokenizer_config.json").write_text(json.dumps(dict(
        tokenizer_class="LlamaTokenizer", add_bos_token=False) if path.suffix == ".model" else {}))
    shapes = {"wte.weight": (count, width), "wpe.weight": (64, width), "ln_f.weight": (width,), "ln_f.bias": (width,)}
    for name, size in [("attn.c_attn", (width, 3 * width)), ("attn.c_proj", (width, width)), ("mlp.c_fc", (width, 4 * width)),
                       ("mlp.c_proj", (4 * width, width))]:
        shapes |= {f"h.0.{name}.weight": size, f"h.0.{name}.bias": size[1:]}
    for name in ["ln_1", "ln_2"]:
        shapes |= {f"h.0.{name}.weight": (width,), f"h.0.{name}.bias": (width,)}
    save_file({f"transformer.{name}": np.zeros(shape, np.float32) for name, shape in shapes.items()}, folder / "model.safetensors")
    return folder


def served(program, model, texts, threads=4):
    """The tokens of each text."""
    server = subprocess.Popen([program, "serve", f"m={model}", "--port", "0", "--json"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        line = server.stdout.readline()
        if not line:
            raise SystemExit(f"{program} does not serve {model}")
        host, port = json.loads(line)["address"].removeprefix("http://").split(":")
        answers = [None] * len(texts)

        def ask(first):
            connection = http.client.HTTPConnection(host, int(port))
            for number in range(first, len(texts), threads):
                connection.request("POST", "/tokenize", json.dumps({"prompt": texts[number]}), {"Content-Type": "application/json"})
                answer = json.loads(connection.getresponse().read())
                answers[number] = answer.get("tokens", answer)
        workers = [threading.Thread(target=ask, args=[n]) for n in range(threads)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        return answers
    finally:
        server.terminate()
        server.wait()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program")
    parser.add_argument("files", nargs="*", type=Path)
    parser.add_argument("--count", type=int, default=100_000)
    parser.add_argument("--only")
    options = parser.parse_intermixed_args()
    r = random.Random(7)
    every = [string(r) for _ in range(options.count)] + every_character()
    print("| tokenizer | strings | tokens | strings with other tokens |\n| --- | --: | --: | --: |", flush=True)
    different = 0
    for path in options.files or USUAL:
        if options.only and options.only != path.name:
            continue
        encode, count = reference(path)
        # SentencePiece reads its marks as plain text, and Transformers as marks, which are then no question of pieces.
        marks = ("<s>", "</s>", "<unk>") if path.suffix == ".model" else ()
        texts = [text for text in every if not any(mark in text for mark in marks)]
        expected = [encode(text) for text in texts]
        with tempfile.TemporaryDirectory() as folder:
            found = served(options.program, model_of(path, count, Path(folder)), texts)
        wrong = [n for n in range(len(texts)) if list(expected[n]) != found[n]]
        different += len(wrong)
        print(f"| {path.name} | {len(texts):,} | {sum(map(len, expected)):,} | {len(wrong)} |", flush=True)
        for number in sorted(wrong, key=lambda n: len(texts[n]))[:5]:
            print(f"{path.name}: {texts[number]!a}\n  wanted {expected[number]}\n  found  {found[number]}", file=sys.stderr)
    sys.exit(different > 0)


if __name__ == "__main__":
    main()
