# SPDX-License-Identifier: Apache-2.0
"""What English contractions stand for, put together from how they are made."""

_ENDINGS = {
    "'d": "would",
    "'d've": "would have",
    "'ll": "will",
    "'ll've": "will have",
    "'re": "are",
    "'ve": "have",
    "'s": "is",
    "'m": "am",
}

# Which endings a word takes.
_WORDS = {
    "he": "'d 'd've 'll 'll've 's",
    "how": "'d 'll 's",
    "I": "'d 'd've 'll 'll've 'm 've",
    "i": "'d 'd've 'll 'll've 'm 've",
    "it": "'d 'd've 'll 'll've 's",
    "she": "'d 'd've 'll 'll've 's",
    "so": "'ve 's",
    "that": "'d 'd've 's",
    "there": "'d 'd've 's",
    "they": "'d 'd've 'll 'll've 're 've",
    "to": "'ve",
    "we": "'d 'd've 'll 'll've 're 've",
    "what": "'ll 'll've 're 's 've",
    "when": "'s 've",
    "where": "'d 's 've",
    "who": "'ll 'll've 's 've",
    "why": "'s 've",
    "will": "'ve",
    "you": "'d 'd've 'll 'll've 're 've",
    "could": "'ve",
    "might": "'ve",
    "must": "'ve",
    "should": "'ve",
    "would": "'ve",
}

_NEGATED = "are did does do had has have is must should was were would could might may need ought".split()
_NEGATED_HAVE = "could had might must need ought should would".split()

# What no rule makes.
_IRREGULAR = {
    "ain't": "is not",
    "can't": "cannot",
    "can't've": "cannot have",
    "'cause": "because",
    "how'd": "how did",
    "how'd'y": "how do you",
    "let's": "let us",
    "ma'am": "madam",
    "o'clock": "of the clock",
    "sha'n't": "shall not",
    "shan't": "shall not",
    "shan't've": "shall not have",
    "so's": "so as",
    "where'd": "where did",
    "won't": "will not",
    "won't've": "will not have",
    "y'all": "you all",
    "y'all'd": "you all would",
    "y'all'd've": "you all would have",
    "y'all're": "you all are",
    "y'all've": "you all have",
}


def _contractions():
    made = {}
    for word, endings in _WORDS.items():
        for ending in endings.split():
            made[word + ending] = f"{word} {_ENDINGS[ending]}"
    for word in _NEGATED:
        made[word + "n't"] = f"{word} not"
    for word in _NEGATED_HAVE:
        made[word + "n't've"] = f"{word} not have"
    made.update(_IRREGULAR)
    # In the alphabet's order a short form stands before the longer ones that begin with it, and is found first.
    return dict(sorted(made.items()))


CONTRACTION_MAP = _contractions()
