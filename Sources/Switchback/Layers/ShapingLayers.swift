// Layers that move elements and compute nothing.

/// Returns its input: a placeholder for a layer.
public final class Identity: Module {
    public override func forward(_ input: Tensor) -> Tensor { input }
}

/// Merges dimensions: [N, C, H, W] → [N, C·H·W] by default.
public final class Flatten: Module {
    private let start, end: Int

    public init(start: Int = 1, end: Int = -1) {
        self.start = start
        self.end = end
    }

    public override func forward(_ input: Tensor) -> Tensor { input.flatten(start: start, end: end) }

    public override var configuration: String { "start: \(start), end: \(end)" }
}

/// Makes several dimensions of one: with `dim: 1` and `sizes: [C, H]`, [N, C·H, …] → [N, C, H, …].
public final class Unflatten: Module {
    private let dim: Int
    private let sizes: Shape

    public init(dim: Int, sizes: Shape) {
        self.dim = dim
        self.sizes = sizes
    }

    public override func forward(_ input: Tensor) -> Tensor { input.unflatten(dim, sizes) }

    public override var configuration: String { "dim: \(dim), sizes: \(sizes)" }
}
