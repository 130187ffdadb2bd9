import Foundation
import SwitchbackFormats

/// Finds held-out examples that are exactly the same as ones for training, in little time: a training that is diagnosed
/// begins with it. Near copies take a closer look, which a ``Doctor`` has.
package enum ExactCopies {
    /// Pairs of the first one for training and a held-out one, by their positions.
    package static func pairs<Value: Hashable>(_ training: [Value], _ heldOut: [Value]) -> [(Int, Int)] {
        var first: [Value: Int] = [:]
        for (position, value) in training.enumerated() where first[value] == nil { first[value] = position }
        return heldOut.enumerated().compactMap { position, value in first[value].map { ($0, position) } }
    }

    /// Pairs of files with the same contents: only those that are of the same size are read.
    package static func pairs(ofFiles training: [String], _ heldOut: [String]) -> [(Int, Int)] {
        var bySize: [Int: [Int]] = [:]
        for (position, path) in training.enumerated() {
            if let size = size(path) { bySize[size, default: []].append(position) }
        }
        var read: [Int: [UInt32: [Int]]] = [:]
        return heldOut.enumerated().compactMap { position, path in
            guard let size = size(path), let candidates = bySize[size], let data = contents(path) else { return nil }
            let bySum = read[size] ?? positions(of: candidates, in: training)
            read[size] = bySum
            let copy = bySum[checksum(data)]?.first { contents(training[$0]) == data }
            return copy.map { ($0, position) }
        }
    }

    /// The positions of files by the checksums of their contents, which would not all fit into memory.
    private static func positions(of candidates: [Int], in paths: [String]) -> [UInt32: [Int]] {
        var bySum: [UInt32: [Int]] = [:]
        for position in candidates {
            if let data = contents(paths[position]) { bySum[checksum(data), default: []].append(position) }
        }
        return bySum
    }

    private static func checksum(_ data: Data) -> UInt32 { data.withUnsafeBytes { Checksum.crc32($0) } }

    private static func contents(_ path: String) -> Data? { FileManager.default.contents(atPath: path) }

    private static func size(_ path: String) -> Int? {
        (try? FileManager.default.attributesOfItem(atPath: path))?[.size] as? Int
    }
}

extension DoctorCheck {
    /// As the diagnosis of a training tells that examples are in both parts of its data; `nil` where they are not.
    package var leakVerdict: Verdict? {
        guard name == .leaks, outcome == .failed else { return nil }
        return Verdict(.duplicates, .problem, finding: finding, remedy: remedy)
    }
}
