import Switchback
import SwitchbackFormats

extension Checkpoint {
    /// The `model_type`s of models that read one sequence and write another.
    public static let encoderDecoders = ["t5"] + BARTConfiguration.Family.allCases.map(\.rawValue)

    /// Whether the folder has a model that reads one sequence and writes another: of others, or a run of `translate train`.
    public var isTranslator: Bool {
        get throws {
            let kind = try configuration.string("model_type")
            return (Checkpoint.encoderDecoders + [SequenceToSequenceConfiguration.modelType]).contains(
                where: kind.isExactly)
        }
    }

    /// The encoder–decoder of the folder, with its weights.
    public func encoderDecoder() throws -> EncoderDecoder {
        let kind = try configuration.string("model_type")
        guard Checkpoint.encoderDecoders.contains(where: kind.isExactly) else {
            let names = Checkpoint.encoderDecoders.joined(separator: ", ")
            let hint = kind.nearest(in: Checkpoint.encoderDecoders).map { "; did you mean \($0)?" } ?? ""
            throw configuration.problem(
                "model_type", "it is \(kind); supported for translation are \(names)\(hint)")
        }
        let (tensors, place) = try readWeights()
        try configuration.checkSizes(against: tensors)
        let state = try Checkpoint.encoderDecoderState(tensors, place)
        let model: EncoderDecoder
        if let family = BARTConfiguration.Family(rawValue: kind) {
            model = BART(try BARTConfiguration(configuration, family: family))
        } else {
            model = T5(try T5Configuration(configuration, hasOutput: state["lm_head.weight"] != nil))
        }
        try load(state, from: place, into: model)
        return model.eval()
    }

    /// Tensors by their names, each once: files repeat the table of tokens for encoder, decoder and output, and may have
    /// it by one of those names alone. Marian's positions are computed here.
    private static func encoderDecoderState(_ tensors: [String: Tensor], _ place: String) throws -> [String: Tensor] {
        let prefix = tensors.keys.contains { $0.hasPrefix("model.") } ? "model." : ""
        let copies = ["shared.weight", "encoder.embed_tokens.weight", "decoder.embed_tokens.weight"].map { prefix + $0 }
        guard let table = (copies + ["lm_head.weight"]).lazy.compactMap({ tensors[$0] }).first else {
            throw InputError(place, at: "tensor \(copies[0])", "it is missing")
        }
        var state = tensors
        for name in copies {
            if let copy = tensors[name], copy.shape != table.shape || !copy.equal(table) {
                throw InputError(
                    place, at: "tensor \(name)", "it differs from \(copies[0]); one table for both is supported")
            }
            state[name] = nil
        }
        state[copies[0]] = table
        if let output = tensors["lm_head.weight"], output.shape == table.shape, output.equal(table) {
            state["lm_head.weight"] = nil
        }
        if prefix.isEmpty { return state }
        if state["final_logits_bias"] == nil { state["final_logits_bias"] = Tensor.zeros([1, table.size(0)]) }
        let isMarian = !tensors.keys.contains { $0.hasSuffix("layernorm_embedding.weight") }
        return isMarian ? state.filter { !$0.key.hasSuffix("embed_positions.weight") } : state
    }
}
