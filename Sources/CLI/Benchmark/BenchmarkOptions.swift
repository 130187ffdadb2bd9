import ArgumentParser

/// How the ways to run a network are timed.
struct BenchmarkOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp("The batch size. (default: 1)", valueName: "n"),
        transform: Value.integer(in: .from(1, to: 1_000_000)))
    var batch = 1

    @Option(
        help: ArgumentHelp("How long to time each variant. (default: 3)", valueName: "seconds"),
        transform: Value.number(in: .above(0, to: 3600)))
    var seconds = 3.0
}
