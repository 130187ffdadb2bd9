// swift-tools-version: 6.1
import PackageDescription

let package = Package(
    name: "switchback",
    platforms: [.macOS(.v14)],
    products: [
        .library(name: "Switchback", targets: ["Switchback"]),
        .library(name: "SwitchbackFormats", targets: ["SwitchbackFormats"]),
        .library(name: "SwitchbackTraining", targets: ["SwitchbackTraining"]),
        .executable(name: "switchback", targets: ["CLI"]),
        .executable(name: "switchback-bench", targets: ["Bench"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.5.0"),
        .package(url: "https://github.com/swiftlang/swift-docc-plugin", from: "1.4.0"),
    ],
    targets: [
        // The engine, bottom up.
        .target(name: "Kernels", linkerSettings: [.linkedLibrary("m", .when(platforms: [.linux]))]),
        .target(name: "Switchback", dependencies: ["Kernels"]),
        .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
        .target(
            name: "SwitchbackFormats", dependencies: ["Switchback", "CZlib"],
            resources: [.copy("Resources/digits")]),
        .target(name: "SwitchbackTraining", dependencies: ["Switchback", "SwitchbackFormats"]),

        // The executables.
        .executableTarget(
            name: "CLI",
            dependencies: [
                "Switchback", "SwitchbackFormats", "SwitchbackTraining",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ]),
        .executableTarget(
            name: "Bench",
            dependencies: ["Switchback", .product(name: "ArgumentParser", package: "swift-argument-parser")]),
        .executableTarget(name: "first-gradient", dependencies: ["Switchback"], path: "Examples/first-gradient"),
        .executableTarget(
            name: "train-digits", dependencies: ["Switchback", "SwitchbackFormats"], path: "Examples/train-digits"),

        // The tests, one target for each source target.
        .target(name: "TestSupport", dependencies: ["Switchback", "SwitchbackFormats"], path: "Tests/Support"),
        .testTarget(name: "SwitchbackTests", dependencies: ["Switchback", "TestSupport"]),
        .testTarget(name: "SwitchbackFormatsTests", dependencies: ["SwitchbackFormats", "CZlib", "TestSupport"]),
        .testTarget(name: "SwitchbackTrainingTests", dependencies: ["SwitchbackTraining", "TestSupport"]),
        .testTarget(name: "CLITests", dependencies: ["TestSupport"]),
    ]
)
