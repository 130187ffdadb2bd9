import Foundation

/// A point of an object, such as a joint.
public struct Keypoint: Hashable, Sendable, Codable {
    public var x, y: Float
    /// In labels 0 where the point is not known, 1 where it is hidden and 2 where it is seen; in predictions the
    /// probability that it is seen.
    public var visibility: Float

    public init(x: Float, y: Float, visibility: Float) {
        self.x = x
        self.y = y
        self.visibility = visibility
    }

    /// What a visibility can be in labels; fractions are probabilities of predictions that were taken as labels.
    static let visibilities: ClosedRange<Float> = 0...2

    var point: PlanePoint { PlanePoint(x, y) }
    var isKnown: Bool { visibility != 0 }

    /// The same at another place.
    func at(_ point: PlanePoint) -> Keypoint { Keypoint(x: point.x, y: point.y, visibility: visibility) }
}

/// The keypoints that the objects of a data set have.
public struct KeypointLayout: Codable, Hashable, Sendable {
    /// How many an object may have.
    package static let mostKeypoints = 1000

    /// How many there are.
    public let count: Int
    /// The numbers of each in label files and in what networks give: x and y, and with 3 also the visibility.
    public let dimensions: Int
    /// Which keypoint each becomes in the mirror image; `nil` if that is not known.
    public let flip: [Int]?
    /// How far annotators differ, as a share of the object's size: what the similarity of keypoints is measured by.
    public let sigmas: [Float]
    public let names: [String]?
    /// Pairs of keypoints between which lines are drawn; `nil` if that is not known.
    public let skeleton: [[Int]]?

    /// - Parameter sigmas: by default COCO's of persons for 17 keypoints of 3 numbers, else 1 over their number.
    public init(
        count: Int, dimensions: Int, flip: [Int]? = nil, sigmas: [Float]? = nil, names: [String]? = nil,
        skeleton: [[Int]]? = nil
    ) {
        (self.count, self.dimensions, self.flip, self.names) = (count, dimensions, flip, names)
        self.skeleton = skeleton
        let isPerson = count == Self.personSigmas.count && dimensions == 3
        self.sigmas = sigmas ?? (isPerson ? Self.personSigmas : Array(repeating: 1 / Float(count), count: count))
    }

    /// The joints of persons in COCO (Lin et al., 2014), and how far annotators differ.
    public static let person = KeypointLayout(
        count: 17, dimensions: 3, flip: [0, 2, 1, 4, 3, 6, 5, 8, 7, 10, 9, 12, 11, 14, 13, 16, 15])
    private static let personSigmas: [Float] = [
        0.026, 0.025, 0.025, 0.035, 0.035, 0.079, 0.079, 0.072, 0.072, 0.062, 0.062, 0.107, 0.107, 0.087, 0.087, 0.089,
        0.089,
    ]

    /// Keypoints with names and a visibility, of which those with left and right in them change places in a mirror image.
    ///
    /// - Parameter skeleton: pairs of their numbers.
    package init(names: [String], skeleton: [[Int]]? = nil) {
        func mirrored(_ name: String) -> String {
            for (a, b) in [("left", "right"), ("right", "left")] where name.contains(a) {
                return name.replacing(a, with: b)
            }
            return name
        }
        let flip = names.map { names.firstIndex(of: mirrored($0)) }
        let isSided = names.contains { mirrored($0) != $0 }
        self.init(
            count: names.count, dimensions: 3,
            flip: isSided && !flip.contains(nil) ? flip.compactMap { $0 } : nil, names: names,
            skeleton: skeleton)
    }

    /// The names, or numbers from 1 on where there are none.
    package var shownNames: [String] { names ?? (1...count).map { "keypoint_\($0)" } }

    /// How many numbers an object has.
    package var numberCount: Int { count * dimensions }

    /// Pairs of keypoints between which lines are drawn; of 17, COCO's of persons where nothing else is said.
    package var limbs: [(Int, Int)] {
        if let skeleton { return skeleton.filter(isLimb).map { ($0[0], $0[1]) } }
        guard count == 17 else { return [] }
        return [
            (15, 13), (13, 11), (16, 14), (14, 12), (11, 12), (5, 11), (6, 12), (5, 6), (5, 7), (6, 8), (7, 9), (8, 10),
            (1, 2), (0, 1), (0, 2), (1, 3), (2, 4), (3, 5), (4, 6),
        ]
    }

    /// Whether numbers are a pair of keypoints.
    package func isLimb(_ numbers: [Int]) -> Bool {
        numbers.count == 2 && numbers.allSatisfy { (0..<count).contains($0) }
    }

    /// How much each keypoint counts in YOLO26's likelihood: elbows, knees, wrists and ankles more than others.
    var likelihoodWeights: [Float] {
        guard count == 17 else { return Array(repeating: 1, count: count) }
        return [1, 1, 1, 1, 1, 1, 1, 1.2, 1.2, 1.5, 1.5, 1, 1, 1.2, 1.2, 1.5, 1.5]
    }

    /// The similarity of keypoints to those of an object, over those that are known: from 0, apart, to 1, equal (COCO's
    /// object keypoint similarity).
    ///
    /// - Parameter area: of the object, in square pixels.
    public func similarity(_ found: [Keypoint], to truth: [Keypoint], area: Float) -> Float {
        var (sum, known): (Float, Float) = (0, 0)
        for (index, wanted) in truth.enumerated() where wanted.isKnown {
            let (dx, dy) = (found[index].x - wanted.x, found[index].y - wanted.y)
            let scale = 4 * sigmas[index] * sigmas[index] * (area + 1e-7) * 2
            sum += exp(-(dx * dx + dy * dy) / scale)
            known += 1
        }
        return sum / (known + 1e-7)
    }

    /// The share of a box that a person fills, on average.
    static let filledShare: Float = 0.53
}
