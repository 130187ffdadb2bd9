import Foundation
import Switchback

/// Logs scalars, histograms, images and the graph of a run to a file that TensorBoard reads.
///
/// ```swift
/// let writer = try TensorBoardWriter(folder: "runs/classify/train")
/// try writer.scalar("loss/train", 0.7, step: 1)
/// try writer.flush()
/// ```
///
/// What is logged is gathered in memory: `flush()` makes it visible, at the latest every 256 KB it happens by itself.
/// Every method throws `InputError` where the file cannot be written.
public final class TensorBoardWriter {
    /// The file that is written to.
    public let path: String
    private let descriptor: Int32
    private var pending: [UInt8] = []

    private static let pendingLimit = 1 << 18

    /// Begins a new event file in a folder, which must exist.
    public convenience init(folder: String) throws {
        let now = Date()
        let file = try Self.newFile(in: folder, now)
        self.init(file.path, file.descriptor)
        try log(now) { $0.fileVersion = "brain.Event:2" }
        try flush()
    }

    /// Continues the event files of a folder after step `lastStep`: what they hold of later steps, which a resumed run
    /// will log again, is taken out, and so is a record that was cut short. Without event files it begins one.
    public convenience init(folder: String, continuingAfter lastStep: Int) throws {
        let paths = try EventFile.paths(in: folder)
        guard let last = paths.last else {
            try self.init(folder: folder)
            return
        }
        for path in paths { try Self.trim(path, after: lastStep) }
        let descriptor = open(last, O_WRONLY | O_APPEND)
        guard descriptor >= 0 else { throw InputError(last, cannot: "written", errno) }
        self.init(last, descriptor)
    }

    private init(_ path: String, _ descriptor: Int32) {
        (self.path, self.descriptor) = (path, descriptor)
    }

    deinit {
        try? flush()
        close(descriptor)
    }

    // MARK: Logging

    /// A point of the curve `tag`.
    public func scalar(_ tag: String, _ value: Double, step: Int, time: Date = .now) throws {
        try summary(tag, step, time) { $0.simpleValue = Float(value) }
    }

    /// The distribution of a tensor's finite numbers at a step; nothing where it has none.
    public func histogram(_ tag: String, _ tensor: Tensor, step: Int, time: Date = .now) throws {
        guard let histogram = Histogram(of: tensor) else { return }
        try summary(tag, step, time) { $0.histo = histogram.message }
    }

    /// An image at a step, as the bytes of a PNG file.
    public func image(_ tag: String, png: [UInt8], step: Int, time: Date = .now) throws {
        guard png.starts(with: [0x89] + "PNG\r\n".utf8), png.count >= 24 else {
            throw InputError("image \(tag)", "its bytes are not those of a PNG file")
        }
        func size(at position: Int) -> Int32 {
            Int32(truncatingIfNeeded: png[position..<position + 4].reduce(0) { $0 << 8 | Int($1) })
        }
        try summary(tag, step, time) {
            ($0.image.width, $0.image.height) = (size(at: 16), size(at: 20))
            $0.image.encodedImageString = Data(png)
        }
    }

    /// The graph of the model, once a run.
    public func graph(_ nodes: [GraphNode], time: Date = .now) throws {
        let bytes = try GraphNode.serialized(nodes)
        try log(time) { $0.graphDef = bytes }
    }

    /// Hands everything that was logged to the system, so that TensorBoard sees it.
    public func flush() throws {
        try pending.withUnsafeBytes { try FileWriting.write($0, to: descriptor, named: path) }
        pending.removeAll(keepingCapacity: true)
    }

    // MARK: Records

    private func summary(
        _ tag: String, _ step: Int, _ time: Date, _ fill: (inout TensorBoardSummary.Value) -> Void
    ) throws {
        try log(time, step: step) {
            $0.summary.value = [
                .with {
                    $0.tag = tag
                    fill(&$0)
                }
            ]
        }
    }

    private func log(_ time: Date, step: Int = 0, _ fill: (inout TensorBoardEvent) -> Void) throws {
        var event = TensorBoardEvent()
        event.wallTime = time.timeIntervalSince1970
        event.step = Int64(step)
        fill(&event)
        pending += try EventRecords.record(event)
        if pending.count > Self.pendingLimit { try flush() }
    }

    // MARK: Files

    private static func newFile(in folder: String, _ time: Date) throws -> (path: String, descriptor: Int32) {
        guard FileKind(folder) == .folder else { throw InputError(folder, "there is no such folder") }
        let host = ProcessInfo.processInfo.hostName
        let stem = "\(folder)/events.out.tfevents.\(Int(time.timeIntervalSince1970)).\(host).\(getpid())"
        var number = 0
        while true {
            let path = "\(stem).\(number)"
            let descriptor = open(path, O_WRONLY | O_APPEND | O_CREAT | O_EXCL, 0o666)
            if descriptor >= 0 { return (path, descriptor) }
            guard errno == EEXIST else { throw InputError(path, cannot: "written", errno) }
            number += 1
        }
    }

    private static func trim(_ path: String, after lastStep: Int) throws {
        let kept = try EventFile.messages(path, ignoringCutEnd: true).filter { $0.step <= lastStep }
        try AtomicFile.write(to: path) { file in
            for event in kept { try file.append(EventRecords.record(event)) }
        }
    }
}
