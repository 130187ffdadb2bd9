import Switchback

/// Finds images that are the same: also where they were scaled, or saved again with some loss.
enum Duplicates {
    /// What is compared: 16×16 gray pixels, and 64 comparisons of neighbors, by which like ones are found.
    struct Print: Sendable {
        private let pixels: [UInt8]
        fileprivate let comparisons: UInt64

        init(_ path: String) throws { self.init(try Image.load(path, as: .gray, minimumSide: 32)) }

        init(_ image: Image) {
            let gray = image.converted(to: .gray)
            pixels = gray.resized(height: 16, width: 16, .area).pixels
            let coarse = gray.resized(height: 8, width: 9, .area).pixels
            comparisons = (0..<64).reduce(0) { bits, position in
                let place = position / 8 * 9 + position % 8
                return bits << 1 | (coarse[place] < coarse[place + 1] ? 1 : 0)
            }
        }

        /// Whether the pixels are close to each other on average, and each of them: strokes that are alike, such as
        /// those of two digits 1, are so on average alone.
        fileprivate func isAlike(_ other: Print) -> Bool {
            let distances = zip(pixels, other.pixels).map { abs(Int($0) - Int($1)) }
            return Double(distances.reduce(0, +)) < Duplicates.tolerance * Double(pixels.count)
                && distances.allSatisfy { $0 <= Duplicates.largestDistance }
        }
    }

    /// Two images whose pixels are apart by less on average, and by no more anywhere, count as the same; in gray levels.
    private static let tolerance = 2.0
    private static let largestDistance = 16

    /// The prints of images in files, each decoded; those that cannot be decoded have none, and say why.
    static func prints(of paths: [String]) -> (prints: [Print?], problems: [InputError]) {
        let results = ImageSurvey.map(paths) { path in Result { try Print(path) } }
        let problems = results.compactMap { result -> InputError? in
            if case .failure(let error) = result { return error as? InputError }
            return nil
        }
        return (results.map { try? $0.get() }, problems)
    }

    /// Pairs of an image of the first list and the first one of the second that shows the same, by their positions.
    static func pairs(_ first: [Print?], _ second: [Print?]) -> [(Int, Int)] {
        var known: [UInt64: [Int]] = [:]
        for (position, print) in second.enumerated() {
            if let print { known[print.comparisons, default: []].append(position) }
        }
        return first.enumerated().compactMap { position, print in
            guard let print else { return nil }
            let same = known[print.comparisons]?.first { second[$0]?.isAlike(print) ?? false }
            return same.map { (position, $0) }
        }
    }

    /// Pairs of an image and an earlier one of another class that shows the same, by their positions.
    static func conflicts(_ prints: [Print?], _ classes: [Int]) -> [(Int, Int)] {
        var known: [UInt64: [Int]] = [:]
        return prints.enumerated().compactMap { position, print in
            guard let print else { return nil }
            defer { known[print.comparisons, default: []].append(position) }
            let same = known[print.comparisons]?.first {
                classes[$0] != classes[position] && (prints[$0]?.isAlike(print) ?? false)
            }
            return same.map { ($0, position) }
        }
    }

    /// The pairs of an image file of the first list and the first one of the second that shows the same; and what is
    /// wrong with images that cannot be decoded.
    static func pairs(_ first: [String], _ second: [String]) -> (pairs: [(String, String)], problems: [InputError]) {
        let (prints, others) = (prints(of: first), prints(of: second))
        let pairs = pairs(prints.prints, others.prints).map { (first[$0], second[$1]) }
        return (pairs, prints.problems + others.problems)
    }
}
