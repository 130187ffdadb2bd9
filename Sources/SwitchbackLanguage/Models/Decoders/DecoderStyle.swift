/// In what a family of decoders differs from Llama: the parts are written once, in this folder, and a family says which
/// of them it has.
struct DecoderStyle: Equatable, Sendable {
    enum Norm: Sendable {
        case rms
        /// As `rms`, with weights that are stored less 1.
        case rmsAroundOne
        case layer
    }

    /// Where attention and network of a block are normalized.
    enum NormPlace: Sendable {
        case before, after
        /// Before and after.
        case around
        /// After what they give was added to what came in.
        case afterSum
    }

    /// What the network of a block reads.
    enum Order: Sendable {
        /// What attention gave.
        case sequential
        /// What attention reads, so that both can be computed at once, normalized by itself or together.
        case parallel, parallelWithOneNorm
    }

    /// How queries and keys are normalized.
    enum HeadNorm: Sendable {
        case none
        /// Each head by itself.
        case single
        /// All heads together.
        case joint
    }

    /// Which matrices give queries, keys and values.
    enum Projections: Sendable {
        /// One each.
        case apart
        /// A single one, of all queries, then all keys, then all values.
        case joined
        /// A single one, in which each head of keys is followed by its values and preceded by the queries that share it.
        case joinedByGroup
    }

    /// The layers of a block's network.
    enum Network: Sendable {
        /// Two to its inside, of which one, behind the activation, is the gate of the other; or both as one.
        case gated, gatedJoined
        case plain
    }

    enum Positions: Equatable, Sendable {
        /// Queries and keys are turned by angles.
        case rotary
        /// A table whose rows are added to the embeddings, the first `offset` of them for no position.
        case table(offset: Int)
    }

    /// The probabilities with which training drops embeddings, weights of attention, and what a block adds.
    struct Dropouts: Equatable, Sendable {
        var embedding = 0.0
        var attention = 0.0
        var residual = 0.0
    }

    var norm = Norm.rms
    var normPlace = NormPlace.before
    var order = Order.sequential
    var headNorm = HeadNorm.none
    var projections = Projections.apart
    var network = Network.gated
    var activation = DecoderActivation.silu
    /// The networks among which tokens are shared out, where there are several.
    var experts: ExpertRouting?
    var positions = Positions.rotary
    /// The width of the table of tokens, where it is not that of the model.
    var embeddingWidth: Int?
    /// Whether there is a normalization before the output layer, and whether that has a bias.
    var hasLastNorm = true
    var hasHeadBias = false
    var dropouts = Dropouts()
    /// By what the embeddings, what a block adds, and the logits are multiplied.
    var embeddingScale = 1.0
    var residualScale = 1.0
    var logitScale = 1.0
    /// By what the products of queries and keys are multiplied; one by the root of the head's width, if `nil`.
    var attentionScale: Double?
    /// The bounds c of c · tanh(x / c) over the products of queries and keys, and over logits.
    var attentionCap: Double?
    var logitCap: Double?
    /// How many tokens back a layer sees, itself included; all, if it has no number.
    var windows: [Int: Int] = [:]
    /// Layers that know no positions.
    var unrotatedLayers: Set<Int> = []
    /// Which part of each head is rotated.
    var rotatedPart = 1.0
    /// The base of the wavelengths in layers with windows, where it is another one.
    var windowRotaryBase: Double?
    /// What the parts are called in the family's files, where it is not what Llama's are called.
    var names: [String: String] = [:]
}
