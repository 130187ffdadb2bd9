// swift-tools-version: 6.1
import PackageDescription

let package = Package(
    name: "switchback",
    platforms: [.macOS(.v15)],
    products: [
        .library(name: "Switchback", targets: ["Switchback"]),
        .library(name: "SwitchbackAdditions", targets: ["SwitchbackAdditions"]),
        .library(name: "SwitchbackLinearAlgebra", targets: ["SwitchbackLinearAlgebra"]),
        .library(name: "SwitchbackFourier", targets: ["SwitchbackFourier"]),
        .library(name: "SwitchbackDistributions", targets: ["SwitchbackDistributions"]),
        .library(name: "SwitchbackFormats", targets: ["SwitchbackFormats"]),
        .library(name: "SwitchbackHub", targets: ["SwitchbackHub"]),
        .library(name: "SwitchbackDrawing", targets: ["SwitchbackDrawing"]),
        .library(name: "SwitchbackTraining", targets: ["SwitchbackTraining"]),
        .library(name: "SwitchbackInference", targets: ["SwitchbackInference"]),
        .library(name: "SwitchbackVision", targets: ["SwitchbackVision"]),
        .library(name: "SwitchbackLanguage", targets: ["SwitchbackLanguage"]),
        .library(name: "SwitchbackServer", targets: ["SwitchbackServer"]),
        .library(name: "SwitchbackStudio", targets: ["SwitchbackStudio"]),
        .executable(name: "switchback", targets: ["CLI"]),
        .executable(name: "switchback-bench", targets: ["Bench"]),
    ],
    // `traits: []` leaves the engine, which depends on no other package.
    traits: [
        .trait(name: "Formats", description: "SwitchbackFormats and SwitchbackDrawing"),
        .trait(name: "Hub", description: "SwitchbackHub", enabledTraits: ["Formats"]),
        .trait(name: "Training", description: "SwitchbackTraining", enabledTraits: ["Formats"]),
        .trait(name: "Domains", description: "SwitchbackVision and SwitchbackLanguage", enabledTraits: ["Training"]),
        .trait(name: "Server", description: "SwitchbackServer and SwitchbackStudio", enabledTraits: ["Domains"]),
        .trait(name: "Commands", description: "switchback and switchback-bench", enabledTraits: ["Server", "Hub"]),
        .default(enabledTraits: ["Commands"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.5.0"),
        .package(url: "https://github.com/apple/swift-protobuf", from: "1.30.0"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.20.0", traits: []),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.6.0"),
        .package(url: "https://github.com/swift-server/async-http-client", from: "1.30.0"),
        .package(url: "https://github.com/apple/swift-crypto", "4.0.0"..<"5.0.0"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.0.0"),
        .package(url: "https://github.com/swiftlang/swift-docc-plugin", from: "1.4.0"),
    ],
    targets: [
        // The engine, bottom up.
        .target(
            name: "Kernels",
            // With _REENTRANT, the C library of macOS declares lgamma_r.
            cSettings: [.headerSearchPath("."), .define("_REENTRANT", .when(platforms: [.macOS]))],
            linkerSettings: [
                .linkedLibrary("m", .when(platforms: [.linux])), .linkedLibrary("dl", .when(platforms: [.linux])),
            ]),
        .target(name: "Switchback", dependencies: ["Kernels"]),

        // What more mathematics some models need: each is linked by those alone that name it.
        .target(name: "SwitchbackAdditions", dependencies: ["Switchback"]),
        .systemLibrary(
            name: "CLAPACKE", pkgConfig: "lapacke", providers: [.apt(["liblapacke-dev"]), .brew(["lapack"])]),
        .target(name: "SwitchbackLinearAlgebra", dependencies: ["Switchback", "CLAPACKE"]),
        .target(name: "SwitchbackFourier", dependencies: ["Switchback"]),
        .target(name: "SwitchbackDistributions", dependencies: ["Switchback"]),

        // Files, drawing and the loop.
        .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"]), .brew(["zlib"])]),
        .target(
            name: "SwitchbackFormats",
            dependencies: [
                "Switchback", "CZlib",
                .product(name: "SwiftProtobuf", package: "swift-protobuf", condition: .when(traits: ["Formats"])),
            ],
            resources: [.copy("Resources/digits")]),
        .target(
            name: "SwitchbackHub",
            dependencies: [
                "Switchback", "SwitchbackFormats",
                .product(
                    name: "AsyncHTTPClient", package: "async-http-client", condition: .when(traits: ["Hub"])),
                .product(name: "Crypto", package: "swift-crypto", condition: .when(traits: ["Hub"])),
            ]),
        .systemLibrary(name: "CCairo", pkgConfig: "cairo", providers: [.apt(["libcairo2-dev"]), .brew(["cairo"])]),
        .target(name: "SwitchbackDrawing", dependencies: ["SwitchbackFormats", "CCairo"]),
        .target(
            name: "SwitchbackTraining",
            dependencies: [
                "Kernels", "Switchback", "SwitchbackFormats", "SwitchbackDrawing",
                .product(name: "Yams", package: "Yams", condition: .when(traits: ["Training"])),
            ]),

        // Networks prepared for inference: traced, and in whole numbers of 8 bits.
        .target(name: "SwitchbackInference", dependencies: ["Switchback", "SwitchbackFormats", "Kernels"]),

        // Trainings that go ill and well, to measure the diagnosis with.
        .target(name: "DiagnosisBenchmark", dependencies: ["Switchback", "SwitchbackTraining"]),

        // The domains.
        .systemLibrary(
            name: "CJPEG", pkgConfig: "libjpeg", providers: [.apt(["libjpeg-dev"]), .brew(["jpeg-turbo"])]),
        .systemLibrary(name: "CPNG", pkgConfig: "libpng", providers: [.apt(["libpng-dev"]), .brew(["libpng"])]),
        .systemLibrary(name: "CTIFF", pkgConfig: "libtiff-4", providers: [.apt(["libtiff-dev"]), .brew(["libtiff"])]),
        .systemLibrary(name: "CWebP", pkgConfig: "libwebp", providers: [.apt(["libwebp-dev"]), .brew(["webp"])]),
        .systemLibrary(name: "CGIF", providers: [.apt(["libgif-dev"]), .brew(["giflib"])]),
        .target(
            name: "SwitchbackVision",
            dependencies: [
                "Switchback", "SwitchbackFormats", "SwitchbackDrawing", "SwitchbackTraining", "SwitchbackInference",
                "CJPEG", "CPNG", "CTIFF", "CWebP", "CGIF",
                .product(name: "Yams", package: "Yams", condition: .when(traits: ["Training"])),
            ]),
        .target(
            name: "SwitchbackLanguage",
            dependencies: ["Switchback", "SwitchbackFormats", "SwitchbackTraining"]),

        // The models over HTTP.
        .target(
            name: "SwitchbackServer",
            dependencies: [
                "Switchback", "SwitchbackFormats", "SwitchbackTraining", "SwitchbackVision", "SwitchbackLanguage",
                .product(name: "Hummingbird", package: "hummingbird", condition: .when(traits: ["Server"])),
                .product(
                    name: "ServiceLifecycle", package: "swift-service-lifecycle", condition: .when(traits: ["Server"])),
            ]),

        // The studio: what a browser shows.
        .target(
            name: "SwitchbackStudio",
            dependencies: [
                "Kernels", "Switchback", "SwitchbackFormats", "SwitchbackTraining", "SwitchbackVision",
                "SwitchbackServer",
                .product(name: "Hummingbird", package: "hummingbird", condition: .when(traits: ["Server"])),
            ],
            resources: [.copy("Resources")]),

        // The executables.
        .executableTarget(
            name: "CLI",
            dependencies: [
                "Switchback", "SwitchbackFormats", "SwitchbackHub", "SwitchbackDrawing", "SwitchbackTraining",
                "SwitchbackInference", "SwitchbackVision", "SwitchbackLanguage", "SwitchbackServer", "SwitchbackStudio",
                .product(
                    name: "ArgumentParser", package: "swift-argument-parser", condition: .when(traits: ["Commands"])),
            ]),
        .executableTarget(
            name: "Bench",
            dependencies: [
                "Switchback", "SwitchbackFormats", "SwitchbackDrawing", "SwitchbackTraining", "SwitchbackInference",
                "SwitchbackVision", "SwitchbackLanguage", "DiagnosisBenchmark",
                .product(
                    name: "ArgumentParser", package: "swift-argument-parser", condition: .when(traits: ["Commands"])),
            ]),
        .executableTarget(name: "first-gradient", dependencies: ["Switchback"], path: "Examples/first-gradient"),
        .executableTarget(
            name: "train-digits", dependencies: ["Switchback", "SwitchbackFormats"], path: "Examples/train-digits"),
        .executableTarget(
            name: "serve-digits",
            dependencies: [
                "Switchback", "SwitchbackFormats",
                .product(name: "Hummingbird", package: "hummingbird", condition: .when(traits: ["Server"])),
            ],
            path: "Examples/serve-digits"),
        .executableTarget(
            name: "see-backpropagation", dependencies: ["Switchback", "SwitchbackTraining"],
            path: "Examples/see-backpropagation"),

        // The tests, one target for each source target.
        .target(
            name: "TestSupport", dependencies: ["Switchback", "SwitchbackFormats", "SwitchbackTraining"],
            path: "Tests/Support"),
        .executableTarget(name: "operator-cases", dependencies: ["TestSupport"], path: "Tests/OperatorCases"),
        .testTarget(name: "SwitchbackTests", dependencies: ["Switchback", "SwitchbackAdditions", "TestSupport"]),
        .testTarget(name: "SwitchbackLinearAlgebraTests", dependencies: ["SwitchbackLinearAlgebra", "TestSupport"]),
        .testTarget(name: "SwitchbackFourierTests", dependencies: ["SwitchbackFourier", "TestSupport"]),
        .testTarget(name: "SwitchbackDistributionsTests", dependencies: ["SwitchbackDistributions", "TestSupport"]),
        .testTarget(name: "SwitchbackFormatsTests", dependencies: ["SwitchbackFormats", "CZlib", "TestSupport"]),
        .testTarget(
            name: "SwitchbackHubTests",
            dependencies: [
                "SwitchbackHub", "TestSupport",
                .product(name: "Hummingbird", package: "hummingbird", condition: .when(traits: ["Server"])),
            ]),
        .testTarget(name: "SwitchbackDrawingTests", dependencies: ["SwitchbackDrawing", "TestSupport"]),
        .testTarget(
            name: "SwitchbackTrainingTests", dependencies: ["SwitchbackTraining", "DiagnosisBenchmark", "TestSupport"]),
        .testTarget(name: "SwitchbackInferenceTests", dependencies: ["SwitchbackInference", "TestSupport"]),
        .testTarget(
            name: "SwitchbackVisionTests", dependencies: ["SwitchbackVision", "SwitchbackInference", "TestSupport"]),
        .testTarget(name: "SwitchbackLanguageTests", dependencies: ["SwitchbackLanguage", "TestSupport"]),
        .testTarget(name: "SwitchbackServerTests", dependencies: ["SwitchbackServer", "TestSupport"]),
        .testTarget(
            name: "SwitchbackStudioTests", dependencies: ["SwitchbackStudio", "SwitchbackVision", "TestSupport"]),
        .executableTarget(
            name: "fuzz-readers",
            dependencies: [
                "Switchback", "SwitchbackFormats", "SwitchbackTraining", "SwitchbackVision", "SwitchbackLanguage",
                "SwitchbackServer",
            ], path: "Tests/Fuzzing", exclude: ["Corpus"]),
        .testTarget(
            name: "CLITests",
            dependencies: ["SwitchbackTraining", "SwitchbackVision", "SwitchbackLanguage", "TestSupport"]
        ),
    ]
)
