import ArgumentParser

/// `switchback data MODE`.
struct DataCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "data",
        abstract: "Check and convert data sets.",
        discussion: """
            EXAMPLES
              switchback data check bccd/bccd.yaml
              switchback data convert bccd/bccd.yaml --to coco --output bccd-coco
            """,
        subcommands: [DataCheck.self, DataConvert.self, DataSpeed.self])
}
