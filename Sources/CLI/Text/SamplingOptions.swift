import ArgumentParser
import SwitchbackLanguage

/// How a model writes.
struct SamplingOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The maximum number of tokens to generate. (default: \(GenerationOptions().tokens))", valueName: "n"),
        transform: Value.integer(in: .from(1, to: 1_000_000)))
    var tokens = GenerationOptions().tokens

    @Option(
        help: ArgumentHelp(
            "The temperature: 0 always takes the most likely token, higher is more random. (default: the model's, or 1)",
            valueName: "x"),
        transform: Value.number(in: Sampling.Ranges.temperature))
    var temperature: Double?

    @Option(
        help: ArgumentHelp(
            "Top-k sampling: choose among the k most likely tokens; 0 is all. (default: the model's, or 0)",
            valueName: "n"),
        transform: Value.integer(in: .from(0, to: 1_000_000)))
    var topK: Int?

    @Option(
        help: ArgumentHelp(
            "Top-p sampling: choose among the most likely tokens with this total probability. (default: the model's, or 1)",
            valueName: "p"),
        transform: Value.number(in: Sampling.Ranges.topP))
    var topP: Double?

    @Option(
        help: ArgumentHelp("Skip tokens below this fraction of the most likely token's probability.", valueName: "p"),
        transform: Value.number(in: Sampling.Ranges.minP))
    var minP: Double?

    @Option(
        help: ArgumentHelp(
            "The repetition penalty: above 1, tokens that occurred become less likely. (default: the model's, or 1)",
            valueName: "x"),
        transform: Value.number(in: Sampling.Ranges.repetitionPenalty))
    var repetitionPenalty: Double?

    @Option(
        help: ArgumentHelp(
            "Stop at this text; can be given several times. \\n is a newline.", valueName: "text"))
    var stop: [String] = []

    @Option(help: ArgumentHelp("The random seed. (default: 0)", valueName: "n"), transform: Value.integer)
    var seed: UInt64 = 0

    /// These options, and where they say nothing, those that the model's folder has.
    func options(for checkpoint: Checkpoint) throws -> GenerationOptions {
        var options = try checkpoint.generationOptions()
        options.tokens = tokens
        options.sampling.temperature = temperature ?? options.sampling.temperature
        if let topK { options.sampling.topK = topK == 0 ? nil : topK }
        options.sampling.topP = topP ?? options.sampling.topP
        options.sampling.minP = minP ?? options.sampling.minP
        options.sampling.repetitionPenalty = repetitionPenalty ?? options.sampling.repetitionPenalty
        options.stopWords = stop.map(\.withLineEnds)
        options.seed = seed
        return options
    }
}
