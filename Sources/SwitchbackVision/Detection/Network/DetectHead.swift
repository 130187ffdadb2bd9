import Foundation
import Switchback

/// Predicts, at every position of three feature maps, the distances to the sides of an object's box and the class
/// probabilities; and what else the task asks for.
public final class DetectHead: Module {
    private let boxBranches, classBranches: [Sequential]
    /// YOLO26's second pair of branches, of which only one position speaks for an object.
    private let singleBoxBranches, singleClassBranches: [Sequential]
    private let dfl: DistanceDistribution?
    /// Of masks, the weights of the prototypes; of oriented boxes, the angle; of poses, the keypoints; empty for
    /// detectors.
    private let extraBranches, singleExtraBranches: [Sequential]
    private let proto: MaskPrototypes?
    /// The last layers of YOLO26's keypoints, and of how far they may be off, which is learned only.
    private let keypointBranches, singleKeypointBranches, deviationBranches, singleDeviationBranches: [Conv2d]
    /// How likely YOLO26's keypoints are off by so much.
    let flow: ErrorFlow?
    /// In how many steps a distance is given; 1 where it is a number of its own.
    public let regMax: Int
    /// How many classes there are.
    public let classCount: Int

    /// Pixels between the positions of the feature maps.
    public static let strides = [8, 16, 32]

    public override var partNames: [String: String] {
        [
            "boxBranches": "cv2", "classBranches": "cv3", "singleBoxBranches": "one2one_cv2",
            "singleClassBranches": "one2one_cv3", "extraBranches": "cv4", "singleExtraBranches": "one2one_cv4",
            "keypointBranches": "cv4_kpts", "singleKeypointBranches": "one2one_cv4_kpts",
            "deviationBranches": "cv4_sigma", "singleDeviationBranches": "one2one_cv4_sigma", "flow": "flow_model",
        ]
    }

    /// - Parameter channels: of the feature maps, with strides 8, 16 and 32.
    init(_ channels: [Int], classCount: Int, of variant: YOLOVariant, _ keypoints: KeypointLayout?) {
        let (regMax, isEndToEnd) = (variant.regMax, variant.isEndToEnd)
        self.classCount = classCount
        self.regMax = regMax
        let boxWidth = max(16, channels[0] / 4, 4 * regMax)
        let classWidth = max(channels[0], min(classCount, 100))
        func boxes() -> [Sequential] {
            channels.map {
                Sequential(
                    ConvBlock($0, boxWidth, kernelSize: 3), ConvBlock(boxWidth, boxWidth, kernelSize: 3),
                    Conv2d(boxWidth, 4 * regMax, kernelSize: 1))
            }
        }
        func classes() -> [Sequential] {
            channels.map {
                Sequential(
                    Sequential(ConvBlock.depthwise($0, kernelSize: 3), ConvBlock($0, classWidth)),
                    Sequential(ConvBlock.depthwise(classWidth, kernelSize: 3), ConvBlock(classWidth, classWidth)),
                    Conv2d(classWidth, classCount, kernelSize: 1))
            }
        }
        (boxBranches, classBranches) = (boxes(), classes())
        (singleBoxBranches, singleClassBranches) = isEndToEnd ? (boxes(), classes()) : ([], [])
        dfl = regMax > 1 ? DistanceDistribution(regMax) : nil
        // YOLO26 also learns how far keypoints may be off, in x and y.
        let deviations = variant.task == .pose && isEndToEnd ? 2 * (keypoints ?? .person).count : 0
        func extras() -> [Sequential] {
            let outputs = variant.task.extraCount(keypoints)
            if outputs == 0 { return [] }
            let width = max(channels[0] / 4, outputs + deviations)
            return channels.map {
                let blocks: [Module] = [ConvBlock($0, width, kernelSize: 3), ConvBlock(width, width, kernelSize: 3)]
                return Sequential(blocks + (deviations == 0 ? [Conv2d(width, outputs, kernelSize: 1)] : []))
            }
        }
        func last(_ outputs: Int) -> [Conv2d] {
            let width = max(channels[0] / 4, variant.task.extraCount(keypoints) + deviations)
            return deviations == 0 ? [] : channels.map { _ in Conv2d(width, outputs, kernelSize: 1) }
        }
        extraBranches = extras()
        singleExtraBranches = isEndToEnd ? extras() : []
        let numbers = variant.task.extraCount(keypoints)
        (keypointBranches, deviationBranches) = (last(numbers), last(deviations))
        (singleKeypointBranches, singleDeviationBranches) = (last(numbers), last(deviations))
        flow = deviations == 0 ? nil : ErrorFlow()
        proto =
            variant.task == .segment
            ? MaskPrototypes(
                channels, width: variant.prototypeChannels, classCount: classCount, fusesLevels: isEndToEnd) : nil
        super.init()
        setBiases()
    }

    public var isEndToEnd: Bool { !singleBoxBranches.isEmpty }

    /// Whether a parameter belongs to a branch that predicts classes.
    func isOfClasses(_ parameter: Parameter) -> Bool {
        (classBranches + singleClassBranches).contains { $0.parameters.contains { $0 === parameter } }
            || proto?.isOfClasses(parameter) ?? false
    }

    /// The second set of branches starts as a copy of the first, and biases so that about five objects are expected in
    /// an image of 640×640 pixels.
    private func setBiases() {
        noGrad {
            for (copies, originals) in [
                (singleBoxBranches, boxBranches), (singleClassBranches, classBranches),
                (singleExtraBranches, extraBranches), (singleKeypointBranches, keypointBranches),
                (singleDeviationBranches, deviationBranches),
            ] as [([Module], [Module])] {
                for (copy, original) in zip(copies, originals) {
                    for (to, from) in zip(copy.parameters, original.parameters) { to.copy(from: from) }
                }
            }
            for branch in boxBranches + singleBoxBranches {
                Self.bias(of: branch)?.copy(from: Tensor.full([4 * regMax], 2.0))
            }
            for (i, branch) in (classBranches + singleClassBranches).enumerated() {
                let positions = pow(640 / Double(Self.strides[i % Self.strides.count]), 2)
                Self.bias(of: branch)?.copy(
                    from: Tensor.full([classCount], log(5 / Double(classCount) / positions)))
            }
        }
    }

    private static func bias(of branch: Sequential) -> Parameter? {
        (branch.layers.last as? Conv2d)?.bias
    }

    /// The output of one set of branches at every position, the finest map first.
    public struct Output {
        /// The four distances, or the scores of their steps: [N, positions, 4·regMax], side by side.
        public var boxes: Tensor
        /// The logits of the classes: [N, positions, classes].
        public var scores: Tensor
        /// Of masks, the weights of the prototypes, [N, positions, 32]; of oriented boxes, the angle in radians, [N,
        /// positions, 1]; of poses, the keypoints as `YOLO.keypointPlaces` reads them, [N, positions, numbers].
        public var extras: Tensor?
        /// In YOLO26's training of poses, how far keypoints may be off, before the sigmoid: [N, positions, 2 · keypoints].
        public var deviations: Tensor?
        /// The prototypes of masks, [N, 32, H / 4, W / 4].
        public var prototypes: Tensor?
        /// In YOLO26's training of masks, the logits of the classes all over the image: [N, classes, H / 8, W / 8].
        public var classMap: Tensor?
        public internal(set) var grid: AnchorGrid
        /// Whether one position speaks for an object, so that nothing is to be suppressed.
        public let isSingle: Bool

        package init(
            boxes: Tensor, scores: Tensor, extras: Tensor? = nil, deviations: Tensor? = nil, prototypes: Tensor? = nil,
            classMap: Tensor? = nil, grid: AnchorGrid, isSingle: Bool
        ) {
            self.boxes = boxes
            self.scores = scores
            self.extras = extras
            self.deviations = deviations
            self.prototypes = prototypes
            self.classMap = classMap
            self.grid = grid
            self.isSingle = isSingle
        }
    }

    /// The outputs of both sets of branches: of the first, from which several positions may speak for one object, and of
    /// the second, which the feature maps do not learn from.
    func predictBoth(_ features: [Tensor]) -> (many: Output, single: Output?) {
        let maps = proto?(features)
        let many = run(features, maps, isSingle: false)
        return (many, isEndToEnd ? predictSingly(features, maps) : nil)
    }

    /// The first set of branches.
    public func predict(_ features: [Tensor]) -> Output {
        run(features, proto?(features), isSingle: false)
    }

    /// The second set, which the feature maps do not learn from.
    public func predictSingly(_ features: [Tensor]) -> Output { predictSingly(features, proto?(features)) }

    private func predictSingly(_ features: [Tensor], _ maps: Maps?) -> Output {
        run(
            features.map { $0.detach() }, maps.map { ($0.prototypes.detach(), $0.classMap?.detach()) },
            isSingle: true)
    }

    private typealias Maps = (prototypes: Tensor, classMap: Tensor?)

    private func run(_ features: [Tensor], _ maps: Maps?, isSingle: Bool) -> Output {
        func rows(_ branches: [Module], _ features: [Tensor]) -> Tensor {
            Tensor.cat(
                zip(branches, features).map { branch, feature in
                    let map = branch(feature)
                    return map.permute(0, 2, 3, 1).reshape(map.shape[0], -1, map.shape[1])
                }, dim: 1)
        }
        let (boxes, classes, extras) =
            isSingle
            ? (singleBoxBranches, singleClassBranches, singleExtraBranches)
            : (boxBranches, classBranches, extraBranches)
        let grid = AnchorGrid(sizes: features.map { ($0.shape[2], $0.shape[3]) }, strides: Self.strides)
        var output = Output(
            boxes: rows(boxes, features), scores: rows(classes, features), prototypes: maps?.prototypes,
            classMap: maps?.classMap, grid: grid, isSingle: isSingle)
        if flow != nil {
            let inner = zip(extras, features).map { $0($1) }
            output.extras = rows(isSingle ? singleKeypointBranches : keypointBranches, inner)
            if isTraining { output.deviations = rows(isSingle ? singleDeviationBranches : deviationBranches, inner) }
        } else if !extras.isEmpty {
            output.extras = decoded(rows(extras, features))
        }
        return output
    }

    /// Extras as they are used: YOLO11 keeps angles from −π/4 to 3π/4, YOLO26 leaves them as they are.
    private func decoded(_ extras: Tensor) -> Tensor {
        extras.shape[2] == 1 && !isEndToEnd ? (extras.sigmoid() - 0.25) * Double.pi : extras
    }

    /// Distances to the left, upper, right and lower side in steps of the map, [..., 4], from [..., 4·regMax].
    public func distances(_ boxes: Tensor) -> Tensor { dfl?(boxes) ?? boxes }
}

/// A distance as the expectation over steps 0, 1, … of their softmax (Li et al., "Generalized Focal Loss", 2020, eq.
/// 6): [..., 4·steps] → [..., 4]. The steps are a frozen 1×1 filter, as checkpoints have them.
final class DistanceDistribution: Module {
    let conv: Conv2d

    init(_ steps: Int) {
        conv = Conv2d(steps, 1, kernelSize: 1, bias: false)
        super.init()
        noGrad { conv.weight.copy(from: Tensor.arange(Float(steps)).reshape(1, steps, 1, 1)) }
        conv.freeze()
    }

    override func forward(_ input: Tensor) -> Tensor {
        let steps = conv.weight.count
        let sides = Shape(input.shape.dropLast() + [4, steps])
        return (input.reshape(sides).softmax(dim: -1) * conv.weight.detach().reshape(steps)).sum(dim: -1)
    }
}
