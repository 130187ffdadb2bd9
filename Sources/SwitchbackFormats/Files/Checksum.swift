import CZlib
import Switchback

/// CRC-32, the checksum of gzip and zip files (ISO 3309), which detects damage.
public enum Checksum {
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
