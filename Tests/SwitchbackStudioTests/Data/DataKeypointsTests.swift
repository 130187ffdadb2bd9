import Foundation
import SwitchbackFormats
import SwitchbackVision
import TestSupport
import Testing

/// Data sets whose objects have keypoints: made, labelled, listed and exported.
struct DataKeypointsTests {
    private static let made =
        #"{"name": "cells", "classes": ["red", "white"], "keypoints": ["tip", "left end", "right end"]}"#

    private func studio(_ json: String = made) async throws -> (studio: DataStudio, image: String) {
        let studio = try DataStudio()
        try await studio.make(json)
        for name in ["a", "b"] { _ = try await studio.upload(Sample.jpeg(1), as: "\(name).jpg") }
        return (studio, try await studio.images("split=train")[0].id)
    }

    private func lines(_ studio: DataStudio) throws -> [String] {
        let path = studio.folder.path("cells/labels/train/a.txt")
        return try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n").map(String.init)
    }

    private let box = #""class": 1, "box": [0.5, 0.5, 0.4, 0.4]"#

    @Test func theDescriptionNamesTheKeypoints() async throws {
        let (studio, _) = try await studio()
        let layout = try DataDescription.load(studio.folder.path("cells/data.yaml")).keypoints
        #expect(layout?.names == ["tip", "left end", "right end"] && layout?.flip == [0, 2, 1])
        #expect(layout?.dimensions == 3)
        let answer = try await studio.asked.get("/api/v1/data/cells")
        #expect(try answer.fields.shown("keypoints").contains("left end"))
    }

    @Test(arguments: [
        (#"{"name": "x", "classes": ["a"], "keypoints": ["a", "a"]}"#, "a is there twice"),
        (#"{"name": "x", "classes": ["a", "b"], "kind": "classes", "keypoints": ["a"]}"#, "sorted images have none"),
        (#"{"name": "x", "classes": ["a"], "keypoints": [1]}"#, "names are needed"),
    ]) func oddNamesAreRefused(json: String, words: String) async throws {
        let studio = try DataStudio()
        let answer = try await studio.asked.ask("/api/v1/data", json.utf8)
        #expect(answer.status == 400 && answer.problem.contains(words), "\(answer.problem)")
    }

    /// Placed, hidden and undone, and on disk each time; the description is as it was.
    @Test func strokesMoveKeypoints() async throws {
        let (studio, image) = try await studio()
        let description = try Data(contentsOf: URL(fileURLWithPath: studio.folder.path("cells/data.yaml")))
        func place(_ id: String, _ keypoints: String) async throws -> AskedRoutes.Answer {
            try await studio.stroke(
                image, id, #"{"object": "o1", "value": {\#(box), "keypoints": [\#(keypoints)]}}"#)
        }
        #expect(try await place("1", "0,0,0, 0,0,0, 0,0,0").status == 200)
        let second = try await place("2", "0.25,0.5,2, 0.75,0.125,1, 0.3,0.3,0")
        let known = try second.fields.object("keypoints")
        #expect(try known?.shown("names").contains("right end") == true && known?.integer("dimensions") == 3)
        let head = "1 0.500000 0.500000 0.400000 0.400000"
        let placed = "\(head) 0.250000 0.500000 2.000000 0.750000 0.125000 1.000000 0.000000 0.000000 0.000000"
        #expect(try lines(studio) == [placed])
        let path = "/api/v1/data/cells/images/\(image)/undo"
        _ = try await studio.asked.ask(path, #"{"id": "3", "who": "w", "page": "q"}"#.utf8)
        #expect(try lines(studio) == [head + String(repeating: " 0.000000", count: 9)])
        _ = try await studio.asked.ask(
            path.replacing("undo", with: "redo"), #"{"id": "4", "who": "w", "page": "q"}"#.utf8)
        #expect(try lines(studio) == [placed])
        #expect(try Data(contentsOf: URL(fileURLWithPath: studio.folder.path("cells/data.yaml"))) == description)
        // It can be learned from.
        let data = try DetectionData.load(studio.folder.path("cells/data.yaml"), for: .pose)
        #expect(data[.train][0].labels[0].keypoints.map(\.visibility) == [2, 1, 0])
    }

    @Test(arguments: [
        (#""keypoints": [0.5, 0.5, 2]"#, "9 numbers are needed"),
        (#""keypoints": [0,0,0,0,0,0,0,0,3]"#, "none of 0, 1 and 2"),
        (#""keypoints": [0,0,0,0,0,0,1.5,0,2]"#, "outside"), (#""keypoints": [0,0,0,0,0,0,"a",0,2]"#, "numbers"),
        (#""outline": [0,0,1,0,1,1]"#, "missing"),
    ]) func oddKeypointsAreRefused(fields: String, words: String) async throws {
        let (studio, image) = try await studio()
        let answer = try await studio.stroke(image, "1", #"{"object": "o1", "value": {\#(box), \#(fields)}}"#)
        #expect(answer.status == 400 && answer.problem.contains(words), "\(answer.problem)")
    }

    @Test func otherDataHasNone() async throws {
        let (studio, image) = try await studio(#"{"name": "cells", "classes": ["red", "white"]}"#)
        let answer = try await studio.stroke(
            image, "1", #"{"object": "o1", "value": {\#(box), "keypoints": [0,0,2]}}"#)
        #expect(answer.status == 400 && answer.problem.contains("have none"), "\(answer.problem)")
    }

    /// Lines of two numbers each, in which a negative one is a place that nobody knows.
    @Test func keypointsOfTwoNumbers() async throws {
        let (studio, image) = try await studio()
        let yaml = studio.folder.path("cells/data.yaml")
        let text = try String(contentsOfFile: yaml, encoding: .utf8).replacing("[3, 3]", with: "[3, 2]")
        try text.write(toFile: yaml, atomically: true, encoding: .utf8)
        let answer = try await studio.stroke(
            image, "1", #"{"object": "o1", "value": {\#(box), "keypoints": [0.5, 0.25, -1, -1, 0.1, 0.2]}}"#)
        #expect(answer.status == 200, "\(answer.problem)")
        #expect(try lines(studio)[0].hasSuffix(" 0.500000 0.250000 -1.000000 -1.000000 0.100000 0.200000"))
    }

    /// A line with too few numbers is kept as it is, and said.
    @Test func linesOfOtherLengthsAreKept() async throws {
        let (studio, image) = try await studio()
        try FileManager.default.createDirectory(
            atPath: studio.folder.path("cells/labels/train"), withIntermediateDirectories: true)
        _ = try studio.folder.write("0 0.5 0.5 0.1 0.1 0.5 0.5 2\n", to: "cells/labels/train/a.txt")
        let keypoints = #""keypoints": [0.5,0.5,2, 0,0,0, 0,0,0]"#
        let answer = try await studio.stroke(
            image, "1", #"{"object": "o1", "value": {\#(box), \#(keypoints)}}"#, base: 1)
        #expect(try answer.status == 200 && answer.fields.shown("objects").contains("unread"), "\(answer.problem)")
        #expect(try lines(studio).count == 2 && lines(studio)[0] == "0 0.5 0.5 0.1 0.1 0.5 0.5 2")
        let check = try await studio.asked.get("/api/v1/data/cells/check").fields
        #expect(try check.shown("sentences").contains("a box with 3 keypoints of 3"))
    }

    @Test(arguments: ["yolo", "coco", "labelme", "cvat"]) func posesAreExportedAndEqual(format: String) async throws {
        let (studio, image) = try await studio()
        let keypoints = #""keypoints": [0.25,0.5,2, 0.75,0.125,1, 0,0,0]"#
        // A class without an object is in no file of LabelMe and CVAT.
        let objects = [0, 1].map {
            #"{"object": "o\#($0)", "value": {"class": \#($0), "box": [0.5, 0.5, 0.4, 0.4], \#(keypoints)}}"#
        }
        _ = try await studio.stroke(image, "1", objects.joined(separator: ", "))
        let statistics = try await studio.asked.get("/api/v1/data/cells").fields
        #expect(try statistics.shown("parts").contains("objects"))
        let list = try await studio.asked.get("/api/v1/data/cells/images?boxes=1&class=1")
        #expect(try list.fields.shown("images").contains("0.3"), "its box is shown over the image")
        let export = try await studio.asked.ask("/api/v1/data/cells/exports", #"{"format": "\#(format)"}"#.utf8)
        #expect(export.status == 200, "\(export.problem)")
        let differences = try export.fields.array("differences") ?? []
        #expect(try export.fields.bool("isEqual", default: false), "\(differences)")
        guard format != "yolo" else { return }
        // And once more through the import.
        let imported = try await studio.asked.ask("/api/v1/data/cells-\(format)/imports", "{}".utf8)
        #expect(imported.status == 400 && imported.problem.contains("one image only"), "\(imported.problem)")
    }

    /// A line of other keypoints than the data set has is none, in the list as in the editor.
    @Test func linesOfOtherLengthsAreFaults() async throws {
        let (studio, _) = try await studio()
        /// The check looks at the files anew.
        func write(_ line: String) async throws {
            _ = try studio.folder.write(line, to: "cells/labels/train/a.txt")
            _ = try await studio.asked.get("/api/v1/data/cells/check")
        }
        try await write("0 0.5 0.5 0.1 0.1 0.5 0.5 2\n")
        #expect(try await studio.images("state=faulty").map(\.name) == ["a.jpg"])
        try await write("0 0.5 0.5 0.1 0.1 0.5 0.5 2 0 0 0 0.4 0.4 1\n")
        #expect(try await studio.images("state=faulty").isEmpty)
    }

    @Test func boxesOfPosesAreShownInWhatChanged() async throws {
        let (studio, image) = try await studio()
        let version = try await studio.asked.ask("/api/v1/data/cells/versions", #"{"name": "v1"}"#.utf8)
        #expect(version.status == 200, "\(version.problem)")
        _ = try await studio.stroke(
            image, "1", #"{"object": "o1", "value": {\#(box), "keypoints": [0.5,0.5,2, 0,0,0, 0,0,0]}}"#)
        let changes = try await studio.asked.get("/api/v1/data/cells/versions/v1/changes").fields
        let first = try ConfigurationFields(try #require(try changes.array("relabeled")?.first), path: "answer")
        #expect(try first.shown("boxes").contains("0.3"), "the corner of the box")
    }

    // MARK: Names, lines and pairs

    private func keypoints(_ studio: DataStudio, _ image: String) async throws -> ConfigurationFields {
        let labels = try await studio.asked.get("/api/v1/data/cells/images/\(image)/labels")
        return try #require(try labels.fields.object("keypoints"))
    }

    /// Somebody changes the data.yaml while pages are open: lines of labels say something else from then on.
    @Test func aDescriptionChangedByHandIsNoticed() async throws {
        let (studio, image) = try await studio()
        #expect(try await keypoints(studio, image).integer("dimensions") == 3)
        let yaml = studio.folder.path("cells/data.yaml")
        let text = try String(contentsOfFile: yaml, encoding: .utf8)
        _ = try studio.folder.write("1 0.5 0.5 0.4 0.4 0.1 0.1 0.2 0.2 0.3 0.3\n", to: "cells/labels/train/a.txt")
        let labels = "/api/v1/data/cells/images/\(image)/labels"
        let before = try await studio.asked.get(labels).fields
        #expect(try before.shown("objects").contains("unread"))
        try text.replacing("[3, 3]", with: "[3, 2]").write(toFile: yaml, atomically: true, encoding: .utf8)
        let after = try await studio.asked.get("\(labels)?seen=\(before.string("seen"))")
        #expect(after.status == 200, "an open page gets it")
        #expect(try after.fields.object("keypoints")?.integer("dimensions") == 2)
        #expect(try !after.fields.shown("objects").contains("unread"))
        #expect(try await studio.images("state=labeled").map(\.name) == ["a.jpg"])
    }

    @Test func keypointsAreNamedConnectedAndPaired() async throws {
        let (studio, image) = try await studio()
        let yaml = studio.folder.path("cells/data.yaml")
        try ("# ours\n" + String(contentsOfFile: yaml, encoding: .utf8) + "# end\n")
            .write(toFile: yaml, atomically: true, encoding: .utf8)
        let version = try await keypoints(studio, image).string("version")
        func set(_ fields: String, _ version: String) async throws -> AskedRoutes.Answer {
            try await studio.asked.ask(
                "/api/v1/data/cells/keypoints", "{\(fields), \"version\": \"\(version)\"}".utf8)
        }
        let wish = #""names": ["head", "tail", "fin"], "limbs": [[1, 0], [1, 2]], "pairs": [[2, 0]]"#
        let made = try await set(wish, version)
        #expect(made.status == 200, "\(made.problem)")
        let layout = try #require(try DataDescription.load(yaml).keypoints)
        #expect(layout.names == ["head", "tail", "fin"] && layout.skeleton == [[0, 1], [1, 2]])
        #expect(layout.flip == [2, 1, 0] && layout.dimensions == 3)
        let text = try String(contentsOfFile: yaml, encoding: .utf8)
        #expect(text.hasPrefix("# ours\n") && text.hasSuffix("# end\n") && text.contains("\"white\""))
        // The editor draws them.
        let known = try await keypoints(studio, image)
        #expect(try known.shown("names").contains("tail") && known.array("limbs")?.count == 2)
        #expect(try known.array("pairs")?.count == 1)
        // Who saw the file before that does not overwrite it.
        #expect(try await set(wish, version).status == 409)
        for (fields, words) in [
            (#""names": ["a", "b"]"#, "3 names"), (#""names": ["a", "b", "b"]"#, "twice"),
            (#""names": ["a", "b", "c"], "limbs": [[0, 3]]"#, "0 to 2"),
            (#""names": ["a", "b", "c"], "limbs": [[0, 1], [1, 0]]"#, "each once"),
            (#""names": ["a", "b", "c"], "limbs": [[1, 1]]"#, "pairs"),
            (#""names": ["a", "b", "c"], "pairs": [[0, 1], [1, 2]]"#, "two pairs"),
        ] {
            let answer = try await set(fields, known.string("version"))
            #expect(answer.status == 400 && answer.problem.contains(words), "\(fields): \(answer.problem)")
        }
        #expect(try String(contentsOfFile: yaml, encoding: .utf8) == text)
        // And back: without pairs, nothing is known of mirror images.
        let plain = try await set(#""names": ["head", "tail", "fin"]"#, known.string("version"))
        #expect(plain.status == 200, "\(plain.problem)")
        #expect(try DataDescription.load(yaml).keypoints?.flip == nil)
        #expect(try DataDescription.load(yaml).keypoints?.skeleton == nil, "nothing is said of lines")
    }

    @Test func voidFormatsAreRefused() async throws {
        let (studio, image) = try await studio()
        let keypoints = #""keypoints": [0.25,0.5,2, 0.75,0.125,1, 0,0,0]"#
        _ = try await studio.stroke(image, "1", #"{"object": "o1", "value": {\#(box), \#(keypoints)}}"#)
        let export = try await studio.asked.ask("/api/v1/data/cells/exports", #"{"format": "voc"}"#.utf8)
        #expect(export.status == 400 && export.problem.contains("has keypoints"), "\(export.problem)")
    }

    /// Keypoints come by their names, whatever their order is; those of other names are refused.
    @Test func posesAreAddedByName() async throws {
        let (studio, _) = try await studio()
        func archive(_ names: String, _ value: UInt8) throws -> [UInt8] {
            Sample.zip([
                (
                    "data.yaml",
                    Array("train: images\nval: images\nnames: [red]\nkpt_shape: [2, 3]\nkpt_names: [\(names)]\n".utf8)
                ),
                ("images/\(value).jpg", try Sample.jpeg(value)),
                ("labels/\(value).txt", Array("0 0.5 0.5 0.2 0.2 0.1 0.1 2 0.2 0.2 1\n".utf8)),
            ])
        }
        let added = try await studio.upload(archive("right end, tip", 7), as: "a.zip")
        #expect(try added.fields.integer("added") == 1, "\(added.problem)")
        let path = studio.folder.path("cells/labels/train/7.txt")
        let line = try String(contentsOfFile: path, encoding: .utf8)
        #expect(
            line.contains("0.200000 0.200000 1.000000 0.000000 0.000000 0.000000 0.100000 0.100000 2.000000"), "\(line)"
        )
        let other = try await studio.upload(archive("right end, tipp", 8), as: "b.zip").fields
        #expect(try other.shown("problems").contains("did you mean tip?") && other.integer("added", minimum: 0) == 0)
    }
}
