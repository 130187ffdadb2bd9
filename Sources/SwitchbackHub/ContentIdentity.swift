import Crypto

/// What a file's contents hash to: the names that Git and Git LFS give them.
enum ContentIdentity: Sendable, Equatable {
    /// SHA-256 of the contents (Git LFS), as 64 hexadecimal digits.
    case sha256(String)
    /// SHA-1 of `blob SIZE`, a zero byte and the contents (Git), as 40 hexadecimal digits.
    case git(String)

    /// The identity in a header or an answer: digits, which may stand in quotes and have `sha256:` before them; `nil` if it
    /// is none.
    init?(_ text: String) {
        var digits = text[...]
        if digits.hasPrefix("W/") { digits = digits.dropFirst(2) }
        digits = digits.drop { $0 == "\"" }
        if digits.hasPrefix("sha256:") { digits = digits.dropFirst(7) }
        while digits.last == "\"" { digits.removeLast() }
        guard digits.utf8.allSatisfy({ Character(Unicode.Scalar($0)).isHexDigit }) else { return nil }
        switch digits.utf8.count {
        case 64: self = .sha256(digits.lowercased())
        case 40: self = .git(digits.lowercased())
        default: return nil
        }
    }

    var digits: String {
        switch self {
        case .sha256(let digits), .git(let digits): digits
        }
    }

    /// What they are called in a sentence.
    var kind: String {
        switch self {
        case .sha256: "SHA-256"
        case .git: "Git's SHA-1"
        }
    }
}

/// Hashes contents piece by piece.
enum ContentHash {
    case sha256(SHA256)
    case git(Insecure.SHA1)

    /// - Parameter size: of the contents, in bytes.
    init(for identity: ContentIdentity, size: Int) {
        switch identity {
        case .sha256: self = .sha256(SHA256())
        case .git:
            var hash = Insecure.SHA1()
            hash.update(data: Array("blob \(size)\0".utf8))
            self = .git(hash)
        }
    }

    mutating func add(_ bytes: UnsafeRawBufferPointer) {
        switch self {
        case .sha256(var hash):
            hash.update(bufferPointer: bytes)
            self = .sha256(hash)
        case .git(var hash):
            hash.update(bufferPointer: bytes)
            self = .git(hash)
        }
    }

    /// As hexadecimal digits.
    var digits: String {
        let bytes: [UInt8] =
            switch self {
            case .sha256(let hash): Array(hash.finalize())
            case .git(let hash): Array(hash.finalize())
            }
        return bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }
}
