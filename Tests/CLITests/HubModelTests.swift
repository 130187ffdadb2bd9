import Foundation
import TestSupport
import Testing

/// Commands with models that are named as on the hub, and the cache that these lie in.
@Suite struct HubModelTests {
    let program: BuiltProgram

    init() throws { program = try BuiltProgram() }

    private static let fixture = fixtureFolder.appendingPathComponent("tiny-llama").path
    private static let commits = ["a", "b"].map { String(repeating: $0, count: 40) }

    /// A file of conversations.
    private func conversations() throws {
        let lines = (0..<8).map {
            #"{"messages": [{"role": "user", "content": "\#($0)?"}, {"role": "assistant", "content": "\#($0)!"}]}"#
        }
        _ = try program.folder.write(lines.joined(separator: "\n"), to: "chats.jsonl")
    }

    private func arguments(_ run: String) throws -> String {
        try String(contentsOfFile: program.folder.path("runs/chat/\(run)/args.yaml"), encoding: .utf8)
    }

    /// A command that starts or restarts a job starts it with the defaults of one that only starts it, and goes on with them.
    @Test func resumingWhatIsNotThereYetStartsIt() throws {
        try conversations()
        let line = "$switchback chat train --data chats.jsonl --from \(Self.fixture) --lora 2 --epochs 1 --quiet"
        for options in ["--name fresh", "--name auto --resume auto", "--name auto --resume auto"] {
            let run = try program.shell("\(line) \(options)")
            #expect(run.code == 0, "\(options): \(run.errors)")
        }
        #expect(try arguments("auto") == arguments("fresh"))
    }

    /// A run that started from a model on the hub goes on with that version when the hub's branch has moved on.
    @Test func aRunKeepsItsVersionOfAModel() throws {
        try conversations()
        let cache = "home/hub/models--org--tiny"
        let made = try program.shell(
            """
            for commit in \(Self.commits.joined(separator: " ")); do
                mkdir -p \(cache)/refs \(cache)/snapshots/$commit && cp \(Self.fixture)/* \(cache)/snapshots/$commit
            done
            printf \(Self.commits[0]) > \(cache)/refs/main
            """)
        #expect(made.code == 0, "\(made.errors)")
        let line =
            "HF_HUB_OFFLINE=1 HF_HOME=$PWD/home $switchback chat train --data chats.jsonl --from org/tiny --quiet "
            + "--resume auto"
        let first = try program.shell("\(line) --epochs 1")
        #expect(first.code == 0, "\(first.errors)")
        _ = try program.folder.write(Self.commits[1], to: "\(cache)/refs/main")
        let second = try program.shell("\(line) --epochs 2")
        #expect(second.code == 0 && second.errors.contains("the version \(Self.commits[0])"), "\(second.errors)")
        #expect(try arguments("train").contains("snapshots/\(Self.commits[0])"))
        // Another version is another model.
        let other = try program.shell(line.replacing("org/tiny", with: "org/tiny@\(Self.commits[1])"))
        #expect(other.code == 1 && other.errors.contains("option from: differs"), "\(other.errors)")
        // A new run takes the newest one.
        let third = try program.shell("\(line) --name new --epochs 1")
        #expect(third.code == 0 && !third.errors.contains("the version"), "\(third.errors)")
        #expect(try arguments("new").contains("snapshots/\(Self.commits[1])"))
    }

    /// Of several processes one fetches what is not there.
    @Test(.enabled(if: ProcessesTests.areInstalled, "openmpi-bin and mpich are needed"))
    func processesFetchAModelOnce() throws {
        _ = try program.folder.write(String(repeating: "some words here. ", count: 20), to: "text.txt")
        // What a hub answers, as files.
        let run = try program.shell(
            """
            set -e
            mkdir -p hub/api/models/org/tiny/revision hub/org/tiny/resolve
            cp -r \(Self.fixture) hub/org/tiny/resolve/\(Self.commits[0])
            cd hub/org/tiny/resolve/\(Self.commits[0])
            for file in *; do
                entry="{\\"rfilename\\": \\"$file\\", \\"lfs\\": {\\"sha256\\": \\"$(sha256sum < $file | cut -c-64)\\"}}"
                files="$files${files:+, }$entry"
            done
            cd - > /dev/null
            echo "{\\"sha\\": \\"\(Self.commits[0])\\", \\"siblings\\": [$files]}" > hub/api/models/org/tiny/revision/main
            (cd hub && exec python3 -u -m http.server 0 --bind 127.0.0.1) > hub.log 2>&1 & hub=$!
            trap "kill -KILL $hub" EXIT
            until port=$(sed -n 's/.* port \\([0-9]*\\) .*/\\1/p' hub.log) && [ -n "$port" ]; do sleep 0.02; done
            HF_ENDPOINT=http://127.0.0.1:$port HF_HOME=$PWD/home timeout 120 mpirun.mpich -np 3 $switchback \
            text score --model org/tiny text.txt --threads 1
            """)
        #expect(run.code == 0 && run.output.contains("perplexity"), "\(run.errors)")
        let log = try String(contentsOfFile: program.folder.path("hub.log"), encoding: .utf8)
        for file in ["revision/main", "config.json", "tokenizer.json", "model.safetensors"] {
            #expect(log.split(separator: "\n").count { $0.contains("GET ") && $0.contains(file) } == 1, "\(log)")
        }
    }
}
