/// The parts of a model and the cost of one forward pass: a printable table.
public struct ModuleSummary {
    /// One module, in the order in which they are defined.
    public struct Row {
        /// The module's path; "" is the model itself.
        public let path: String
        /// The module's type: `Conv2d`.
        public let type: String
        /// The shape of what it computed last; `nil` if it was not run.
        public internal(set) var outputShape: Shape?
        /// How many numbers its own parameters hold, without those of modules inside it.
        public let parameters: Int
        /// The floating-point operations of its own; a multiplication and an addition count as two.
        public internal(set) var operations: Int
    }

    public internal(set) var rows: [Row]
    public let parameters: Int
    public let trainableParameters: Int

    /// The floating-point operations of one forward pass.
    public var operations: Int { rows.reduce(0) { $0 + $1.operations } }
}

extension Module {
    /// Runs the model on `input`, without recording operations and as for inference, and reports its layers with the
    /// shapes of their outputs, their parameters and their floating-point operations.
    public final func summary(input: Tensor) -> ModuleSummary {
        summary(of: input) { _ = self(input) }
    }

    /// As `summary(input:)`, for a model that takes other operands: `body` runs it.
    public final func summary(of input: Tensor, running body: () -> Void) -> ModuleSummary {
        var seen = Set<ObjectIdentifier>()
        let modules = namedModules().filter { seen.insert(ObjectIdentifier($0.module)).inserted }
        var summary = ModuleSummary(
            rows: modules.map { ModuleSummary.Row($0, $1) }, parameters: parameterCount,
            trainableParameters: parameters.filter(\.requiresGrad).reduce(0) { $0 + $1.count })
        let hooks = modules.enumerated().map { index, entry in
            entry.module.registerForwardHook { module, input, output in
                summary.rows[index].outputShape = output.shape
                summary.rows[index].operations += module.operationCount(input: input, output: output)
                return nil
            }
        }
        let wereTraining = modules.filter(\.module.isTraining)
        eval()
        noGrad(body)
        for (_, module) in wereTraining { module.isTraining = true }
        for (entry, hook) in zip(modules, hooks) { entry.module.removeHook(hook) }
        return summary
    }
}

extension ModuleSummary.Row {
    fileprivate init(_ path: String, _ module: Module) {
        self.path = path
        type = "\(Swift.type(of: module))"
        parameters = module.namedParts().reduce(0) { count, entry in
            if case .parameter(let parameter) = entry.part { return count + parameter.count }
            return count
        }
        operations = 0
    }
}

// MARK: - As text

extension ModuleSummary: CustomStringConvertible {
    /// A table with a line for each module and one for the totals.
    public var description: String {
        let header = ["layer", "type", "output", "parameters", "operations"]
        let cells = rows.map { row in
            [
                row.path.isEmpty ? "(model)" : row.path, row.type, row.outputShape?.description ?? "not run",
                row.parameters.grouped, row.operations.grouped,
            ]
        }
        let total = ["total", "", "", parameters.grouped, operations.grouped]
        let widths = header.indices.map { column in ([header, total] + cells).map { $0[column].count }.max()! }
        func line(_ cells: [String]) -> String {
            zip(cells, widths).enumerated().map { column, cell in
                let padding = String(repeating: " ", count: cell.1 - cell.0.count)
                return column < 3 ? cell.0 + padding : padding + cell.0
            }.joined(separator: "  ")
        }
        let rule = String(repeating: "─", count: widths.reduce(2 * (widths.count - 1), +))
        let note =
            "\(trainableParameters.grouped) of \(parameters.grouped) parameters are trained; "
            + "operations are floating-point ones in a forward pass"
        return ([line(header), rule] + cells.map(line) + [rule, line(total), note]).joined(separator: "\n")
    }
}
