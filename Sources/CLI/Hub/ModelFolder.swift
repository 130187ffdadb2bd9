import Foundation
import Switchback
import SwitchbackHub

/// The folder of a model, as a user names it: by a path, or by the model's name on the hub.
enum ModelFolder {
    /// The path of a folder or file. A name `ORG/NAME` stands for the folder that the model was fetched to; it is fetched
    /// if it is not there, which is said aloud.
    ///
    /// What exists is a path, and so is what has an existing folder as its first part: a path with a misspelt end is not
    /// asked for on the hub.
    static func path(_ text: String) throws -> String {
        guard let model = hubModel(text) else { return text }
        let hub = Hub(try HubSettings())
        if let folder = hub.cached(model) { return folder }
        if hub.settings.isOffline {
            throw InputError(
                text, "there is no such folder, nor was it fetched before, and HF_HUB_OFFLINE is set",
                remedy: "unset it, or give the path of a folder")
        }
        Diagnostics.warn("\(text) is no folder here: it is fetched from \(hub.settings.endpoint)")
        return try waiting { try await hub.fetch(model).folder }
    }

    /// The model on the hub that a text names; `nil` if it is a path.
    private static func hubModel(_ text: String) -> HubModel? {
        let files = FileManager.default
        guard !files.fileExists(atPath: text), let model = HubModel(text),
            !files.fileExists(atPath: model.organization)
        else { return nil }
        return model
    }

    /// The model that a training starts from. One that goes on keeps the version that it began with, also where the branch
    /// of the hub has moved since, which is said aloud.
    ///
    /// - Parameters:
    ///   - text: what is given now; the folder stays where nothing is.
    ///   - recorded: the folder that the run has had so far.
    static func path(_ text: String?, recorded: String?) throws -> String? {
        guard let text else { return recorded }
        guard let model = hubModel(text), !model.isFixed, let recorded, let begun = HubModel(snapshot: recorded),
            begun.path == model.path
        else { return try path(text) }
        let isThere = FileManager.default.fileExists(atPath: recorded)
        let folder = try isThere ? recorded : path("\(begun)")
        if let now = Hub(try HubSettings()).cached(model).flatMap(HubModel.init(snapshot:)), now != begun {
            Diagnostics.warn(
                "\(text) has been fetched anew since: the version \(begun.revision), with which the run began, is kept")
        }
        return folder
    }

    /// A model to serve: `NAME=FOLDER`, or a folder, which may be a name on the hub.
    static func served(_ text: String) throws -> String {
        if FileManager.default.fileExists(atPath: text) { return text }
        guard let sign = text.firstIndex(of: "=") else {
            let path = try path(text)
            return path == text ? text : "\(text.prefix { $0 != "@" })=\(path)"
        }
        return try "\(text[...sign])\(path(String(text[text.index(after: sign)...])))"
    }

    private final class Box<Value>: @unchecked Sendable {
        var result: Result<Value, any Error>?
    }

    /// The value of what is awaited, in a command that does nothing else meanwhile.
    private static func waiting<Value: Sendable>(_ body: @escaping @Sendable () async throws -> Value) throws -> Value {
        let (box, done) = (Box<Value>(), DispatchSemaphore(value: 0))
        Task.detached {
            do {
                box.result = .success(try await body())
            } catch {
                box.result = .failure(error)
            }
            done.signal()
        }
        done.wait()
        guard let result = box.result else { throw InputError("model", "it was not fetched") }
        return try result.get()
    }
}
