import Foundation
import Switchback
import SwiftProtobuf

/// The records of an event file: the length in 8 bytes, its masked checksum, the message, and the checksum of that
/// (the TFRecord format).
struct EventRecords {
    let path: String
    private let file: MappedFile
    private var position = 0
    private var number = 0

    /// A longer message is taken for damage; the images of a run are far below.
    private static let longestMessage: UInt64 = 1 << 30

    init(_ path: String) throws {
        self.path = path
        file = try MappedFile(path)
    }

    /// The next event, or `nil` at the end. Throws `InputError` if the record is damaged or cut short.
    mutating func next() throws -> TensorBoardEvent? {
        guard position < file.count else { return nil }
        number += 1
        let payload = try payload(at: position)
        position += payload.count + 16
        do {
            return try TensorBoardEvent(serializedBytes: [UInt8](payload))
        } catch { throw damage("its message cannot be decoded") }
    }

    private func payload(at position: Int) throws -> Slice<UnsafeMutableRawBufferPointer> {
        guard file.count - position >= 16 else { throw damage("the file is cut short") }
        let lengthBytes = file.bytes[position..<position + 8]
        guard word(at: position + 8) == CRC32C.masked(lengthBytes) else {
            throw damage("the checksum of its length is wrong")
        }
        let length = UInt64(littleEndian: file.bytes.loadUnaligned(fromByteOffset: position, as: UInt64.self))
        guard length <= Self.longestMessage, Int(length) <= file.count - position - 16 else {
            throw damage("it declares \(length) bytes, and \(file.count - position - 16) follow")
        }
        let payload = file.bytes[position + 12..<position + 12 + Int(length)]
        guard word(at: payload.endIndex) == CRC32C.masked(payload) else { throw damage("its checksum is wrong") }
        return payload
    }

    private func word(at position: Int) -> UInt32 {
        UInt32(littleEndian: file.bytes.loadUnaligned(fromByteOffset: position, as: UInt32.self))
    }

    private func damage(_ problem: String) -> InputError {
        InputError(path, at: "record \(number), byte \(position)", problem)
    }

    /// An event as a record.
    static func record(_ event: TensorBoardEvent) throws -> [UInt8] {
        let payload: [UInt8] = try event.serializedBytes()
        let length = bytes(UInt64(payload.count))
        return length + bytes(CRC32C.masked(length)) + payload + bytes(CRC32C.masked(payload))
    }

    private static func bytes<Word: FixedWidthInteger>(_ word: Word) -> [UInt8] {
        withUnsafeBytes(of: word.littleEndian) { Array($0) }
    }
}
