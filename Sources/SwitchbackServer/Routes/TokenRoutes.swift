import Hummingbird
import Switchback
import SwitchbackFormats
import SwitchbackLanguage

/// `/tokenize` and `/detokenize`, as vLLM has them: the tokens that a language model or a sentence encoder reads.
struct TokenRoutes: Sendable {
    let models: ModelList
    let reader: RequestReader

    func add(to group: RouterGroup<ServerContext>) {
        group.post("tokenize") { request, _ in try await tokenize(request) }
        group.post("detokenize") { request, _ in try await detokenize(request) }
    }

    private struct Tokens: Encodable {
        let model: String
        let count: Int
        let maxModelLen: Int
        let tokens: [Int]
    }

    private struct Text: Encodable {
        let model, prompt: String
    }

    private func tokenize(_ request: Request) async throws -> Response {
        let answer = try await reader.readJSON(request) { fields in
            try fields.checkNames(known: ["model", "prompt", "messages", "add_special_tokens", "chat_template_kwargs"])
            let (name, service) = try models.tokenizing(fields.modelName)
            let tokens: [Int]
            if fields["messages"] != nil {
                guard let template = service.template else {
                    throw fields.problem("messages", "the model \(name) reads no conversations", remedy: "send prompt")
                }
                let context = ChatTemplate.Context(
                    variables: try fields.templateVariables(template, model: name))
                tokens = try template.prompt(
                    for: ChatMessage.list(fields), with: service.tokenizer, context)
            } else {
                let isMarked = try fields.bool("add_special_tokens", default: true)
                let text = try service.prompt + fields.string("prompt")
                tokens = try service.tokenizer.encode(text, addingSpecialTokens: isMarked)
            }
            return Tokens(model: name, count: tokens.count, maxModelLen: service.length, tokens: tokens)
        }
        return Response(json: answer)
    }

    private func detokenize(_ request: Request) async throws -> Response {
        let answer = try await reader.readJSON(request) { fields in
            try fields.checkNames(known: ["model", "tokens"])
            let (name, service) = try models.tokenizing(fields.modelName)
            let tokens = try (fields.array("tokens") ?? []).map { value in
                guard let token = value.wholeNumber, (0..<service.tokenizer.vocabularySize).contains(token) else {
                    throw fields.problem(
                        "tokens", "numbers from 0 to \(service.tokenizer.vocabularySize - 1) are needed")
                }
                return token
            }
            return Text(model: name, prompt: service.tokenizer.decode(tokens))
        }
        return Response(json: answer)
    }
}
