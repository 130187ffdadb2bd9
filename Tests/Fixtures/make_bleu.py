"""bleu.json: what sacreBLEU gives for some corpora, sentence by sentence and as a whole. Needs sacrebleu; run it anywhere."""
import json
import random
from pathlib import Path

import sacrebleu

r = random.Random(0)
WORDS = ["Ein", "Mann", "in", "1.5", "3,000", "U.S.A.", "läuft", "(schnell)", "über", "die", "Straße", ",", ".", "12-jährige",
         "\"ja\"", "&quot;nein&quot;", "a&amp;b", "und/oder", "sagt:", "it's", "50%", "$9.99", "...", "—", "日本", "x_y", "e.g.", "5-", "-7"]


def sentence():
    return " ".join(r.choice(WORDS) for _ in range(r.randint(0, 14)))


def changed(text):
    words = text.split(" ")
    for _ in range(r.randint(0, 4)):
        if words and r.random() < 0.5:
            words.pop(r.randrange(len(words)))
        else:
            words.insert(r.randrange(len(words) + 1), r.choice(WORDS))
    return " ".join(words)


cases = []
for size in [1] * 30 + [2, 5, 20, 100]:
    references = [sentence() for _ in range(size)]
    translations = [changed(t) for t in references]
    score = sacrebleu.corpus_bleu(translations, [references])
    cases.append(dict(translations=translations, references=references, score=score.score, precisions=score.precisions,
                      bp=score.bp, length=score.sys_len, reference_length=score.ref_len))
Path(__file__).with_name("bleu.json").write_text(json.dumps(cases, ensure_ascii=False, indent=0))
