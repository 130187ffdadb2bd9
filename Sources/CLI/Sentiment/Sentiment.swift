import ArgumentParser
import Switchback
import SwitchbackLanguage

/// `switchback sentiment MODE`.
struct Sentiment: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sentiment",
        abstract: "Tells classes of sentences apart: is this review kind?",
        discussion: """
            EXAMPLES
              switchback sentiment train --data reviews
              switchback sentiment val --model runs/sentiment/train --data reviews/test.tsv
              switchback sentiment predict --model best.safetensors "what a lovely film"
            """,
        subcommands: [SentimentTrain.self, SentimentVal.self, SentimentPredict.self])
}
