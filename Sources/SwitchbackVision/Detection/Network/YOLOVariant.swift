import Foundation
import Switchback

/// A network of the YOLO family: a generation, a size and a task.
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
    public let task: YOLOTask

    public init(_ generation: Generation, _ size: Size, _ task: YOLOTask = .detect) {
        self.generation = generation
        self.size = size
        self.task = task
    }

    public static let yolo11n = YOLOVariant(.yolo11, .n)
    public static let yolo26n = YOLOVariant(.yolo26, .n)

    /// All of a task.
    public static func all(for task: YOLOTask) -> [YOLOVariant] {
        Generation.allCases.flatMap { generation in Size.allCases.map { YOLOVariant(generation, $0, task) } }
    }

    /// `yolo11n`, `yolo26x-seg`.
    public var description: String { generation.rawValue + size.rawValue + task.suffix }

    /// The variant of a name; of a task alone, where one is given.
    ///
    /// - Throws: `InputError` with the nearest name if there is none.
    public init(named name: String, for task: YOLOTask? = nil) throws {
        let known = (task.map { [$0] } ?? YOLOTask.allCases).flatMap(Self.all)
        let names = known.map(\.description)
        guard let position = names.firstIndex(of: name.lowercased()) else {
            let stem = task.map { name.lowercased() + $0.suffix }.flatMap { names.contains($0) ? $0 : nil }
            let hint = (stem ?? name.lowercased().nearest(in: names)).map { "did you mean \($0)?" }
            let subject = task.map { $0 == .detect ? "model" : "model for \($0)" } ?? "model"
            throw InputError(
                "model \(name)", "there is no such \(subject); there are \(names.joined(separator: ", "))", remedy: hint
            )
        }
        self = known[position]
    }

    /// The variant of a name, or `nil` if the text is the path of weights.
    ///
    /// - Throws: `InputError` with the nearest name if it is neither.
    public init?(unlessPath text: String, for task: YOLOTask) throws {
        if text.contains("/") || text.contains(".") || FileManager.default.fileExists(atPath: text) { return nil }
        try self.init(named: text, for: task)
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
