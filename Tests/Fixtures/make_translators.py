#!/usr/bin/env python3
"""models/t5-tiny, flan-t5-tiny, bart-tiny, mbart-tiny, marian-tiny: tiny encoder–decoders, each with inputs, logits, loss and the norm of every
gradient in case.*, and in case.json under `generated` what `generate` writes for some sources: greedily, and by beam search.

marian-tiny has a vocab.json for the pieces of tokenizers/unigram.model and pairs.model.  Needs transformers 5.24; run with PyTorch 2.13.  Names as arguments make these alone.
"""
import json
import sys

import sentencepiece
import torch
import transformers
from fixture_files import FOLDER, save, seed, sequence

T5 = dict(vocab_size=400, d_model=8, d_kv=4, num_heads=2, d_ff=16, num_layers=2, relative_attention_num_buckets=8, relative_attention_max_distance=12, dropout_rate=0.0,
          decoder_start_token_id=0, pad_token_id=0, eos_token_id=1)
BART = dict(d_model=8, encoder_layers=2, decoder_layers=2, encoder_attention_heads=2, decoder_attention_heads=2, encoder_ffn_dim=16, decoder_ffn_dim=12, max_position_embeddings=40,
            dropout=0.0, attention_dropout=0.0, activation_dropout=0.0)
MODELS = {
    "t5-tiny": ("T5ForConditionalGeneration", "T5Config", dict(T5, num_decoder_layers=1), dict(max_new_tokens=14)),
    "flan-t5-tiny": ("T5ForConditionalGeneration", "T5Config", dict(T5, feed_forward_proj="gated-gelu", tie_word_embeddings=False), dict(max_new_tokens=14, num_beams=3, length_penalty=2.0)),
    "bart-tiny": ("BartForConditionalGeneration", "BartConfig", dict(BART, vocab_size=400, bos_token_id=0, pad_token_id=0, eos_token_id=1, decoder_start_token_id=1, forced_eos_token_id=1),
                  dict(max_length=16, num_beams=4, forced_bos_token_id=0, no_repeat_ngram_size=3, early_stopping=True)),
    "mbart-tiny": ("MBartForConditionalGeneration", "MBartConfig", dict(BART, vocab_size=400, bos_token_id=0, pad_token_id=0, eos_token_id=1, decoder_start_token_id=1, forced_eos_token_id=1,
                                                                        scale_embedding=True), dict(max_length=16, num_beams=3, forced_bos_token_id=7)),
    "marian-tiny": ("MarianMTModel", "MarianConfig", dict(BART, activation_function="swish", scale_embedding=True),
                    dict(max_length=20, num_beams=4)),
}


def marian_vocabulary(folder):
    pieces = ["</s>", "<unk>"]
    for name in ("unigram", "pairs"):
        model = sentencepiece.SentencePieceProcessor(model_file=str(FOLDER / f"tokenizers/{name}.model"))
        pieces += [p for p in (model.id_to_piece(i) for i in range(3, model.get_piece_size(), 2)) if p not in pieces]
    pieces += ["<pad>"]
    (folder / "vocab.json").write_text(json.dumps({p: i for i, p in enumerate(pieces)}, ensure_ascii=False))
    return len(pieces)


def make(name, cls, config, options, generation):
    seed(5)
    folder = FOLDER / "models" / name
    folder.mkdir(parents=True, exist_ok=True)
    if name == "marian-tiny":
        size = marian_vocabulary(folder)
        options = dict(options, vocab_size=size, decoder_vocab_size=size, eos_token_id=0, pad_token_id=size - 1, decoder_start_token_id=size - 1, forced_eos_token_id=0)
        generation = dict(generation, bad_words_ids=[[size - 1]])
    settings = getattr(transformers, config)(**options)
    settings._attn_implementation = "eager"
    model = getattr(transformers, cls)(settings).eval()
    with torch.no_grad():
        for key, p in model.named_parameters():
            if "embed_positions" in key and name == "marian-tiny":
                continue
            p.normal_(std=0.1 if "bias" in key and p.dim() == 1 else 0.8 if p.dim() > 1 else 0.2).add_(1 if p.dim() == 1 and "bias" not in key else 0)
        if hasattr(model, "final_logits_bias"):
            model.final_logits_bias.normal_(std=0.3)
            model.final_logits_bias[:, settings.eos_token_id] += 5.0
        # Some texts end early.
        model.get_input_embeddings().weight[settings.eos_token_id] *= 2.0
    model.generation_config = transformers.GenerationConfig(
        decoder_start_token_id=settings.decoder_start_token_id, eos_token_id=settings.eos_token_id, pad_token_id=settings.pad_token_id,
        **({"forced_eos_token_id": settings.eos_token_id} if "T5" not in cls else {}), **generation)
    if name == "flan-t5-tiny":
        model.lm_head = torch.nn.Linear(8, 400, bias=False)
        torch.nn.init.normal_(model.lm_head.weight, std=0.8)
        with torch.no_grad():
            model.lm_head.weight[1] *= 3.0
        model.config.tie_word_embeddings = False
        settings.scale_decoder_outputs = False
    model.save_pretrained(folder)
    text = json.loads((folder / "config.json").read_text())
    if name == "flan-t5-tiny":
        text["tie_word_embeddings"] = False
    (folder / "config.json").write_text(json.dumps(text, indent=2, sort_keys=True) + "\n")
    size = settings.vocab_size
    source, target = sequence(2, 18, size - 3, 11) + 2, sequence(2, 9, size - 3, 12) + 2
    mask = torch.ones_like(source)
    mask[1, 12:] = 0
    labels = target.clone()
    labels[1, 6:] = -100
    model.zero_grad(set_to_none=True)
    # mBART would begin with each text's own last token, its language.
    read = dict(decoder_input_ids=torch.cat([torch.full((2, 1), settings.decoder_start_token_id), target[:, :-1]], 1)) if name == "mbart-tiny" else {}
    out = model(input_ids=source, attention_mask=mask, labels=labels, **read)
    out.loss.backward()
    generated = []
    for row in range(6):
        ids = (sequence(1, 7 + 3 * row, size - 3, 20 + row) + 2)[0].tolist() + [settings.eos_token_id]
        for beams in (1, generation.get("num_beams", 4)):
            with torch.no_grad():
                found = model.generate(torch.tensor([ids]), num_beams=beams, do_sample=False)[0].tolist()[1:]
            generated.append(dict(source=ids, beams=beams, target=found[:found.index(settings.eos_token_id)] if settings.eos_token_id in found else found))
    save(f"models/{name}/case", dict(input_ids=source, attention_mask=mask, labels=labels, logits=out.logits[:, :, :30]),
         dict(about=__doc__.strip().splitlines(), transformers=transformers.__version__, loss=out.loss.item(), generated=generated,
              grad_norm={k: p.grad.norm().item() for k, p in model.named_parameters() if p.grad is not None}))
    print([len(g["target"]) for g in generated])


if __name__ == "__main__":
    transformers.logging.set_verbosity_error()
    for name, spec in MODELS.items():
        if name in (sys.argv[1:] or MODELS):
            make(name, *spec)
