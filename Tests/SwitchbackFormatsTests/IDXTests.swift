import CZlib
import Foundation
import Switchback
import SwitchbackFormats
import TestSupport
import Testing

@Suite struct IDXTests {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private let sixBytes: [UInt8] = [0, 0, 8, 2, 0, 0, 0, 2, 0, 0, 0, 3, 1, 2, 3, 4, 5, 6]

    private func problem(_ bytes: [UInt8]) throws -> String {
        do {
            _ = try IDX.load(folder.write(bytes, to: "x-idx"))
            return "no error"
        } catch { return "\(error)" }
    }

    @Test func plainAndGzippedFilesAreRead() throws {
        for bytes in [sixBytes, try gzip(sixBytes)] {
            let tensor = try IDX.load(folder.write(bytes, to: "x-idx"))
            #expect(tensor.shape == [2, 3] && tensor.dtype == .uint8)
            #expect(tensor.toArray(as: Int.self) == [1, 2, 3, 4, 5, 6])
        }
    }

    @Test func otherTypesAreRead() throws {
        let short = try IDX.load(folder.write([0, 0, 0x0B, 1, 0, 0, 0, 2, 0xFF, 0xFE, 1, 0], to: "x-idx"))
        #expect(short.dtype == .int32 && short.toArray(as: Int.self) == [-2, 256])
        let float = try IDX.load(folder.write([0, 0, 0x0D, 1, 0, 0, 0, 1, 0x3F, 0xC0, 0, 0], to: "x-idx"))
        #expect(float.dtype == .float32 && float.item() == 1.5)
    }

    @Test func damageIsASentence() throws {
        #expect(try problem(sixBytes.dropLast()).contains("cut short"))
        #expect(try problem(Array(sixBytes.prefix(9))).contains("cut short"))
        #expect(try problem(sixBytes + [0]).contains("has more data"))
        #expect(try problem(Array("not an idx file".utf8)).contains("is not an IDX file"))
        #expect(try problem([0, 0, 8, 3] + [UInt8](repeating: 0xFF, count: 12)).contains("cut short"))
        #expect(try problem([0, 0, 8, 9] + [UInt8](repeating: 0, count: 36)).contains("9 dimensions"))
        let zipped = try gzip(sixBytes)
        #expect(try problem(zipped.dropLast(9)).contains("cut short"))
        #expect(try problem(zipped.dropLast(4)).contains("cut short"))
        var changed = zipped
        changed[changed.count - 8] ^= 1
        #expect(try problem(changed).contains("damaged: incorrect data check"))
    }

    @Test func compressedFilesAreRead() throws {
        let images = try IDX.load(fixtureFolder.appendingPathComponent("images-idx3-ubyte.gz").path)
        #expect(images.shape == [4, 5, 6])
        #expect(images.toArray(as: Int.self) == Array(0..<120))
    }

    @Test func theBundledDigitsAreSplitEvenly() throws {
        let digits = try Digits.load()
        #expect(digits.train.inputs.shape == [1442, 1, 8, 8])
        #expect(digits.test.inputs.shape == [355, 1, 8, 8])
        let values = digits.train.inputs.toArray()
        #expect(values.min() == 0 && values.max() == 1)
        for digit in 0..<10 {
            let share = digits.test.targets.toArray(as: Int.self).count { $0 == digit }
            #expect((34...36).contains(share))
        }
    }
}

/// `bytes` as a gzip file has them, not compressed: a header, one stored block, the checksum and the length.
private func gzip(_ bytes: [UInt8]) throws -> [UInt8] {
    func little(_ value: UInt32, _ count: Int) -> [UInt8] { (0..<count).map { UInt8(value >> (8 * $0) & 0xFF) } }
    let length = UInt32(bytes.count)
    let checksum = bytes.withUnsafeBufferPointer { crc32(0, $0.baseAddress, length) }
    return [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 3, 1] + little(length, 2) + little(~length, 2) + bytes
        + little(UInt32(checksum), 4) + little(length, 4)
}
