# SPDX-License-Identifier: Apache-2.0
"""Makes the sounds of the audio tests and what they become on their way into a model.

Usage, with NumPy and SciPy installed: ``python make_audio_references.py``. It rewrites
``../resources/audio``. Nothing here is taken from the Java side: samples are written with
``struct``, resampling is the sum over all source samples of the windowed sinc that
torchaudio's ``functional.resample`` documents (``lowpass_filter_width=6, rolloff=0.99``),
transforms are NumPy's, and mel bands follow the formulas of torchaudio's
``melscale_fbanks(mel_scale="htk", norm=None)``. SciPy's polyphase resampler, another
filter, is asked for the middle of a slow tone as a check that the sum is right.
"""

from __future__ import annotations

import base64
import json
import math
import struct
from pathlib import Path

import numpy as np
from scipy.signal import resample_poly

OUT = Path(__file__).resolve().parent.parent / "resources" / "audio"


def tone(count: int, rate: int) -> np.ndarray:
    t = np.arange(count) / rate
    return 0.4 * np.sin(2 * np.pi * 330 * t + 0.3) + 0.3 * np.sin(2 * np.pi * 1210 * t * (1 + t)) + 0.05


def chunk(name: bytes, body: bytes) -> bytes:
    return name + struct.pack("<I", len(body)) + body + b"\0" * (len(body) & 1)


def wav(code: int, bits: int, channels: int, rate: int, data: bytes, extensible: bool = False) -> bytes:
    frame = channels * bits // 8
    fmt = struct.pack("<HHIIHH", 0xFFFE if extensible else code, channels, rate, rate * frame, frame, bits)
    if extensible:
        fmt += struct.pack("<HHIH", 22, bits, 3, code) + bytes.fromhex("000000001000800000aa00389b71")
    body = b"WAVE" + chunk(b"fmt ", fmt) + chunk(b"LIST", b"odd") + chunk(b"data", data)
    return b"RIFF" + struct.pack("<I", len(body)) + body


def encoded(x: np.ndarray, code: int, bits: int) -> tuple[bytes, np.ndarray]:
    """The bytes of the samples, and the samples those bytes stand for."""
    if code == 3:
        kind = "<f4" if bits == 32 else "<f8"
        return x.astype(kind).tobytes(), x.astype(kind).astype(np.float64)
    scale = 2.0 ** (bits - 1)
    whole = np.clip(np.rint(x * scale), -scale, scale - 1).astype(np.int64)
    if bits == 8:
        return (whole + 128).astype(np.uint8).tobytes(), whole / scale
    raw = whole.ravel().astype("<i8").view(np.uint8).reshape(-1, 8)[:, : bits // 8]
    return raw.tobytes(), whole / scale


def decoding() -> list[dict]:
    cases = []
    for code, bits, channels, extensible in [
        (1, 8, 1, False),
        (1, 16, 1, False),
        (1, 16, 2, False),
        (1, 24, 1, False),
        (1, 24, 2, True),
        (1, 32, 1, False),
        (3, 32, 1, False),
        (3, 32, 2, True),
        (3, 64, 1, False),
    ]:
        x = np.stack([tone(24, 8000) * (1 - 0.5 * c) - 0.1 * c for c in range(channels)], axis=1)
        x[3] = -1.0
        data, exact = encoded(x, code, bits)
        name = f"{'float' if code == 3 else 'pcm'}{bits}-{channels}{'-extensible' if extensible else ''}"
        file = wav(code, bits, channels, 8000, data, extensible)
        samples = exact.reshape(-1, channels).mean(axis=1).astype(np.float32)
        cases.append({"name": name, "file": base64.b64encode(file).decode(), "samples": floats(samples)})
    return cases


def resampled(x: np.ndarray, source: int, target: int) -> np.ndarray:
    divisor = math.gcd(source, target)
    source, target = source // divisor, target // divisor
    base = min(source, target) * 0.99
    count = math.ceil(len(x) * target / source)
    at = np.arange(len(x))[None, :] / source - np.arange(count)[:, None] / target
    t = np.clip(at * base, -6, 6)
    window = np.cos(t * np.pi / 6 / 2) ** 2
    return (np.sinc(t) * window * (base / source)) @ x


def resampling() -> list[dict]:
    cases = []
    for source, target in [(8000, 16000), (16000, 8000), (44100, 16000), (11025, 16000), (48000, 44100), (8000, 22050)]:
        x = tone(200, source).astype(np.float32)
        y = resampled(x.astype(np.float64), source, target)
        cases.append({"from": source, "to": target, "samples": floats(x), "expected": floats(y.astype(np.float32))})
    slow = np.sin(2 * np.pi * 200 * np.arange(800) / 8000)
    middle = slice(700, 900)
    assert np.abs(resampled(slow, 8000, 16000)[middle] - resample_poly(slow, 2, 1)[middle]).max() < 5e-3
    return cases


def mel(hertz: float) -> float:
    return 2595.0 * math.log10(1.0 + hertz / 700.0)


def bands(rate: int, window: int, mels: int, low: float, high: float) -> np.ndarray:
    frequencies = np.linspace(0, rate // 2, window // 2 + 1)
    edges = 700.0 * (10.0 ** (np.linspace(mel(low), mel(high), mels + 2) / 2595.0) - 1.0)
    slopes = edges[None, :] - frequencies[:, None]
    widths = np.diff(edges)
    return np.maximum(0, np.minimum(-slopes[:, :-2] / widths[:-1], slopes[:, 2:] / widths[1:]))


def spectrogram(x: np.ndarray, rate: int, window: int, hop: int, mels: int, low: float, high: float) -> np.ndarray:
    padded = np.pad(x, window // 2, mode="reflect")
    hann = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(window) / window)
    frames = [padded[i : i + window] * hann for i in range(0, len(padded) - window + 1, hop)]
    power = np.abs(np.fft.rfft(np.stack(frames), axis=1)) ** 2
    return (power @ bands(rate, window, mels, low, high)).T


def melody() -> list[dict]:
    cases = []
    for window, hop, mels, low, high in [(64, 16, 8, 0.0, 4000.0), (100, 40, 6, 50.0, 3800.0), (30, 15, 4, 0.0, 4000.0)]:
        x = tone(240, 8000).astype(np.float32)
        power = spectrogram(x.astype(np.float64), 8000, window, hop, mels, low, high)
        cases.append(
            {
                "window": window,
                "hop": hop,
                "mels": mels,
                "low": low,
                "high": high,
                "samples": floats(x),
                "power": floats(power.astype(np.float32).ravel()),
                "decibel": floats((10 * np.log10(np.maximum(1e-10, power))).astype(np.float32).ravel()),
            }
        )
    return cases


def floats(values: np.ndarray) -> list[float]:
    """As decimals that read back as the same single."""
    return [float(np.format_float_scientific(v)) for v in np.asarray(values, dtype=np.float32)]


def main() -> None:
    OUT.mkdir(parents=True, exist_ok=True)
    references = {"decoded": decoding(), "resampled": resampling(), "mel": melody()}
    lines = ",\n".join(
        f'"{key}": [\n' + ",\n".join(json.dumps(case) for case in cases) + "\n]" for key, cases in references.items()
    )
    (OUT / "references.json").write_text("{\n" + lines + "\n}\n")


if __name__ == "__main__":
    main()
