import Switchback

/// Masks as Label Studio's brush leaves them: red, green, blue and opacity of each pixel, packed bit by bit (the run lengths
/// of thi.ng/rle-pack).
enum LabelStudioBrush {
    /// The outline of the pixels that are not transparent; `nil` where the bytes are no mask of the size.
    static func outline(_ bytes: [UInt8], height: Int, width: Int) -> [PlanePoint]? {
        guard height > 0, width > 0, height <= Image.pixelLimit / width,
            let values = unpack(bytes, count: 4 * height * width)
        else { return nil }
        let mask = InstanceMask(imageHeight: height, imageWidth: width) { values[4 * ($0 * width + $1) + 3] > 0 }
        // Centers of pixels lie half a pixel from their corners.
        return mask.outline.map { $0 + 0.5 }
    }

    /// A head has the number of values (32 bits), the bits of a value less one (5), and four lengths of lengths (4 each,
    /// less one). Runs follow: whether one value is repeated (1), which length its length has (2), the length less one, and
    /// the value, or as many values.
    private static func unpack(_ bytes: [UInt8], count: Int) -> [UInt8]? {
        var bits = BitReader(bytes)
        guard bits.read(32) == count, let size = bits.read(5), size < 8 else { return nil }
        let lengths = (0..<4).compactMap { _ in bits.read(4).map { $0 + 1 } }
        guard lengths.count == 4 else { return nil }
        var values: [UInt8] = []
        values.reserveCapacity(count)
        while values.count < count {
            guard let isRepeated = bits.read(1), let kind = bits.read(2), let length = bits.read(lengths[kind]),
                length < count - values.count
            else { return nil }
            if isRepeated == 1 {
                guard let value = bits.read(size + 1) else { return nil }
                values.append(contentsOf: repeatElement(UInt8(value), count: length + 1))
            } else {
                for _ in 0...length {
                    guard let value = bits.read(size + 1) else { return nil }
                    values.append(UInt8(value))
                }
            }
        }
        return values
    }
}

/// Bits of bytes, the highest first.
private struct BitReader {
    private let bytes: [UInt8]
    private var position = 0

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    /// A number of so many bits; `nil` at the end.
    mutating func read(_ count: Int) -> Int? {
        guard position + count <= 8 * bytes.count else { return nil }
        var number = 0
        for bit in position..<position + count {
            number = number << 1 | Int(bytes[bit / 8] >> UInt8(7 - bit % 8)) & 1
        }
        position += count
        return number
    }
}
