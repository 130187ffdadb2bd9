import Switchback
import SwitchbackFormats

extension Checkpoint {
    /// The `model_type`s of encoders.
    public static let encoders = ["bert", "roberta", "xlm-roberta", "distilbert", "modernbert"]

    /// Whether the folder has an encoder.
    public var isEncoder: Bool {
        get throws {
            let kind = try configuration.string("model_type")
            return Checkpoint.encoders.contains(where: kind.isExactly)
        }
    }

    /// Whether the folder's encoder tells classes of texts.
    public var isSequenceClassifier: Bool {
        get throws {
            let names = try isEncoder ? configuration.array("architectures") ?? [] : []
            return names.contains {
                if case .string(let name) = $0 { name.hasSuffix("ForSequenceClassification") } else { false }
            }
        }
    }

    /// The encoder of the folder, with its weights; with a head for words, if these have one.
    public func encoder() throws -> TextEncoder { try encoderAndWeights().encoder }

    /// The encoder, and all weights of the folder: by their names, maybe with those of heads for other tasks, and the file
    /// that lists them.
    func encoderAndWeights() throws -> (encoder: TextEncoder, tensors: [String: Tensor], place: String) {
        guard try isEncoder else {
            let kind = try configuration.string("model_type")
            let names = Checkpoint.encoders.joined(separator: ", ")
            throw configuration.problem("model_type", "it is \(kind); supported encoders are \(names)")
        }
        let (tensors, place) = try readWeights()
        try configuration.checkSizes(against: tensors)
        let model: TextEncoder
        let state: [String: Tensor]
        if try configuration.string("model_type").isExactly("modernbert") {
            state = Checkpoint.modernEncoderState(tensors)
            model = ModernBERT(
                try ModernBERTConfiguration(configuration), hasHead: state.keys.contains { $0.hasPrefix("head.") })
        } else {
            state = Checkpoint.encoderState(tensors)
            model = BERT(
                try BERTConfiguration(configuration), hasHead: state.keys.contains { $0.hasPrefix("cls.predictions.") })
        }
        try load(state, from: place, into: model)
        return (model.eval(), tensors, place)
    }

    /// Tensors by the names that ModernBERT has for them: those of a model without a head have no `model.` before them, and
    /// the head that tells classes is another one.
    private static func modernEncoderState(_ tensors: [String: Tensor]) -> [String: Tensor] {
        let isBare = !tensors.keys.contains { $0.hasPrefix("model.") }
        let tellsClasses = tensors.keys.contains { $0.hasPrefix("classifier.") }
        var state: [String: Tensor] = [:]
        for (name, tensor) in tensors {
            if tellsClasses, ["classifier.", "head."].contains(where: name.hasPrefix) { continue }
            state[isBare ? "model.\(name)" : name] = tensor
        }
        return state
    }

    /// Tensors by the names that BERT has for them, without what belongs to other tasks.
    private static func encoderState(_ tensors: [String: Tensor]) -> [String: Tensor] {
        var state: [String: Tensor] = [:]
        for (name, tensor) in tensors {
            var name = name
            for prefix in ["roberta.", "distilbert.", "bert."] where name.hasPrefix(prefix) {
                name = String(name.dropFirst(prefix.count))
            }
            if otherTasks.contains(where: name.hasPrefix) { continue }
            for (old, new) in distilledNames { name = name.replacing(old, with: new) }
            state[name.hasPrefix("cls.") ? name : "bert." + name] = tensor
        }
        return state
    }

    /// Heads that are no part of an encoder: of sentences, of RoBERTa's and of DistilBERT's words, and of classes.
    private static let otherTasks = [
        "pooler.", "cls.seq_relationship.", "lm_head.", "vocab_", "classifier.", "pre_classifier.",
    ]

    /// DistilBERT's names and BERT's.
    private static let distilledNames: KeyValuePairs = [
        "transformer.layer.": "encoder.layer.", ".attention.q_lin.": ".attention.self.query.",
        ".attention.k_lin.": ".attention.self.key.", ".attention.v_lin.": ".attention.self.value.",
        ".attention.out_lin.": ".attention.output.dense.", ".sa_layer_norm.": ".attention.output.LayerNorm.",
        ".ffn.lin1.": ".intermediate.dense.", ".ffn.lin2.": ".output.dense.",
        ".output_layer_norm.": ".output.LayerNorm.",
    ]
}
