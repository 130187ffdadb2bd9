import Foundation
import Switchback
import SwitchbackVision
import TestSupport
import Testing

/// Keypoints as programs for labeling mark them.
@Suite struct ShapeKeypointTests {
    private let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
        for name in ["me/a.png", "images/val/a.png"] {
            let url = folder.url.appendingPathComponent(name)
            try FileManager.default.createDirectory(
                at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
            try Data(Image(height: 40, width: 60, filledWith: 9).pngData()).write(to: url)
        }
        try FileManager.default.createDirectory(
            atPath: folder.path("labels/val"), withIntermediateDirectories: true)
    }

    private func numbers(_ label: LabeledBox) -> [[Float]] { label.keypoints.map { [$0.x, $0.y, $0.visibility] } }

    private func labelMe(_ shapes: String) throws -> DetectionData {
        _ = try folder.write(#"{"imagePath": "a.png", "shapes": [\#(shapes)]}"#, to: "me/a.json")
        return try DetectionData.load(folder.path("me"), for: .pose)
    }

    @Test func pointsOfLabelMeAreOfTheirGroup() throws {
        let data = try labelMe(
            """
            {"label": "cat", "shape_type": "rectangle", "group_id": 1, "points": [[10, 10], [30, 30]]},
            {"label": "cat", "shape_type": "rectangle", "group_id": 2, "points": [[30, 10], [60, 30]]},
            {"label": "10", "shape_type": "point", "group_id": 2, "points": [[45, 20]], "difficult": true},
            {"label": "2", "shape_type": "point", "group_id": 1, "points": [[15, 20]]}
            """)
        #expect(data.keypoints?.names == ["2", "10"], "numbers in their order")
        #expect(
            data[.train][0].labels.map(numbers) == [
                [[0.25, 0.5, 2], [0, 0, 0]], [[0, 0, 0], [0.75, 0.5, 1]],
            ])
        #expect(data[.train][0].labels[0].box == Box(x1: 1 / 6, y1: 0.25, x2: 0.5, y2: 0.75))
    }

    @Test func theOnlyObjectNeedsNoGroup() throws {
        let data = try labelMe(
            """
            {"label": "cat", "shape_type": "rectangle", "points": [[10, 10], [30, 30]]},
            {"label": "nose", "shape_type": "point", "points": [[15, 20]]}
            """)
        #expect(data[.train][0].labels.map(numbers) == [[[0.25, 0.5, 2]]])
    }

    @Test func nothingMarkedIsSaid() throws {
        let error = #expect(throws: InputError.self) {
            try labelMe(#"{"label": "cat", "shape_type": "rectangle", "points": [[10, 10], [30, 30]]}"#)
        }
        #expect("\(error as Any)".contains("no object has a keypoint"))
    }

    private let skeletons = """
        <?xml version="1.0" encoding="utf-8"?>
        <annotations><version>1.1</version><meta><task><labels>
        <label><name>cat</name><type>skeleton</type><attributes></attributes></label>
        <label><name>tail</name><type>points</type><attributes></attributes><parent>cat</parent></label>
        <label><name>nose</name><type>points</type><attributes></attributes><parent>cat</parent></label>
        </labels></task></meta>
        <image id="0" name="a.png" subset="val" width="60" height="40">
        <skeleton label="cat" z_order="0" group_id="4">
        <points label="nose" outside="0" occluded="1" points="15.00,20.00"/>
        <points label="tail" outside="1" occluded="0" points="16.00,20.00"/>
        </skeleton>
        <skeleton label="cat" z_order="0">
        <points label="nose" outside="0" occluded="0" points="30.00,10.00"/>
        <points label="tail" outside="0" occluded="0" points="45.00,20.00"/>
        </skeleton>
        <box label="cat" group_id="4" xtl="10" ytl="10" xbr="30" ybr="30"/>
        </image></annotations>
        """

    /// A box of the same group is the object's, wherever it stands; without one it is around the points.
    @Test func skeletonsOfCVAT() throws {
        let file = try folder.write(skeletons, to: "annotations.xml")
        let data = try DetectionData.load(file, for: .pose)
        #expect(data.keypoints?.names == ["tail", "nose"] && data.problems.isEmpty, "\(data.problems)")
        let labels = data[.val][0].labels
        #expect(labels.map(numbers) == [[[0, 0, 0], [0.25, 0.5, 1]], [[0.75, 0.5, 2], [0.5, 0.25, 2]]])
        #expect(AugmentationTests.isNear(labels[0].box, Box(x1: 1 / 6, y1: 0.25, x2: 0.5, y2: 0.75), within: 1e-6))
        #expect(AugmentationTests.isNear(labels[1].box, Box(x1: 0.5, y1: 0.25, x2: 0.75, y2: 0.5), within: 1e-6))
        let boxes = try DetectionData.load(file)
        #expect(boxes[.val][0].labels.count == 1 && boxes.remarks.count == 2)
    }

    /// XML that is well formed and nothing that CVAT writes.
    @Test(arguments: [
        "<points label='a' points='1,1'/>", "<skeleton/><points/>", "<skeleton><points/></skeleton>",
        "<skeleton><image><points/></image><points label='a' points='1,1'/></skeleton>",
    ]) func oddSkeletonsEndNothing(_ elements: String) throws {
        let file = try folder.write(
            "<annotations><skeleton><points/></skeleton><image name='a.png' subset='val'>\(elements)</image></annotations>",
            to: "annotations.xml")
        #expect(throws: InputError.self) { try DetectionData.load(file, for: .pose) }
    }

    @Test(arguments: [DataFormat.yolo, .coco, .labelme, .cvat]) func posesAreWrittenAndReadAgain(
        _ format: DataFormat
    ) throws {
        _ = try folder.write(
            """
            train: images
            val: images/val
            names: [cat]
            kpt_shape: [2, 3]
            kpt_names: ["left & ear", "right ear"]
            skeleton: [[0, 1]]

            """, to: "data.yaml")
        let rows = ["0 0.5 0.5 0.4 0.5 0.35 0.3 2 0.4 0.35 1", "0 0.2 0.2 0.2 0.2 0 0 0 0.25 0.2 2"]
        _ = try folder.write(rows.map { $0 + "\n" }.joined(), to: "labels/val/a.txt")
        let data = try DetectionData.load(folder.path("data.yaml"), for: .pose)
        try data.write(as: format, to: folder.path("out"))
        let again = try DetectionData.load(folder.path("out"), for: .pose)
        #expect(again.problems.isEmpty && again.keypoints?.names == data.keypoints?.names)
        #expect(again.keypoints?.skeleton == (format == .yolo || format == .coco ? [[0, 1]] : nil))
        let (found, wanted) = (again[.val][0].pixelLabels, data[.val][0].pixelLabels)
        #expect(found.count == 2)
        for (a, b) in zip(found, wanted) {
            #expect(AugmentationTests.isNear(a.box, b.box, within: 0.02))
            for (x, y) in zip(a.keypoints, b.keypoints) {
                #expect(abs(x.x - y.x) < 0.02 && abs(x.y - y.y) < 0.02 && x.visibility == y.visibility)
            }
        }
    }

    @Test(arguments: ["skeleton: [[0, 2]]", "skeleton: [[0]]", "skeleton: 3"]) func oddSkeletonsOfYAMLAreNamed(
        _ line: String
    ) throws {
        let file = try folder.write(
            "train: images\nval: images\nnames: [cat]\nkpt_shape: [2, 3]\n\(line)\n", to: "data.yaml")
        let error = #expect(throws: InputError.self) { try DetectionData.load(file, for: .pose) }
        #expect("\(error as Any)".contains("line 5: skeleton is a list of pairs of keypoints from 0 to 1"))
    }
}
