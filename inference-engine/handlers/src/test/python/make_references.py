# SPDX-License-Identifier: Apache-2.0
"""Makes the image fixtures of the handler tests and what Pillow reads from them.

Usage, with NumPy and a Pillow older than 13 installed: ``python make_references.py``. It
rewrites ``../resources/images``. Pillow 13 began to resize rows before columns where that
is faster, which changes some bytes by one; TorchServe ran with versions that never did.
Files Pillow cannot write (interlaced PNG, odd bit depths, BMP
variants, partial GIF frames) are put together here byte by byte.
"""

from __future__ import annotations

import base64
import hashlib
import io
import json
import struct
import zlib
from pathlib import Path

import numpy as np
from PIL import Image, ImageCms
from PIL import __version__ as pillow_version

OUT = Path(__file__).resolve().parent.parent / "resources" / "images"
RNG = np.random.default_rng(20261121)
ADAM7 = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]


def noise(height: int, width: int, *channels: int) -> np.ndarray:
    return RNG.integers(0, 256, (height, width, *channels), dtype=np.uint8)


def smooth(height: int, width: int) -> np.ndarray:
    """A colourful image without hard edges, as photos are: JPEG noise would only measure the codec."""
    y, x = np.mgrid[0:height, 0:width].astype(np.float64)
    planes = [127.5 + 127 * np.sin(x / 9 + y / 17), 127.5 + 127 * np.cos(x / 13 - y / 7), 255 * x / max(1, width - 1)]
    return np.clip(np.stack(planes, axis=-1), 0, 255).astype(np.uint8)


def chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png(width: int, height: int, depth: int, colour: int, rows: list[bytes], *before: bytes, interlace: int = 0) -> bytes:
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, interlace))
    data = zlib.compress(b"".join(b"\0" + row for row in rows), 9)
    return b"\x89PNG\r\n\x1a\n" + header + b"".join(before) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


def packed(values: np.ndarray, depth: int) -> bytes:
    """One row of samples below 8 bits, most significant first."""
    bits = "".join(format(int(v), f"0{depth}b") for v in values.ravel())
    bits += "0" * (-len(bits) % 8)
    return bytes(int(bits[i : i + 8], 2) for i in range(0, len(bits), 8))


def adam7(pixels: np.ndarray, depth: int = 8) -> list[bytes]:
    rows = []
    for x0, y0, dx, dy in ADAM7:
        part = pixels[y0::dy, x0::dx]
        if part.size:
            rows += [packed(row, depth) if depth < 8 else row.tobytes() for row in part]
    return rows


def bmp(width: int, height: int, bits: int, compression: int, palette: bytes, masks: bytes, data: bytes) -> bytes:
    offset = 14 + 40 + len(masks) + len(palette)
    head = struct.pack("<2sIHHI", b"BM", offset + len(data), 0, 0, offset)
    info = struct.pack("<IiiHHIIiiII", 40, width, height, 1, bits, compression, len(data), 2835, 2835, len(palette) // 4, 0)
    return head + info + masks + palette + data


def saved(image: Image.Image, form: str, **options) -> bytes:
    target = io.BytesIO()
    image.save(target, form, **options)
    return target.getvalue()


def swapped_profile() -> bytes:
    """An RGB profile whose red and blue are exchanged: whoever applies it gets visibly other numbers."""
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    profile = profile[:24] + bytes(12) + profile[36:]  # the date of creation would make each run another file
    return profile.replace(b"rXYZ", b"tmpZ", 1).replace(b"bXYZ", b"rXYZ", 1).replace(b"tmpZ", b"bXYZ", 1)


def png_files() -> dict[str, bytes]:
    files = {}
    grey, colour, alpha = noise(9, 13), noise(9, 13, 3), noise(9, 13, 4)
    files["grey8.png"] = saved(Image.fromarray(grey), "PNG")
    files["grey8-trns-gama.png"] = png(
        13, 9, 8, 0, [r.tobytes() for r in grey],
        chunk(b"gAMA", struct.pack(">I", 100000)), chunk(b"tRNS", struct.pack(">H", int(grey[0, 0]))))
    files["bw.png"] = saved(Image.fromarray(noise(5, 17)).convert("1"), "PNG")
    for depth in (2, 4):
        part = noise(5, 11) >> (8 - depth)
        files[f"grey{depth}.png"] = png(11, 5, depth, 0, [packed(r, depth) for r in part])
    wide = RNG.integers(0, 65536, (6, 7), dtype=np.uint16)
    wide[0] = [0, 1, 254, 255, 256, 257, 511]
    files["grey16.png"] = saved(Image.fromarray(wide), "PNG")
    la = noise(7, 6, 2)
    files["greyalpha8.png"] = png(6, 7, 8, 4, [r.tobytes() for r in la])
    files["greyalpha16.png"] = png(6, 7, 16, 4, [r.tobytes() for r in noise(7, 24)])
    files["rgb8.png"] = saved(Image.fromarray(colour), "PNG")
    files["rgb8-trns.png"] = png(
        13, 9, 8, 2, [r.tobytes() for r in colour],
        chunk(b"tRNS", struct.pack(">HHH", *(int(v) for v in colour[0, 0]))))
    text = chunk(b"tEXt", b"Comment\0made up") + chunk(b"zTXt", b"More\0\0" + zlib.compress(b"x" * 500))
    files["rgb8-gama-text.png"] = png(
        13, 9, 8, 2, [r.tobytes() for r in colour], chunk(b"gAMA", struct.pack(">I", 45455)), text)
    files["rgb8-profile.png"] = saved(Image.fromarray(colour), "PNG", icc_profile=swapped_profile())
    files["rgb16.png"] = png(4, 5, 16, 2, [r.tobytes() for r in noise(5, 24)])
    files["rgba8.png"] = saved(Image.fromarray(alpha), "PNG")
    files["rgba16.png"] = png(4, 5, 16, 6, [r.tobytes() for r in noise(5, 32)])
    files["rgb8-interlaced.png"] = png(13, 9, 8, 2, adam7(colour), interlace=1)
    files["grey4-interlaced.png"] = png(13, 9, 4, 0, adam7(grey >> 4, 4), interlace=1)
    for depth in (1, 2, 4, 8):
        count = 2**depth
        part = RNG.integers(0, count, (6, 10), dtype=np.uint8)
        palette = chunk(b"PLTE", noise(count, 3).tobytes())
        trns = chunk(b"tRNS", bytes([0, 128]))
        rows = [packed(r, depth) if depth < 8 else r.tobytes() for r in part]
        files[f"palette{depth}.png"] = png(10, 6, depth, 3, rows, palette)
        files[f"palette{depth}-trns.png"] = png(10, 6, depth, 3, rows, palette, trns)
    files["one-pixel.png"] = saved(Image.fromarray(noise(1, 1, 3)), "PNG")
    return files


def jpeg_files() -> dict[str, bytes]:
    files = {}
    image = Image.fromarray(smooth(37, 51))
    for name, sampling in (("444", 0), ("422", 1), ("420", 2)):
        files[f"rgb-{name}.jpg"] = saved(image, "JPEG", quality=90, subsampling=sampling)
    files["grey.jpg"] = saved(image.convert("L"), "JPEG", quality=85)
    files["progressive.jpg"] = saved(image, "JPEG", quality=85, progressive=True)
    files["profile.jpg"] = saved(image, "JPEG", quality=90, subsampling=0, icc_profile=swapped_profile())
    exif = Image.Exif()
    exif[0x0112] = 6
    files["rotated-by-exif.jpg"] = saved(image, "JPEG", quality=90, exif=exif)
    files["plain-rgb.jpg"] = saved(image, "JPEG", quality=90, keep_rgb=True)
    files["restarts.jpg"] = saved(image, "JPEG", quality=80, restart_marker_blocks=2, comment=b"made up")
    # Damaged, not cut short: the end marker is there, so decoders fill in what is missing.
    files["damaged.jpg"] = files["rgb-420.jpg"][:-300] + b"\xff\xd9"
    return files


def partial(gif: bytes, left: int, top: int, width: int, height: int) -> bytes:
    """The same GIF on a larger logical screen, its frame moved away from the corner."""
    at = gif.index(b"\x2c", 13 + 3 * 2 ** ((gif[10] & 7) + 1) if gif[10] & 0x80 else 13)
    moved = gif[:at] + b"\x2c" + struct.pack("<HH", left, top) + gif[at + 5 :]
    return moved[:6] + struct.pack("<HH", width, height) + moved[10:]


def gif_files() -> dict[str, bytes]:
    files = {}
    palette = Image.fromarray(smooth(12, 20)).quantize(32)
    files["palette.gif"] = saved(palette, "GIF", interlace=0)
    files["interlaced.gif"] = saved(palette, "GIF", interlace=1)
    files["grey.gif"] = saved(Image.fromarray(noise(8, 9)), "GIF")
    files["transparent.gif"] = saved(palette, "GIF", transparency=3)
    files["partial.gif"] = partial(saved(palette, "GIF"), 3, 2, 26, 18)
    files["partial-transparent.gif"] = partial(saved(palette, "GIF", transparency=5), 4, 1, 25, 17)
    files["outside.gif"] = partial(saved(palette, "GIF"), 3, 2, 10, 10)
    second = Image.fromarray(smooth(12, 20)[::-1]).quantize(32)
    files["two-frames.gif"] = saved(palette, "GIF", save_all=True, append_images=[second])
    return files


def bmp_files() -> dict[str, bytes]:
    files = {}
    colour = Image.fromarray(noise(6, 7, 3))
    files["rgb24.bmp"] = saved(colour, "BMP")
    files["rgba32.bmp"] = saved(Image.fromarray(noise(6, 7, 4)), "BMP")
    files["grey8.bmp"] = saved(Image.fromarray(noise(6, 7)), "BMP")
    files["bw.bmp"] = saved(Image.fromarray(noise(6, 19)).convert("1"), "BMP")
    files["palette8.bmp"] = saved(colour.quantize(20), "BMP")
    palette = np.concatenate([noise(16, 3), np.zeros((16, 1), np.uint8)], axis=1).tobytes()
    files["palette4.bmp"] = bmp(8, 3, 4, 0, palette, b"", noise(3, 4).tobytes())
    files["topdown24.bmp"] = bmp(4, -5, 24, 0, b"", b"", noise(5, 12).tobytes())
    files["xrgb32.bmp"] = bmp(5, 4, 32, 0, b"", b"", noise(4, 20).tobytes())
    files["rgb555.bmp"] = bmp(6, 4, 16, 0, b"", b"", noise(4, 12).tobytes())
    masks = struct.pack("<III", 0xF800, 0x07E0, 0x001F)
    files["rgb565.bmp"] = bmp(6, 4, 16, 3, b"", masks, noise(4, 12).tobytes())
    runs = b"\x04\x01\x02\x07\0\0" + b"\0\x03\x05\x06\x07\0\x03\x09\0\0" + b"\x06\x0f\0\x01"
    files["rle8.bmp"] = bmp(6, 3, 8, 1, palette, b"", runs)
    return files


def unreadable_files() -> dict[str, bytes]:
    image = Image.fromarray(smooth(16, 24))
    files = {"text.txt": b"this is not an image", "zeros.bin": bytes(64)}
    for form in ("PNG", "JPEG", "GIF", "BMP"):
        whole = saved(image, form)
        files[f"truncated.{form.lower()}"] = whole[: len(whole) * 2 // 3]
        files[f"signature-only.{form.lower()}"] = whole[:8]
    jpeg = saved(image, "JPEG")
    files["no-end-marker.jpeg"] = jpeg[:-2]
    files["cmyk.jpeg"] = saved(image.convert("CMYK"), "JPEG")
    files["webp.webp"] = saved(image, "WEBP")
    files["bomb.png"] = png(9460, 9460, 8, 0, [b""])
    files["zero-width.png"] = png(0, 5, 8, 0, [b""])
    return files


def resize_cases() -> list[dict]:
    cases = []
    for name, pixels in (("rgb", noise(31, 43, 3)), ("grey", noise(40, 29)), ("tiny", noise(2, 3, 3)), ("tall", noise(200, 3))):
        image = Image.fromarray(pixels)
        sizes = ((8, 8), (1, 1), (3, 50), (image.width, 7), (7, image.height), image.size, (50, 47), (2, 90))
        targets = [
            {"width": w, "height": h, "pixels": text(image.resize((w, h), Image.Resampling.BILINEAR))} for w, h in sizes
        ]
        cases.append({
            "name": name, "channels": len(image.getbands()),
            "width": image.width, "height": image.height, "pixels": text(image), "targets": targets,
        })
    return cases


def crop_cases() -> list[dict]:
    """The ImageNet pipeline's bytes before scaling, as a digest, for shapes with odd margins."""
    cases = []
    for width, height in ((300, 200), (180, 241), (224, 224), (257, 256), (16, 9), (31, 90)):
        indexed = Image.fromarray(smooth(height, width)).quantize(16)
        image = indexed.convert("RGB")
        short, long = min(width, height), max(width, height)
        scaled = int(256 * long / short)
        size = (256, scaled) if width <= height else (scaled, 256)
        resized = image.resize(size, Image.Resampling.BILINEAR)
        left, top = int(round((size[0] - 224) / 2.0)), int(round((size[1] - 224) / 2.0))
        crop = resized.crop((left, top, left + 224, top + 224))
        name = f"photo-{width}x{height}.png"
        (OUT / name).write_bytes(saved(indexed, "PNG", optimize=True))
        cases.append({"file": name, "sha256": hashlib.sha256(crop.tobytes()).hexdigest()})
    return cases


def text(image: Image.Image) -> str:
    return base64.b64encode(image.tobytes()).decode()


def decoded(name: str) -> dict:
    with Image.open(OUT / name) as image:
        rgb, grey = image.convert("RGB"), image.convert("L")
    return {"file": name, "width": rgb.width, "height": rgb.height, "rgb": text(rgb), "grey": text(grey)}


def main() -> None:
    if int(pillow_version.split(".")[0]) >= 13:
        raise SystemExit(f"Pillow: {pillow_version} (expected: below 13)")
    OUT.mkdir(parents=True, exist_ok=True)
    for old in OUT.iterdir():
        old.unlink()
    readable = png_files() | jpeg_files() | gif_files() | bmp_files()
    unreadable = unreadable_files()
    for name, content in (readable | unreadable).items():
        (OUT / name).write_bytes(content)
    references = {
        "pillow": pillow_version,
        "decoded": [decoded(name) for name in readable],
        "unreadable": list(unreadable),
        "resized": resize_cases(),
        "cropped": crop_cases(),
    }
    (OUT / "references.json").write_text(json.dumps(references, indent=1) + "\n")


if __name__ == "__main__":
    main()
