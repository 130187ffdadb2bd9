#!/usr/bin/env python3
"""deflated.npz and images-idx3-ubyte.gz: 4 images of 5×6 bytes, 0 to 119, as NumPy and gzip compress them. Needs numpy."""
import gzip, struct
from pathlib import Path
import numpy as np

folder = Path(__file__).parent
images = np.arange(120, dtype=np.uint8).reshape(4, 5, 6)
np.savez_compressed(folder / "deflated.npz", images=images, labels=np.array([[7], [2], [1], [0]], np.int64))
header = struct.pack(">BBBBIII", 0, 0, 8, 3, *images.shape)
(folder / "images-idx3-ubyte.gz").write_bytes(gzip.compress(header + images.tobytes(), mtime=0))
