#!/usr/bin/env python3
"""models/NAME: tiny random-initialised models, each with inputs, outputs, loss and the norm of every gradient.

Transformer folders are Hugging Face checkpoints (config.json + model.safetensors) plus
  case.safetensors  input_ids, attention_mask, labels, logits, greedy (prompt + 16 greedy tokens), grad/KEY for three parameters
  case.json         loss (Hugging Face's own, labels -100 ignored, causal models shift), grad_norm, hidden (norm after
                    the embedding and each layer, the last one after the final norm), float64 distances.  Dropout is off throughout.
llama-tiny's config uses the published checkpoints' top-level `rope_theta`; the others keep transformers 5's
`rope_parameters`.  Padding is on the right: compare logits only where attention_mask is 1.
resnet18 is torchvision's, whose weights and input come from a hash of their names (see hashed_network.py; `fill` gives a and b).

Names as arguments make these alone.  Needs transformers 5.23 or 5.24 and torchvision; run with PyTorch 2.13.
"""
import json, math, sys
import torch
import torch.nn.functional as F
import transformers
from fixture_files import FOLDER, save, seed, sequence
from hashed_network import fill_rules, hashed

VOCAB = 97
TEXT = dict(vocab_size=VOCAB, bos_token_id=None, eos_token_id=None, pad_token_id=None)
ROTARY = dict(TEXT, hidden_size=32, intermediate_size=88, num_hidden_layers=2, num_attention_heads=4, num_key_value_heads=2, max_position_embeddings=128, attention_dropout=0.0)
SMALL = dict(ROTARY, vocab_size=19, hidden_size=16, intermediate_size=16, max_position_embeddings=64)
MODELS = {
    "gpt2-tiny": ("GPT2LMHeadModel", "GPT2Config", dict(TEXT, n_positions=64, n_embd=32, n_layer=2, n_head=4, resid_pdrop=0.0, embd_pdrop=0.0, attn_pdrop=0.0)),
    "llama-tiny": ("LlamaForCausalLM", "LlamaConfig", dict(ROTARY, rms_norm_eps=1e-5, rope_theta=10000.0, tie_word_embeddings=False)),
    "llama3-tiny": ("LlamaForCausalLM", "LlamaConfig", dict(ROTARY, rms_norm_eps=1e-5, tie_word_embeddings=True, rope_parameters=dict(
        rope_type="llama3", rope_theta=500000.0, factor=8.0, low_freq_factor=1.0, high_freq_factor=4.0, original_max_position_embeddings=32))),
    "qwen2-tiny": ("Qwen2ForCausalLM", "Qwen2Config", dict(ROTARY, rms_norm_eps=1e-6, rope_parameters=dict(rope_type="default", rope_theta=1e6), tie_word_embeddings=True)),
    "qwen3-tiny": ("Qwen3ForCausalLM", "Qwen3Config", dict(ROTARY, head_dim=16, rms_norm_eps=1e-6, rope_parameters=dict(rope_type="default", rope_theta=1e6), tie_word_embeddings=False)),
    "mistral-tiny": ("MistralForCausalLM", "MistralConfig", dict(ROTARY, rms_norm_eps=1e-5, sliding_window=9, tie_word_embeddings=False)),
    "gemma2-tiny": ("Gemma2ForCausalLM", "Gemma2Config", dict(ROTARY, head_dim=16, sliding_window=9, query_pre_attn_scalar=24, attn_logit_softcapping=5.0, final_logit_softcapping=4.0)),
    "gemma3-tiny": ("Gemma3ForCausalLM", "Gemma3TextConfig", dict(ROTARY, head_dim=16, sliding_window=9, query_pre_attn_scalar=24, layer_types=["sliding_attention", "full_attention"],
        rope_parameters=dict(full_attention=dict(rope_type="linear", factor=8.0, rope_theta=1e6), sliding_attention=dict(rope_type="default", rope_theta=1e4)))),
    "phi3-tiny": ("Phi3ForCausalLM", "Phi3Config", dict(ROTARY, tie_word_embeddings=False, original_max_position_embeddings=30, rope_parameters=dict(
        rope_type="longrope", rope_theta=10000.0, partial_rotary_factor=0.5, short_factor=[1.1, 1.4], long_factor=[2.0, 5.0]))),
    "smollm3-tiny": ("SmolLM3ForCausalLM", "SmolLM3Config", dict(ROTARY, no_rope_layer_interval=2, rope_parameters=dict(rope_type="default", rope_theta=2e6))),
    "olmo2-tiny": ("Olmo2ForCausalLM", "Olmo2Config", dict(ROTARY, tie_word_embeddings=False)),
    "granite-tiny": ("GraniteForCausalLM", "GraniteConfig", dict(ROTARY, embedding_multiplier=3.0, residual_multiplier=0.4, attention_multiplier=0.2, logits_scaling=1.7, tie_word_embeddings=True)),
    "stablelm-tiny": ("StableLmForCausalLM", "StableLmConfig", dict(ROTARY, hidden_dropout=0.0, use_qkv_bias=True, rope_parameters=dict(
        rope_type="default", rope_theta=1e4, partial_rotary_factor=0.5))),
    "yarn-tiny": ("LlamaForCausalLM", "LlamaConfig", dict(ROTARY, tie_word_embeddings=True, rope_parameters=dict(
        rope_type="yarn", rope_theta=1000.0, factor=4.0, original_max_position_embeddings=32))),
    "gemma-tiny": ("GemmaForCausalLM", "GemmaConfig", dict(SMALL, num_key_value_heads=1, head_dim=8, tie_word_embeddings=True)),
    "neox-tiny": ("GPTNeoXForCausalLM", "GPTNeoXConfig", dict(SMALL, rope_parameters=dict(rope_type="default", rope_theta=1e4, partial_rotary_factor=0.5))),
    "falcon-tiny": ("FalconForCausalLM", "FalconConfig", dict(SMALL, ffn_hidden_size=16, bias=False)),
    "falcon-new-tiny": ("FalconForCausalLM", "FalconConfig", dict(SMALL, ffn_hidden_size=16, new_decoder_architecture=True, num_kv_heads=2, bias=True, tie_word_embeddings=False)),
    "opt-tiny": ("OPTForCausalLM", "OPTConfig", dict(SMALL, ffn_dim=16, dropout=0.0)),
    "opt-sums-tiny": ("OPTForCausalLM", "OPTConfig", dict(SMALL, ffn_dim=16, dropout=0.0, do_layer_norm_before=False, word_embed_proj_dim=8)),
    "phi-tiny": ("PhiForCausalLM", "PhiConfig", dict(SMALL, rope_parameters=dict(rope_type="default", rope_theta=1e4, partial_rotary_factor=0.5))),
    "mixtral-tiny": ("MixtralForCausalLM", "MixtralConfig", dict(SMALL, num_local_experts=4, num_experts_per_tok=2, output_router_logits=True, router_aux_loss_coef=0.1)),
    "qwen3-moe-tiny": ("Qwen3MoeForCausalLM", "Qwen3MoeConfig", dict(SMALL, num_hidden_layers=3, head_dim=4, num_experts=3, num_experts_per_tok=2, moe_intermediate_size=8, mlp_only_layers=[1])),
    "dynamic-tiny": ("LlamaForCausalLM", "LlamaConfig", dict(SMALL, max_position_embeddings=16, rope_parameters=dict(rope_type="dynamic", rope_theta=1e3, factor=4.0))),
    "modernbert-tiny": ("ModernBertForMaskedLM", "ModernBertConfig", dict(vocab_size=19, pad_token_id=0, bos_token_id=None, eos_token_id=None, cls_token_id=None, sep_token_id=None, hidden_size=16,
                                                                          intermediate_size=12, num_hidden_layers=4, num_attention_heads=2, max_position_embeddings=64, local_attention=8)),
    "bert-tiny": ("BertForMaskedLM", "BertConfig", dict(vocab_size=VOCAB, pad_token_id=0, hidden_size=32, intermediate_size=64, num_hidden_layers=2, num_attention_heads=4,
                                                        max_position_embeddings=64, type_vocab_size=2, hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0)),
}


def spread(model):
    """Weights whose swaps and omissions show: unit-gain matrices, norm weights around 1, non-zero biases."""
    with torch.no_grad():
        for name, p in model.named_parameters():
            if p.dim() > 1:
                p.normal_(std=0.5 if "emb" in name or "wte" in name or "wpe" in name else p.shape[-1] ** -0.5)
            elif "bias" in name:
                p.normal_(std=0.1)
            else:
                p.uniform_(0.5, 1.5)


def gradients(model, renamed):
    """Gradients by the names of the model's files: there, experts are apart."""
    result = {}
    for name, p in model.named_parameters():
        name = name.replace(".mlp.", ".block_sparse_moe.") if renamed else name
        if "NeoX" in type(model).__name__ and name == "lm_head.weight":
            name = "embed_out.weight"
        if name.endswith("experts.gate_up_proj") or name.endswith("experts.down_proj"):
            stem, gate, up, down = name.rsplit(".", 1)[0], *(("w1", "w3", "w2") if renamed else ("gate_proj", "up_proj", "down_proj"))
            for i, grad in enumerate(p.grad):
                parts = {down: grad} if name.endswith("down_proj") else dict(zip((gate, up), grad.chunk(2)))
                result.update({f"{stem}.{i}.{part}.weight": g for part, g in parts.items()})
        else:
            result[name] = p.grad
    return result


def forward(model, inputs):
    model.zero_grad(set_to_none=True)
    out = model(**inputs, output_hidden_states=True)
    out.loss.backward()
    return out, {k: g.norm().item() for k, g in gradients(model, "Mixtral" in type(model).__name__).items()}


def transformer(name, cls, config, options):
    seed(7)
    config = getattr(transformers, config)(**options)
    config._attn_implementation = "eager"
    model = getattr(transformers, cls)(config).eval()
    spread(model)
    folder, bert = FOLDER / "models" / name, "bert" in name
    model.save_pretrained(folder)
    for extra in folder.glob("generation_config.json"):
        extra.unlink()
    if name == "llama-tiny":
        text = json.loads((folder / "config.json").read_text())
        text["rope_theta"] = text.pop("rope_parameters")["rope_theta"]
        (folder / "config.json").write_text(json.dumps(text, indent=2, sort_keys=True) + "\n")
    again = getattr(transformers, cls).from_pretrained(folder, attn_implementation="eager", **({"experts_implementation": "eager"} if "moe" in name or "mix" in name else {})).eval()

    small = options.get("vocab_size") == SMALL["vocab_size"]
    length = 20 if small else 40
    ids, mask = sequence(2, length, options["vocab_size"] - 1, 11) + 1, torch.ones(2, length, dtype=torch.long)
    # The loss for uneven routing is that of whole texts.
    if not options.get("output_router_logits"):
        mask[1, 3 * length // 4 - 1:] = 0
        ids[1, 3 * length // 4 - 1:] = 0
    labels = torch.where(mask == 1, ids, -100)
    labels[0, 5:9] = -100
    inputs = dict(input_ids=ids, attention_mask=mask, labels=labels)
    if name == "bert-tiny":
        inputs["token_type_ids"] = (torch.arange(length) >= 15).long().expand(2, -1).contiguous()
    out, norms = forward(again, inputs)
    named = gradients(again, "Mixtral" in cls)
    by_size = sorted(named, key=lambda k: named[k].numel())
    tensors = dict(inputs, logits=out.logits, **{f"grad/{k}": named[k].clone() for k in (by_size[0], by_size[-1], by_size[len(by_size) // 2])})
    info = {"class": cls, "transformers": transformers.__version__, "loss": out.loss.item(), "grad_norm": norms,
            "hidden": [float(h.detach()[mask.bool()].norm()) for h in out.hidden_states]}
    if not bert:
        tensors["greedy"], info["greedy_smallest_margin"] = greedy(again, ids[:1, :8], 8 if "dynamic" in name else 12 if small else 16)
    exact, exact_norms = forward(again.double(), inputs)
    keep = mask.bool()
    info["float64"] = dict(loss=exact.loss.item(), logits_max_diff=float((out.logits.double() - exact.logits)[keep].abs().max()),
                           grad_norm_max_rel_diff=max(abs(norms[k] - g) / max(g, 1e-6) for k, g in exact_norms.items()))
    # In float64, rows of windows that see nothing but padding are NaN.
    info["float64"] = {k: v if math.isfinite(v) else None for k, v in info["float64"].items()}
    save(f"models/{name}/case", tensors, {"about": __doc__.strip().splitlines(), **info})


@torch.no_grad()
def greedy(model, ids, count):
    margin = math.inf
    for _ in range(count):
        top = model(ids).logits[:, -1].topk(2)
        margin = min(margin, float(top.values[0, 0] - top.values[0, 1]))
        ids = torch.cat([ids, top.indices[:, :1]], 1)
    return ids, margin


def resnet(name, size):
    import torchvision
    model, y = torchvision.models.resnet18(weights=None), torch.tensor([3, 1, 4, 1])
    fill = fill_rules(model)
    state = {k: hashed(k, v.shape, *fill[k]) if k in fill else v.clone() for k, v in model.state_dict().items()}
    x = hashed("input", (4, 3, size, size), 0.0, 1.0)

    def run(dtype):
        model.load_state_dict(state)
        model.to(dtype)
        with torch.no_grad():
            logits = model.eval()(x.to(dtype))
        out = model.train().zero_grad(set_to_none=True) or model(x.to(dtype))
        loss = F.cross_entropy(out, y)
        loss.backward()
        return logits, out, loss, {k: p.grad.norm().item() for k, p in model.named_parameters()}
    logits64, out64, loss64, norms64 = run(torch.float64)
    model.float()
    logits, out, loss, norms = run(torch.float32)
    tensors = {"target": y, "logits/eval": logits, "logits/train": out, "grad/conv1.weight": model.conv1.weight.grad, "grad/fc.bias": model.fc.bias.grad,
               "grad/layer4.0.downsample.1.weight": model.layer4[0].downsample[1].weight.grad}
    save(f"models/{name}/case", tensors, dict(
        about=__doc__.strip().splitlines(), loss_train=loss.item(), grad_norm=norms,
        running_norm_after_forward={k: float(v.norm()) for k, v in model.state_dict().items() if "running" in k},
        float64=dict(loss_train=loss64.item(), eval_max_diff=float((logits - logits64).abs().max()), train_max_diff=float((out - out64).abs().max()),
                     grad_norm_max_rel_diff=max(abs(norms[k] - g) / g for k, g in norms64.items())),
        note="loss and gradients in training mode (batch statistics), cross entropy, mean; input 4x3xSxS", input=[4, 3, size, size],
        fill=fill | {"input": (0.0, 1.0)}))


if __name__ == "__main__":
    transformers.logging.set_verbosity_error()
    wanted = sys.argv[1:] or [*MODELS, "resnet18"]
    for name in wanted:
        resnet(name, 64) if name == "resnet18" else transformer(name, *MODELS[name])
