# SPDX-License-Identifier: Apache-2.0
"""The base of handlers that take text."""

import os
import re
import string
import unicodedata
from abc import ABC

from ts.handler_utils.text_utils import get_tokenizer

from ..utils.util import CLEANUP_REGEX
from ._optional import have, need
from .base_handler import BaseHandler
from .contractions import CONTRACTION_MAP

CONTRACTIONS_PATTERN = re.compile("|".join(CONTRACTION_MAP), flags=re.IGNORECASE)

_PUNCTUATION = str.maketrans("", "", string.punctuation)


class TextHandler(BaseHandler, ABC):
    """Reads the vocabulary of its model and cleans text up."""

    def __init__(self):
        super().__init__()
        self.source_vocab = None
        self.tokenizer = get_tokenizer("basic_english")
        self.input_text = None
        self.lig = None
        self.initialized = None

    def initialize(self, context):
        super().initialize(context)
        self.initialized = False
        named_one = self.manifest["model"].get("sourceVocab")
        self.source_vocab = need("torch", "a text handler").load(named_one or self.get_source_vocab_path(context))
        captum = have("captum.attr")
        if captum is not None and hasattr(self.model, "embedding"):
            self.lig = captum.LayerIntegratedGradients(self.model, self.model.embedding)
        self.initialized = True

    def get_source_vocab_path(self, ctx):
        """The vocabulary in the model's folder."""
        path = os.path.join(ctx.system_properties.get("model_dir"), "source_vocab.pt")
        if not os.path.isfile(path):
            raise RuntimeError("Missing the source_vocab file: source_vocab.pt is not in the archive")
        return path

    def _expand_contractions(self, text):
        """``don't`` becomes ``do not``, and apostrophes that are left go."""
        return CONTRACTIONS_PATTERN.sub(_expanded, text).replace("'", "")

    def _remove_accented_characters(self, text):
        """Letters without their accents; what has no ASCII form goes."""
        return unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode("ascii")

    def _remove_html_tags(self, text):
        """The text without HTML's tags and entities."""
        return CLEANUP_REGEX.sub("", text)

    def _remove_puncutation(self, *args, **kwargs):
        """The name older handlers call :meth:`_remove_punctuation` by."""
        return self._remove_punctuation(*args, **kwargs)

    def _remove_punctuation(self, text):
        return text.translate(_PUNCTUATION)

    def _tokenize(self, text):
        return self.tokenizer(text)

    def get_word_token(self, input_tokens):
        """The tokens without the mark byte-pair encoders put for a blank."""
        return [token.replace("Ġ", "") for token in input_tokens]

    def summarize_attributions(self, attributions):
        """Attributions as shares, by the length of their sums."""
        torch = need("torch", "a text handler")
        shares = torch.nn.functional.softmax(attributions, dim=_classes_of(attributions))
        return shares / torch.norm(shares.sum(dim=-1))


def _expanded(found):
    contraction = found.group(0)
    meaning = CONTRACTION_MAP.get(contraction) or CONTRACTION_MAP[contraction.lower()]
    return contraction[0] + meaning[1:]  # keeps a capital


def _classes_of(tensor):
    """The dimension torch takes softmax over when nobody names one, which it warns of."""
    return 0 if tensor.dim() in (0, 1, 3) else 1
