import Foundation
import Switchback

/// What the launcher of MPI that started this process tells it, by environment variables.
struct Launch {
    /// Counted from 0.
    let rank: Int
    let size: Int
    /// The launcher, as a user knows it.
    let launcher: String
    /// Libraries that may belong to it, the likeliest first.
    let libraries: [String]

    /// `nil` where no launcher started this process, or this process alone.
    init?(_ environment: [String: String] = ProcessInfo.processInfo.environment) {
        func number(_ name: String) -> Int? { environment[name].flatMap { Int($0) } }
        let openMPI = [Platform.libraryFile("libmpi", version: 40)]
        let standard = [1, 0].map { Platform.libraryFile("libmpi_abi", version: $0) }
        let mpich = ["libmpich", "libmpi"].map { Platform.libraryFile($0, version: 12) }
        let found: (rank: Int?, size: Int?, launcher: String, libraries: [String])
        if environment["OMPI_COMM_WORLD_SIZE"] != nil {
            found = (
                number("OMPI_COMM_WORLD_RANK"), number("OMPI_COMM_WORLD_SIZE"), "mpirun of Open MPI", openMPI + standard
            )
        } else if environment["PMI_SIZE"] != nil {
            found = (number("PMI_RANK"), number("PMI_SIZE"), "mpirun of MPICH", mpich + standard)
        } else if environment["SLURM_STEP_NUM_TASKS"] != nil {
            found = (number("SLURM_PROCID"), number("SLURM_STEP_NUM_TASKS"), "srun", openMPI + mpich + standard)
        } else {
            return nil
        }
        guard let rank = found.rank, let size = found.size, size > 1, 0..<size ~= rank else { return nil }
        (self.rank, self.size, launcher) = (rank, size, found.launcher)
        libraries = environment["SWITCHBACK_MPI"].map { [$0] } ?? found.libraries + [Platform.libraryFile("libmpi")]
    }
}
