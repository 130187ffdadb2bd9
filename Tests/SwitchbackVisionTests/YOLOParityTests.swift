import Foundation
import Switchback
import SwitchbackFormats
import SwitchbackVision
import TestSupport
import Testing

/// A detector, and what Ultralytics computed with it.
struct YOLOCase: CustomTestStringConvertible {
    let name: String
    let variant: YOLOVariant
    let classCount: Int

    static let all = [
        YOLOCase(name: "yolo11n_nc3", variant: .yolo11n, classCount: 3),
        YOLOCase(name: "yolo11n_nc80", variant: .yolo11n, classCount: 80),
        YOLOCase(name: "yolo26n_nc3", variant: .yolo26n, classCount: 3),
        YOLOCase(name: "yolo26n_nc80", variant: .yolo26n, classCount: 80),
    ]

    var testDescription: String { name }

    func fixture() throws -> Fixture { try Fixture("yolo/\(name)") }

    /// The model with the fixture's weights, which are hashed, stored (under `weights/`) or constant.
    func model() throws -> YOLO {
        let (model, fixture) = (YOLO(variant, classes: (0..<classCount).map { "class \($0)" }), try fixture())
        let salt = try #require(fixture.manifest["salt"] as? Int)
        let fill = try #require(fixture.manifest["fill"] as? [String: [Double]])
        let stored = fixture.tensors.filter { $0.key.hasPrefix("weights/") }
        let constant = model.stateDict().filter {
            $0.key.hasSuffix("dfl.conv.weight") || $0.key.hasSuffix("num_batches_tracked")
        }
        let state = try Dictionary(
            uniqueKeysWithValues: fill.map { name, range in
                let shape = try #require(model.stateDict()[name], "the model has no \(name)").shape
                return (name, hashed("\(salt)/\(name)", shape, range))
            })
        try model.load(
            stateDict: state.merging(stored.map { (String($0.key.dropFirst(8)), $0.value) } + constant) { $1 })
        return model
    }
}

extension Fixture {
    func tensor(_ name: String) -> Tensor { tensors[name]! }
    func numbers(_ name: String) -> [Double] { (manifest[name] as! [NSNumber]).map(\.doubleValue) }
    func table(_ name: String) -> [String: Double] {
        (manifest[name] as! [String: NSNumber]).mapValues(\.doubleValue)
    }

    /// The images as the network takes them.
    var images: Tensor { tensor("images").to(.float32) / 255 }

    /// The labels of each image, in pixels.
    var objects: [[LabeledBox]] {
        let (rows, images) = (tensor("train/labels").toArray(as: Float.self), tensor("images").shape)
        var objects = [[LabeledBox]](repeating: [], count: images[0])
        for row in stride(from: 0, to: rows.count, by: 6) {
            let (width, height) = (Float(images[3]), Float(images[2]))
            objects[Int(rows[row])].append(
                LabeledBox(
                    Box(
                        centerX: rows[row + 2] * width, centerY: rows[row + 3] * height,
                        width: rows[row + 4] * width, height: rows[row + 5] * height),
                    classIndex: Int(rows[row + 1])))
        }
        return objects
    }
}

/// The largest difference of two tensors, as a share of the largest value that is expected.
func relativeDifference(_ found: Tensor, _ expected: Tensor) -> Double {
    guard found.shape == expected.shape else { return .infinity }
    let difference: Double = (found.detach() - expected).abs().max().item()
    return difference / max(expected.abs().max().item(), 1e-12)
}

@Suite(.seeded(), .serialized)
struct YOLOParityTests {
    @Test(arguments: YOLOCase.all)
    func namesAndShapesAreThoseOfCheckpoints(_ yolo: YOLOCase) throws {
        let model = YOLO(yolo.variant, classes: (0..<yolo.classCount).map { "\($0)" })
        let shapes = try #require(try yolo.fixture().manifest["shapes"] as? [String: [Int]])
        #expect(model.stateDict().mapValues(\.shape) == shapes.mapValues { Shape($0) })
        let counts = [
            "yolo11n_nc3": 2_590_425, "yolo11n_nc80": 2_624_080, "yolo26n_nc3": 2_504_970, "yolo26n_nc80": 2_572_280,
        ]
        #expect(model.parameterCount == counts[yolo.name])
    }

    @Test(arguments: YOLOCase.all)
    func headsAndBoxesAgree(_ yolo: YOLOCase) throws {
        let (model, fixture) = (try yolo.model().eval(), try yolo.fixture())
        try noGrad {
            let image = fixture.images.narrow(dim: 0, start: 0, length: 1)
            let outputs = model.outputs(image)
            var heads = [("", outputs.many)]
            if let single = outputs.single { heads = [("one2many/", outputs.many), ("one2one/", single)] }
            for (prefix, head) in heads {
                #expect(relativeDifference(head.boxes.transpose(1, 2), fixture.tensor("eval/\(prefix)boxes")) < 1e-3)
                #expect(relativeDifference(head.scores.transpose(1, 2), fixture.tensor("eval/\(prefix)scores")) < 1e-3)
            }
            let expected = fixture.tensor("eval/decoded")
            for (found, expected) in zip(
                model(image).split([4, yolo.classCount], dim: 1), expected.split([4, yolo.classCount], dim: 1))
            {
                #expect(relativeDifference(found, expected) < 1e-3)
            }
            let folded = try yolo.model().eval().fused()
            #expect(relativeDifference(folded(image), expected) < 1e-3)
        }
    }

    @Test(arguments: YOLOCase.all)
    func suppressionIsExact(_ yolo: YOLOCase) throws {
        let fixture = try yolo.fixture()
        let found = NonMaximumSuppression()(fixture.tensor("eval/decoded"))[0]
        let rows = found.map { [$0.box.x1, $0.box.y1, $0.box.x2, $0.box.y2, $0.score, Float($0.classIndex)] }
        #expect(rows.flatMap { $0 } == fixture.tensor("eval/nms").toArray(as: Float.self))
    }

    @Test(arguments: YOLOCase.all.filter { $0.variant == .yolo26n })
    func directSelectionAgrees(_ yolo: YOLOCase) throws {
        let (model, fixture) = (try yolo.model().eval(), try yolo.fixture())
        let expected = fixture.tensor("eval/end2end")
        let found = noGrad {
            let output = model.finalOutput(fixture.images)
            return DirectSelection()(corners: model.corners(output), logits: output.scores)
        }
        for (image, detections) in found.enumerated() {
            let values = expected[image].toArray(as: Float.self)
            let rows = stride(from: 0, to: values.count, by: 6).map { Array(values[$0..<$0 + 6]) }
            #expect(detections.count == rows.count)
            for (detection, row) in zip(detections, rows) { #expect(abs(detection.score - row[4]) < 1e-3) }
            // Neighbors of almost equal score may have changed places, and the last may have left.
            let unmatched = rows.filter { row in
                !detections.contains {
                    $0.classIndex == Int(row[5]) && abs($0.score - row[4]) < 1e-3 && abs($0.box.x1 - row[0]) < 0.3
                        && abs($0.box.y1 - row[1]) < 0.3 && abs($0.box.x2 - row[2]) < 0.3
                        && abs($0.box.y2 - row[3]) < 0.3
                }
            }
            #expect(unmatched.count <= 2)
        }
    }

    @Test(arguments: YOLOCase.all)
    func lossAndGradientsAgree(_ yolo: YOLOCase) throws {
        let (model, fixture) = (try yolo.model().train(), try yolo.fixture())
        let value = YOLOLoss()(model.outputs(fixture.images), of: model, fixture.objects)
        value.total.backward()

        let items = fixture.table("loss_items")
        let last = items["dfl_loss"] ?? items["l1_loss"]!
        for (found, expected) in zip(value.parts.values, [items["box_loss"]!, items["cls_loss"]!, last]) {
            #expect(abs(found - expected) < 1e-3 * expected)
        }
        let total = (fixture.manifest["loss_sum"] as! NSNumber).doubleValue
        #expect(abs(value.total.item() - total) < 1e-3 * total)

        let norms = fixture.table("grad_norm")
        let largest = norms.values.max()!
        let trained = model.namedParameters.filter(\.parameter.requiresGrad)
        #expect(Set(trained.map(\.name)) == Set(norms.keys))
        for (name, parameter) in trained {
            let (found, expected) = (parameter.grad?.norm().item() ?? 0, norms[name]!)
            #expect(abs(found - expected) < 0.01 * expected + 1e-6 * largest, "\(name): \(found), not \(expected)")
        }
        let parameters = Dictionary(uniqueKeysWithValues: trained.map { ($0.name, $0.parameter) })
        for (name, expected) in fixture.tensors where name.hasPrefix("train/grad/") {
            let gradient = parameters[String(name.dropFirst("train/grad/".count))]!.grad!
            #expect(relativeDifference(gradient, expected) < 1e-3, "\(name)")
        }
        for (name, expected) in fixture.tensors where name.hasPrefix("train/stat/") {
            let statistic = model.stateDict()[String(name.dropFirst("train/stat/".count))]!
            #expect(relativeDifference(statistic, expected) < 1e-3, "\(name)")
        }
    }

    /// Later losses depend on rounding errors, because positions change their objects: for yolo11n with 3 classes
    /// Ultralytics itself gives 24.87 at the fourth step in float32, and 25.06 in float64.
    @Test(arguments: YOLOCase.all)
    func stepsOfGradientDescentAgree(_ yolo: YOLOCase) throws {
        let (model, fixture) = (try yolo.model().train(), try yolo.fixture())
        let optimizer = SGD(model, learningRate: 2e-5, momentum: 0.9, nesterov: true)
        let expected = (fixture.manifest["sgd"] as! [String: Any])["loss_sum"] as! [NSNumber]
        for (expected, tolerance) in zip(expected.map(\.doubleValue), [1e-3, 1e-3, 0.01, 0.05]) {
            optimizer.zeroGrad()
            let loss = YOLOLoss()(model.outputs(fixture.images), of: model, fixture.objects).total
            #expect(abs(loss.item() - expected) < tolerance * expected)
            loss.backward()
            optimizer.step()
        }
    }
}

@Suite(.seeded()) struct YOLOModelTests {
    @Test func largerSizesHaveAsManyParametersAsPublished() {
        // Ultralytics' tables, in millions.
        let published: [String: Double] = [
            "yolo11s": 9.46, "yolo11m": 20.1, "yolo11l": 25.4, "yolo11x": 57.0, "yolo26s": 10.0, "yolo26m": 21.9,
            "yolo26l": 26.3, "yolo26x": 59.0,
        ]
        for variant in YOLOVariant.all(for: .detect) where variant.size != .n {
            let count = YOLO(variant, classes: (0..<80).map { "\($0)" }).parameterCount
            #expect(abs(Double(count) / 1e6 - published["\(variant)"]!) < 0.06, "\(variant) has \(count)")
        }
    }

    @Test func biasesExpectFiveObjects() {
        let model = YOLO(.yolo26n, classes: (0..<80).map { "\($0)" })
        let state = model.stateDict()
        for (level, expected) in [-11.54, -10.15, -8.76].enumerated() {
            for branch in ["cv3", "one2one_cv3"] {
                let bias = state["model.23.\(branch).\(level).2.bias"]!
                #expect(abs(bias.mean().item() - expected) < 0.01)
            }
        }
        #expect(state["model.23.cv2.0.2.bias"]!.mean().item() == 2)
    }

    @Test func unknownNamesGetANeighbor() {
        let error = #expect(throws: InputError.self) { try YOLOVariant(named: "yolo11q") }
        #expect(error?.description.contains("yolo11") == true)
        #expect(throws: InputError.self) { try YOLOVariant(named: "") }
    }

    @Test func aLossWithoutObjectsIsFinite() {
        let model = YOLO(.yolo11n, classes: ["thing"])
        let value = YOLOLoss()(model.outputs(Tensor.rand([2, 3, 64, 64])), of: model, [[], []])
        value.total.backward()
        #expect(value.parts.values[0] == 0 && value.parts.values[2] == 0)
        #expect(model.parameters.allSatisfy { $0.grad == nil || $0.grad!.abs().max().item() < 1e3 })
    }

    @Test func theBalanceMovesToTheSingleHead() {
        #expect(abs(YOLOLoss.shareOfMany(epoch: 0, of: 100) - 0.8) < 1e-12)
        #expect(abs(YOLOLoss.shareOfMany(epoch: 99, of: 100) - 0.1) < 1e-12)
        #expect(abs(YOLOLoss.shareOfMany(epoch: 0, of: 1) - 0.8) < 1e-12)
    }
}
