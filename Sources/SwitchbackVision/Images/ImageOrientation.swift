/// How a camera was held: what EXIF calls the orientation, 1 to 8 (CIPA DC-008, tag 0x0112).
public enum ImageOrientation: Int, CaseIterable, Sendable {
    case upright = 1
    case mirrored, upsideDown, flipped, transposed, turnedRight, transversed, turnedLeft

    /// Whether height and width change places when the image is set upright.
    public var exchangesSides: Bool { rawValue >= 5 }
}

extension Image {
    /// The image that was saved with this orientation, set upright.
    public func oriented(_ orientation: ImageOrientation) -> Image {
        if orientation == .upright { return self }
        let (height, width) = orientation.exchangesSides ? (self.width, self.height) : (self.height, self.width)
        // Where the first pixel comes from, and the steps in the source for a step right and a step down.
        let (last, bottom) = (self.width - 1, self.height - 1)
        let (origin, right, down): ((row: Int, column: Int), (Int, Int), (Int, Int)) =
            switch orientation {
            case .upright: ((0, 0), (0, 1), (1, 0))
            case .mirrored: ((0, last), (0, -1), (1, 0))
            case .upsideDown: ((bottom, last), (0, -1), (-1, 0))
            case .flipped: ((bottom, 0), (0, 1), (-1, 0))
            case .transposed: ((0, 0), (1, 0), (0, 1))
            case .turnedRight: ((bottom, 0), (-1, 0), (0, 1))
            case .transversed: ((bottom, last), (-1, 0), (0, -1))
            case .turnedLeft: ((0, last), (1, 0), (0, -1))
            }
        let channels = channels
        let sourceRow = self.width * channels
        let stepRight = right.0 * sourceRow + right.1 * channels
        let stepDown = down.0 * sourceRow + down.1 * channels
        return Image(height: height, width: width, colorModel) { target in
            pixels.withUnsafeBufferPointer { source in
                var to = 0
                var rowStart = origin.row * sourceRow + origin.column * channels
                for _ in 0..<height {
                    var from = rowStart
                    for _ in 0..<width {
                        for channel in 0..<channels { target[to + channel] = source[from + channel] }
                        to += channels
                        from += stepRight
                    }
                    rowStart += stepDown
                }
            }
        }
    }
}

/// The orientation in EXIF data: a TIFF directory, in either byte order.
enum EXIF {
    private static let orientationTag = 0x0112

    /// The orientation that `bytes`, which begin with a TIFF header, speak of; upright where they say nothing sensible.
    static func orientation(in bytes: UnsafeRawBufferPointer) -> ImageOrientation {
        guard bytes.count >= 8 else { return .upright }
        let bigEndian: Bool
        switch (bytes[0], bytes[1]) {
        case (0x4D, 0x4D): bigEndian = true
        case (0x49, 0x49): bigEndian = false
        default: return .upright
        }
        func number(at position: Int, _ count: Int) -> Int? {
            guard position >= 0, position + count <= bytes.count else { return nil }
            let digits = bytes[position..<position + count]
            return (bigEndian ? Array(digits) : digits.reversed()).reduce(0) { $0 << 8 | Int($1) }
        }
        guard let directory = number(at: 4, 4), let entries = number(at: directory, 2) else { return .upright }
        for entry in 0..<entries {
            let position = directory + 2 + 12 * entry
            guard let tag = number(at: position, 2) else { return .upright }
            if tag == orientationTag {
                return number(at: position + 8, 2).flatMap(ImageOrientation.init) ?? .upright
            }
        }
        return .upright
    }
}
