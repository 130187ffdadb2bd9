/// A mask as COCO's files have it (`maskApi`, Lin et al., 2014): how many pixels in a row are off, on, off, …, column by
/// column from the top left.
public struct RunLengths: Hashable, Sendable {
    public let height, width: Int
    /// The first is of pixels that are off, and may be 0.
    public let counts: [Int]

    public init(height: Int, width: Int, counts: [Int]) {
        self.height = height
        self.width = width
        self.counts = counts
    }

    public init(_ mask: InstanceMask) {
        (height, width) = (mask.imageHeight, mask.imageWidth)
        var counts = [0]
        var isOn = false
        func add(_ count: Int, _ on: Bool) {
            if on != isOn {
                counts.append(0)
                isOn = on
            }
            counts[counts.count - 1] += count
        }
        for column in 0..<mask.imageWidth {
            guard (mask.left..<mask.left + mask.width).contains(column) else {
                add(mask.imageHeight, false)
                continue
            }
            add(mask.top, false)
            for row in 0..<mask.height { add(1, mask.pixels[row * mask.width + column - mask.left] > 0) }
            add(mask.imageHeight - mask.top - mask.height, false)
        }
        self.counts = counts
    }

    /// The counts as text: each as its difference to the one before last, five bits a character from the lowest on, of
    /// which a sixth says that more follow.
    public var text: String {
        var bytes: [UInt8] = []
        for (position, count) in counts.enumerated() {
            var rest = position > 2 ? count - counts[position - 2] : count
            var isMore = true
            while isMore {
                let low = rest & 0x1F
                rest >>= 5
                isMore = low & 0x10 != 0 ? rest != -1 : rest != 0
                bytes.append(UInt8(low | (isMore ? 0x20 : 0)) + 48)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// The counts of a text; `nil` where it is none, or its counts are not as many pixels as the mask has.
    public init?(text: String, height: Int, width: Int) {
        var counts: [Int] = []
        var (value, shift) = (0, 0)
        for byte in text.utf8 {
            guard (48..<112).contains(byte), shift < 60 else { return nil }
            let bits = Int(byte) - 48
            value |= (bits & 0x1F) << shift
            shift += 5
            if bits & 0x20 != 0 { continue }
            if bits & 0x10 != 0 { value |= -1 << shift }
            counts.append(counts.count > 2 ? value + counts[counts.count - 2] : value)
            (value, shift) = (0, 0)
        }
        self.init(checking: counts, height: height, width: width)
        if shift != 0 { return nil }
    }

    /// `nil` where the counts are not as many pixels as the mask has.
    public init?(checking counts: [Int], height: Int, width: Int) {
        var left = height * width
        for count in counts {
            guard count >= 0, count <= left else { return nil }
            left -= count
        }
        guard left == 0 else { return nil }
        self.init(height: height, width: width, counts: counts)
    }

    /// The pixels.
    public var mask: InstanceMask {
        var isOn = [Bool](repeating: false, count: height * width)
        var (position, value) = (0, false)
        for count in counts {
            if value { for pixel in position..<position + count { isOn[pixel] = true } }
            position += count
            value.toggle()
        }
        return InstanceMask(imageHeight: height, imageWidth: width) { isOn[$1 * height + $0] }
    }
}

/// A mask as COCO's JSON files have it.
public struct MaskText: Codable, Sendable {
    /// Height and width of the image.
    public let size: [Int]
    public let counts: String

    public init(_ mask: InstanceMask) {
        size = [mask.imageHeight, mask.imageWidth]
        counts = RunLengths(mask).text
    }
}
