import Foundation
import TestSupport

/// A page of a module's documentation, of which tests run the commands.
struct Tutorial {
    /// The lines of its blocks of shell, in their order.
    let commands: [String]

    init(_ page: String, of module: String) throws {
        let file = projectFolder.appendingPathComponent("Sources/\(module)/\(module).docc/\(page).md")
        let text = try String(contentsOf: file, encoding: .utf8)
        commands = text.components(separatedBy: "```sh\n").dropFirst().flatMap {
            $0.components(separatedBy: "```")[0].split(separator: "\n").map(String.init)
        }
    }
}
