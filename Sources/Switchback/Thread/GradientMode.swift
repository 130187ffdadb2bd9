/// Runs `body` without recording operations: for updates of parameters, and for inference.
public func noGrad<Result>(_ body: () throws -> Result) rethrows -> Result {
    try withGradientMode(false, body)
}

/// Runs `body` with operations recorded, also inside `noGrad`.
public func enableGrad<Result>(_ body: () throws -> Result) rethrows -> Result {
    try withGradientMode(true, body)
}

func withGradientMode<Result>(_ enabled: Bool, _ body: () throws -> Result) rethrows -> Result {
    let previous = ThreadState.exchangeRecordsGradients(enabled)
    defer { _ = ThreadState.exchangeRecordsGradients(previous) }
    return try body()
}
