import Foundation
import Switchback
import SwitchbackFormats
import SwitchbackVision

/// An object as a line of a YOLO label file has it, in fractions of the image's sides.
package enum LabelValue: Equatable, Sendable {
    /// Center x and y, width and height.
    case box(class: Int, [Double])
    /// The corners: x and y in turn.
    case outline(class: Int, [Double])
    /// A box as above, and the numbers of its keypoints, as lines of the data set have them.
    case pose(class: Int, box: [Double], keypoints: [Double])
    /// A line that the editor cannot read, and keeps as it is.
    case unread(String)

    package var classIndex: Int? {
        switch self {
        case .box(let index, _), .outline(let index, _), .pose(let index, _, _): index
        case .unread: nil
        }
    }

    /// The upright box around it, as [x1, y1, x2, y2].
    package var bounds: [Double]? {
        switch self {
        case .box(_, let numbers), .pose(_, let numbers, _): return Self.corners(ofBox: numbers)
        case .outline(_, let numbers):
            var bounds = [numbers[0], numbers[1], numbers[0], numbers[1]]
            for (position, number) in numbers.enumerated() {
                bounds[position % 2] = min(bounds[position % 2], number)
                bounds[2 + position % 2] = max(bounds[2 + position % 2], number)
            }
            return bounds
        case .unread: return nil
        }
    }

    private static func corners(ofBox n: [Double]) -> [Double] {
        let (halfWidth, halfHeight) = (n[2] / 2, n[3] / 2)
        return [n[0] - halfWidth, n[1] - halfHeight, n[0] + halfWidth, n[1] + halfHeight]
    }

    /// The numbers of the upright box with two corners.
    static func boxNumbers(corners c: [Double]) -> [Double] {
        let numbers: [Double] = [(c[0] + c[2]) / 2, (c[1] + c[3]) / 2, c[2] - c[0], c[3] - c[1]]
        return numbers.map(rounded)
    }
}

// MARK: - Lines

extension LabelValue {
    /// - Parameter keypoints: those that follow the box in lines of the data set; a line of more or fewer is none.
    init(line: some StringProtocol, _ keypoints: KeypointLayout?) {
        let fields = line.split(whereSeparator: \.isWhitespace)
        let numbers = fields.dropFirst().compactMap { Double($0) }.filter(\.isFinite)
        guard let first = fields.first, let number = Double(first), let index = Int(exactly: number),
            index >= 0, numbers.count == fields.count - 1
        else {
            self = .unread(String(line))
            return
        }
        if let keypoints {
            self =
                numbers.count == 4 + keypoints.numberCount
                ? .pose(class: index, box: Array(numbers.prefix(4)), keypoints: Array(numbers.dropFirst(4)))
                : .unread(String(line))
            return
        }
        switch numbers.count {
        case 4: self = .box(class: index, numbers)
        case 6... where numbers.count % 2 == 0: self = .outline(class: index, numbers)
        default: self = .unread(String(line))
        }
    }

    package var line: String {
        switch self {
        case .box(let index, let numbers), .outline(let index, let numbers):
            Self.line(index, numbers)
        case .pose(let index, let box, let keypoints): Self.line(index, box + keypoints)
        case .unread(let line): line
        }
    }

    private static func line(_ index: Int, _ numbers: [Double]) -> String {
        ([String(index)] + numbers.map(text)).joined(separator: " ")
    }

    /// With six decimals, as label files have them, where that loses nothing: what nobody touched stays as exact as it
    /// was.
    private static func text(_ number: Double) -> String {
        rounded(number) == number ? String(format: "%.6f", number) : "\(number)"
    }

    static func rounded(_ number: Double) -> Double { (number * 1e6).rounded() / 1e6 }
}

extension KeypointLayout {
    /// What stands in a line for a keypoint whose place nobody knows: of three numbers all are 0, of two both negative.
    var unknownNumbers: [Double] { dimensions == 3 ? [0, 0, 0] : [-1, -1] }

    /// What stands in a line for a keypoint.
    ///
    /// - Parameter place: x and y.
    func numbers(_ place: [Double], visibility: Double) -> [Double] {
        dimensions == 3 ? place + [visibility] : place
    }
}

/// The lines of label files.
enum LabelLines {
    /// Larger files are no labels of one image.
    private static let mostBytes = 16 << 20

    /// The objects of a file; `nil` if there is none.
    ///
    /// - Parameter keypoints: those that objects of the data set have.
    /// - Throws: `InputError` where it cannot be read, or is too large.
    static func read(_ path: String, _ keypoints: KeypointLayout?) throws -> [LabelValue]? {
        let stamp = FileStamp(path)
        guard stamp.size >= 0 else { return nil }
        guard stamp.size <= mostBytes else {
            throw InputError(path, "has \(stamp.size) bytes, and labels of one image have at most \(mostBytes)")
        }
        return try TextFile.lines(path).filter { !$0.allSatisfy(\.isWhitespace) }.map {
            LabelValue(line: $0, keypoints)
        }
    }

    static func text(_ values: [LabelValue]) -> String { values.map { $0.line + "\n" }.joined() }
}

// MARK: - JSON

extension LabelValue: Codable {
    private enum Key: String, CodingKey { case `class`, box, outline, keypoints, unread }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Key.self)
        try container.encodeIfPresent(classIndex, forKey: .class)
        switch self {
        case .box(_, let numbers): try container.encode(numbers, forKey: .box)
        case .outline(_, let numbers): try container.encode(numbers, forKey: .outline)
        case .pose(_, let box, let keypoints):
            try container.encode(box, forKey: .box)
            try container.encode(keypoints, forKey: .keypoints)
        case .unread(let line): try container.encode(line, forKey: .unread)
        }
    }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: Key.self)
        if let line = try container.decodeIfPresent(String.self, forKey: .unread) {
            self = .unread(line)
            return
        }
        let index = try container.decode(Int.self, forKey: .class)
        if let box = try container.decodeIfPresent([Double].self, forKey: .box) {
            let keypoints = try container.decodeIfPresent([Double].self, forKey: .keypoints)
            self = keypoints.map { .pose(class: index, box: box, keypoints: $0) } ?? .box(class: index, box)
        } else {
            self = .outline(class: index, try container.decode([Double].self, forKey: .outline))
        }
    }
}

extension LabelValue {
    /// How far a shape may reach over the image's edge: rounding in the browser does that.
    private static let tolerance = 0.01
    private static let mostCorners = 10_000

    /// What a request asks an object to become, cut to the image and rounded to a label file's six decimals.
    ///
    /// - Parameter keypoints: those that objects of the data set have.
    /// - Throws: `InputError` with the field that makes no sense.
    init(_ fields: ConfigurationFields, classCount: Int, keypoints: KeypointLayout? = nil) throws {
        let index = try fields.integer("class", minimum: 0)
        guard index < classCount else {
            throw fields.problem("class", "there is no class \(index), only \(classCount)")
        }
        if let keypoints {
            let box = Self.boxNumbers(corners: try Self.boxCorners(fields))
            self = .pose(class: index, box: box, keypoints: try Self.keypointNumbers(fields, keypoints))
            return
        }
        if fields["keypoints"] != nil { throw fields.problem("keypoints", "objects of this data set have none") }
        if fields["box"] != nil {
            self = .box(class: index, Self.boxNumbers(corners: try Self.boxCorners(fields)))
        } else {
            self = .outline(class: index, try Self.outlineNumbers(fields))
        }
    }

    private static func numbers(_ fields: ConfigurationFields, _ name: String) throws -> [Double] {
        guard let values = try fields.array(name) else { throw fields.problem(name, "it is missing") }
        return try values.map { value in
            guard let number = value.finiteNumber else { throw fields.problem(name, "a list of numbers is needed") }
            return number
        }
    }

    private static func boxCorners(_ fields: ConfigurationFields) throws -> [Double] {
        let n = try numbers(fields, "box")
        guard n.count == 4 else { throw fields.problem("box", "4 numbers are needed: x, y, width and height") }
        let c = try corners(ofBox: n).map { try inside($0, fields, "box") }
        guard c[2] > c[0], c[3] > c[1] else { throw fields.problem("box", "it has no area") }
        return c
    }

    private static func outlineNumbers(_ fields: ConfigurationFields) throws -> [Double] {
        let n = try numbers(fields, "outline")
        guard n.count >= 6, n.count % 2 == 0, n.count <= 2 * mostCorners else {
            throw fields.problem("outline", "x and y of 3 to \(mostCorners) corners are needed")
        }
        return try n.map { rounded(try inside($0, fields, "outline")) }
    }

    /// The numbers of keypoints: of three each, the last is 0, 1 or 2 (see `Keypoint`).
    private static func keypointNumbers(_ fields: ConfigurationFields, _ layout: KeypointLayout) throws -> [Double] {
        let n = try numbers(fields, "keypoints")
        guard n.count == layout.numberCount else {
            throw fields.problem(
                "keypoints",
                "\(layout.numberCount) numbers are needed: \(layout.dimensions) for each of \(layout.count)")
        }
        return try stride(from: 0, to: n.count, by: layout.dimensions).flatMap { start -> [Double] in
            let place = Array(n[start..<start + 2])
            let visibility = layout.dimensions == 3 ? n[start + 2] : place.min() ?? 0 < 0 ? 0 : 2
            guard [0, 1, 2].contains(visibility) else {
                throw fields.problem("keypoints", "the visibility \(visibility) is none of 0, 1 and 2")
            }
            if visibility == 0 { return layout.unknownNumbers }
            let inner = try place.map { rounded(try inside($0, fields, "keypoints")) }
            return layout.numbers(inner, visibility: visibility)
        }
    }

    private static func inside(_ number: Double, _ fields: ConfigurationFields, _ name: String) throws -> Double {
        guard (-tolerance...1 + tolerance).contains(number) else {
            throw fields.problem(name, "\(number) is outside the image, whose sides go from 0 to 1")
        }
        return min(max(number, 0), 1)
    }
}
