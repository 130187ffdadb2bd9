extension Tensor {
    /// Rotary position embedding (Su et al., "RoFormer", 2021, section 3.2.2) in the arrangement of Hugging Face:
    /// element i of the first half of the last dimension and element i of the second half are a point in the plane,
    /// which is turned by an angle that depends on position and i. Shape [N, heads, T, D], D even, is unchanged.
    ///
    /// - Parameters:
    ///   - cosines: [T, D / 2], of the angles.
    ///   - sines: [T, D / 2].
    public final func rotary(cosines: Tensor, sines: Tensor) -> Tensor {
        require(
            rank == 4 && shape[3] % 2 == 0 && cosines.shape == [shape[2], shape[3] / 2] && sines.shape == cosines.shape,
            "rotary",
            "angles of shapes \(cosines.shape) and \(sines.shape) do not fit \(shape); expected [T, D / 2] for "
                + "[N, heads, T, D]")
        requireSameBackend("rotary", cosines, sines)
        return rotated(cosines.contiguous(), sines.contiguous(), backwards: false)
    }

    private func rotated(_ cosines: Tensor, _ sines: Tensor, backwards: Bool) -> Tensor {
        guard let result = backend.rotary(array, cosines: cosines.array, sines: sines.array, backwards: backwards)
        else {
            let halves = chunk(2, dim: 3)
            let sines = backwards ? -sines : sines
            return Tensor.cat(
                [halves[0] * cosines - halves[1] * sines, halves[1] * cosines + halves[0] * sines], dim: 3)
        }
        // The gradient of a rotation is the rotation back.
        return Tensor.record("rotary", result, from: [self], saving: [cosines, sines]) { saved, gradient in
            [gradient.rotated(saved.tensor(0), saved.tensor(1), backwards: !backwards)]
        }
    }
}
