import Foundation
import Switchback
import SwitchbackFormats
import SwitchbackStudio
import SwitchbackVision
import TestSupport
import Testing

/// What is exported and imported says the same.
struct DataExportTests {
    /// Three images with boxes, or with outlines, and one with nothing in it.
    private func labeled(_ studio: DataStudio, outlines: Bool) async throws {
        // Not in the order of the alphabet, in which Pascal VOC is read.
        try await studio.make(#"{"name": "cells", "classes": ["white", "red"]}"#)
        for number in 0..<6 {
            _ = try await studio.upload(Sample.jpeg(UInt8(40 * number), side: 97), as: "\(number).jpg")
        }
        for (number, image) in try await studio.images().enumerated() {
            let x = 0.3 + 0.07 * Double(number)
            let shape =
                outlines
                ? "\"outline\": [\(x), 0.2, 0.9, 0.333333, 0.5, 0.7]"
                : "\"box\": [\(x), 0.4, 0.123457, 0.3]"
            let changes = #"{"object": "o1", "value": {"class": \#(number % 2), \#(shape)}}"#
            let answer = try await studio.stroke(
                image.id, "e", number == 5 ? "" : changes, more: ", \"labeled\": true")
            #expect(answer.status == 200, "\(answer.problem)")
        }
    }

    @Test(arguments: ["yolo", "coco", "voc"], [false, true])
    func whatIsExportedIsEqualWhenItIsImported(format: String, outlines: Bool) async throws {
        let studio = try DataStudio()
        try await labeled(studio, outlines: outlines)
        let export = try await studio.asked.ask(
            "/api/v1/data/cells/exports", #"{"format": "\#(format)"}"#.utf8
        ).fields
        let differences = try export.array("differences") ?? []
        #expect(try export.bool("isEqual", default: false) && differences.isEmpty, "\(differences)")
        #expect(try export.integer("images") == 6 && export.integer("objects") == 5)
        #expect(try export.integer("flattened", minimum: 0) == (outlines && format == "voc" ? 5 : 0))
        let task = outlines && format != "voc" ? YOLOTask.segment : .detect
        let first = try DetectionData.load(studio.folder.path("cells"), for: task)
        // And once more through the studio's own import.
        let path = studio.folder.path("cells-\(format)")
        let imported: String
        if format == "yolo" {
            imported = path
        } else {
            let answer = try await studio.asked.ask("/api/v1/data/cells-\(format)/imports", "{}".utf8)
            imported = studio.folder.path(try answer.fields.string("name"))
        }
        let second = try DetectionData.load(imported, for: task)
        #expect(second.problems.isEmpty && Set(first.classNames) == Set(second.classNames))
        for split in DataSplit.allCases {
            let (ours, theirs) = (first[split].sorted(), second[split].sorted())
            #expect(ours.count == theirs.count)
            for (a, b) in zip(ours, theirs) {
                let names = a.labels.map { first.classNames[$0.classIndex] }
                #expect(names == b.labels.map { second.classNames[$0.classIndex] })
                for (first, second) in zip(a.pixelLabels, b.pixelLabels) {
                    #expect(
                        abs(first.box.x1 - second.box.x1) < 0.02 && abs(first.box.y2 - second.box.y2) < 0.02)
                    #expect(first.polygon.count == second.polygon.count)
                }
            }
        }
    }

    /// A class that no object has yet, and images of one name in two splits, which lie in one folder as Pascal VOC has it.
    @Test(arguments: ["yolo", "coco", "voc", "labelme", "cvat"])
    func classesWithoutObjectsAndEqualNamesStay(format: String) async throws {
        let studio = try DataStudio()
        try await studio.make(#"{"name": "cells", "classes": ["white", "red", "blue"]}"#)
        for (number, split) in ["train", "val"].enumerated() {
            _ = try await studio.upload(Sample.jpeg(UInt8(90 * number + 9)), as: "a.jpg", more: "&split=\(split)")
        }
        for image in try await studio.images() {
            let change = #"{"object": "o1", "value": {"class": 1, "box": [0.5, 0.5, 0.25, 0.25]}}"#
            #expect(try await studio.stroke(image.id, "e", change).status == 200)
        }
        let export = try await studio.asked.ask(
            "/api/v1/data/cells/exports", #"{"format": "\#(format)"}"#.utf8
        ).fields
        let differences = try export.array("differences") ?? []
        #expect(try export.bool("isEqual", default: false), "\(differences)")
        let found = try DetectionData.load(studio.folder.path("cells-\(format)"))
        #expect(found.classNames == ["white", "red", "blue"])
    }

    @Test func aDataSetInAnArchiveIsImported() async throws {
        let studio = try DataStudio()
        try await studio.make(#"{"name": "cells", "classes": ["white"]}"#)
        let archive = Sample.zip([
            ("data.yaml", Array("train: images/train\nval: images/val\nnames: [red, white]\n".utf8)),
            ("images/train/a.jpg", try Sample.jpeg(1)),
            ("labels/train/a.txt", Array("0 0.5 0.5 0.1 0.1\n".utf8)),
            ("images/val/b.jpg", try Sample.jpeg(2)),
            ("labels/val/b.txt", Array("1 0.5 0.5 0.1 0.1\n".utf8)),
            ("images/val/c.jpg", try Sample.jpeg(3)),
            ("labels/val/c.txt", Array("7 0.5 0.5 0.1 0.1\n".utf8)),
        ])
        let report = try await studio.upload(archive, as: "cells.zip").fields
        #expect(try report.integer("added") == 2)
        #expect(try report.shown("newClasses").contains("red"))
        #expect(try report.shown("problems").contains("c.txt"))
        #expect(try await studio.images("class=0").map(\.name) == ["b.jpg"], "white is still 0")
        #expect(try await studio.images("class=1").map(\.name) == ["a.jpg"], "red came to it")
    }

    @Test(arguments: [
        "train: images/train\nval: images/val\nnames: [red, white] # two\n",
        "# mine\ntrain: images/train\nval: images/val\nnc: 2\nnames:\n  - red\n  - white\n\n# end\n",
        "train: images/train\nval: images/val\nnames:\n  0: red\n  1: white\nother: kept\n",
    ])
    func aClassIsAddedToTheListAsItIsWritten(yaml: String) async throws {
        let studio = try DataStudio()
        try await studio.make()
        _ = try await studio.upload(Sample.jpeg(1), as: "a.jpg")
        _ = try studio.folder.write(yaml, to: "cells/data.yaml")
        let answer = try await studio.asked.ask(
            "/api/v1/data/cells/classes", #"{"name": "blue # one"}"#.utf8)
        #expect(
            answer.status == 200 && String(decoding: answer.bytes, as: UTF8.self).contains("blue # one"))
        let text = try String(contentsOfFile: studio.folder.path("cells/data.yaml"), encoding: .utf8)
        for line in ["# two", "# mine", "# end", "other: kept"] where yaml.contains(line) {
            #expect(text.contains(line))
        }
        #expect(
            try await studio.asked.ask("/api/v1/data/cells/classes", #"{"name": "red"}"#.utf8).status
                == 400)
    }
}

extension DetectionExample {
    fileprivate var name: String { (imagePath as NSString).lastPathComponent }
}

extension [DetectionExample] {
    fileprivate func sorted() -> [DetectionExample] { sorted { $0.name < $1.name } }
}
