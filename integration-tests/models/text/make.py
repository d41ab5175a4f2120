# SPDX-License-Identifier: Apache-2.0
"""Makes the tiny text models and what they must answer; see README.md."""

import json
import logging
import pathlib

import numpy
import torch
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers
from transformers import (
    BertConfig,
    BertForQuestionAnswering,
    BertForSequenceClassification,
    BertForTokenClassification,
    BertModel,
    PreTrainedTokenizerFast,
)
from transformers.pipelines import QuestionAnsweringPipeline, TokenClassificationPipeline

HERE = pathlib.Path(__file__).parent
logging.getLogger("transformers").setLevel(logging.ERROR)

WORDS = """
The harbour wakes before the town. Anna Berg opens her small shop near the old bridge in Lisbon every morning at six.
She sells bread, coffee and newspapers, and she knows everybody who walks past. Omar works for Northwind Shipping; he
drinks his coffee standing. It was a wonderful day, the best of the whole summer. It was a terrible day, cold and grey,
and nobody was happy about the service. The parcel came late and broken. The parcel came early and the quality is good.
Why does the model answer slowly? Because the server is waiting for a batch. How many people live in Reykjavik? About
one hundred and forty thousand people live there. The river Elbe flows through Dresden and Hamburg. Don't worry, we'll
write the tests first; they're short. Grüße aus Köln, naïve café, señor. Привет, мир. 你好，世界。 שלום. मस्ते
"""
LINES = [line for line in WORDS.strip().replace("\n", " ").split(". ")]
LONG = " ".join(WORDS.split()) * 4

TEXTS = [
    "The parcel came early and the quality is good.",
    "the bridge in lisbon",
    "Anna Berg works for Northwind Shipping in Hamburg.",
    "cafe\u0301 e\u0308 \u1e9e \ufb01n \u0130stanbul",
    "a\U0001f600b \U0001f468\u200d\U0001f469\u200d\U0001f467 coffee \U0001f1f5\U0001f1f9 day",
    "你好，世界。 Привет שלום",
    "",
    "   \t\n ",
    "\x00 \x07 \ufeff\u200b tests\u00a0first",
    "unknownwords zzzxq 1234567890 !!! -- don't",
]
PAIRS = [("Who opens the shop?", "Anna Berg opens her small shop near the old bridge."), ("", "bread"), ("why", ""), (TEXTS[4], TEXTS[3])]
QUESTION = "Where is the shop of Anna?"
CONTEXTS = ["Anna Berg opens her shop in Lisbon \U0001f600 near the cafe\u0301 and the bridge.", " ".join(WORDS.split())[:600]]


def wordpiece():
    made = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    made.normalizer = normalizers.BertNormalizer(lowercase=True)
    made.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    made.decoder = decoders.WordPiece()
    specials = ["[PAD]", "[UNK]", "[CLS]", "[SEP]"]
    made.train_from_iterator(LINES, trainers.WordPieceTrainer(vocab_size=300, special_tokens=specials))
    made.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]",
        pair="[CLS] $A [SEP] $B:1 [SEP]:1",
        special_tokens=[("[CLS]", 2), ("[SEP]", 3)],
    )
    return made


def bpe():
    made = Tokenizer(models.BPE())
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    made.decoder = decoders.ByteLevel()
    specials = ["<s>", "<pad>", "</s>", "<unk>"]
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    made.train_from_iterator(
        LINES, trainers.BpeTrainer(vocab_size=340, special_tokens=specials, initial_alphabet=alphabet)
    )
    made.post_processor = processors.RobertaProcessing(("</s>", 2), ("<s>", 0), trim_offsets=True, add_prefix_space=False)
    return made


def unigram():
    made = Tokenizer(models.Unigram())
    made.normalizer = normalizers.Sequence([normalizers.NFKC(), normalizers.Replace(" {2,}", " ")])
    made.pre_tokenizer = pre_tokenizers.Metaspace()
    made.decoder = decoders.Metaspace()
    trainer = trainers.UnigramTrainer(vocab_size=220, special_tokens=["<pad>", "<unk>", "</s>"], unk_token="<unk>")
    made.train_from_iterator(LINES, trainer)
    made.post_processor = processors.TemplateProcessing(
        single="$A </s>", pair="$A </s> $B </s>", special_tokens=[("</s>", 2)]
    )
    return made


def window(encoding):
    """Everything a model or a handler may look at."""
    return {
        "ids": encoding.ids,
        "types": encoding.type_ids,
        "attention": encoding.attention_mask,
        "specials": encoding.special_tokens_mask,
        "sequences": [-1 if part is None else part for part in encoding.sequence_ids],
        "words": [-1 if word is None else word for word in encoding.word_ids],
        "starts": [start for start, _ in encoding.offsets],
        "ends": [end for _, end in encoding.offsets],
        "pieces": encoding.tokens,
    }


def windows(made, first, second=None, most=None, overlap=None):
    made.no_truncation()
    if most is not None:
        strategy = "longest_first" if overlap is None else "only_second"
        made.enable_truncation(most, stride=overlap or 0, strategy=strategy)
    encoding = made.encode(first, second)
    return [encoding] + (encoding.overflowing if overlap is not None else [])


def tokenizer_references(name, made):
    cases = []

    def add(first, second=None, most=None, overlap=None):
        got = [window(part) for part in windows(made, first, second, most or 512, overlap)]
        cases.append({"tokenizer": name, "first": first, "second": second, "maxLength": most, "overlap": overlap, "windows": got})

    for text in TEXTS:
        add(text)
    for first, second in PAIRS:
        add(first, second)
    add(LONG, most=24)
    add(TEXTS[4] * 3, most=7)
    add(TEXTS[0] * 2, TEXTS[2] * 3, most=21)
    add(QUESTION, CONTEXTS[0] * 2, most=40, overlap=7)
    return cases


class Named(torch.nn.Module):
    """A model with tensors as arguments and tensors as results."""

    def __init__(self, model):
        super().__init__()
        self.model = model

    def forward(self, input_ids, attention_mask, token_type_ids):
        return self.model(
            input_ids=input_ids, attention_mask=attention_mask, token_type_ids=token_type_ids, return_dict=False
        )


INPUTS = ["input_ids", "attention_mask", "token_type_ids"]


def export(model, name, outputs, lengths, script=False):
    """:param outputs: names of them
    :param lengths: whether they have a dimension for the tokens
    """
    example = torch.tensor([[2, 8, 9, 10, 3], [2, 8, 9, 3, 0]])
    mask = torch.tensor([[1, 1, 1, 1, 1], [1, 1, 1, 1, 0]])
    arguments = (example, mask, torch.zeros_like(example))
    names = {part: {0: "rows", 1: "length"} for part in INPUTS}
    for output in outputs:
        names[output] = {0: "rows", 1: "length"} if lengths else {0: "rows"}
    torch.onnx.export(
        Named(model).eval(), arguments, HERE / f"{name}.onnx", input_names=INPUTS, output_names=outputs,
        dynamic_axes=names, opset_version=17, dynamo=False,
    )  # fmt: skip
    if script:
        torch.jit.trace(Named(model).eval(), arguments, strict=False).save(str(HERE / f"{name}.pt"))


def run(model, parts):
    """What the model gives for each window alone."""
    with torch.no_grad():
        return [
            [
                output[0].tolist()
                for output in Named(model).eval()(
                    torch.tensor([part.ids]), torch.tensor([part.attention_mask]), torch.tensor([part.type_ids])
                )
                if output is not None
            ]
            for part in parts
        ]


def recorded(model, parts):
    return {"windows": [window(part) for part in parts], "outputs": run(model, parts)}


def config(vocabulary, **more):
    return BertConfig(
        vocab_size=vocabulary, hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=16,
        max_position_embeddings=64, attn_implementation="eager", initializer_range=0.6, **more,
    )  # fmt: skip


def plain(value):
    if isinstance(value, dict):
        return {key: plain(part) for key, part in value.items()}
    if isinstance(value, list):
        return [plain(part) for part in value]
    return value.item() if isinstance(value, (numpy.generic, torch.Tensor)) else value


def classifier(made, size, fast):
    torch.manual_seed(1)
    model = BertForSequenceClassification(config(size, num_labels=3)).eval()
    export(model, "classifier", ["logits"], lengths=False, script=True)
    cases = []
    for text in [TEXTS[0], TEXTS[4], "", LONG]:
        parts = windows(made, text, most=64)
        logits = torch.tensor(run(model, parts)[0][0])
        softmax, sigmoid = logits.softmax(-1).tolist(), logits.sigmoid().tolist()
        cases.append({"text": text, "softmax": softmax, "sigmoid": sigmoid, **recorded(model, parts)})
    return cases


def token_classifier(made, size, fast):
    torch.manual_seed(2)
    labels = ["O", "B-PER", "I-PER", "B-LOC", "I-LOC"]
    names = {"id2label": dict(enumerate(labels)), "label2id": {name: i for i, name in enumerate(labels)}}
    model = BertForTokenClassification(config(size, **names)).eval()
    export(model, "token_classifier", ["logits"], lengths=True)
    (HERE / "token_labels.json").write_text(json.dumps({str(i): name for i, name in enumerate(labels)}) + "\n")
    cases = []
    for text in [TEXTS[2], TEXTS[4], CONTEXTS[0], "zz Anna \u732b\u732b Omar"]:
        answers = {
            strategy: plain(TokenClassificationPipeline(model=model, tokenizer=fast, aggregation_strategy=strategy)(text))
            for strategy in ("none", "simple")
        }
        cases.append({"text": text, **answers, **recorded(model, windows(made, text, most=64))})
    return cases


def embedding(made, size, fast):
    torch.manual_seed(3)
    model = BertModel(config(size), add_pooling_layer=False).eval()
    export(model, "embedding", ["last_hidden_state"], lengths=True)
    cases = []
    for text in [TEXTS[0], TEXTS[5]]:
        parts = windows(made, text, most=64)
        hidden = torch.tensor(run(model, parts)[0][0])
        vectors = {"mean": hidden.mean(0), "cls": hidden[0], "max": hidden.max(0).values, "lastToken": hidden[-1]}
        vectors = {name: vector.tolist() for name, vector in vectors.items()}
        unit = torch.nn.functional.normalize(hidden.mean(0), dim=0).tolist()
        cases.append({"text": text, **vectors, "normalizedMean": unit, **recorded(model, parts)})
    return cases


def question_answering(made, size, fast):
    torch.manual_seed(4)
    model = BertForQuestionAnswering(config(size)).eval()
    export(model, "question_answering", ["start_logits", "end_logits"], lengths=True)
    pipeline = QuestionAnsweringPipeline(model=model, tokenizer=fast)
    cases = []
    for context in CONTEXTS:
        for top in (1, 3):
            answer = pipeline(
                question=QUESTION, context=context, top_k=top, max_seq_len=48, doc_stride=12, max_answer_len=15
            )
            parts = windows(made, QUESTION, context, most=48, overlap=12)
            cases.append(
                {"question": QUESTION, "context": context, "topK": top, "answer": plain(answer), **recorded(model, parts)}
            )
    return cases


def write(name, value):
    (HERE / name).write_text(json.dumps(value, ensure_ascii=True, separators=(",", ":")) + "\n")


def main():
    made = {"wordpiece": wordpiece(), "bpe": bpe(), "unigram": unigram()}
    for name, tokenizer in made.items():
        tokenizer.no_truncation()
        tokenizer.save(str(HERE / f"{name}.json"), pretty=False)
    write("tokens.json", [case for name, tokenizer in made.items() for case in tokenizer_references(name, tokenizer)])
    base = made["wordpiece"]
    fast = PreTrainedTokenizerFast(
        tokenizer_file=str(HERE / "wordpiece.json"), pad_token="[PAD]", unk_token="[UNK]", cls_token="[CLS]", sep_token="[SEP]",
        model_max_length=64,
    )  # fmt: skip
    size = base.get_vocab_size()
    write("classifier.json", classifier(base, size, fast))
    write("token_classifier.json", token_classifier(base, size, fast))
    write("embedding.json", embedding(base, size, fast))
    write("question_answering.json", question_answering(base, size, fast))


if __name__ == "__main__":
    main()
