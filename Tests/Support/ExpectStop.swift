import Switchback
import Testing

/// Expects that `body` stops, and says so in a sentence that contains another.
public func expectStop(
    _ sentence: String, sourceLocation: SourceLocation = #_sourceLocation, _ body: @escaping () -> Void
) throws {
    let error = try #require(throws: ShapeError.self, sourceLocation: sourceLocation) { try catchingErrors(body) }
    #expect("\(error)".contains(sentence), "\(error)", sourceLocation: sourceLocation)
}
