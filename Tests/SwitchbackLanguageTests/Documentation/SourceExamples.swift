import Switchback
import SwitchbackLanguage
import SwitchbackTraining

// The examples in the sources' comments: that they compile, and stay what the comments say, is the test.

private func chatTraining() throws {
    var configuration = ChatTrainingConfiguration()
    configuration.data = "conversations.jsonl"
    configuration.from = "path/to/model"
    let training = try ChatTraining(configuration)
    try training.run(in: RunFolder(in: "runs", task: "chat", name: "train", arguments: configuration))
}

private func preferenceTraining() throws {
    var configuration = PreferenceConfiguration()
    configuration.data = "pairs.jsonl"
    configuration.from = "path/to/model"
    let training = try PreferenceTraining(configuration)
    try training.run(in: RunFolder(in: "runs", task: "prefer", name: "train", arguments: configuration))
}

private func conversing(model: LanguageModel, tokenizer: any Tokenizer) throws {
    var conversation = Conversation(model, tokenizer, ChatTemplate(.chatml))
    let answer = try conversation.ask("Who are you?") {
        print($0, terminator: "")
        return true
    }
    print(answer.text.count)
}

private func embedding() throws {
    let encoder = try SentenceEncoder("path/to/minilm")
    let vectors = try encoder.embed(["A cat sits.", "A dog runs."])
    print(vectors.shape)
}

private func classifying() throws {
    let classifier = try SequenceClassifier("path/to/distilbert-sst2")
    print(try classifier.predict(["what a lovely film"])[0].class)
}

private func generating(model: LanguageModel, tokenizer: any Tokenizer) throws {
    let generator = TextGenerator(model, tokenizer)
    let result = try generator.generate("To be, or", tokens: 100) {
        print($0, terminator: "")
        return true
    }
    print(result.text.count)
}

private func languageTraining() throws {
    var configuration = LanguageTrainingConfiguration()
    configuration.data = "shakespeare.txt"
    let training = try LanguageTraining(configuration)
    try training.run(in: RunFolder(in: "runs", task: "text", name: "train", arguments: configuration))
}
