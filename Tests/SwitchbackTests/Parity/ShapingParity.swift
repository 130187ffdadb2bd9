import Switchback
import TestSupport

/// Views, joining and padding, by PyTorch's names.
let shapingParity: [String: ParityOperation] = viewParity.merging(joiningParity) { a, _ in a }

private let viewParity: [String: ParityOperation] = [
    "reshape": { [$0[0].reshape(Shape($0.ints("shape")!))] },
    "permute": { [$0[0].permute(Shape($0.ints("dims")!))] },
    "transpose": { [$0[0].transpose($0.int("dim0")!, $0.int("dim1")!)] },
    "expand": { [$0[0].expand(to: Shape($0.ints("size")!))] },
    "squeeze": { [$0[0].squeeze($0.int("dim")!)] },
    "unsqueeze": { [$0[0].unsqueeze($0.int("dim")!)] },
    "flatten": { [$0[0].flatten(start: $0.int("start_dim")!)] },
    "split": { arguments in
        let dim = arguments.int("dim")!
        if arguments.attributes["split_size"] is [Any] {
            return arguments[0].split(arguments.ints("split_size")!, dim: dim)
        }
        return arguments[0].split(arguments.int("split_size")!, dim: dim)
    },
    "chunk": { $0[0].chunk($0.int("chunks")!, dim: $0.int("dim")!) },
    "unbind": { $0[0].unbind(dim: $0.int("dim")!) },
    "narrow": { [$0[0].narrow(dim: $0.int("dim")!, start: $0.int("start")!, length: $0.int("length")!)] },
    "select": { [$0[0].select(dim: $0.int("dim")!, index: $0.int("index")!)] },
    "slice": { [$0[0][.all, .slice(from: $0.int("start")!, to: $0.int("end")!, step: $0.int("step")!)]] },
    "diagonal": { [$0[0].diagonal(offset: $0.int("offset")!)] },
]

private let joiningParity: [String: ParityOperation] = [
    "cat": { [Tensor.cat($0.inputs.map(\.tensor), dim: $0.int("dim")!)] },
    "stack": { [Tensor.stack($0.inputs.map(\.tensor), dim: $0.int("dim")!)] },
    "roll": { arguments in
        guard let dims = arguments.ints("dims") else { return [arguments[0].roll(arguments.int("shifts")!)] }
        return [arguments[0].roll(arguments.ints("shifts")!, dims: dims)]
    },
    "flip": { [$0[0].flip($0.ints("dims")!)] },
    "repeat": { [$0[0].repeat($0.ints("repeats")!)] },
    "repeat_interleave": { [$0[0].repeatInterleave($0.int("repeats")!, dim: $0.int("dim")!)] },
    "tril": { [$0[0].tril($0.int("diagonal")!)] },
    "triu": { [$0[0].triu($0.int("diagonal")!)] },
    "pad": { arguments in
        let modes: [String: PaddingMode] = [
            "constant": .constant(arguments.double("value") ?? 0), "reflect": .reflect, "replicate": .replicate,
            "circular": .circular,
        ]
        return [arguments[0].pad(arguments.ints("pad")!, mode: modes[arguments.string("mode")!]!)]
    },
]
