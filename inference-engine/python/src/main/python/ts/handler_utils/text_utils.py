# SPDX-License-Identifier: Apache-2.0
"""Splits English text into words, and words into runs of words."""

# In this order: what a later rule sees has been through the earlier ones.
_RULES = [
    ("'", " '  "),
    ('"', ""),
    (".", " . "),
    ("<br />", " "),
    (",", " , "),
    ("(", " ( "),
    (")", " ) "),
    ("!", " ! "),
    ("?", " ? "),
    (";", " "),
    (":", " "),
]


def ngrams_iterator(token_list, ngrams):
    """All tokens, then all pairs of neighbours, and so on up to runs of ``ngrams`` tokens."""
    yield from token_list
    for length in range(2, ngrams + 1):
        for start in range(len(token_list) - length + 1):
            yield " ".join(token_list[start : start + length])


def get_tokenizer(tokenizer, language="en"):
    """A function from text to tokens: at blanks for None, ``basic_english`` by name, or the function given."""
    if tokenizer is None:
        return str.split
    if callable(tokenizer):
        return tokenizer
    if tokenizer != "basic_english":
        raise ValueError(f"tokenizer: {tokenizer!r} (expected: None, basic_english or a function)")
    if language != "en":
        raise ValueError(f"language of basic_english: {language!r} (expected: en)")
    return _basic_english_normalize


def _basic_english_normalize(line):
    text = line.lower()
    for sign, replacement in _RULES:
        text = text.replace(sign, replacement)
    return text.split()
