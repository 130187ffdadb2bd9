import Foundation
import SwitchbackFormats
import SwitchbackStudio
import SwitchbackVision
import TestSupport
import Testing

/// Versions of a data set: kept, compared, trained on, gone back to.
struct DataVersionsTests {
    private func versions(
        _ studio: DataStudio, _ verb: String = "", _ body: String = "{}"
    ) async throws
        -> AskedRoutes.Answer
    {
        try await studio.asked.ask("/api/v1/data/cells/versions\(verb)", body.utf8)
    }

    private func counts(_ studio: DataStudio, _ name: String) async throws -> [String: Int] {
        let answer = try await studio.asked.get("/api/v1/data/cells/versions/\(name)/changes")
        let fields = try #require(try answer.fields.object("counts"))
        return try Dictionary(uniqueKeysWithValues: fields.names.map { ($0, try fields.integer($0, minimum: 0)) })
            .filter { $0.value > 0 }
    }

    private func filled() async throws -> DataStudio {
        let studio = try DataStudio()
        try await studio.make()
        for number in 0..<6 {
            _ = try await studio.upload(Sample.jpeg(UInt8(40 * number)), as: "\(number).jpg")
        }
        for image in try await studio.images() {
            let change = #"{"object": "o1", "value": {"class": 1, "box": [0.5, 0.5, 0.25, 0.25]}}"#
            #expect(try await studio.stroke(image.id, "e", change).status == 200)
        }
        return studio
    }

    @Test func aVersionIsADataSetOfItsOwn() async throws {
        let studio = try await filled()
        let answer = try await versions(studio, "", #"{"name": "first try"}"#).fields
        let version = try ConfigurationFields(try #require(try answer.array("versions")?.first), path: "answer")
        #expect(try version.integer("images") == 6 && version.integer("objects") == 6)
        let data = try DetectionData.load(version.string("data"))
        #expect(data.classNames == ["red", "white"] && data.problems.isEmpty)
        #expect(data[.train].count == 5 && data[.val].count == 1)
        #expect(data[.train].allSatisfy { $0.labels.count == 1 })
        // Images take no space of their own.
        let original = try FileManager.default.attributesOfItem(atPath: studio.folder.path("cells/images/train/0.jpg"))
        #expect(original[.referenceCount] as? Int == 2)
        #expect(try await versions(studio, "", #"{"name": "first try"}"#).problem.contains("already"))
        for name in ["../x", "", ".", "a/b"] {
            #expect(try await versions(studio, "", "{\"name\": \"\(name)\"}").status == 400, "\(name)")
        }
        #expect(try await versions(studio, "/frst%20try/restore").problem.contains("did you mean first try"))
    }

    @Test func whatChangedIsToldAndTakenBack() async throws {
        let studio = try await filled()
        #expect(try await versions(studio, "", #"{"name": "v1"}"#).status == 200)
        #expect(try await counts(studio, "v1").isEmpty)
        let images = try await studio.images()
        let before = try contents(studio)
        // One image added, one deleted, one moved, one with another box, and a class.
        _ = try await studio.upload(Sample.jpeg(77), as: "new.jpg", more: "&split=train")
        func arrange(_ id: String, _ wish: String) async throws {
            let body = "{\"images\": [\"\(id)\"], \(wish)}"
            #expect(try await studio.asked.ask("/api/v1/data/cells/arrangements", body.utf8).status == 200)
        }
        try await arrange(images[0].id, #""delete": true"#)
        try await arrange(images[1].id, #""split": "val""#)
        let change = #"{"object": "o2", "value": {"class": 0, "box": [0.3, 0.3, 0.2, 0.2]}}"#
        #expect(try await studio.stroke(images[2].id, "f", change, base: 9).status == 200)
        #expect(try await studio.asked.ask("/api/v1/data/cells/classes", #"{"name": "blue"}"#.utf8).status == 200)
        #expect(try await counts(studio, "v1") == ["added": 1, "removed": 1, "moved": 1, "relabeled": 1])
        // Going back makes it what it was, byte for byte, and keeps what was there.
        let answer = try await versions(studio, "/v1/restore").fields
        #expect(try answer.string("kept") == "before v1")
        #expect(try await counts(studio, "v1").isEmpty)
        #expect(try contents(studio) == before)
        #expect(try await counts(studio, "before%20v1").values.reduce(0, +) == 4)
        #expect(try await versions(studio, "/before%20v1/restore").status == 200)
        #expect(try await studio.images("q=new").count == 1)
        #expect(try await versions(studio, "/v1/remove").status == 200)
        #expect(try await studio.asked.get("/api/v1/data/cells/versions/v1/changes").status == 404)
    }

    @Test func foldersOfClassesHaveVersionsToo() async throws {
        let studio = try DataStudio()
        try await studio.make(#"{"name": "cells", "classes": ["good", "bad"], "kind": "classes"}"#)
        for (number, name) in ["good", "bad", "good"].enumerated() {
            _ = try await studio.upload(
                Sample.jpeg(UInt8(number)), as: "\(number).jpg", more: "&class=\(name)&split=train")
        }
        #expect(try await versions(studio, "", #"{"name": "v1"}"#).status == 200)
        let id = try await studio.images()[0].id
        let body = "{\"images\": [\"\(id)\"], \"delete\": true}"
        #expect(try await studio.asked.ask("/api/v1/data/cells/arrangements", body.utf8).status == 200)
        #expect(try await counts(studio, "v1") == ["removed": 1])
        #expect(try await versions(studio, "/v1/restore").status == 200)
        #expect(try await studio.images().count == 3)
    }

    /// All files that belong to the data set, with what is in them.
    private func contents(_ studio: DataStudio) throws -> [String: Data] {
        let root = studio.folder.path("cells")
        let names = try FileManager.default.subpathsOfDirectory(atPath: root).filter { !$0.hasPrefix(".") }
        return Dictionary(
            uniqueKeysWithValues: names.compactMap { name in
                FileManager.default.contents(atPath: "\(root)/\(name)").map { (name, $0) }
            })
    }
}
