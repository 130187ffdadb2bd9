import Foundation
import Switchback
import SwitchbackFormats
import SwitchbackServer
import SwitchbackVision

/// The keypoints of a data set as pages show and change them: their names, the lines between them, and which become which in
/// a mirror image. How many there are stays, as lines of labels have the numbers of so many.
struct KeypointDescription: Encodable, Sendable {
    let names: [String]
    /// The numbers of each: x and y, and with 3 also the visibility.
    let dimensions: Int
    /// Pairs of them between which lines are drawn.
    let limbs: [[Int]]
    /// Pairs that change places in a mirror image.
    let pairs: [[Int]]
    /// Which of `names` and `limbs` the data.yaml says itself: the others are what its readers take instead.
    let said: [String]
    /// Of the data.yaml that says so, by which it is known whether somebody else has changed it.
    let version: String

    init(_ layout: KeypointLayout, in description: FileStamp) {
        (names, dimensions) = (layout.shownNames, layout.dimensions)
        limbs = layout.limbs.map { [$0, $1] }
        pairs = (layout.flip ?? []).enumerated().filter { $0 < $1 }.map { [$0, $1] }
        said = (layout.names == nil ? [] : ["names"]) + (layout.skeleton == nil ? [] : ["limbs"])
        version = Self.version(description)
    }

    static func version(_ description: FileStamp) -> String {
        "\(String(description.size, radix: 36))-\(String(description.changed, radix: 36))"
    }
}

extension KeypointLayout {
    /// The keypoints with other names, lines and pairs, as a request has them.
    ///
    /// - Throws: `InputError` with the field that makes no sense.
    func changed(by fields: ConfigurationFields) throws -> KeypointLayout {
        let isNamed = fields["names"] != nil
        let names = try isNamed ? NewDataSet.names(fields, "names", atMost: Self.mostKeypoints) : []
        guard !isNamed || names.count == count else {
            throw fields.problem("names", "\(count) names are needed, one for each keypoint")
        }
        let pairs = try pairs(fields, "pairs")
        guard Set(pairs.joined()).count == 2 * pairs.count else {
            throw fields.problem("pairs", "a keypoint is in two pairs")
        }
        var flip = Array(0..<count)
        for pair in pairs { flip.swapAt(pair[0], pair[1]) }
        // Without pairs a mirror image may still be known to leave each as it is.
        let isKnown = !pairs.isEmpty || self.flip == flip
        return KeypointLayout(
            count: count, dimensions: dimensions, flip: isKnown ? flip : nil, sigmas: sigmas,
            names: isNamed ? names : nil, skeleton: try fields["limbs"] == nil ? nil : self.pairs(fields, "limbs"))
    }

    /// Pairs of two keypoints, each once.
    private func pairs(_ fields: ConfigurationFields, _ name: String) throws -> [[Int]] {
        let pairs = (try fields.array(name) ?? []).map { value -> [Int] in
            guard case .array(let numbers) = value else { return [] }
            return numbers.compactMap { if case .integer(let number) = $0 { Int(exactly: number) } else { nil } }
                .sorted()
        }
        guard pairs.allSatisfy({ isLimb($0) && $0[0] < $0[1] }), Set(pairs).count == pairs.count else {
            throw fields.problem(name, "pairs of keypoints from 0 to \(count - 1) are needed, each once")
        }
        return pairs
    }
}

extension OpenDataSet {
    /// Writes names, lines and pairs of the keypoints to the data.yaml, and touches nothing else in it.
    ///
    /// - Throws: `APIError` where somebody else has changed the file since the page saw it; `InputError` where the request
    ///   makes no sense, or the file is written in a way that is not known here.
    func setKeypoints(_ fields: ConfigurationFields) throws -> KeypointDescription {
        try fields.checkNames(known: ["names", "limbs", "pairs", "version"])
        let said = try keypoints()
        guard let path = folder.description, let layout = said.layout else {
            throw InputError(folder.root, "its objects have no keypoints")
        }
        guard try fields.string("version") == KeypointDescription.version(said.file) else {
            throw APIError.conflict("data.yaml was changed meanwhile; nothing was done")
        }
        let changed = try layout.changed(by: fields)
        let text = try TextFile.read(path)
        // Names that are no list, such as those of several classes, would be lost.
        guard layout.names != nil || !YAMLBlocks.blocks(in: text).contains(where: { $0.key == "kpt_names" }) else {
            throw InputError(path, "kpt_names is written in a way that is not known here", remedy: "change it there")
        }
        try DataDescription.rewrite(
            path, as: text.replacingKeypoints(by: changed), remedy: "change the keypoints there"
        ) { before, after in
            after.classNames == before.classNames && after.places == before.places && after.keypoints == changed
        }
        _ = try index.now(isFresh: true)
        let now = try keypoints()
        return KeypointDescription(now.layout ?? changed, in: now.file)
    }
}

extension String {
    /// The text of a data.yaml with other keypoints: `kpt_shape` stands where it stood, and the other keys below it.
    fileprivate func replacingKeypoints(by layout: KeypointLayout) -> String {
        let replaced: Set<String> = ["flip_idx", "kpt_names", "skeleton"]
        return YAMLBlocks.blocks(in: self).map { key, text in
            // Empty lines and comments behind a key stay.
            let lines = text.split(separator: "\n", omittingEmptySubsequences: false).dropFirst().dropLast()
            let kept = lines.filter { $0.allSatisfy(\.isWhitespace) || $0.hasPrefix("#") }.map { $0 + "\n" }.joined()
            if key == "kpt_shape" { return layout.yaml + kept }
            return replaced.contains(key) ? kept : text
        }.joined()
    }
}
