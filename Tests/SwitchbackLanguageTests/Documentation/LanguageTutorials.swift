import Switchback
import SwitchbackLanguage
import SwitchbackTraining

// The Swift of the language module's tutorials: that it compiles, and stays what the pages say, is the test.

func writingATextInSwift() throws {
    let (model, tokenizer) = try Checkpoint("path/to/model").languageModelAndTokenizer()
    let generator = TextGenerator(model, tokenizer)
    print(try generator.generate("Once upon a time", tokens: 50).text)
}

func fewerBitsInSwift() throws {
    let (model, tokenizer) = try Checkpoint("path/to/gpt2").languageModelAndTokenizer(dtype: .int4)
    print(try TextGenerator(model, tokenizer).generate("Once upon a time", tokens: 50).text)
}

func aGPTInSwift() throws {
    var configuration = LanguageTrainingConfiguration()
    configuration.data = "shakespeare.txt"
    let training = try LanguageTraining(configuration)
    try training.run(in: RunFolder(in: "runs", task: "text", name: "train", arguments: configuration))
    print(try TextGenerator(training.model, training.data.tokenizer).generate("ROMEO:", tokens: 300).text)
}

func isItKindInSwift() throws {
    let classifier = try SentenceClassifier.load("runs/sentiment/train/weights/best.safetensors")
    for prediction in try classifier.predict(["what a lovely film", "dull from end to end"]) {
        print(prediction.class, prediction.probability)
    }
}

func germanInSwift() throws {
    let translator = try Translator.load("runs/translate/train")
    print(try translator.translate("A man rides a horse."))
}

func chattingInSwift() throws {
    let (model, tokenizer) = try Checkpoint("runs/chat/train").languageModelAndTokenizer()
    let template = try ChatTemplate.load("runs/chat/train") ?? ChatTemplate(.plain)
    var conversation = Conversation(model, tokenizer, template)
    print(try conversation.ask("Who goes there?").text)
}
