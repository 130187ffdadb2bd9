/// The checksum of TensorBoard's records: CRC-32C (Castagnoli; RFC 3720, appendix B.4), byte by byte with a table.
enum CRC32C {
    private static let table: [UInt32] = (0..<256).map { byte in
        (0..<8).reduce(UInt32(byte)) { rest, _ in rest & 1 == 1 ? rest >> 1 ^ 0x82F6_3B78 : rest >> 1 }
    }

    static func checksum(_ bytes: some Sequence<UInt8>) -> UInt32 {
        table.withUnsafeBufferPointer { table in
            ~bytes.reduce(~UInt32(0)) { rest, byte in rest >> 8 ^ table[Int((rest ^ UInt32(byte)) & 0xFF)] }
        }
    }

    /// The checksum as it stands in a record: rotated and shifted by a constant, so that a record which holds checksums
    /// has not a trivial one (the TFRecord format, tensorflow/core/lib/io/record_writer.h).
    static func masked(_ bytes: some Sequence<UInt8>) -> UInt32 {
        let checksum = checksum(bytes)
        return (checksum >> 15 | checksum << 17) &+ 0xA282_EAD8
    }
}
