/// The message that a C library writes while `body` runs, of less than `capacity` characters, beginning with a small
/// letter.
func libraryMessage(capacity: Int, _ body: (UnsafeMutablePointer<CChar>) -> Void) -> String {
    withUnsafeTemporaryAllocation(of: CChar.self, capacity: capacity) { buffer in
        buffer.initialize(repeating: 0)
        guard let start = buffer.baseAddress else { return "" }
        body(start)
        let text = String(cString: start)
        return text.prefix(1).lowercased() + text.dropFirst()
    }
}
