import Switchback

extension LanguageModel {
    /// Packs the weights of all linear layers, the output layer among them, and lets their float32 numbers go: for
    /// inference, where reading the weights is what takes the time. With `float32` nothing changes.
    ///
    /// Integers come in groups of 32 with a scale (see `PackedWeight`); normalizations, biases, recurrent layers and
    /// tables that are not an output layer stay float32.
    ///
    /// Throws `InputError`, and changes nothing, where the rows of a weight cannot be cut into groups.
    public func packWeights(as format: WeightFormat) throws {
        guard format != .float32 else { return }
        let layers = namedModules().compactMap { path, module in (module as? AffineLayer).map { (path, $0) } }
        for (path, layer) in layers {
            let inputs = layer.weight.size(layer.isTransposed ? 0 : 1)
            guard inputs % format.groupSize == 0 else {
                throw InputError(
                    "dtype \(format.rawValue)", at: "tensor \(path).weight",
                    "its rows have \(inputs) numbers, which is not a multiple of the \(format.groupSize) that share a scale",
                    remedy: "take bfloat16 or float32")
            }
        }
        for (_, layer) in layers where layer.weight.packed == nil {
            layer.weight.pack(as: format, transposed: layer.isTransposed)
        }
    }
}
