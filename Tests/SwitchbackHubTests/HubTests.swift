import Foundation
import Switchback
import SwitchbackHub
import TestSupport
import Testing

/// Fetching beside a hub on this machine.
@Suite struct HubTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    /// Hashes are those that sha256sum and git hash-object print.
    private static let config = TestHub.File(
        path: "config.json", contents: Array("{\"model_type\": \"llama\"}\n".utf8),
        hash: "9eddb62b076f586b2186445e7872e5a05f0dfe06")
    private static let weights = TestHub.File(
        path: "model.safetensors", contents: (0..<300_000).map { UInt8($0 * $0 % 251) },
        hash: "fa7deae4b0504401a056ca3b1e6007902a7e681efda07fd7ca8819760caeff95")
    private static let files = [
        config, weights,
        TestHub.File(path: "onnx/model.onnx", contents: [1, 2, 3], hash: String(repeating: "a", count: 64)),
        TestHub.File(path: "pytorch_model.bin", contents: [1], hash: String(repeating: "b", count: 64)),
        TestHub.File(
            path: "tokenizer.json", contents: Array("{}".utf8), hash: "9e26dfeeb6e641a33dae4961196235bdb965b21b"),
    ]
    private let model = try! HubModel(argument: "some-org/Some.Model_1")

    private func settings(_ hub: TestHub, _ more: [String: String] = [:]) throws -> HubSettings {
        var settings = try HubSettings(
            environment: ["HF_ENDPOINT": hub.address, "HF_HOME": folder.path("home"), "HOME": folder.path("")]
                .merging(more) { $1 })
        settings.patience = 0.01
        return settings
    }

    private func bytes(_ path: String) throws -> [UInt8] { Array(try Data(contentsOf: URL(fileURLWithPath: path))) }

    /// Into a folder: what is needed and no more, under its own names; a second time nothing is sent.
    @Test func intoAFolder() async throws {
        let hub = try await TestHub(Self.files)
        let to = folder.path("model")
        let fetched = try await Hub(settings(hub)).fetch(model, to: to)
        #expect(fetched.folder == to && fetched.commit == TestHub.commit)
        #expect(fetched.files.map(\.path) == ["config.json", "model.safetensors", "tokenizer.json"])
        #expect(fetched.files.allSatisfy { $0.isNew && $0.isChecked })
        #expect(try FileManager.default.contentsOfDirectory(atPath: to).sorted() == fetched.files.map(\.path))
        #expect(try bytes(to + "/model.safetensors") == Self.weights.contents)
        hub.set(TestHub.Faults())
        #expect(try await Hub(settings(hub)).fetch(model, to: to).files.allSatisfy { !$0.isNew })
        #expect(hub.requests.count == 1)
        // One that was changed by hand is fetched again.
        _ = try folder.write([7], to: "model/config.json")
        let again = try await Hub(settings(hub)).fetch(model, to: to)
        #expect(again.files.filter(\.isNew).map(\.path) == ["config.json"])
    }

    /// Into the cache, as huggingface_hub lays it out; it is found there without the network.
    @Test func intoTheCache() async throws {
        let hub = try await TestHub(Self.files)
        #expect(try Hub(settings(hub)).cached(model) == nil)
        let fetched = try await Hub(settings(hub)).fetch(model)
        let root = folder.path("home/hub/models--some-org--Some.Model_1")
        #expect(fetched.folder == "\(root)/snapshots/\(TestHub.commit)")
        #expect(try String(contentsOfFile: "\(root)/refs/main", encoding: .utf8) == TestHub.commit)
        let link = try FileManager.default.destinationOfSymbolicLink(atPath: "\(fetched.folder)/model.safetensors")
        #expect(link == "../../blobs/\(Self.weights.hash)")
        #expect(try bytes("\(fetched.folder)/model.safetensors") == Self.weights.contents)
        let offline = try settings(hub, ["HF_HUB_OFFLINE": "1"])
        #expect(Hub(offline).cached(model) == fetched.folder)
        let error = await #expect(throws: InputError.self) { try await Hub(offline).fetch(model) }
        #expect(error?.description.contains("HF_HUB_OFFLINE") == true)
        // One whose contents are gone is not complete.
        try FileManager.default.removeItem(atPath: "\(root)/blobs/\(Self.config.hash)")
        #expect(Hub(offline).cached(model) == nil)
    }

    /// A transfer that breaks off goes on from there: at once, and in the next program.
    @Test func transfersGoOn() async throws {
        let hub = try await TestHub(Self.files, TestHub.Faults(breaks: [100_000, 100_000, 250_000]))
        let to = folder.path("model")
        let fetched = try await Hub(settings(hub)).fetch(model, to: to)
        #expect(try bytes(fetched.folder + "/model.safetensors") == Self.weights.contents)
        let ranges = hub.requests.filter { $0.path.hasPrefix("/cdn") }.map(\.range)
        // How much comes before a break is the system's matter.
        #expect(ranges.count == 4 && ranges[0] == nil && ranges.dropFirst().allSatisfy { $0 != nil })

        struct Ended: Error {}
        let other = folder.path("other")
        await #expect(throws: Ended.self) {
            try await Hub(settings(hub)).fetch(model, to: other) {
                if $0.path == "model.safetensors", $0.bytes > 50_000 { throw Ended() }
            }
        }
        #expect(!FileManager.default.fileExists(atPath: other + "/model.safetensors"))
        hub.set(TestHub.Faults())
        #expect(try await Hub(settings(hub)).fetch(model, to: other).files.filter(\.isNew).count == 2)
        #expect(try bytes(other + "/model.safetensors") == Self.weights.contents)
        #expect(hub.requests.contains { $0.range != nil })
        // Where ranges are not known, it begins again.
        hub.set(TestHub.Faults(breaks: [100_000], ignoresRanges: true))
        _ = try await Hub(settings(hub)).fetch(model, to: folder.path("third"))
        #expect(try bytes(folder.path("third/model.safetensors")) == Self.weights.contents)
    }

    /// What an interrupted fetch left is not taken for a model, nor are some of its files.
    @Test(arguments: ["main", TestHub.commit]) func anInterruptedFetchIsNotWhole(_ revision: String) async throws {
        let hub = try await TestHub(Self.files)
        let model = try HubModel(argument: "\(model.path)@\(revision)")
        struct Ended: Error {}
        await #expect(throws: Ended.self) {
            try await Hub(settings(hub)).fetch(model) { if $0.path == "tokenizer.json" { throw Ended() } }
        }
        #expect(try Hub(settings(hub)).cached(model) == nil)
        _ = try await Hub(settings(hub)).fetch(model, files: ["config.json", "model.safetensors"])
        #expect(try Hub(settings(hub)).cached(model) == nil)
        let fetched = try await Hub(settings(hub)).fetch(model)
        #expect(try Hub(settings(hub)).cached(model) == fetched.folder)
        #expect(HubModel(snapshot: fetched.folder)?.description == "\(model.path)@\(TestHub.commit)")
    }

    /// Of what another program put into the cache, only what has a tokenizer and all its weights is a model.
    @Test func whatAnotherProgramFetched() async throws {
        let hub = try await TestHub([])
        let root = "home/hub/models--some-org--Some.Model_1"
        for name in ["refs", "snapshots/\(TestHub.commit)"] {
            try FileManager.default.createDirectory(
                atPath: folder.path("\(root)/\(name)"), withIntermediateDirectories: true)
        }
        _ = try folder.write(TestHub.commit, to: "\(root)/refs/main")
        let names = [
            "config.json", "model.safetensors.index.json", "model-00001-of-00002.safetensors", "tokenizer.json",
            "model-00002-of-00002.safetensors",
        ]
        for name in names {
            #expect(try Hub(settings(hub)).cached(model) == nil, "before \(name)")
            _ = try folder.write("{}", to: "\(root)/snapshots/\(TestHub.commit)/\(name)")
        }
        #expect(try Hub(settings(hub)).cached(model) == folder.path("\(root)/snapshots/\(TestHub.commit)"))
        try FileManager.default.removeItem(atPath: folder.path("\(root)/snapshots/\(TestHub.commit)/tokenizer.json"))
        #expect(try Hub(settings(hub)).cached(model) == nil)
    }

    /// Damaged contents never get the file's name.
    @Test(arguments: [false, true]) func damageIsFound(hidesHashes: Bool) async throws {
        let hub = try await TestHub(Self.files, TestHub.Faults(damages: true, hidesHashes: hidesHashes))
        let error = await #expect(throws: InputError.self) {
            try await Hub(settings(hub)).fetch(model, to: folder.path("model"))
        }
        #expect(error?.description.contains("model.safetensors came damaged: its SHA-256 is") == true)
        #expect(!FileManager.default.fileExists(atPath: folder.path("model/model.safetensors")))
        hub.set(TestHub.Faults(hidesHashes: hidesHashes))
        let fetched = try await Hub(settings(hub)).fetch(model, to: folder.path("model"))
        #expect(fetched.files.allSatisfy { $0.isChecked })
    }

    /// The token goes to the hub alone, and refusals say what to do.
    @Test func tokensAndRefusals() async throws {
        let hub = try await TestHub(Self.files)
        let token = try folder.write("hf_secret\n", to: "token")
        _ = try await Hub(settings(hub, ["HF_TOKEN_PATH": token])).fetch(model, to: folder.path("model"))
        #expect(
            hub.requests.allSatisfy { $0.token == ($0.path.hasPrefix("/cdn") ? nil : "Bearer hf_secret") })
        #expect(hub.requests.contains { $0.path.hasPrefix("/cdn") })
        for (status, code, sentence) in [
            (401, "GatedRepo", "agree to its terms"), (403, "GatedRepo", "agree to its terms"),
            (401, "RepoNotFound", "no such model, or it is private"), (404, "RepoNotFound", "no such model"),
            (404, "RevisionNotFound", "there is no revision main"), (418, "", "status 418"),
            (500, "", "cannot be reached: it answers with status 500"),
        ] {
            hub.set(TestHub.Faults(status: status, errorCode: code))
            let error = await #expect(throws: InputError.self) { try await Hub(settings(hub)).fetch(model) }
            #expect(error?.description.contains(sentence) == true, "\(String(describing: error))")
        }
        hub.set(TestHub.Faults(busyTimes: 2))
        #expect(try await Hub(settings(hub)).fetch(model).files.count == 3)
        let nowhere = try settings(hub, ["HF_ENDPOINT": "http://127.0.0.1:9"])
        let error = await #expect(throws: InputError.self) { try await Hub(nowhere).fetch(model) }
        #expect(error?.description.contains("cannot be reached") == true)
    }

    @Test func filesByName() async throws {
        let hub = try await TestHub(Self.files)
        let fetched = try await Hub(settings(hub)).fetch(model, files: ["tokenizer.json"], to: folder.path("model"))
        #expect(fetched.files.map(\.path) == ["tokenizer.json"])
        let error = await #expect(throws: InputError.self) {
            try await Hub(settings(hub)).fetch(model, files: ["tokeniser.json"])
        }
        #expect(error?.description.contains("did you mean tokenizer.json?") == true)
        let bare = try await TestHub([Self.config])
        await #expect(throws: InputError.self) { try await Hub(settings(bare)).fetch(model) }
        let evil = try await TestHub([TestHub.File(path: "../config.json", contents: [1], hash: Self.config.hash)])
        let refused = await #expect(throws: InputError.self) { try await Hub(settings(evil)).fetch(model) }
        #expect(refused?.description.contains("is not the name of a file in a folder") == true)
    }

    @Test func names() throws {
        for text in ["a/b", "HuggingFaceTB/SmolLM2-135M", "a/b@v1.0", "a/b@refs/pr/3"] {
            #expect(HubModel(text) != nil, "\(text)")
        }
        for text in ["a", "a/b/c", "a/..", "../b", "/a/b", "a/", "a b/c", "a/b@", "a/b@../x", "a/b\n", "./a", "a/é"] {
            #expect(HubModel(text) == nil, "\(text)")
        }
        for (name, value) in [("HF_ENDPOINT", "huggingface.co"), ("HF_TOKEN", "a b")] {
            #expect(throws: InputError.self) { try HubSettings(environment: [name: value, "HOME": "/nowhere"]) }
        }
    }
}
