#!/usr/bin/env python3
"""models/minilm-tiny, roberta-tiny, distilbert-tiny: tiny encoders without heads in folders as sentence-transformers has them,
and the vectors of some sentences, pooled as each folder says.

Needs transformers 5.24; run with PyTorch 2.13.
"""
import json
import shutil

import torch
import transformers
from tokenizers import Tokenizer, processors
from fixture_files import FOLDER, save, seed

SENTENCES = ["The weather is fine.", "it is raining, isn't it? 12 degrees", "?", "One two three four five six seven eight nine ten " * 4]
LENGTH = 24
# Class, configuration, sizes, tokenizer, pooling, whether vectors are normalized.
MODELS = {
    "minilm-tiny": ("BertModel", "BertConfig", dict(hidden_size=32, intermediate_size=64, num_hidden_layers=2, num_attention_heads=4, max_position_embeddings=40, pad_token_id=0),
                    "bert", "pooling_mode_mean_tokens", True),
    "roberta-tiny": ("RobertaModel", "RobertaConfig", dict(hidden_size=32, intermediate_size=64, num_hidden_layers=2, num_attention_heads=4, max_position_embeddings=42, pad_token_id=1,
                                                          type_vocab_size=1, layer_norm_eps=1e-5), "gpt2", "pooling_mode_cls_token", False),
    "distilbert-tiny": ("DistilBertModel", "DistilBertConfig", dict(dim=32, hidden_dim=64, n_layers=2, n_heads=4, max_position_embeddings=40, pad_token_id=0),
                        "bert", "pooling_mode_max_tokens", False),
}


def tokenizer(name, folder):
    path = folder / "tokenizer.json"
    shutil.copy(FOLDER / f"tokenizers/{name}.json", path)
    result = Tokenizer.from_file(str(path))
    if name == "gpt2":
        end = result.token_to_id("<|endoftext|>")
        result.post_processor = processors.RobertaProcessing(("<|endoftext|>", end), ("<|endoftext|>", end))
        result.save(str(path), pretty=False)
    result.enable_truncation(LENGTH)
    return result


def make(name, cls, config, sizes, tokenizer_name, pooling, normalizes):
    folder = FOLDER / "models" / name
    (folder / "1_Pooling").mkdir(parents=True, exist_ok=True)
    encode = tokenizer(tokenizer_name, folder)
    seed(3)
    settings = getattr(transformers, config)(vocab_size=encode.get_vocab_size(), **sizes)
    model = getattr(transformers, cls)(settings).eval()
    with torch.no_grad():
        for key, p in model.named_parameters():
            p.normal_(std=0.4 if p.dim() > 1 else 0.1).add_(1 if "LayerNorm.weight" in key or "layer_norm.weight" in key else 0)
    model.save_pretrained(folder)
    kinds = ["Transformer", "Pooling"] + (["Normalize"] if normalizes else [])
    (folder / "modules.json").write_text(json.dumps([dict(idx=i, name=str(i), path="", type=f"sentence_transformers.models.{k}") for i, k in enumerate(kinds)]))
    modes = ["pooling_mode_cls_token", "pooling_mode_mean_tokens", "pooling_mode_max_tokens"]
    (folder / "1_Pooling/config.json").write_text(json.dumps(dict(word_embedding_dimension=32, **{m: m == pooling for m in modes})))
    (folder / "sentence_bert_config.json").write_text(json.dumps(dict(max_seq_length=LENGTH)))
    vectors = []
    for sentence in SENTENCES:
        ids = torch.tensor([encode.encode(sentence).ids])
        with torch.no_grad():
            x = model(ids, attention_mask=torch.ones_like(ids)).last_hidden_state[0]
        v = {"pooling_mode_mean_tokens": x.mean(0), "pooling_mode_cls_token": x[0], "pooling_mode_max_tokens": x.max(0).values}[pooling]
        vectors.append(torch.nn.functional.normalize(v, dim=0) if normalizes else v)
    save(f"models/{name}/case", {"vectors": torch.stack(vectors)}, dict(about=__doc__.strip().splitlines(), transformers=transformers.__version__, sentences=SENTENCES))


if __name__ == "__main__":
    transformers.logging.set_verbosity_error()
    for name, spec in MODELS.items():
        make(name, *spec)
