import Foundation
import Switchback
import SwitchbackFormats

/// The secret without which a studio that other machines can reach shows nothing.
public struct StudioToken: Sendable {
    let text: String

    private static let length = 16...256

    /// - Throws: `InputError` where the file cannot be read, or its text is no token.
    public init(file: String) throws {
        let text = try TextFile.read(file).trimmingCharacters(in: .whitespacesAndNewlines)
        guard StudioToken.length.contains(text.utf8.count),
            text.utf8.allSatisfy({ (0x21...0x7E).contains($0) && !"\";,\\".utf8.contains($0) })
        else {
            throw InputError(
                file,
                "a token is \(StudioToken.length.lowerBound) to \(StudioToken.length.upperBound) letters, digits and signs",
                remedy: "make one with: openssl rand -hex 16")
        }
        self.text = text
    }
}
