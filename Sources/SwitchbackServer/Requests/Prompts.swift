import Switchback
import SwitchbackFormats

extension ConfigurationFields {
    /// A text, its tokens, or a list of texts or of tokens.
    ///
    /// - Parameter most: how many may be sent.
    func prompts(_ name: String, most: Int) throws -> [LanguageService.Prompt] {
        switch self[name] {
        case .string(let text): return [.text(text)]
        case .array(let list) where list.first?.wholeNumber != nil: return [.tokens(try tokens(list, name))]
        case .array(let list) where !list.isEmpty && list.count <= most:
            return try list.map { value in
                switch value {
                case .string(let text): return .text(text)
                case .array(let numbers): return .tokens(try tokens(numbers, name))
                default: throw problem(name, "text is needed, or a list of texts or of tokens")
                }
            }
        case .array(let list): throw problem(name, "1 to \(most) texts are needed, not \(list.count)")
        default: throw problem(name, "text is needed, or a list of texts or of tokens")
        }
    }

    private func tokens(_ values: [JSON], _ name: String) throws -> [Int] {
        try values.map { value in
            guard let token = value.wholeNumber else { throw problem(name, "a list of tokens has numbers alone") }
            return token
        }
    }

    /// A text or a list of texts.
    ///
    /// - Parameter most: how many may be sent.
    func texts(_ name: String, most: Int) throws -> [String] {
        switch self[name] {
        case .string(let text): return [text]
        case .array(let list) where (1...most).contains(list.count):
            return try list.map { value in
                guard case .string(let text) = value else { throw problem(name, "only texts are read") }
                return text
            }
        default: throw problem(name, "a text is needed, or a list of 1 to \(most)")
        }
    }
}
