extension Graph: CustomStringConvertible {
    /// The graph as `text`.
    public var description: String { text }

    /// A line for each node, after those of its operands, which it names by their numbers: the operation, the shape,
    /// the layer, the value and the gradient.
    public var text: String {
        let rows = nodes.indices.map { position -> [String] in
            let node = nodes[position]
            return [
                "\(position + 1)", node.label, node.form, node.module, node.valueText ?? "", node.gradientText ?? "",
            ]
        }
        let widths = (0..<6).map { column in rows.map { $0[column].count }.max() ?? 0 }
        let lines = rows.map { row -> String in
            let cells = row.indices.filter { widths[$0] > 0 }.map { column -> String in
                let padding = String(repeating: " ", count: widths[column] - row[column].count)
                return column == 0 ? padding + row[column] : row[column] + padding
            }
            let line = cells.joined(separator: "  ")
            return String(line.reversed().drop { $0 == " " }.reversed())
        }
        let missing = unreached.map { "not reached: \($0.name): \($0.parameters.joined(separator: ", "))" }
        return (lines + (remarks + missing).map { "(\($0))" }).joined(separator: "\n")
    }
}

extension Graph.Node {
    /// `loss = multiply(3, 4)`, or what a leaf is called.
    fileprivate var label: String {
        guard kind == .operation else { return name ?? operation }
        let operands = inputs.map { "\($0.node + 1)" + ($0.output == 0 ? "" : ".\($0.output)") }
        return (name.map { "\($0) = " } ?? "") + "\(operation)(\(operands.joined(separator: ", ")))"
    }

    /// The shape, and the element type where it is not float32.
    var form: String { dtype == .float32 ? "\(shape)" : "\(shape) \(dtype)" }

    var valueText: String? { values.isEmpty ? nil : "value \(Self.text(of: values))" }

    var gradientText: String? { gradients.isEmpty ? nil : "gradient \(Self.text(of: gradients))" }

    /// Four digits of each number.
    private static func text(of numbers: [Float]) -> String {
        let texts = numbers.map { Double($0).general(4) }
        return texts.count == 1 ? texts[0] : "[\(texts.joined(separator: ", "))]"
    }
}
