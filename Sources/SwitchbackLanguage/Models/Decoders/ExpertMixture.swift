import Switchback
import SwitchbackFormats

/// How tokens are shared out among the networks of a layer.
struct ExpertRouting: Equatable, Sendable {
    /// How many networks there are, and how many of them read each token.
    var count: Int
    var perToken: Int
    /// The size of the layer inside each.
    var inside: Int
    /// Whether the weights of the chosen ones sum to 1.
    var isNormalized = true
    /// The layers that have several networks.
    var layers: Set<Int>
    /// By what the loss for uneven routing is multiplied; `nil` if there is none.
    var lossWeight: Double?

    /// - Parameters:
    ///   - inside: the member that says how large the layer inside each network is.
    ///   - layers: those that have several.
    init(_ fields: ConfigurationFields, inside: String, layers: Set<Int>, isNormalized: Bool) throws {
        // Transformers 5 writes the first name whatever the family had before.
        let name = fields["num_local_experts"] == nil ? "num_experts" : "num_local_experts"
        count = try fields.integer(name)
        perToken = try fields.integer("num_experts_per_tok", default: 2)
        guard perToken <= count else {
            throw fields.problem("num_experts_per_tok", "it is \(perToken), and there are \(count) experts")
        }
        self.inside = try fields.integer(inside)
        self.isNormalized = isNormalized
        self.layers = layers
        if try fields.bool("output_router_logits", default: false) {
            lossWeight = try fields.number("router_aux_loss_coef", default: 0.001)
        }
    }
}

/// What the layers of a model chose since the last loss, for the loss that keeps routing even.
final class RoutingRecord {
    private var probabilities: [Tensor] = []
    private var chosen: [[Int]] = []

    func add(_ probabilities: Tensor, _ chosen: [Int]) {
        self.probabilities.append(probabilities)
        self.chosen.append(chosen)
    }

    /// The loss of what was noted, which is forgotten by that: experts · Σ fᵢ pᵢ, with the part of tokens that an expert
    /// read and its mean probability (Fedus et al., "Switch Transformers", 2021, equations 4 to 6).
    func takeLoss(experts: Int) -> Tensor? {
        defer { (probabilities, chosen) = ([], []) }
        guard let first = probabilities.first else { return nil }
        var counts = [Float](repeating: 0, count: experts)
        for expert in chosen.joined() { counts[expert] += 1 }
        let rows = Double(probabilities.reduce(0) { $0 + $1.size(0) })
        let sums = probabilities.dropFirst().reduce(first.sum(dim: 0)) { $0 + $1.sum(dim: 0) }
        return (sums * Tensor(counts, shape: [experts], like: first)).sum() * (Double(experts) / (rows * rows))
    }
}

/// Several networks, of which a few read each token: those that the token's own probabilities choose (Jiang et al.,
/// "Mixtral of Experts", 2024).
final class ExpertMixture: Module {
    let gate: Linear
    let experts: [DecoderNetwork]
    private let rule: ExpertRouting
    private let record: RoutingRecord

    init(_ c: LlamaConfiguration, _ rule: ExpertRouting, _ record: RoutingRecord) {
        gate = Linear(c.width, rule.count, bias: false)
        experts = (0..<rule.count).map { _ in DecoderNetwork(c, inside: rule.inside) }
        self.rule = rule
        self.record = record
    }

    /// [N, T, width] → the same.
    override func forward(_ x: Tensor) -> Tensor {
        let rows = x.flatten(end: -2)
        let probabilities = gate(rows).softmax(dim: -1)
        let best = probabilities.topK(rule.perToken)
        let weights = rule.isNormalized ? best.values / best.values.sum(dim: -1, keepDim: true) : best.values
        let chosen = best.indices.toArray(as: Int.self)
        if rule.lossWeight != nil, probabilities.requiresGrad { record.add(probabilities, chosen) }
        // [rows, chosen, width] with each expert's answers put back to the tokens that it read.
        let answers = answers(to: rows, chosen).unflatten(0, [rows.size(0), rule.perToken])
        return (answers * weights.unsqueeze(-1)).sum(dim: 1).reshape(x.shape)
    }

    /// What the chosen experts say, [rows · chosen, width].
    private func answers(to rows: Tensor, _ chosen: [Int]) -> Tensor {
        var places = [[Int]](repeating: [], count: experts.count)
        for (place, expert) in chosen.enumerated() { places[expert].append(place) }
        func index(_ numbers: [Int]) -> Tensor { Tensor(numbers, shape: [numbers.count], like: rows) }
        let parts = zip(experts, places).filter { !$1.isEmpty }.map { expert, own in
            expert(rows.indexSelect(dim: 0, index: index(own.map { $0 / rule.perToken })))
        }
        var positions = [Int](repeating: 0, count: chosen.count)
        for (position, place) in places.joined().enumerated() { positions[place] = position }
        return Tensor.cat(parts, dim: 0).indexSelect(dim: 0, index: index(positions))
    }
}
