import Foundation
import Switchback

/// Predicts, at every position of three feature maps, the distances to the sides of an object's box and the class
/// probabilities.
public final class DetectHead: Module {
    private let boxBranches, classBranches: [Sequential]
    /// YOLO26's second pair of branches, of which only one position speaks for an object.
    private let singleBoxBranches, singleClassBranches: [Sequential]
    private let dfl: DistanceDistribution?
    /// In how many steps a distance is given; 1 where it is a number of its own.
    public let regMax: Int
    /// How many classes there are.
    public let classCount: Int

    /// Pixels between the positions of the feature maps.
    public static let strides = [8, 16, 32]

    public override var partNames: [String: String] {
        [
            "boxBranches": "cv2", "classBranches": "cv3", "singleBoxBranches": "one2one_cv2",
            "singleClassBranches": "one2one_cv3",
        ]
    }

    /// - Parameters:
    ///   - channels: of the feature maps, with strides 8, 16 and 32.
    ///   - isEndToEnd: whether there is a second pair of branches, whose boxes need no suppression of others.
    public init(_ channels: [Int], classCount: Int, regMax: Int, isEndToEnd: Bool) {
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
        super.init()
        setBiases()
    }

    public var isEndToEnd: Bool { !singleBoxBranches.isEmpty }

    /// Whether a parameter belongs to a branch that predicts classes.
    func isOfClasses(_ parameter: Parameter) -> Bool {
        (classBranches + singleClassBranches).contains { $0.parameters.contains { $0 === parameter } }
    }

    /// The second pair of branches starts as a copy of the first, and biases so that about five objects are expected in
    /// an image of 640×640 pixels.
    private func setBiases() {
        noGrad {
            for (copies, originals) in [(singleBoxBranches, boxBranches), (singleClassBranches, classBranches)] {
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

    /// The output of one pair of branches at every position, the finest map first.
    public struct Output {
        /// The four distances, or the scores of their steps: [N, positions, 4·regMax], side by side.
        public var boxes: Tensor
        /// The logits of the classes: [N, positions, classes].
        public var scores: Tensor
        public let grid: AnchorGrid
    }

    /// The first pair of branches.
    public func predict(_ features: [Tensor]) -> Output { run(boxBranches, classBranches, features) }

    /// The second pair, which the feature maps do not learn from.
    public func predictSingly(_ features: [Tensor]) -> Output {
        run(singleBoxBranches, singleClassBranches, features.map { $0.detach() })
    }

    private func run(_ boxes: [Sequential], _ classes: [Sequential], _ features: [Tensor]) -> Output {
        func rows(_ branches: [Sequential]) -> Tensor {
            Tensor.cat(
                zip(branches, features).map { branch, feature in
                    let map = branch(feature)
                    return map.permute(0, 2, 3, 1).reshape(map.shape[0], -1, map.shape[1])
                }, dim: 1)
        }
        let grid = AnchorGrid(sizes: features.map { ($0.shape[2], $0.shape[3]) }, strides: Self.strides)
        return Output(boxes: rows(boxes), scores: rows(classes), grid: grid)
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
