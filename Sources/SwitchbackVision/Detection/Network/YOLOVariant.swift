import Foundation
import Switchback

/// A detector of the YOLO family: a generation and a size.
public struct YOLOVariant: Hashable, Sendable, CustomStringConvertible {
    /// YOLO11 gives distances as distributions, and boxes that overlap are thinned out afterwards. YOLO26 gives them as
    /// numbers, and has a second head that needs no thinning out.
    public enum Generation: String, CaseIterable, Codable, Sendable {
        case yolo11, yolo26
    }

    public enum Size: String, CaseIterable, Codable, Sendable {
        case n, s, m, l, x
    }

    public let generation: Generation
    public let size: Size

    public init(_ generation: Generation, _ size: Size) {
        self.generation = generation
        self.size = size
    }

    public static let yolo11n = YOLOVariant(.yolo11, .n)
    public static let yolo26n = YOLOVariant(.yolo26, .n)

    /// All of them.
    public static let all = Generation.allCases.flatMap { generation in
        Size.allCases.map { YOLOVariant(generation, $0) }
    }

    /// `yolo11n`, `yolo26x`.
    public var description: String { generation.rawValue + size.rawValue }

    /// The variant of a name.
    ///
    /// - Throws: `InputError` with the nearest name if there is none.
    public init(named name: String) throws {
        let names = Self.all.map(\.description)
        guard let position = names.firstIndex(of: name.lowercased()) else {
            let hint = name.lowercased().nearest(in: names).map { "did you mean \($0)?" }
            throw InputError(
                "model \(name)", "there is no such model; there are \(names.joined(separator: ", "))", remedy: hint)
        }
        self = Self.all[position]
    }

    /// The variant of a name, or `nil` if the text is the path of weights.
    ///
    /// - Throws: `InputError` with the nearest name if it is neither.
    public init?(unlessPath text: String) throws {
        if text.contains("/") || text.contains(".") || FileManager.default.fileExists(atPath: text) { return nil }
        try self.init(named: text)
    }

    /// How much deeper, wider and at most how wide than the description the network is.
    var scale: (depth: Double, width: Double, maximumChannels: Int) {
        switch size {
        case .n: (0.5, 0.25, 1024)
        case .s: (0.5, 0.5, 1024)
        case .m: (0.5, 1, 512)
        case .l: (1, 1, 512)
        case .x: (1, 1.5, 512)
        }
    }

    /// In how many steps distances are given.
    var regMax: Int { generation == .yolo11 ? 16 : 1 }
    /// Whether there is a second head, whose boxes need no suppression.
    public var isEndToEnd: Bool { generation == .yolo26 }
}
