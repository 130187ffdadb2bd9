#!/usr/bin/env python3
"""images.safetensors: pictures as files of several kinds, what OpenCV and Pillow decode them to, and what OpenCV's resize
and warp make of one.

Needs numpy, Pillow, opencv-python-headless, torch, torchvision and safetensors; run it in this folder. `file/NAME` holds the bytes of a file,
`pixels/NAME` its pixels in RGB (`grey/NAME` in grey), `half/NAME` those of a JPEG file at half its size, `resize/MODE/HxW`
the source at another size and `warp/NAME` through the map `map/NAME` (from target to source). `change/NAME/SIGN` is what torchvision's RandAugment does to it
at magnitude 15 of 30.
"""
import io

import cv2
import numpy as np
import torch
from PIL import Image
from safetensors.numpy import save_file
from torchvision.transforms.autoaugment import _apply_op
from torchvision.transforms.functional import InterpolationMode

rng = np.random.default_rng(0)
tensors = {}


def picture(height, width, channels=3):
    """Smooth shapes with an edge and some noise, as photographs have."""
    y, x = np.mgrid[:height, :width]
    waves = [np.sin(x / (3 + c)) + np.cos(y / (5 - c)) + (x + y > height) for c in range(channels)]
    values = np.stack(waves, -1) * 60 + 90 + rng.normal(0, 8, (height, width, channels))
    return np.clip(values, 0, 255).astype(np.uint8)


def file(name, image, suffix, **options):
    buffer = io.BytesIO()
    image.save(buffer, suffix, **options)
    encoded = np.frombuffer(buffer.getvalue(), np.uint8)
    tensors[f"file/{name}"] = encoded.copy()
    return encoded


def pixels(name, encoded):
    """As OpenCV reads it, EXIF orientation included."""
    tensors[f"pixels/{name}"] = cv2.imdecode(encoded, cv2.IMREAD_COLOR)[..., ::-1].copy()


source = picture(37, 53)
rgb = Image.fromarray(source)
tensors["source"] = source

for name, options in {"jpeg": {}, "jpeg_444": {"subsampling": 0}, "jpeg_progressive": {"progressive": True}}.items():
    encoded = file(name, rgb, "JPEG", quality=90, **options)
    pixels(name, encoded)
    half = cv2.imdecode(encoded, cv2.IMREAD_REDUCED_COLOR_2)
    tensors[f"half/{name}"] = half[..., ::-1].copy()
pixels("jpeg_grey", file("jpeg_grey", Image.fromarray(source[..., 0]), "JPEG", quality=90))
inks = Image.fromarray(np.concatenate([source, 255 - source[..., :1] // 2], -1), "CMYK")
file("jpeg_cmyk", inks, "JPEG", quality=95)
tensors["pixels/jpeg_cmyk"] = np.asarray(Image.open(io.BytesIO(tensors["file/jpeg_cmyk"].tobytes())).convert("RGB"))
for orientation in range(1, 9):
    exif = Image.Exif()
    exif[0x0112] = orientation
    pixels(f"exif{orientation}", file(f"exif{orientation}", rgb, "JPEG", quality=90, exif=exif.tobytes()))

pixels("png", file("png", rgb, "PNG"))
pixels("png_grey", file("png_grey", Image.fromarray(source[..., 0]), "PNG"))
pixels("png_palette", file("png_palette", rgb.quantize(16), "PNG"))
pixels("png_bits", file("png_bits", Image.fromarray(source[..., 0] > 100), "PNG"))
opacity = np.concatenate([source, source[..., :1]], -1)
pixels("png_alpha", file("png_alpha", Image.fromarray(opacity, "RGBA"), "PNG"))
tensors["rgba/png_alpha"] = opacity
# Levels of 16 bits around the source's, so that the nearest 8 are the source's; OpenCV would cut off the lower ones.
spread = np.arange(source.size).reshape(source.shape) % 257 - 128
deep = np.clip(source.astype(np.int32) * 257 + spread, 0, 65535).astype(np.uint16)
for name, array in {"png_16": deep, "png_grey_16": deep[..., 0]}.items():
    tensors[f"file/{name}"] = cv2.imencode(".png", array[..., ::-1] if array.ndim == 3 else array)[1].ravel()
    tensors[f"pixels/{name}"] = source if array.ndim == 3 else np.repeat(source[..., :1], 3, -1)
tensors["grey/png"] = cv2.cvtColor(source, cv2.COLOR_RGB2GRAY)

modes = {"nearest": cv2.INTER_NEAREST, "bilinear": cv2.INTER_LINEAR, "bicubic": cv2.INTER_CUBIC, "area": cv2.INTER_AREA}
for mode, flag in modes.items():
    for height, width in [(20, 30), (74, 106), (37, 53), (18, 26), (9, 100), (100, 13), (1, 1), (61, 60), (12, 17)]:
        tensors[f"resize/{mode}/{height}x{width}"] = cv2.resize(source, (width, height), interpolation=flag)
    tensors[f"resize_grey/{mode}/20x30"] = cv2.resize(source[..., 1].copy(), (30, 20), interpolation=flag)

affine = np.array([[0.9, 0.3, -4.5], [-0.25, 1.1, 3.25], [0, 0, 1]])
perspective = np.array([[1.1, 0.1, -2.0], [0.05, 0.95, 1.5], [0.002, -0.001, 1]])
for name, map in {"affine": affine, "perspective": perspective}.items():
    tensors[f"map/{name}"] = map
    tensors[f"warp/{name}"] = cv2.warpPerspective(
        source, map, (60, 44), flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP, borderValue=(114, 114, 114))

# Strengths as in torchvision's RandAugment._augmentation_space, for magnitude 15 of 0 to 30.
strengths = {"brightness": 0.45, "color": 0.45, "contrast": 0.45, "sharpness": 0.45, "shearX": 0.15, "shearY": 0.15,
             "translateX": 150 / 331 * 53 / 2, "translateY": 150 / 331 * 37 / 2, "rotate": 15.0, "posterize": 6, "solarize": 127.5,
             "autoContrast": 0.0, "equalize": 0.0}
names = {"autoContrast": "AutoContrast", "shearX": "ShearX", "shearY": "ShearY", "translateX": "TranslateX", "translateY": "TranslateY"}
for name, strength in strengths.items():
    for sign in (1, -1) if strength and name not in ("posterize", "solarize") else (1,):
        changed = _apply_op(torch.from_numpy(source).permute(2, 0, 1), names.get(name, name.capitalize()), sign * strength,
                            InterpolationMode.NEAREST, [114, 114, 114])
        tensors[f"change/{name}/{sign}"] = changed.permute(1, 2, 0).numpy()

save_file({name: np.ascontiguousarray(value) for name, value in tensors.items()}, "images.safetensors")
