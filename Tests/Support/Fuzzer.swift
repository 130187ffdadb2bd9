import Foundation
import Switchback
import Testing

/// Feeds a reader with damaged files: it has to read each or refuse it with a sentence, soon and in little memory.
///
/// A run takes `inputsPerReader` files; the environment variable SWITCHBACK_FUZZ sets another number, such as 20000.
public struct Fuzzer {
    private static let slowest: TimeInterval = 10

    /// How many files each reader gets.
    public static var inputsPerReader: Int {
        ProcessInfo.processInfo.environment["SWITCHBACK_FUZZ"].flatMap { Int($0) } ?? 400
    }

    private var random: RandomBits
    private let seeds: [[UInt8]]

    /// - Parameter seeds: files that are in order.
    public init(seeds: [[UInt8]], seed: UInt64 = 1) {
        self.seeds = seeds
        random = RandomBits(state: seed)
    }

    /// Reads damaged files, and records an issue for every outcome but success and `InputError`.
    ///
    /// - Parameters:
    ///   - memory: how many bytes the process may grow by in all.
    ///   - place: where each file is put, if that matters to the reader.
    ///   - pack: what makes a file of damaged contents; for formats with checksums.
    ///   - read: reads the file at a path.
    /// - Returns: how many files were read and how many refused.
    @discardableResult
    public mutating func run(
        _ count: Int = Fuzzer.inputsPerReader, memory: Int = 1 << 30, to place: String? = nil,
        pack: ([UInt8]) -> [UInt8] = { $0 }, read: (String) throws -> Void
    ) throws -> (read: Int, refused: Int) {
        let folder = try TemporaryFolder()
        let before = Platform.peakResidentMemory
        var (successes, refusals) = (0, 0)
        for _ in 0..<count {
            let bytes = mutated()
            let path = place ?? folder.path("fuzzed")
            try Data(pack(bytes)).write(to: URL(fileURLWithPath: path))
            let start = Date()
            do {
                try read(path)
                successes += 1
            } catch is InputError {
                refusals += 1
            } catch {
                Issue.record("\(error) is not an InputError")
            }
            let seconds = Date().timeIntervalSince(start)
            if seconds > Self.slowest { Issue.record("a file of \(bytes.count) bytes took \(seconds) s") }
        }
        let growth = Platform.peakResidentMemory - before
        #expect(growth < memory, "the readers took \(growth) bytes")
        return (successes, refusals)
    }

    // MARK: Damage

    private mutating func mutated() -> [UInt8] {
        var bytes = seeds[random.below(seeds.count)]
        for _ in 0...random.below(4) { damage(&bytes) }
        return bytes
    }

    private mutating func damage(_ bytes: inout [UInt8]) {
        guard !bytes.isEmpty else { return }
        let place = random.below(bytes.count)
        let end = min(bytes.count, place + 1 + random.below(16))
        switch random.below(9) {
        case 0: bytes[place] ^= 1 << UInt8(random.below(8))
        case 1: bytes[place] = [0, 1, 0x7F, 0x80, 0xFF][random.below(5)]
        case 2: bytes[place] = UInt8(random.below(256))
        case 3: bytes.removeLast(bytes.count - place)
        case 4: bytes.removeSubrange(place..<end)
        case 5: bytes.insert(contentsOf: bytes[place..<end], at: place)
        case 6: bytes.insert(UInt8(random.below(256)), at: place)
        case 7: overwrite(&bytes, at: place)
        default:
            // A part of another file.
            let other = seeds[random.below(seeds.count)]
            guard !other.isEmpty else { return }
            let start = random.below(other.count)
            bytes.replaceSubrange(place..<end, with: other[start..<min(other.count, start + 1 + random.below(64))])
        }
    }

    /// An integer that readers stumble over, in the place of what exists.
    private mutating func overwrite(_ bytes: inout [UInt8], at place: Int) {
        let numbers: [UInt64] = [0, 1, 0x7FFF_FFFF, 0xFFFF_FFFF, 0x7FFF_FFFF_FFFF_FFFF, .max, 1 << 40, 1 << 62]
        let number = numbers[random.below(numbers.count)]
        for i in 0..<[2, 4, 8][random.below(3)] where place + i < bytes.count {
            bytes[place + i] = UInt8(truncatingIfNeeded: number >> UInt64(8 * i))
        }
    }
}

/// SplitMix64 (Steele, Lea and Flood, 2014).
private struct RandomBits {
    var state: UInt64

    mutating func below(_ limit: Int) -> Int {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ z >> 30) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ z >> 27) &* 0x94D0_49BB_1331_11EB
        return Int((z ^ z >> 31) % UInt64(limit))
    }
}
