import ArgumentParser

@main
struct SwitchbackCommand: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "switchback")
}
