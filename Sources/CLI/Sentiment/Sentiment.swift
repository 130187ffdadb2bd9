import ArgumentParser
import Switchback
import SwitchbackLanguage

/// `switchback sentiment MODE`.
struct Sentiment: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sentiment",
        abstract: "Train and use sentence classifiers.",
        discussion: """
            EXAMPLES
              switchback sentiment train --data reviews
              switchback sentiment val --model runs/sentiment/train --data reviews/test.tsv
              switchback sentiment predict --model best.safetensors "what a lovely film"
            """,
        subcommands: [SentimentTrain.self, SentimentVal.self, SentimentPredict.self])
}
