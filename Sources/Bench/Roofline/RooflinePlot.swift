import Foundation
import Switchback
import SwitchbackDrawing

/// The roof, and each kernel under it, on logarithmic axes.
struct RooflinePlot {
    let plot: Plot

    init(_ report: RooflineReport) {
        let ceilings = report.ceilings
        let intensities = report.points.map(\.intensity)
        let first = min(0.05, intensities.min() ?? 0.05)
        let last = max(1000, intensities.max() ?? 1000)
        let ridge = ceilings.gigaflops / ceilings.bandwidth
        let roof = [
            (first, first * ceilings.bandwidth), (ridge, ceilings.gigaflops), (last, ceilings.gigaflops),
        ]
        // What is farthest below the roof is where the next speed-up is to be found.
        let lowest = Set(report.points.sorted { $0.share < $1.share }.prefix(4).map(\.kernel))
        let families = RooflineKernel.families.compactMap { family -> Series? in
            let points = report.points.filter { $0.family == family }
            return points.isEmpty
                ? nil
                : Series(
                    family,
                    points.map {
                        Series.Value($0.intensity, $0.gigaflops, label: lowest.contains($0.kernel) ? $0.kernel : "")
                    }, style: .points)
        }
        let title = String(
            format: "Kernels under the roofline: %.0f GFLOP/s, %.1f GB/s (%@, %d threads)", ceilings.gigaflops,
            ceilings.bandwidth, report.instructionSet, report.threads)
        plot = Plot(
            title: title, x: Axis("floating-point operations per byte", scale: .logarithmic),
            y: Axis("GFLOP/s", scale: .logarithmic),
            [Series("roof", roof.map { Series.Value($0.0, $0.1) }, color: Theme.text)] + families)
    }
}
