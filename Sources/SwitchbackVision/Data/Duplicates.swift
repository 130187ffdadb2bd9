import Switchback

/// Finds images that are the same: also where they were scaled, or saved again with some loss.
enum Duplicates {
    /// What is compared: 16×16 gray pixels, and 64 comparisons of neighbors, by which like ones are found.
    private struct Print: Sendable {
        let pixels: [UInt8]
        let comparisons: UInt64

        init(_ path: String) throws {
            let gray = try Image.load(path, as: .gray, minimumSide: 32)
            pixels = gray.resized(height: 16, width: 16, .area).pixels
            let coarse = gray.resized(height: 8, width: 9, .area).pixels
            comparisons = (0..<64).reduce(0) { bits, position in
                let place = position / 8 * 9 + position % 8
                return bits << 1 | (coarse[place] < coarse[place + 1] ? 1 : 0)
            }
        }

        /// How far the pixels are apart on average, in gray levels.
        func distance(to other: Print) -> Double {
            let sum = zip(pixels, other.pixels).reduce(0) { $0 + abs(Int($1.0) - Int($1.1)) }
            return Double(sum) / Double(pixels.count)
        }
    }

    /// Below this distance two images count as the same.
    private static let tolerance = 2.0

    /// The pairs of an image of the first list and the first one of the second that shows the same; and what is wrong
    /// with images that cannot be decoded.
    static func pairs(_ first: [String], _ second: [String]) -> (pairs: [(String, String)], problems: [InputError]) {
        let prints = [first, second].map { paths in ImageSurvey.map(paths) { path in Result { try Print(path) } } }
        var known: [UInt64: [(path: String, print: Print)]] = [:]
        for (path, print) in zip(second, prints[1]) {
            if let print = try? print.get() { known[print.comparisons, default: []].append((path, print)) }
        }
        let pairs = zip(first, prints[0]).compactMap { path, print -> (String, String)? in
            guard let print = try? print.get() else { return nil }
            let same = known[print.comparisons]?.first { $0.print.distance(to: print) < tolerance }
            return same.map { (path, $0.path) }
        }
        let problems = prints.joined().compactMap { result -> InputError? in
            if case .failure(let error) = result { return error as? InputError }
            return nil
        }
        return (pairs, problems)
    }
}
