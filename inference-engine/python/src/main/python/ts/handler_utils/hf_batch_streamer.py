# SPDX-License-Identifier: Apache-2.0
"""Text of several sequences while a model of the package transformers still writes it."""

from ts.torch_handler._optional import need

_streamers = need("transformers.generation.streamers", "TextIteratorStreamerBatch")


class TextIteratorStreamerBatch(_streamers.BaseStreamer):
    """A streamer for ``generate``, and an iterator of the pieces of text: one for each sequence at a time.

    Threads: the model's thread puts tokens in, another takes the text out.
    """

    def __init__(self, tokenizer, batch_size, skip_prompt=False, timeout=None, **decode_kwargs):
        self.batch_size = batch_size
        self.streamers = [
            _streamers.TextIteratorStreamer(tokenizer, skip_prompt, timeout, **decode_kwargs) for _ in range(batch_size)
        ]
        self.streamer_iterators = [iter(streamer) for streamer in self.streamers]

    def put(self, value):
        """Takes the next tokens, a row for each sequence."""
        if value.shape[0] != self.batch_size:
            raise ValueError(f"{value.shape[0]} sequences (expected: {self.batch_size}, the batch size)")
        for number, streamer in enumerate(self.streamers):
            streamer.put(value[number : number + 1])

    def end(self):
        """Says that no more tokens follow."""
        for streamer in self.streamers:
            streamer.end()

    def __iter__(self):
        return self

    def __next__(self):
        """The next pieces. A sequence that has ended has empty ones until the last has ended."""
        pieces = [next(iterator, None) for iterator in self.streamer_iterators]
        if all(piece is None for piece in pieces):
            raise StopIteration
        return [{"text": piece or ""} for piece in pieces]
