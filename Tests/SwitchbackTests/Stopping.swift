import Testing

/// Whether a process that an exit test ran stopped with a message that holds `sentence`.
func stopped(_ result: ExitTest.Result?, saying sentence: String) -> Bool {
    String(decoding: result?.standardErrorContent ?? [], as: UTF8.self).contains(sentence)
}
