# SPDX-License-Identifier: Apache-2.0
"""``handler: text_classifier``."""

from ts.handler_utils.text_utils import ngrams_iterator

from ..utils.util import map_class_to_label
from ._optional import have, need
from ._tensors import value_of
from .text_handler import TextHandler, _classes_of


class TextClassifier(TextHandler):
    """Says which class a text belongs to, by the words and pairs of words in it.

    A single request goes through the steps as a tensor and its tokens, several as a list of tensors and one of tokens.
    """

    ngrams = 2

    def preprocess(self, data):
        """Cleaned up, cut into tokens, and looked up in the vocabulary."""
        pairs = [self._numbered(value_of(row)) for row in data]
        if len(pairs) == 1:
            return pairs[0]
        return [numbers for numbers, _ in pairs], [tokens for _, tokens in pairs]

    def _numbered(self, text):
        if isinstance(text, (bytes, bytearray)):
            text = text.decode("utf-8")
        text = self._remove_html_tags(text).lower()
        text = self._remove_accented_characters(self._expand_contractions(text))
        tokens = self._tokenize(self._remove_punctuation(text))
        numbers = [self.source_vocab[token] for token in ngrams_iterator(tokens, self.ngrams)]
        return need("torch", "text_classifier").as_tensor(numbers, device=self.device), tokens

    def inference(self, data, *args, **kwargs):
        """The texts one behind the other, and where each begins, as embedding bags take them."""
        torch = need("torch", "text_classifier")
        numbers, _ = data
        starts = [0]
        if isinstance(numbers, list):
            for each in numbers[:-1]:
                starts.append(starts[-1] + len(each))
            numbers = torch.cat(numbers)
        return super().inference(numbers, torch.as_tensor(starts, device=self.device))

    def postprocess(self, data):
        """For each text the probability of every class."""
        shares = need("torch", "text_classifier").nn.functional.softmax(data, dim=_classes_of(data))
        return map_class_to_label(shares.tolist(), self.mapping)

    def get_insights(self, text_preprocess, _, target=0):
        """For each text its tokens and how much each says for the class ``target``; needs captum."""
        numbers, tokens = text_preprocess
        if not isinstance(numbers, list):
            return [self._importances(numbers, tokens, target)]
        return [self._importances(*pair, target) for pair in zip(numbers, tokens)]

    def _importances(self, numbers, tokens, target):
        captum = have("captum.attr")
        if captum is None or self.lig is None:
            raise ImportError("an explanation of text needs the package captum, and a model with an embedding")
        torch = need("torch", "text_classifier")
        reference = captum.TokenReferenceBase().generate_reference(len(numbers), device=self.device).squeeze(0)
        attributions = self.lig.attribute(
            numbers,
            reference,
            additional_forward_args=(torch.tensor([0], device=self.device)),
            return_convergence_delta=False,
            target=target,
        )
        return {
            "importances": self.summarize_attributions(attributions).tolist(),
            "words": self.get_word_token(tokens),
        }
