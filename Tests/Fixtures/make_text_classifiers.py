#!/usr/bin/env python3
"""models/*-classes: tiny encoders that tell classes, as Transformers writes them, and the logits of some sentences; and
models/e5-tiny: an XLM-RoBERTa in a folder that sentence-transformers 6 wrote, with a prompt, and its vectors.

Their tokenizers are those of ../tokenizers, which tests put beside them. Needs transformers 5.24 and sentence-transformers 6.2.
"""
import shutil
import tempfile

import torch
import transformers
from tokenizers import Tokenizer, processors
from fixture_files import FOLDER, save, seed

SENTENCES = ["The weather is fine.", "it is raining, isn't it? 12 degrees", "?", "One two three four five"]
SIZES = dict(hidden_size=8, intermediate_size=12, num_hidden_layers=1, num_attention_heads=2, max_position_embeddings=40)
# Class, configuration, sizes, tokenizer.
MODELS = {
    "bert-classes": ("BertForSequenceClassification", "BertConfig", dict(SIZES, pad_token_id=0, id2label={0: "bad", 1: "fair", 2: "good"}), "bert"),
    "roberta-classes": ("RobertaForSequenceClassification", "RobertaConfig", dict(SIZES, pad_token_id=1, type_vocab_size=1, num_labels=4, problem_type="multi_label_classification"), "gpt2"),
    "distilbert-classes": ("DistilBertForSequenceClassification", "DistilBertConfig", dict(dim=8, hidden_dim=12, n_layers=1, n_heads=2, max_position_embeddings=40, pad_token_id=0, id2label={0: "NEGATIVE", 1: "POSITIVE"}), "bert"),
    "modernbert-classes": ("ModernBertForSequenceClassification", "ModernBertConfig", dict(SIZES, pad_token_id=0, cls_token_id=2, sep_token_id=3, classifier_pooling="mean", num_labels=2), "bert"),
}


def tokenizer(name):
    result = Tokenizer.from_file(str(FOLDER / f"tokenizers/{name}.json"))
    if name == "gpt2":
        end = result.token_to_id("<|endoftext|>")
        result.post_processor = processors.RobertaProcessing(("<|endoftext|>", end), ("<|endoftext|>", end))
    return result


def shaken(model):
    with torch.no_grad():
        for key, p in model.named_parameters():
            p.normal_(std=0.4 if p.dim() > 1 else 0.1).add_(1 if p.dim() == 1 and "norm" in key.lower() and key.endswith("weight") else 0)
    return model.eval()


def make(name, cls, config, sizes, tokenizer_name):
    seed(3)
    encode = tokenizer(tokenizer_name)
    model = shaken(getattr(transformers, cls)(getattr(transformers, config)(vocab_size=encode.get_vocab_size(), **sizes)))
    model.save_pretrained(FOLDER / "models" / name)
    with torch.no_grad():
        logits = [model(torch.tensor([encode.encode(s).ids])).logits[0] for s in SENTENCES]
    save(f"models/{name}/case", {"logits": torch.stack(logits)}, dict(
        about=__doc__.strip().splitlines(), transformers=transformers.__version__, sentences=SENTENCES, tokenizer=tokenizer_name))


def make_sentence_encoder():
    import sentence_transformers
    from sentence_transformers.models import Normalize, Pooling, Transformer
    seed(4)
    marks = dict(bos_token="<s>", eos_token="</s>", unk_token="<unk>", pad_token="<pad>", cls_token="<s>", sep_token="</s>", mask_token="<mask>")
    encode = Tokenizer.from_file(str(FOLDER / "tokenizers/unigram.json"))
    encode.add_special_tokens(["<s>", "<mask>"])
    start = encode.token_to_id("<s>")
    encode.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", pair="<s> $A </s> </s> $B </s>", special_tokens=[("<s>", start), ("</s>", encode.token_to_id("</s>"))])
    with tempfile.TemporaryDirectory() as home:
        model = shaken(transformers.XLMRobertaModel(transformers.XLMRobertaConfig(
            vocab_size=encode.get_vocab_size(), pad_token_id=encode.token_to_id("<pad>"), type_vocab_size=1, **SIZES)))
        model.save_pretrained(home)
        fast = transformers.PreTrainedTokenizerFast(tokenizer_object=encode, model_max_length=30, **marks)
        fast.save_pretrained(home)
        part = Transformer(home)
        whole = sentence_transformers.SentenceTransformer(
            modules=[part, Pooling(8, pooling_mode="mean_sqrt_len_tokens"), Normalize()],
            prompts={"query": "query: ", "passage": "passage: "}, default_prompt_name="query", device="cpu")
        folder = FOLDER / "models/e5-tiny"
        shutil.rmtree(folder, ignore_errors=True)
        whole.save(str(folder), create_model_card=False)
        vectors = {"vectors": whole.encode(SENTENCES, convert_to_tensor=True), "long": whole.encode(["one two three four five six " * 9], convert_to_tensor=True)}
        pooled = dict(vectors)
        for mode in ["weightedmean", "lasttoken", "cls", "max", "mean"]:
            other = sentence_transformers.SentenceTransformer(modules=[part, Pooling(8, pooling_mode=mode)], device="cpu")
            pooled[mode] = other.encode(SENTENCES, convert_to_tensor=True)
        save("models/e5-tiny/case", pooled, dict(
            about=__doc__.strip().splitlines(), sentence_transformers=sentence_transformers.__version__, sentences=SENTENCES))


if __name__ == "__main__":
    transformers.logging.set_verbosity_error()
    for name, spec in MODELS.items():
        make(name, *spec)
    make_sentence_encoder()
