import Foundation

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
        var read: [Int: [Data: Int]] = [:]
        return heldOut.enumerated().compactMap { position, path in
            guard let size = size(path), let candidates = bySize[size],
                let data = FileManager.default.contents(atPath: path)
            else { return nil }
            let contents =
                read[size]
                ?? Dictionary(
                    candidates.compactMap { place in
                        FileManager.default.contents(atPath: training[place]).map { ($0, place) }
                    }, uniquingKeysWith: { first, _ in first })
            read[size] = contents
            return contents[data].map { ($0, position) }
        }
    }

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
