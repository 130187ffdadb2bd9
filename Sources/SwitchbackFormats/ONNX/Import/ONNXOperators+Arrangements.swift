import Switchback

// Parts of tensors, joined tensors, and elements at positions that tensors name.

extension ONNXOperators {
    static let arrangements: [String: ONNXOperator] = [
        "Concat": concatenate, "Split": split, "Slice": slice, "Pad": pad,
        "Trilu": { call in
            let x = try call.input(0)
            let offset = try call.integers(1)?.first ?? 0
            try call.require(x.rank >= 2 && offset.magnitude < 1 << 31, "\(x.shape) holds no matrices")
            return [call.node.flag("upper", default: true) ? x.triu(offset) : x.tril(offset)]
        },
        "DepthToSpace": { call in
            let (x, size) = (try call.input(0), call.node.int("blocksize") ?? 0)
            try call.require(
                x.rank == 4 && size > 0 && size < 1 << 16 && x.shape[1] % (size * size) == 0,
                "\(x.shape) has no channels for blocks of \(size)")
            let (n, c, h, w) = (x.shape[0], x.shape[1] / (size * size), x.shape[2], x.shape[3])
            let isCRD = call.node.text("mode") == "CRD"
            let blocks = x.reshape(isCRD ? [n, c, size, size, h, w] : [n, size, size, c, h, w])
            let ordered = isCRD ? blocks.permute(0, 1, 4, 2, 5, 3) : blocks.permute(0, 3, 4, 1, 5, 2)
            return [ordered.reshape([n, c, h * size, w * size])]
        },
        "SpaceToDepth": { call in
            let (x, size) = (try call.input(0), call.node.int("blocksize") ?? 0)
            try call.require(
                x.rank == 4 && size > 0 && x.shape[2] % size == 0 && x.shape[3] % size == 0,
                "\(x.shape) cannot be cut into blocks of \(size)")
            let (n, c, h, w) = (x.shape[0], x.shape[1], x.shape[2] / size, x.shape[3] / size)
            let parts = x.reshape([n, c, h, size, w, size])
            let isChannelsFirst = call.node.text("mode") == "CRD"
            let blocks = isChannelsFirst ? parts.permute(0, 1, 3, 5, 2, 4) : parts.permute(0, 3, 5, 1, 2, 4)
            return [blocks.reshape([n, c * size * size, h, w])]
        },
    ]

    private static let concatenate: ONNXOperator = { call in
        let parts = try call.inputs.indices.map { try call.input($0) }
        guard let first = parts.first else { throw call.problem("it has no operands") }
        let axis = try call.axis(first, default: 1)
        for part in parts {
            try call.require(
                part.dtype == first.dtype && part.rank == first.rank
                    && part.shape.with(0, at: axis) == first.shape.with(0, at: axis),
                "\(part.dtype) \(part.shape) and \(first.dtype) \(first.shape) cannot be joined along \(axis)")
        }
        try call.allow(first.shape.with(parts.reduce(0) { $0 + $1.shape[axis] }, at: axis))
        return [Tensor.cat(parts, dim: axis)]
    }

    private static let split: ONNXOperator = { call in
        let x = try call.input(0)
        let axis = try call.axis(x)
        let length = x.shape[axis]
        var sizes = try call.node.ints("split") ?? call.integers(1) ?? []
        if sizes.isEmpty {
            let count = call.node.int("num_outputs") ?? call.node.outputs.count
            try call.require(
                count > 0 && count <= max(length, 1), "\(length) indices cannot be cut into \(count) parts")
            let size = (length + count - 1) / count
            sizes = (0..<count).map { max(0, min(size, length - $0 * size)) }
        }
        try call.require(
            sizes.allSatisfy { $0 >= 0 && $0 <= length } && sizes.reduce(0, +) == length,
            "the sizes \(sizes) do not sum to \(length)")
        return x.split(sizes, dim: axis)
    }

    private static let slice: ONNXOperator = { call in
        var x = try call.input(0)
        guard let starts = try call.node.ints("starts") ?? call.integers(1),
            let ends = try call.node.ints("ends") ?? call.integers(2)
        else { throw call.problem("its bounds are missing") }
        let axes = try call.axes(call.node.ints("axes") ?? call.integers(3) ?? Array(starts.indices), of: x.rank)
        let steps = try call.integers(4) ?? starts.map { _ in 1 }
        try call.require(
            [ends.count, axes.count, steps.count].allSatisfy { $0 == starts.count } && !steps.contains(0),
            "its bounds, axes and steps are not as many, or a step is 0")
        for (position, axis) in axes.enumerated() {
            let (size, step) = (x.shape[axis], steps[position])
            let last = step > 0 ? size : size - 1
            func bound(_ value: Int, _ lowest: Int) -> Int {
                min(max(value < 0 ? max(value, -size - 1) + size : value, lowest), last)
            }
            let (start, end) = (bound(starts[position], 0), bound(ends[position], step > 0 ? 0 : -1))
            let places = Array(stride(from: start, to: end, by: max(min(step, size + 1), -size - 1)))
            x =
                step == 1
                ? x.narrow(dim: axis, start: start, length: max(0, end - start))
                : x.indexSelect(dim: axis, index: Tensor(places, shape: [places.count], dtype: .int64))
        }
        return [x]
    }

    private static let pad: ONNXOperator = { call in
        let x = try call.input(0)
        guard let widths = try call.node.ints("pads") ?? call.integers(1) else {
            throw call.problem("its widths are missing")
        }
        let axes = try call.axes(call.integers(3) ?? Array(0..<x.rank), of: x.rank)
        try call.require(
            widths.count == 2 * axes.count && widths.allSatisfy { $0.magnitude < 1 << 31 },
            "\(widths) are not two widths for each of \(axes.count) dimensions")
        var (frame, shape) = ([Int](repeating: 0, count: 2 * x.rank), x.shape)
        let mode = call.node.text("mode") ?? "constant"
        for (position, axis) in axes.enumerated() {
            let (before, after) = (widths[position], widths[axes.count + position])
            (frame[2 * (x.rank - 1 - axis)], frame[2 * (x.rank - 1 - axis) + 1]) = (before, after)
            try call.require(
                shape[axis] + min(before, 0) + min(after, 0) >= 0, "more is cut off than \(x.shape) has")
            shape[axis] += before + after
            let most =
                mode == "reflect" ? x.shape[axis] - 1 : mode == "wrap" ? x.shape[axis] : x.shape[axis] == 0 ? 0 : .max
            try call.require(
                mode == "constant" || max(before, after) <= most && min(before, after) >= 0,
                "\(x.shape) cannot be padded by \(before) and \(after) in mode \(mode)")
        }
        try call.allow(shape)
        let modes: [String: PaddingMode] = ["reflect": .reflect, "edge": .replicate, "wrap": .circular]
        if let mode = modes[mode] { return [x.pad(frame, mode: mode)] }
        let value = call.optional(2).flatMap { $0.count == 1 ? $0.item(as: Double.self) : nil }
        let padded = (x.dtype == .bool ? x.to(.uint8) : x).pad(
            frame, mode: .constant(value ?? call.node.float("value") ?? 0))
        return [cast(padded, to: x.dtype)]
    }

    // MARK: Positions

    static let positions: [String: ONNXOperator] = [
        "Gather": { call in
            let (x, index) = (try call.input(0), try call.input(1))
            let axis = try call.axis(x)
            let places = try checked(index, below: x.shape[axis], call)
            let shape = Array(x.shape[..<axis]) + Array(index.shape) + Array(x.shape[(axis + 1)...])
            let result = try call.allow(shape)
            return [x.indexSelect(dim: axis, index: places.reshape([places.count])).reshape(result)]
        },
        "GatherElements": { call in
            let (x, index) = (try call.input(0), try call.input(1))
            let axis = try call.axis(x)
            try requireFit(index, x, axis, call)
            return [x.gather(dim: axis, index: try checked(index, below: x.shape[axis], call))]
        },
        "ScatterElements": scatter, "Scatter": scatter,
        "GatherND": gatherND, "ScatterND": scatterND,
        "OneHot": { call in
            let (index, values) = (try call.numbers(0), try call.input(2))
            let given = try call.numbers(1)
            try call.require(given.count == 1 && values.count == 2, "its depth or its two values are missing")
            guard let depth = Int(exactly: given.toArray(as: Double.self)[0]), depth > 0 else {
                throw call.problem("its depth is not a number of classes")
            }
            let rank = index.rank + 1
            let axis = try call.axis(call.node.int("axis") ?? -1, of: rank)
            _ = try call.allow(Array(index.shape) + [depth])
            // Numbers from -depth on count from the end; those beyond are hot nowhere.
            let whole = index.to(.int64)
            let wrapped = Tensor.where(whole.lt(0), whole + depth, whole)
            let hot = wrapped.unsqueeze(-1).eq(Tensor.arange(depth)).movedim(rank - 1, axis)
            let pair = values.reshape([2])
            return [Tensor.where(hot, pair.select(dim: 0, index: 1), pair.select(dim: 0, index: 0))]
        },
        "Compress": { call in
            var x = try call.input(0)
            let axis = try call.node.int("axis").map { try call.axis($0, of: x.rank) }
            if axis == nil { x = x.reshape([x.count]) }
            let mask = try call.truths(1)
            try call.require(
                mask.rank == 1 && mask.count <= x.shape[axis ?? 0], "its mask is longer than the dimension")
            let places = mask.toArray(as: Bool.self).enumerated().filter(\.element).map(\.offset)
            let index = Tensor(places, shape: [places.count], dtype: .int64)
            return [x.indexSelect(dim: axis ?? 0, index: index)]
        },
    ]

    /// Indices as int64 and not negative. Throws where one is outside the dimension.
    private static func checked(_ index: Tensor, below limit: Int, _ call: ONNXCall) throws -> Tensor {
        try call.require(index.dtype.isInteger, "its indices are \(index.dtype), not whole numbers")
        let places = index.to(.int64).toArray(as: Int.self).map { $0 < 0 ? $0 + limit : $0 }
        if let culprit = places.first(where: { $0 < 0 || $0 >= limit }) {
            throw call.problem("the index \(culprit) is outside a dimension of \(limit)")
        }
        return Tensor(places, shape: index.shape, dtype: .int64)
    }

    private static func requireFit(_ index: Tensor, _ x: Tensor, _ axis: Int, _ call: ONNXCall) throws {
        try call.require(
            index.rank == x.rank && (0..<x.rank).allSatisfy { $0 == axis || index.shape[$0] <= x.shape[$0] },
            "indices of shape \(index.shape) do not fit in \(x.shape)")
    }

    private static let scatterReductions: [String: ScatterReduce] = [
        "add": .sum, "mul": .product, "max": .amax, "min": .amin,
    ]

    private static let scatter: ONNXOperator = { call in
        let (x, index, source) = (try call.input(0), try call.input(1), try call.input(2))
        let axis = try call.axis(x)
        try requireFit(index, x, axis, call)
        try call.require(
            source.shape == index.shape && source.dtype == x.dtype, "what is written has shape \(source.shape)")
        let places = try checked(index, below: x.shape[axis], call)
        guard let reduction = scatterReductions[call.node.text("reduction") ?? "none"] else {
            return [x.scatter(dim: axis, index: places, source: source)]
        }
        try call.require(x.dtype != .bool, "truth values cannot be combined")
        return [x.scatterReduce(dim: axis, index: places, source: source, reduction)]
    }

    /// Indices of several dimensions as positions in a flat tensor, and how many elements each names.
    private static func flatPlaces(
        _ index: Tensor, _ x: Tensor, batch: Int, _ call: ONNXCall
    ) throws -> (places: [Int], inner: Int) {
        guard index.dtype.isInteger, let depth = index.shape.last, depth <= x.rank - batch,
            index.rank > batch, index.shape[..<batch].elementsEqual(x.shape[..<batch])
        else { throw call.problem("indices of shape \(index.shape) do not fit in \(x.shape)") }
        let numbers = index.toArray(as: Int.self)
        let inner = x.shape[(batch + depth)...].reduce(1, *)
        let perBatch = index.shape[batch..<(index.rank - 1)].reduce(1, *)
        let tuples = index.shape[..<(index.rank - 1)].reduce(1, *)
        let places = try (0..<tuples).map { tuple -> Int in
            var place = tuple / max(perBatch, 1)
            if batch == 0 { place = 0 }
            for level in 0..<depth {
                let (size, number) = (x.shape[batch + level], numbers[tuple * depth + level])
                let position = number < 0 ? number + size : number
                try call.require(
                    position >= 0 && position < size, "the index \(number) is outside a dimension of \(size)")
                place = place * size + position
            }
            return place
        }
        return (places, inner)
    }

    private static let gatherND: ONNXOperator = { call in
        let (x, index) = (try call.input(0), try call.input(1))
        let batch = call.node.int("batch_dims") ?? 0
        try call.require(batch >= 0 && batch < x.rank && batch < index.rank, "there are no \(batch) batch dimensions")
        let (places, inner) = try flatPlaces(index, x, batch: batch, call)
        let shape = Array(index.shape.dropLast()) + Array(x.shape[(batch + (index.shape.last ?? 0))...])
        let result = try call.allow(shape)
        let rows = x.reshape([inner == 0 ? 0 : x.count / inner, inner])
        return [rows.indexSelect(dim: 0, index: Tensor(places, shape: [places.count], dtype: .int64)).reshape(result)]
    }

    private static let scatterND: ONNXOperator = { call in
        let (x, index, source) = (try call.input(0), try call.input(1), try call.input(2))
        let (places, inner) = try flatPlaces(index, x, batch: 0, call)
        let shape = Array(index.shape.dropLast()) + Array(x.shape[(index.shape.last ?? 0)...])
        try call.require(
            source.dtype == x.dtype && source.shape == shape && inner > 0, "what is written has shape \(source.shape)")
        let rows = x.reshape([x.count / inner, inner])
        let targets = Tensor(places, shape: [places.count, 1], dtype: .int64).expand(to: [places.count, inner])
        let values = source.reshape([places.count, inner])
        guard let reduction = scatterReductions[call.node.text("reduction") ?? "none"] else {
            return [rows.scatter(dim: 0, index: targets, source: values).reshape(x.shape)]
        }
        try call.require(x.dtype != .bool, "truth values cannot be combined")
        return [rows.scatterReduce(dim: 0, index: targets, source: values, reduction).reshape(x.shape)]
    }
}
