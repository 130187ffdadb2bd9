"""Makes a tiny GPT-2 whose weights are in `pytorch_model.bin`, and prints the logits that `ModelParityTests` expects."""
from pathlib import Path
import torch
from transformers import GPT2Config, GPT2LMHeadModel

FOLDER = Path(__file__).parent / "models" / "gpt2-bin"

torch.manual_seed(0)
model = GPT2LMHeadModel(GPT2Config(vocab_size=11, n_positions=8, n_embd=8, n_layer=1, n_head=2)).eval()
for parameter in model.parameters():
    torch.nn.init.normal_(parameter, std=0.5)
FOLDER.mkdir(exist_ok=True)
model.config.to_json_file(FOLDER / "config.json")
torch.save(model.state_dict(), FOLDER / "pytorch_model.bin")
print([round(x, 5) for x in model(torch.tensor([[1, 2, 3]])).logits[0, -1].tolist()])
