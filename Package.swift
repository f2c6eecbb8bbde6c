// swift-tools-version: 6.1
import PackageDescription

/// Warnings are errors where changes are judged, not where a newer compiler has more of them.
let warnings: [SwiftSetting] =
  Context.environment["CI"] == nil ? [] : [.unsafeFlags(["-warnings-as-errors"])]

let strict: [SwiftSetting] =
  [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
  ] + warnings

/// Kernels and the loops that call them are hundreds of times slower unoptimised, so they are optimised in debug too.
let optimised: [SwiftSetting] = strict + [.unsafeFlags(["-O"], .when(configuration: .debug))]

let package = Package(
  name: "warmup",
  products: [.executable(name: "warmup", targets: ["warmup"])],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2"),
    .package(url: "https://github.com/apple/swift-collections", exact: "1.6.0"),
    .package(url: "https://github.com/swiftlang/swift-subprocess", exact: "1.0.2"),
  ],
  targets: [
    .systemLibrary(
      name: "CLibYAML", pkgConfig: "yaml-0.1", providers: [.apt(["libyaml-dev"])]),
    .systemLibrary(
      name: "COpenBLAS", pkgConfig: "openblas", providers: [.apt(["libopenblas-dev"])]),
    .systemLibrary(
      name: "CHDF5", pkgConfig: "hdf5-serial", providers: [.apt(["libhdf5-dev"])]),
    .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
    .systemLibrary(name: "CZstd", pkgConfig: "libzstd", providers: [.apt(["libzstd-dev"])]),
    .systemLibrary(name: "CCrypto", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),

    .target(
      name: "CKernels",
      cSettings: [.unsafeFlags(["-O3"], .when(configuration: .debug))]),
    .executableTarget(name: "sandbox"),

    .target(name: "HDF5", dependencies: ["CHDF5", "CZlib"], swiftSettings: strict),
    .target(
      name: "Base",
      dependencies: [
        "HDF5", "CCrypto", "CZstd",
        .product(name: "OrderedCollections", package: "swift-collections"),
      ],
      swiftSettings: strict),
    .target(
      name: "Model",
      dependencies: ["COpenBLAS", "CKernels"],
      swiftSettings: optimised),
    .target(
      name: "Tasks",
      dependencies: [
        "Base", "HDF5", "CZlib",
        .product(name: "OrderedCollections", package: "swift-collections"),
        .product(name: "Subprocess", package: "swift-subprocess"),
      ],
      resources: [.embedInCode("Prompts"), .embedInCode("Audits"), .embedInCode("Harness")],
      swiftSettings: strict),
    .target(
      name: "Runner",
      dependencies: [
        "Base", "HDF5", "CLibYAML",
        .product(name: "OrderedCollections", package: "swift-collections"),
        .product(name: "Subprocess", package: "swift-subprocess"),
      ],
      swiftSettings: strict),
    .target(
      name: "Reports",
      dependencies: [
        "Runner", "Tasks", "Base",
        .product(name: "OrderedCollections", package: "swift-collections"),
      ],
      resources: [.embedInCode("Resources")],
      swiftSettings: strict),
    .target(
      name: "TRLAdapter", path: "engines/trl",
      exclude: [
        "example_worker.py", "grpo_formulas.py", "stand_in_vllm.py", "test_adapter.py",
        "test_faults.py", "test_grpo.py", "test_sharding.py", "test_vllm.py",
        "test_vllm_sources.py",
      ],
      resources: [
        .embedInCode("launch.py"), .embedInCode("training.py"), .embedInCode("sft.py"),
        .embedInCode("sharding.py"),
        .embedInCode("grpo.py"), .embedInCode("worker.py"), .embedInCode("sampler.py"),
        .embedInCode("given.py"),
        .embedInCode("fields.json"),
        .embedInCode("requirements.txt"), .embedInCode("requirements-cpu.txt"),
        .embedInCode("requirements-cuda.txt"),
      ],
      swiftSettings: strict),
    .target(
      name: "Stages",
      dependencies: [
        "Runner", "Tasks", "Model", "Base", "HDF5", "CZlib", "TRLAdapter",
        .product(name: "Subprocess", package: "swift-subprocess"),
      ],
      swiftSettings: strict),
    .executableTarget(
      name: "warmup",
      dependencies: [
        "Stages", "Reports", "Runner", "Tasks", "Model", "Base", "HDF5",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      resources: [.embedInCode("Templates")],
      swiftSettings: strict,
      plugins: [.plugin(name: "SourceVersion")]),
    .plugin(name: "SourceVersion", capability: .buildTool()),

    .executableTarget(
      name: "fuzz",
      dependencies: [
        "Stages", "Reports", "Runner", "Tasks", "Model", "Base", "HDF5", "TestSupport",
      ],
      path: "Tests/Fuzz", exclude: ["README.md", "run.py", "last-run.json"], swiftSettings: strict),

    .target(
      name: "TestSupport", dependencies: ["Base", "Model"], path: "Tests/TestSupport",
      swiftSettings: strict),
    .testTarget(
      name: "HDF5Tests", dependencies: ["HDF5", "TestSupport"], swiftSettings: strict),
    .testTarget(
      name: "BaseTests", dependencies: ["Base", "HDF5", "TestSupport"], swiftSettings: strict),
    .testTarget(
      name: "ModelTests", dependencies: ["Model", "CKernels", "TestSupport"],
      swiftSettings: optimised),
    .testTarget(
      name: "TasksTests",
      dependencies: [
        "Tasks", "Base", "HDF5", "TestSupport", "sandbox",
        .product(name: "OrderedCollections", package: "swift-collections"),
      ],
      swiftSettings: strict),
    .testTarget(
      name: "RunnerTests", dependencies: ["Runner", "Base", "HDF5", "TestSupport"],
      swiftSettings: strict),
    .testTarget(
      name: "ReportsTests",
      dependencies: ["Reports", "Runner", "Tasks", "Base", "HDF5", "TestSupport"],
      swiftSettings: strict),
    .testTarget(
      name: "StagesTests",
      dependencies: [
        "Stages", "Runner", "Tasks", "Model", "Base", "HDF5", "TestSupport", "sandbox",
      ],
      swiftSettings: strict),
    .testTarget(
      name: "WarmupTests",
      dependencies: [
        "Stages", "Reports", "Runner", "Tasks", "Model", "Base", "HDF5", "TestSupport", "warmup",
        "sandbox",
        "fuzz",
        .product(name: "Subprocess", package: "swift-subprocess"),
      ],
      swiftSettings: strict),
  ],
  swiftLanguageModes: [.v6]
)
