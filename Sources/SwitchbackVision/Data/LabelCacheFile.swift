import Foundation
import SwitchbackFormats

/// The file of a label cache: a mark, the key, the entries, and a checksum of all of it. Numbers are little-endian.
enum LabelCacheFile {
    /// What a cache is of. Another key's file is none.
    struct Key {
        let data, part: String
        let task: YOLOTask
        let keypoints: KeypointLayout?
        let classCount: Int

        /// What the labels were read for.
        var purpose: String { "\(task)" + (keypoints.map { " \($0.count)x\($0.dimensions)" } ?? "") }

        var fileName: String {
            String(format: "%08x-%08x-", Checksum.crc32(data), Checksum.crc32(part)) + "\(task).labels"
        }
    }

    private static let mark: [UInt8] = Array("switchback labels 2\n".utf8)

    /// The entries by the paths of their images; none if there is no such file, or it is damaged.
    static func read(_ path: String, _ key: Key) -> [String: LabelCache.Entry] {
        guard let data = FileManager.default.contents(atPath: path), data.count > 4 else { return [:] }
        let bytes = [UInt8](data)
        var fields = Fields(bytes: bytes[...])
        let body = bytes.dropLast(4)
        var end = Fields(bytes: bytes.suffix(4))
        guard let sum = end.number(UInt32.self), sum == body.withUnsafeBytes({ Checksum.crc32($0) }),
            fields.take(mark.count).map({ Array($0) }) == mark, fields.text() == key.data, fields.text() == key.part,
            fields.text() == key.purpose, fields.number(Int64.self) == Int64(key.classCount),
            let count = fields.number(Int64.self)
        else { return [:] }
        var entries: [String: LabelCache.Entry] = [:]
        for _ in 0..<max(count, 0) {
            guard let entry = fields.entry(key) else { return [:] }
            entries[entry.example.imagePath] = entry
        }
        return entries
    }

    /// Writes the file; where that cannot be done, there is none.
    static func write(_ entries: [LabelCache.Entry], _ key: Key, to path: String) {
        var bytes = mark
        append(key.data, to: &bytes)
        append(key.part, to: &bytes)
        append(key.purpose, to: &bytes)
        append(Int64(key.classCount), to: &bytes)
        append(Int64(entries.count), to: &bytes)
        for entry in entries { append(entry, to: &bytes) }
        append(bytes.withUnsafeBytes { Checksum.crc32($0) }, to: &bytes)
        try? FileManager.default.createDirectory(atPath: Folder.parent(path), withIntermediateDirectories: true)
        try? AtomicFile.write(to: path) { file in try bytes.withUnsafeBytes { try file.append($0) } }
    }

    private static func append(_ entry: LabelCache.Entry, to bytes: inout [UInt8]) {
        append(entry.example.imagePath, to: &bytes)
        for stamp in [entry.image, entry.labels] {
            append(stamp.size, to: &bytes)
            append(stamp.changed, to: &bytes)
        }
        let example = entry.example
        for number in [example.height, example.width, example.labels.count] { append(Int64(number), to: &bytes) }
        for label in example.labels {
            append(Int64(label.classIndex), to: &bytes)
            let box = label.box
            append(Int64(label.polygon.count), to: &bytes)
            append(Int64(label.keypoints.count), to: &bytes)
            let corners = label.polygon.flatMap { [$0.x, $0.y] }
            let points = label.keypoints.flatMap { [$0.x, $0.y, $0.visibility] }
            for number in [box.x1, box.y1, box.x2, box.y2] + corners + points { append(number.bitPattern, to: &bytes) }
        }
    }

    private static func append(_ number: some FixedWidthInteger, to bytes: inout [UInt8]) {
        withUnsafeBytes(of: number.littleEndian) { bytes += $0 }
    }

    private static func append(_ text: String, to bytes: inout [UInt8]) {
        append(Int64(text.utf8.count), to: &bytes)
        bytes += text.utf8
    }

    /// What is left to read.
    private struct Fields {
        var bytes: ArraySlice<UInt8>

        mutating func take(_ count: Int) -> ArraySlice<UInt8>? {
            guard count >= 0, count <= bytes.count else { return nil }
            defer { bytes = bytes.dropFirst(count) }
            return bytes.prefix(count)
        }

        mutating func number<Number: FixedWidthInteger>(_ type: Number.Type) -> Number? {
            take(MemoryLayout<Number>.size).map { field in
                field.reversed().reduce(Number(0)) { $0 << 8 | Number(truncatingIfNeeded: $1) }
            }
        }

        mutating func text() -> String? {
            guard let count = number(Int64.self), let field = take(Int(count)) else { return nil }
            return String(validating: field, as: UTF8.self)
        }

        mutating func stamp() -> FileStamp? {
            guard let size = number(Int64.self), let changed = number(Int64.self) else { return nil }
            var stamp = FileStamp()
            (stamp.size, stamp.changed) = (size, changed)
            return stamp
        }

        mutating func entry(_ key: Key) -> LabelCache.Entry? {
            guard let path = text(), let image = stamp(), let labels = stamp(), let height = number(Int64.self),
                let width = number(Int64.self), let count = number(Int64.self), count >= 0
            else { return nil }
            var boxes: [LabeledBox] = []
            for _ in 0..<count {
                guard var box = label(), box.classIndex < key.classCount else { return nil }
                box.isOriented = key.task == .obb
                boxes.append(box)
            }
            return LabelCache.Entry(
                image: image, labels: labels,
                example: DetectionExample(
                    imagePath: path, height: Int(height), width: Int(width), labels: boxes, isLabeled: labels.size >= 0)
            )
        }

        private mutating func label() -> LabeledBox? {
            guard let index = number(Int64.self), index >= 0, let corners = number(Int64.self), corners >= 0,
                corners <= bytes.count, let known = number(Int64.self), known >= 0, known <= bytes.count,
                let sides = numbers(4), let points = numbers(2 * Int(corners)), let values = numbers(3 * Int(known))
            else { return nil }
            var label = LabeledBox(
                Box(x1: sides[0], y1: sides[1], x2: sides[2], y2: sides[3]), classIndex: Int(index),
                polygon: stride(from: 0, to: points.count, by: 2).map { PlanePoint(points[$0], points[$0 + 1]) })
            label.keypoints = stride(from: 0, to: values.count, by: 3).map {
                Keypoint(x: values[$0], y: values[$0 + 1], visibility: values[$0 + 2])
            }
            return label
        }

        private mutating func numbers(_ count: Int) -> [Float]? {
            var numbers: [Float] = []
            for _ in 0..<count {
                guard let bits = number(UInt32.self) else { return nil }
                numbers.append(Float(bitPattern: bits))
            }
            return numbers
        }
    }
}
