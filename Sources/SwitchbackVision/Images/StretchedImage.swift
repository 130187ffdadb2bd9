import Switchback

/// How an image is brought to the size of a network's inputs where all of it is taken, not its middle: it is stretched, and
/// each pixel is a mean over those that it covers. Pillow and torchvision weigh in whole numbers, which differs by at most
/// one gray level.
public enum Stretching: String, Codable, Sendable {
    case bilinear, bicubic
}

extension Image {
    /// All of the image in another size: first along the rows, then along the columns, each rounded to bytes as Pillow does.
    func stretched(height: Int, width: Int, _ stretching: Stretching) -> Image {
        var pixels = Tensor.bytes(images: [self])
        for size in [IntPair(self.height, width), IntPair(height, width)] {
            pixels = pixels.to(.float32)
                .interpolate(size: size, mode: stretching == .bilinear ? .linear : .cubic, antialias: true)
                .round().clamp(min: 0, max: 255).to(.uint8)
        }
        return Image(pixels.select(dim: 0, index: 0))
    }

    /// The image as a network of square inputs reads it: its middle, or all of it.
    func fitted(_ side: Int, _ stretching: Stretching?) -> Image {
        stretching.map { stretched(height: side, width: side, $0) } ?? centerSquare(side)
    }
}
