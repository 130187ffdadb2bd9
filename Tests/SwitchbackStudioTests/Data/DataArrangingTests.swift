import Foundation
import SwitchbackFormats
import SwitchbackStudio
import TestSupport
import Testing

/// Images that are moved to other splits and classes, deleted, and put back.
struct DataArrangingTests {
    private func arrange(_ studio: DataStudio, _ ids: [String], _ wish: String) async throws -> AskedRoutes.Answer {
        let list = ids.map { "\"\($0)\"" }.joined(separator: ", ")
        return try await studio.asked.ask(
            "/api/v1/data/cells/arrangements", "{\"images\": [\(list)], \(wish)}".utf8)
    }

    private func undo(_ studio: DataStudio, _ id: String) async throws -> AskedRoutes.Answer {
        try await studio.asked.ask("/api/v1/data/cells/arrangements/\(id)/undo")
    }

    /// Five images, the first of which has a box.
    private func filled() async throws -> DataStudio {
        let studio = try DataStudio()
        try await studio.make()
        for number in 0..<5 {
            _ = try await studio.upload(Sample.jpeg(UInt8(40 * number)), as: "\(number).jpg", more: "&split=train")
        }
        let change = #"{"object": "o1", "value": {"class": 1, "box": [0.5, 0.5, 0.2, 0.2]}}"#
        #expect(try await studio.stroke(studio.images()[0].id, "e", change).status == 200)
        return studio
    }

    @Test func imagesMoveToAnotherSplitWithTheirLabels() async throws {
        let studio = try await filled()
        let ids = try await studio.images().map(\.id)
        let report = try await arrange(studio, [ids[0], ids[3]], #""split": "val""#).fields
        #expect(try report.integer("count") == 2)
        #expect(try await studio.images("split=val").map(\.name) == ["0.jpg", "3.jpg"])
        let labels = try String(contentsOfFile: studio.folder.path("cells/labels/val/0.txt"), encoding: .utf8)
        #expect(labels == "1 0.500000 0.500000 0.200000 0.200000\n")
        #expect(!FileManager.default.fileExists(atPath: studio.folder.path("cells/labels/train/0.txt")))
        // The way back.
        let back = try await undo(studio, report.string("id")).fields
        #expect(try back.integer("count") == 2)
        #expect(try await studio.images("split=train").map(\.id) == ids)
        #expect(try await undo(studio, report.string("id")).status == 400, "once only")
    }

    @Test func aNameThatIsTakenGetsANumber() async throws {
        let studio = try await filled()
        _ = try await studio.upload(Sample.jpeg(9), as: "0.jpg", more: "&split=val")
        let id = try await studio.images("split=train")[0].id
        #expect(try await arrange(studio, [id], #""split": "val""#).status == 200)
        #expect(try await studio.images("split=val").map(\.name) == ["0-2.jpg", "0.jpg"])
        #expect(FileManager.default.fileExists(atPath: studio.folder.path("cells/labels/val/0-2.txt")))
    }

    @Test func deletedImagesComeBack() async throws {
        let studio = try await filled()
        let ids = try await studio.images().map(\.id)
        let report = try await arrange(studio, [ids[0], ids[1]], #""delete": true"#).fields
        #expect(try await studio.images().map(\.id) == Array(ids[2...]))
        #expect(try await studio.stroke(ids[0], "f", "").status == 404)
        let left = try FileManager.default.contentsOfDirectory(atPath: studio.folder.path("cells/labels/train"))
        #expect(left.isEmpty, "labels go with their image")
        #expect(try await undo(studio, report.string("id")).status == 200)
        #expect(try await studio.images("state=labeled").map(\.id) == [ids[0]])
    }

    @Test func imagesMoveToAnotherClass() async throws {
        let studio = try DataStudio()
        try await studio.make(#"{"name": "cells", "classes": ["good", "bad"], "kind": "classes"}"#)
        _ = try await studio.upload(Sample.jpeg(1), as: "a.jpg", more: "&class=bad&split=train")
        let id = try await studio.images()[0].id
        #expect(try await arrange(studio, [id], #""class": "good""#).status == 200)
        #expect(FileManager.default.fileExists(atPath: studio.folder.path("cells/train/good/a.jpg")))
        let other = try await studio.images()[0].id
        for name in ["no", "..", "", "good/../bad"] {
            #expect(try await arrange(studio, [other], "\"class\": \"\(name)\"").status == 400, "\(name)")
        }
    }

    @Test(arguments: [
        (#""split": "tran""#, 400, "did you mean train"), (#""split": "test""#, 400, "no folder of images for test"),
        (#""class": "red""#, 400, "in the editor"), (#""split": "val", "delete": true"#, 400, "no other"),
        (#""splt": "val""#, 400, "did you mean split"), (#""delete": "yes""#, 400, "field delete"),
    ])
    func oddWishesAreRefused(wish: String, status: Int, problem: String) async throws {
        let studio = try await filled()
        let before = try await studio.images().map(\.id)
        let answer = try await arrange(studio, [before[0]], wish)
        #expect(answer.status == status && answer.problem.contains(problem), "\(answer.problem)")
        #expect(try await arrange(studio, [before[0], "ffff"], #""split": "val""#).status == 404, "all or none")
        #expect(try await studio.images().map(\.id) == before)
    }

    /// The program was killed after it had written what is to be done, and before it was.
    @Test func whatWasBegunIsCompleted() async throws {
        var studio: DataStudio? = try await filled()
        let folder = try #require(studio).folder
        let root = folder.path("cells")
        let moves = """
            {"id": "a", "isDone": false, "moves": [
              {"from": "\(root)/images/train/0.jpg", "to": "\(root)/images/val/0.jpg"},
              {"from": "\(root)/labels/train/0.txt", "to": "\(root)/labels/val/0.txt"}]}
            """
        try FileManager.default.moveItem(atPath: "\(root)/images/train/0.jpg", toPath: "\(root)/images/val/0.jpg")
        try FileManager.default.createDirectory(
            atPath: "\(root)/.switchback/moves", withIntermediateDirectories: true)
        try moves.write(toFile: "\(root)/.switchback/moves/a.json", atomically: true, encoding: .utf8)
        studio = nil
        try await DataStudio.untilFree(folder)
        let routes = DataRoutes(folder: folder.url.path, runs: folder.path("runs"))
        defer { routes.stop() }
        let asked = AskedRoutes { routes.add(to: $0) }
        let list = try await asked.get("/api/v1/data/cells/images?split=val&state=labeled").fields
        #expect(try list.integer("total") == 1)
    }
}
