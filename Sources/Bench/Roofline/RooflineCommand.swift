import ArgumentParser
import Foundation
import Switchback
import SwitchbackFormats

struct RooflineCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "roofline", abstract: "Measure kernels against the peak performance of this machine.",
        discussion: """
            A kernel cannot be faster than its arithmetic at the peak of multiply-adds, nor than its operands and results \
            through memory at the highest bandwidth: the longer of the two times is its bound (Williams, Waterman and \
            Patterson, "Roofline", 2009). Some pass it: Winograd's algorithm computes 3×3 convolutions with fewer \
            operations than are counted here, small operands stay in the caches, and reading alone is faster than \
            reading and writing. On a machine that does other work too, repeat it and believe the highest figures.

            Examples:
              switchback-bench roofline
              switchback-bench roofline convolution --threads 1 --seconds 0.5
              switchback-bench roofline --json > roofline.json
            """)

    @Argument(help: "Families of kernels: \(RooflineKernel.families.joined(separator: ", ")). (default: all)")
    var families: [String] = []

    @OptionGroup var timing: ShortTimingOptions

    @Option(help: "Where to save the plots: this path with .png and .svg appended.")
    var output = "roofline"

    @Flag(help: "Print JSON instead of the table.")
    var json = false

    func validate() throws {
        for family in families where !RooflineKernel.families.contains(family) {
            throw ValidationError(
                "there is no family \(family); the families are \(RooflineKernel.families.joined(separator: ", ")).")
        }
    }

    func run() throws {
        timing.apply()
        manualSeed(0)
        let ceilings = Processor.measureCeilings(seconds: timing.seconds)
        let kernels = RooflineKernel.all.filter { families.isEmpty || families.contains($0.family) }
        let points = kernels.map { RooflinePoint($0, seconds: timing.sortedSeconds(of: $0.run)[0], ceilings) }
        let report = RooflineReport(
            instructionSet: Processor.instructionSet, threads: Processor.threadCount, ceilings: ceilings, points: points
        )
        let plot = RooflinePlot(report).plot
        for path in ["\(output).png", "\(output).svg"] { try plot.write(to: path) }
        if json {
            try print(report.json)
        } else {
            print(report.table)
            print("\nPlots: \(output).png and \(output).svg")
        }
    }
}

/// The measurements.
struct RooflineReport: Encodable {
    let instructionSet: String
    let threads: Int
    let ceilings: ProcessorCeilings
    let points: [RooflinePoint]

    var json: String {
        get throws { try JSON.text(self, keys: .convertToSnakeCase) }
    }

    var table: String {
        let peak = String(
            format: "%@, %d threads: %.1f GFLOP/s of multiply-adds; memory read %.1f, copied %.1f, triad %.1f GB/s",
            instructionSet, threads, ceilings.gigaflops, ceilings.readBandwidth, ceilings.copyBandwidth,
            ceilings.triadBandwidth)
        let header = "kernel".padded(44) + "        ms  GFLOP/s    GB/s  FLOP/B  bound    of it"
        let rows = points.map { point in
            point.kernel.padded(44)
                + String(
                    format: "%10.3f %8.1f %7.1f %7.1f  %@ %5.0f %%", point.milliseconds, point.gigaflops,
                    point.gigabytesPerSecond, point.intensity, point.bound.padded(7), 100 * point.share)
        }
        return ([peak, "", header] + rows).joined(separator: "\n")
    }
}
