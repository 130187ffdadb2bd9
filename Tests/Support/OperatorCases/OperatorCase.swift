import Foundation
import Switchback
import SwitchbackFormats

/// One call of an operator as PyTorch answered it, made by `Scripts/operator_cases.py`.
public struct OperatorCase: @unchecked Sendable, CustomStringConvertible {
    /// What came of a case here.
    public enum Outcome: Equatable, Sendable {
        case passed
        case differs(String)
        /// The operation refused its operands, with this sentence.
        case stopped(String)
        /// There is no such operator here, or it does not take these arguments.
        case missing(String)

        public enum Kind: CaseIterable, Sendable { case passed, differs, stopped, missing }

        public var kind: Kind {
            switch self {
            case .passed: .passed
            case .differs: .differs
            case .stopped: .stopped
            case .missing: .missing
            }
        }
    }

    /// PyTorch's name, with that of a variant behind a slash.
    public let op: String
    public let dtype: DType
    /// `plain`, `strided` for operands with gaps and in other orders, `special` for NaN, infinities and zeros.
    public let layout: String
    public let number: Int
    private let entry: [String: Any]
    private let tensors: [String: Tensor]

    public var description: String { "\(number) \(op) \(dtype) \(layout)" }

    /// The cases of a folder, or of the files `base.json` and `base.safetensors`.
    public static func load(_ base: URL) throws -> [OperatorCase] {
        let json = try Data(contentsOf: base.appendingPathExtension("json"))
        let tensors = try Safetensors.load(base.appendingPathExtension("safetensors").path)
        let entries = try JSONSerialization.jsonObject(with: json) as! [[String: Any]]
        return entries.enumerated().map { OperatorCase($1, tensors, number: $0) }
    }

    private init(_ entry: [String: Any], _ tensors: [String: Tensor], number: Int) {
        op = entry["op"] as! String
        dtype = DType(named: entry["dtype"] as! String)!
        layout = entry["layout"] as! String
        self.number = number
        self.entry = entry
        self.tensors = tensors
    }

    /// Runs the case, and compares results and gradients.
    public func run() -> Outcome {
        guard let operation = torchOperators[op] else { return .missing("") }
        do {
            return try catchingErrors {
                let call = try OperatorCall(entry, tensors)
                let found = try operation(call)
                if let difference = try difference(found, call) { return .differs(difference) }
                return try gradientDifference(found, call).map(Outcome.differs) ?? .passed
            }
        } catch let error as ShapeError {
            return .stopped("\(error)")
        } catch {
            return .missing("\(error)")
        }
    }

    private func difference(_ found: [Tensor], _ call: OperatorCall) throws -> String? {
        let expected = (entry["results"] as! [String]).map { tensors[$0]! }
        if found.count != expected.count { return "\(found.count) results, expected \(expected.count)" }
        let closeness = Closeness(dtype, signsOfZero: layout == "special" && entry["signs"] as? Bool == true)
        let choices = try choices(call)
        for (i, (result, reference)) in zip(found, expected).enumerated() {
            let difference: String?
            if let choices, op != "msort", reference.dtype == .int64, i == expected.count - 1 {
                difference = choices.difference(result, reference)
            } else {
                difference = closeness.difference(result, reference, orOneOf: others("", i))
            }
            if let difference { return "result \(i): \(difference)" }
        }
        return nil
    }

    /// What an operator chose from, if it chooses elements of lines.
    private func choices(_ call: OperatorCall) throws -> Choices? {
        guard let dim = (entry["along"] as? NSNumber)?.intValue else { return nil }
        let lines = try call.tensor(0).detach()
        return lines.rank == 0 ? nil : Choices(lines: lines, dim: dim)
    }

    private func gradientDifference(_ found: [Tensor], _ call: OperatorCall) throws -> String? {
        guard let expected = entry["gradients"] as? [Any], let upstream = entry["upstream"] as? [String: String] else {
            return nil
        }
        let outputs = found.indices.filter { upstream["\($0)"] != nil && found[$0].requiresGrad }
        if outputs.isEmpty { return "no result has a gradient" }
        let computed = gradients(
            of: outputs.map { found[$0] }, withRespectTo: call.leaves,
            gradients: outputs.map { tensors[upstream["\($0)"]!]!.copied() })
        let choices = try choices(call)
        for (i, (gradient, key)) in zip(computed, expected).enumerated() {
            let zeros = call.leaves[i].zerosLike()
            let references = [(key as? String).map { tensors[$0]! } ?? zeros] + others("Gradients", i)
            let all = ([gradient ?? zeros] + references).map { choices?.grouped($0) ?? $0 }
            if let difference = Closeness(dtype).difference(all[0], all[1], orOneOf: Array(all[2...])) {
                return "gradient \(i): \(difference)"
            }
        }
        return nil
    }

    /// What float64 gives, and what PyTorch's vector code gives, where its own numbers are far from that.
    private func others(_ suffix: String, _ number: Int) -> [Tensor] {
        ["exact", "lanes"].compactMap { ((entry[$0 + suffix] as? [Any])?[number] as? String).map { tensors[$0]! } }
    }
}

/// How near to PyTorch's numbers is near enough.
struct Closeness {
    private let relative, absolute: Double
    private let signsOfZero: Bool

    /// - Parameter signsOfZero: whether 0 and −0 differ.
    init(_ dtype: DType, signsOfZero: Bool = false) {
        switch dtype {
        case .float64: (relative, absolute) = (1e-7, 1e-8)
        case .float16: (relative, absolute) = (4e-3, 2e-3)
        case .bfloat16: (relative, absolute) = (2.5e-2, 1.5e-2)
        default: (relative, absolute) = (2e-4, 2e-5)
        }
        self.signsOfZero = signsOfZero
    }

    /// How a result differs from PyTorch's; each element may be that of one of `others` instead.
    func difference(_ found: Tensor, _ expected: Tensor, orOneOf others: [Tensor]) -> String? {
        if found.shape != expected.shape { return "shape \(found.shape), expected \(expected.shape)" }
        if found.dtype != expected.dtype { return "type \(found.dtype), expected \(expected.dtype)" }
        if !found.dtype.isFloatingPoint {
            let (a, b) = (found.toArray(as: Int.self), expected.toArray(as: Int.self))
            return a.indices.first { a[$0] != b[$0] }.map { "element \($0): \(a[$0]), expected \(b[$0])" }
        }
        let (a, b) = (found.toArray(as: Double.self), expected.toArray(as: Double.self))
        let others = others.map { $0.toArray(as: Double.self) }
        func isRight(_ i: Int) -> Bool { isClose(a[i], b[i]) || others.contains { isClose(a[i], $0[i]) } }
        return a.indices.first { !isRight($0) }.map { "element \($0): \(a[$0]), expected \(b[$0])" }
    }

    private func isClose(_ a: Double, _ b: Double) -> Bool {
        if a.isNaN || b.isNaN { return a.isNaN && b.isNaN }
        if a == b { return !signsOfZero || a != 0 || a.sign == b.sign }
        return Swift.abs(a - b) <= absolute + relative * Swift.abs(b)
    }
}
