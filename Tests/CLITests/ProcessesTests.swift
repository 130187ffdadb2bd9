import Foundation
import SwitchbackVision
import TestSupport
import Testing

/// Trainings in several processes, started by the launchers of Open MPI and MPICH.
@Suite(.serialized) struct ProcessesTests {
    let program: BuiltProgram

    init() throws { program = try BuiltProgram() }

    /// Launchers as Debian names them, with what Open MPI wants to be told in a container.
    private static let launchers = [
        "mpirun.openmpi --allow-run-as-root --oversubscribe", "mpirun.mpich",
    ]

    /// A shell function's definition and its call, which sends a signal to the process of the test that was started last.
    private static let signalLast = """
        signal_last() {
            for process in $(pgrep -x switchback); do
                [ "$(readlink /proc/$process/cwd)" = "$PWD" ] && last=$process
            done
            kill -$1 $last
        }; signal_last
        """

    static let areInstalled = launchers.allSatisfy { launcher in
        let name = launcher.split(separator: " ")[0]
        return FileManager.default.isExecutableFile(atPath: "/usr/bin/\(name)")
    }

    private static let unable: Comment = "openmpi-bin and mpich are needed"

    private static let common = "--data digits --workers 1 --threads 1 --quiet"

    /// Trainings of a moment: one whose last batch of 2 examples leaves slots empty, and two with batch norm, by slots and
    /// by whole batches.
    private static let trainings = [
        "cnn --epochs 2 --batch 480", "yolo11n-cls --steps 2 --batch 24",
        "yolo11n-cls --steps 2 --batch 24 --sync-batch-norm",
    ]

    private func hash(_ run: String) throws -> String {
        let found = try program.shell("sha256sum < runs/\(run)/weights/last.safetensors")
        #expect(found.code == 0, "\(found.errors)")
        return found.output
    }

    private func results(_ run: String) throws -> String {
        try program.shell("cut -d, -f1,2,4- runs/\(run)/results.csv").output
    }

    @Test(.enabled(if: areInstalled, unable), arguments: trainings)
    func theWeightsDoNotDependOnTheNumberOfProcesses(_ training: String) throws {
        let train = "$switchback classify train \(Self.common) --slots 4 --model \(training)"
        let one = try program.shell("\(train) --name one")
        #expect(one.code == 0, "\(one.errors)")
        for (name, launcher) in zip(["openmpi", "mpich"], Self.launchers) {
            for count in name == "mpich" ? [2, 4] : [2, 3] {
                let run = try program.shell("timeout 120 \(launcher) -np \(count) \(train) --name \(name)\(count)")
                #expect(run.code == 0, "\(run.errors)")
                #expect(try hash("classify/\(name)\(count)") == hash("classify/one"))
                #expect(try results("classify/\(name)\(count)") == results("classify/one"))
            }
        }
        #expect(try program.shell("ls runs/classify").output == "mpich2\nmpich4\none\nopenmpi2\nopenmpi3\n")
    }

    /// Of oriented boxes, with an image that has none, so that a slot learns nothing but that.
    @Test(.enabled(if: areInstalled, unable), arguments: ["", "--sync-batch-norm"])
    func theWeightsOfADetectorDoNotDependOnTheNumberOfProcesses(_ option: String) throws {
        let data = try program.detectionSet(labels: .outlines)
        _ = try program.folder.write("", to: "shapes/labels/train/2.txt")
        let train =
            "$switchback obb train --data \(data) --imgsz 64 --epochs 2 --batch 4 --close-mosaic 2 --slots 4 --threads 1 "
            + "--workers 1 --quiet --no-plots \(option)"
        let one = try program.shell("\(train) --name one")
        #expect(one.code == 0, "\(one.errors)")
        for (name, launcher) in zip(["openmpi", "mpich"], Self.launchers) {
            let run = try program.shell("timeout 120 \(launcher) -np 2 \(train) --name \(name)")
            #expect(run.code == 0, "\(run.errors)")
            #expect(try hash("obb/\(name)") == hash("obb/one"))
            #expect(try results("obb/\(name)") == results("obb/one"))
        }
    }

    /// A library between MPICH's and one of three processes changes a bit of a sum that this one receives.
    @Test(.enabled(if: areInstalled, unable)) func aProcessThatComputesWronglyIsNamed() throws {
        let source = fixtureFolder.appendingPathComponent("faulty_mpi.c").path
        let run = try program.shell(
            """
            cc -shared -fPIC -o faulty.so '\(source)' -Wl,--no-as-needed -l:libmpich.so.12 || exit 99
            timeout 120 \(Self.launchers[1]) -np 3 bash -c '[ $PMI_RANK = 1 ] && export SWITCHBACK_MPI=$PWD/faulty.so; \
            exec '$switchback' classify train \(Self.common) --model cnn --slots 3 --epochs 1'
            """)
        #expect(run.code != 0 && run.code != 99)
        let said = run.errors.split(separator: "\n").filter { $0.hasPrefix("switchback: ") }
        #expect(said.count == 1, "\(run.errors)")
        #expect(
            run.errors.contains(/step 1: process 2 of 3 on \S+ has other weights than the other processes/),
            "\(run.errors)")
    }

    /// Data of which one process has less, and data of which one has others under the same names.
    @Test(
        .enabled(if: areInstalled, unable),
        arguments: [
            (
                "rm 1/shapes/images/train/3.jpg 1/shapes/labels/train/3.txt",
                "training data: the processes see different numbers of examples"
            ),
            (
                "cd 1/shapes/images; for i in 0 1 2 3; do cp val/$i.jpg train/$(((i + 1) % 4)).jpg; done; cd ../../..",
                "has other gradients of the same examples than the other processes"
            ),
        ])
    func aProcessWithOtherDataIsNamed(_ change: String, _ expected: String) throws {
        _ = try program.detectionSet()
        let run = try program.shell(
            """
            for number in 0 1 2; do mkdir $number; cp -r shapes $number; done; \(change)
            timeout -k 5 120 \(Self.launchers[1]) -np 3 bash -c 'cd $PMI_RANK; exec '$switchback' detect train \
                --data shapes/data.yaml --model yolo11n --imgsz 64 --epochs 1 --batch 3 --threads 1 --workers 1 --quiet --no-plots'
            """)
        #expect(run.code != 0)
        let said = run.errors.split(separator: "\n").filter { $0.hasPrefix("switchback: ") }
        let isNamed = said.count == 1 && said[0].contains(expected) && said[0].contains("process 2 of 3 on ")
        #expect(isNamed, "\(run.errors)")
    }

    @Test(.enabled(if: areInstalled, unable), arguments: ["", "--slots 3 --model mlp"])
    func commonStatisticsWithoutEffectAreRefused(_ options: String) throws {
        let run = try program.run(
            ["classify", "train", "--data", "digits", "--model", "yolo11n-cls", "--sync-batch-norm"]
                + options.split(separator: " ").map(String.init))
        program.expectRefusal(run, "option sync_batch_norm: has no effect")
    }

    /// Each process looks at its own images alone: in each, those of the other one are damaged behind their headers.
    @Test(.enabled(if: areInstalled, unable))
    func validationInTilesIsShared() throws {
        let data = try program.detectionSet()
        try program.trainDetector(on: data)
        // PNG files, of which every byte counts; their length stays, which is looked at before.
        for number in 0..<4 {
            _ = try program.image(
                "shapes/images/val/\(number).png", height: 64, width: 96,
                boxes: [LabeledBox(Box(x1: 8, y1: 9, x2: 40, y2: 50), classIndex: number % 3)])
        }
        let val = "val --model ../runs/detect/train --data shapes/data.yaml --tile 48 --conf 0 --threads 1 --json"
        let run = try program.shell(
            """
            rm shapes/images/val/*.jpg; mkdir whole 0 1
            for folder in whole 0 1; do cp -r shapes $folder; done
            for number in 0 1 2 3; do
                printf '\\377\\377\\377\\377\\377\\377\\377\\377' | dd bs=1 seek=50 conv=notrunc status=none \
                    of=$((1 - number % 2))/shapes/images/val/$number.png
            done
            cd whole; $switchback detect \(val) | tail -1 | tr , '\\n' | grep -E 'map|images' > ../whole.txt; cd ..
            timeout 120 \(Self.launchers[1]) -np 2 bash -c 'cd $PMI_RANK; exec '$switchback' detect \(val)' \
                | tail -1 | tr , '\\n' | grep -E 'map|images' > shared.txt
            cmp whole.txt shared.txt && cat shared.txt
            """)
        #expect(run.code == 0 && run.output.contains("\"images\":4"), "\(run.output)\(run.errors)")
    }

    @Test(.enabled(if: areInstalled, unable))
    func aKilledRunGoesOnWithAnotherNumberOfProcesses() throws {
        let train =
            "$switchback classify train --data digits --model mlp --epochs 12 --batch 32 --save-steps 20 "
            + "--workers 1 --threads 1 --quiet --slots 3"
        #expect(try program.shell("\(train) --name whole").code == 0)
        let killed = try program.shell(
            """
            timeout 120 \(Self.launchers[1]) -np 3 \(train) --name parts --resume auto & launcher=$!
            while [ ! -e runs/classify/parts/resume/state-2.safetensors ]; do sleep 0.02; done
            \(Self.signalLast) KILL; wait $launcher
            """)
        #expect(killed.code != 0)
        let resumed = try program.shell("timeout 120 \(Self.launchers[0]) -np 2 \(train) --name parts --resume auto")
        #expect(resumed.code == 0, "\(resumed.errors)")
        #expect(try hash("classify/parts") == hash("classify/whole"))
        #expect(try program.shell("ls runs/classify").output == "parts\nwhole\n")
    }

    @Test(.enabled(if: areInstalled, unable), arguments: launchers)
    func anErrorIsSaidOnce(_ launcher: String) throws {
        let run = try program.shell(
            "timeout 60 \(launcher) -np 3 $switchback classify train --data digits --batch 2 --model mlp")
        #expect(run.code != 0)
        let said = run.errors.split(separator: "\n").filter { $0.hasPrefix("switchback: ") }
        let sentence =
            "switchback: option slots: a batch of 2 examples cannot be cut into 3 slots; use a larger batch size, or fewer "
            + "processes."
        #expect(said.map(String.init) == [sentence], "\(run.errors)")
        #expect(!program.folder.contents.contains("runs"))
    }

    @Test(.enabled(if: areInstalled, unable))
    func aForeignLibraryIsNamed() throws {
        let run = try program.shell(
            """
            SWITCHBACK_MPI=libmpi.so.40 timeout 60 \(Self.launchers[1]) -np 2 $switchback classify train \(Self.common)
            """)
        #expect(run.code != 0)
        #expect(
            run.errors.contains("it started 2 processes, of which libmpi.so.40 (Open MPI")
                && run.errors.contains("sees 1"),
            "\(run.errors)")
        let missing = try program.shell(
            """
            SWITCHBACK_MPI=/nowhere/libmpi.so timeout 60 \(Self.launchers[1]) -np 2 $switchback classify train \
            \(Self.common)
            """)
        let said = missing.errors.split(separator: "\n").filter { $0.hasPrefix("switchback: ") }
        #expect(said.count == 1 && missing.errors.contains("/nowhere/libmpi.so"), "\(missing.errors)")
    }

    @Test(.enabled(if: areInstalled, unable))
    func aSignalEndsAllProcesses() throws {
        let run = try program.shell(
            """
            timeout 120 \(Self.launchers[1]) -np 2 $switchback classify train --data digits --model mlp --epochs 4000 \
                --workers 1 --threads 1 & launcher=$!
            while [ ! -e runs/classify/train/results.csv ]; do sleep 0.02; done
            \(Self.signalLast) TERM; wait $launcher
            """)
        #expect(run.output.contains("Interrupted after step") && run.output.contains("--resume runs/classify/train"))
        let resumed = try program.shell(
            "$switchback classify train --resume runs/classify/train --epochs 1 --threads 1")
        #expect(resumed.code == 0 && resumed.output.contains("Nothing is left to train"), "\(resumed.output)")
    }

    @Test(.enabled(if: areInstalled, unable))
    func whatFailsInOneProcessEndsAll() throws {
        // The second process looks for the data where there is none.
        _ = try program.folder.write(String(repeating: "some words here. ", count: 2000), to: "text.txt")
        let run = try program.shell(
            """
            timeout 60 \(Self.launchers[1]) -np 2 bash -c '[ $PMI_RANK = 1 ] && cd /; exec '$switchback' text train --data \
            text.txt --steps 5 --quiet'
            """)
        #expect(run.code != 0)
        let said = run.errors.split(separator: "\n").filter { $0.hasPrefix("switchback: ") }
        #expect(said.count == 1 && run.errors.contains("process 2 of 2 on "), "\(run.errors)")
        #expect(!program.folder.contents.contains("runs"))
    }

    @Test(.enabled(if: areInstalled, unable))
    func processorsThatRoundOtherwiseAreRefused() throws {
        let info = try program.run("info", "--json")
        let run = try program.shell(
            """
            timeout 60 \(Self.launchers[1]) -np 2 bash -c '[ $PMI_RANK = 1 ] && export SWITCHBACK_ISA=baseline; \
            exec '$switchback' classify train \(Self.common)'
            """)
        if info.output.contains("baseline") {
            #expect(run.code == 0, "\(run.errors)")
        } else {
            let remedy = "set SWITCHBACK_ISA=baseline on all machines"
            #expect(run.code != 0 && run.errors.contains(remedy), "\(run.errors)")
            #expect(!program.folder.contents.contains("runs"))
        }
    }
}
