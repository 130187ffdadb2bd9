import CZlib
import Switchback

/// Checksums, which detect damage, and hashes, which tell texts apart.
public enum Checksum {
    /// FNV-1a of 64 bits (Fowler, Noll and Vo, 1991): the same on every machine and in every run.
    package static func fnv1a(_ text: some StringProtocol) -> UInt64 {
        text.utf8.reduce(0xCBF2_9CE4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
    }

    /// The same of whole elements instead of bytes; 0 and -0 are one.
    package static func fnv1a(_ numbers: ArraySlice<Float>) -> UInt64 {
        numbers.reduce(0xCBF2_9CE4_8422_2325) { ($0 ^ UInt64(($1 + 0).bitPattern)) &* 0x100_0000_01B3 }
    }

    // CRC-32, the checksum of gzip and zip files (ISO 3309).

    /// Of a tensor's elements in row-major order.
    public static func crc32(_ tensor: Tensor) -> UInt32 {
        tensor.array.withHostBytes { crc32($0) }
    }

    public static func crc32(_ text: String) -> UInt32 {
        var text = text
        return text.withUTF8 { crc32(UnsafeRawBufferPointer($0)) }
    }

    package static func crc32(_ bytes: UnsafeRawBufferPointer) -> UInt32 {
        UInt32(crc32_z(CZlib.crc32(0, nil, 0), bytes.baseAddress?.assumingMemoryBound(to: Bytef.self), bytes.count))
    }
}
