"""Prints what DataVariantTests compares: the hash of each image's RGB bytes as Pillow decodes them.

    python3 hash_images.py L19_formats/images/train/*
"""
import sys

from PIL import Image

for path in sys.argv[1:]:
    value = 0
    for byte in Image.open(path).convert("RGB").tobytes():
        value = (value * 31 + byte) % 2**32
    print(path.split("/")[-1], value)
