import Foundation
import Switchback
import SwitchbackFormats
import SwitchbackVision
import TestSupport
import Testing

/// What a validation saves, read and measured by pycocotools.
@Suite(.seeded(), .serialized, .enabled(if: Python.has("pycocotools"), "pycocotools is not installed"))
struct COCOResultTests {
    private let folder: TemporaryFolder
    /// Not counted from 1 on.
    private let categories = [3, 7, 90]

    init() throws { folder = try TemporaryFolder() }

    /// A network and square images in which it finds something: two, and the same at twice the size.
    private func network(_ task: YOLOTask) throws -> (detector: YOLO, images: [String]) {
        let detector =
            switch task {
            case .detect: try YOLOCase.all[0].model()
            case .segment: try YOLOTaskCase.segment[0].model()
            case .pose: try YOLOTaskCase.pose[0].model()
            case .obb: try YOLOTaskCase.obb[0].model()
            }
        let tensors = try task == .detect ? YOLOCase.all[0].fixture().images : YOLOTaskCase.segment[0].images()
        let paths = try (0..<4).map { number in
            let image = Image(tensors[number % 2])
            let side = 128 * (number / 2 + 1)
            let path = folder.path("image \(number).png")
            try image.resized(height: side, width: side).save(to: path)
            return path
        }
        return (detector.eval(), paths)
    }

    private struct Truth {
        let image: Int
        let truth: COCOMetrics.Truth
        var keypoints: [Keypoint] = []
    }

    /// Every other object that is found, a little beside.
    private func truth(_ detector: YOLO, _ images: [String]) throws -> [Truth] {
        let predictor = DetectionPredictor(detector, size: InputSize(128))
        return try images.enumerated().flatMap { number, path -> [Truth] in
            let image = try Image.load(path)
            return try predictor(image).detections.enumerated().compactMap { position, found in
                // What is written and read again must have an area.
                guard position % 2 == 0, found.mask.map({ $0.area > 16 }) ?? true else { return nil }
                let shift = Float(position % 3)
                let box = found.box.moved(x: shift, y: -shift).clipped(height: image.height, width: image.width)
                var object = Truth(
                    image: number,
                    truth: COCOMetrics.Truth(LabeledBox(box, classIndex: found.classIndex), mask: found.mask))
                object.keypoints = found.keypoints.map { Keypoint(x: $0.x + shift, y: $0.y, visibility: 2) }
                return object
            }
        }
    }

    /// Writes the truth as COCO has it, with its own numbers of images.
    private func write(_ truth: [Truth], _ images: [String], _ detector: YOLO) throws -> String {
        let sizes = try images.map { try ImageHeader.load($0) }
        let points = detector.keypoints.map { $0.shownNames }
        let entries: [[String: Any]] = images.enumerated().map {
            [
                "id": 1000 - $0, "file_name": ($1 as NSString).lastPathComponent, "width": sizes[$0].width,
                "height": sizes[$0].height,
            ]
        }
        let annotations = truth.enumerated().map { number, object -> [String: Any] in
            let box = object.truth.label.box
            var annotation: [String: Any] = [
                "id": number + 1, "image_id": 1000 - object.image, "iscrowd": 0,
                "category_id": categories[object.truth.label.classIndex],
                "bbox": [box.x1, box.y1, box.width, box.height].map(Double.init), "area": Double(box.area),
            ]
            if let mask = object.truth.mask {
                let text = MaskText(mask)
                annotation["segmentation"] = ["size": text.size, "counts": text.counts] as [String: Any]
                annotation["area"] = mask.area
            }
            if points != nil {
                let numbers: [[Double]] = object.keypoints.map { [Double($0.x), Double($0.y), 2] }
                annotation["keypoints"] = Array(numbers.joined())
                annotation["num_keypoints"] = object.keypoints.count
            }
            return annotation
        }
        let names = categories.prefix(detector.classes.count).enumerated().map { number, id -> [String: Any] in
            var category: [String: Any] = ["id": id, "name": detector.classes[number]]
            if let points { category["keypoints"] = points }
            return category
        }
        let file: [String: Any] = ["info": [:], "images": entries, "categories": names, "annotations": annotations]
        return try folder.write(Array(JSONSerialization.data(withJSONObject: file)), to: "truth.json")
    }

    /// pycocotools' mAP50-95 of a file of results, for each kind of what is compared.
    private func maps(_ truth: String, _ results: String, _ kinds: [String]) throws -> [Double] {
        let text = try Python.run(
            """
            import sys, io, contextlib
            from pycocotools.coco import COCO
            from pycocotools.cocoeval import COCOeval
            for kind in sys.argv[3:]:
                with contextlib.redirect_stdout(io.StringIO()):
                    truth = COCO(sys.argv[1])
                    rating = COCOeval(truth, truth.loadRes(sys.argv[2]), kind)
                    rating.evaluate()
                    rating.accumulate()
                    rating.summarize()
                print(rating.stats[0])
            """, [truth, results] + kinds)
        let values = try text.split(separator: "\n").map { try #require(Double($0)) }
        try #require(values.count == kinds.count)
        return values
    }

    private func rows(_ path: String) throws -> [[String: Any]] {
        let value = try JSONSerialization.jsonObject(with: Data(contentsOf: URL(fileURLWithPath: path)))
        return try #require(value as? [[String: Any]])
    }

    /// The mAP50-95 that `COCOMetrics` gives the rows of a file.
    private func ownMap(_ truth: [Truth], _ images: [String], _ rows: [[String: Any]], masks: Bool) throws -> Double {
        var metrics = COCOMetrics(classCount: categories.count)
        for image in images.indices {
            let found = try rows.filter { $0["image_id"] as? Int == 1000 - image }.map { row -> Detection in
                let sides = try #require(row["bbox"] as? [Double]).map { Float($0) }
                let label = try #require(categories.firstIndex(of: row["category_id"] as? Int ?? 0))
                var detection = Detection(
                    box: Box(x1: sides[0], y1: sides[1], x2: sides[0] + sides[2], y2: sides[1] + sides[3]),
                    classIndex: label, score: Float(try #require(row["score"] as? Double)))
                if masks, let text = row["segmentation"] as? [String: Any], let size = text["size"] as? [Int] {
                    let counts = try #require(text["counts"] as? String)
                    detection.mask = RunLengths(text: counts, height: size[0], width: size[1])?.mask
                }
                return detection
            }
            let objects = truth.filter { $0.image == image }.map { object -> COCOMetrics.Truth in
                var truth = object.truth
                if !masks { truth.mask = nil }
                return truth
            }
            metrics.add(found, truth: objects)
        }
        return metrics.results().map
    }

    private func save(_ detector: YOLO, _ data: DetectionData, to path: String, tiled: Bool = false) throws {
        let names = try COCONames(of: data, data[.train])
        try COCOResultFile.write(to: path) { file in
            // In squares, as prediction sees these images.
            var validator = DetectionValidator(detector, data[.train], size: 128, batchSize: 3, isRectangular: false)
            validator.names = names
            if !tiled { return _ = try validator.run(found: file.append) }
            let predictor = DetectionPredictor(detector, size: InputSize(128), suppression: validator.suppression)
            var tiles = TiledValidator(detector, data[.train], predictor)
            tiles.names = names
            _ = try tiles.run(found: file.append)
        }
    }

    @Test(arguments: [YOLOTask.detect, .segment, .pose], [false, true])
    func pycocotoolsGivesTheSameFigures(_ task: YOLOTask, _ isTiled: Bool) throws {
        let (detector, images) = try network(task)
        let truth = try truth(detector, images)
        let path = try write(truth, images, detector)
        let data = try DetectionData.load(path, for: task)
        #expect(data.problems.isEmpty && data[.train].count == 4, "\(data.problems)")
        let file = folder.path("predictions.json")
        try save(detector, data, to: file, tiled: isTiled)
        let found = try rows(file)
        let kinds =
            switch task {
            case .segment: ["bbox", "segm"]
            case .pose: ["bbox", "keypoints"]
            case .detect, .obb: ["bbox"]
            }
        let figures = try maps(path, file, kinds)
        let theirs = figures[0]
        #expect(abs(theirs - (try ownMap(truth, images, found, masks: false))) < 1e-3)
        // The boxes are where the objects are, in the images' own pixels.
        #expect(theirs > 0.3, "\(theirs)")
        if task == .segment {
            let masks = figures[1]
            #expect(abs(masks - (try ownMap(truth, images, found, masks: true))) < 1e-3)
            #expect(masks > 0.3, "\(masks)")
        }
        if task == .pose { #expect(figures[1] > 0.3) }
    }

    /// Images are called by their names where nothing else is known, and classes counted from 1 on.
    @Test func orientedBoxesAndNames() throws {
        let (detector, images) = try network(.obb)
        let numbered = folder.path("000017.png")
        try FileManager.default.copyItem(atPath: images[0], toPath: numbered)
        let examples = try (images + [numbered]).map {
            let header = try ImageHeader.load($0)
            return DetectionExample(imagePath: $0, height: header.height, width: header.width, labels: [])
        }
        let data = DetectionData(kind: "", path: "", classNames: detector.classes, splits: [.train: examples])
        let file = folder.path("predictions.json")
        try save(detector, data, to: file)
        let rows = try rows(file)
        #expect(rows.contains { $0["image_id"] as? Int == 17 })
        #expect(rows.contains { $0["image_id"] as? String == "image 2" })
        #expect(Set(rows.compactMap { $0["category_id"] as? Int }).isSubset(of: Set(1...4)))
        for row in rows {
            let (box, corners) = (try #require(row["bbox"] as? [Double]), try #require(row["poly"] as? [Double]))
            let xs = stride(from: 0, to: 8, by: 2).map { corners[$0] }
            let ys = stride(from: 1, to: 8, by: 2).map { corners[$0] }
            #expect(abs(box[0] - xs.min()!) < 1e-2 && abs(box[0] + box[2] - xs.max()!) < 1e-2)
            #expect(abs(box[1] - ys.min()!) < 1e-2 && (row["rbox"] as? [Double])?.count == 5)
        }
    }

    @Test func twoImagesOfOneNumberAreRefused() throws {
        let examples = ["a/7.png", "b/007.png"].map {
            DetectionExample(imagePath: $0, height: 9, width: 9, labels: [])
        }
        let data = DetectionData(kind: "", path: "", classNames: ["a"], splits: [.train: examples])
        let error = #expect(throws: InputError.self) { try COCONames(of: data, examples) }
        #expect("\(error as Any)".contains("would both have the image_id 7"))
    }
}
