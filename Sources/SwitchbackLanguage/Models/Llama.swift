import Switchback
import SwitchbackFormats

/// Llama (Touvron et al., 2023; Grattafiori et al., "The Llama 3 Herd of Models", 2024), with the names of Hugging
/// Face's `LlamaForCausalLM`, and the families that differ from it in some parts: `LlamaConfiguration.family` and
/// `DecoderStyle` tell in which.
public final class Llama: LanguageModel {
    public let sizes: LlamaConfiguration
    private let model: Body
    private let lmHead: Linear
    private let rotary: RotaryEmbedding?
    /// Of layers with windows, where these have other wavelengths.
    private let windowRotary: RotaryEmbedding?
    private let routing: RoutingRecord

    /// What lies between tokens and output.
    private final class Body: Module {
        let embedTokens: Embedding
        let embedPositions: Embedding?
        /// To the model's width and back, where the table of tokens has another.
        let projectIn, projectOut: Linear?
        let layers: [DecoderBlock]
        let norm: Module?
        let drop: Dropout
        private let style: DecoderStyle

        init(_ c: LlamaConfiguration, _ routing: RoutingRecord) {
            style = c.style
            embedTokens = Embedding(c.vocabularySize, style.embeddingWidth ?? c.width)
            if case .table(let offset) = style.positions {
                embedPositions = Embedding(c.contextLength + offset, c.width)
            } else {
                embedPositions = nil
            }
            projectIn = style.embeddingWidth.map { Linear($0, c.width, bias: false) }
            projectOut = style.embeddingWidth.map { Linear(c.width, $0, bias: false) }
            layers = (0..<c.layers).map { DecoderBlock(c, index: $0, routing: routing) }
            norm = style.hasLastNorm ? c.makeNorm(c.width) : nil
            drop = Dropout(p: style.dropouts.embedding)
        }

        override var partNames: [String: String] { style.names }
    }

    public init(_ configuration: LlamaConfiguration) {
        sizes = configuration
        let style = configuration.style
        routing = RoutingRecord()
        model = Body(configuration, routing)
        let bias = style.hasHeadBias ? Parameter([configuration.vocabularySize], .zeros) : nil
        lmHead =
            configuration.tiesEmbeddings
            ? Linear(weight: model.embedTokens.weight, bias: bias)
            : Linear(
                style.embeddingWidth ?? configuration.width, configuration.vocabularySize, bias: style.hasHeadBias)
        let rotated = Int(Double(configuration.headWidth) * style.rotatedPart)
        rotary =
            style.positions == .rotary
            ? RotaryEmbedding(
                headWidth: rotated, base: configuration.rotaryBase, scaling: configuration.rotaryScaling) : nil
        windowRotary = style.windowRotaryBase.map {
            RotaryEmbedding(headWidth: rotated, base: $0, scaling: .none)
        }
        super.init(vocabularySize: configuration.vocabularySize, contextLength: configuration.contextLength)
        for (name, parameter) in namedParameters {
            if parameter.rank > 1 { parameter.initialize(.normal(standardDeviation: 0.02)) }
            if name.hasSuffix("bias") { parameter.initialize(.zeros) }
        }
    }

    public override var partNames: [String: String] { sizes.style.names }

    public override var hasBlocks: Bool { true }

    public override func features(_ tokens: Tensor, memory: ReadingMemory? = nil) -> Tensor {
        let cache = memory as? AttentionMemory
        let count = tokens.size(1)
        let positions = cache?.positions(of: count) ?? [Array(0..<count)]
        let angles = rotary?.angles(at: positions, like: tokens)
        let windowAngles = windowRotary?.angles(at: positions, like: tokens) ?? angles
        let style = sizes.style
        var x = model.drop(embedded(tokens, positions))
        for (index, layer) in model.layers.enumerated() {
            let own = style.windows[index] == nil ? angles : windowAngles
            let turning = style.unrotatedLayers.contains(index) ? nil : own
            x = recomputing(x) { layer($0, turning, cache: cache) }
        }
        cache?.advance(by: count)
        x = model.norm?(x) ?? x
        return (model.projectOut?(x) ?? x).scaled(by: style.logitScale)
    }

    private func embedded(_ tokens: Tensor, _ positions: [[Int]]) -> Tensor {
        var x = model.embedTokens(tokens).scaled(by: sizes.style.embeddingScale)
        x = model.projectIn?(x) ?? x
        guard let table = model.embedPositions, case .table(let offset) = sizes.style.positions else { return x }
        let rows = positions.joined().map { $0 + offset }
        return x + table(Tensor(rows, shape: [rows.count], like: tokens))
    }

    public override var logitCap: Double? { sizes.style.logitCap }

    public override var outputWeight: Parameter { lmHead.weight }

    public override var outputBias: Parameter? { lmHead.bias }

    public override var choosesParts: Bool { sizes.style.experts != nil }

    public override var hasRoutingLoss: Bool { sizes.style.experts?.lossWeight != nil }

    public override func takeRoutingLoss() -> Tensor? {
        guard let rule = sizes.style.experts, let weight = rule.lossWeight else { return nil }
        return routing.takeLoss(experts: rule.count).map { $0 * weight }
    }

    public override func makeMemory(batch: Int, capacity: Int) -> ReadingMemory {
        KeyValueCache(
            layers: sizes.layers, batch: batch, heads: sizes.keyValueHeads, capacity: capacity,
            headWidth: sizes.headWidth)
    }

    public override var configurationFields: [(name: String, value: JSON)] { sizes.fields }
}
