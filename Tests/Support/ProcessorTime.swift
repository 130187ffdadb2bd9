import Switchback
import Testing

/// Records an issue if `work`, done by this thread alone, takes more than a minute of its processor time: what is quadratic in
/// hostile input takes hours. A limit on time by the clock would fail on a busy machine.
public func withinAMinute<Result>(
    sourceLocation: SourceLocation = #_sourceLocation, _ work: () throws -> Result
) rethrows -> Result {
    let start = Platform.threadSeconds
    let result = try work()
    let seconds = Platform.threadSeconds - start
    #expect(seconds < 60, "seconds of processor time", sourceLocation: sourceLocation)
    return result
}
