extension String {
    /// The text without what a terminal would obey: control characters, and marks that turn the direction of writing,
    /// are shown as `\u001b`, as JSON has them. Names from outside may hold any of them.
    ///
    /// - Parameter keepsLines: whether line ends and tabs stay as they are.
    public func printable(keepsLines: Bool = false) -> String {
        guard unicodeScalars.contains(where: { $0.isObeyed }) else { return self }
        var result = String.UnicodeScalarView()
        for scalar in unicodeScalars {
            let stays = !scalar.isObeyed || keepsLines && (scalar == "\n" || scalar == "\t")
            if stays {
                result.append(scalar)
            } else {
                let digits = String(scalar.value, radix: 16)
                result += "\\u\(String(repeating: "0", count: 4 - digits.count))\(digits)".unicodeScalars
            }
        }
        return String(result)
    }
}

extension Unicode.Scalar {
    /// Whether it is not a character to be seen, but something that terminals do.
    fileprivate var isObeyed: Bool {
        switch value {
        case 0..<0x20, 0x7F...0x9F, 0x200E...0x200F, 0x2028...0x202E, 0x2066...0x2069: true
        default: false
        }
    }
}
