// swift-tools-version: 6.1
import PackageDescription

// A package that takes the engine alone: no other package is resolved, and Foundation is not linked.
let package = Package(
    name: "embedding",
    platforms: [.macOS(.v15)],
    dependencies: [.package(name: "switchback", path: "../..", traits: [])],
    targets: [
        .executableTarget(name: "embedding", dependencies: [.product(name: "Switchback", package: "switchback")])
    ]
)
