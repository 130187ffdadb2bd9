"""Makes the tokenizer fixtures with the `tokenizers` package: small vocabularies in the styles of GPT-2, Llama 3, Qwen,
SmolLM, BERT, Llama 2, Mistral and Gemma, trained on made-up words, and for each the hashes of the tokens of 10,000 random strings.

The strings come from a generator that `RandomText.swift` repeats, so that only the hashes need to be kept.
"""
import json
import sys
from pathlib import Path
import numpy as np
from safetensors.numpy import save_file
from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

HERE = Path(__file__).parent / "tokenizers"
CONTRACTIONS = ["'s", "'t", "'re", "'VE", "'m", "'Ll", "'d", "'\u017f", "'x", "'S", "'l", "'"]
SPACES = [" ", "  ", "\n", "\r\n", "\t", "\u00a0", "\u3000", "\u2028", "   \n ", "\u0085", " \n\n  ", "\u200b"]
MARKS = list("!?.,;:-_()[]{}<>@#$%^&*+=/\\|~`\"") + ["...", "\u2014", "\u3002", "\u00bf", "!!\n", "$$ \n"]
PICTURES = ["\U0001f600", "\U0001f468\u200d\U0001f469\u200d\U0001f467", "\U0001f1e9\U0001f1ea", "\u2764\ufe0f",
            "<|endoftext|>", "[MASK]", "<|begin_of_text|>", "\U0001f44d\U0001f3fd"]


SPACED = decoders.Sequence([decoders.Replace("\u2581", " "), decoders.ByteFallback(), decoders.Fuse()])


class Random:
    def __init__(self, seed):
        self.state = seed

    def below(self, n):
        self.state = (self.state * 6364136223846793005 + 1442695040888963407) % 2 ** 64
        return (self.state >> 33) % n

    def scalar(self, low, high):
        code = low + self.below(high - low)
        return chr(code) if not 0xD800 <= code < 0xE000 else "\ufffd"


def unit(r):
    kind = r.below(16)
    if kind < 4:
        word = "".join(chr(97 + r.below(26)) for _ in range(1 + r.below(8)))
        return word.capitalize() if kind == 3 else word
    if kind == 4:
        return "".join(chr(48 + r.below(10)) for _ in range(1 + r.below(5)))
    if kind == 5:
        return CONTRACTIONS[r.below(len(CONTRACTIONS))]
    if kind == 6:
        return SPACES[r.below(len(SPACES))]
    if kind == 7:
        return MARKS[r.below(len(MARKS))]
    if kind == 11:
        return PICTURES[r.below(len(PICTURES))]
    if kind == 12:
        return chr(97 + r.below(26)) + r.scalar(0x300, 0x370)
    low, high = {8: (0xA0, 0x250), 9: (0x370, 0x530), 10: (0x4E00, 0xD7A4), 13: (0x600, 0xE80),
                 14: (0, 0x10000), 15: (0x10000, 0x110000)}[kind]
    return r.scalar(low, high)


def text(r):
    parts = []
    for _ in range(1 + r.below(24)):
        parts.append(unit(r))
        if r.below(2):
            parts.append(" ")
    return "".join(parts)


def words(r, count):
    """Made-up sentences whose syllables return, so that there is something to merge."""
    syllables = [a + b for a in "bdfgklmnprstvw" for b in ["a", "e", "i", "o", "u", "an", "er", "in", "é", "ß", "я", "ね"]]
    lines = []
    for _ in range(count):
        line = ["".join(syllables[r.below(1 + r.below(len(syllables)))] for _ in range(1 + r.below(4))) for _ in range(8)]
        lines.append(" ".join(line).capitalize() + ["." , "!", "?", " 123.", "'s it, I'm told\n"][r.below(5)])
    return lines


GPT2 = r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"
MODERN = (r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|%s| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+")


CAPITALS, SMALL, ENDING = r"[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]", r"[\p{Ll}\p{Lm}\p{Lo}\p{M}]", r"(?i:'s|'t|'re|'ve|'m|'ll|'d)?"
GPT4O = (r"[^\r\n\p{L}\p{N}]?" + CAPITALS + "*" + SMALL + "+" + ENDING + r"|[^\r\n\p{L}\p{N}]?" + CAPITALS + "+" + SMALL + "*" + ENDING
         + r"|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+")


def byte_level(name, pattern, special, ignore_merges=False, nfc=False, prefix=None, digits=None):
    tokenizer = Tokenizer(models.BPE(ignore_merges=ignore_merges))
    level = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=pattern is None)
    cuts = [] if digits is None else [pre_tokenizers.Digits(individual_digits=digits)]
    cuts += [] if pattern is None else [pre_tokenizers.Split(Regex(pattern), "isolated")]
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(cuts + [level]) if cuts else level
    if nfc:
        tokenizer.normalizer = normalizers.NFC()
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(vocab_size=700, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False)
    tokenizer.train_from_iterator(words(Random(1), 400), trainer)
    tokenizer.add_special_tokens(special)
    if prefix:
        tokenizer.post_processor = processors.Sequence([processors.ByteLevel(trim_offsets=False), processors.TemplateProcessing(
            single=f"{prefix} $A", pair=f"{prefix} $A {prefix} $B", special_tokens=[(prefix, tokenizer.token_to_id(prefix))])])
    else:
        tokenizer.post_processor = processors.ByteLevel(trim_offsets=False)
    return tokenizer


def sentence_pieces(normalizer, pre_tokenizer, decoder):
    """Byte-pair encoding over characters, whose tokens of bytes are in the vocabulary and no added tokens."""
    tokenizer = Tokenizer(models.BPE(byte_fallback=True, unk_token="<unk>", fuse_unk=True))
    if normalizer:
        tokenizer.normalizer = normalizer
    if pre_tokenizer:
        tokenizer.pre_tokenizer = pre_tokenizer
    tokenizer.decoder = decoder
    marks = ["<unk>", "<s>", "</s>"]
    trainer = trainers.BpeTrainer(vocab_size=700, special_tokens=marks + [f"<0x{b:02X}>" for b in range(256)], show_progress=False)
    tokenizer.train_from_iterator([w for line in words(Random(1), 400) for w in line.split(" ")], trainer)
    document = json.loads(tokenizer.to_str())
    document["added_tokens"] = document["added_tokens"][:len(marks)] + [
        dict(id=len(document["model"]["vocab"]), content="[MASK]", single_word=False, lstrip=True, rstrip=True, normalized=False, special=True)]
    document["post_processor"] = json.loads(processors.TemplateProcessing(
        single="<s> $A", pair="<s> $A <s>:1 $B:1", special_tokens=[("<s>", 1)]).__getstate__())
    return Tokenizer.from_str(json.dumps(document))


def word_piece():
    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer()
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.decoder = decoders.WordPiece()
    trainer = trainers.WordPieceTrainer(vocab_size=700, special_tokens=["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"],
                                        initial_alphabet=list("abcdefghijklmnopqrstuvwxyz0123456789.,!?'"), show_progress=False)
    r = Random(2)
    tokenizer.train_from_iterator(words(Random(1), 400) + [text(r) for _ in range(300)], trainer)
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B:1 [SEP]:1",
        special_tokens=[(t, tokenizer.token_to_id(t)) for t in ("[CLS]", "[SEP]")])
    return tokenizer


def digest(ids):
    value = 0xCBF29CE484222325
    for i in ids:
        value = (value ^ i) * 0x100000001B3 % 2 ** 64
    return value


# What SentencePiece makes of characters, beyond spaces: few rules, where its own have 300 kB.
RULES = {"\uff21": "A", "\u00bd": "1/2", "\ufb01": "fi", "\u00df": "ss", "e\u0301": "\u00e9", "\u3000": " ", "\u00a0": " ", "\t": " ", "\n": " ",
         "\u200b": "", "\u2028": " ", "\u0085": " ", "\u00e4\u0308": "a", "\u2014": " - "}


def sentence_piece_model(name, kind):
    """A `tokenizer.model`, written by SentencePiece's own trainer."""
    import tempfile
    import sentencepiece
    with tempfile.TemporaryDirectory() as folder:
        rules = Path(folder) / "rules.tsv"
        rules.write_text("".join(f"{' '.join(f'{ord(c):X}' for c in k)}\t{' '.join(f'{ord(c):X}' for c in v)}\n" for k, v in RULES.items()))
        sentences = [line.strip() for line in words(Random(1), 400)] + ["héllo½ Ａb 12 345 <sep> x"] * 5
        sentencepiece.SentencePieceTrainer.train(
            sentence_iterator=iter(sentences), model_prefix=f"{folder}/m", vocab_size=480 if kind == "bpe" else 400, model_type=kind,
            byte_fallback=kind == "bpe", normalization_rule_tsv=str(rules), user_defined_symbols=["<sep>", "12"], remove_extra_whitespaces=kind != "bpe",
            character_coverage=0.995, split_digits=kind == "bpe", num_threads=1, minloglevel=2)
        model = Path(f"{folder}/m.model").read_bytes()
    from sentencepiece import sentencepiece_model_pb2
    message = sentencepiece_model_pb2.ModelProto.FromString(model)
    # Some pieces that are not used any more.
    for piece in message.pieces[300:320]:
        piece.type = 5
    message.trainer_spec.ClearField("model_prefix")
    message.normalizer_spec.ClearField("normalization_rule_tsv")
    (HERE / f"{name}.model").write_bytes(message.SerializeToString())


def charsmap():
    from sentencepiece import sentencepiece_model_pb2
    return sentencepiece_model_pb2.ModelProto.FromString((HERE / "unigram.model").read_bytes()).normalizer_spec.precompiled_charsmap


def unigram():
    tokenizer = Tokenizer(models.Unigram())
    tokenizer.normalizer = normalizers.Sequence([
        normalizers.Precompiled(charsmap()), normalizers.Nmt(), normalizers.NFKC(), normalizers.Strip(left=False, right=True),
        normalizers.Replace(Regex(" {2,}"), " "), normalizers.Lowercase()])
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Metaspace(prepend_scheme="always", split=True)])
    tokenizer.decoder = decoders.Metaspace()
    tokenizer.train_from_iterator(words(Random(1), 400), trainers.UnigramTrainer(
        vocab_size=400, unk_token="<unk>", special_tokens=["<pad>", "</s>", "<unk>"], show_progress=False))
    tokenizer.post_processor = processors.TemplateProcessing(single="$A </s>", pair="$A </s> $B </s>", special_tokens=[("</s>", 1)])
    return tokenizer


def words_with_ends():
    """As CLIP and the first GPT have it, with an expression of its own."""
    tokenizer = Tokenizer(models.BPE(unk_token="<unk>", end_of_word_suffix="</w>"))
    tokenizer.normalizer = normalizers.Sequence([normalizers.NFD(), normalizers.StripAccents(), normalizers.Replace(Regex(r"\s+"), " "), normalizers.Lowercase()])
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([
        pre_tokenizers.Split(Regex(r"""<\|end\|>|'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+"""), behavior="removed", invert=True),
        pre_tokenizers.Punctuation("contiguous")])
    tokenizer.decoder = decoders.BPEDecoder(suffix="</w>")
    tokenizer.train_from_iterator(words(Random(1), 400), trainers.BpeTrainer(
        vocab_size=400, special_tokens=["<unk>"], end_of_word_suffix="</w>", limit_alphabet=60, show_progress=False))
    return tokenizer


def several_cuts():
    """As DeepSeek has it: byte-level pairs behind several expressions; with holes in the vocabulary."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([
        pre_tokenizers.Split(Regex(r"\p{N}{1,3}"), "isolated"), pre_tokenizers.Split(Regex("[\u4e00-\u9fa5\u3040-\u309f\u30a0-\u30ff]+"), "isolated"),
        pre_tokenizers.Split(Regex(r"[!-/:-~]?[A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+| ?[\p{P}\p{S}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"), "isolated"),
        pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)])
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.train_from_iterator(words(Random(1), 400), trainers.BpeTrainer(
        vocab_size=450, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False))
    text = json.loads(tokenizer.to_str())
    text["model"]["vocab"] = {k: v + (v >= 300) * 7 for k, v in text["model"]["vocab"].items()}
    return Tokenizer.from_str(json.dumps(text))


def cut_in_other_ways():
    tokenizer = Tokenizer(models.BPE(unk_token="<unk>", fuse_unk=True, continuing_subword_prefix="##"))
    tokenizer.normalizer = normalizers.Sequence([normalizers.NFKD(), normalizers.Strip(), normalizers.Replace("''", '"'), normalizers.Prepend("_")])
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([
        pre_tokenizers.Whitespace(), pre_tokenizers.Digits(individual_digits=False), pre_tokenizers.Split("e", "merged_with_next"),
        pre_tokenizers.Split(Regex("[aou](?=n)|(?i:ER)"), "merged_with_previous"), pre_tokenizers.Split(".", "contiguous")])
    tokenizer.train_from_iterator(words(Random(1), 400), trainers.BpeTrainer(
        vocab_size=400, special_tokens=["<unk>"], continuing_subword_prefix="##", limit_alphabet=60, show_progress=False))
    return tokenizer


def more_hashes(count, path):
    """What is made of `count` random strings by the tokenizers of `tokenizer.model`, and by those put together from many parts."""
    import sentencepiece
    for name, kind in (("unigram", "unigram"), ("pairs", "bpe")):
        if not (HERE / f"{name}.model").exists():
            sentence_piece_model(name, kind)
    made = {"unigram": unigram, "ends": words_with_ends, "cuts": several_cuts, "ways": cut_in_other_ways}
    encoders = {}
    for name, make in made.items():
        file = HERE / f"{name}.json"
        if not file.exists():
            make().save(str(file), pretty=False)
        encoders[name + ".json"] = lambda t, tokenizer=Tokenizer.from_file(str(file)): tokenizer.encode(t).ids
    for name in ("unigram", "pairs"):
        encoders[name + ".model"] = sentencepiece.SentencePieceProcessor(model_file=str(HERE / f"{name}.model")).encode
    r = Random(42)
    texts = [text(r) for _ in range(count)]
    save_file({name: np.array([digest(encode(t)) >> 32 for t in texts], dtype=np.uint32).view(np.int32) for name, encode in encoders.items()}, path)


def main():
    HERE.mkdir(exist_ok=True)
    made = {
        "gpt2": byte_level("gpt2", None, ["<|endoftext|>"]),
        "llama3": byte_level("llama3", MODERN % r"\p{N}{1,3}", ["<|begin_of_text|>", "<|end_of_text|>"], ignore_merges=True,
                             prefix="<|begin_of_text|>"),
        "qwen": byte_level("qwen", MODERN % r"\p{N}", ["<|endoftext|>", "<|im_start|>", "<|im_end|>"], nfc=True),
        "bert": word_piece(),
        "gpt4o": byte_level("gpt4o", GPT4O, ["<|endoftext|>"]),
        "smollm": byte_level("smollm", None, ["<|endoftext|>"], digits=True),
        "llama2": sentence_pieces(normalizers.Sequence([normalizers.Prepend("\u2581"), normalizers.Replace(" ", "\u2581")]), None, SPACED),
        "mistral": sentence_pieces(None, pre_tokenizers.Metaspace(prepend_scheme="first", split=False), decoders.Metaspace(prepend_scheme="first")),
        "metaspace": sentence_pieces(None, pre_tokenizers.Metaspace(prepend_scheme="always", split=True), decoders.Metaspace()),
        "gemma": sentence_pieces(normalizers.Replace(" ", "\u2581"), pre_tokenizers.Split(" ", "merged_with_previous"), SPACED),
    }
    r = Random(42)
    texts = [text(r) for _ in range(10_000)]
    hashes = {}
    for name, tokenizer in made.items():
        # The WordPiece trainer gives another vocabulary each time: what is there stays.
        path = HERE / f"{name}.json"
        if path.exists():
            tokenizer = Tokenizer.from_file(str(path))
        else:
            tokenizer.save(str(path), pretty=False)
        ids = [tokenizer.encode(t).ids for t in texts]
        hashes[name] = np.array([digest(i) >> 32 for i in ids], dtype=np.uint32).view(np.int32)
    save_file(hashes, HERE / "hashes.safetensors")
    # What training makes of a text, for the trainer written in Swift: gpt2's merges are those of words(Random(1), 400).
    print({n: t.get_vocab_size() for n, t in made.items()})


if __name__ == "__main__":
    # A number and a path: so many strings for `TOKENIZER_HASHES=PATH swift test --filter TokenizerTests`.
    if len(sys.argv) > 1:
        more_hashes(int(sys.argv[1]), sys.argv[2])
    else:
        main()
        more_hashes(400, HERE / "more_hashes.safetensors")
