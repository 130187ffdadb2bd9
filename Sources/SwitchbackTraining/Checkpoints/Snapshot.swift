import Switchback

/// The values of tensors at one moment, in memory of their own that nothing changes any more: they can be written while
/// the training continues.
struct Snapshot: @unchecked Sendable {
    let tensors: [(name: String, tensor: Tensor)]

    init(_ tensors: [(name: String, tensor: Tensor)]) {
        self.tensors = tensors.map { name, tensor in
            let copy = NDArray(empty: tensor.shape, dtype: tensor.dtype, backend: tensor.array.backend)
            copy.backend.copy(tensor.array, into: copy)
            return (name, Tensor(copy))
        }
    }
}
