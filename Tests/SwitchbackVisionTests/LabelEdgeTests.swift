import Foundation
import Switchback
import SwitchbackVision
import TestSupport
import Testing

/// Labels that reach over the edge of an image, and rows that are not quite labels: the same rule for every kind.
@Suite struct LabelEdgeTests {
    private let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
        for name in ["a", "b"] {
            _ = try folder.write(Image(height: 100, width: 200, filledWith: 9).pngData(), to: "\(name).png")
        }
    }

    /// Data in which `rows` are those of the first image.
    private func load(_ rows: String, for task: YOLOTask) throws -> DetectionData {
        let good =
            switch task {
            case .detect: "0 0.5 0.5 0.2 0.2"
            case .pose: "0 0.5 0.5 0.2 0.2 0.5 0.5 2"
            case .segment, .obb: "0 0.1 0.1 0.5 0.1 0.5 0.5"
            }
        _ = try folder.write(rows, to: "a.txt")
        _ = try folder.write(good, to: "b.txt")
        let file = try folder.write("train: .\nnames: [x, y]\nkpt_shape: [1, 3]\n", to: "data.yaml")
        return try DetectionData.load(file, for: task)
    }

    @Test(
        arguments: [
            // Within 2 pixels: rounding.
            (YOLOTask.detect, "0 0.5 0.5 1.01 1.01", nil), (.segment, "0 -0.009 0 1.009 0 1.009 1 -0.009 1", nil),
            (.pose, "0 0.5 0.5 0.2 0.2 1.005 0.5 2", nil),
            // Further, and still mostly in the image.
            (.detect, "0 0.95 0.5 0.2 0.2", "its box reaches 10 pixels over the edge of the image, and is clipped"),
            (
                .segment, "0 0.8 0.1 1.1 0.1 1.1 0.5",
                "its box reaches 20 pixels over the edge of the image, and is clipped"
            ),
            (
                .pose, "0 0.5 0.5 0.2 0.2 0.5 1.05 2",
                "keypoint 0 is 5 pixels outside the image, and is moved to its edge"
            ),
            // An oriented box stays whole, and what is not known lies anywhere.
            (.obb, "0 0.8 0.1 1.1 0.1 1.1 0.5 0.8 0.5", nil), (.pose, "0 0.5 0.5 0.2 0.2 7 -7 0", nil),
        ] as [(YOLOTask, String, String?)])
    func whatReachesOverTheEdgeIsClipped(_ task: YOLOTask, _ row: String, _ remark: String?) throws {
        let data = try load(row, for: task)
        #expect(data.problems.isEmpty, "\(data.problems)")
        #expect(data.remarks.count == (remark == nil ? 0 : 1) && data.remarks.first?.contains(remark ?? "") != false)
        let label = try #require(data[.train].first?.labels.first)
        let inside: ClosedRange<Float> = 0...1
        if task != .obb {
            #expect([label.box.x1, label.box.y1, label.box.x2, label.box.y2].allSatisfy(inside.contains), "\(label)")
            #expect(label.polygon.allSatisfy { inside.contains($0.x) && inside.contains($0.y) })
        }
        #expect(label.keypoints.allSatisfy { $0.visibility == 0 || inside.contains($0.x) && inside.contains($0.y) })
    }

    @Test(arguments: [
        (YOLOTask.detect, "0 1.05 0.5 0.2 0.2", "outside the image"), (.detect, "0 90 40 20 20", "are these pixels?"),
        (.segment, "0 0.1 0.1 1.3 0.1 1.3 0.5", "outside the image"),
        (.obb, "0 1.1 0.1 1.3 0.1 1.3 0.5 1.1 0.5", "outside the image"),
        (.obb, "0 0.1 0.1 0.2 0.2 0.3 0.3 0.4 0.4", "no area"),
        (.pose, "0 0.5 0.5 0.2 0.2 1.2 0.5 2", "keypoint 0 is outside the image"),
        (.pose, "0 0.5 0.5 0.2 0.2 0.5 0.5 3", "the visibility 3"),
        (.detect, "0,0.5,0.5,0.2,0.2", "has commas"), (.detect, "0 0,5 0,5 0,2 0,2", "has commas"),
        (.obb, "10 10 30 10 30 30 10 30 plane 0", "is a row of DOTA"),
    ])
    func whatIsNoLabelIsNamed(_ task: YOLOTask, _ row: String, _ words: String) throws {
        let data = try load(row, for: task)
        #expect(data.problems.count == 1 && data[.train].count == 1)
        #expect("\(data.problems[0])".contains("a.txt, line 1") && "\(data.problems[0])".contains(words))
    }

    @Test func repeatedRowsAreSaid() throws {
        let row = "0 0.5 0.5 0.2 0.2\n"
        let data = try load(row + row + row, for: .detect)
        #expect(data[.train][0].labels.count == 1)
        #expect(data.remarks.count == 1 && data.remarks[0].contains("2 rows repeat others, and are left out"))
    }

    /// COCO, VOC, LabelMe and CVAT say the same of the same box.
    @Test(arguments: [(180, nil), (190, "over the edge of the image, and is clipped"), (250, "outside the image")])
    func formatsAgree(_ left: Int, _ words: String?) throws {
        let right = left + 21
        let corners = "[\(left), 10], [\(right), 10], [\(right), 30], [\(left), 30]"
        let flat = corners.replacing("[", with: "").replacing("]", with: "")
        let texts = [
            "coco/train.json": """
            {"images": [{"id": 1, "file_name": "a.png", "width": 200, "height": 100}], "categories": [{"id": 1, "name":
            "x"}], "annotations": [{"id": 1, "image_id": 1, "category_id": 1, "bbox": [\(left), 10, 21, 20],
            "segmentation": [[\(flat)]]}]}
            """,
            "labelme/a.json": """
            {"shapes": [{"label": "x", "points": [\(corners)], "shape_type": "polygon"}], "imagePath": "a.png"}
            """,
            "cvat/annotations.xml": """
            <annotations><image name="a.png" width="200" height="100"><box label="x" xtl="\(left)" ytl="10"
            xbr="\(right)" ybr="30"/></image></annotations>
            """,
            "voc/a.xml": """
            <annotation><object><name>x</name><bndbox><xmin>\(left)</xmin><ymin>10</ymin><xmax>\(right)</xmax>
            <ymax>30</ymax></bndbox></object></annotation>
            """,
        ]
        for (name, text) in texts {
            let kind = (name as NSString).deletingLastPathComponent
            try FileManager.default.createDirectory(atPath: folder.path(kind), withIntermediateDirectories: true)
            _ = try folder.write(Image(height: 100, width: 200, filledWith: 9).pngData(), to: "\(kind)/a.png")
            let path = try folder.write(text, to: name)
            do {
                let data = try DetectionData.load(kind == "coco" ? path : folder.path(kind))
                #expect(data[.train][0].labels[0].box.x2 == 1 && left < 200, "\(name)")
                #expect(data.remarks.isEmpty == (words == nil), "\(name): \(data.remarks)")
                #expect(data.remarks.allSatisfy { $0.contains(words ?? "") }, "\(name): \(data.remarks)")
            } catch let error as InputError {
                #expect("\(error)".contains(words ?? "nothing"), "\(name): \(error)")
            }
        }
    }
}
