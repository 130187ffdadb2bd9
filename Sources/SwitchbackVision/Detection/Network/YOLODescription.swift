import Switchback

/// The stages of a YOLO network, one after another. Each takes what the one before it computed. Channels are those of
/// the full width, which a variant scales.
enum YOLOStage {
    /// A 3×3 convolution with stride 2: half as high and wide.
    case halve(Int)
    /// A chain of blocks on a part of the channels. The large sizes have `c3k` instead of `bottleneck`.
    case chain(Int, C3k2.Inner, expansion: Double = 0.5, depth: Int = 2)
    /// Maxima over neighborhoods of several sizes.
    case pyramidPool(Int)
    /// Self-attention on half of the channels.
    case attend(Int)
    /// Twice as high and wide.
    case double
    /// The channels of an earlier stage, beside those of the last.
    case join(Int)
}

extension YOLOVariant {
    /// The stages before the head.
    var stages: [YOLOStage] {
        let isNew = generation == .yolo26
        let neck: C3k2.Inner = isNew ? .c3k : .bottleneck
        return [
            // Down to a 32nd of the size.
            .halve(64),
            .halve(128),
            .chain(256, .bottleneck, expansion: 0.25),
            .halve(256),
            .chain(512, .bottleneck, expansion: 0.25),  // 4: an eighth
            .halve(512),
            .chain(512, .c3k),  // 6: a 16th
            .halve(1024),
            .chain(1024, .c3k),
            .pyramidPool(1024),
            .attend(1024),  // 10: a 32nd
            // Up again, with the details of the way down.
            .double, .join(6),
            .chain(512, neck),  // 13
            .double, .join(4),
            .chain(256, neck),  // 16: for small objects
            // And down, with the sense of the way up.
            .halve(256), .join(13),
            .chain(512, neck),  // 19: for medium objects
            .halve(512), .join(10),
            isNew ? .chain(1024, .attention, depth: 1) : .chain(1024, .c3k),  // 22: for large objects
        ]
    }

    /// The stages that the head sees, with strides 8, 16 and 32.
    static let headSources = [16, 19, 22]

    /// The stages of the network that tells classes apart: those on the way down, without pooling. They are the same in
    /// both generations.
    var classifierStages: [YOLOStage] { Array(stages.prefix(9)) + [.attend(1024)] }

    /// The channels that the first stage gives.
    var firstChannels: Int { scaled(64) }
    /// The channels within the branch of the prototypes of masks.
    var prototypeChannels: Int { scaled(256) }

    /// The modules of stages, and the channels that each gives.
    func make(_ stages: [YOLOStage], imageChannels: Int = 3) -> (modules: [Module], channels: [Int]) {
        var modules: [Module] = []
        var channels: [Int] = []
        for stage in stages {
            let inputs = channels.last ?? imageChannels
            let (module, outputs) = makeStage(stage, inputs, before: channels)
            modules.append(module)
            channels.append(outputs)
        }
        return (modules, channels)
    }

    private func makeStage(_ stage: YOLOStage, _ inputs: Int, before: [Int]) -> (Module, Int) {
        switch stage {
        case .halve(let full):
            let outputs = scaled(full)
            return (ConvBlock(inputs, outputs, kernelSize: 3, stride: 2), outputs)
        case .chain(let full, let inner, let expansion, let depth):
            let outputs = scaled(full)
            let isLarge = size != .n && size != .s
            let block = C3k2(
                inputs, outputs, depth: repeats(depth), inner: isLarge && inner == .bottleneck ? .c3k : inner,
                expansion: expansion)
            return (block, outputs)
        case .pyramidPool(let full):
            return (SPPF(inputs, scaled(full), addsInput: generation == .yolo26), scaled(full))
        case .attend: return (C2PSA(inputs, depth: repeats(2)), inputs)
        case .double: return (Upsample(scaleFactor: 2), inputs)
        case .join(let source): return (JoinStage(source), inputs + before[source])
        }
    }

    /// The channels at this variant's width: a multiple of 8.
    private func scaled(_ full: Int) -> Int {
        let (_, width, maximum) = scale
        return Int((Double(min(full, maximum)) * width / 8).rounded(.up)) * 8
    }

    private func repeats(_ full: Int) -> Int {
        full > 1 ? max(Int((Double(full) * scale.depth).rounded(.toNearestOrEven)), 1) : full
    }
}

/// Stands for the joining of an earlier stage's channels, which the network does, having them.
final class JoinStage: Module {
    let source: Int

    init(_ source: Int) { self.source = source }

    func callAsFunction(_ input: Tensor, with earlier: Tensor) -> Tensor {
        running(input) { Tensor.cat([input, earlier], dim: 1) }
    }

    override var configuration: String { "with: \(source)" }
}
