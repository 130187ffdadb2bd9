import Switchback

extension Tensor {
    /// Images of equal sizes as a batch: [N, channels, height, width], float32 from 0 to 1 (a byte divided by 255),
    /// with the channels innermost in memory. Stops if there is none, or where sizes differ.
    public convenience init(images: [Image]) {
        let bytes = Tensor.imageBytes(images, dtype: .float32) { target, image in
            image.pixels.withUnsafeBufferPointer {
                Pixels.fractions(of: $0, into: target.assumingMemoryBound(to: Float.self))
            }
        }
        self.init(bytes.array)
    }

    /// Images of equal sizes as a batch: [N, channels, height, width], uint8, with the channels innermost in memory.
    public static func bytes(images: [Image]) -> Tensor {
        imageBytes(images, dtype: .uint8) { target, image in
            image.pixels.withUnsafeBytes { target.copyMemory(from: $0) }
        }
    }

    private static func imageBytes(
        _ images: [Image], dtype: DType, _ write: (UnsafeMutableRawBufferPointer, Image) -> Void
    ) -> Tensor {
        guard let first = images.first else { preconditionFailure("Tensor(images:): there are no images") }
        for image in images {
            require(
                image.layout == first.layout, "Tensor(images:)", "images \(first.layout) and \(image.layout) differ")
        }
        let byteCount = first.pixels.count * dtype.byteCount
        let form: Shape = [images.count, first.height, first.width, first.channels]
        let batch = NDArray(shape: form, dtype: dtype) { memory in
            for (position, image) in images.enumerated() {
                let start = position * byteCount
                write(UnsafeMutableRawBufferPointer(rebasing: memory[start..<start + byteCount]), image)
            }
        }
        return Tensor(batch).permute(0, 3, 1, 2)
    }
}

extension Image {
    /// An image of a tensor [channels, height, width] of 1, 3 or 4 channels: bytes as they are, fractions times 255,
    /// rounded, cut to what a byte holds. Stops at another shape.
    public init(_ tensor: Tensor) {
        guard tensor.rank == 3, let model = ColorModel(rawValue: tensor.shape[0]) else {
            preconditionFailure("Image: [channels, height, width] of 1, 3 or 4 channels is needed, not \(tensor.shape)")
        }
        let rows = tensor.permute(1, 2, 0)
        let pixels =
            tensor.dtype.isFloatingPoint
            ? rows.toArray(as: Float.self).map { UInt8(min(255, max(0, ($0 * 255).rounded()))) }
            : rows.toArray(as: UInt8.self)
        self.init(height: tensor.shape[1], width: tensor.shape[2], model, pixels: pixels)
    }
}
