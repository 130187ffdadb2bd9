// swift-tools-version: 6.1
import PackageDescription

let package = Package(
    name: "switchback",
    platforms: [.macOS(.v14)],
    products: [
        .library(name: "Switchback", targets: ["Switchback"]),
        .library(name: "SwitchbackFormats", targets: ["SwitchbackFormats"]),
        .executable(name: "switchback", targets: ["CLI"]),
        .executable(name: "switchback-bench", targets: ["Bench"]),
    ],
    targets: [
        .target(name: "Kernels"),
        .target(name: "Switchback", dependencies: ["Kernels"]),
    ]
)
