#!/usr/bin/env python3
"""Makes a tiny model of each family with Transformers and compares it with `switchback`: the tokens of a text, the loss on
it, and the prompt of a conversation.  Prints the table of Docs/language-models.md.

    python3 Scripts/language_families.py .build/release/switchback

Needs transformers 5.24 and torch.
"""
import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import torch
import transformers

FIXTURES = Path(__file__).resolve().parent.parent / "Tests/Fixtures"
COMMON = dict(hidden_size=32, intermediate_size=88, num_hidden_layers=2, num_attention_heads=4, num_key_value_heads=2,
              max_position_embeddings=512, attention_dropout=0.0)
# Name, class, configuration, more sizes, tokenizer in its style, chat template in its style.
FAMILIES = [
    ("GPT-2", "GPT2LMHeadModel", "GPT2Config", dict(n_positions=512, n_embd=32, n_layer=2, n_head=4), "gpt2", "bars"),
    ("Llama 2", "LlamaForCausalLM", "LlamaConfig", COMMON, "llama2", "instructions in brackets"),
    ("Llama 3", "LlamaForCausalLM", "LlamaConfig", dict(COMMON, rope_parameters=dict(
        rope_type="llama3", rope_theta=500000.0, factor=8.0, low_freq_factor=1.0, high_freq_factor=4.0, original_max_position_embeddings=64)),
     "llama3", "headers with tools and a date"),
    ("Llama with YaRN", "LlamaForCausalLM", "LlamaConfig", dict(COMMON, rope_parameters=dict(
        rope_type="yarn", rope_theta=10000.0, factor=4.0, original_max_position_embeddings=128)), "llama3", "headers"),
    ("Qwen 2", "Qwen2ForCausalLM", "Qwen2Config", COMMON, "qwen", "chatml with a default"),
    ("Qwen 3", "Qwen3ForCausalLM", "Qwen3Config", dict(COMMON, head_dim=16), "qwen", "thoughts and tools"),
    ("Mistral", "MistralForCausalLM", "MistralConfig", dict(COMMON, sliding_window=16), "mistral", "instructions in brackets"),
    ("Gemma 2", "Gemma2ForCausalLM", "Gemma2Config", dict(COMMON, head_dim=16, sliding_window=16), "gemma", "turns"),
    ("Gemma 3 (text)", "Gemma3ForCausalLM", "Gemma3TextConfig", dict(COMMON, head_dim=16, sliding_window=16), "gemma", "turns"),
    ("Phi 3 and 4", "Phi3ForCausalLM", "Phi3Config", dict(COMMON, original_max_position_embeddings=32, rope_parameters=dict(
        rope_type="longrope", rope_theta=10000.0, partial_rotary_factor=0.5, short_factor=[1.0, 1.2], long_factor=[2.0, 4.0])), "llama2", "bars"),
    ("SmolLM 1 and 2", "LlamaForCausalLM", "LlamaConfig", dict(COMMON, tie_word_embeddings=True), "smollm", "chatml with a default"),
    ("SmolLM 3", "SmolLM3ForCausalLM", "SmolLM3Config", dict(COMMON, no_rope_layer_interval=2), "llama3", "thoughts and tools"),
    ("OLMo 2", "Olmo2ForCausalLM", "Olmo2Config", COMMON, "llama3", "bars"),
    ("Granite", "GraniteForCausalLM", "GraniteConfig", dict(COMMON, embedding_multiplier=12.0, residual_multiplier=0.22, attention_multiplier=0.25, logits_scaling=8.0),
     "smollm", "headers"),
    ("Gemma", "GemmaForCausalLM", "GemmaConfig", dict(COMMON, num_key_value_heads=1, head_dim=16), "gemma", "turns"),
    ("GPT-NeoX, Pythia", "GPTNeoXForCausalLM", "GPTNeoXConfig", COMMON, "gpt2", "bars"),
    ("OPT", "OPTForCausalLM", "OPTConfig", dict(COMMON, ffn_dim=88, dropout=0.0), "gpt2", "bars"),
    ("OPT of 350 million", "OPTForCausalLM", "OPTConfig", dict(COMMON, ffn_dim=88, dropout=0.0, do_layer_norm_before=False, word_embed_proj_dim=16), "gpt2", "bars"),
    ("Falcon of 7 billion", "FalconForCausalLM", "FalconConfig", COMMON, "gpt2", "bars"),
    ("Falcon of 40 billion", "FalconForCausalLM", "FalconConfig", dict(COMMON, new_decoder_architecture=True, num_kv_heads=2, bias=True), "gpt2", "bars"),
    ("Phi 1 and 2", "PhiForCausalLM", "PhiConfig", COMMON, "gpt2", "bars"),
    ("Mixtral", "MixtralForCausalLM", "MixtralConfig", dict(COMMON, num_local_experts=4), "mistral", "instructions in brackets"),
    ("Qwen 3 MoE", "Qwen3MoeForCausalLM", "Qwen3MoeConfig", dict(COMMON, head_dim=16, num_experts=6, num_experts_per_tok=2, moe_intermediate_size=24, norm_topk_prob=True), "qwen", "thoughts and tools"),
    ("Llama, base by length", "LlamaForCausalLM", "LlamaConfig", dict(COMMON, max_position_embeddings=128, rope_parameters=dict(
        rope_type="dynamic", rope_theta=10000.0, factor=4.0)), "llama3", "headers"),
    ("StableLM", "StableLmForCausalLM", "StableLmConfig", dict(COMMON, use_qkv_bias=True, hidden_dropout=0.0), "gpt2", "chatml"),
]
TEXT = "Überall in 1984: the weather's fine — 20 degrees, isn't it?\nNo one told them so 你好.\n" * 4
MESSAGE = "Hello there, what's 2 + 2?"


def run(program, *arguments, given=""):
    done = subprocess.run([program, *arguments], input=given, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"{' '.join(arguments)}: {done.stderr}")
    return [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")][-1]


def family(program, folder, name, cls, config, sizes, tokenizer_name, template_name, templates):
    torch.manual_seed(0)
    shutil.copy(FIXTURES / f"tokenizers/{tokenizer_name}.json", folder / "tokenizer.json")
    ends = {"llama2": "</s>", "mistral": "</s>", "gemma": "</s>", "llama3": "<|end_of_text|>"}
    tokens = {"bos_token": "<s>" if ends.get(tokenizer_name) == "</s>" else "", "eos_token": ends.get(tokenizer_name, "<|endoftext|>")}
    template = templates[template_name]
    (folder / "tokenizer_config.json").write_text(json.dumps(dict(tokens, chat_template=template)))
    tokenizer = transformers.PreTrainedTokenizerFast(tokenizer_file=str(folder / "tokenizer.json"), **tokens)
    tokenizer.chat_template = template
    settings = getattr(transformers, config)(vocab_size=len(tokenizer) + 8, bos_token_id=None, eos_token_id=None, pad_token_id=None, **sizes)
    settings._attn_implementation = "eager"
    model = getattr(transformers, cls)(settings).eval()
    with torch.no_grad():
        for key, p in model.named_parameters():
            p.normal_(std=0.3 if p.dim() > 1 else 0.1).add_(1 if p.dim() == 1 and "norm" in key and "Gemma" not in cls else 0)
    model.save_pretrained(folder)
    (folder / "text.txt").write_text(TEXT)
    own = run(program, "text", "score", "--model", str(folder), str(folder / "text.txt"), "--json")["scores"][0]
    ids = torch.tensor([tokenizer(TEXT)["input_ids"]])
    with torch.no_grad():
        loss = model(ids, labels=ids).loss.item()
    prompt = tokenizer.apply_chat_template([dict(role="user", content=MESSAGE)], add_generation_prompt=True, return_dict=False)
    answer = run(program, "chat", str(folder), "--json", "--tokens", "1", given=MESSAGE + "\n")
    return (f"| {name} | `{settings.model_type}` | {abs(own['loss'] - loss) / loss:.0e} | {own['tokens']} of {ids.shape[1]} "
            f"| {answer['prompt_tokens']} of {len(prompt)} |", own["tokens"] == ids.shape[1] and abs(own["loss"] - loss) < 1e-5 * loss
            and answer["prompt_tokens"] == len(prompt))


def main():
    transformers.logging.set_verbosity_error()
    program = str(Path(sys.argv[1]).resolve())
    document = json.loads((FIXTURES / "chat_templates.json").read_text())
    templates = {entry["name"]: entry["template"] for entry in document["templates"]}
    print("| family | `model_type` | loss, relative difference | tokens of a text | tokens of a chat prompt |\n| --- | --- | --: | --: | --: |")
    agree = 0
    for entry in FAMILIES:
        with tempfile.TemporaryDirectory() as folder:
            row, agrees = family(program, Path(folder), *entry, templates)
        print(row, flush=True)
        agree += agrees
    print(f"\n{agree} of {len(FAMILIES)} agree.")
    raise SystemExit(agree < len(FAMILIES))


main()
