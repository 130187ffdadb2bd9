import Foundation
import SwitchbackFormats
import SwitchbackStudio
import SwitchbackVision
import TestSupport
import Testing

/// The index of a large data set, which is kept between starts.
struct DataIndexTests {
    private func facts(_ folder: TemporaryFolder) async throws -> String {
        let routes = DataRoutes(folder: folder.url.path, runs: folder.path("runs"))
        defer { routes.stop() }
        let asked = AskedRoutes { routes.add(to: $0) }
        return String(decoding: try await asked.get("/api/v1/data/cells").bytes, as: UTF8.self)
    }

    /// What is read from the kept index is what is read from the files; and what was changed since is noticed.
    @Test func aKeptIndexSaysWhatTheFilesSay() async throws {
        let studio = try DataStudio()
        try await studio.make()
        let root = studio.folder.path("cells")
        let image = try Sample.jpeg(90)
        let long = Date(timeIntervalSinceNow: -60)
        func write(_ bytes: [UInt8], _ name: String, at time: Date) throws {
            try Data(bytes).write(to: URL(fileURLWithPath: "\(root)/\(name)"))
            try FileManager.default.setAttributes([.modificationDate: time], ofItemAtPath: "\(root)/\(name)")
        }
        for number in 0..<1200 {
            let split = number % 6 == 0 ? "val" : "train"
            try write(image, "images/\(split)/\(number).jpg", at: long)
            if number % 3 == 0 {
                try write(
                    Array("\(number % 2) 0.5 0.5 0.\(1 + number % 9) 0.25\n".utf8), "labels/\(split)/\(number).txt",
                    at: long)
            }
        }
        let first = try await facts(studio.folder)
        let index = "\(root)/.switchback/index"
        #expect(FileManager.default.fileExists(atPath: index))
        #expect(try await facts(studio.folder) == first)
        // Other files than before, and a file that is gone.
        try write(Array("1 0.5 0.5 0.9 0.9\n1 0.2 0.2 0.1 0.1\n".utf8), "labels/val/0.txt", at: Date())
        try write(Array("no image".utf8), "images/train/1.jpg", at: Date())
        try FileManager.default.removeItem(atPath: "\(root)/labels/train/3.txt")
        let second = try await facts(studio.folder)
        #expect(second != first)
        try FileManager.default.removeItem(atPath: index)
        #expect(try await facts(studio.folder) == second, "as without an index")
        // A damaged one is none.
        var bytes = try #require(FileManager.default.contents(atPath: index))
        bytes[bytes.count / 2] ^= 1
        try bytes.write(to: URL(fileURLWithPath: index))
        #expect(try await facts(studio.folder) == second)
    }

    /// Uploads find their place in the list, and the share for validation is kept, without a look at all files.
    @Test func uploadsAreCountedAtOnce() async throws {
        let studio = try DataStudio()
        try await studio.make()
        for number in 0..<30 { _ = try await studio.upload(Sample.jpeg(UInt8(number)), as: "\(29 - number).jpg") }
        let images = try await studio.images()
        #expect(images.count { $0.split == "val" } == 6)
        for split in ["train", "val"] {
            let names = images.filter { $0.split == split }.map(\.name)
            #expect(names == names.sorted(), "\(split)")
        }
    }

    /// Images that were added are found by their numbers, also between looks at all of them, and in their places after.
    @Test func uploadsAreFoundBeforeAndAfterALookAtAll() async throws {
        let studio = try DataStudio()
        try await studio.make()
        _ = try await studio.upload(Sample.jpeg(1), as: "m.jpg", more: "&split=train")
        let middle = try await studio.images()[0].id
        for name in ["z", "a", "n"] {
            _ = try await studio.upload(Sample.jpeg(name.utf8.first!), as: "\(name).jpg", more: "&split=train")
        }
        _ = try await studio.upload(Sample.jpeg(2), as: "b.jpg", more: "&split=val")
        let change = #"{"object": "o", "value": {"class": 1, "box": [0.5, 0.5, 0.2, 0.2]}}"#
        #expect(try await studio.stroke(middle, "e", change).status == 200)
        let images = try await studio.images()
        #expect(images.map(\.name) == ["a.jpg", "m.jpg", "n.jpg", "z.jpg", "b.jpg"])
        #expect(try await studio.images("around=\(middle)&count=2&before=1").map(\.name) == ["a.jpg", "m.jpg"])
        #expect(try await studio.images("state=labeled").map(\.id) == [middle])
    }

    /// Putting many among many takes one pass over both: 100,000 uploads would take hours otherwise.
    @Test func puttingImagesInTheirPlacesTakesOnePass() {
        let (known, new) = (Array(stride(from: 0, to: 20_000, by: 2)), Array(stride(from: 1, to: 20_003, by: 4)))
        var comparisons = 0
        let all = known.merged(with: new) {
            comparisons += 1
            return $0 < $1
        }
        #expect(all == (known + new).sorted())
        #expect(comparisons <= known.count + new.count)
        #expect([Int]().merged(with: new, isBefore: <) == new && known.merged(with: [], isBefore: <) == known)
    }
}
