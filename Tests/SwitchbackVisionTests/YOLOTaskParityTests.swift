import Foundation
import Switchback
import SwitchbackFormats
import TestSupport
import SwitchbackVision
import Testing

/// A network of another task than detection, and what Ultralytics computed with it: see Tests/Fixtures/make_yolo_tasks.py.
struct YOLOTaskCase: CustomTestStringConvertible {
    let name: String
    let variant: YOLOVariant
    let classCount: Int
    var keypoints: KeypointLayout?

    static let segment = [
        YOLOTaskCase(name: "yolo11n-seg_nc3", variant: YOLOVariant(.yolo11, .n, .segment), classCount: 3),
        YOLOTaskCase(name: "yolo26n-seg_nc3", variant: YOLOVariant(.yolo26, .n, .segment), classCount: 3),
    ]

    static let obb = [
        YOLOTaskCase(name: "yolo11n-obb_nc4", variant: YOLOVariant(.yolo11, .n, .obb), classCount: 4),
        YOLOTaskCase(name: "yolo26n-obb_nc4", variant: YOLOVariant(.yolo26, .n, .obb), classCount: 4),
    ]

    static let pose = [
        YOLOTaskCase(
            name: "yolo11n-pose_nc1_k17x3", variant: YOLOVariant(.yolo11, .n, .pose), classCount: 1, keypoints: .person),
        YOLOTaskCase(
            name: "yolo26n-pose_nc1_k17x3", variant: YOLOVariant(.yolo26, .n, .pose), classCount: 1, keypoints: .person),
        YOLOTaskCase(
            name: "yolo11n-pose_nc2_k5x2", variant: YOLOVariant(.yolo11, .n, .pose), classCount: 2,
            keypoints: KeypointLayout(count: 5, dimensions: 2)),
    ]

    static let all = segment + obb + pose

    var testDescription: String { name }

    func fixture() throws -> Fixture { try Fixture("yolo_tasks/\(name)") }

    /// The images as the network takes them, the same in all cases.
    func images() throws -> Tensor { try Fixture("yolo_tasks/images").images }

    /// The network with the fixture's weights, which are hashed, stored (under `weights/`) or constant.
    func model() throws -> YOLO {
        let (model, fixture) = (
            YOLO(variant, classes: (0..<classCount).map { "class \($0)" }, keypoints: keypoints), try fixture()
        )
        let salt = try #require(fixture.manifest["salt"] as? Int)
        let gains = try #require(fixture.manifest["gain"] as? [String: Double])
        var state = model.stateDict()
        for (name, tensor) in state {
            let isFixed = [
                "dfl.conv.weight", "num_batches_tracked", "flow_model.loc", "flow_model.cov", "flow_model.mask",
            ].contains { name.hasSuffix($0) }
            if let stored = fixture.tensors["weights/\(name)"] {
                state[name] = stored
            } else if !isFixed && !name.contains("running_") {
                state[name] = Self.hashed("\(salt)/\(name)", tensor.shape, gain: gains[name] ?? 1)
            }
        }
        try model.load(stateDict: state)
        return model
    }

    /// The numbers of the formula that the fixture's maker describes.
    private static func hashed(_ name: String, _ shape: Shape, gain: Double) -> Tensor {
        let count = shape.elementCount
        let high =
            shape.count > 1
            ? gain * (3 * Double(shape[0]) / Double(count)).squareRoot()
            : name.hasSuffix("bn.weight") ? 0.5 : name.hasSuffix("bn.bias") ? 0.35 : 0.2
        let middle = shape.count == 1 && name.hasSuffix("bn.weight") ? 1.0 : 0
        let seed = name.utf8.reduce(0xcbf2_9ce4_8422_2325 as UInt64) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
        let values = (0..<count).map { position -> Float in
            var z = seed &+ UInt64(position + 1) &* 0x9e37_79b9_7f4a_7c15
            z = (z ^ z >> 30) &* 0xbf58_476d_1ce4_e5b9
            z = (z ^ z >> 27) &* 0x94d0_49bb_1331_11eb
            z ^= z >> 31
            return Float(middle + high * (Double(z >> 40) / 0x1p23 - 1))
        }
        return Tensor(values, shape: shape)
    }

    /// The images' objects as their label files have them, in pixels.
    func targets(masks detail: MaskDetail = MaskDetail()) throws -> DetectionTargets {
        let fixture = try fixture()
        if let keypoints { return try posed(fixture, keypoints) }
        let files = try #require(fixture.manifest["files"] as? [[Double]])
        var labels: [[LabeledBox]] = [[], []]
        for row in files {
            let points = stride(from: 2, to: row.count, by: 2).map { PlanePoint(Float(row[$0]), Float(row[$0 + 1])) }
            var label = LabeledBox(polygon: points, classIndex: Int(row[1]))
            label.isOriented = variant.task == .obb
            labels[Int(row[0])].append(label.withFineOutline().scaled(x: 128, y: 96))
        }
        return DetectionTargets(labels, for: variant.task, height: 96, width: 128, masks: detail)
    }
}

extension YOLOTaskCase {
    /// Objects with keypoints, as the loss of the fixture got them.
    private func posed(_ fixture: Fixture, _ layout: KeypointLayout) throws -> DetectionTargets {
        var labels: [[LabeledBox]] = [[], []]
        let images = fixture.tensor("train/batch_idx").toArray(as: Int.self)
        let classes = fixture.tensor("train/cls").flatten().toArray(as: Int.self)
        let boxes = fixture.tensor("train/bboxes").flatten().toArray(as: Float.self)
        let points = fixture.tensor("train/keypoints").flatten().toArray(as: Float.self)
        for object in images.indices {
            let sides = boxes[4 * object..<4 * object + 4]
            let start = sides.startIndex
            var label = LabeledBox(
                Box(
                    centerX: sides[start], centerY: sides[start + 1], width: sides[start + 2], height: sides[start + 3]),
                classIndex: classes[object])
            label.keypoints = (0..<layout.count).map { point in
                let start = 3 * (object * layout.count + point)
                return Keypoint(x: points[start], y: points[start + 1], visibility: points[start + 2])
            }
            labels[images[object]].append(label.scaled(x: 128, y: 96))
        }
        return DetectionTargets(labels, for: variant.task, height: 96, width: 128)
    }
}

@Suite(.seeded(), .serialized)
struct YOLOTaskParityTests {
    @Test(arguments: YOLOTask.allCases.filter { $0 != .detect })
    func namesShapesAndCountsAreThoseOfCheckpoints(_ task: YOLOTask) throws {
        let file = fixtureFolder.appendingPathComponent("yolo_tasks/tables.json")
        let tables = try #require(
            try JSONSerialization.jsonObject(with: Data(contentsOf: file)) as? [String: [String: Any]])
        let (tensors, sizes) = (
            try #require(tables["tensors"]), try #require(tables["sizes"] as? [String: [String: Any]])
        )
        for variant in YOLOVariant.all(for: task) {
            let model = YOLO(variant, classes: (0..<80).map { "\($0)" })
            let size = try #require(sizes["\(variant)"])
            #expect(model.parameterCount == size["parameters"] as? Int, "\(variant)")
            #expect(model.stateDict().count == size["tensors"] as? Int, "\(variant)")
            guard let rows = tensors["\(variant)"] as? [[Any]] else { continue }
            let expected = Dictionary(
                uniqueKeysWithValues: try rows.map {
                    (try #require($0[0] as? String), Shape(try #require($0[1] as? [Int])))
                })
            #expect(model.stateDict().mapValues(\.shape) == expected)
        }
    }

    @Test(arguments: YOLOTaskCase.all)
    func outputsAgree(_ yolo: YOLOTaskCase) throws {
        let (model, fixture) = (try yolo.model().eval(), try yolo.fixture())
        let image = (try yolo.images()).narrow(dim: 0, start: 0, length: 1)
        let expected = fixture.tensor("eval/decoded")
        let parts = [4, yolo.classCount, yolo.variant.task.extraCount(yolo.keypoints)]
        func check(_ found: Tensor, _ expected: Tensor, from first: Int = 0) {
            let pairs = zip(found.split(parts, dim: 1), expected.split(parts, dim: 1)).dropFirst(first)
            for (found, expected) in pairs { #expect(relativeDifference(found, expected) < 1e-3) }
        }
        try noGrad {
            check(model(image), expected)
            check(try yolo.model().eval().fused()(image), expected)
            let outputs = model.outputs(image)
            if let prototypes = outputs.many.prototypes {
                #expect(relativeDifference(prototypes, fixture.tensor("eval/proto")) < 1e-3)
            }
            // Of masks the fixture has the corners of boxes instead of their centers.
            if let single = outputs.single {
                let isOriented = yolo.variant.task == .obb
                check(model.decoded(single), fixture.tensor("eval/decoded_one2one"), from: isOriented ? 0 : 1)
            }
        }
    }

    @Test(arguments: YOLOTaskCase.all)
    func suppressionKeepsTheSamePositions(_ yolo: YOLOTaskCase) throws {
        let fixture = try yolo.fixture()
        let found = NonMaximumSuppression().candidates(
            fixture.tensor("eval/decoded"), classCount: yolo.classCount, isRotated: yolo.variant.task == .obb)[0]
        #expect(found.map(\.position) == fixture.tensor("eval/nms_index").toArray(as: Int.self))
    }

    /// Of the first objects: as validation, prediction and prediction in the size of an image of 130×200 have them.
    @Test(arguments: YOLOTaskCase.segment)
    func masksAgree(_ yolo: YOLOTaskCase) throws {
        let (fixture, decoded) = (try yolo.fixture(), try yolo.fixture().tensor("eval/decoded"))
        let found = Array(
            NonMaximumSuppression().candidates(decoded, classCount: yolo.classCount)[0].prefix(10))
        let grid = AnchorGrid(sizes: [(12, 16), (6, 8), (3, 4)], strides: DetectHead.strides)
        let rows = decoded.transpose(1, 2)
        let output = DetectHead.Output(
            boxes: rows, scores: rows, extras: rows.narrow(dim: 2, start: 4 + yolo.classCount, length: 32),
            prototypes: fixture.tensor("eval/proto"), classMap: nil, grid: grid, isSingle: false)
        let planes = try #require(MaskPlanes(found, output, image: 0))
        let quarter = fixture.tensor("post/masks_quarter").to(.float32).flatten(start: 1)
        #expect((planes.binary(found.map(\.detection.box)) - quarter).abs().sum().item() <= 2)

        let boxes = fixture.tensor("post/boxes").toArray(as: Float.self)
        let letterbox = Letterbox(imageHeight: 130, imageWidth: 200, height: 96, width: 128)
        for number in 0..<2 {
            let expected = fixture.tensor("post/masks")[number].flatten().toArray(as: UInt8.self)
            let mask = planes.mask(number, in: found[number].detection.box)
            #expect(zip(mask.all, expected).count { $0 != $1 } <= 1)
            let sides = boxes[4 * number..<4 * number + 4]
            let box = Box(
                x1: sides[4 * number], y1: sides[4 * number + 1], x2: sides[4 * number + 2], y2: sides[4 * number + 3])
            let native = fixture.tensor("post/masks_native")[number].flatten().toArray(as: UInt8.self)
            #expect(zip(planes.mask(number, in: box, ofImageIn: letterbox).all, native).count { $0 != $1 } <= 1)
        }
    }

    @Test(arguments: YOLOTaskCase.segment)
    func polygonsBecomeTheSameMasks(_ yolo: YOLOTaskCase) throws {
        let (targets, fixture) = (try yolo.targets(), try yolo.fixture())
        #expect(
            try #require(targets.masks).toArray(as: Int.self) == fixture.tensor("train/masks").toArray(as: Int.self))
        let classes = targets.labels.flatMap { $0.map { Float($0.classIndex) } }
        #expect(classes == fixture.tensor("train/cls").flatten().toArray(as: Float.self))
        let boxes = fixture.tensor("train/bboxes") * Tensor([128, 96, 128, 96] as [Float])
        let own = targets.labels.flatMap {
            $0.flatMap { [$0.box.centerX, $0.box.centerY, $0.box.width, $0.box.height] }
        }
        #expect(zip(own, boxes.flatten().toArray(as: Float.self)).allSatisfy { abs($0 - $1) < 1e-3 })
    }

    @Test(arguments: YOLOTaskCase.all)
    func lossAndGradientsAgree(_ yolo: YOLOTaskCase) throws {
        let (model, fixture, targets) = (try yolo.model().train(), try yolo.fixture(), try yolo.targets())
        let value = YOLOLoss()(model.outputs((try yolo.images())), of: model, targets)
        value.total.backward()
        let items = fixture.table("loss_items")
        #expect(value.parts.items.map(\.part.name) == model.variant.lossNames)
        for (part, found) in zip(model.variant.lossParts, value.parts.values) {
            let expected = try #require(items[part.name])
            #expect(abs(found - expected) < 1e-3 * expected + 1e-6, "\(part): \(found), not \(expected)")
        }
        let total = try #require(fixture.manifest["loss_sum"] as? NSNumber).doubleValue
        #expect(abs(value.total.item() - total) < 1e-3 * total)

        let norms = fixture.table("grad_norm")
        let largest = try #require(norms.values.max())
        let trained = model.namedParameters.filter(\.parameter.requiresGrad)
        #expect(Set(trained.map(\.name)) == Set(norms.keys))
        for (name, parameter) in trained {
            let (found, expected) = (parameter.grad?.norm().item() ?? 0, try #require(norms[name]))
            #expect(abs(found - expected) < 2e-3 * expected + 1e-4 * largest, "\(name): \(found), not \(expected)")
        }
        let parameters = Dictionary(uniqueKeysWithValues: trained.map { ($0.name, $0.parameter) })
        for (name, expected) in fixture.tensors where name.hasPrefix("train/grad/") {
            let gradient = try #require(parameters[String(name.dropFirst("train/grad/".count))]?.grad)
            #expect(relativeDifference(gradient, expected) < 2e-3, "\(name)")
        }
    }

    @Test(arguments: YOLOTaskCase.all)
    func partsCountAsTheirGainsSay(_ yolo: YOLOTaskCase) throws {
        let (model, targets) = (try yolo.model().train(), try yolo.targets())
        let outputs = model.outputs(try yolo.images())
        var configuration = DetectionConfiguration()
        (configuration.box, configuration.cls, configuration.dfl) = (15, 1, 3)
        (configuration.pose, configuration.kobj, configuration.rle, configuration.angle) = (24, 2, 2, 2)
        let usual = YOLOLoss()(outputs, of: model, targets).parts.values
        let doubled = YOLOLoss(gains: configuration.gains)(outputs, of: model, targets).parts.values
        for (part, (a, b)) in zip(model.variant.lossParts, zip(usual, doubled)) {
            #expect(abs(b - 2 * a) <= 1e-5 * abs(b), "\(part)")
        }
    }

    /// Ultralytics' `mask_ratio` and `overlap_mask`.
    @Test(arguments: YOLOTaskCase.all.filter { $0.variant.task == .segment })
    func lossesOfMasksDrawnOtherwiseAgree(_ yolo: YOLOTaskCase) throws {
        let (model, fixture) = (try yolo.model().train(), try yolo.fixture())
        let variants = try #require(fixture.manifest["variants"] as? [String: [String: Any]])
        let outputs = model.outputs(try yolo.images())
        for (name, detail) in [
            ("mask_ratio 1", MaskDetail(ratio: 1)), ("mask_ratio 2", MaskDetail(ratio: 2)),
            ("overlap_mask off", MaskDetail(isShared: false)),
        ] {
            let value = YOLOLoss()(outputs, of: model, try yolo.targets(masks: detail))
            let items = try #require(variants[name]?["items"] as? [String: Double])
            for (part, found) in zip(model.variant.lossParts, value.parts.values) {
                let expected = try #require(items[part.name])
                #expect(abs(found - expected) < 1e-3 * expected + 1e-6, "\(name), \(part): \(found), not \(expected)")
            }
            let total = try #require(variants[name]?["loss"] as? [Double]).reduce(0, +)
            #expect(abs(value.total.item() - total) < 1e-3 * total, "\(name)")
        }
    }

    @Test(arguments: YOLOTaskCase.all)
    func lossesOfFewerObjectsAgree(_ yolo: YOLOTaskCase) throws {
        let (model, fixture, targets) = (try yolo.model().train(), try yolo.fixture(), try yolo.targets())
        let variants = try #require(fixture.manifest["variants"] as? [String: [String: Any]])
        let cases = [
            ("no objects", [[], []] as [[LabeledBox]]), ("objects in image 0 only", [targets.labels[0], []]),
        ]
        let outputs = model.outputs((try yolo.images()))
        for (name, labels) in cases {
            let targets = DetectionTargets(labels, for: yolo.variant.task, height: 96, width: 128)
            let found = YOLOLoss()(outputs, of: model, targets).parts.values
            let expected = try #require(variants[name]?["items"] as? [String: Double])
            for (part, found) in zip(model.variant.lossParts, found) {
                let expected = try #require(expected[part.name])
                #expect(abs(found - expected) < 1e-3 * expected + 1e-6, "\(name), \(part): \(found), not \(expected)")
            }
        }
    }

    /// Where an object lies between all positions, none learns its keypoints: a mean over nothing is 0, as are its gradients.
    @Test(arguments: YOLOTaskCase.all.filter { $0.variant.task == .pose })
    func keypointsThatNoPositionLearns(_ yolo: YOLOTaskCase) throws {
        let model = try yolo.model().train()
        let layout = try #require(model.keypoints)
        var label = LabeledBox(Box(x1: 0.5, y1: 0.5, x2: 0.75, y2: 0.75), classIndex: 0)
        label.keypoints = Array(repeating: Keypoint(x: 0, y: 0, visibility: 0), count: layout.count)
        let targets = DetectionTargets([[label], []], for: .pose, height: 96, width: 128)
        let value = YOLOLoss()(model.outputs(try yolo.images()), of: model, targets)
        let parts = value.parts.values
        #expect(parts.allSatisfy { $0.isFinite }, "\(parts)")
        value.total.backward()
        for (name, parameter) in model.namedParameters where parameter.requiresGrad {
            let gradients = parameter.grad?.toArray(as: Float.self) ?? []
            #expect(gradients.allSatisfy { $0.isFinite }, "\(name)")
        }
    }
}

/// Whether points are as many as others, and each is near its own.
func areNear(_ points: [PlanePoint], _ others: [PlanePoint], within distance: Float) -> Bool {
    guard points.count == others.count else { return false }
    return zip(points, others).allSatisfy { a, b in
        let apart = a - b
        return max(abs(apart.x), abs(apart.y)) < distance
    }
}

@Suite(.seeded()) struct PolygonTests {
    private let raster = try! Fixture("yolo_tasks/raster")

    private func polygon(_ number: Int) -> [PlanePoint] { points(raster.tensor("poly/\(number)")) }

    private func points(_ tensor: Tensor) -> [PlanePoint] {
        let values = tensor.flatten().toArray(as: Float.self)
        return stride(from: 0, to: values.count, by: 2).map { PlanePoint(values[$0], values[$0 + 1]) }
    }

    @Test(arguments: 0..<8) func fillingAgreesWithOpenCV(_ number: Int) throws {
        var filled = PolygonRaster(height: 96, width: 128)
        filled.fill(polygon(number))
        for ratio in [1, 2, 4] {
            let expected = raster.tensor("mask/\(number)/\(ratio)").flatten().toArray(as: UInt8.self)
            #expect(filled.shrunk(by: ratio).pixels == expected, "ratio \(ratio)")
        }
    }

    @Test(arguments: [1, 4]) func overlapsAreOrderedByArea(_ ratio: Int) {
        let labels = (0..<8).map { LabeledBox(polygon: polygon($0), classIndex: $0) }
        let map = MaskMap(labels, height: 96, width: 128, MaskDetail(ratio: ratio))
        #expect(map.labels.map(\.classIndex) == raster.tensor("order/\(ratio)").toArray(as: Int.self))
        #expect(map.codes.map(Int.init) == raster.tensor("overlap/\(ratio)").flatten().toArray(as: Int.self))
    }

    @Test(arguments: [1000, 7]) func outlinesAreResampledAlike(_ count: Int) {
        let found = points(raster.tensor("resample/in")).resampled(to: count)
        let expected = points(raster.tensor("resample/\(count)"))
        #expect(found.count == expected.count)
        #expect(areNear(found, expected, within: 1e-4))
    }

    /// Turned and shrunk, enlarged beyond the image, and in perspective.
    @Test(arguments: 0..<3) func outlinesMoveAlike(_ number: Int) throws {
        let fixture = try Fixture("yolo_tasks/augment")
        let map = PlaneMap(fixture.tensor("M/\(number)").flatten().toArray(as: Double.self))
        let segments = fixture.tensor("in/segments")
        let kept = fixture.tensor("kept/\(number)").toArray(as: Int.self)
        let boxes = fixture.tensor("boxes/\(number)").flatten().toArray(as: Float.self)
        for (position, index) in kept.enumerated() {
            let label = LabeledBox(polygon: points(segments[index]), classIndex: 0)
                .withFineOutline().scaled(x: 128, y: 96)
            let moved = map(label, in: (height: 96, width: 128))
            let own = [moved.box.x1, moved.box.y1, moved.box.x2, moved.box.y2]
            #expect(zip(own, boxes[4 * position..<4 * position + 4]).allSatisfy { abs($0 - $1) < 1e-2 })
            let expected = points(fixture.tensor("segments/\(number)")[position])
            #expect(areNear(moved.polygon, expected, within: 1e-2))
        }
    }

    @Test func outlinesOfMasksAreFilledAgain() {
        for number in 0..<8 {
            let mask = InstanceMask(polygon: polygon(number), imageHeight: 96, imageWidth: 128)
            guard !mask.outline.isEmpty else { continue }
            #expect(InstanceMask(polygon: mask.outline, imageHeight: 96, imageWidth: 128).pixels == mask.pixels)
        }
    }

    @Test func runLengthsAreReadAgain() throws {
        for number in 0..<8 {
            let mask = InstanceMask(polygon: polygon(number), imageHeight: 96, imageWidth: 128)
            let runs = RunLengths(mask)
            let again = try #require(RunLengths(text: runs.text, height: 96, width: 128))
            #expect(again == runs && again.mask.all == mask.all)
        }
        #expect(RunLengths(text: "~", height: 4, width: 4) == nil)
        #expect(RunLengths(checking: [3, -1], height: 1, width: 2) == nil)
    }
}
