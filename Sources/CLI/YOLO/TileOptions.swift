import ArgumentParser
import SwitchbackVision

/// How large images are cut.
struct TileOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Cut larger images into tiles of this side, so that small objects are seen, and bring together what is found.",
            valueName: "pixels"),
        transform: Value.integer(in: .from(32, to: 65_536)))
    var tile: Int?

    @Option(
        help: ArgumentHelp(
            "How far tiles overlap: at least as far as objects are large. (default: a fifth of --tile)",
            valueName: "pixels"),
        transform: Value.integer(in: .from(0, to: 65_535)))
    var overlap: Int?

    func check() throws {
        if overlap != nil && tile == nil { throw ValidationError("--overlap needs --tile") }
    }

    func tiling() throws -> Tiling? { try tile.map { try Tiling(side: $0, overlap: overlap ?? $0 / 5) } }
}
