/// In what a family of decoders differs from Llama: the parts are written once, in `Llama`, and a family says which of
/// them it has.
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
    }

    /// How queries and keys are normalized.
    enum HeadNorm: Sendable {
        case none
        /// Each head by itself.
        case single
        /// All heads together.
        case joint
    }

    var norm = Norm.rms
    var normPlace = NormPlace.before
    var headNorm = HeadNorm.none
    /// Whether the gate of the network is a GELU, in its form with tanh, instead of a SiLU.
    var gatesWithGELU = false
    /// Whether the projections to queries, keys and values are one, and gate and network's first layer another.
    var joinsProjections = false
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
}
