import ArgumentParser

@main
struct BenchCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "switchback-bench",
        abstract: "Benchmark Switchback, alone or against PyTorch.",
        discussion: """
            The workloads, their names and the keys of the JSON lines are those of Benchmarks/torch_bench.py.

            Examples:
              switchback-bench cnn_mnist_b64 matmul_1024
              switchback-bench scalar_chain --threads 1 --steps 200
              switchback-bench compare cnn_mnist_b64 --pairs 5
              switchback-bench roofline
              switchback-bench batch
              switchback-bench diagnosis
              mpirun -np 2 switchback-bench processes
              switchback-bench list
            """,
        subcommands: [
            RunCommand.self, CompareCommand.self, RooflineCommand.self, BatchCommand.self, OverheadCommand.self,
            DiagnosisCommand.self, ProcessesCommand.self, ListCommand.self,
        ],
        defaultSubcommand: RunCommand.self)
}

struct ListCommand: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "list", abstract: "List the workloads.")

    func run() {
        for workload in Workload.all { print(workload.name) }
    }
}
