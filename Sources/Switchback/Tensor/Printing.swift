import Kernels

extension Tensor: CustomStringConvertible {
    /// The values in aligned columns, four digits after the point, as PyTorch prints them; in scientific notation where
    /// magnitudes differ too much. Of more than 1000 elements, the first and last three along each dimension are shown.
    /// The type is named unless it is what such values have by themselves.
    public var description: String {
        let summarizes = count > 1000
        let shown = summarizes ? summary() : detach()
        let printer = TensorPrinter(shown, of: shape, summarizes: summarizes)
        return "Tensor(" + printer.text(indentation: 7) + attributes + ")"
    }

    private var attributes: String {
        var text = ""
        if count == 0 && rank != 1 { text += ", shape: \(shape)" }
        if ![.float32, .int64, .bool].contains(dtype) || (count == 0 && dtype != .float32) {
            text += ", dtype: .\(dtype)"
        }
        if let node, !isLeaf {
            text += ", operation: \(node.name)"
        } else if requiresGrad {
            text += ", requiresGrad: true"
        }
        return text
    }

    /// The elements that are printed: along each dimension, all, or the first and the last three.
    private func summary() -> Tensor {
        var part = detach()
        let edge = TensorPrinter.edge
        for dim in 0..<rank where shape[dim] > 2 * edge {
            let first = part.narrow(dim: dim, start: 0, length: edge)
            let last = part.narrow(dim: dim, start: shape[dim] - edge, length: edge)
            part = Tensor.cat([first, last], dim: dim)
        }
        return part
    }
}

/// Lays out the values of a tensor.
private struct TensorPrinter {
    /// How many elements are shown at each end of a dimension that is too long.
    static let edge = 3
    private static let lineWidth = 80

    /// The sizes of what is shown, and whether something is omitted along each dimension.
    private let shape: Shape
    private let isCut: [Bool]
    /// The values in row-major order, of one width.
    private let cells: [String]

    init(_ shown: Tensor, of shape: Shape, summarizes: Bool) {
        self.shape = shown.shape
        isCut = shape.map { summarizes && $0 > 2 * TensorPrinter.edge }
        let texts = TensorPrinter.texts(shown)
        let width = texts.map(\.count).max() ?? 0
        cells = texts.map { String(repeating: " ", count: width - $0.count) + $0 }
    }

    func text(indentation: Int) -> String {
        if shape.count == 0 { return cells[0] }
        if cells.isEmpty { return "[]" }
        return block(0, 0, indentation)
    }

    /// The part at `dim` and below whose first element is `first`.
    private func block(_ dim: Int, _ first: Int, _ indentation: Int) -> String {
        if dim == shape.count - 1 { return row(first, indentation) }
        let size = shape[(dim + 1)...].reduce(1, *)
        var parts = (0..<shape[dim]).map { block(dim + 1, first + $0 * size, indentation + 1) }
        if isCut[dim] { parts.insert("...", at: TensorPrinter.edge) }
        let lineBreaks = String(repeating: "\n", count: shape.count - 1 - dim)
        return "[" + parts.joined(separator: "," + lineBreaks + String(repeating: " ", count: indentation + 1)) + "]"
    }

    /// The innermost dimension, in as many lines as it takes.
    private func row(_ first: Int, _ indentation: Int) -> String {
        var parts = Array(cells[first..<first + shape[shape.count - 1]])
        if isCut[shape.count - 1] { parts.insert("...", at: TensorPrinter.edge) }
        let perLine = Swift.max(1, (TensorPrinter.lineWidth - indentation) / ((parts.first?.count ?? 1) + 2))
        let lines = stride(from: 0, to: parts.count, by: perLine).map {
            parts[$0..<Swift.min($0 + perLine, parts.count)].joined(separator: ", ")
        }
        return "[" + lines.joined(separator: ",\n" + String(repeating: " ", count: indentation + 1)) + "]"
    }

    // MARK: Numbers

    private static func texts(_ tensor: Tensor) -> [String] {
        switch tensor.dtype {
        case .bool: tensor.toArray(as: Bool.self).map { "\($0)" }
        case .int32, .int64, .uint8: tensor.toArray(as: Int64.self).map { "\($0)" }
        case .complex64, .complex128:
            zip(texts(tensor.real), texts(tensor.imag)).map { $1.hasPrefix("-") ? "\($0)\($1)j" : "\($0)+\($1)j" }
        default: floatTexts(tensor.toArray(as: Double.self))
        }
    }

    private static func floatTexts(_ values: [Double]) -> [String] {
        let magnitudes = values.filter { $0.isFinite && $0 != 0 }.map(Swift.abs)
        let (low, high) = (magnitudes.min() ?? 1, magnitudes.max() ?? 1)
        let isWhole = magnitudes.allSatisfy { $0 == $0.rounded() }
        let isWide = high / low > 1000 || high > 1e8 || low < 1e-4
        return values.map { value in
            if value.isNaN { return "nan" }
            if value.isInfinite { return value < 0 ? "-inf" : "inf" }
            if isWide && !(isWhole && high <= 1e8) { return value.scientific(4) }
            return isWhole ? value.formatted(1) : value.formatted(4)
        }
    }
}
