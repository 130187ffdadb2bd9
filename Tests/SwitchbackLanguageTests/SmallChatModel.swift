import Switchback
import SwitchbackLanguage
import TestSupport

extension TemporaryFolder {
    /// Saves a new GPT-2 that reads small letters, to be tuned on conversations, and returns its folder.
    func saveChatModel(width: Int) throws -> String {
        let tokenizer = CharacterTokenizer(charactersOf: "abcdefghijklmnopqrstuvwxyz UA:-\n")
        let model = Generator.withDefault(Generator(seed: 1)) {
            GPT2(
                GPT2Configuration(
                    vocabularySize: tokenizer.vocabularySize, contextLength: 64, width: width, layers: 2, heads: 4))
        }
        try Checkpoint.save(model, tokenizer, to: path("model"))
        return path("model")
    }
}
