import Foundation
import Switchback
import SwitchbackVision
import TestSupport
import Testing

/// Labels that are kept between runs: the same as read anew, whatever happens to the files or to the cache.
@Suite struct LabelCacheTests {
    private let folder: TemporaryFolder
    private let images: [String]

    init() throws {
        folder = try TemporaryFolder()
        for name in ["images", "labels"] {
            try FileManager.default.createDirectory(atPath: folder.path(name), withIntermediateDirectories: true)
        }
        var paths: [String] = []
        for number in 0..<6 {
            paths.append(try folder.write("image \(number)", to: "images/\(number).jpg"))
            if number > 0 { _ = try folder.write("\(number % 2) 0.5 0.5 0.25 0.5\n", to: "labels/\(number).txt") }
        }
        images = paths
        for path in paths { age(path) }
        for number in 1..<6 { age(folder.path("labels/\(number).txt")) }
    }

    /// Makes a file look as if it had been there for long: what was just changed is not kept.
    private func age(_ path: String, by seconds: Double = 1000) {
        try? FileManager.default.setAttributes(
            [.modificationDate: Date(timeIntervalSinceNow: -seconds)], ofItemAtPath: path)
    }

    private final class Count: @unchecked Sendable {
        private let lock = NSLock()
        private var count = 0
        func add() { lock.withLock { count += 1 } }
        var value: Int { lock.withLock { count } }
    }

    /// The examples, and how many of them were read from their files.
    private func load(classCount: Int = 2) -> (examples: [DetectionExample?], read: Int) {
        let count = Count()
        let results = LabelCache.examples(
            images, of: folder.path("data.yaml"), classCount: classCount, in: folder.path("cache"), least: 1
        ) { path in
            count.add()
            do {
                let file = YOLOData.labelPath(ofImage: path)
                let labels = try YOLOLabels(file, classCount: classCount, height: 4, width: 6).labels
                return .success(
                    DetectionExample(
                        imagePath: path, height: 4, width: 6, labels: labels,
                        isLabeled: FileManager.default.fileExists(atPath: file)))
            } catch {
                return .failure(error as? YOLOData.Failure ?? YOLOData.Failure(problems: []))
            }
        }
        return (results.map { try? $0.get() }, count.value)
    }

    @Test func whatHasNotChangedIsNotReadAgain() throws {
        let first = load()
        #expect(first.read == 6 && first.examples.compactMap { $0 }.count == 6)
        #expect(first.examples[0]?.labels.isEmpty == true && first.examples[3]?.labels.first?.classIndex == 1)
        let second = load()
        #expect(second.read == 0 && second.examples == first.examples)
        // A label of another size, one of another time, one that is new, and an image of another time.
        _ = try folder.write("0 0.5 0.5 0.5 0.5\n1 0.5 0.5 0.25 0.5\n", to: "labels/1.txt")
        age(folder.path("labels/1.txt"))
        _ = try folder.write("1 0.5 0.5 0.75 0.5\n", to: "labels/2.txt")
        age(folder.path("labels/2.txt"), by: 900)
        _ = try folder.write("1 0.5 0.5 0.75 0.5\n", to: "labels/0.txt")
        age(folder.path("labels/0.txt"))
        age(images[5], by: 800)
        let third = load()
        #expect(third.read == 4 && third.examples[1]?.labels.count == 2 && third.examples[0]?.labels.count == 1)
        #expect(third.examples[2]?.labels.first?.box.width == 0.75)
        #expect(load().read == 0)
    }

    /// A change in the moment of reading could not be told by its time.
    @Test func whatWasJustChangedIsNotKept() throws {
        _ = load()
        _ = try folder.write("0 0.5 0.5 0.5 0.25\n", to: "labels/4.txt")
        #expect(load().read == 1 && load().read == 1)
    }

    @Test func whatCannotBeUsedIsReadEachTime() throws {
        _ = try folder.write("7 0.5 0.5 0.5 0.25\n", to: "labels/4.txt")
        age(folder.path("labels/4.txt"))
        #expect(load().examples[4] == nil && load().read == 1)
        // Other names of classes make other problems.
        #expect(load(classCount: 9).read == 6 && load(classCount: 9).examples[4] != nil)
    }

    @Test func damageIsNoticed() throws {
        let expected = load().examples
        let path = folder.path(
            "cache/" + (try #require(FileManager.default.contentsOfDirectory(atPath: folder.path("cache")).first)))
        let bytes = try [UInt8](Data(contentsOf: URL(fileURLWithPath: path)))
        for position in stride(from: 0, to: bytes.count, by: 3) {
            var changed = bytes
            changed[position] ^= 1 << (position % 8)
            try Data(changed).write(to: URL(fileURLWithPath: path))
            let found = load()
            #expect(found.examples == expected && found.read == 6, "byte \(position)")
        }
        for length in stride(from: 0, to: bytes.count, by: 40) {
            try Data(bytes.prefix(length)).write(to: URL(fileURLWithPath: path))
            #expect(load().examples == expected, "length \(length)")
        }
        // One that cannot be written is done without.
        try FileManager.default.removeItem(atPath: folder.path("cache"))
        _ = try folder.write("a file", to: "cache")
        #expect(load().examples == expected && load().read == 6)
    }
}
