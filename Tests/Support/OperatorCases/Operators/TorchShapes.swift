import Switchback

/// The same elements under another shape.
let torchViews: [String: TorchOperator] = [
    "reshape": { [try $0.tensor(0).reshape(Shape($0.ints(1, "shape")!))] },
    "reshape_as": { [try $0.tensor(0).reshape($0.tensor(1).shape)] },
    "view": { [try $0.tensor(0).reshape(Shape($0.spread(1, "size")))] },
    "view_copy": { [try $0.tensor(0).reshape(Shape($0.spread(1, "size")))] },
    "view_as": { [try $0.tensor(0).view($0.tensor(1).shape)] },
    "ravel": unary { $0.reshape(-1) },
    "flatten": { [try $0.tensor(0).flatten(start: $0.int(1, "start_dim") ?? 0, end: $0.int(2, "end_dim") ?? -1)] },
    "unflatten": { [try $0.tensor(0).unflatten($0.int(1, "dim")!, Shape($0.ints(2, "sizes")!))] },
    "squeeze": { call in
        guard let dim = call.int(1, "dim") else { return [try call.tensor(0).squeeze()] }
        return [try call.tensor(0).squeeze(dim)]
    },
    "squeeze/multiple": { [try $0.tensor(0).squeeze($0.ints(1, "dim")!)] },
    "unsqueeze": { [try $0.tensor(0).unsqueeze($0.int(1, "dim")!)] },
    "permute": { [try $0.tensor(0).permute(Shape($0.spread(1, "dims")))] },
    "permute_copy": { [try $0.tensor(0).permute(Shape($0.spread(1, "dims")))] },
    "transpose": { [try $0.tensor(0).transpose($0.int(1, "dim0")!, $0.int(2, "dim1")!)] },
    "transpose_copy": { [try $0.tensor(0).transpose($0.int(1, "dim0")!, $0.int(2, "dim1")!)] },
    "t": unary { $0.t() }, "t_copy": unary { $0.t() }, "T": unary { $0.T }, "mT": unary { $0.mT },
    "movedim": { call in
        if let source = call.int(1, "source") {
            return [try call.tensor(0).movedim(source, call.int(2, "destination")!)]
        }
        return [try call.tensor(0).movedim(call.ints(1, "source")!, call.ints(2, "destination")!)]
    },
    "expand": { [try $0.tensor(0).expand(to: Shape($0.spread(1, "size")))] },
    "expand_copy": { [try $0.tensor(0).expand(to: Shape($0.spread(1, "size")))] },
    "expand_as": { [try $0.tensor(0).expandAs($0.tensor(1))] },
    "broadcast_to": { [try $0.tensor(0).expand(to: Shape($0.ints(1, "size")!))] },
    "narrow": { call in
        if let start = try? call.tensor(2) {
            return [
                try call.tensor(0).narrow(
                    dim: call.int(1)!, start: Int(start.item()), length: call.int(3, "length")!)
            ]
        }
        return [
            try call.tensor(0).narrow(
                dim: call.int(1, "dim")!, start: call.int(2, "start")!, length: call.int(3, "length")!)
        ]
    },
    "select": { [try $0.tensor(0).select(dim: $0.int(1, "dim")!, index: $0.int(2, "index")!)] },
    "diagonal": diagonal, "diagonal_copy": diagonal,
    "linalg.diagonal": { call in
        [
            try call.tensor(0).diagonal(
                offset: call.int(1, "offset") ?? 0, dim1: call.int(2, "dim1") ?? -2, dim2: call.int(3, "dim2") ?? -1)
        ]
    },
    "unbind": { try $0.tensor(0).unbind(dim: $0.int(1, "dim") ?? 0) },
    "unbind_copy": { try $0.tensor(0).unbind(dim: $0.int(1, "dim") ?? 0) },
    "split": { try $0.tensor(0).split($0.int(1)!, dim: $0.int(2, "dim") ?? 0) },
    "split/list_args": { try $0.tensor(0).split($0.ints(1)!, dim: $0.int(2, "dim") ?? 0) },
    "split_with_sizes": { try $0.tensor(0).split($0.ints(1)!, dim: $0.int(2, "dim") ?? 0) },
    "split_with_sizes_copy": { try $0.tensor(0).split($0.ints(1)!, dim: $0.int(2, "dim") ?? 0) },
    "chunk": { try $0.tensor(0).chunk($0.int(1)!, dim: $0.int(2, "dim") ?? 0) },
    "tensor_split": { call in
        // A tensor without dimensions is the number of parts as well.
        let places = try? call.tensor(1)
        let count = call.int(1) ?? places.flatMap { $0.rank == 0 ? Int($0.item()) : nil }
        if let count { return try call.tensor(0).tensorSplit(count, dim: call.int(2, "dim") ?? 0) }
        return try call.tensor(0).tensorSplit(at: call.ints(1)!, dim: call.int(2, "dim") ?? 0)
    },
    "unfold": { [try $0.tensor(0).unfold(dim: $0.int(1)!, size: $0.int(2)!, step: $0.int(3)!)] },
    "unfold_copy": { [try $0.tensor(0).unfold(dim: $0.int(1)!, size: $0.int(2)!, step: $0.int(3)!)] },
    "contiguous": { call in
        try call.refuse("memory_format")
        return [try call.tensor(0).contiguous()]
    },
    "clone": { call in
        try call.refuse("memory_format")
        return [try call.tensor(0).clone()]
    },
    "positive": unary { $0 },
]

private let diagonal: TorchOperator = { call in
    [
        try call.tensor(0).diagonal(
            offset: call.int(1, "offset") ?? 0, dim1: call.int(2, "dim1") ?? 0, dim2: call.int(3, "dim2") ?? 1)
    ]
}

/// Joining, repeating, turning round, padding.
let torchJoinings: [String: TorchOperator] = [
    "cat": { [Tensor.cat(try $0.tensors(0), dim: $0.int(1, "dim") ?? 0)] },
    "stack": { [Tensor.stack(try $0.tensors(0), dim: $0.int(1, "dim") ?? 0)] },
    "hstack": { [Tensor.hstack(try $0.tensors(0))] }, "vstack": { [Tensor.vstack(try $0.tensors(0))] },
    "meshgrid/variadic_tensors": { Tensor.meshgrid(try $0.tensors(from: 0), indexing: $0.indexing) },
    "meshgrid/list_of_tensors": { Tensor.meshgrid(try $0.tensors(0), indexing: $0.indexing) },
    "tile": { [try $0.tensor(0).tile($0.spread(1, "dims"))] },
    "repeat": { [try $0.tensor(0).repeat($0.spread(1, "repeats"))] },
    "repeat_interleave": { call in
        // `output_size` only says in advance how long the result will be.
        if let count = call.int(1, "repeats") {
            return [try call.tensor(0).repeatInterleave(count, dim: call.int(2, "dim"))]
        }
        return [try call.tensor(0).repeatInterleave(call.tensor(1, "repeats"), dim: call.int(2, "dim"))]
    },
    "roll": { call in
        guard let dims = call.ints(2, "dims") else { return [try call.tensor(0).roll(call.int(1, "shifts")!)] }
        return [try call.tensor(0).roll(call.ints(1, "shifts")!, dims: dims)]
    },
    "flip": { [try $0.tensor(0).flip($0.spread(1, "dims"))] },
    "fliplr": unary { $0.fliplr() }, "flipud": unary { $0.flipud() },
    "rot90": { call in
        let dims = call.ints(2, "dims") ?? [0, 1]
        return [try call.tensor(0).rot90(call.int(1, "k") ?? 1, dims: (dims[0], dims[1]))]
    },
    "tril": { [try $0.tensor(0).tril($0.int(1, "diagonal") ?? 0)] },
    "triu": { [try $0.tensor(0).triu($0.int(1, "diagonal") ?? 0)] },
    "constant_pad_nd": { call in
        [try call.tensor(0).pad(call.ints(1)!, mode: .constant(call.double(2, "value") ?? 0))]
    },
    "nn.functional.pad/constant": padding, "nn.functional.pad/reflect": padding,
    "nn.functional.pad/replicate": padding, "nn.functional.pad/replicate_negative": padding,
    "nn.functional.pad/circular": padding,
]

extension OperatorCall {
    fileprivate var indexing: GridIndexing { string(nil, "indexing") == "xy" ? .xy : .ij }
}

private let padding: TorchOperator = { call in
    let modes: [String: PaddingMode] = [
        "constant": .constant(call.double(3, "value") ?? 0), "reflect": .reflect, "replicate": .replicate,
        "circular": .circular,
    ]
    return [try call.tensor(0).pad(call.ints(1, "pad")!, mode: modes[call.string(2, "mode") ?? "constant"]!)]
}

/// New tensors, and those of another type.
let torchCreations: [String: TorchOperator] = [
    "zeros_like": { [try $0.tensor(0).zerosLike(dtype: $0.dtype(nil))] },
    "ones_like": { [try $0.tensor(0).onesLike(dtype: $0.dtype(nil))] },
    "full_like": { call in
        guard let value = call.number(1, "fill_value") else { throw OperatorCall.Missing(description: "a tensor") }
        return [try call.tensor(0).fullLike(value, dtype: call.dtype(nil))]
    },
    "float": unary { $0.to(.float32) }, "double": unary { $0.to(.float64) }, "half": unary { $0.to(.float16) },
    "bfloat16": unary { $0.to(.bfloat16) }, "long": unary { $0.to(.int64) }, "int": unary { $0.to(.int32) },
    "byte": unary { $0.to(.uint8) }, "bool": unary { $0.to(.bool) },
    "eye": { call in
        try call.refuse(option: "requires_grad")
        return [Tensor.eye(try call.required(0, "n"), call.int(1, "m"), dtype: call.dtype(nil) ?? .float32)]
    },
    "linspace": { call in
        guard let start = call.double(0), let end = call.double(1) else {
            throw OperatorCall.Missing(description: "a tensor")
        }
        return [Tensor.linspace(start, end, try call.required(2), dtype: call.dtype(nil) ?? .float32)]
    },
]
