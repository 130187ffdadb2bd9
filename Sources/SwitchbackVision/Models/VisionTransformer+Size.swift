import Switchback

extension VisionTransformer {
    /// The same network for square images of another side: the vectors of positions lie on a grid, between whose points the
    /// new ones are found, as the paper says (section 3.2), bicubically as Transformers does with `interpolate_pos_encoding`.
    ///
    /// Throws `InputError` where the side cannot be divided into the network's patches.
    func resized(to side: Int) throws -> VisionTransformer {
        guard side > 0, side.isMultiple(of: sizes.patch) else {
            let below = max(side / sizes.patch, 1) * sizes.patch
            throw InputError(
                "option imgsz", "\(side) pixels cannot be divided into patches of \(sizes.patch)",
                remedy: "take \(below) or \(below + sizes.patch)")
        }
        var other = sizes
        other.side = side
        let result = VisionTransformer(other, classes: classCount)
        let (old, new) = (sizes.side / sizes.patch, side / sizes.patch)
        var state = stateDict()
        let name = VisionTransformer.positionsName
        if old != new, let table = state[name] {
            state[name] = noGrad {
                let grid = table.narrow(dim: 1, start: 1, length: old * old).transpose(1, 2).unflatten(2, [old, old])
                let between = grid.interpolate(size: new, mode: .bicubic).flatten(start: 2).transpose(1, 2)
                return Tensor.cat([table.narrow(dim: 1, start: 0, length: 1), between], dim: 1)
            }
        }
        try result.load(stateDict: state)
        return result
    }
}
