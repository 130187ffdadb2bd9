import Foundation
import Switchback

/// The events in a TensorBoard event file.
///
/// ```swift
/// for event in try EventFile.read("runs/classify/train/events.out.tfevents.1700000000.host.1") {
///     if case .scalar(let tag, let value) = event.content { print(event.step, tag, value) }
/// }
/// ```
public enum EventFile {
    /// One thing that was logged.
    public struct Event: Sendable {
        public let time: Date
        public let step: Int
        public let content: Content
    }

    public enum Content: Sendable {
        /// The first event of each file.
        case version(String)
        case scalar(tag: String, value: Float)
        case histogram(tag: String, Histogram)
        /// An encoded image, mostly PNG.
        case image(tag: String, bytes: [UInt8])
        case graph([GraphNode])
        /// Something that other programs write, and that is not read here.
        case other
    }

    /// The events in their order.
    ///
    /// - Parameter ignoringCutEnd: whether a damaged record ends the file instead of being an error: for files that are
    ///   being written, or were when the power failed.
    /// - Throws: `InputError` with the record's number where the file cannot be read or a record is damaged.
    public static func read(_ path: String, ignoringCutEnd: Bool = false) throws -> [Event] {
        try messages(path, ignoringCutEnd: ignoringCutEnd).flatMap(events)
    }

    /// The event files of a folder, oldest first.
    public static func paths(in folder: String) throws -> [String] {
        guard FileKind(folder) == .folder else { throw InputError(folder, "there is no such folder") }
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        return names.filter { $0.contains("tfevents") && !$0.hasPrefix(".") }.sorted().map { "\(folder)/\($0)" }
    }

    static func messages(_ path: String, ignoringCutEnd: Bool) throws -> [TensorBoardEvent] {
        var records = try EventRecords(path)
        var messages: [TensorBoardEvent] = []
        do {
            while let message = try records.next() { messages.append(message) }
        } catch {
            if !ignoringCutEnd { throw error }
        }
        return messages
    }

    private static func events(_ message: TensorBoardEvent) -> [Event] {
        contents(message).map {
            Event(time: Date(timeIntervalSince1970: message.wallTime), step: Int(message.step), content: $0)
        }
    }

    private static func contents(_ message: TensorBoardEvent) -> [Content] {
        switch message.what {
        case .fileVersion(let version)?: [.version(version)]
        case .graphDef(let bytes)?: [(try? GraphNode.list(serialized: bytes)).map(Content.graph) ?? .other]
        case .summary(let summary)?: summary.value.map(content)
        case nil: [.other]
        }
    }

    private static func content(_ value: TensorBoardSummary.Value) -> Content {
        switch value.value {
        case .simpleValue(let number)?: .scalar(tag: value.tag, value: number)
        case .histo(let histogram)?: .histogram(tag: value.tag, Histogram(histogram))
        case .image(let image)?: .image(tag: value.tag, bytes: [UInt8](image.encodedImageString))
        case nil: .other
        }
    }
}
