import Switchback

/// The IDX format, in which MNIST is distributed (http://yann.lecun.com/exdb/mnist): a magic number, the sizes, and the
/// elements, big-endian. Files may be gzipped.
public enum IDX {
    /// The tensor in a file. Integers of 8 and 16 bits become int32, except unsigned bytes.
    ///
    /// Throws `InputError` if the file cannot be read, is cut short or damaged, or is not an IDX file.
    public static func load(_ path: String) throws -> Tensor {
        let source = try byteSource(path)
        let magic = try source.bytes(4, of: "the magic number")
        guard magic[0] == 0, magic[1] == 0, let kind = elementKind(magic[2]) else {
            let found = magic.map { String($0, radix: 16) }.joined(separator: " ")
            throw InputError(path, "is not an IDX file: it starts with the bytes \(found)")
        }
        let rank = Int(magic[3])
        guard rank <= Shape.maximumRank else {
            throw InputError(path, "has \(rank) dimensions, and at most \(Shape.maximumRank) can be read")
        }
        let sizes = try source.bytes(4 * rank, of: "the list of sizes")
        let shape = Shape(
            (0..<rank).map { dim in sizes[4 * dim..<4 * dim + 4].reduce(0) { $0 << 8 | Int($1) } })
        let tensor = try ElementFormat(kind: kind, isBigEndian: true).tensor(shape, from: source)
        try source.expectEnd()
        return tensor
    }

    private static func elementKind(_ code: UInt8) -> ElementFormat.Kind? {
        switch code {
        case 0x08: .uint8
        case 0x09: .int8
        case 0x0B: .int16
        case 0x0C: .int32
        case 0x0D: .float32
        case 0x0E: .float64
        default: nil
        }
    }
}
