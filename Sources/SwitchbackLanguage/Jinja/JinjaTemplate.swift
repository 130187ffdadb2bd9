import Switchback
import SwitchbackFormats

/// A template in Jinja (https://jinja.palletsprojects.com, version 3.1) with what Hugging Face's Transformers adds for
/// chat templates: `tojson` without escapes of HTML, `raise_exception`, `strftime_now`, `break`, `continue` and
/// `{% generation %}`; `trim_blocks` and `lstrip_blocks` are on.
///
/// Templates come from outside: they can reach no file, and their steps, depth and output are bounded.
package struct JinjaTemplate: Sendable {
    package let source: String
    /// The words in it, among them the names of all variables.
    let names: Set<String>
    /// The file that it comes from.
    let place: String
    // Constants in it are values, none of which is a reference.
    private nonisolated(unsafe) let statements: [JinjaStatement]

    /// Throws `InputError` where the text is no template.
    package init(_ source: String, place: String) throws {
        self.source = source
        names = Set(source.split { !($0.isLetter || $0.isNumber || $0 == "_") }.map(String.init))
        self.place = place
        do {
            statements = try JinjaParser.statements(of: source)
        } catch let error as JinjaError {
            throw JinjaTemplate.explained(error, place)
        }
    }

    /// Runs the template.
    ///
    /// Throws `InputError` where it asks for something that is not there, refuses what it was given, or does not end.
    func render(_ variables: [String: JinjaValue]) throws -> JinjaText {
        let evaluator = JinjaEvaluator(variables)
        do {
            return try evaluator.run(statements)
        } catch let error as JinjaError {
            throw JinjaTemplate.explained(error, place)
        }
    }

    /// The text over variables that are JSON.
    package func text(_ variables: [(name: String, value: JSON)]) throws -> String {
        let values = variables.map { ($0.name, JinjaValue($0.value, origin: .data)) }
        return try render(Dictionary(values) { _, last in last }).string
    }

    private static func explained(_ error: JinjaError, _ place: String) -> InputError {
        let message = error.message.shortened
        return InputError(
            place, at: error.line.map { "chat template, line \($0)" } ?? "chat template",
            error.isRefusal ? "it does not accept this conversation: \(message)" : message)
    }
}
