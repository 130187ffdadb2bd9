import Foundation
import SwitchbackFormats
import SwitchbackVision
import TestSupport
import Testing

/// What other programs for labeling leave behind, imported by the studio.
struct DataForeignTests {
    private func image(_ studio: DataStudio, _ name: String, _ value: UInt8) throws {
        let url = studio.folder.url.appendingPathComponent(name)
        try FileManager.default.createDirectory(
            at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(Sample.jpeg(value)).write(to: url)
    }

    private func shape(_ type: String, _ value: String, _ more: String = "") -> String {
        #"{"type": "\#(type)", "original_width": 50, "original_height": 40, "value": {\#(value)}\#(more)}"#
    }

    private func task(_ id: Int, _ image: String, _ result: String) -> String {
        #"{"id": \#(id), "data": {"image": "\#(image)"}, "annotations": [{"result": [\#(result)]}]}"#
    }

    private var box: String {
        shape(
            "rectanglelabels", #""x": 10, "y": 10, "width": 30, "height": 40, "rectanglelabels": ["scratch"]"#,
            #", "id": "r""#)
    }

    private var point: String {
        shape("keypointlabels", #""x": 20, "y": 25, "keypointlabels": ["tip"]"#, #", "id": "k", "parentID": "r""#)
    }

    private func imported(
        _ studio: DataStudio, _ name: String
    ) async throws -> (name: String, report: ConfigurationFields) {
        let list = try await studio.asked.get("/api/v1/data").fields.shown("sets")
        #expect(list.contains("foreign"), "\(list)")
        let answer = try await studio.asked.ask("/api/v1/data/\(name)/imports", "{}".utf8)
        #expect(answer.status == 200, "\(answer.problem)")
        let report = try answer.fields.object("report")
        return (try answer.fields.string("name"), try #require(report))
    }

    @Test(arguments: [false, true]) func projectsOfLabelStudio(hasKeypoints: Bool) async throws {
        let studio = try DataStudio()
        for number in 0..<5 { try image(studio, "project/upload/0123456\(number)-\(number).jpg", UInt8(number)) }
        let result = hasKeypoints ? "\(box), \(point)" : box
        let tasks = (0..<5).map { task($0, "/data/upload/1/0123456\($0)-\($0).jpg", result) }
        let lost = task(9, "gone.jpg", box)
        _ = try studio.folder.write("[\((tasks + [lost]).joined(separator: ","))]", to: "project/export.json")
        let (name, report) = try await imported(studio, "project")
        #expect(try name == "project-yolo" && report.integer("added") == 5 && report.integer("objects") == 5)
        #expect(try report.shown("problems").contains("export.json, task 9: there is no image gone.jpg"))
        let path = studio.folder.path("\(name)/data.yaml")
        let data = try DetectionData.load(path, for: hasKeypoints ? .pose : .segment)
        #expect(data.classNames == ["scratch"] && data[.val].count == 1 && data[.train].count == 4)
        #expect(data.keypoints?.names == (hasKeypoints ? ["tip"] : nil))
    }

    @Test func choicesOfLabelStudioBecomeFolders() async throws {
        let studio = try DataStudio()
        for number in 0..<10 { try image(studio, "project/\(number).jpg", UInt8(number)) }
        let tasks = (0..<10).map { number in
            task(number, "\(number).jpg", shape("choices", "\"choices\": [\"\(number < 5 ? "good" : "bad")\"]"))
        }
        _ = try studio.folder.write("[\(tasks.joined(separator: ","))]", to: "project/export.json")
        let (name, report) = try await imported(studio, "project")
        #expect(try name == "project-sorted" && report.integer("added") == 10)
        let made = try await studio.asked.get("/api/v1/data/\(name)").fields
        #expect(try made.string("kind") == "classes" && made.shown("classes").contains("good"))
    }

    @Test func labelMeAndCVAT() async throws {
        let studio = try DataStudio()
        for number in 0..<2 {
            try image(studio, "me/\(number).jpg", UInt8(number))
            try image(studio, "cvat/images/\(number).jpg", UInt8(number))
            let shapes = #"[{"label": "cell", "shape_type": "rectangle", "points": [[5, 5], [20, 20]]}]"#
            _ = try studio.folder.write(
                #"{"imagePath": "\#(number).jpg", "shapes": \#(shapes)}"#, to: "me/\(number).json")
        }
        let images = (0..<2).map {
            "<image name='\($0).jpg' width='50' height='40'><box label='cell' xtl='5' ytl='5' xbr='20' ybr='20'/></image>"
        }
        _ = try studio.folder.write("<annotations>\(images.joined())</annotations>", to: "cvat/annotations.xml")
        for name in ["me", "cvat"] {
            let (made, report) = try await imported(studio, name)
            #expect(try made == "\(name)-yolo" && report.integer("objects") == 2)
        }
    }

    @Test func anArchiveOfLabelStudioIsAdded() async throws {
        let studio = try DataStudio()
        try await studio.make(#"{"name": "cells", "classes": ["dent"]}"#)
        let archive = Sample.zip([
            (
                "export.json",
                Array("[\(task(1, "a.jpg", box)), \(task(2, "b.jpg", shape("rectanglelabels", "")))]".utf8)
            ),
            ("images/a.jpg", try Sample.jpeg(1)), ("images/b.jpg", try Sample.jpeg(2)),
        ])
        let report = try await studio.upload(archive, as: "export.zip").fields
        #expect(try report.integer("added") == 1 && report.shown("newClasses").contains("scratch"))
        #expect(try report.shown("problems").contains("export.json, task 2: region 1 has no label"))
    }

    /// Into class folders go images by their choices.
    @Test func anArchiveOfChoicesIsSorted() async throws {
        let studio = try DataStudio()
        try await studio.make(#"{"name": "cells", "kind": "classes", "classes": ["good", "bad"]}"#)
        let tasks = ["good", "fine"].enumerated().map {
            task($0, "\($0).jpg", shape("choices", "\"choices\": [\"\($1)\"]"))
        }
        let archive = Sample.zip([
            ("export.json", Array("[\(tasks.joined(separator: ","))]".utf8)), ("0.jpg", try Sample.jpeg(0)),
            ("1.jpg", try Sample.jpeg(1)),
        ])
        let report = try await studio.upload(archive, as: "export.zip").fields
        #expect(try report.integer("added") == 1 && report.shown("problems").contains("there is no class fine"))
        #expect(try await studio.images("class=1").count == 1)
    }

    /// Annotations that were sent name a file of the machine: it is neither shown nor moved.
    @Test(arguments: ["absolute", "parent"]) func nothingElseOfTheMachineIsTaken(kind: String) async throws {
        let studio = try DataStudio()
        try await studio.make(#"{"name": "cells", "classes": ["dent"]}"#)
        try image(studio, "private/secret.jpg", 9)
        let secret = studio.folder.path("private/secret.jpg")
        let name = kind == "absolute" ? secret : "../../../../private/secret.jpg"
        let coco = """
            {"images": [{"id": 1, "file_name": "\(name)"}], "categories": [{"id": 1, "name": "dent"}],
             "annotations": [{"id": 1, "image_id": 1, "category_id": 1, "bbox": [1, 1, 9, 9]}]}
            """
        let archive = Sample.zip([
            ("annotations/instances_train.json", Array(coco.utf8)), ("images/a.jpg", try Sample.jpeg(1)),
        ])
        let report = try await studio.upload(archive, as: "export.zip").fields
        #expect(try report.integer("added", minimum: 0) == 0)
        #expect(
            FileManager.default.fileExists(atPath: secret)
                && !FileManager.default.fileExists(atPath: studio.folder.path("cells/images/train/secret.jpg")))
    }
}
